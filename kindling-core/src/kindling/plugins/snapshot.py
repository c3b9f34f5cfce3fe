"""What is installed, as it was found: an immutable list of plugins, swapped as a whole by a rescan."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kindling.contracts.version import GROUP
from kindling.frozen import replace
from kindling.plugins.distributions import Distribution, find_distributions
from kindling.plugins.failures import LoadFailure, corrupt, incompatible_api, incompatible_core
from kindling.plugins.metadata import EntryPoint, normalize
from kindling.plugins.records import PluginRecord, PluginState
from kindling.plugins.serves import Claim, Index, read_index
from kindling.plugins.switches import Switches

if TYPE_CHECKING:
    from kindling.plugins.loading import Loaded


class Plugin:
    """One plugin: what is known of it, and what came of loading it.

    Args:
        name: Name of its entry point.
        entry_point: Where it is.
        distribution: What it comes with.
        index: What it says it serves.
        built_in: True for the core's own.
    """

    def __init__(
        self, name: str, entry_point: EntryPoint, distribution: Distribution, index: Index, *, built_in: bool = False
    ) -> None:
        self.name = name
        self.entry_point = entry_point
        self.distribution = distribution
        self.index = index
        self.built_in = built_in
        self.newer = ""  # the version that was installed after this one was imported
        self._lock = threading.RLock()
        self._loaded: Loaded | None = None
        self._failure: LoadFailure | None = None

    @property
    def loaded(self) -> Loaded | None:
        """What its hooks answered, or None while it is not loaded."""
        return self._loaded

    @property
    def failure(self) -> LoadFailure | None:
        """Why it could not be loaded, or None."""
        return self._failure

    @property
    def claims(self) -> frozenset[Claim]:
        """What it serves: by its hooks where it is loaded, else by its index."""
        if self._loaded is None:
            return self.index.claims
        from kindling.plugins.loading import claims_of

        return claims_of(self._loaded.backends)

    @property
    def names(self) -> tuple[str, str]:
        """The names by which it may be meant: its own and its distribution's, in the form that compares."""
        return normalize(self.name), normalize(self.distribution.name)

    def reason_against(self, switches: Switches) -> str:
        """Return why it may not be used, empty where it may. The core's own always may."""
        return "" if self.built_in else switches.reason_against(self.name, self.distribution.name)

    @property
    def title(self) -> str:
        """Name, distribution and version, for messages."""
        return f"{self.name} ({self.distribution.name} {self.distribution.version})".replace(" )", ")")

    def load(self) -> Loaded:
        """Import it and ask its hooks, once.

        Raises:
            LoadFailure: it could not be loaded, now or when it was first asked for.
        """
        with self._lock:
            if self._loaded is None:
                from kindling.plugins.loading import load

                self._failure = self._failure or self.unfit()
                if self._failure is not None:
                    raise self._failure
                try:
                    self._loaded = load(self.entry_point, self.distribution)
                except LoadFailure as failure:
                    self._failure = failure
                    raise
            return self._loaded

    def record(self, switches: Switches) -> PluginRecord:
        """Return what is known of it without importing anything."""
        record = PluginRecord(
            name=self.name,
            distribution=self.distribution.name,
            version=self.distribution.version,
            entry_point=self.entry_point.value,
            claims=self.claims,
            api=self.index.api,
            indexed=self.index.present,
            location=self.distribution.folder,
            built_in=self.built_in,
        )
        if reason := self.reason_against(switches):
            return replace(record, state=PluginState.DISABLED, error=reason, remedy=switches.remedy(reason))
        if self._loaded is not None:
            record = replace(
                record,
                state=PluginState.LOADED,
                notes=tuple(f"its hook {name} belongs to a later version of Kindling" for name in self._loaded.later),
            )
            if self.newer:
                error = f"{self.distribution.version} loaded, {self.newer} installed"
                return replace(record, error=error, remedy="restart the kernel (or the Python process)")
            return record
        failure = self._failure or self.unfit()
        if failure is None:
            return record
        state = PluginState.INCOMPATIBLE if failure.incompatible else PluginState.BROKEN
        return replace(record, state=state, error=failure.error, remedy=failure.remedy)

    def unfit(self) -> LoadFailure | None:
        """Return why its metadata alone says that it cannot be used, or None."""
        if self.distribution.problem:
            return corrupt(self.distribution)
        if not self.index.is_compatible:
            return incompatible_api(self.index.api)
        return None if self.built_in else incompatible_core(self.distribution)


def take(path: Sequence[str] | None = None, before: Iterable[Plugin] = ()) -> tuple[Plugin, ...]:
    """Find all plugins on the path, importing none.

    Args:
        path: Folders and archives; None for ``sys.path``.
        before: The plugins of the snapshot before; those that are loaded are kept, for they cannot be unloaded.

    Returns:
        The core's own first, then the others by name.
    """
    kept = {(plugin.name, plugin.distribution.name): plugin for plugin in before if plugin.loaded is not None}
    plugins: list[Plugin] = []
    for distribution in find_distributions(path):
        for plugin in _plugins_of(distribution):
            earlier = kept.pop((plugin.name, distribution.name), None)
            if earlier is None:
                plugins.append(plugin)
                continue
            upgraded = distribution.version != earlier.distribution.version
            earlier.newer = distribution.version if upgraded else ""
            plugins.append(earlier)
    for plugin in kept.values():
        if not plugin.built_in:
            plugin.newer = "no version"  # it was uninstalled, and lives on in this process
            plugins.append(plugin)
    plugins.sort(key=lambda plugin: (plugin.name, plugin.distribution.name))
    builtin = kept.get((_BUILTIN, "kindling-core")) or _builtin()
    return (builtin, *plugins)


def changes(before: Iterable[Plugin], after: Iterable[Plugin], switches: Switches) -> Iterator[str]:
    """Yield what differs between two snapshots, a line each.

    Args:
        before: The one before.
        after: The one now.
        switches: Which plugins may be used.
    """
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


_BUILTIN = "builtin"


def _plugins_of(distribution: Distribution) -> list[Plugin]:
    found = [
        Plugin(point.name, point, distribution, read_index(distribution.entry_points, point.value))
        for point in distribution.entry_points
        if point.group == GROUP
    ]
    if not found and distribution.problem:
        name = distribution.name.lower().replace("_", "-").removeprefix("kindling-")
        found = [Plugin(name, EntryPoint(GROUP, name, ""), distribution, Index())]
    return found


def _builtin() -> Plugin:
    from kindling import __version__
    from kindling.contracts.version import INDEX_GROUP

    value = "kindling.builtin"
    index = read_index([EntryPoint(INDEX_GROUP, name, value) for name in BUILTIN_INDEX], value)
    distribution = Distribution("kindling-core", __version__, "")
    return Plugin(_BUILTIN, EntryPoint(GROUP, _BUILTIN, value), distribution, index, built_in=True)


#: The index of ``kindling.builtin``, as another distribution's stands in its metadata. A test compares the two.
BUILTIN_INDEX = ("api.1", "connection.local", "connection.memory", "scheme.file", "scheme.memory")
