"""The storage contract: files by path, under one root."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kindling.errors import NotFound, UnsupportedOperation


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a storage knows of one file.

    Args:
        path: Path below the storage's root, with ``/`` between names and none at either end.
        size: Bytes.
        modified: When it was last written, by the server's clock, with a time zone.
        etag: Version for conditional writes, without quotes.
        sha256: Hash of the content in lower-case hexadecimal, where the storage keeps one, else None.
        is_prefix: True for a common prefix ("folder") in a listing that is not recursive; its size is 0.

    Example:
        >>> from datetime import timezone
        >>> Entry(path="raw/in.csv", size=5, modified=datetime(2026, 1, 31, tzinfo=timezone.utc), etag="1").is_prefix
        False
    """

    path: str
    size: int
    modified: datetime
    etag: str
    sha256: str | None = None
    is_prefix: bool = False


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """How to list.

    Args:
        recursive: All files below the prefix; False for one level, with prefixes among the entries.
        after: Only paths that sort after this one (by code point), for going on with a listing.
        limit: At most so many entries.

    Example:
        >>> ListOptions(recursive=False, after="raw/b.csv", limit=100).limit
        100
    """

    recursive: bool = True
    after: str | None = None
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """How to write. A write is atomic: the file is there whole under its name, or as it was before.

    Args:
        only_if_absent: Fail with AlreadyExists if something is at the path.
        only_if_match: Fail with PreconditionFailed unless the file has this etag.
        metadata: Text kept with the file, where the storage can.
        size: Bytes, if known before; lets the storage choose how to upload.
        deadline: Seconds for the whole call, or None for the storage's own limits.

    Example:
        >>> WriteOptions(only_if_absent=True, size=5).only_if_match is None
        True
    """

    only_if_absent: bool = False
    only_if_match: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    deadline: float | None = None


