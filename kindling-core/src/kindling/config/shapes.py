"""What a settings model says, read once from its annotations: the shape that checker and schema both walk.

Shapes are named tuples and not dataclasses: a dataclass costs a quarter of a millisecond to define, and this module is
on the way of every command.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from kindling.config.fields import METADATA_KEY, Setting, Unit
from kindling.frozen import dataclass
from kindling.redaction import is_sensitive
from kindling.values import Secret

_NOTHING = Setting()


@dataclass(frozen=True)
class AnyShape:
    """Whatever stands there."""


@dataclass(frozen=True)
class SectionShape:
    """A map that is kept as it is, until it is known which model it has."""


@dataclass(frozen=True)
class ScalarShape:
    """One value.

    Args:
        kind: ``text, int, float, bool, date, datetime, secret, path, duration, size, choice``.
        choices: For ``choice``: what is allowed, by what is written.
    """

    kind: str
    choices: Mapping[Any, Any] | None = None


@dataclass(frozen=True)
class ListShape:
    """A list.

    Args:
        item: Shape of each item.
        make: ``tuple``, ``list`` or ``frozenset``.
    """

    item: Shape
    make: type


@dataclass(frozen=True)
class MapShape:
    """A map with free keys.

    Args:
        value: Shape of each value.
    """

    value: Shape


@dataclass(frozen=True)
class FieldShape:
    """A key of a model.

    Args:
        name: Name of the dataclass field.
        key: Key in the file.
        shape: Shape of its value.
        is_required: Whether it has no default.
        is_optional: Whether None is among its types.
        is_hidden: Whether its value is never echoed.
        setting: Documentation and limits.
        default: The default, or MISSING.
    """

    name: str
    key: str
    shape: Shape
    is_required: bool
    is_optional: bool
    is_hidden: bool
    setting: Setting
    default: Any


@dataclass(frozen=True)
class ModelShape:
    """A map whose keys are the fields of a dataclass.

    Args:
        model: The dataclass.
        fields: Its fields by key.
    """

    model: type
    fields: Mapping[str, FieldShape]


@dataclass(frozen=True)
class UnionShape:
    """One of several shapes.

    Args:
        discriminator: The key that tells the models apart, or "" where there is at most one.
        models: Models by the discriminator's value.
        others: What is no model: scalars, a list, a map with free keys; and a model that stands alone.
    """

    discriminator: str
    models: Mapping[str, ModelShape]
    others: tuple[Shape, ...]


Shape = Union[AnyShape, SectionShape, ScalarShape, ListShape, MapShape, ModelShape, UnionShape]  # noqa: UP007

_SCALARS: dict[Any, ScalarShape] = {
    str: ScalarShape("text"),
    int: ScalarShape("int"),
    float: ScalarShape("float"),
    bool: ScalarShape("bool"),
    date: ScalarShape("date"),
    datetime: ScalarShape("datetime"),
    Secret: ScalarShape("secret"),
    Path: ScalarShape("path"),
}
_DURATION = ScalarShape("duration")
_SIZE = ScalarShape("size")
_ANY = AnyShape()
_SECTION = SectionShape()

_models: dict[type, ModelShape] = {}


def shape_of_model(model: type) -> ModelShape:
    """Return the shape of a dataclass; read once, then remembered.

    Args:
        model: A dataclass.

    Raises:
        TypeError: It is none, or has a field whose type no configuration can hold; names the field.
    """
    known = _models.get(model)
    if known is not None:
        return known
    if not dataclasses.is_dataclass(model):
        raise TypeError(f"{model!r} is no dataclass")
    try:
        hints = typing.get_type_hints(model, include_extras=True)
    except Exception as error:
        raise TypeError(f"the annotations of {model.__qualname__} cannot be read: {error}") from error
    fields: dict[str, FieldShape] = {}
    made = ModelShape(model, fields)
    _models[model] = made  # before its fields: a model may hold itself
    try:
        for field in dataclasses.fields(model):
            if field.init:
                shaped = _shape_of_field(model, field, hints[field.name])
                fields[shaped.key] = shaped
    except TypeError:
        del _models[model]
        raise
    return made


def _shape_of_field(model: type, field: dataclasses.Field[Any], hint: Any) -> FieldShape:
    told = field.metadata.get(METADATA_KEY, _NOTHING)
    try:
        shape, is_optional = _shape_of(hint)
    except TypeError as error:
        raise TypeError(f"{model.__qualname__}.{field.name}: {error}") from None
    has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
    key = told.key or field.name
    return FieldShape(
        name=field.name,
        key=key,
        shape=shape,
        is_required=not has_default,
        is_optional=is_optional,
        is_hidden=_holds_secret(shape) or is_sensitive(key),
        setting=told,
        default=field.default,
    )


def _holds_secret(shape: Shape) -> bool:
    if type(shape) is ListShape:
        return _holds_secret(shape.item)
    if type(shape) is MapShape:
        return _holds_secret(shape.value)
    if type(shape) is UnionShape:
        return any(_holds_secret(other) for other in shape.others)
    return type(shape) is ScalarShape and shape.kind == "secret"


def shape_of(hint: Any) -> Shape:
    """Return the shape of a type.

    Args:
        hint: A type as annotations hold it, evaluated.

    Raises:
        TypeError: No configuration can hold it.
    """
    return _shape_of(hint)[0]


def _shape_of(hint: Any) -> tuple[Shape, bool]:
    simple = _SCALARS.get(hint) if isinstance(hint, type) else None
    if simple is not None:
        return simple, False
    if hint is Any or hint is object:
        return _ANY, True
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is Annotated:
        unit = next((extra for extra in arguments[1:] if isinstance(extra, Unit)), None)
        if unit is not None:
            return (_DURATION if unit.name == "duration" else _SIZE), False
        return _shape_of(arguments[0])
    if origin is Union or origin is types.UnionType:
        return _shape_of_union(arguments)
    if origin is Literal:
        return ScalarShape("choice", {value: value for value in arguments if value is not None}), None in arguments
    if isinstance(origin, type) or isinstance(hint, type):
        return _shape_of_class(origin or hint, arguments), False
    if isinstance(hint, typing.NewType):
        return _shape_of(hint.__supertype__)
    raise TypeError(f"the type {hint!r} has no form in a configuration")


def _shape_of_class(kind: type, arguments: tuple[Any, ...]) -> Shape:
    if getattr(kind, "is_config_section", False):
        return _SECTION
    if dataclasses.is_dataclass(kind):
        return shape_of_model(kind)
    if issubclass(kind, Enum):
        return ScalarShape("choice", {member.value: member for member in kind})
    if issubclass(kind, Mapping):
        return MapShape(shape_of(arguments[1]) if len(arguments) == 2 else _ANY)
    if issubclass(kind, tuple):
        if (len(arguments) == 2 and arguments[1] is not ...) or len(arguments) > 2:
            raise TypeError("a tuple of fixed length has no form in a configuration; use tuple[X, ...]")
        return ListShape(shape_of(arguments[0]) if arguments else _ANY, tuple)
    if issubclass(kind, (set, frozenset)):
        return ListShape(shape_of(arguments[0]) if arguments else _ANY, frozenset)
    if hasattr(kind, "__iter__") and not issubclass(kind, (str, bytes)):
        return ListShape(shape_of(arguments[0]) if arguments else _ANY, list)
    raise TypeError(f"the type {kind.__qualname__} has no form in a configuration")


def _shape_of_union(arguments: tuple[Any, ...]) -> tuple[Shape, bool]:
    shapes = [shape_of(argument) for argument in arguments if argument is not type(None)]
    is_optional = len(shapes) < len(arguments)
    if len(shapes) == 1:
        return shapes[0], is_optional
    models = [shape for shape in shapes if type(shape) is ModelShape]
    others = tuple(shape for shape in shapes if type(shape) is not ModelShape)
    if len(models) < 2:
        return UnionShape("", {}, (*others, *models)), is_optional
    discriminator, by_value = _tell_apart(models)
    return UnionShape(discriminator, by_value, others), is_optional


def _tell_apart(models: list[ModelShape]) -> tuple[str, dict[str, ModelShape]]:
    """Find the key whose Literal differs between the models: ``type`` if it does, else any other."""
    for key in ("type", *models[0].fields):
        by_value: dict[str, ModelShape] = {}
        total = 0
        for model in models:
            field = model.fields.get(key)
            choices = field.shape.choices if field is not None and type(field.shape) is ScalarShape else None
            total += len(choices or ())
            by_value.update({str(value): model for value in choices or ()})
            if not choices:
                break
        else:
            if len(by_value) == total:
                return key, by_value
    names = ", ".join(model.model.__qualname__ for model in models)
    raise TypeError(f"nothing tells {names} apart; give each a field type: Literal[…]")
