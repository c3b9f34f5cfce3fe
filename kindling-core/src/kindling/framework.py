"""The composition root: everything above receives the framework, nothing below knows it."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kindling.errors import KindlingError, UnsupportedOperation

if TYPE_CHECKING:
    from logging import Logger

    from pyspark.sql import SparkSession

    from kindling.apps.manager import AppManager
    from kindling.config.loading import LoadedConfig
    from kindling.connections.registry import Connections
    from kindling.contracts.auth import Credential
    from kindling.contracts.execution import AppRunner
    from kindling.contracts.storage import Storage
    from kindling.opening import BackendContext
    from kindling.plugins.host import PluginHost, Served
    from kindling.plugins.opening import OpenObjects
    from kindling.runs.store import RunStore
    from kindling.values import Secret


class FrameworkError(KindlingError):
    """The framework was used before it was there, or after its end."""

    code = "KDL-FWK-001"


class Framework:
    """A project on a platform in an environment. Made by :func:`initialize`.

    Parts are opened when they are first used, and closed together. Thread-safe.

    Args:
        platform: Name of the platform.
        config: The configuration.
        host: The plugin host.
        evidence: What the platform was known by; empty where it was named.
        runs: Where run records are kept; without it, files in the project's folder.

    Example:
        >>> import kindling, tempfile
        >>> framework = kindling.initialize("local", project=tempfile.mkdtemp())
        >>> framework.platform, framework.environment
        ('local', 'dev')
        >>> framework.close()
    """

    def __init__(
        self,
        platform: str,
        config: LoadedConfig,
        host: PluginHost,
        *,
        evidence: tuple[str, ...] = (),
        runs: RunStore | None = None,
    ) -> None:
        self.platform = platform
        self.config = config
        self.host = host
        self.evidence = evidence
        self._lock = threading.RLock()
        self._parts: dict[str, Any] = {} if runs is None else {"runs": runs}
        # The framework's own, not the host's: equal settings (``path: ./data``) mean another place in another project.
        self._objects: OpenObjects | None = None
        self._closed = False

    # What it is

    @property
    def environment(self) -> str:
        """Name of the environment."""
        return self.config.environment

    @property
    def project(self) -> str:
        """Name of the project; the folder's where the configuration has none."""
        return self.config.config.project or self.project_root.name

    @property
    def project_root(self) -> Path:
        """The project's folder."""
        return self.config.root

    @property
    def opened_with(self) -> Mapping[str, Any]:
        """What it was opened with beyond its configuration's file: a child process opens its own by it."""
        return self.config.opened_with

    @property
    def state_folder(self) -> Path:
        """The folder where this project keeps runs and other state: ``.kindling`` in the project's."""
        return self.project_root / ".kindling"

    # Its parts

    @property
    def apps(self) -> AppManager:
        """The apps of the project: run, validate, list."""
        return self._part("apps", self._make_apps)  # type: ignore[no-any-return]

    @property
    def runs(self) -> RunStore:
        """The run records."""
        return self._part("runs", self._make_runs)  # type: ignore[no-any-return]

    @property
    def connections(self) -> Connections:
        """The connections by name, each a storage, opened when it is first asked for."""
        return self._part("connections", self._make_connections)  # type: ignore[no-any-return]

    @property
    def runner(self) -> AppRunner:
        """App execution on this platform.

        Raises:
            PluginError: The platform's plugin is missing or broken; says what to do.
        """
        return self._part("runner", self._make_runner)  # type: ignore[no-any-return]

    @property
    def logger(self) -> Logger:
        """The framework's logger; its records carry run, app, platform and environment, secrets masked."""
        return self._part("logger", self._make_logger)  # type: ignore[no-any-return]

    @property
    def spark(self) -> SparkSession:
        """The Spark session, opened on first use. See :meth:`get_spark`."""
        return self.get_spark()

    def get_spark(self) -> SparkSession:
        """Return the Spark session: the platform's active one, else a new one, all connections configured.

        Raises:
            KindlingError: KDL-SPK-001, Spark is not installed here; names the extra to install.
        """
        from kindling.apps import process_state, shipping

        # What Spark sets for its own processes has to outlive the run that happened to open it.
        with process_state.lasting():
            session: SparkSession = self._part("spark", self._make_spark)
        shipping.ship(session)
        return session

    def display(self, value: Any) -> None:
        """Show a value as the platform does: a table in a notebook, text elsewhere.

        Args:
            value: Anything; data frames are shown as tables.
        """
        self.runner.display(value)

    def open_uri(self, uri: str) -> tuple[Storage, str]:
        """Open the storage that serves a URI.

        Args:
            uri: For example ``file:///data/in.csv`` or ``memory://scratch/a.txt``.

        Returns:
            The storage, and the path of the URI in it.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves the scheme; with what to install where that is known.
            UnsupportedOperation: KDL-PLG-020, the backend is opened by a connection only.
        """
        from kindling.storage.paths import path_below

        served = self.host.storage_for(uri)
        for name, storage in self.connections.opened.items():
            path = path_below(uri, storage.uri())
            if path is not None:
                self.logger.debug("%s is served by the connection %s", uri, name)
                return storage, path
        model = self.host.settings_model(served.backend)
        split = getattr(model, "from_uri", None)
        if split is None:
            raise UnsupportedOperation(
                f"the storage {served.backend.name!r} cannot be opened by a URI alone",
                context={"uri": uri},
                suggestions=["name a connection to it in kindling.yaml"],
            )
        settings, path = split(uri)
        opened: Storage = self._open(served, settings, credential=None)
        return opened, path

    # Its life

    def close(self) -> None:
        """Close what was opened. Calling it again does nothing. Spark is stopped only where Kindling started it.

        Raises:
            KindlingError: A part could not be closed; the others are closed all the same.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._parts.clear()
        _forget(self)
        if self._objects is not None:
            self._objects.close()

    def __enter__(self) -> Framework:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Framework {self.project} on {self.platform}, environment {self.environment}>"

    def _repr_html_(self) -> str:
        from kindling.card import html_card

        return html_card(self.describe())

    def describe(self) -> dict[str, Any]:
        """Return what a card shows, as plain data: platform, evidence, versions, connections, plugins."""
        import platform as system

        from kindling import __version__

        return {
            "project": self.project,
            "platform": self.platform,
            "evidence": list(self.evidence),
            "environment": self.environment,
            "folder": str(self.project_root),
            "versions": {"kindling": __version__, "python": system.python_version()},
            "connections": list(self.connections),
            "plugins": [
                {"name": record.name, "version": record.version, "state": str(record.state.value)}
                for record in self.host.records(check=False)
            ],
        }

    # Making the parts

    def _part(self, name: str, make: Any) -> Any:
        part = self._parts.get(name)
        if part is None:
            with self._lock:
                if self._closed:
                    raise FrameworkError(
                        f"{self!r} is closed",
                        code="KDL-FWK-002",
                        suggestions=["call kindling.initialize() again"],
                    )
                part = self._parts.get(name)
                if part is None:
                    part = self._parts[name] = make()
        return part

    def _make_apps(self) -> AppManager:
        from kindling.apps.manager import AppManager

        return AppManager(self)

    def _make_runs(self) -> RunStore:
        from kindling.runs.store import FileRunStore

        return FileRunStore(self.state_folder)

    def _make_connections(self) -> Connections:
        from kindling.connections.registry import Connections

        return Connections(list(self.config.config.connections), self._open_connection)

    def _open_connection(self, name: str) -> Storage:
        served = self.host.storage(self.config.config.connections[name].type_name or "")
        settings = self.config.connection(name, self.host.settings_model(served.backend))
        storage: Storage = self._open(served, settings, credential=None)
        return storage

    def _make_runner(self) -> AppRunner:
        served = self.host.execution(self.platform)
        model = self.host.settings_model(served.backend)
        settings = self.config.platform(self.platform, model) if model is not None else None
        runner: AppRunner = self._open(served, settings)
        return runner

    def _make_logger(self) -> Logger:
        from kindling.telemetry.logs import get_logger

        return get_logger("kindling")

    def _make_spark(self) -> SparkSession:
        conf: dict[str, str] = {}
        for name in self.connections:
            conf.update(self.connections[name].spark_conf())
        return self.runner.spark_session(conf)

    def _open(self, served: Served[Any], settings: Any, **keywords: Any) -> Any:
        context = self._context(served.record.name)
        if settings is not None:
            from kindling.config.opening import open_references

            settings = open_references(settings, context.secret)
        with self._lock:
            if self._objects is None:
                # Imported here: a run that opens nothing is spared the contract and pluggy, 15 ms together.
                from kindling.plugins.opening import OpenObjects

                self._objects = OpenObjects()
        return self._objects.get(served.record, served.backend, context, settings, keywords)

    def _context(self, plugin: str) -> BackendContext:
        from kindling.opening import BackendContext
        from kindling.telemetry.logs import get_logger

        return BackendContext(
            plugin,
            environment=self.environment,
            project=self.project,
            folder=self.project_root,
            state_root=self.state_folder / "plugins",
            logger=get_logger(f"kindling.plugins.{plugin}"),
            open_uri=self.open_uri,
            open_credential=self._credential,
            open_secret=self._secret,
        )

    def _credential(self) -> Credential:
        return self.runner.credential()

    def _secret(self, store: str, name: str, version: str | None) -> Secret:
        from kindling.contracts.auth import SecretRequest

        served = self.host.secrets(store)
        secret: Secret = self._open(served, None).get_secret(SecretRequest(name=name, version=version))
        return secret


_current: Framework | None = None
_current_lock = threading.Lock()


def initialize(
    platform: str | None = None,
    environment: str | None = None,
    config: str | Path | None = None,
    *,
    project: str | Path | None = None,
    variables: Mapping[str, str] | None = None,
    env_file: str | Path | None = None,
) -> Framework:
    """Make a framework, and make it the current one.

    Args:
        platform: Name of the platform. Without it: ``KINDLING_PLATFORM``, else the one that is detected by
            evidence, else ``local``.
        environment: Name of the environment. Without it: ``KINDLING_ENVIRONMENT``, else the configuration's, else
            ``dev``.
        config: A configuration file. Without it: the ``kindling.yaml`` of the project.
        project: The project's folder. Without it: the nearest one upwards from the working directory that has a
            ``kindling.yaml``, else the working directory.
        variables: Values of ``${var.…}``.
        env_file: A ``.env`` file to read.

    Returns:
        The framework. The one before stays open: closing it is its owner's.

    Raises:
        ConfigError: The configuration does not hold; with all that is wrong.
        PluginError: The platform's plugin is missing or broken, or two platforms are detected; says what to do.

    Example:
        >>> import kindling, tempfile
        >>> with kindling.initialize("local", environment="test", project=tempfile.mkdtemp()) as framework:
        ...     framework.environment
        'test'
    """
    loaded, host = open_project(
        Path(project) if project is not None else None,
        file=Path(config) if config is not None else None,
        environment=environment,
        variables=variables,
        env_file=Path(env_file) if env_file is not None else None,
    )
    return make_framework(loaded, host, platform=platform)


def open_project(
    start: Path | None = None,
    *,
    file: Path | None = None,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    env_file: Path | None = None,
    use: Collection[str] | None = None,
    host: PluginHost | None = None,
) -> tuple[LoadedConfig, PluginHost]:
    """Load a project's configuration, and the plugin host that its section ``plugins:`` asks for.

    Args:
        start: As in ``load_config``, like all the others.
        file: The configuration file itself.
        environment: Name of the environment.
        variables: Values of ``${var.…}``.
        env_file: A file of environment variables.
        use: Paths of the sections to check now.
        host: The host to ask. Without it: the process's own.

    Raises:
        ConfigError: The configuration does not hold; with all that is wrong.
    """
    from kindling.config.loading import load_config
    from kindling.plugins.host import PluginHost, default_host

    loaded = load_config(
        start,
        file=file,
        environment=environment,
        variables=variables,
        env_file=env_file,
        sections=default_host() if host is None else host,
        use=use,
    )
    loaded.opened_with = {
        "variables": dict(variables or {}),
        "env_file": os.path.abspath(env_file) if env_file is not None else None,  # noqa: PTH100 - it may be a link
    }
    chosen = loaded.sections
    assert isinstance(chosen, PluginHost)
    return loaded, chosen


def make_framework(
    config: LoadedConfig, host: PluginHost, *, platform: str | None = None, runs: RunStore | None = None
) -> Framework:
    """Make a framework from parts that are there already, and make it the current one.

    Args:
        config: The configuration, loaded.
        host: The plugin host.
        platform: As in :func:`initialize`.
        runs: Where run records are kept; without it, files in the project's folder.

    Raises:
        PluginError: The platform is unknown, or two are detected.
    """
    global _current
    evidence: tuple[str, ...] = ()
    platform = platform or os.environ.get("KINDLING_PLATFORM") or None
    if platform is None:
        detected = host.detect()
        platform, evidence = detected.platform, detected.evidence
    framework = Framework(platform, config, host, evidence=evidence, runs=runs)
    with _current_lock:
        _current = framework
    return framework


def get_framework() -> Framework:
    """Return the current framework: the one that was initialized last and is open.

    Raises:
        FrameworkError: KDL-FWK-001, there is none.

    Example:
        >>> import kindling, tempfile
        >>> framework = kindling.initialize("local", project=tempfile.mkdtemp())
        >>> kindling.get_framework() is framework
        True
        >>> framework.close()
    """
    framework = _current
    if framework is None:
        raise FrameworkError(
            "there is no framework yet",
            suggestions=["call kindling.initialize() first", "inside an app, use context.framework"],
        )
    return framework


def _forget(framework: Framework) -> None:
    global _current
    with _current_lock:
        if _current is framework:
            _current = None
