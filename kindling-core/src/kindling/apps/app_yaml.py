"""Reading ``app.yaml`` and its overlay into an :class:`AppDefinition`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kindling.apps.definition import (
    FILE_NAME,
    PARAMETER_TYPES,
    UNSET,
    AppDefinition,
    ParameterDefinition,
    name_fault,
    parameter_name_fault,
)
from kindling.apps.parameters import fit
from kindling.errors import Location, Problem


@dataclass(frozen=True)
class Reading:
    """What a reading of ``app.yaml`` gave.

    Args:
        definition: The app; None where there are errors.
        problems: Errors and warnings, in the order of the file.
    """

    definition: AppDefinition | None
    problems: tuple[Problem, ...] = ()


def read_definition(folder: Path, environment: str, *, shown: str = FILE_NAME) -> Reading:
    """Read and check ``app.yaml`` of a folder, with ``app.<environment>.yaml`` over it.

    Args:
        folder: The app's folder.
        environment: Name of the environment.
        shown: How messages call the file.
    """
    import yaml

    data: dict[str, Any] = yaml.safe_load((folder / FILE_NAME).read_bytes()) or {}
    overlay = folder / f"app.{environment}.yaml"
    if overlay.is_file():
        data = _merge(data, yaml.safe_load(overlay.read_bytes()) or {})
    problems: list[Problem] = []

    def wrong(code: str, message: str) -> None:
        problems.append(Problem(code, message, Location(shown)))

    name = str(data.get("name", folder.name))
    if fault := name_fault(name):
        wrong("KDL-APP-010", fault)
    parameters: dict[str, ParameterDefinition] = {}
    for key, raw in (data.get("parameters") or {}).items():
        if fault := parameter_name_fault(key):
            wrong("KDL-APP-016", fault)
        raw = raw or {}
        kind = raw.get("type", "string")
        if kind not in PARAMETER_TYPES:
            wrong("KDL-APP-016", f"parameter {key!r} has the unknown type {kind!r}")
            continue
        plain = ParameterDefinition(type=kind)
        try:
            parameters[key] = ParameterDefinition(
                type=kind,
                default=fit(raw["default"], plain) if raw.get("default") is not None else UNSET,
                required=bool(raw.get("required", False)),
                choices=tuple(fit(choice, plain) for choice in raw.get("choices") or ()),
                description=str(raw.get("description", "")),
            )
        except ValueError as error:
            wrong("KDL-APP-016", f"parameter {key!r}: {error}")
    if problems:
        return Reading(None, tuple(problems))
    known = {
        key: data[key]
        for key in (
            "version",
            "description",
            "entry_point",
            "pipeline",
            "workflow",
            "job",
            "locked",
            "restricted",
            "lazy",
        )
        if key in data
    }
    definition = AppDefinition(
        name=name,
        parameters=parameters,
        platforms=tuple(data.get("platforms") or ()),
        time_limit=data.get("time_limit"),
        **known,
    )
    return Reading(definition)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged
