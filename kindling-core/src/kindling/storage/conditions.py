"""What every storage checks alike: conditions of a write, ranges, the stream that comes in; and its errors."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from kindling.contracts.storage import Entry, WriteOptions
from kindling.errors import AlreadyExists, Category, NotFound, PreconditionFailed, StorageError

#: Bytes read and written at once.
CHUNK = 1 << 20


def check_conditions(options: WriteOptions) -> None:
    """Refuse conditions that cannot hold together.

    Raises:
        ValueError: both ``only_if_absent`` and ``only_if_match``.
    """
    if options.only_if_absent and options.only_if_match is not None:
        raise ValueError("only_if_absent and only_if_match exclude each other")


def check_range(start: int, length: int | None) -> None:
    """Refuse a range that is none.

    Raises:
        ValueError: the start or the length is negative.
    """
    if start < 0 or (length is not None and length < 0):
        raise ValueError(f"a range begins at 0 or later and is not negative: start={start}, length={length}")


def prefix_entry(path: str) -> Entry:
    """Return the entry of a common prefix ("folder")."""
    return Entry(path=path, size=0, modified=datetime.fromtimestamp(0, timezone.utc), etag="", is_prefix=True)


class StreamCheck:
    """Passes a stream through, and counts, hashes and times it.

    Args:
        path: Where it goes, for errors.
        options: Its ``size`` and ``deadline`` are kept to.

    Example:
        >>> check = StreamCheck("a.txt", WriteOptions(size=5))
        >>> b"".join(check.pieces([b"he", b"llo"]))
        b'hello'
        >>> check.finish()[:8]
        '2cf24dba'
    """

    def __init__(self, path: str, options: WriteOptions) -> None:
        import hashlib

        self._path = path
        self._expected = options.size
        self._deadline = options.deadline
        self._end = None if options.deadline is None else time.monotonic() + options.deadline
        self._hash = hashlib.sha256()
        self.size = 0

    def pieces(self, data: bytes | Iterable[bytes]) -> Iterator[bytes]:
        """Yield what is to be written, piece by piece.

        Raises:
            TypeError: something is not bytes.
            StorageError: KDL-STO-009, the deadline has passed; KDL-STO-010, it is longer than was said.
        """
        if isinstance(data, (bytes, bytearray, memoryview)):
            whole = data if isinstance(data, bytes) else bytes(data)
            # In slices, so that the deadline is looked at and no second copy of a large one is made.
            data = (whole,) if len(whole) <= CHUNK else (whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK))
        elif isinstance(data, str):
            raise TypeError("a file's content is bytes, not str: encode it first")
        for piece in data:
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise TypeError(f"a file's content comes in pieces of bytes, not {type(piece).__name__}")
            if self._end is not None and time.monotonic() > self._end:
                raise timed_out(self._path, self._deadline)
            if not piece:
                continue
            kept = piece if isinstance(piece, bytes) else bytes(piece)
            self.size += len(kept)
            if self._expected is not None and self.size > self._expected:
                raise self._wrong_size("more")
            self._hash.update(kept)
            yield kept

    def finish(self) -> str:
        """Return the SHA-256 of what passed through.

        Raises:
            StorageError: KDL-STO-010, it was shorter than was said.
        """
        if self._expected is not None and self.size != self._expected:
            raise self._wrong_size("fewer")
        return self._hash.hexdigest()

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline; None without one."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def _wrong_size(self, word: str) -> StorageError:
        return StorageError(
            f"{self._path}: {word} bytes came than the {self._expected} that were announced; nothing was written",
            code="KDL-STO-010",
            category=Category.CONFLICT,
            context={"path": self._path, "announced": self._expected, "came": self.size},
        )


def not_found(path: str, uri: str) -> NotFound:
    """Return the error for a path where no file is."""
    return NotFound(f"there is no file {path!r}", context={"path": path, "uri": uri})


def already_exists(path: str, uri: str) -> AlreadyExists:
    """Return the error for a write that wanted the path to be free."""
    return AlreadyExists(f"there is a file {path!r} already", context={"path": path, "uri": uri})


def not_the_version(path: str, uri: str, wanted: str, found: str | None) -> PreconditionFailed:
    """Return the error for a write or delete that wanted another version."""
    state = "is not there (any more)" if found is None else "has been changed"
    return PreconditionFailed(
        f"the file {path!r} {state} since the version that was read",
        context={"path": path, "uri": uri, "wanted": wanted, "found": found},
        suggestions=["read it again, apply the change to what is there now, and write that"],
    )


def timed_out(path: str, deadline: float | None) -> StorageError:
    """Return the error for a call that took longer than it was given."""
    return StorageError(
        f"{path}: not done within {deadline:g} s" if deadline is not None else f"{path}: not done in time",
        code="KDL-STO-009",
        category=Category.TIMEOUT,
        context={"path": path, "deadline": deadline},
    )
