"""Apps that somebody put into the artifacts root by hand: found there, and fetched where the root is not a folder here.

Releases live beside them and are not read by this: they come with a later version.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindling.apps.definition import FILE_NAME
from kindling.folders import cache_folder

if TYPE_CHECKING:
    from kindling.contracts.storage import Entry, Storage

#: What stands beside an app's own files in the artifacts root, and is not the app's.
_RESERVED: Final = ("releases", "live", "leases", "tombstones", "audit")


@dataclass(frozen=True)
class FetchedApp:
    """An app's files on this machine.

    Args:
        folder: The folder that holds them.
        source_uri: Where they were fetched from; None where the artifacts root is a folder here.
        shown: How messages call the place.
    """

    folder: Path
    source_uri: str | None
    shown: str


def find_in_folder(root: Path, name: str) -> FetchedApp | None:
    """Return an app in an artifacts root that is a folder on this machine, or None.

    Args:
        root: The artifacts root.
        name: The app's name.
    """
    folder = root / "apps" / name
    return FetchedApp(folder, None, str(folder)) if (folder / FILE_NAME).is_file() else None


def fetch(storage: Storage, prefix: str, name: str, cache: Path | None = None) -> FetchedApp | None:
    """Return an app out of a storage, fetched unless this state of it has been fetched before; None if it is not there.

    Args:
        storage: The storage of the artifacts root.
        prefix: Path of the root in it.
        name: The app's name.
        cache: Where to keep it. Without it, the user's cache folder.

    Raises:
        StorageError: it cannot be read.

    Example:
        >>> from kindling.storage.memory import MemoryStorage
        >>> storage = MemoryStorage("example-artifacts")
        >>> _ = storage.write("apps/hello/app.yaml", b"entry_point: main.py")
        >>> fetched = fetch(storage, "", "hello", Path(tempfile.mkdtemp()))
        >>> fetched.source_uri, [path.name for path in fetched.folder.iterdir()]
        ('memory://example-artifacts/apps/hello', ['app.yaml'])
    """
    base = "/".join(part for part in (prefix.strip("/"), "apps", name) if part)
    entries = [entry for entry in storage.list(base) if _belongs(entry.path, base)]
    if not any(entry.path == f"{base}/{FILE_NAME}" for entry in entries):
        return None
    uri = storage.uri(base)
    digest = _digest(uri, entries)
    kept = cache or cache_folder("apps")
    folder = kept / f"{name}-{digest[:16]}" / name
    if not (folder / FILE_NAME).is_file():
        kept.mkdir(parents=True, exist_ok=True)
        # Beside its place, so that moving it there is one step: nobody ever sees a part of an app.
        partial = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=kept))
        try:
            _download(storage, base, entries, partial / name)
            _move(partial, folder.parent)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return FetchedApp(folder, uri, uri)


def _belongs(path: str, base: str) -> bool:
    return path[len(base) + 1 :].split("/", 1)[0] not in _RESERVED


def _digest(uri: str, entries: list[Entry]) -> str:
    hasher = hashlib.sha256(uri.encode())
    for entry in entries:
        hasher.update(f"\0{entry.path}\0{entry.etag}\0{entry.size}".encode())
    return hasher.hexdigest()


def _download(storage: Storage, base: str, entries: list[Entry], target: Path) -> None:
    for entry in entries:
        path = target.joinpath(*entry.path[len(base) + 1 :].split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in storage.read_chunks(entry.path):
                file.write(chunk)


def _move(source: Path, target: Path) -> None:
    try:
        os.rename(source, target)  # noqa: PTH104 - replace() would say the same with another meaning for folders
    except OSError:
        # Another process was faster: what is there has the same digest.
        if not target.is_dir():
            raise
