"""Typing a scalar: from what is written to a value of the field's type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kindling.config import scalars
from kindling.config.nodes import TEXT, Scalar
from kindling.config.shapes import ScalarShape
from kindling.values import Secret

#: Stands for a value that does not fit: None is a value.
FAILED: Any = object()


def _to_text(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    return value if kind == "text" else FAILED


def _to_secret(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    return Secret(value) if kind == "text" else FAILED


def _to_path(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    return Path(value) if kind == "text" and value and "\0" not in value else FAILED


def _to_int(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    if node.style is TEXT:
        text = node.text.strip()
        digits = text[1:] if text[:1] in ("-", "+") else text
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 400 else FAILED
    if kind == "int" and isinstance(value, int):
        return value
    if kind == "float" and value == value and abs(value) < 1e300 and value == int(value):
        return int(value)  # 5.0, which JSON Schema counts among the whole numbers too
    return FAILED


def _to_float(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    if node.style is TEXT:
        text = node.text.strip()
        kind, value = scalars.resolve_plain(text)
        if kind == "ambiguous" and text.lstrip("+-").replace(".", "", 1).isdigit():
            kind, value = "float", float(text)
    if kind in ("int", "float") and value == value and abs(value) <= 1.7e308:
        return float(value)
    return FAILED


def _to_bool(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    if node.style is TEXT:
        try:
            return scalars.parse_bool(node.text)
        except ValueError:
            return FAILED
    return value if kind == "bool" else FAILED


def _parsed(parse: Callable[[str], Any]) -> Callable[..., Any]:
    def convert(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
        if kind != "text":
            return FAILED
        try:
            return parse(node.text)
        except (ValueError, OverflowError):
            return FAILED

    return convert


def _to_duration(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    if kind in ("int", "float"):
        return float(value) if 0 <= value <= 1e15 else FAILED
    return _PARSE_DURATION(kind, value, node, shape)


def _to_size(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    if kind in ("int", "float"):
        return int(value) if 0 <= value <= 1e30 and value == int(value) else FAILED
    return _PARSE_SIZE(kind, value, node, shape)


_PARSE_DURATION = _parsed(scalars.parse_duration)
_PARSE_SIZE = _parsed(scalars.parse_size)


def _to_choice(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    assert shape.choices is not None
    for written, chosen in shape.choices.items():
        if type(written) is type(value) and written == value:
            return chosen
        if node.style is TEXT and not isinstance(written, str) and str(written).lower() == node.text.strip().lower():
            return chosen
    return FAILED


_CONVERT: dict[str, Callable[..., Any]] = {
    "text": _to_text,
    "secret": _to_secret,
    "path": _to_path,
    "int": _to_int,
    "float": _to_float,
    "bool": _to_bool,
    "date": _parsed(scalars.parse_date),
    "datetime": _parsed(scalars.parse_datetime),
    "duration": _to_duration,
    "size": _to_size,
    "choice": _to_choice,
}


def convert(kind: str, value: Any, node: Scalar, shape: ScalarShape) -> Any:
    """Return a scalar's value in the type of a shape, or FAILED where it does not fit.

    Args:
        kind: What the scalar is by YAML's rules, as of :func:`kindling.config.scalars.resolve_plain`; ``text`` for
            what is in quotes or from outside YAML.
        value: Its value by these rules.
        node: The scalar.
        shape: The shape of the field.
    """
    return _CONVERT[shape.kind](kind, value, node, shape)
