"""Checking a plugin against the contract, for its author: everything that can be known without a cloud.

Runs in the child process, like all loading for the sake of looking.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kindling.contracts.descriptors import (
    Backend,
    ExecutionBackend,
    JobBackend,
    StorageBackend,
)
from kindling.errors import KindlingError
from kindling.plugins.distributions import Distribution
from kindling.plugins.failures import LoadFailure
from kindling.plugins.loading import HOOKS, Loaded, claims_of, in_words, load
from kindling.plugins.metadata import EntryPoint, normalize
from kindling.plugins.opening import resolve
from kindling.plugins.records import PluginRecord
from kindling.plugins.serves import disagreement, read_index

#: What a plugin's module may take to import beyond what the host has loaded anyway, in milliseconds.
IMPORT_BUDGET = 50.0
#: What no plugin's module may import: it would be paid by everybody who has the plugin installed.
HEAVY = ("azure", "boto3", "google", "numpy", "pandas", "pyarrow", "pydantic", "pyspark", "requests")

OK, WARNING, FAILED, NEXT = "ok", "warning", "failed", "next"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        level: ``ok``, ``warning``, ``failed``, or ``next`` for what could be written next.
        what: What was looked at.
        detail: What was found, and what to do about it.
    """

    level: str
    what: str
    detail: str = ""


def verify(entry_point: EntryPoint, distribution: Distribution) -> list[Check]:
    """Check a plugin against the contract. Imports it, and what its descriptors name.

    Args:
        entry_point: Where it is.
        distribution: What it comes with, with all its entry points.

    Returns:
        What was looked at; the plugin is right where no check has failed.
    """
    checks = list(_check_metadata(entry_point, distribution))
    before = set(sys.modules)
    start = time.perf_counter()
    try:
        loaded = load(entry_point, distribution)
    except LoadFailure as failure:
        return [*checks, Check(FAILED, "loads", f"{failure.error}. {failure.remedy}")]
    took = (time.perf_counter() - start) * 1000
    checks.append(Check(OK, "loads", f"{len(loaded.backends)} descriptors"))
    checks.extend(_check_weight(took, set(sys.modules) - before))
    checks.extend(_check_index(entry_point, distribution, loaded))
    record = PluginRecord(
        name=entry_point.name,
        distribution=distribution.name,
        version=distribution.version,
        location=distribution.folder,
    )
    for backend in loaded.backends:
        checks.extend(_check_backend(backend, record))
    checks.extend(_what_next(loaded))
    return checks


def _check_metadata(entry_point: EntryPoint, distribution: Distribution) -> Iterator[Check]:
    index = read_index(distribution.entry_points, entry_point.value)
    if not index.present:
        yield Check(
            WARNING,
            "has an index",
            "no entry points in the group kindling.serves: it is imported whenever nothing that has one answers",
        )
    else:
        yield Check(OK, "has an index")
        if not index.api:
            yield Check(WARNING, "says its API number", "add api.1 to the group kindling.serves")
        for name in index.unknown:
            yield Check(WARNING, "index is understood", f"{name} is not: a later version may, this one does not")
    core = [line for line in distribution.requires if normalize(line).startswith("kindling-core")]
    if not core:
        yield Check(WARNING, "requires the core", "its metadata does not: dependencies = ['kindling-core>=0.1,<0.2']")
    elif "<" not in core[0] and "~=" not in core[0] and "==" not in core[0]:
        yield Check(WARNING, "requires a range of the core", f"{core[0]!r} has no upper end")


def _check_weight(took: float, modules: set[str]) -> Iterator[Check]:
    heavy = sorted({name.partition(".")[0] for name in modules} & set(HEAVY))
    if heavy:
        yield Check(
            FAILED,
            "imports nothing heavy",
            f"its module imports {', '.join(heavy)}; name it as 'module:attribute' and import it in there",
        )
    elif took > IMPORT_BUDGET:
        yield Check(WARNING, "imports quickly", f"its module takes {took:.0f} ms, of {IMPORT_BUDGET:.0f} that are fine")
    else:
        yield Check(OK, "imports quickly", f"{took:.0f} ms")


def _check_index(entry_point: EntryPoint, distribution: Distribution, loaded: Loaded) -> Iterator[Check]:
    index = read_index(distribution.entry_points, entry_point.value)
    if index.present:
        told = disagreement(index.claims, claims_of(loaded.backends))
        yield Check(FAILED if told else OK, "index and hooks agree", told)
    detects = [
        backend for backend in loaded.backends if isinstance(backend, ExecutionBackend) and backend.detect is not None
    ]
    if detects and index.present and not index.has_evidence:
        yield Check(FAILED, "is asked for detection", "its index names no evidence, so detect is never called")
    if index.has_evidence and not detects:
        yield Check(FAILED, "answers for its evidence", "its index names evidence, and no descriptor has detect")


def _check_backend(backend: Backend, record: PluginRecord) -> Iterator[Check]:
    title = _title(backend)
    fields = ["opens", "settings"]
    if isinstance(backend, ExecutionBackend):
        fields += ["detect", "simulator", "targets"]
    if isinstance(backend, JobBackend):
        fields.append("shim")
    for field in fields:
        reference = getattr(backend, field)
        if reference is None:
            continue
        try:
            value = resolve(reference, record=record, backend=backend, field=field)
        except KindlingError as error:
            yield Check(FAILED, f"{title}: {field}", " ".join([error.message, *error.suggestions]))
            continue
        problem = _problem_with(backend, field, value)
        yield Check(FAILED if problem else OK, f"{title}: {field}", problem or reference)


def _problem_with(backend: Backend, field: str, value: Any) -> str:
    if field == "settings":
        params = getattr(value, "__dataclass_params__", None)
        if not (isinstance(value, type) and dataclasses.is_dataclass(value) and params is not None and params.frozen):
            return "is no frozen dataclass: decorate it with @dataclass(frozen=True, kw_only=True)"
    elif field in ("opens", "detect"):
        if not callable(value):
            return "cannot be called"
        try:
            signature = inspect.signature(value)
        except (TypeError, ValueError):
            return ""  # written in C, perhaps: it is found out when it is called
        arguments: tuple[Any, ...] = (None, None) if field == "opens" else ()
        keywords = {"credential": None} if field == "opens" and isinstance(backend, StorageBackend) else {}
        try:
            signature.bind(*arguments, **keywords)
        except TypeError as error:
            told = "(context, settings, credential=…)" if keywords else "(context, settings)" if arguments else "()"
            return f"cannot be called with {told}: {in_words(error)}"
    return ""


def _what_next(loaded: Loaded) -> Iterator[Check]:
    used = {type(backend) for backend in loaded.backends}
    for hook, kinds in HOOKS.items():
        if not used & set(kinds):
            yield Check(NEXT, hook, f"yields nothing; see docs/reference/hooks/{hook}.md")


def _title(backend: Backend) -> str:
    name = getattr(backend, "platform", None) or getattr(backend, "mode", None) or getattr(backend, "name", "")
    return f"{type(backend).__name__} {name}"
