"""What Databricks gives to Kindling. Imports nothing heavy: the descriptor names its parts as strings.

This version runs apps inside Databricks. It does not deploy jobs yet, so it yields no job backend: asking for one says
so.
"""

from __future__ import annotations

from collections.abc import Iterator

from kindling.contracts import ExecutionBackend, Level, Support
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution() -> Iterator[ExecutionBackend]:
    """Yield app execution inside Databricks: notebooks and jobs, on clusters and serverless."""
    yield ExecutionBackend(
        platform="databricks",
        opens="kindling_databricks.execution:open_runner",
        settings="kindling_databricks.settings:DatabricksSettings",
        detect="kindling_databricks.execution:detect",
        capabilities={
            "spark": Support(Level.FULL),
            "display": Support(Level.FULL),
            "identity": Support(Level.UNSUPPORTED, "not built yet"),
        },
        summary="apps in notebooks and jobs of Databricks",
    )
