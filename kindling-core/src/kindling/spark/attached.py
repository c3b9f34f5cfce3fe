"""Running apps on a platform that starts Spark for each notebook and job: its session, and its display."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kindling.contracts.execution import AppRunner
from kindling.errors import UnsupportedOperation
from kindling.spark.errors import SparkError
from kindling.spark.sessions import active_session, apply_conf

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def attach_session(platform: str, conf: Mapping[str, str], *, is_here: bool) -> SparkSession:
    """Return the active session, else the one that the platform gives to whoever asks first.

    Args:
        platform: The platform's name, for messages.
        conf: Configuration that it must have. What is decided when a session starts, and it has started, is kept.
        is_here: Whether this process runs on the platform. Elsewhere asking would start a Spark of this machine's
            own, which would then be taken for the platform's.

    Raises:
        UnsupportedOperation: KDL-PLG-020, this process does not run on the platform.
        SparkError: KDL-SPK-001, it does, in a place without Spark (a Python notebook).
    """
    session = active_session()
    if session is not None:
        apply_conf(session, conf)
        return session
    if not is_here:
        raise UnsupportedOperation(
            f"there is no Spark session of {platform}'s here: this process does not run on {platform}",
            context={"platform": platform},
            suggestions=["run it there", "or run it here: --platform local"],
        )
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkError(
            f"this place on {platform} has no Spark",
            context={"platform": platform},
            suggestions=[f"choose a notebook or a job of {platform}'s with Spark"],
        ) from error
    builder = SparkSession.builder
    for key, value in conf.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


class AttachedRunner(AppRunner):
    """App execution on a platform that brings Spark and a notebook with it. A platform's runner adds what it alone has.

    Args:
        platform: The platform's name, for messages.
        conf: Spark configuration of the platform's section; it wins over what is asked for.
        is_here: Tells whether this process runs on the platform.

    Example:
        >>> runner = AttachedRunner("Acme", {}, is_here=lambda: False)
        >>> runner.display([1, 2])
        [1, 2]
    """

    def __init__(self, platform: str, conf: Mapping[str, str], *, is_here: Callable[[], bool]) -> None:
        self._platform = platform
        self._conf = conf
        self._is_here = is_here

    def spark_session(self, conf: Mapping[str, str]) -> SparkSession:
        """Return the session of the notebook or the job.

        Args:
            conf: Configuration that it must have; that of the platform's section wins.

        Raises:
            UnsupportedOperation: KDL-PLG-020, this process does not run on the platform.
            SparkError: KDL-SPK-001, this is a place without Spark.
        """
        return attach_session(self._platform, {**conf, **self._conf}, is_here=self._is_here())

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
