"""What the host gives a backend when it opens it."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger
from pathlib import Path
from typing import Any, Protocol

from kindling.contracts.auth import Credential
from kindling.contracts.storage import Storage
from kindling.values import Secret


class HttpResponse(Protocol):
    """An answer, whole.

    Example:
        >>> from types import SimpleNamespace
        >>> response: HttpResponse = SimpleNamespace(status=200, headers={}, content=b"{}", text="{}", json=dict)
        >>> response.status, response.json()
        (200, {})
    """

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers; names compare without regard to case."""

    @property
    def content(self) -> bytes:
        """Body in bytes."""

    @property
    def text(self) -> str:
        """Body as text."""

    def json(self) -> Any:
        """Return the body parsed as JSON.

        Raises:
            JobError: the body is not JSON; with the request and the first characters of the answer.

        Example:
            >>> from types import SimpleNamespace
            >>> response: HttpResponse = SimpleNamespace(json=lambda: {"jobs": []})
            >>> response.json()
            {'jobs': []}
        """


class HttpClient(Protocol):
    """The one HTTP client: throttling, long-running operations, lost answers and token expiry are handled in it.

    Example:
        >>> def names(client: HttpClient) -> list[str]:
        ...     return [job["name"] for job in client.request("GET", "jobs", deadline=30.0).json()["jobs"]]
    """

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        expect: tuple[int, ...] = (),
        deadline: float | None = None,
    ) -> HttpResponse:
        """Send a request, as often as is safe, and return the answer.

        Args:
            method: GET, PUT, …
            path: Below the base URL, or a whole URL on the same host.
            params: Query parameters.
            json: Body, sent as JSON.
            data: Body in bytes; not together with ``json``.
            headers: Further headers.
            idempotent: Whether repeating it is safe; None decides by the method.
            expect: Statuses besides 2xx that are answers and not errors.
            deadline: Seconds for the whole call with all repetitions.

        Example:
            >>> def job(client: HttpClient, name: str) -> object:
            ...     return client.request("GET", f"jobs/{name}", expect=(404,), deadline=30.0).json()
        """

    def close(self) -> None:
        """Close the connections.

        Example:
            >>> def done(client: HttpClient) -> None:
            ...     client.close()
        """


class Context(Protocol):
    """What the host gives a backend when it opens it. Thread-safe.

    Example:
        A backend's ``opens`` takes it first:

        >>> def open_deployer(context: Context, settings: object) -> object:
        ...     context.logger.info("opened for %s in %s", context.project, context.environment)
        ...     return context.http("https://jobs.example", scopes=("https://jobs.example/.default",))
    """

    @property
    def environment(self) -> str:
        """Name of the environment: ``dev``, ``prod``, …

        Example:
            >>> from kindling.testing import PlainContext
            >>> PlainContext().environment
            'test'
        """

    @property
    def project(self) -> str:
        """Name of the project.

        Example:
            >>> from kindling.testing import PlainContext
            >>> PlainContext().project
            'example'
        """

    @property
    def folder(self) -> Path:
        """The project's folder. A relative path in settings is meant from here.

        Example:
            >>> from kindling.testing import PlainContext
            >>> from pathlib import Path
            >>> PlainContext(folder=Path("shop")).folder.name
            'shop'
        """

    @property
    def state(self) -> Path:
        """A folder of the plugin's own, kept between processes. It exists.

        Example:
            >>> from kindling.testing import PlainContext
            >>> PlainContext().state.is_dir()
            True
        """

    @property
    def logger(self) -> Logger:
        """The plugin's logger; its records carry run, app, platform and environment, secrets masked.

        Example:
            >>> from kindling.testing import PlainContext
            >>> PlainContext().logger.name
            'kindling.plugins.example'
        """

    def storage(self, uri: str) -> tuple[Storage, str]:
        """Open the storage that serves a URI, with the connection that has its account.

        Args:
            uri: For example ``file:///data/in.csv``.

        Returns:
            The storage, and the path of the URI in it.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves the scheme.

        Example:
            >>> from kindling.testing import PlainContext
            >>> storage, path = PlainContext().storage("memory://scratch/in.csv")
            >>> path, storage.uri(path)
            ('in.csv', 'memory://scratch/in.csv')
        """

    def credential(self) -> Credential:
        """Return the platform's own identity.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform has none.

        Example:
            >>> from kindling.testing import FixedCredential, PlainContext
            >>> PlainContext(credential=FixedCredential()).credential().get_token("scope").token
            'example-token'
        """

    def secret(self, reference: str) -> Secret:
        """Open a reference to a secret.

        Args:
            reference: ``store/name`` or ``store/name@version``.

        Raises:
            AuthError: KDL-AUT-003, there is no such secret, or it may not be read.

        Example:
            >>> from kindling.testing import PlainContext
            >>> PlainContext(secrets={"vault/key": "s3cr3t"}).secret("vault/key")
            Secret('***')
        """

    def http(self, base_url: str, *, scopes: tuple[str, ...] = ()) -> HttpClient:
        """Return an HTTP client for a service.

        Args:
            base_url: With scheme and host, and a path where all requests share one.
            scopes: OAuth scopes for its bearer tokens; none for no ``Authorization`` header.

        Example:
            >>> from kindling.testing import PlainContext
            >>> PlainContext().http("https://jobs.example")
            Traceback (most recent call last):
                ...
            kindling.errors.UnsupportedOperation: this context has no HTTP client; https://jobs.example was asked for
        """
