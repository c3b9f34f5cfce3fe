"""Finding the installed distributions that belong to Kindling, importing none of them.

One directory listing for each folder on the path, and one read for each ``entry_points.txt``: 2.3 ms with 300
distributions, where ``importlib.metadata`` takes 9.6 ms and its import 20 ms more. Folders are read so; for
archives on the path and for import hooks with metadata of their own, ``importlib.metadata`` is asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kindling.contracts.version import GROUP
from kindling.plugins.metadata import (
    EntryPoint,
    Headers,
    MetadataError,
    normalize,
    parse_entry_points,
    parse_headers,
)

#: What every section of ours begins with. A file without these bytes is not looked at again.
_MARK = b"[" + GROUP.encode()
_SUFFIXES = (".dist-info", ".egg-info")


class Distribution(NamedTuple):
    """An installed distribution with entry points of Kindling's.

    Args:
        name: As its metadata says, else as its folder is called.
        version: Likewise; empty where neither says.
        folder: Its metadata folder, or a description where there is none.
        entry_points: Those in the groups ``kindling`` and ``kindling.*``.
        requires: Its ``Requires-Dist`` lines.
        stamp: Changes when it is installed anew: time and size of ``RECORD``, else of ``entry_points.txt``.
        editable: True where its sources lie elsewhere and change without being installed anew.
        problem: Why its metadata cannot be read; empty where it can.
    """

    name: str
    version: str
    folder: str
    entry_points: tuple[EntryPoint, ...] = ()
    requires: tuple[str, ...] = ()
    stamp: str = ""
    editable: bool = False
    problem: str = ""


class _Candidate(NamedTuple):
    order: int
    folder: str
    stem: str
    content: bytes


def find_distributions(path: Sequence[str] | None = None) -> tuple[Distribution, ...]:
    """Return the distributions of Kindling's on the path, in the path's order.

    Of two distributions with one name the first on the path counts, as it does for an import.

    Args:
        path: Folders and archives; None for ``sys.path``.

    Returns:
        Each with its entry points, or with the problem that keeps them from being read.
    """
    entries = list(dict.fromkeys(os.fspath(entry) or os.curdir for entry in (sys.path if path is None else path)))
    stems: list[list[str]] = []  # for each entry, what its distributions' folders are called, without the suffix
    candidates: list[_Candidate] = []
    foreign: list[tuple[int, Any]] = []
    for order, entry in enumerate(entries):
        names: list[str] = []
        stems.append(names)
        try:
            listing = os.scandir(entry)
        except NotADirectoryError:
            foreign.extend((order, found) for found in _discover(entry))
            continue
        except OSError:
            continue  # not there or not ours to read: Python's own import passes over it just so
        with listing:
            for item in listing:
                name = item.name
                if name.endswith(_SUFFIXES) and name[0] != "~":  # pip renames what it is about to remove to ~ame
                    stem, folder = name.rpartition(".")[0], item.path
                elif name.endswith(".egg") and item.is_dir():
                    stem, folder = name[:-4], f"{item.path}/EGG-INFO"
                else:
                    continue
                names.append(stem)
                content = _read(f"{folder}/entry_points.txt")
                # One that cannot be read may be anybody's: only where the name is ours it is worth a word.
                if _MARK in content if content is not None else _key(stem).startswith(GROUP):
                    candidates.append(_Candidate(order, folder, stem, content or b""))
    if path is None:
        foreign.extend((len(entries), found) for found in _discover_hooks())
    return _first_of_each(stems, candidates, foreign)


def _first_of_each(
    stems: list[list[str]], candidates: list[_Candidate], foreign: list[tuple[int, Any]]
) -> tuple[Distribution, ...]:
    found: dict[str, tuple[int, Distribution]] = {}
    keys: dict[int, frozenset[str]] = {}

    def is_shadowed(key: str, order: int) -> bool:
        for earlier in range(order):
            if earlier not in keys:
                keys[earlier] = frozenset(_key(stem) for stem in stems[earlier])
            if key in keys[earlier]:
                return True
        return False

    for candidate in candidates:
        key = _key(candidate.stem)
        if is_shadowed(key, candidate.order):
            continue
        distribution = _read_distribution(candidate)
        before = found.get(key)
        # Two folders of one name side by side are what an interrupted upgrade leaves: the newer one is meant.
        if before is None or before[1].stamp < distribution.stamp:
            found[key] = (candidate.order, distribution)
    for order, item in foreign:
        converted = _convert(item)
        if converted is not None and not is_shadowed(normalize(converted.name), order):
            found.setdefault(normalize(converted.name), (order, converted))
    return tuple(distribution for _, distribution in sorted(found.values(), key=lambda pair: pair[0]))


def _key(stem: str) -> str:
    """Return the comparable name from the name of a metadata folder: ``Kindling_Acme-2.0`` → ``kindling-acme``."""
    key = stem.partition("-")[0].lower().replace("_", "-").replace(".", "-")
    while "--" in key:
        key = key.replace("--", "-")
    return key


def _read(file: str) -> bytes | None:
    """Return a file's bytes, empty where there is none, and None where it cannot be read."""
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path costs more than the read
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError:
        return None


