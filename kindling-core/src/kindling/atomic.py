"""Files that are whole or not there: atomic replacement, locks between processes, and what killed writers leave.

A writer fills a temporary file beside its target and renames it. Readers see the old file or the new one, never a
part. The temporary file stays locked while its writer lives, so that :func:`sweep` can tell a leftover from work in
progress on every system, whatever became of process numbers meanwhile.

Standard library only, and cheap to import: the run store and the plugin host stand on this.
"""
# System calls by name and descriptor; a Path for each would cost more than the call.
# ruff: noqa: PTH104, PTH105, PTH106, PTH108, PTH112, PTH116, PTH118, PTH120, PTH208

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from types import TracebackType

# `sys.platform`, not `os.name`: type checkers follow it.
if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: Names that belong to this module; nobody else's file may be called so.
TEMPORARY_PREFIX = ".kindling-"
TEMPORARY_SUFFIX = ".tmp"
LOCK_NAME = ".kindling.lock"

#: Seconds. A temporary file younger than this is never swept: its writer may not have come to lock it yet.
SWEEP_AGE = 60.0
#: Seconds for which Windows is asked again while somebody has the target open.
_WINDOWS_PATIENCE = 10.0

PathText = str | os.PathLike[str]


def is_reserved(name: str) -> bool:
    """Whether a file's name is one that this module uses for itself.

    Example:
        >>> is_reserved(".kindling-0f3a9c.tmp"), is_reserved("data.csv")
        (True, False)
    """
    lowered = name.lower()
    return lowered == LOCK_NAME or (lowered.startswith(TEMPORARY_PREFIX) and lowered.endswith(TEMPORARY_SUFFIX))


