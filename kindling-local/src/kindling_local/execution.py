"""Running apps on the laptop: its Spark, its user, and tables in a terminal or a notebook."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kindling.contracts import AppRunner, Context, Identity
from kindling_local.settings import LocalSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from kindling.spark.sessions import OpenedSession


def open_runner(context: Context, settings: LocalSettings | None) -> LocalRunner:
    """Open the laptop's runner. What ``opens`` of its descriptor names.

    Args:
        context: What the host gives.
        settings: The section ``platforms.local:``; None for its defaults.
    """
    return LocalRunner(settings or LocalSettings(), project=context.project, folder=context.folder)


class LocalRunner(AppRunner):
    """App execution on this machine.

    Args:
        settings: The section ``platforms.local:``.
        project: Name of the project; Spark shows it.
        folder: The project's folder, from which relative paths in the settings are meant.

    Example:
        >>> LocalRunner(LocalSettings()).identity().kind
        'os_user'
    """

    def __init__(self, settings: LocalSettings, *, project: str = "kindling", folder: Path | None = None) -> None:
        self._settings = settings
        self._folder = folder or Path()
        self._project = project
        self._lock = threading.Lock()
        self._opened: OpenedSession | None = None

    def spark_session(self, conf: Mapping[str, str]) -> SparkSession:
        """Return the active Spark session, else a new one of Sail's or the JVM's, on the loopback interface.

        Args:
            conf: Configuration that it must have; ``platforms.local.conf`` wins.

        Raises:
            SparkError: KDL-SPK-001 to KDL-SPK-005: not installed, no Java, no jars, did not start, wrong versions.
        """
        from kindling.spark.sessions import open_session

        with self._lock:
            if self._opened is None:
                settings = self._settings
                self._opened = open_session(
                    settings.engine,
                    {**conf, **{key: str(value) for key, value in settings.conf.items()}},
                    name=self._project or "kindling",
                    java_home=self._path(settings.java_home),
                    jars=self._path(settings.jars),
                )
            return self._opened.session

    def _path(self, text: str | None) -> Path | None:
        return self._folder / Path(text).expanduser() if text else None

    def identity(self) -> Identity:
        """Return the user of this system."""
        import getpass
        import platform

        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a container's user need not be in any list
            name = "unknown"
        return Identity(name=name, kind="os_user", details={"host": platform.node()})

    def display(self, value: Any) -> None:
        """Show a value: HTML in a notebook, a table in a terminal, plain text elsewhere.

        Args:
            value: Anything; data frames of pandas, Arrow, DuckDB and Spark, and lists of mappings, become tables.
        """
        from kindling_local.display import display

        display(value)

    def close(self) -> None:
        """Stop Spark where this runner started it; a session that was there before stays."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
