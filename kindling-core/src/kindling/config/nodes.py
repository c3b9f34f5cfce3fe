"""The tree that a configuration is until it is typed: scalars, sequences and maps that know where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from kindling.errors import Location

if TYPE_CHECKING:
    from kindling.config.references import SecretReference

#: How a scalar was written, which decides how it is typed. Plain: ``5``, by YAML's rules.
PLAIN = "plain"
#: In quotes or as a block: text, whatever it looks like.
QUOTED = "quoted"
#: Where there are no quotes to tell: an environment variable, ``--var``, an interpolation. Takes the field's type.
TEXT = "text"


class Source:
    """What a node was read from.

    Args:
        kind: ``file``, ``variable`` (an environment variable), ``option`` (of the command line) or ``default``.
        name: File as the user would type it, name of the variable, or the option.
        detail: More about it, for example the ``.env`` file that holds the variable.
    """

    __slots__ = ("detail", "kind", "name")

    def __init__(self, kind: str, name: str, detail: str = "") -> None:
        self.kind = kind
        self.name = name
        self.detail = detail

    def __str__(self) -> str:
        text = f"environment variable {self.name}" if self.kind == "variable" else self.name
        return f"{text} ({self.detail})" if self.detail else text

    def at(self, line: int, column: int) -> str:
        """Return the place as text: ``kindling.yaml:7:5``, ``environment variable KINDLING_ENGINE``."""
        return f"{self.name}:{line}:{column}" if self.kind == "file" else str(self)


#: Source, line and column, both counted from 1.
Place = tuple[Source, int, int]


class Scalar:
    """One value.

    Args:
        text: As written, quotes and escapes resolved.
        style: PLAIN, QUOTED or TEXT.
        source: What it was read from.
        line: Line, counted from 1; 0 where the source has no lines.
        column: Column in characters, counted from 1.
        reference: The references to secrets in it, which stay until they are opened.
        via: What an interpolation took it from, for messages.
        is_hidden: Whether it is never echoed, because it came from something named like a secret.
    """

    __slots__ = ("column", "is_hidden", "line", "reference", "source", "style", "text", "via")

    def __init__(
        self,
        text: str,
        style: str,
        source: Source,
        line: int = 0,
        column: int = 0,
        *,
        reference: SecretReference | None = None,
        via: str = "",
        is_hidden: bool = False,
    ) -> None:
        self.text = text
        self.style = style
        self.source = source
        self.line = line
        self.column = column
        self.reference = reference
        self.via = via
        self.is_hidden = is_hidden

    @property
    def is_null(self) -> bool:
        """Whether it says that there is nothing: ``null``, ``~`` or an empty plain scalar."""
        return self.style is PLAIN and self.text in ("", "null", "~", "Null", "NULL")


class Sequence:
    """A list.

    Args:
        items: Its nodes.
        source: What it was read from.
        line: Line of its beginning.
        column: Column of its beginning.
    """

    __slots__ = ("column", "items", "line", "source")

    def __init__(self, items: list[Node], source: Source, line: int = 0, column: int = 0) -> None:
        self.items = items
        self.source = source
        self.line = line
        self.column = column


class Map:
    """A map with string keys.

    Args:
        items: Its nodes by key.
        places: Where each key stands.
        source: What it was read from.
        line: Line of its beginning.
        column: Column of its beginning.
    """

    __slots__ = ("column", "items", "line", "places", "source")

    def __init__(
        self, items: dict[str, Node], places: dict[str, Place], source: Source, line: int = 0, column: int = 0
    ) -> None:
        self.items = items
        self.places = places
        self.source = source
        self.line = line
        self.column = column

    def place(self, key: str) -> Place:
        """Return where a key stands, or the map itself where the key is not in it."""
        return self.places.get(key) or (self.source, self.line, self.column)


Node = Union[Scalar, Sequence, Map]  # noqa: UP007 - evaluated at run time, and cheaper so


def location(place: Place, path: str) -> Location | None:
    """Return a place as a Location; None where it is not in a file.

    Args:
        place: Source, line and column.
        path: Path of the key.
    """
    source, line, column = place
    if source.kind != "file":
        return None
    return Location(source.name, line or None, column or None, path)


def is_null(node: Node) -> bool:
    """Return whether a node says that its key is not there."""
    return type(node) is Scalar and node.is_null


def join(path: str, key: str) -> str:
    """Return the path of a key: ``connections.bronze``; a key that is no plain name is quoted.

    Example:
        >>> join("connections", "bronze"), join("", "engine"), join("prefer", "scheme.s3")
        ('connections.bronze', 'engine', 'prefer["scheme.s3"]')
    """
    if key.replace("_", "a").replace("-", "a").isalnum():
        return f"{path}.{key}" if path else key
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def merge(base: Map, over: Map, path: str = "") -> Map:
    """Return ``base`` with ``over`` laid on it: maps merge, lists and scalars replace, ``null`` removes.

    A connection whose ``type`` changes is replaced as a whole, because its other keys belong to the other type.

    Args:
        base: The lower layer. Not changed.
        over: The upper layer. Not changed.
        path: Path of both.

    Returns:
        A new map. A removed key keeps its ``null``, so that an error can say where it was removed.
    """
    items = dict(base.items)
    places = dict(base.places)
    for key, node in over.items.items():
        below = items.get(key)
        if type(node) is Map and type(below) is Map and not _is_other_type(below, node, path):
            items[key] = merge(below, node, join(path, key))
        else:
            items[key] = node
            places[key] = over.places[key]
    return Map(items, places, base.source, base.line, base.column)


def _is_other_type(below: Map, over: Map, path: str) -> bool:
    if path != "connections":
        return False
    old, new = below.items.get("type"), over.items.get("type")
    return type(old) is Scalar and type(new) is Scalar and not new.is_null and old.text != new.text
