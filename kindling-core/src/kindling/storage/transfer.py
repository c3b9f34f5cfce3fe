"""Moving many files between storages: side by side, checked, skipping what is there, going on after a kill.

A transfer lists both sides once, moves what differs, and writes each file atomically: no half file is ever visible
under its name. A file's content streams through this process in bounded memory and is hashed on its way; where the
source says another hash or size than what came, the file is not kept.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kindling.contracts.storage import Entry, ListOptions, Storage, WriteOptions
from kindling.errors import Category, KindlingError, StorageError, count
from kindling.storage.local import LocalStorage
from kindling.storage.manifest import Manifest, Moved
from kindling.storage.paths import check_path

#: How often a file is tried where trying again can help, and the seconds before the second time; then twice as long.
_TRIES = 4
_FIRST_PAUSE = 0.2
#: Seconds for which the files under way are waited for after an interruption.
_LAST_FILES = 10.0
_WORTH_ANOTHER_TRY = (Category.UNAVAILABLE, Category.TIMEOUT)
#: The file is not what was listed: it was changed since, and is looked at anew.
_CHANGED = ("KDL-STO-010", "KDL-STO-011", "KDL-STO-013")


@dataclass(frozen=True)
class Progress:
    """How far a transfer is.

    Args:
        path: The file that was done last, below the prefix; empty at the start.
        files: Files done: moved, skipped or failed.
        total_files: All files.
        bytes: Bytes of the files done.
        total_bytes: Bytes of all files.
    """

    path: str
    files: int
    total_files: int
    bytes: int
    total_bytes: int


@dataclass(frozen=True)
class TransferReport:
    """What a transfer did.

    Args:
        moved: Paths below the prefix that were moved.
        skipped: Paths that were there already, unchanged.
        deleted: Paths that were deleted from the target, with ``delete_others``.
        bytes: Bytes moved.
        seconds: How long it took.
        dry: Whether nothing was done: these are what would have been.
    """

    moved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    bytes: int = 0
    seconds: float = 0.0
    dry: bool = False


class TransferError(StorageError):
    """Some files could not be moved; all of them are named, each with its reason.

    Args:
        failures: The errors by path, below the prefix.
        report: What was done all the same.
    """

    code = "KDL-STO-012"

    def __init__(self, failures: dict[str, KindlingError], report: TransferReport) -> None:
        self.failures = failures
        self.report = report
        shown = [f"  {path}: {error.message}  {error.code}" for path, error in list(failures.items())[:20]]
        if len(failures) > len(shown):
            shown.append(f"  and {count(len(failures) - len(shown), 'more', 'more')}")
        super().__init__(
            f"{count(len(failures), 'file was', 'files were')} not moved "
            f"({len(report.moved)} moved, {len(report.skipped)} unchanged):\n" + "\n".join(shown),
            context={"failures": {path: error.to_dict() for path, error in failures.items()}},
            suggestions=["start it again: what has arrived is not moved again"],
        )


@dataclass
class _Work:
    """One file to move."""

    path: str
    source: Entry


def copy_tree(
    source: Storage,
    target: Storage,
    prefix: str = "",
    target_prefix: str = "",
    *,
    parallel: int = 8,
    manifest: Manifest | None = None,
    verify: bool = False,
    delete_others: bool = False,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> TransferReport:
    """Copy everything below a prefix into another storage, and skip what is there unchanged.

    A file is unchanged where the manifest says so of both sides' etags, or where both sides know the same SHA-256.

    Args:
        source: Where from.
        target: Where to; may be the same storage under another prefix.
        prefix: What of the source: whole names; empty for everything.
        target_prefix: Where in the target.
        parallel: How many files at one time, at most.
        manifest: What former transfers between the two remember; grows with this one.
        verify: Read each file again after it was written, and compare hashes.
        delete_others: Delete from below the target's prefix what is not in the source; only where all went well.
        dry_run: Do nothing; report what would be done.
        progress: Called in the caller's thread with each file that is done.

    Returns:
        What was done.

    Raises:
        TransferError: KDL-STO-012, some files could not be moved.
        StorageError: A side could not be listed.
        ValueError: ``parallel`` is less than one, or one prefix of the same storage is inside the other.

    Example:
        >>> from kindling.storage.memory import MemoryStorage
        >>> here, there = MemoryStorage("here"), MemoryStorage("there")
        >>> _ = here.write("raw/a.csv", b"1,2"), here.write("raw/b.csv", b"3,4")
        >>> copy_tree(here, there, "raw", "bronze").moved
        ('a.csv', 'b.csv')
        >>> copy_tree(here, there, "raw", "bronze").skipped
        ('a.csv', 'b.csv')
    """
    if parallel < 1:
        raise ValueError(f"parallel is at least 1, not {parallel}")
    below = check_path(prefix, allow_empty=True) + "/" if prefix else ""
    target_below = check_path(target_prefix, allow_empty=True) + "/" if target_prefix else ""
    if source.uri() == target.uri() and (below.startswith(target_below) or target_below.startswith(below)):
        raise ValueError(f"{prefix!r} and {target_prefix!r} of one storage lie inside each other")
    started = time.monotonic()
    wanted = {entry.path[len(below) :]: entry for entry in source.list(prefix, ListOptions())}
    there = {entry.path[len(target_below) :]: entry for entry in target.list(target_prefix, ListOptions())}
    unchanged = {path for path, entry in wanted.items() if _is_unchanged(path, entry, there.get(path), manifest)}
    work = [_Work(path, entry) for path, entry in wanted.items() if path not in unchanged]
    others = [path for path in there if path not in wanted] if delete_others else []
    skipped = tuple(path for path in wanted if path in unchanged)
    if dry_run:
        total = sum(each.source.size for each in work)
        return TransferReport(tuple(each.path for each in work), skipped, tuple(others), total, dry=True)

    reported = _Reporter(progress, wanted, skipped)
    mover = _Mover(source, target, target_below, manifest, verify)
    moved: list[str] = []
    failures: dict[str, KindlingError] = {}
    for each, error in _side_by_side(work, mover.move, parallel):
        if error is None:
            moved.append(each.path)
        else:
            failures[each.path] = error
        reported.done(each.path)
    if not failures:
        target.delete_many(target_below + path for path in others)
        if manifest is not None:
            manifest.keep_only(set(wanted))
    report = TransferReport(
        moved=tuple(sorted(moved)),
        skipped=skipped,
        deleted=() if failures else tuple(others),
        bytes=sum(wanted[path].size for path in moved),
        seconds=time.monotonic() - started,
    )
    if failures:
        raise TransferError(dict(sorted(failures.items())), report)
    return report


def upload_folder(folder: str | Path, storage: Storage, prefix: str = "", **options: object) -> TransferReport:
    """Copy a folder of this machine into a storage. Options and errors as in :func:`copy_tree`.

    Args:
        folder: The folder; it has to be there.
        storage: Where to.
        prefix: Where in the storage.
        options: As in :func:`copy_tree`.

    Raises:
        NotFound: KDL-STO-002, the folder is not there.

    Example:
        >>> import tempfile, pathlib
        >>> from kindling.storage.memory import MemoryStorage
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.csv").write_text("1,2")
        >>> upload_folder(folder, MemoryStorage("uploaded"), "raw").moved
        ('a.csv',)
    """
    return copy_tree(LocalStorage(folder, create=False), storage, "", prefix, **options)  # type: ignore[arg-type]


def download_folder(storage: Storage, prefix: str, folder: str | Path, **options: object) -> TransferReport:
    """Copy what is below a prefix of a storage into a folder of this machine, which is made if it is not there.

    What a killed download left in the folder is swept away first. Options and errors as in :func:`copy_tree`.

    Args:
        storage: Where from.
        prefix: What of it; empty for everything.
        folder: Where to.
        options: As in :func:`copy_tree`.

    Example:
        >>> import tempfile, pathlib
        >>> from kindling.storage.memory import MemoryStorage
        >>> storage, folder = MemoryStorage("downloaded"), pathlib.Path(tempfile.mkdtemp())
        >>> _ = storage.write("raw/2024/a.csv", b"1,2")
        >>> download_folder(storage, "raw", folder).bytes
        3
        >>> (folder / "2024" / "a.csv").read_text()
        '1,2'
    """
    target = LocalStorage(folder)
    if not options.get("dry_run"):
        target.sweep()
    return copy_tree(storage, target, prefix, "", **options)  # type: ignore[arg-type]


def _is_unchanged(path: str, source: Entry, target: Entry | None, manifest: Manifest | None) -> bool:
    if target is None or target.size != source.size:
        return False
    if source.sha256 is not None and target.sha256 is not None:
        return source.sha256 == target.sha256
    moved = manifest.get(path) if manifest is not None else None
    return moved is not None and moved.holds(source, target)


class _Mover:
    """Moves one file at a time; used by several threads."""

    def __init__(
        self, source: Storage, target: Storage, target_below: str, manifest: Manifest | None, verify: bool
    ) -> None:
        self._source = source
        self._target = target
        self._below = target_below
        self._manifest = manifest
        self._verify = verify

    def move(self, work: _Work) -> None:
        pause = _FIRST_PAUSE
        for attempt in range(1, _TRIES + 1):
            try:
                self._move_once(work)
                return
            except StorageError as error:
                has_changed = error.code in _CHANGED
                if attempt == _TRIES or not (has_changed or error.category in _WORTH_ANOTHER_TRY):
                    raise
                time.sleep(pause)
                pause *= 2
                if has_changed:
                    work.source = self._source.stat(work.source.path)

    def _move_once(self, work: _Work) -> None:
        before = work.source
        stream = _Checked(self._source, before)
        written = self._target.write(self._below + work.path, stream.pieces(), WriteOptions(size=before.size))
        sha256 = stream.sha256
        if self._verify and _hash_of(self._target, written.path) != sha256:
            self._target.delete(written.path, only_if_match=written.etag)
            raise _damaged(work.path, "what was written reads otherwise")
        if self._manifest is not None:
            self._manifest.add(Moved(work.path, written.size, before.etag, written.etag, sha256))


class _Checked:
    """A file's content on its way, which fails at its end if it was not what the listing said."""

    def __init__(self, storage: Storage, entry: Entry) -> None:
        self._storage = storage
        self._entry = entry
        self._hash = hashlib.sha256()
        self.sha256 = ""

    def pieces(self) -> Iterator[bytes]:
        entry, size = self._entry, 0
        for piece in self._storage.read_chunks(entry.path):
            size += len(piece)
            self._hash.update(piece)
            yield piece
        # Raised before the writer has finished: it throws away what it has, and nothing is visible.
        self.sha256 = self._hash.hexdigest()
        if size != entry.size:
            raise _damaged(entry.path, f"{size} bytes came, and {entry.size} were listed")
        if entry.sha256 is not None and entry.sha256 != self.sha256:
            raise _damaged(entry.path, "it has another hash than was listed")