def _read_distribution(candidate: _Candidate) -> Distribution:
    folder = candidate.folder
    headers = parse_headers(_read(f"{folder}/METADATA") or _read(f"{folder}/PKG-INFO") or b"")
    stem_name, _, stem_version = candidate.stem.partition("-")
    distribution = Distribution(
        name=headers.name or stem_name,
        version=headers.version or stem_version.partition("-")[0],
        folder=folder,
        requires=headers.requires,
        stamp=_stamp(folder),
        editable=b'"editable"' in (_read(f"{folder}/direct_url.json") or b""),
    )
    return _with_entry_points(distribution, candidate.content)


def _with_entry_points(distribution: Distribution, content: bytes) -> Distribution:
    if not content:
        return distribution._replace(problem="entry_points.txt cannot be read")
    try:
        entry_points = parse_entry_points(content, GROUP)
        for entry_point in entry_points:
            _ = entry_point.module  # a value that names no module is found here, not when it is asked for
    except MetadataError as error:
        return distribution._replace(problem=str(error))
    return distribution._replace(entry_points=entry_points)


def _stamp(folder: str) -> str:
    for name in ("RECORD", "entry_points.txt"):
        try:
            status = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a Path costs more than the call
        except OSError:
            continue
        return f"{status.st_mtime_ns:020d}-{status.st_size}"
    return ""


def _metadata() -> Any:
    if sys.version_info < (3, 12):
        # The backport: before 3.12 the standard library neither drops shadowed duplicates nor normalizes names.
        with suppress(ImportError):
            import importlib_metadata

            return importlib_metadata
    from importlib import metadata

    return metadata


def _discover(entry: str) -> Iterator[Any]:
    """Yield the distributions of a path entry that is not a folder: a zip, or what an import hook serves."""
    if not os.path.exists(entry):  # noqa: PTH110 - a Path costs more than the call
        return
    yield from _metadata().MetadataPathFinder.find_distributions(_metadata().DistributionFinder.Context(path=[entry]))


def _discover_hooks() -> Iterator[Any]:
    """Yield the distributions of import hooks that bring metadata of their own."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_distributions", None)
        home = getattr(finder, "__module__", "") or ""
        if find is None or home.partition(".")[0] in ("_frozen_importlib_external", "importlib", "importlib_metadata"):
            continue
        with suppress(Exception):  # a foreign import hook may raise anything, and is not ours to judge
            yield from find(_metadata().DistributionFinder.Context())


def _convert(item: Any) -> Distribution | None:
    """Return what ``importlib.metadata`` found as ours, or None where it is none of ours."""
    try:
        content = (item.read_text("entry_points.txt") or "").encode()
        if _MARK not in content:
            return None
        headers = parse_headers((item.read_text("METADATA") or item.read_text("PKG-INFO") or "").encode())
    except Exception:  # noqa: BLE001 - because corrupt metadata in an archive raises whatever its reader does
        return None
    where = str(getattr(item, "_path", "") or type(item).__name__)
    distribution = Distribution(
        name=headers.name or "unknown", version=headers.version, folder=where, requires=headers.requires
    )
    return _with_entry_points(distribution, content)


def core_headers(path: Sequence[str] | None = None) -> Headers:
    """Return the metadata of the core itself; empty where it runs without (from a source archive).

    Args:
        path: Folders; None for ``sys.path``.
    """
    for entry in sys.path if path is None else path:
        try:
            listing = os.listdir(entry or os.curdir)  # noqa: PTH208 - a Path costs more than the call
        except OSError:
            continue
        for name in listing:
            if name.endswith(_SUFFIXES) and _key(name.rpartition(".")[0]) == "kindling-core":
                folder = os.path.join(entry or os.curdir, name)  # noqa: PTH118 - as above
                return parse_headers(_read(f"{folder}/METADATA") or _read(f"{folder}/PKG-INFO") or b"")
    return Headers()


def requirements_at(folder: str) -> tuple[str, ...]:
    """Return the ``Requires-Dist`` lines of the metadata in a folder; none where there is none.

    Args:
        folder: As in ``Distribution.folder``.
    """
    return parse_headers(_read(f"{folder}/METADATA") or _read(f"{folder}/PKG-INFO") or b"").requires
