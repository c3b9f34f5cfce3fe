"""What the core serves itself, by the same hooks as any plugin: files of this machine, and memory."""

from __future__ import annotations

from collections.abc import Iterable

from kindling.contracts.descriptors import StorageBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_storage() -> Iterable[StorageBackend]:
    """Yield files of this machine (``type: local``) and memory of this process (``type: memory``)."""
    yield StorageBackend(
        name="local",
        schemes=("file",),
        opens="kindling.storage.local:open_local",
        settings="kindling.storage.local:LocalSettings",
        summary="folders of this machine",
    )
    yield StorageBackend(
        name="memory",
        schemes=("memory",),
        opens="kindling.storage.memory:open_memory",
        settings="kindling.storage.memory:MemorySettings",
        summary="memory of this process, gone with it",
    )
