"""What apps need of the framework. The framework is above this floor and hands itself down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from kindling.contracts.storage import Storage
    from kindling.plugins.host import PluginHost
    from kindling.runs.store import RunStore


class Surroundings(Protocol):
    """What apps need of the framework: where they are, where runs are kept, how Spark is opened."""

    @property
    def platform(self) -> str:
        """Name of the platform."""

    @property
    def environment(self) -> str:
        """Name of the environment."""

    @property
    def project_root(self) -> Path:
        """The project's folder; its apps are in ``apps``."""

    @property
    def config(self) -> Any:
        """The configuration."""

    @property
    def host(self) -> PluginHost:
        """The plugin host."""

    @property
    def runs(self) -> RunStore:
        """The run records."""

    def get_spark(self) -> Any:
        """Return the Spark session, opened on first use."""

    def open_uri(self, uri: str) -> tuple[Storage, str]:
        """Open the storage that serves a URI; return it, and the path of the URI in it."""

    def display(self, value: Any) -> None:
        """Show a value as the platform does."""
