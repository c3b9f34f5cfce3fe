"""The section ``platforms.local:`` of ``kindling.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kindling.contracts import setting


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """Settings of the laptop.

    Args:
        engine: Which Spark an app gets: ``sail``, ``jvm``, or ``auto``.
        conf: Spark configuration by key. It wins over Kindling's own for small machines.
        java_home: Folder of the Java for the JVM engine.
        jars: Folder with the jars of Delta for the JVM engine.
        artifacts: Artifacts root for this platform, instead of the project's.

    Example:
        >>> LocalSettings(engine="sail").engine
        'sail'
    """

    engine: Literal["auto", "sail", "jvm"] = setting(
        default="auto",
        doc="Which Spark an app gets: sail (no Java), jvm, or auto: Sail where it is installed, else the JVM.",
    )
    conf: Mapping[str, str] = setting(
        default_factory=dict, doc="Spark configuration by key.", example={"spark.sql.session.timeZone": "UTC"}
    )
    java_home: str | None = setting(default=None, doc="Folder of the Java for the JVM engine; else JAVA_HOME.")
    jars: str | None = setting(
        default=None, doc="Folder with the jars of Delta for the JVM engine; else they are fetched once and kept."
    )
    artifacts: str | None = setting(default=None, doc="Artifacts root on this platform, instead of `artifacts:`.")
