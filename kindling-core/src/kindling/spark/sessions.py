"""Opening a Spark session on one machine: the active one first, else Sail's or the JVM's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kindling.spark.errors import SparkError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Engine = Literal["auto", "sail", "jvm"]


@dataclass(frozen=True)
class OpenedSession:
    """A session, and how it ends.

    Args:
        session: The session.
        engine: ``sail``, ``jvm``, or ``active`` for one that somebody else started.
        close: Stops what was started for it; for an active session it does nothing.
    """

    session: SparkSession
    engine: str
    close: Callable[[], None]


def open_session(
    engine: Engine = "auto",
    conf: Mapping[str, str] | None = None,
    *,
    name: str = "kindling",
    java_home: Path | None = None,
    jars: Path | None = None,
    cache: Path | None = None,
) -> OpenedSession:
    """Return the active session where there is one, else start one on this machine.

    Args:
        engine: ``sail`` (no Java), ``jvm``, or ``auto``: Sail where it is installed, else the JVM.
        conf: Spark configuration by key; it wins over Kindling's settings for small machines.
        name: The application's name, as Spark shows it.
        java_home: The Java for the JVM engine. Without it: see :func:`kindling.spark.java.find_java`.
        jars: A folder with Delta's jars for the JVM engine. Without it they are kept in the user's cache.
        cache: The cache's folder. Without it: see :func:`kindling.folders.cache_folder`.

    Raises:
        SparkError: KDL-SPK-001, Spark is not installed; KDL-SPK-002, no Java that does; KDL-SPK-003, no jars;
            KDL-SPK-004, the session did not start; KDL-SPK-005, the installed versions do not go together.
    """
    conf = dict(conf or {})
    active = active_session()
    if active is not None:
        apply_conf(active, conf)
        return OpenedSession(active, "active", lambda: None)
    if chosen_engine(engine) == "sail":
        from kindling.spark.sail import open_sail

        return open_sail(conf, name=name)
    from kindling.folders import cache_folder
    from kindling.spark.jvm import open_jvm

    cache = cache or cache_folder("jars")
    return open_jvm(conf, name=name, java_home=java_home, jars=jars, cache=cache)


def chosen_engine(engine: Engine = "auto", *, installed: Callable[[str], bool] | None = None) -> str:
    """Return the engine to start: the one asked for if it is installed, else an error that names the extra.

    Args:
        engine: As in :func:`open_session`.
        installed: Says whether a module is installed; for tests.

    Raises:
        SparkError: KDL-SPK-001.

    Example:
        >>> chosen_engine("auto", installed=lambda module: module != "pysail")
        'jvm'
    """
    installed = installed or _is_installed
    pyspark = installed("pyspark.sql")
    sail = pyspark and installed("pysail") and installed("grpc")
    jvm = pyspark and installed("delta") and installed("pyspark.java_gateway")
    if engine == "sail" or (engine == "auto" and sail):
        if not sail:
            raise _not_installed("Sail", "sail")
        return "sail"
    if not jvm:
        if engine == "jvm":
            raise _not_installed("Spark with Delta", "spark")
        raise SparkError(
            "Spark is not installed here",
            suggestions=[
                'pip install "kindling-core[sail]" (a Spark without Java)',
                'pip install "kindling-core[spark]" (Spark on the JVM; needs Java 17 or newer)',
            ],
        )
    return "jvm"


def active_session() -> SparkSession | None:
    """Return the process's active session, classic or Spark Connect, or None. Imports nothing."""
    for home in ("pyspark.sql.session", "pyspark.sql.connect.session"):
        module = sys.modules.get(home)
        kind: Any = getattr(module, "SparkSession", None)
        if kind is None:
            continue
        session = kind.getActiveSession() or getattr(kind, "_instantiatedSession", None)
        if session is not None and not _is_stopped(session):
            return session  # type: ignore[no-any-return]
    return None


def apply_conf(session: SparkSession, conf: Mapping[str, str]) -> None:
    """Set on a running session what may be set while it runs; the rest was decided when it started.

    Args:
        session: The session.
        conf: Spark configuration by key.
    """
    for key, value in conf.items():
        if session.conf.get(key, None) == value:
            continue
        if key.startswith("spark.hadoop."):
            session.conf.set(key.removeprefix("spark.hadoop."), value)
        if session.conf.isModifiable(key):
            session.conf.set(key, value)
        elif not key.startswith("spark.hadoop."):
            import logging

            logging.getLogger("kindling.spark").warning("the active Spark session keeps its own %s", key)


def _is_stopped(session: Any) -> bool:
    client = getattr(session, "_client", None)
    if client is not None:
        return bool(getattr(session, "is_stopped", False) or getattr(client, "_closed", False))
    context = getattr(session, "_sc", None)
    return context is None or getattr(context, "_jsc", None) is None


def _is_installed(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _not_installed(what: str, extra: str) -> SparkError:
    return SparkError(
        f"{what} is not installed here", context={"extra": extra}, suggestions=[f'pip install "kindling-core[{extra}]"']
    )
