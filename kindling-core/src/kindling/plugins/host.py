"""The plugin host: finds plugins without importing them, loads who is asked for, and says what is wrong with the rest.

Example:
    >>> host = PluginHost(path=[])
    >>> host.storage("memory").backend.schemes
    ('memory',)
    >>> host.close()
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kindling.errors import PluginError, UnsupportedOperation
from kindling.folders import cache_folder
from kindling.plugins import serves
from kindling.plugins.failures import LoadFailure
from kindling.plugins.metadata import normalize
from kindling.plugins.records import PluginRecord, PluginState
from kindling.plugins.serves import Claim
from kindling.plugins.snapshot import Plugin, take
from kindling.plugins.switches import Switches

if TYPE_CHECKING:
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
    from kindling.plugins.verdicts import Verdict
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

    # What is there

    def records(self, *, check: bool = True) -> tuple[PluginRecord, ...]:
        """Return a record of each plugin, the core's own first. Imports no plugin in this process.

        Args:
            check: Find out in a child process whether a plugin loads, where that is not known yet. Without it
                such a plugin is shown as available.
        """
        plugins = self._snapshot()
        records = {plugin: plugin.record(self._switches) for plugin in plugins}
        unsure = [
            plugin
            for plugin, record in records.items()
            if record.state is PluginState.AVAILABLE and not plugin.built_in
        ]
        if unsure:
            for plugin, verdict in self._verdicts(unsure, check=check).items():
                records[plugin] = verdict.apply(records[plugin])
        return tuple(self._with_clashes(records.values()))

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
        raise PluginError(
            f"there is no plugin {name!r}",
            code="KDL-PLG-014",
            context={"name": name, "installed": [record.name for record in records]},
            suggestions=[*_close(name, [record.name for record in records]), "see: kindling plugins list"],
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
            if wanted in _names_of(plugin)
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
        from kindling.plugins.routing import best_by_host, split_uri

        scheme, host = split_uri(uri)
        found = self._candidates(serves.SCHEME, scheme, StorageBackend, "storage")
        return self._decide(serves.SCHEME, scheme, best_by_host(found, host))

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
        return tuple(_changes(before, after, self._switches))

    # How it is done

    def _snapshot(self) -> tuple[Plugin, ...]:
        plugins = self._plugins
        if plugins is None:
            with self._lock:
                if self._plugins is None:
                    self._plugins = take(self._path)
                plugins = self._plugins
        return plugins

    def _verdicts(self, plugins: Sequence[Plugin], *, check: bool) -> dict[Plugin, Verdict]:
        """Return the verdicts that are kept and, with ``check``, find out those that are missing."""
        from kindling.plugins.verdicts import VerdictCache

        cache = VerdictCache(self._state or cache_folder("plugins", environ=self._environ), sys.path)
        kept = {plugin: cache.get(plugin) for plugin in plugins}
        missing = [plugin for plugin, verdict in kept.items() if verdict is None]
        verdicts = {plugin: verdict for plugin, verdict in kept.items() if verdict is not None}
        if check and missing:
            from kindling.plugins import checking

            found = checking.check(missing, self._environ)
            verdicts.update(found)
            cache.put(found)
        return verdicts

    def _usable(self) -> list[Plugin]:
        return [plugin for plugin in self._snapshot() if not self._reason_against(plugin)]

    def _reason_against(self, plugin: Plugin) -> str:
        return "" if plugin.built_in else self._switches.reason_against(plugin.name, plugin.distribution.name)

    def _ask(self, kind: str, name: str, family: type[Any], what: str) -> Served[Any]:
        return self._decide(kind, name, self._candidates(kind, name, family, what))

    def _candidates(self, kind: str, name: str, family: type[Any], what: str) -> list[tuple[Plugin, Any]]:
        """Return who serves it, at least one; the core's own alone where it does."""
        preferred = self._switches.prefer.get(f"{kind}.{name}")
        everybody = self._snapshot()
        usable = self._usable()
        if preferred is not None:
            usable = [plugin for plugin in usable if preferred in _names_of(plugin)]
        failed: list[tuple[Plugin, LoadFailure]] = []
        silent: list[Plugin] = []
        for round_ in _rounds(usable, kind, name):
            found: list[tuple[Plugin, Any]] = []
            for plugin in _once_each_module(round_):
                try:
                    loaded = plugin.load()
                except LoadFailure as failure:
                    self._note_failure(plugin, failure)
                    failed.append((plugin, failure))
                    continue
                mine = [backend for backend in loaded.backends if _serves(backend, kind, name)]
                found.extend((plugin, backend) for backend in mine if isinstance(backend, family))
                if mine and not found:
                    silent.append(plugin)
            if found:
                self._tell_of_failed(failed, kind, name)
                return found
        raise self._not_served(kind, name, what, preferred, everybody, failed, silent)

    def _decide(self, kind: str, name: str, found: list[tuple[Plugin, Any]]) -> Served[Any]:
        if len({id(plugin) for plugin, _ in found}) > 1:
            titles = sorted(plugin.title for plugin, _ in found)
            key = f"{kind}.{name}"
            raise PluginError(
                f"{serves.WORDS[kind]} {name} is served by {' and by '.join(titles)}",
                code="KDL-PLG-007",
                context={"asked": key, "plugins": titles},
                suggestions=[
                    f"decide in kindling.yaml: plugins: {{prefer: {{{key}: {found[0][0].distribution.name}}}}}",
                    f"or disable one: KINDLING_DISABLE_PLUGINS={found[-1][0].distribution.name}",
                ],
            )
        plugin, backend = found[0]
        return Served(backend, plugin.record(self._switches))

    def _not_served(
        self,
        kind: str,
        name: str,
        what: str,
        preferred: str | None,
        everybody: Iterable[Plugin],
        failed: list[tuple[Plugin, LoadFailure]],
        silent: list[Plugin],
    ) -> PluginError | UnsupportedOperation:
        asked = f"{serves.WORDS[kind]} {name!r}"
        context: dict[str, Any] = {"asked": f"{kind}.{name}"}
        if silent:
            title = silent[0].title
            return UnsupportedOperation(
                f"the plugin {title} has no {what} for {asked}",
                context={**context, "plugin": silent[0].name},
                suggestions=["install a version of the plugin that has it, where there is one"],
            )
        for plugin, failure in failed:
            if (kind, name) in plugin.index.claims or plugin.name == name:
                return self._failed(plugin, failure, asked, context)
        for plugin in everybody:
            reason = self._reason_against(plugin)
            if reason and ((kind, name) in plugin.index.claims or (kind == serves.PLATFORM and plugin.name == name)):
                return PluginError(
                    f"{asked} is served by the plugin {plugin.title}, and {reason}",
                    code="KDL-PLG-006",
                    context={**context, "plugin": plugin.name},
                    suggestions=[self._switches.remedy()],
                )
        liars = [plugin for plugin in everybody if (kind, name) in plugin.index.claims and plugin.loaded is not None]
        if liars:
            return PluginError(
                f"the index of the plugin {liars[0].title} says that it serves {asked}, and its hooks do not",
                code="KDL-PLG-013",
                context={**context, "plugin": liars[0].name},
                suggestions=[f"see: kindling plugins verify {liars[0].name}"],
            )
        return self._unknown(kind, name, preferred, failed, context)

    def _unknown(
        self,
        kind: str,
        name: str,
        preferred: str | None,
        failed: list[tuple[Plugin, LoadFailure]],
        context: dict[str, Any],
    ) -> PluginError:
        from kindling.plugins.remedies import install_hint

        known = self._names(kind)
        message = f"no installed plugin serves {serves.WORDS[kind]} {name!r}"
        if preferred is not None:
            message = f"{serves.WORDS[kind]} {name!r} is to be served by {preferred}, which does not"
        message += f"; there is {', '.join(known)}" if known else ""
        suggestions = _close(name, known)
        if kind == serves.PLATFORM and (hint := install_hint(name)):
            suggestions.insert(0, hint)
        if failed:
            names = ", ".join(plugin.name for plugin, _ in failed)
            suggestions.append(f"it may be served by a plugin that does not load: {names}")
        return PluginError(
            message,
            code="KDL-PLG-002" if kind == serves.PLATFORM else "KDL-PLG-003",
            context={**context, "known": list(known)},
            suggestions=[*suggestions, "see: kindling plugins list"],
        )

    def _failed(self, plugin: Plugin, failure: LoadFailure, asked: str, context: dict[str, Any]) -> PluginError:
        state = "incompatible" if failure.incompatible else "broken"
        error = PluginError(
            f"{asked} is served by the plugin {plugin.title}, which is installed but {state}: {failure.error}",
            code="KDL-PLG-005" if failure.incompatible else "KDL-PLG-004",
            context={**context, "plugin": plugin.name, "distribution": plugin.distribution.name, "state": state},
            suggestions=[failure.remedy] if failure.remedy else [],
        )
        error.__cause__ = failure.__cause__ or failure
        return error

    def _note_failure(self, plugin: Plugin, failure: LoadFailure) -> None:
        if self._switches.strict:
            raise self._failed(plugin, failure, f"plugin {plugin.name!r}", {"strict": True})

    def _tell_of_failed(self, failed: list[tuple[Plugin, LoadFailure]], kind: str, name: str) -> None:
        if failed:
            import logging

            for plugin, failure in failed:
                logging.getLogger("kindling.plugins").warning(
                    "the plugin %s is passed over for %s %s: %s", plugin.title, serves.WORDS[kind], name, failure.error
                )

    def _with_clashes(self, records: Iterable[PluginRecord]) -> Iterator[PluginRecord]:
        """Add a note to each record that claims what another one claims."""
        every = list(records)
        owners: dict[Claim, list[PluginRecord]] = {}
        for record in every:
            if record.state is not PluginState.DISABLED:
                for claim in record.claims:
                    owners.setdefault(claim, []).append(record)
        for record in every:
            notes = [
                _clash(record, other, claim)
                for claim in sorted(record.claims)
                for other in owners.get(claim, ())
                if other is not record and record.state is not PluginState.DISABLED and not record.built_in
            ]
            yield replace(record, notes=(*record.notes, *dict.fromkeys(notes))) if notes else record

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

    def _names(self, kind: str) -> tuple[str, ...]:
        names: set[str] = set()
        for plugin in self._usable():
            claims = plugin.index.claims
            if plugin.loaded is not None:
                from kindling.plugins.loading import claims_of

                claims = claims_of(plugin.loaded.backends)
            names.update(name for claimed, name in claims if claimed == kind)
        return tuple(sorted(names))