def _hash_of(storage: Storage, path: str) -> str:
    digest = hashlib.sha256()
    for piece in storage.read_chunks(path):
        digest.update(piece)
    return digest.hexdigest()


def _damaged(path: str, reason: str) -> StorageError:
    return StorageError(
        f"{path}: {reason}; it was not kept",
        code="KDL-STO-013",
        category=Category.CONFLICT,
        context={"path": path},
        suggestions=["start it again; if it happens again, the file changes while it is read, or is damaged"],
    )


class _Reporter:
    """Counts what is done and says so."""

    def __init__(
        self, progress: Callable[[Progress], None] | None, wanted: dict[str, Entry], skipped: tuple[str, ...]
    ) -> None:
        self._progress = progress
        self._wanted = wanted
        self._files = len(skipped)
        self._bytes = sum(wanted[path].size for path in skipped)
        self._total = sum(entry.size for entry in wanted.values())
        self._say("")

    def done(self, path: str) -> None:
        self._files += 1
        self._bytes += self._wanted[path].size
        self._say(path)

    def _say(self, path: str) -> None:
        if self._progress is not None:
            self._progress(Progress(path, self._files, len(self._wanted), self._bytes, self._total))


def _side_by_side(
    work: list[_Work], move: Callable[[_Work], None], parallel: int
) -> Iterator[tuple[_Work, KindlingError | None]]:
    """Do the work in threads, and yield each piece in the caller's as it is done.

    Daemon threads: a storage that hangs must not keep the process from ending, as an executor's threads would.
    """
    waiting: queue.SimpleQueue[_Work] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[_Work, BaseException | None]] = queue.SimpleQueue()
    stopped = threading.Event()
    for each in work:
        waiting.put(each)

    def run() -> None:
        while not stopped.is_set():
            try:
                each = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                move(each)
            except BaseException as error:  # noqa: BLE001 - because it is raised again in the caller's thread
                done.put((each, error))
            else:
                done.put((each, None))

    threads = [
        threading.Thread(target=run, name=f"kindling-transfer-{number}", daemon=True)
        for number in range(min(parallel, len(work)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in work:
            each, error = done.get()
            if error is not None and not isinstance(error, KindlingError):
                if not isinstance(error, Exception):
                    raise error
                failure = StorageError(f"{type(error).__name__}: {error}")
                failure.__cause__ = error
                error = failure
            yield each, error
    finally:
        stopped.set()  # after Ctrl-C the files under way are finished or thrown away, and no others begun
        end = time.monotonic() + _LAST_FILES
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
