"""The list of plugins: what metadata says, completed by verdicts, with a word where two claim the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kindling.frozen import replace
from kindling.plugins import serves
from kindling.plugins.records import PluginRecord, PluginState
from kindling.plugins.snapshot import Plugin
from kindling.plugins.switches import Switches
from kindling.plugins.verdicts import Verdict, VerdictCache


def make_records(
    plugins: Sequence[Plugin], switches: Switches, *, cache: str, environ: Mapping[str, str], check: bool
) -> tuple[PluginRecord, ...]:
    """Return a record of each plugin. Imports none in this process.

    Args:
        plugins: All that are installed.
        switches: Which of them may be used.
        cache: Folder of the verdicts that are kept between processes.
        environ: Environment variables of the child processes.
        check: Find out in a child process whether a plugin loads, where that is not known yet.
    """
    records = {plugin: plugin.record(switches) for plugin in plugins}
    unsure = [
        plugin for plugin, record in records.items() if record.state is PluginState.AVAILABLE and not plugin.built_in
    ]
    if unsure:
        for plugin, verdict in _verdicts(unsure, cache, environ, check=check).items():
            records[plugin] = verdict.apply(records[plugin])
    return tuple(_with_clashes(records.values()))


def _verdicts(
    plugins: Sequence[Plugin], folder: str, environ: Mapping[str, str], *, check: bool
) -> dict[Plugin, Verdict]:
    cache = VerdictCache(folder, sys.path)
    kept = {plugin: cache.get(plugin) for plugin in plugins}
    verdicts = {plugin: verdict for plugin, verdict in kept.items() if verdict is not None}
    missing = [plugin for plugin, verdict in kept.items() if verdict is None]
    if check and missing:
        from kindling.plugins import checking

        found = checking.check(missing, environ)
        verdicts.update(found)
        cache.put(found)
    return verdicts


def _with_clashes(records: Iterable[PluginRecord]) -> Iterator[PluginRecord]:
    """Add a note to each record that claims what another one claims."""
    every = list(records)
    owners: dict[serves.Claim, list[PluginRecord]] = {}
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


def _clash(record: PluginRecord, other: PluginRecord, claim: serves.Claim) -> str:
    if (other.entry_point, other.distribution) == (record.entry_point, record.distribution):
        return f"the same as {other.name}, by a second name"
    kind, name = claim
    if other.built_in:
        return f"{serves.WORDS[kind]} {name}: the core's own wins"
    return f"{serves.WORDS[kind]} {name} is also served by {other.name} ({other.distribution})"
