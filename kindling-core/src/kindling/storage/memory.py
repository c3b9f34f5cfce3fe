"""Files in the memory of this process, shared by name. For tests, for trying out, and for what need not last."""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kindling.config.fields import setting
from kindling.contracts.storage import Entry, ListOptions, Storage, WriteOptions
from kindling.errors import UnsupportedOperation
from kindling.storage.conditions import (
    CHUNK,
    StreamCheck,
    already_exists,
    check_conditions,
    check_range,
    not_found,
    not_the_version,
    prefix_entry,
)
from kindling.storage.paths import check_path, invalid_path, quote_path

if TYPE_CHECKING:
    from kindling.contracts.auth import Credential
    from kindling.contracts.context import Context

#: Bytes of UTF-8 in one path; what cloud storages allow.
_LONGEST_PATH = 1024


@dataclass(frozen=True)
class MemorySettings:
    """Settings of a connection of type ``memory``.

    Args:
        name: Storages of one name in one process have the same content.
    """

    name: str = setting(default="default", doc="Connections of one name in one process have the same content.")

    @classmethod
    def from_uri(cls, uri: str) -> tuple[MemorySettings, str]:
        """Return the settings, and the path, of a URI.

        Example:
            >>> MemorySettings.from_uri("memory://scratch/a%20b.txt")
            (MemorySettings(name='scratch'), 'a b.txt')
        """
        parts = urlsplit(uri)
        return cls(unquote(parts.netloc) or "default"), check_path(unquote(parts.path).strip("/"), allow_empty=True)


@dataclass(frozen=True)
class _File:
    content: bytes
    entry: Entry


class _Space:
    """The content of all storages of one name."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.files: dict[str, _File] = {}
        self.versions = 0


_spaces: dict[str, _Space] = {}
_spaces_lock = threading.Lock()


class MemoryStorage(Storage):
    """Files in memory. Flat, as in the cloud: there are no folders, and ``a`` may stand beside ``a/b``.

    Args:
        name: Storages of one name in one process have the same content.

    Example:
        >>> MemoryStorage("scratch").write("a.txt", b"hello").size
        5
        >>> MemoryStorage("scratch").read("a.txt")
        b'hello'
    """

    def __init__(self, name: str = "default") -> None:
        if not name or "/" in name:
            raise invalid_path(name, "a memory storage's name has letters and no `/`")
        self._name = name
        with _spaces_lock:
            self._space = _spaces.setdefault(name, _Space())

    def uri(self, path: str = "") -> str:
        """See Storage."""
        root = "memory://" + quote_path(self._name)
        return f"{root}/{quote_path(self._check(path))}" if path else root

    def stat(self, path: str) -> Entry:
        """See Storage."""
        return self._file(path).entry

    def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:
        """See Storage."""
        below = self._check(prefix) + "/" if prefix else ""
        with self._space.lock:
            paths = sorted(path for path in self._space.files if path.startswith(below))
        return self._list(below, paths, options)

    def read_chunks(self, path: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See Storage."""
        check_range(start, length)
        content = self._file(path).content
        end = len(content) if length is None else min(len(content), start + length)
        return (content[at : min(at + CHUNK, end)] for at in range(start, end, CHUNK))

    def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:
        """See Storage."""
        self._check(path)
        check_conditions(options)
        with self._space.lock:
            self._check_version(path, options)
        check = StreamCheck(path, options)
        content = b"".join(check.pieces(data))
        sha256 = check.finish()
        space = self._space
        with space.lock:
            self._check_version(path, options)
            space.versions += 1
            entry = Entry(
                path=path,
                size=len(content),
                modified=datetime.fromtimestamp(time.time(), timezone.utc),
                etag=f"{space.versions:x}",
                sha256=sha256,
            )
            space.files[path] = _File(content, entry)
        return entry

    def delete(self, path: str, *, only_if_match: str | None = None) -> None:
        """See Storage."""
        self._check(path)
        with self._space.lock:
            if only_if_match is not None:
                self._check_version(path, WriteOptions(only_if_match=only_if_match))
            self._space.files.pop(path, None)

    def options(self, consumer: str) -> Mapping[str, str]:
        """See Storage. No other library sees this memory."""
        raise UnsupportedOperation(
            f"{consumer} cannot open files in this process's memory",
            context={"consumer": consumer},
            suggestions=["use a connection of type `local`"],
        )

    def clear(self) -> None:
        """Delete everything in the storages of this name.

        Example:
            >>> storage = MemoryStorage("cleared")
            >>> _ = storage.write("a.txt", b"")
            >>> storage.clear()
            >>> list(storage.list())
            []
        """
        with self._space.lock:
            self._space.files.clear()

    def __repr__(self) -> str:
        return f"MemoryStorage({self._name!r})"

    def _check(self, path: str) -> str:
        check_path(path)
        if len(path.encode()) > _LONGEST_PATH:
            raise invalid_path(path, f"it is longer than {_LONGEST_PATH} bytes")
        return path

    def _file(self, path: str) -> _File:
        self._check(path)
        file = self._space.files.get(path)
        if file is None:
            raise not_found(path, self.uri(path))
        return file

    def _check_version(self, path: str, options: WriteOptions) -> None:
        file = self._space.files.get(path)
        if options.only_if_absent and file is not None:
            raise already_exists(path, self.uri(path))
        if options.only_if_match is not None:
            etag = None if file is None else file.entry.etag
            if etag != options.only_if_match:
                raise not_the_version(path, self.uri(path), options.only_if_match, etag)

    def _list(self, below: str, paths: Sequence[str], options: ListOptions) -> Iterator[Entry]:
        entries: Iterable[Entry]
        if options.recursive:
            start = 0 if options.after is None else bisect.bisect_right(paths, options.after)
            entries = (file.entry for path in paths[start:] if (file := self._space.files.get(path)) is not None)
        else:
            folders = {below + path[len(below) :].partition("/")[0] for path in paths if "/" in path[len(below) :]}
            files = (self._space.files.get(path) for path in paths if "/" not in path[len(below) :])
            level = [file.entry for file in files if file is not None] + [prefix_entry(path) for path in folders]
            level.sort(key=lambda entry: (entry.path, entry.is_prefix))
            entries = (entry for entry in level if options.after is None or entry.path > options.after)
        return islice(entries, options.limit)


def open_memory(context: Context, settings: MemorySettings, credential: Credential | None = None) -> MemoryStorage:
    """Open a connection of type ``memory``."""
    return MemoryStorage(settings.name)
