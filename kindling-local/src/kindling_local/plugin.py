"""What the laptop gives to Kindling. Imports nothing heavy: the descriptor names its parts as strings."""

from __future__ import annotations

from collections.abc import Iterator

from kindling.contracts import ExecutionBackend, Level, Support
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution() -> Iterator[ExecutionBackend]:
    """Yield app execution on this machine.

    There is no ``detect``: ``local`` is what remains where no platform shows evidence of itself.
    """
    yield ExecutionBackend(
        platform="local",
        opens="kindling_local.execution:open_runner",
        settings="kindling_local.settings:LocalSettings",
        capabilities={
            "spark": Support(Level.PARTIAL, "needs an extra: kindling-core[sail] or kindling-core[spark]"),
            "display": Support(Level.FULL),
            "identity": Support(Level.FULL),
        },
        summary="apps on this machine: in process, as a child process, in a notebook",
    )
