"""JSON Schema (draft 2020-12) of settings models, derived from the same shapes as the check.

Editors read it while a file is written. What a schema can say, it says as the checker does: the tests hold both
against the same examples. It cannot say what needs the whole file or the environment: interpolations that are missing,
YAML 1.1's ambiguous values, rules between keys that a model checks itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from kindling.config.fields import Setting
from kindling.config.shapes import (
    AnyShape,
    FieldShape,
    ListShape,
    MapShape,
    ModelShape,
    ScalarShape,
    SectionShape,
    Shape,
    UnionShape,
    shape_of_model,
)
from kindling.frozen import replace

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: A text that is interpolated stands for any value.
INTERPOLATED: Mapping[str, Any] = {"type": "string", "pattern": r"\$\{"}

_SCALARS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "text": ({"type": "string"},),
    "secret": ({"type": "string", "writeOnly": True},),
    "path": ({"type": "string", "minLength": 1},),
    "int": ({"type": "integer"},),
    "float": ({"type": "number"},),
    "bool": ({"type": "boolean"},),
    "date": ({"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"},),
    "datetime": ({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d"},),
    "duration": (
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": r"^\s*(\d+\.?\d*|\.\d+)\s*(([mM][sS]|[smhdwSMHDW])[\s\S]*)?$"},
    ),
    "size": (
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^\s*(\d+\.?\d*|\.\d+)\s*([bB]|[kmgtKMGT]([iI]?[bB])?)?\s*$"},
    ),
}
_LENGTHS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def json_schema(
    model: type,
    *,
    title: str = "",
    platforms: Mapping[str, type | None] | None = None,
    connections: Mapping[str, Iterable[type] | None] | None = None,
    also: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, Any]:
    """Return the JSON Schema of a model.

    Args:
        model: A frozen dataclass.
        title: What the schema is of, for editors.
        platforms: Models of the sections under ``platforms``; None where a model is not known: anything goes.
        connections: Models by connection type, whose keys stand together in one map; None where not known.
        also: Keys that are the framework's, by ``platforms`` and ``connections``.

    Raises:
        TypeError: A field's type has no form in a configuration.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Retry:
        ...     times: int = 3
        >>> json_schema(Retry)["properties"]["times"]["anyOf"][0]
        {'type': 'integer'}
    """
    writer = _Writer()
    schema: dict[str, Any] = {"$schema": DIALECT}
    if title:
        schema["title"] = title
    schema.update(writer.model(shape_of_model(model)))
    own = also or {}
    properties = schema["properties"]
    if platforms is not None and "platforms" in properties:
        properties["platforms"] = writer.platforms(properties["platforms"], platforms, tuple(own.get("platforms", ())))
    if connections is not None and "connections" in properties:
        properties["connections"] = writer.connections(
            properties["connections"], connections, tuple(own.get("connections", ()))
        )
    if writer.definitions:
        schema["$defs"] = dict(sorted(writer.definitions.items()))
    return schema


class _Writer:
    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self.names: dict[type, str] = {}

    def schema(self, shape: Shape, limits: Setting | None = None) -> dict[str, Any]:
        kind = type(shape)
        if kind is AnyShape:
            return {}
        if isinstance(shape, ScalarShape):
            return _any_of([*(_limited(form, limits) for form in self.scalar(shape)), INTERPOLATED])
        if isinstance(shape, ListShape):
            items = replace(limits, length=None) if limits is not None else None
            made: dict[str, Any] = {"type": "array", "items": self.schema(shape.item, items)}
            if shape.make is frozenset:
                made["description"] = "The order does not count."
            return _with_length(made, limits)
        if isinstance(shape, MapShape):
            items = replace(limits, length=None) if limits is not None else None
            made = {"type": "object", "additionalProperties": _or_null(self.schema(shape.value, items))}
            return _with_length(made, limits)
        if isinstance(shape, ModelShape):
            return self.reference(shape)
        if isinstance(shape, UnionShape):
            return self.union(shape, limits)
        assert kind is SectionShape
        return {"type": "object"}

    def scalar(self, shape: ScalarShape) -> list[Mapping[str, Any]]:
        if shape.choices is not None:
            return [{"enum": list(shape.choices)}]
        return list(_SCALARS[shape.kind])

    def union(self, shape: UnionShape, limits: Setting | None) -> dict[str, Any]:
        forms: list[Mapping[str, Any]] = []
        for other in shape.others:
            made = self.schema(other, limits)
            forms.extend(made["anyOf"] if set(made) == {"anyOf"} else [made])
        if shape.models:
            models = {id(model): model for model in shape.models.values()}.values()
            told_apart: list[dict[str, Any]] = []
            for model in models:
                body = self.model(model)
                values = [value for value, chosen in shape.models.items() if chosen is model]
                body["properties"] = {shape.discriminator: _constant(values), **_without(body, shape.discriminator)}
                body["required"] = sorted({*body.get("required", ()), shape.discriminator})
                told_apart.append(body)
            told_apart.append(_interpolated_type(shape.discriminator))
            forms.append({"oneOf": told_apart})
        unique = [form for index, form in enumerate(forms) if form not in forms[:index]]
        return dict(unique[0]) if len(unique) == 1 else _any_of(unique)

    def reference(self, shape: ModelShape) -> dict[str, Any]:
        name = self.names.get(shape.model)
        if name is None:
            name = shape.model.__qualname__.rpartition(".")[2]
            if name in self.definitions:
                name = f"{shape.model.__module__}.{shape.model.__qualname__}"
            self.names[shape.model] = name
            self.definitions[name] = {}  # begun: a model may hold itself
            self.definitions[name] = self.model(shape)
        return {"$ref": f"#/$defs/{name}"}

    def model(self, shape: ModelShape) -> dict[str, Any]:
        """Return the schema of a map whose keys are a model's fields."""
        made: dict[str, Any] = {"type": "object"}
        doc = (shape.model.__doc__ or "").strip().partition("\n")[0]
        if doc and not doc.startswith(shape.model.__name__ + "("):
            made["description"] = doc
        made["properties"] = {key: self.property(field) for key, field in shape.fields.items()}
        required = [key for key, field in shape.fields.items() if field.is_required]
        if required:
            made["required"] = required
        made["additionalProperties"] = False
        return made

    def property(self, field: FieldShape) -> dict[str, Any]:
        made = self.schema(field.shape, field.setting)
        if not field.is_required or field.is_optional:
            made = _or_null(made)
        if field.setting.doc:
            made = {"description": field.setting.doc, **made}
        if (default := _plain(field.default)) is not None and not field.is_hidden:
            made["default"] = default
        if field.setting.example is not None and not field.is_hidden:
            made["examples"] = [field.setting.example]
        return made

    # The sections of plugins

    def platforms(
        self, base: Mapping[str, Any], models: Mapping[str, type | None], also: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return the schema of ``platforms:``; a platform that is not known takes anything."""
        sections: dict[str, Any] = {}
        for name, model in sorted(models.items()):
            section = self.together(() if model is None else (model,), also)
            sections[name] = _or_null(section)
        return {
            **_described(base),
            "type": ["object", "null"],
            "properties": sections,
            "additionalProperties": {"type": ["object", "null"]},
        }

    def connections(
        self, base: Mapping[str, Any], models: Mapping[str, Iterable[type] | None], also: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return the schema of ``connections:``; ``type`` tells them apart."""
        forms = []
        for name, parts in sorted(models.items()):
            form = self.together(tuple(parts or ()), also)
            form.setdefault("type", "object")
            form["properties"] = {"type": {"const": name}, **_without(form, "type")}
            form["required"] = sorted({*form.get("required", ()), "type"})
            forms.append(form)
        forms.append(_interpolated_type("type"))
        if models:
            # A type that no installed plugin serves may be served where the configuration is used.
            forms.append({"type": "object", "properties": {"type": _other_text(sorted(models))}, "required": ["type"]})
        return {
            **_described(base),
            "type": ["object", "null"],
            "additionalProperties": {"oneOf": [*forms, {"type": "null"}]},
        }

    def together(self, models: tuple[type, ...], also: tuple[str, ...]) -> dict[str, Any]:
        """Return the schema of a map that holds the keys of several models; of none: anything goes."""
        if not models:
            return {}
        made = [self.model(shape_of_model(model)) for model in models]
        first = made[0]
        for other in made[1:]:
            first["properties"].update(other["properties"])
            if required := {*first.get("required", ()), *other.get("required", ())}:
                first["required"] = sorted(required)
        for key in also:
            first["properties"].setdefault(key, {"type": ["string", "null"]})
        return first


def _any_of(forms: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one of several forms; a text without limits takes an interpolated one in."""
    listed = [dict(form) for form in forms]
    if any(form.get("type") == "string" and not {"pattern", "minLength", "maxLength", "enum"} & set(form)
           for form in listed):  # fmt: skip
        listed = [form for form in listed if form != INTERPOLATED]
    return listed[0] if len(listed) == 1 else {"anyOf": listed}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that takes ``null`` besides: a key set to null is as if it were not there."""
    made = dict(schema)
    if not made:
        return made
    if isinstance(made.get("type"), str) and "oneOf" not in made:
        made["type"] = [made["type"], "null"]
        return made
    described: dict[str, Any] = {key: made.pop(key) for key in ("description", "default", "examples") if key in made}
    forms = made["anyOf"] if set(made) == {"anyOf"} else [made]
    return {**described, "anyOf": [*forms, {"type": "null"}]}


def _limited(form: Mapping[str, Any], limits: Setting | None) -> dict[str, Any]:
    made = dict(form)
    if limits is None or not limits.has_limits:
        return made
    if limits.choices:
        return {"enum": [_plain(choice) for choice in limits.choices]}
    if made.get("type") in ("integer", "number"):
        if limits.minimum is not None:
            made["minimum"] = max(limits.minimum, made.get("minimum", limits.minimum))
        if limits.maximum is not None:
            made["maximum"] = limits.maximum
    if made.get("type") == "string" and limits.pattern is not None:
        made["pattern"] = f"^(?:{limits.pattern})$"
    return _with_length(made, limits)


def _with_length(form: dict[str, Any], limits: Setting | None) -> dict[str, Any]:
    names = _LENGTHS.get(str(form.get("type")))
    if limits is not None and limits.length is not None and names is not None:
        for name, limit in zip(names, limits.length, strict=True):
            if limit is not None:
                form[name] = limit
    return form


def _constant(values: list[str]) -> dict[str, Any]:
    return {"const": values[0]} if len(values) == 1 else {"enum": values}


def _interpolated_type(key: str) -> dict[str, Any]:
    """Return what a map is whose type is interpolated: it cannot be told which one."""
    return {"type": "object", "properties": {key: dict(INTERPOLATED)}, "required": [key]}


def _described(form: Mapping[str, Any]) -> dict[str, Any]:
    return {key: form[key] for key in ("description", "default") if key in form}


def _other_text(names: list[str]) -> dict[str, Any]:
    return {"type": "string", "not": {"anyOf": [{"enum": names}, dict(INTERPOLATED)]}}


def _without(form: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in form.get("properties", {}).items() if name != key}


def _plain(value: Any) -> Any:
    """Return a default as it would be written, or None where it is none or cannot be."""
    if value is dataclasses.MISSING or value is None:
        return None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (Path, date)):
        return str(value)
    if isinstance(value, (tuple, list)) and all(isinstance(item, (bool, int, float, str)) for item in value):
        return list(value)
    return None
