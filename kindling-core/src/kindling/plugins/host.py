"""The plugin host: finds plugins without importing them, loads who is asked for, and says what is wrong with the rest.

Example:
    >>> host = PluginHost(path=[])
    >>> host.storage("memory").backend.schemes
    ('memory',)
    >>> host.close()
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kindling.errors import PluginError, UnsupportedOperation
from kindling.folders import cache_path
from kindling.frozen import dataclass
from kindling.plugins import serves
from kindling.plugins.metadata import normalize
from kindling.plugins.records import PluginRecord
from kindling.plugins.snapshot import Plugin, changes, take
from kindling.plugins.switches import Switches

if TYPE_CHECKING:
    from pathlib import Path

    from kindling.contracts.descriptors import (
        AuthBackend,
        Backend,
        ExecutionBackend,
        JobBackend,
        SecretBackend,
        StorageBackend,
    )
    from kindling.plugins.detection import Detected
    from kindling.plugins.opening import OpenObjects
    from kindling.plugins.verification import Check

B_co = TypeVar("B_co", bound="Backend", covariant=True)


@dataclass(frozen=True)
class Served(Generic[B_co]):
    """Who serves what was asked for.

    Args:
        backend: The descriptor.
        record: The plugin that it comes from.
    """

    backend: B_co
    record: PluginRecord


class PluginHost:
    """Finds, loads and opens plugins. Thread-safe.

    Making one reads nothing; the first question reads the metadata of what is installed. What is installed later is
    seen after :meth:`rescan`.

    Args:
        disable: Names of plugins (or of their distributions) that are never imported; ``*`` for all. The
            environment variable ``KINDLING_DISABLE_PLUGINS`` adds to it.
        allow: If given, only these; ``KINDLING_ALLOW_PLUGINS`` narrows it.
        strict: An author's mode: the first plugin that does not load raises, instead of being passed over.
        prefer: Who serves what where several do, for example ``{"scheme.s3": "emr"}``.
        path: Folders and archives to find plugins in; None for ``sys.path``.
        state: Folder for what is kept between processes; None for the user's cache folder.
        environ: Environment variables; None for the process's.
    """

    def __init__(
        self,
        *,
        disable: Collection[str] = (),
        allow: Collection[str] | None = None,
        strict: bool = False,
        prefer: Mapping[str, str] | None = None,
        path: Sequence[str] | None = None,
        state: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._switches = Switches.make(
            disable=disable, allow=allow, strict=strict, prefer=prefer, environ=self._environ
        )
        self._path = path
        self._state = state
        self._lock = threading.RLock()
        self._plugins: tuple[Plugin, ...] | None = None
        self._objects: OpenObjects | None = None

    def configured(
        self,
        *,
        disable: Collection[str] = (),
        allow: Collection[str] | None = None,
        strict: bool = False,
        prefer: Mapping[str, str] | None = None,
    ) -> PluginHost:
        """Return the host that a configuration asks for: what was found is shared, what may be used is narrowed.

        This one stays as it is, because it may serve another project of the same process.

        Args:
            disable: As for the class, besides what is disabled here.
            allow: As for the class, of what is allowed here.
            strict: As for the class.
            prefer: As for the class; what is preferred here wins.
        """
        switches = self._switches.narrowed(disable=disable, allow=allow, strict=strict, prefer=prefer)
        if switches == self._switches:
            return self
        host = PluginHost(path=self._path, state=self._state, environ=self._environ)
        host._switches = switches
        host._plugins = self._plugins
        return host

    # What is there

    def records(self, *, check: bool = True) -> tuple[PluginRecord, ...]:
        """Return a record of each plugin, the core's own first. Imports no plugin in this process.

        Args:
            check: Find out in a child process whether a plugin loads, where that is not known yet. Without it
                such a plugin is shown as available.
        """
        from kindling.plugins.listing import make_records

        cache = cache_path("plugins", environ=self._environ) if self._state is None else os.fspath(self._state)
        return make_records(self._snapshot(), self._switches, cache=cache, environ=self._environ, check=check)

    def record(self, name: str) -> PluginRecord:
        """Return the record of one plugin.

        Args:
            name: Its name, or its distribution's.

        Raises:
            PluginError: KDL-PLG-014, there is none of that name.
        """
        wanted = normalize(name)
        records = self.records(check=False)
        for record in records:
            if wanted in (normalize(record.name), normalize(record.distribution)):
                return record
        from kindling.plugins.asking import nearest

        raise PluginError(
            f"there is no plugin {name!r}",
            code="KDL-PLG-014",
            context={"name": name, "installed": [record.name for record in records]},
            suggestions=[*nearest(name, [record.name for record in records]), "see: kindling plugins list"],
        )

    def verify(self, name: str) -> Mapping[str, Sequence[Check]]:
        """Check plugins against the contract, each in a child process.

        Args:
            name: Name of a plugin, or of a distribution: all plugins of that name.

        Returns:
            What was looked at, by the plugin's name and distribution.

        Raises:
            PluginError: KDL-PLG-014, there is none of that name.
        """
        from kindling.plugins import checking

        self.record(name)
        wanted = normalize(name)
        return {
            plugin.title: checking.verify(plugin, self._environ)
            for plugin in self._snapshot()
            if wanted in plugin.names
        }

    # Who serves what

    def execution(self, platform: str) -> Served[ExecutionBackend]:
        """Return who runs apps on a platform.

        Args:
            platform: The platform's name.

        Raises:
            PluginError: KDL-PLG-002, no plugin serves it (with what to install, where the core knows); KDL-PLG-004
                to 007, the plugin is broken, incompatible, disabled, or one of several.
            UnsupportedOperation: KDL-PLG-020, the platform's plugin has no app execution.
        """
        from kindling.contracts.descriptors import ExecutionBackend

        return self._ask(serves.PLATFORM, platform, ExecutionBackend, "app execution")

    def jobs(self, platform: str) -> Served[JobBackend]:
        """Return who deploys jobs to a platform. Arguments and errors as in :meth:`execution`."""
        from kindling.contracts.descriptors import JobBackend

        return self._ask(serves.PLATFORM, platform, JobBackend, "job deployment")

    def storage(self, connection_type: str) -> Served[StorageBackend]:
        """Return who serves a type of connection.

        Args:
            connection_type: As written in ``type:`` of a connection.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves it; KDL-PLG-004 to 007 as in :meth:`execution`.
        """
        from kindling.contracts.descriptors import StorageBackend

        return self._ask(serves.CONNECTION, connection_type, StorageBackend, "storage")

    def storage_for(self, uri: str) -> Served[StorageBackend]:
        """Return who serves a URI: by the longest matching host suffix, then by scheme.

        Args:
            uri: A URI; a plain path is a file of this machine.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves it; KDL-PLG-004 to 007 as in :meth:`execution`.

        Example:
            >>> PluginHost(path=[]).storage_for("file:///data/in.csv").backend.name
            'local'
        """
        from kindling.contracts.descriptors import StorageBackend
        from kindling.plugins.asking import Question
        from kindling.plugins.routing import best_by_host, split_uri

        scheme, host = split_uri(uri)
        question = Question(serves.SCHEME, scheme, StorageBackend, "storage")
        answers = question.ask(self._snapshot(), self._switches)
        return self._served(question.decide(best_by_host(answers, host)))

    def auth(self, mode: str) -> Served[AuthBackend]:
        """Return who serves an auth mode of connections.

        Args:
            mode: As written in ``auth_mode:``.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves it; KDL-PLG-004 to 007 as in :meth:`execution`.
        """
        from kindling.contracts.descriptors import AuthBackend

        return self._ask(serves.AUTH, mode, AuthBackend, "auth")

    def secrets(self, name: str) -> Served[SecretBackend]:
        """Return who serves a store of secrets.

        Args:
            name: As written in ``${secret:NAME/…}``.

        Raises:
            PluginError: KDL-PLG-003, no plugin serves it; KDL-PLG-004 to 007 as in :meth:`execution`.
        """
        from kindling.contracts.descriptors import SecretBackend

        return self._ask(serves.SECRET, name, SecretBackend, "secrets")

    def detect(self) -> Detected:
        """Return the platform that this process runs on, by evidence.

        Only plugins whose evidence is present are imported.

        Returns:
            ``local`` where there is no evidence.

        Raises:
            PluginError: KDL-PLG-008, there is evidence and its plugin does not load; KDL-PLG-009, two platforms are
                certain. Never a silent ``local``: that would write to the wrong place.
        """
        from kindling.plugins.detection import detect

        return detect(self._usable(), self._environ)

    # Settings, as the configuration asks for them

    def settings_model(self, backend: Backend) -> type | None:
        """Return the dataclass of a backend's settings, or None where it has none.

        Args:
            backend: A descriptor from this host.

        Raises:
            PluginError: KDL-PLG-015, what it names is no frozen dataclass; KDL-PLG-004 and 012 where it cannot be
                imported.
        """
        if backend.settings is None:
            return None
        import dataclasses

        from kindling.plugins.opening import resolve

        record = self._record_of(backend)
        model = resolve(backend.settings, record=record, backend=backend, field="settings")
        params = getattr(model, "__dataclass_params__", None)
        if not (isinstance(model, type) and dataclasses.is_dataclass(model) and params is not None and params.frozen):
            raise PluginError(
                f"{backend.settings} of the plugin {record.name} is no frozen dataclass",
                code="KDL-PLG-015",
                context={"plugin": record.name, "distribution": record.distribution, "settings": backend.settings},
                suggestions=["decorate it with @dataclass(frozen=True, kw_only=True)"],
            )
        return model

    def platform(self, name: str) -> type | None:
        """Return the settings of a platform's section, or None where they are not known."""
        return self._model(lambda: self.execution(name).backend)

    def connection(self, type_name: str) -> type | None:
        """Return the settings of a type of connection, or None where they are not known."""
        return self._model(lambda: self.storage(type_name).backend)

    def auth_modes(self, type_name: str) -> tuple[str, ...]:
        """Return the auth modes that a type of connection takes, the default first; none where it is not known."""
        try:
            return self.storage(type_name).backend.auth_modes
        except (PluginError, UnsupportedOperation):
            return ()

    def auth_model(self, mode: str) -> type | None:
        """Return the settings of an auth mode, which stand among the keys of a connection; None where not known."""
        return self._model(lambda: self.auth(mode).backend)

    def connection_types(self) -> tuple[str, ...]:
        """Return the types of connections that indexes and loaded plugins name. Imports nothing."""
        return self._names(serves.CONNECTION)

    def platform_names(self) -> tuple[str, ...]:
        """Return the platforms that indexes and loaded plugins name. Imports nothing."""
        return self._names(serves.PLATFORM)

    # Opening and life

    def open(self, served: Served[Any], context: Any, settings: Any, **keywords: Any) -> Any:
        """Open what a descriptor names: one object for each backend and its settings.

        Args:
            served: From one of the questions above.
            context: What the backend is given, a ``kindling.contracts.Context``.
            settings: An instance of the backend's settings, or None.
            **keywords: What the family's opener takes besides: ``credential`` for a storage.

        Returns:
            A Storage, Credential, SecretStore, JobDeployer or AppRunner. :meth:`close` closes it.

        Raises:
            PluginError: KDL-PLG-011, it could not be opened; KDL-PLG-012, the descriptor does not hold. An error of
                Kindling's that the plugin raises passes as it is.
        """
        with self._lock:
            if self._objects is None:
                from kindling.plugins.opening import OpenObjects

                self._objects = OpenObjects()
        return self._objects.get(served.record, served.backend, context, settings, keywords)

    def close(self) -> None:
        """Close everything that was opened, what was opened last first.

        Raises:
            PluginError: KDL-PLG-017, with all that failed; everything else is closed all the same.
        """
        with self._lock:
            objects, self._objects = self._objects, None
        if objects is not None:
            objects.close()

    def rescan(self) -> tuple[str, ...]:
        """Look again at what is installed, for a plugin that was installed in the middle of a notebook.

        Returns:
            What changed, one line each.
        """
        import importlib

        importlib.invalidate_caches()
        with self._lock:
            before = self._snapshot()
            after = take(self._path, before)
            self._plugins = after
        return tuple(changes(before, after, self._switches))

    # How it is done

    def _snapshot(self) -> tuple[Plugin, ...]:
        plugins = self._plugins
        if plugins is None:
            with self._lock:
                if self._plugins is None:
                    self._plugins = take(self._path)
                plugins = self._plugins
        return plugins

    def _usable(self) -> list[Plugin]:
        return [plugin for plugin in self._snapshot() if not plugin.reason_against(self._switches)]

    def _names(self, kind: str) -> tuple[str, ...]:
        from kindling.plugins.asking import names_claimed

        return names_claimed(self._usable(), kind)

    def _ask(self, kind: str, name: str, family: type[Any], what: str) -> Served[Any]:
        from kindling.plugins.asking import Question

        question = Question(kind, name, family, what)
        return self._served(question.decide(question.ask(self._snapshot(), self._switches)))

    def _served(self, answer: tuple[Plugin, Any]) -> Served[Any]:
        plugin, backend = answer
        return Served(backend, plugin.record(self._switches))

    def _record_of(self, backend: Backend) -> PluginRecord:
        for plugin in self._snapshot():
            if plugin.loaded is not None and any(mine is backend for mine in plugin.loaded.backends):
                return plugin.record(self._switches)
        return PluginRecord(name="unknown", distribution="unknown", version="")

    def _model(self, ask: Callable[[], Backend]) -> type | None:
        try:
            return self.settings_model(ask())
        except (PluginError, UnsupportedOperation):
            # The section stays unchecked; who uses what it configures gets this error then, and nobody else.
            return None


_default: PluginHost | None = None
_default_lock = threading.Lock()


def default_host() -> PluginHost:
    """Return the process's own host, made from the environment's variables when it is first asked for."""
    global _default
    with _default_lock:
        if _default is None:
            _default = PluginHost()
        return _default
