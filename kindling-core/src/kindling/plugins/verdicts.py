"""What is known of plugins from having loaded them before: verdicts, kept between processes.

A verdict holds for one interpreter, one version of the core and one API number, and while the distribution is not
installed anew. One that is not good holds besides only while nothing else was installed beside it, for what was
missing may be there now. A cache that cannot be read or written costs time and nothing else.
"""

from __future__ import annotations

import binascii
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kindling.contracts.version import KINDLING_PLUGIN_API
from kindling.frozen import replace
from kindling.plugins.records import PluginRecord, PluginState
from kindling.plugins.serves import Claim
from kindling.plugins.snapshot import Plugin

_FORMAT = 1
#: Seconds for which a plugin that gave no answer in time is not asked again.
_PATIENCE = 3600.0


class Verdict(NamedTuple):
    """What came of loading a plugin in a process of its own.

    Args:
        state: ``available``, ``broken`` or ``incompatible``.
        error: What went wrong, or what deserves a word.
        remedy: What to do about it.
        claims: What its hooks yield, in the words of the index.
        notes: What deserves a word without being an error.
        sources: Files whose change voids the verdict, with their times; for what is installed editable.
        timed_out: When it was found to give no answer in time, in seconds since 1970; 0 where it did.
    """

    state: str
    error: str = ""
    remedy: str = ""
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    timed_out: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether it says that the plugin loads."""
        return self.state == PluginState.AVAILABLE.value and not self.timed_out

    def apply(self, record: PluginRecord) -> PluginRecord:
        """Return a record of a plugin that is not loaded in this process, as the verdict completes it."""
        state = PluginState(self.state)
        return replace(
            record,
            state=state,
            error=self.error,
            remedy=self.remedy,
            claims=frozenset(self.claims) if self.is_good else record.claims,
            notes=(*record.notes, *self.notes),
        )


class VerdictCache:
    """The verdicts of one interpreter, in one file.

    Args:
        folder: Where the file is; made when something is written.
        path: Folders that plugins are imported from; what is installed into one of them voids bad verdicts.
    """

    def __init__(self, folder: str, path: Iterable[str]) -> None:
        self._folder = folder
        self._interpreter = _interpreter()
        self._surroundings = _surroundings(path)
        self._known: dict[str, Any] | None = None

    @property
    def file(self) -> str:
        """Path of the file, there or not."""
        return f"{self._folder}{os.sep}verdicts-{binascii.crc32(self._interpreter.encode()):08x}.json"

    def get(self, plugin: Plugin) -> Verdict | None:
        """Return the verdict on a plugin, or None where there is none that holds."""
        if self._known is None:
            self._known = self._read()
        entry = self._known.get(_key(plugin))
        try:
            if entry is None or entry["stamp"] != plugin.distribution.stamp:
                return None
            verdict = _from_data(entry["verdict"])
            if not verdict.is_good and entry["surroundings"] != self._surroundings:
                return None
        except (KeyError, TypeError, ValueError):
            return None  # written by somebody else, or by half
        if verdict.timed_out and time.time() - verdict.timed_out > _PATIENCE:
            return None
        if any(_time_of(file) != when for file, when in verdict.sources):
            return None
        return verdict

    def put(self, verdicts: Mapping[Plugin, Verdict]) -> None:
        """Keep verdicts. Of two processes that do so at once the later wins, and the other's are found out again.

        Args:
            verdicts: By plugin.
        """
        from kindling.atomic import write_atomically

        entries = self._read()
        for plugin, verdict in verdicts.items():
            entries[_key(plugin)] = {
                "stamp": plugin.distribution.stamp,
                "surroundings": self._surroundings,
                "verdict": verdict._asdict(),
            }
        # What is not installed any more has no folder: its verdicts go.
        entries = {key: entry for key, entry in entries.items() if os.path.exists(key.partition("|")[0])}  # noqa: PTH110
        self._known = entries
        data = {"format": _FORMAT, "interpreter": self._interpreter, "plugins": entries}
        try:
            os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - as above
            write_atomically(self.file, json.dumps(data, indent=1).encode())
        except OSError:
            return  # no home, no space, no permission: the next listing finds out again

    def _read(self) -> dict[str, Any]:
        try:
            with open(self.file, "rb") as stream:  # noqa: PTH123 - pathlib is not imported for this
                data = json.loads(stream.read())
        except (OSError, ValueError):
            return {}
        if not isinstance(data, dict) or data.get("format") != _FORMAT or data.get("interpreter") != self._interpreter:
            return {}
        plugins = data.get("plugins")
        return plugins if isinstance(plugins, dict) else {}


def time_of_sources(files: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return files with the times at which they were last changed, 0 where they are not there."""
    return tuple((file, _time_of(file)) for file in files)


def _key(plugin: Plugin) -> str:
    return f"{plugin.distribution.folder}|{plugin.name}|{plugin.entry_point.value}"


def _interpreter() -> str:
    from kindling import __version__

    version = ".".join(str(part) for part in sys.version_info[:3])
    where = f"{sys.implementation.name} {version} {sys.prefix} {sys.executable}"
    return f"{where} core {__version__} api {KINDLING_PLUGIN_API}"


def _surroundings(path: Iterable[str]) -> str:
    entries = list(dict.fromkeys(path))
    # The first is the script's folder or the working directory, where files come and go that are no distributions.
    if entries and not _holds_distributions(entries[0]):
        del entries[0]
    times = [_time_of(entry) for entry in entries]
    return f"{binascii.crc32(repr(times).encode()):08x}"


def _holds_distributions(folder: str) -> bool:
    try:
        with os.scandir(folder or os.curdir) as entries:
            return any(entry.name.endswith((".dist-info", ".egg-info")) for entry in entries)
    except OSError:
        return False


def _time_of(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116 - a Path costs more than the call
    except OSError:
        return 0


def _from_data(data: Mapping[str, Any]) -> Verdict:
    return Verdict(
        state=PluginState(data["state"]).value,
        error=str(data["error"]),
        remedy=str(data["remedy"]),
        claims=tuple((str(kind), str(name)) for kind, name in data["claims"]),
        notes=tuple(map(str, data["notes"])),
        sources=tuple((str(file), int(when)) for file, when in data["sources"]),
        timed_out=float(data["timed_out"]),
    )
