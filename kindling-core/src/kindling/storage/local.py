"""Files below a folder of this machine.

What this adds to the file system: a write is whole or not there, also when its writer is killed; conditional writes
hold between threads and processes; no path and no link leads out of the folder.

*Versions.* A file's etag is its time of modification, size and inode. Under the lock every write gives its file a time
later than that of the file it replaces, in whatever steps the file system keeps time; so two versions of a path never
share an etag, although nothing is hashed and nothing is kept beside the file. A program that writes without Kindling is
seen as far as the file system's own clock tells.

*Locks.* A writer holds the lock of the file's folder, for as long as comparing and renaming take (not while the content
comes in). On Windows, and where a network file system locks no folders, a hidden file ``.kindling.lock`` in the folder
stands for it.

*Links.* A link is followed where it leads to a place inside the root, and refused where it leads out. Listings contain
links to files, and do not go into links to folders. Links that somebody changes during a call are not guarded against.

*Names.* As the system allows: on Windows device names, ``<>:"|?*`` and names that end in a dot or blank are refused; on
a file system that takes no notice of case, a name that differs from an existing one in case only.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from kindling import atomic
from kindling.config.fields import setting
from kindling.contracts.storage import Entry, ListOptions, Storage, WriteOptions
from kindling.errors import Category, InvalidPath, NotFound, StorageError, StoragePermissionError, UnsupportedOperation
from kindling.storage.conditions import (
    CHUNK,
    StreamCheck,
    already_exists,
    check_conditions,
    check_range,
    not_found,
    not_the_version,
    prefix_entry,
    timed_out,
)
from kindling.storage.paths import check_path, check_windows_names, invalid_path, quote_path

# System calls by text; a Path for each would cost more than the call.
# ruff: noqa: PTH103, PTH108, PTH110, PTH112, PTH114, PTH116, PTH118, PTH120

if TYPE_CHECKING:
    from kindling.contracts.auth import Credential
    from kindling.contracts.context import Context

_log = logging.getLogger("kindling.storage")

#: Libraries that open local paths without any options.
_CONSUMERS = frozenset({"delta-rs", "duckdb", "polars", "pandas", "pyarrow", "fsspec", "obstore"})
#: Steps, in nanoseconds, in which file systems keep time: ext4 and APFS, NTFS, some network ones, HFS+, FAT.
_CLOCK_STEPS = (1, 100, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)
#: How often a folder that was cleaned up under a writer is made again.
_ATTEMPTS = 100


@dataclass(frozen=True)
class LocalSettings:
    """Settings of a connection of type ``local``.

    Args:
        path: The folder; relative to the project's where it is relative.
    """

    path: str = setting(doc="The folder, relative to the project's; it is made with the first write.", example="./data")

    @classmethod
    def from_uri(cls, uri: str) -> tuple[LocalSettings, str]:
        """Return the settings, and the path, of a ``file:`` URI: the root of the file system, and what is below.

        Raises:
            InvalidPath: KDL-STO-006, it names another machine, or has an unquoted ``#`` or ``?``.

        Example:
            >>> LocalSettings.from_uri("file:///data/a%20b.csv")
            (LocalSettings(path='/'), 'data/a b.csv')
        """
        parts = urlsplit(uri)
        if parts.netloc not in ("", "localhost"):
            raise invalid_path(uri, f"it names another machine, {parts.netloc!r}", "write three slashes: file:///data")
        if parts.query or parts.fragment:
            raise invalid_path(uri, "it has an unquoted `#` or `?`", "write `%23` for `#` and `%3F` for `?`")
        path = unquote(parts.path).strip("/")
        drive, colon, rest = path.partition(":")
        if colon and len(drive) == 1 and drive.isalpha():
            return cls(f"{drive}:/"), check_path(rest.strip("/"), allow_empty=True)
        return cls("/"), check_path(path, allow_empty=True)


class LocalStorage(Storage):
    """Files below a folder of this machine.

    Args:
        root: The folder. What is outside cannot be reached.
        create: Make the folder with the first write if it is not there; False: it has to be there.
        durable: A write that has returned survives a power failure. Without it only a killed process is survived,
            and small files are written some times faster.

    Raises:
        NotFound: KDL-STO-002, the folder is not there, with ``create=False``.
        StorageError: KDL-STO-001, something else is at the folder's place.

    Example:
        >>> import tempfile
        >>> storage = LocalStorage(tempfile.mkdtemp())
        >>> first = storage.write("counter", b"1")
        >>> second = storage.write("counter", b"2", WriteOptions(only_if_match=first.etag))
        >>> storage.read("counter"), first.etag == second.etag
        (b'2', False)
    """

    def __init__(self, root: str | os.PathLike[str], *, create: bool = True, durable: bool = True) -> None:
        # `realpath`: the root may be a link itself; what counts is staying inside of where it leads.
        self._root = os.path.realpath(os.path.expanduser(root))  # noqa: PTH111
        self._durable = durable
        self._ignores_case: bool | None = None
        if not os.path.isdir(self._root):
            if os.path.lexists(self._root):
                raise StorageError(f"{self._root} is not a folder", context={"path": self._root})
            if not create:
                raise NotFound(
                    f"there is no folder {self._root}",
                    context={"path": self._root},
                    suggestions=["make the folder, or correct the path"],
                )

    @property
    def root(self) -> Path:
        """The folder, links resolved."""
        return Path(self._root)

    def path_of(self, path: str = "") -> Path:
        """Return where a file of this storage is on this machine.

        Raises:
            InvalidPath: KDL-STO-006, it would leave the root.

        Example:
            >>> LocalStorage("/data").path_of("a/b.csv").as_posix()
            '/data/a/b.csv'
        """
        return Path(self._resolve(path)) if path else Path(self._root)

    def uri(self, path: str = "") -> str:
        """See Storage."""
        if path:
            self._check(path)
        root = self._root.replace(os.sep, "/").rstrip("/")
        if not root.startswith("/") and root:
            root = "/" + root  # a drive: file:///C:/data
        # `os.fsencode`: the root's own names may be no Unicode.
        base = "file://" + quote(os.fsencode(root), safe="/!$&'()*,;=:@")
        return f"{base}/{quote_path(path)}" if path else base if root else "file:///"

    def stat(self, path: str) -> Entry:
        """See Storage. Nothing is hashed: ``sha256`` is None."""
        full = self._resolve(path)
        with self._errors(path):
            known = os.stat(full)
        if not stat.S_ISREG(known.st_mode):
            raise not_found(path, self.uri(path))
        return _entry(path, known)

    def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:
        """See Storage. Left out: links that lead out, links to folders, and names that are no path's."""
        if prefix:
            folder = self._resolve(prefix)
        else:
            folder = self._root
        return self._list(folder, prefix, options)

    def read_chunks(self, path: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See Storage. What is read is the version that was there at the call, also while others write."""
        check_range(start, length)
        full = self._resolve(path)
        with self._errors(path):
            if not stat.S_ISREG(os.stat(full).st_mode):  # opening a pipe would wait for a writer
                raise not_found(path, self.uri(path))
            descriptor = os.open(full, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        return _Chunks(self, path, descriptor, start, length)

    def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:
        """See Storage. ``metadata`` is not kept."""
        full = self._resolve(path)
        check_conditions(options)
        if options.only_if_absent or options.only_if_match is not None:
            self._check_version(path, _stat_or_none(full), options)  # before the content is sent for nothing
        check = StreamCheck(path, options)
        with self._errors(path), self._temporary(path, os.path.dirname(full)) as file:
            for piece in check.pieces(data):
                file.write(piece)
            sha256 = check.finish()
            if self._durable:
                file.sync()
            known = self._put(path, full, file, options, check.remaining)
            if self._durable:
                atomic.sync_folder(os.path.dirname(full))
        return _entry(path, known, sha256)

    def delete(self, path: str, *, only_if_match: str | None = None) -> None:
        """See Storage. Folders that are empty then go, too."""
        full = self._resolve(path, follow_last=False)
        folder = os.path.dirname(full)
        with self._errors(path):
            try:
                with atomic.locked_folder(folder):
                    known = _stat_or_none(full)
                    if only_if_match is not None:
                        self._check_version(path, known, WriteOptions(only_if_match=only_if_match))
                    if known is not None and stat.S_ISDIR(known.st_mode) and not os.path.islink(full):
                        return  # a folder is no file: there is nothing at the path
                    os.unlink(full)
            except (FileNotFoundError, NotADirectoryError):
                if only_if_match is not None:
                    raise not_the_version(path, self.uri(path), only_if_match, None) from None
                return
        if os.path.dirname(self._root) == self._root:
            return  # the whole file system, reached by a URI: its folders are not ours to remove
        while len(folder) > len(self._root) and atomic.remove_folder_if_empty(folder):
            folder = os.path.dirname(folder)

    def options(self, consumer: str) -> Mapping[str, str]:
        """See Storage. Libraries that read local paths need no options."""
        if consumer not in _CONSUMERS:
            raise UnsupportedOperation(
                f"a local folder has no options for {consumer!r}",
                context={"consumer": consumer, "known": sorted(_CONSUMERS)},
            )
        return {}

    def fsspec(self) -> Any:
        """Return an fsspec file system over the root.

        Raises:
            UnsupportedOperation: KDL-PLG-020, fsspec is not installed.
        """
        try:
            from fsspec.implementations.dirfs import DirFileSystem  # type: ignore[import-not-found, unused-ignore]
            from fsspec.implementations.local import (  # type: ignore[import-not-found, unused-ignore]
                LocalFileSystem,
            )
        except ImportError as error:
            raise UnsupportedOperation(
                "fsspec is not installed here", suggestions=["pip install fsspec", "use the storage's own methods"]
            ) from error
        return DirFileSystem(path=self._root, fs=LocalFileSystem())

    def sweep(self, *, older_than: float = 3600.0) -> int:
        """Delete what killed writers left anywhere below the root. Work in progress is not touched.

        Args:
            older_than: Seconds since the last write to a leftover.

        Returns:
            How many files were deleted.

        Example:
            >>> import tempfile
            >>> LocalStorage(tempfile.mkdtemp()).sweep()
            0
        """
        return sum(atomic.sweep(folder, older_than=older_than) for folder, _, _ in os.walk(self._root))

    def __repr__(self) -> str:
        return f"LocalStorage({self._root!r})"

    # Paths

    def _check(self, path: str) -> None:
        check_path(path)
        for name in path.split("/"):
            if atomic.is_reserved(name):
                raise invalid_path(path, f"the name {name!r} is kept for files that are being written")
        if sys.platform == "win32":
            check_windows_names(path)

    def _resolve(self, path: str, *, follow_last: bool = True) -> str:
        """Return the full path, having made sure that it is inside the root, whatever links are on the way."""
        self._check(path)
        full = os.path.join(self._root, *path.split("/"))
        checked = full if follow_last else os.path.dirname(full)
        try:
            real = os.path.realpath(checked)
        except OSError as error:  # Windows, a loop
            raise invalid_path(path, f"it cannot be followed: {error.strerror}") from error
        if real != checked and not self._is_inside(real):
            raise invalid_path(path, "a link on the way leads out of the folder", "copy the files, or name that folder")
        if self._folds_names():
            self._check_spelling(path)
        return full

    def _is_inside(self, real: str) -> bool:
        return real == self._root or real.startswith(self._root.rstrip(os.sep) + os.sep)

    def _folds_names(self) -> bool:
        """Whether the file system takes names for the same that differ in case. Looked at once."""
        if self._ignores_case is None:
            if sys.platform.startswith("linux") or not os.path.isdir(self._root):
                return False  # Linux can, folder by folder; nobody keeps data in such
            swapped = self._root.swapcase()
            self._ignores_case = swapped != self._root and os.path.exists(swapped)
        return self._ignores_case

    def _check_spelling(self, path: str) -> None:
        """Refuse a name where another one stands that the file system takes for the same."""
        folder = self._root
        for name in path.split("/"):
            full = os.path.join(folder, name)
            if not os.path.lexists(full):
                return
            with contextlib.suppress(OSError):
                if name not in os.listdir(folder):  # noqa: PTH208
                    raise invalid_path(
                        path,
                        f"on this file system {name!r} is the same as a name that is there and is spelt otherwise",
                        "spell it as it is there, or choose another name",
                    )
            folder = full

    # Writing

    def _temporary(self, path: str, folder: str) -> atomic.TemporaryFile:
        for _ in range(_ATTEMPTS):
            try:
                os.makedirs(folder, exist_ok=True)
                return atomic.TemporaryFile(folder)
            except FileNotFoundError:
                continue  # somebody deleted the last file of the folder, and the folder, between the two lines
            except (FileExistsError, NotADirectoryError):
                raise self._in_the_way(path, "a file is where a folder would have to be") from None
        raise StorageError(f"{path}: the folder is deleted each time it is made", context={"path": path})

    def _put(
        self, path: str, full: str, file: atomic.TemporaryFile, options: WriteOptions, timeout: float | None
    ) -> os.stat_result:
        """Give a finished file its name, if the conditions hold."""
        try:
            with atomic.locked_folder(os.path.dirname(full), timeout=timeout):
                before = _stat_or_none(full)
                if before is not None and stat.S_ISDIR(before.st_mode):
                    raise self._in_the_way(path, "a folder is there")
                self._check_version(path, before, options)
                _set_later_time(file, before)
                if before is not None and stat.S_ISREG(before.st_mode):
                    with contextlib.suppress(OSError):  # another user's file: its permissions are not ours to give
                        file.set_mode(stat.S_IMODE(before.st_mode))
                if options.only_if_absent:
                    try:
                        file.create(full)
                    except FileExistsError:  # by somebody who does not take our lock
                        raise already_exists(path, self.uri(path)) from None
                else:
                    file.replace(full)
                return os.stat(full)  # by its name: Windows numbers an open file otherwise
        except TimeoutError:
            raise timed_out(path, options.deadline) from None

    def _check_version(self, path: str, known: os.stat_result | None, options: WriteOptions) -> None:
        if options.only_if_absent and known is not None:
            raise already_exists(path, self.uri(path))
        if options.only_if_match is not None:
            etag = None if known is None or not stat.S_ISREG(known.st_mode) else _etag(known)
            if etag != options.only_if_match:
                raise not_the_version(path, self.uri(path), options.only_if_match, etag)

    def _in_the_way(self, path: str, reason: str) -> StorageError:
        return StorageError(
            f"{path!r} cannot be written: {reason}",
            code="KDL-STO-007",
            category=Category.CONFLICT,
            context={"path": path},
            suggestions=["choose another path: a file system cannot have a file and a folder of one name"],
        )

    # Listing

    def _list(self, folder: str, prefix: str, options: ListOptions) -> Iterator[Entry]:
        left = options.limit
        if left is not None and left <= 0:
            return
        for entry in self._walk(folder, prefix + "/" if prefix else "", options.after or "", options.recursive):
            if options.after is not None and entry.path <= options.after:
                continue
            yield entry
            if left is not None:
                left -= 1
                if left == 0:
                    return

    def _walk(self, folder: str, below: str, after: str, recursive: bool) -> Iterator[Entry]:
        """Yield what is below a folder, sorted by the whole path, not reading folders that sort before ``after``."""
        try:
            with os.scandir(folder) as scan:
                found = [entry for entry in scan if self._is_listed(entry)]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise self._error(error, below.rstrip("/")) from error
        folders = {entry.name for entry in found if entry.is_dir(follow_symlinks=False)}
        # `a/b` sorts after `a-b`, for `-` comes before `/`: a folder's name counts with its slash.
        key = (lambda entry: entry.name + "/" if entry.name in folders else entry.name) if recursive else _name
        for entry in sorted(found, key=key):
            path = below + entry.name
            if entry.name in folders:
                if recursive:
                    if after.startswith(path + "/") or path + "/" > after:
                        yield from self._walk(entry.path, path + "/", after, True)
                elif next(self._walk(entry.path, path + "/", "", True), None) is not None:
                    yield prefix_entry(path)
                continue
            try:
                if entry.is_symlink() and not self._is_inside(os.path.realpath(entry.path)):
                    _log.debug("left out of a listing: %s leads out of %s", path, self._root)
                    continue
                known = os.stat(entry.path)  # not `entry.stat()`, which knows no inode on Windows
            except OSError:
                continue  # deleted since, or a link to nowhere
            if stat.S_ISREG(known.st_mode):
                yield _entry(path, known)

    def _is_listed(self, entry: os.DirEntry[str]) -> bool:
        try:
            self._check(entry.name)
        except InvalidPath:
            return False
        return True

    # Errors

    @contextlib.contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(error, path) from error

    def _error(self, error: OSError, path: str) -> StorageError:
        """Return the storage's error for one of the operating system's."""
        number, context = error.errno, {"path": path, "file": error.filename or self._root}
        windows_name_invalid = 123
        if number == errno.ENOENT or number == errno.ENOTDIR:
            return not_found(path, self.uri(path))
        if number == errno.ENAMETOOLONG or getattr(error, "winerror", 0) == windows_name_invalid:
            return invalid_path(path, f"this file system does not take it: {error.strerror}")
        if number == errno.EISDIR:
            return self._in_the_way(path, "a folder is there")
        if number == errno.EROFS:
            return StoragePermissionError(f"{path!r} cannot be written: the file system is read-only", context=context)
        if isinstance(error, PermissionError):
            user = f"user {os.geteuid()}" if hasattr(os, "geteuid") else "this user"
            return StoragePermissionError(
                f"{user} may not do that to {path!r}: {error.strerror}",
                context=context,
                suggestions=[f"give {user} the right to it, or close the program that has it open"],
            )
        if number in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            return StorageError(
                f"{path!r} cannot be written: no space is left; what was there before is unchanged",
                code="KDL-STO-008",
                context=context,
                suggestions=["free some space, or name another folder"],
            )
        if number == errno.ELOOP:
            return invalid_path(path, "links on the way lead in a circle")
        return StorageError(f"{path!r}: {error.strerror or error}", context=context)


class _Chunks:
    """The content of an open file, piece by piece. Opened at the call, so that errors come there."""

    def __init__(self, storage: LocalStorage, path: str, descriptor: int, start: int, length: int | None) -> None:
        self._storage = storage
        self._path = path
        self._descriptor: int | None = descriptor
        known = os.fstat(descriptor)
        self._version = (known.st_mtime_ns, known.st_size)
        self._position = start
        self._end = known.st_size if length is None else min(known.st_size, start + length)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._descriptor is None:
            raise StopIteration
        if self._position >= self._end:
            self.close()
            raise StopIteration
        with self._storage._errors(self._path):
            piece = _read_at(self._descriptor, min(CHUNK, self._end - self._position), self._position)
            known = os.fstat(self._descriptor)
        if not piece or (known.st_mtime_ns, known.st_size) != self._version:
            # Our own writers never write into a file that is there; others do.
            self.close()
            raise StorageError(
                f"{self._path!r} was changed in place while it was read",
                code="KDL-STO-011",
                category=Category.CONFLICT,
                context={"path": self._path},
                suggestions=["read it again when its writer is done; writers through Kindling never do this"],
            )
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        self.close()


def open_local(context: Context, settings: LocalSettings, credential: Credential | None = None) -> LocalStorage:
    """Open a connection of type ``local``."""
    # Joined, not resolved: an absolute path stays as it is, and so does a link.
    return LocalStorage(context.folder / Path(settings.path).expanduser())


def _read_at(descriptor: int, size: int, position: int) -> bytes:
    if sys.platform == "win32":
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.read(descriptor, size)
    return os.pread(descriptor, size, position)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _stat_or_none(full: str) -> os.stat_result | None:
    try:
        return os.stat(full)
    except FileNotFoundError:
        # A link to nowhere is in the way all the same.
        return os.lstat(full) if os.path.islink(full) else None
    except NotADirectoryError:
        return None


def _etag(known: os.stat_result) -> str:
    return f"{known.st_mtime_ns:x}-{known.st_size:x}-{known.st_ino:x}"


def _entry(path: str, known: os.stat_result, sha256: str | None = None) -> Entry:
    modified = datetime.fromtimestamp(known.st_mtime_ns // 1000 / 1_000_000, timezone.utc)
    return Entry(path=path, size=known.st_size, modified=modified, etag=_etag(known), sha256=sha256)


def _set_later_time(file: atomic.TemporaryFile, before: os.stat_result | None) -> None:
    """Give a file a time of modification later than that of the file it replaces, so that its etag is a new one."""
    now = time.time_ns()
    if before is None:
        file.set_times(now)
        return
    for step in _CLOCK_STEPS:
        if file.set_times(max(now, before.st_mtime_ns + step)) > before.st_mtime_ns:
            return
