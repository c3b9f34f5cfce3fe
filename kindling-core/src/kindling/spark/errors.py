"""The error of Spark sessions."""

from __future__ import annotations

from kindling.errors import Audience, Category, KindlingError


class SparkError(KindlingError):
    """There is no Spark to be had, or its session could not be started."""

    code = "KDL-SPK-001"
    category = Category.DEPENDENCY
    audience = Audience.USER
