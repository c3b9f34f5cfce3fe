"""Claims the URL scheme of the good plugin, and one that the core serves itself."""

from kindling.contracts import StorageBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_storage():
    yield StorageBackend(
        name="comet", schemes=("orbit", "memory"), opens="kindling_fx_same_scheme.storage:open_storage"
    )
