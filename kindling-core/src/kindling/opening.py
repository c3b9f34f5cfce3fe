"""What the host gives a backend when it opens it: the framework's side of the contract's ``Context``."""

from __future__ import annotations

from collections.abc import Callable
from logging import Logger
from pathlib import Path

from kindling.contracts.auth import Credential
from kindling.contracts.context import HttpClient
from kindling.contracts.storage import Storage
from kindling.errors import AuthError, UnsupportedOperation
from kindling.values import Secret


class BackendContext:
    """The environment, project and services that one plugin's backends are opened with.

    Args:
        plugin: Name of the plugin that it is made for.
        environment: Name of the environment.
        project: Name of the project.
        folder: The project's folder.
        state_root: Folder below which each plugin has a folder of its own.
        logger: The plugin's logger.
        open_uri: Opens the storage that serves a URI.
        open_credential: Returns the platform's own identity.
        open_secret: Opens a secret by store and name; None where no store is built in.
    """

    def __init__(
        self,
        plugin: str,
        *,
        environment: str,
        project: str,
        folder: Path,
        state_root: Path,
        logger: Logger,
        open_uri: Callable[[str], tuple[Storage, str]],
        open_credential: Callable[[], Credential],
        open_secret: Callable[[str, str, str | None], Secret],
    ) -> None:
        self._plugin = plugin
        self._environment = environment
        self._project = project
        self._folder = folder
        self._state_root = state_root
        self._logger = logger
        self._open_uri = open_uri
        self._open_credential = open_credential
        self._open_secret = open_secret

    @property
    def environment(self) -> str:
        """Name of the environment."""
        return self._environment

    @property
    def project(self) -> str:
        """Name of the project."""
        return self._project

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self._folder

    @property
    def state(self) -> Path:
        """A folder of the plugin's own, made when it is first asked for."""
        folder = self._state_root / self._plugin
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def logger(self) -> Logger:
        """The plugin's logger."""
        return self._logger

    def storage(self, uri: str) -> tuple[Storage, str]:
        """Open the storage that serves a URI.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves the scheme.
        """
        return self._open_uri(uri)

    def credential(self) -> Credential:
        """Return the platform's own identity.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform has none.
        """
        return self._open_credential()

    def secret(self, reference: str) -> Secret:
        """Open a reference to a secret, ``store/name`` or ``store/name@version``.

        Raises:
            AuthError: KDL-AUT-003, the reference does not name a store and a secret, or there is none.
        """
        store, slash, rest = reference.partition("/")
        name, _, version = rest.partition("@")
        if not (store and slash and name):
            raise AuthError(
                f"{reference!r} does not name a secret",
                code="KDL-AUT-003",
                context={"reference": reference},
                suggestions=["write store/name, or store/name@version"],
            )
        return self._open_secret(store, name, version or None)

    def http(self, base_url: str, *, scopes: tuple[str, ...] = ()) -> HttpClient:
        """Return an HTTP client for a service. This version of the core has none yet.

        Raises:
            UnsupportedOperation: KDL-PLG-020, always, until the core has its client.
        """
        raise UnsupportedOperation(
            f"this version of kindling-core has no HTTP client; {self._plugin} asked for one to {base_url}",
            context={"plugin": self._plugin, "base_url": base_url, "scopes": list(scopes)},
            suggestions=["install a version of kindling-core that deploys jobs", "use a client of the plugin's own"],
        )
