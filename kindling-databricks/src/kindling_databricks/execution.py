"""Running apps inside Databricks: knowing that this is Databricks, its Spark session, its display."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kindling.contracts import AppRunner, Context, Detection
from kindling_databricks.settings import DatabricksSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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


class DatabricksRunner(AppRunner):
    """App execution inside Databricks.

    Args:
        settings: The section ``platforms.databricks:``.
    """

    def __init__(self, settings: DatabricksSettings) -> None:
        self._settings = settings

    def spark_session(self, conf: Mapping[str, str]) -> SparkSession:
        """Return the session of the notebook or the job.

        Args:
            conf: Configuration that it must have; ``platforms.databricks.conf`` wins.

        Raises:
            UnsupportedOperation: KDL-PLG-020, this process does not run in Databricks.
            SparkError: KDL-SPK-001, this is no place with Spark.
        """
        from kindling.spark.attached import attach_session

        return attach_session("Databricks", {**conf, **self._settings.conf}, is_here=detect() is not None)

    def display(self, value: Any) -> None:
        """Show a value as the notebook's own ``display`` does; as text in a job.

        Args:
            value: Anything; data frames are shown as tables.
        """
        show = getattr(sys.modules.get("__main__"), "display", None)
        if callable(show):
            show(value)
        else:
            super().display(value)
