"""Values and expectations in words, for error messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kindling.config import scalars
from kindling.config.nodes import PLAIN, QUOTED, Map, Node, Scalar, Sequence
from kindling.config.shapes import AnyShape, FieldShape, ListShape, ScalarShape, Shape, UnionShape


def inside(path: str) -> str:
    """Return `` in path``, or nothing at the root."""
    return f" in {path}" if path else ""


def short(text: str) -> str:
    """Return a text in quotes, cut where it is long.

    Example:
        >>> short("abc")
        "'abc'"
    """
    return repr(text) if len(text) <= 60 else repr(text[:57] + "…")


def describe(node: Node, is_hidden: bool = False) -> str:
    """Return what a node is, in words: ``text 'abc'``, ``the number 5``, ``a list``."""
    if type(node) is Map:
        return "a map"
    if type(node) is Sequence:
        return "a list"
    assert type(node) is Scalar
    if node.reference is not None:
        return "a reference to a secret"
    if node.is_null:
        return "nothing"
    kind = scalars.resolve_plain(node.text)[0] if node.style is PLAIN else "text"
    name = {"bool": "true or false", "int": "a number", "float": "a number"}.get(kind, "text")
    if is_hidden or node.is_hidden:
        return "a number" if name == "a number" else name if kind == "bool" else "another text"
    if kind in ("int", "float"):
        return f"the number {node.text[:60]}"
    return node.text if kind == "bool" else f"text {short(node.text)}"


def one_of(names: Iterable[Any]) -> str:
    """Return names as an alternative.

    Example:
        >>> one_of(["a", "b", "c"])
        "'a', 'b' or 'c'"
    """
    listed = [repr(name) for name in names]
    if len(listed) > 1:
        return ", ".join(listed[:-1]) + " or " + listed[-1]
    return listed[0] if listed else "nothing"


_EXPECTED = {
    "text": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2024-05-01",
    "datetime": "a time such as 2024-05-01T06:00:00Z",
    "secret": "text, better ${secret:store/name} or ${NAME}",
    "path": "a path",
    "duration": "a duration such as 90s, 15m or 1h30m",
    "size": "a size such as 512m or 8g",
}


def expectation(shape: Shape) -> str:
    """Return what a shape takes, in words."""
    if type(shape) is ScalarShape:
        return one_of(shape.choices) if shape.choices is not None else _EXPECTED[shape.kind]
    if type(shape) is ListShape:
        return "a list"
    if type(shape) is UnionShape:
        parts = [expectation(other) for other in shape.others]
        if shape.models:
            parts.append(f"a map with {shape.discriminator}: {one_of(shape.models)}")
        return " or ".join(dict.fromkeys(parts))
    return "anything" if type(shape) is AnyShape else "a map"


def hint(node: Scalar, shape: ScalarShape, field: FieldShape | None) -> str:
    """Return what to write instead of a scalar, where it can be told."""
    if shape.choices is not None:
        from kindling.config.suggesting import did_you_mean

        return did_you_mean(node.text, [str(choice) for choice in shape.choices])
    if shape.kind in ("text", "path") and node.style is PLAIN and not node.is_null:
        return f'put it in quotes: "{node.text[:60]}"'
    if node.style is QUOTED and shape.kind in ("int", "float", "bool"):
        kind = scalars.resolve_plain(node.text)[0]
        if kind == shape.kind or (kind == "int" and shape.kind == "float"):
            return f"write it without quotes: {node.text[:60]}"
    if shape.kind == "bool":
        try:
            return f"write {str(scalars.parse_bool(node.text)).lower()}"
        except ValueError:
            return ""
    if field is not None and field.setting.example is not None:
        return f"for example {field.key}: {field.setting.example}"
    return ""
