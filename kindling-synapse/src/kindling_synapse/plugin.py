"""What Azure Synapse gives to Kindling. Imports nothing heavy: the descriptor names its parts as strings.

This version runs apps inside Synapse. It does not deploy jobs yet, so it yields no job backend: asking for one says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from kindling.contracts import ExecutionBackend, Level, Support
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution() -> Iterator[ExecutionBackend]:
    """Yield app execution inside Synapse: notebooks and Spark job definitions."""
    yield ExecutionBackend(
        platform="synapse",
        opens="kindling_synapse.execution:open_runner",
        settings="kindling_synapse.settings:SynapseSettings",
        detect="kindling_synapse.execution:detect",
        capabilities={
            "spark": Support(Level.FULL),
            "display": Support(Level.FULL),
            "identity": Support(Level.UNSUPPORTED, "not built yet"),
        },
        summary="apps in notebooks and Spark job definitions of Azure Synapse",
    )
