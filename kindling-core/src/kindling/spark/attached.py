"""The Spark session of a platform that starts one for each notebook and job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

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