class Storage(ABC):
    """Files by path, under one root. Synchronous and thread-safe; paths use ``/`` on every system.

    A path is a string of names with ``/`` between. Empty names, ``.``, ``..``, ``\\`` and control characters
    are refused with InvalidPath before anything is touched.

    Example:
        >>> from kindling.storage.memory import MemoryStorage
        >>> storage = MemoryStorage("example")
        >>> storage.write("a/b.txt", b"hello").size
        5
        >>> storage.read("a/b.txt")
        b'hello'
    """

    @abstractmethod
    def uri(self, path: str = "") -> str:
        """Return the full URI of a path, quoted as the storage wants it.

        Args:
            path: A path, or the empty string for the root.

        Raises:
            InvalidPath: KDL-STO-006.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> MemoryStorage("example").uri("a/b c.txt")
            'memory://example/a/b%20c.txt'
        """

    @abstractmethod
    def stat(self, path: str) -> Entry:
        """Return what is known of one file.

        Args:
            path: A path.

        Raises:
            NotFound: KDL-STO-002, there is no file at the path.
            InvalidPath: KDL-STO-006.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> storage = MemoryStorage("example-stat")
            >>> _ = storage.write("a.txt", b"hello")
            >>> storage.stat("a.txt").size
            5
        """

    @abstractmethod
    def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:
        """Iterate over the files below a prefix, sorted by path in code point order.

        Args:
            prefix: Whole names: ``a`` lists ``a/b`` and not ``ab``. Empty for everything.
            options: See ListOptions.

        Returns:
            Entries. Nothing below the prefix gives none.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> storage = MemoryStorage("example-list")
            >>> for path in ("a/1", "a/2", "ab"):
            ...     _ = storage.write(path, b"")
            >>> [entry.path for entry in storage.list("a")]
            ['a/1', 'a/2']
        """

    @abstractmethod
    def read_chunks(self, path: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Iterate over the content, or a range of it, in bounded memory.

        Args:
            path: A path.
            start: First byte, counted from 0. At or beyond the end gives nothing.
            length: Bytes at most; None for all the rest.

        Returns:
            Non-empty pieces. All of one version of the file, or an error.

        Raises:
            NotFound: KDL-STO-002, when called or at the first piece.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> storage = MemoryStorage("example-read")
            >>> _ = storage.write("a.txt", b"hello")
            >>> b"".join(storage.read_chunks("a.txt", start=1, length=3))
            b'ell'
        """

    @abstractmethod
    def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:
        """Write a file atomically.

        Args:
            path: A path.
            data: The content, whole or in pieces. A stream is consumed once.
            options: See WriteOptions.

        Returns:
            The entry as written, with the etag for a later conditional write.

        Raises:
            AlreadyExists: KDL-STO-003, with ``only_if_absent``.
            PreconditionFailed: KDL-STO-004, with ``only_if_match``; also where there is no file.
            InvalidPath: KDL-STO-006.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> storage = MemoryStorage("example-write")
            >>> first = storage.write("a.txt", b"1", WriteOptions(only_if_absent=True))
            >>> storage.write("a.txt", [b"2", b"3"], WriteOptions(only_if_match=first.etag)).size
            2
        """

    @abstractmethod
    def delete(self, path: str, *, only_if_match: str | None = None) -> None:
        """Delete a file. Deleting what is not there succeeds, unless an etag is asked for.

        Args:
            path: A path.
            only_if_match: Delete only this version.

        Raises:
            PreconditionFailed: KDL-STO-004, with ``only_if_match``.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> MemoryStorage("example-delete").delete("not/there")
        """

    def read(self, path: str, *, start: int = 0, length: int | None = None) -> bytes:
        """Return the content, or a range of it, whole. Arguments and errors as in ``read_chunks``.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> storage = MemoryStorage("example-whole")
            >>> _ = storage.write("a.txt", b"hello")
            >>> storage.read("a.txt", start=4)
            b'o'
        """
        return b"".join(self.read_chunks(path, start=start, length=length))

    def exists(self, path: str) -> bool:
        """Return whether there is a file at the path.

        Args:
            path: A path.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> MemoryStorage("example-exists").exists("a.txt")
            False
        """
        try:
            self.stat(path)
        except NotFound:
            return False
        return True

    def copy(self, source: str, target: str, options: WriteOptions = WriteOptions()) -> Entry:
        """Copy a file inside this storage. Here through the client; a backend may do it on the server.

        Args:
            source: Path of the original.
            target: Path of the copy.
            options: Conditions on the target.

        Raises:
            NotFound: KDL-STO-002, there is no original.
            AlreadyExists: KDL-STO-003.
            PreconditionFailed: KDL-STO-004.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> storage = MemoryStorage("example-copy")
            >>> _ = storage.write("a.txt", b"hello")
            >>> storage.copy("a.txt", "b.txt").path
            'b.txt'
        """
        return self.write(target, self.read_chunks(source), options)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete files, as ``delete`` does. A backend may do it in fewer requests.

        Args:
            paths: Paths; those that are not there are passed over.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> MemoryStorage("example-many").delete_many(["a", "b"])
        """
        for path in paths:
            self.delete(path)

    def options(self, consumer: str) -> Mapping[str, str]:
        """Return what another library needs to open the same storage.

        Args:
            consumer: ``delta-rs``, ``duckdb``, ``polars``, … A backend names those it knows.

        Raises:
            UnsupportedOperation: KDL-PLG-020, a consumer that this storage does not know.

        Example:
            >>> from kindling.storage.local import LocalStorage
            >>> dict(LocalStorage(".").options("delta-rs"))
            {}
        """
        raise UnsupportedOperation(
            f"{type(self).__name__} has no options for {consumer!r}", context={"consumer": consumer}
        )

    def fsspec(self) -> Any:
        """Return a file system of fsspec's over the same root.

        Raises:
            UnsupportedOperation: KDL-PLG-020, this storage has none.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> MemoryStorage("example-fsspec").fsspec()
            Traceback (most recent call last):
                ...
            kindling.errors.UnsupportedOperation: MemoryStorage has no fsspec file system
        """
        raise UnsupportedOperation(f"{type(self).__name__} has no fsspec file system")

    def spark_conf(self) -> Mapping[str, str]:
        """Return the Spark configuration with which a session reads the same storage. Empty where none is needed.

        Example:
            >>> from kindling.storage.local import LocalStorage
            >>> dict(LocalStorage(".").spark_conf())
            {}
        """
        return {}

    def close(self) -> None:  # noqa: B027 - most storages hold nothing open
        """Give back what is held open. Called once, with the framework's end; calling it again does nothing.

        Example:
            >>> from kindling.storage.memory import MemoryStorage
            >>> MemoryStorage("example-close").close()
        """