def _rounds(plugins: Sequence[Plugin], kind: str, name: str) -> Iterable[list[Plugin]]:
    """Yield who is asked, in turn; the next are asked only where those before do not serve it."""
    asked: set[int] = set()
    questions: tuple[Callable[[Plugin], bool], ...] = (
        lambda plugin: plugin.built_in and (kind, name) in plugin.index.claims,
        lambda plugin: (kind, name) in plugin.index.claims,
        lambda plugin: kind == serves.PLATFORM and plugin.name == name,
        lambda plugin: not plugin.index.present,
        lambda plugin: True,
    )
    for question in questions:
        chosen = [plugin for plugin in plugins if id(plugin) not in asked and question(plugin)]
        asked.update(id(plugin) for plugin in chosen)
        if chosen:
            yield chosen


def _once_each_module(plugins: Iterable[Plugin]) -> list[Plugin]:
    """Return the plugins without those that are one already named, by a second name."""
    first: dict[tuple[str, str], Plugin] = {}
    for plugin in plugins:
        first.setdefault((plugin.distribution.folder or plugin.distribution.name, plugin.entry_point.value), plugin)
    return list(first.values())


def _serves(backend: Backend, kind: str, name: str) -> bool:
    from kindling.plugins.loading import claims_of

    return (kind, name) in claims_of([backend])