class TemporaryFile:
    """A new file beside a target, locked while this process lives, to be renamed into place or thrown away.

    Args:
        folder: Where to make it; it has to be there, on the target's file system.
        mode: Permissions of the file, before the process's umask.

    Raises:
        OSError: it cannot be made.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> with TemporaryFile(folder) as file:
        ...     file.write(b"hello")
        ...     file.replace(os.path.join(folder, "a.txt"))
        >>> os.listdir(folder)
        ['a.txt']
    """

    def __init__(self, folder: PathText, mode: int = 0o666) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        while True:
            name = TEMPORARY_PREFIX + os.urandom(12).hex() + TEMPORARY_SUFFIX
            self.path = os.path.join(os.fspath(folder), name)
            try:
                self._file = os.open(self.path, flags, mode)
                break
            except FileExistsError:  # one in 2**96; the operating system decides, not the odds
                continue
        self._open = True
        self._there = True
        if sys.platform != "win32":
            # Windows refuses to delete an open file, which is all the lock that sweep() needs there.
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append ``data``, all of it.

        Raises:
            OSError: for example, no space is left.
        """
        written = os.write(self._file, data)
        if written != len(data):
            # A full disk and some network file systems take a part; the next call says why.
            rest = memoryview(data)[written:]
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def sync(self) -> None:
        """Wait until the content is on the disk."""
        os.fsync(self._file)

    def set_times(self, modified: int) -> int:
        """Set when it was modified, in nanoseconds since the epoch; returns what the file system made of it."""
        os.utime(self.path, ns=(modified, modified))
        return os.stat(self.path).st_mtime_ns

    def set_mode(self, mode: int) -> None:
        """Set its permissions, where the system has such."""
        if sys.platform != "win32":
            os.fchmod(self._file, mode)

    def replace(self, target: PathText) -> None:
        """Give it the target's name, in place of whatever is there.

        Raises:
            OSError: the target is a folder, or (Windows) somebody keeps it open.
        """
        self._close_where_needed()
        replace(self.path, target)
        self.path = os.fspath(target)
        self._there = False

    def create(self, target: PathText) -> None:
        """Give it the target's name, which must be free; nobody can come between.

        Raises:
            FileExistsError: the name is taken.
            OSError: the target's folder is not there, or not writable.
        """
        self._close_where_needed()
        if sys.platform == "win32":
            os.rename(self.path, target)  # fails where the name is taken, unlike on POSIX
        else:
            try:
                os.link(self.path, target)
            except FileExistsError:
                raise
            except OSError:
                # A file system without hard links: as exact as the lock that the caller holds.
                if os.path.lexists(target):
                    raise FileExistsError(17, "File exists", os.fspath(target)) from None
                os.replace(self.path, target)
            else:
                os.unlink(self.path)
        self.path = os.fspath(target)
        self._there = False

    def close(self) -> None:
        """Close it, and throw it away unless it got its name."""
        if self._open:
            self._open = False
            os.close(self._file)
        if self._there:
            self._there = False
            with contextlib.suppress(OSError):
                os.unlink(self.path)

    def __enter__(self) -> TemporaryFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _close_where_needed(self) -> None:
        if sys.platform == "win32" and self._open:
            self._open = False
            os.close(self._file)


def replace(source: PathText, target: PathText) -> None:
    """Rename ``source`` to ``target``, in place of whatever is there, as often as Windows needs to be asked.

    Raises:
        OSError: it cannot be done.
    """
    if sys.platform != "win32":
        os.replace(source, target)
        return
    end = time.monotonic() + _WINDOWS_PATIENCE
    pause = 0.001
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            # A reader or a virus scanner has the target open for a moment.
            if os.path.isdir(target) or time.monotonic() > end:
                raise
            time.sleep(pause)
            pause = min(pause * 2, 0.1)


def write_atomically(path: PathText, data: bytes, *, durable: bool = False) -> None:
    """Write a whole file: readers see the old content or the new one, never a part, whenever the writer dies.

    Args:
        path: The file. Its folder has to be there.
        data: The content.
        durable: Wait until the content is on the disk, so that it also survives a power failure. Costs what the
            disk takes, a tenth of a millisecond to tens of milliseconds.

    Raises:
        OSError: for example FileNotFoundError where there is no such folder.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "state.json"
        >>> write_atomically(path, b"{}")
        >>> path.read_bytes()
        b'{}'
    """
    text = os.fspath(path)
    with TemporaryFile(os.path.dirname(text) or os.curdir) as file:
        file.write(data)
        if durable:
            file.sync()
        file.replace(text)


def sync_folder(folder: PathText) -> None:
    """Wait until a folder's names are on the disk. Windows does that by itself.

    Raises:
        OSError: the folder is not there.
    """
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError:  # some network file systems cannot; they keep names on the server
            pass
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def locked(path: PathText, *, timeout: float | None = None) -> Iterator[None]:
    """Hold a lock that excludes threads and processes, until the block ends or the process dies.

    Args:
        path: The lock file. It is made where it is missing, and stays: deleting lock files is how locks get lost.
        timeout: Seconds to wait, or None for as long as it takes.

    Raises:
        TimeoutError: somebody held it all the time.
        OSError: the file cannot be made.

    Example:
        >>> import tempfile, pathlib
        >>> with locked(pathlib.Path(tempfile.mkdtemp()) / "cache.lock", timeout=5):
        ...     pass
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        _lock(descriptor, _end(timeout), path)
        try:
            yield
        finally:
            _unlock(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked_folder(folder: PathText, *, timeout: float | None = None) -> Iterator[None]:
    """Hold the lock on a folder's names, excluding threads and processes that take it too.

    On POSIX the folder itself is locked and nothing is left behind. Where that does not work (Windows, some network
    file systems) a hidden file in it stands for it.

    Args:
        folder: An existing folder. It may be removed by the holder while the lock is held.
        timeout: Seconds to wait, or None for as long as it takes.

    Raises:
        FileNotFoundError: there is no such folder (any more).
        TimeoutError: somebody held it all the time.
        OSError: the folder cannot be opened.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> with locked_folder(folder):
        ...     os.listdir(folder)
        []
    """
    end = _end(timeout)
    by_file = sys.platform == "win32"
    while True:
        path = os.path.join(os.fspath(folder), LOCK_NAME) if by_file else os.fspath(folder)
        flags = os.O_RDWR | os.O_CREAT if by_file else os.O_RDONLY
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            try:
                _lock(descriptor, end, folder)
            except TimeoutError:
                raise
            except OSError:
                if by_file:
                    raise
                by_file = True  # a network file system that locks no folders
                continue
            try:
                # While this process waited, the folder may have been removed and made anew.
                if _is_still(descriptor, path, by_file):
                    yield
                    return
            finally:
                _unlock(descriptor)
        finally:
            os.close(descriptor)


def remove_folder_if_empty(folder: PathText) -> bool:
    """Remove a folder if nothing is in it, and nobody holds its lock meanwhile.

    Returns:
        Whether it was removed. False where something is in it, or it cannot be removed.
    """
    try:
        if sys.platform == "win32":
            _remove_lock_file(folder)  # fails where somebody holds the lock, for then the file is open
            os.rmdir(folder)
            return True
        with locked_folder(folder):
            _remove_lock_file(folder)
            os.rmdir(folder)
    except OSError:
        return False
    return True


def _remove_lock_file(folder: PathText) -> None:
    if os.listdir(folder) == [LOCK_NAME]:
        os.unlink(os.path.join(folder, LOCK_NAME))


def sweep(folder: PathText, *, older_than: float = SWEEP_AGE) -> int:
    """Delete what killed writers left in one folder. What a living process is writing is not touched.

    Args:
        folder: The folder; those below it are not looked at.
        older_than: Seconds since the last write to a leftover.

    Returns:
        How many files were deleted.

    Example:
        >>> import tempfile
        >>> sweep(tempfile.mkdtemp())
        0
    """
    swept = 0
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return 0
    for entry in entries:
        if entry.name != LOCK_NAME and is_reserved(entry.name) and _is_left(entry.path, older_than):
            with contextlib.suppress(OSError):
                os.unlink(entry.path)
                swept += 1
    return swept


def _is_left(path: str, older_than: float) -> bool:
    try:
        known = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    if not stat.S_ISREG(known.st_mode) or time.time() - known.st_mtime < older_than:
        return False
    if sys.platform == "win32":
        return True  # deleting it fails where it is open
    else:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True


def _end(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _is_still(descriptor: int, path: str, by_file: bool) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        if not by_file:
            raise
        return False  # the next turn says whether the folder went too
    return os.path.samestat(os.fstat(descriptor), there)


def _lock(descriptor: int, end: float | None, path: PathText) -> None:
    if sys.platform != "win32" and end is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    pause = 0.0005
    while True:
        try:
            if sys.platform == "win32":
                os.lseek(descriptor, 0, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except (BlockingIOError, PermissionError):
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"{os.fspath(path)} stayed locked by another process") from None
        # The lock is held for one rename at a time; neither system wakes a waiter that also has a deadline.
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


def _unlock(descriptor: int) -> None:
    # Explicitly, because a forked child shares the open file and closing ours alone would not give it back.
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
