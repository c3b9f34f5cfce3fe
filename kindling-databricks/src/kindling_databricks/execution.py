"""Running apps inside Databricks: knowing that this is Databricks, its Spark session, its display."""

from __future__ import annotations

import os

from kindling.contracts import Context, Detection
from kindling.spark.attached import AttachedRunner
from kindling_databricks.settings import DatabricksSettings

#: Every Databricks runtime sets it, clusters and serverless alike. ``DATABRICKS_HOST`` is no evidence: people set
#: that on their laptops.
RUNTIME_VARIABLE = "DATABRICKS_RUNTIME_VERSION"


def detect() -> Detection | None:
    """Say whether this is Databricks. Starts and imports nothing.

    Example:
        >>> detect() is None
        True
    """
    version = os.environ.get(RUNTIME_VARIABLE)
    return Detection((f"{RUNTIME_VARIABLE}={version}",)) if version else None


def open_runner(context: Context, settings: DatabricksSettings | None) -> DatabricksRunner:
    """Open the runner. What ``opens`` of its descriptor names.

    Args:
        context: What the host gives.
        settings: The section ``platforms.databricks:``; None for its defaults.
    """
    return DatabricksRunner(settings or DatabricksSettings())


class DatabricksRunner(AttachedRunner):
    """App execution inside Databricks.

    Args:
        settings: The section ``platforms.databricks:``.
    """

    def __init__(self, settings: DatabricksSettings) -> None:
        super().__init__("Databricks", settings.conf, is_here=lambda: detect() is not None)