def _names_of(plugin: Plugin) -> tuple[str, str]:
    return normalize(plugin.name), normalize(plugin.distribution.name)


def _clash(record: PluginRecord, other: PluginRecord, claim: Claim) -> str:
    if (other.entry_point, other.distribution) == (record.entry_point, record.distribution):
        return f"the same as {other.name}, by a second name"
    kind, name = claim
    if other.built_in:
        return f"{serves.WORDS[kind]} {name}: the core's own wins"
    return f"{serves.WORDS[kind]} {name} is also served by {other.name} ({other.distribution})"


def _close(name: str, known: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    return [f"did you mean {match!r}?" for match in get_close_matches(name, list(known), n=1, cutoff=0.6)]


def _changes(before: Sequence[Plugin], after: Sequence[Plugin], switches: Switches) -> Iterable[str]:
    old = {(plugin.name, plugin.distribution.name): plugin for plugin in before}
    new = {(plugin.name, plugin.distribution.name): plugin for plugin in after}
    for key, plugin in new.items():
        record = plugin.record(switches)
        if key not in old:
            yield f"{plugin.title} is new: {record.state}"
        elif plugin.newer:
            yield f"{plugin.name}: {record.remedy}: {record.error}"
        elif old[key] is not plugin:
            was = old[key].record(switches)
            if was.state is not record.state:
                yield f"{plugin.title}: {was.state} → {record.state}"
            elif was.version != record.version:
                yield f"{plugin.name}: {was.version} → {record.version}"
    for key, plugin in old.items():
        if key not in new:
            yield f"{plugin.title} is gone"


_default: PluginHost | None = None
_default_lock = threading.Lock()


def default_host() -> PluginHost:
    """Return the process's own host, made from the environment's variables when it is first asked for."""
    global _default
    with _default_lock:
        if _default is None:
            _default = PluginHost()
        return _default
