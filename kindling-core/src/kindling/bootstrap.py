"""A door: ``bootstrap_spark_session``, by which existing programs get their Spark session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kindling import framework as _framework

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def bootstrap_spark_session(
    environment: str | None = None, *, platform: str | None = None, project: str | Path | None = None
) -> SparkSession:
    """Return a Spark session with every connection of the environment configured.

    The current framework is used where it is of this environment, platform and project; else a new one is made
    and becomes the current one.

    Args:
        environment: Name of the environment. Without it: ``KINDLING_ENVIRONMENT``, else the configuration's.
        platform: Name of the platform; without it, the one that is detected.
        project: The project's folder; without it, the nearest one upwards from the working directory.

    Raises:
        ConfigError: the configuration does not hold.
        KindlingError: KDL-SPK-001, Spark is not installed here; names the extra to install.

    Example:
        >>> from kindling.bootstrap import bootstrap_spark_session
        >>> spark = bootstrap_spark_session("dev")  # doctest: +SKIP
        >>> spark.read.format("delta").load("data/orders").count()  # doctest: +SKIP
        3
    """
    try:
        current: _framework.Framework | None = _framework.get_framework()
    except _framework.FrameworkError:
        current = None
    if current is not None and (
        environment not in (None, current.environment)
        or platform not in (None, current.platform)
        or (project is not None and Path(project).resolve() != current.project_root.resolve())
    ):
        current = None
    chosen = current or _framework.initialize(platform, environment, project=project)
    return chosen.get_spark()
