"""Where each value of a configuration came from; secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from kindling.config import scalars
from kindling.config.checking import Checker
from kindling.config.nodes import PLAIN, Map, Node, Scalar, Sequence, is_null, join
from kindling.config.shapes import shape_of_model
from kindling.redaction import MASK, is_sensitive, redact, register

if TYPE_CHECKING:
    from kindling.config.loaded import LoadedConfig


class Origin(NamedTuple):
    """One value and where it came from.

    Args:
        path: Path of its key.
        value: The value as it may be shown.
        origin: ``kindling.yaml:7:5``, ``environment variable KINDLING_ENGINE``, ``--var region``, ``default``.
    """

    path: str
    value: Any
    origin: str


def origins(loaded: LoadedConfig) -> Iterator[Origin]:
    """Iterate over the values of a configuration.

    Args:
        loaded: The configuration.
    """
    from kindling.config.model import ProjectConfig

    viewer = _Viewer(loaded)
    _register(loaded.tree)
    shape = shape_of_model(ProjectConfig)
    for key, field in shape.fields.items():
        node = loaded.tree.items.get(key)
        if node is None or is_null(node):
            value = getattr(loaded.config, field.name)
            if value is not None and value != {} and not hasattr(value, "__dataclass_fields__"):
                yield Origin(key, value, "default")
            continue
        yield from viewer.walk(node, key, is_sensitive(key))


def to_dict(loaded: LoadedConfig) -> dict[str, Any]:
    """Return a configuration as plain data for people.

    Args:
        loaded: The configuration.
    """
    from kindling.config.model import ProjectConfig

    viewer = _Viewer(loaded)
    _register(loaded.tree)
    data: dict[str, Any] = {}
    for key, field in shape_of_model(ProjectConfig).fields.items():
        node = loaded.tree.items.get(key)
        if node is not None and not is_null(node):
            data[key] = viewer.plain(node, key, is_sensitive(key))
        elif not hasattr(value := getattr(loaded.config, field.name), "__dataclass_fields__"):
            data[key] = list(value) if isinstance(value, tuple) else value
    return {key: value for key, value in data.items() if value is not None and value != {}}


class _Viewer:
    def __init__(self, loaded: LoadedConfig) -> None:
        self.loaded = loaded

    def walk(self, node: Node, path: str, is_hidden: bool) -> Iterator[Origin]:
        if type(node) is Map:
            for key, child in node.items.items():
                if not is_null(child):
                    yield from self.walk(child, join(path, key), is_hidden or is_sensitive(key))
            return
        source, line, column = node.source, node.line, node.column
        where = source.at(line, column)
        if type(node) is Scalar:
            value, via = self.scalar(node, path, is_hidden)
            yield Origin(path, value, f"{where} ← {via}" if via else where)
            return
        yield Origin(path, self.plain(node, path, is_hidden), where)

    def plain(self, node: Node, path: str, is_hidden: bool) -> Any:
        if type(node) is Scalar:
            return self.scalar(node, path, is_hidden)[0]
        if type(node) is Sequence:
            return [self.plain(child, f"{path}[{index}]", is_hidden) for index, child in enumerate(node.items)]
        assert type(node) is Map
        return {
            redact(key): self.plain(child, join(path, key), is_hidden or is_sensitive(key))
            for key, child in node.items.items()
            if not is_null(child)
        }

    def scalar(self, node: Scalar, path: str, is_hidden: bool) -> tuple[Any, str]:
        """Return a scalar as it may be shown, and what it was interpolated from."""
        resolved = Checker(self.loaded.variables).resolved(node, path)
        if resolved is None:
            return redact(node.text), "unresolved"
        if resolved.reference is not None:
            return str(resolved.reference), resolved.via
        if is_hidden or resolved.is_hidden:
            register(resolved.text)
            return MASK, resolved.via
        if resolved.style is not PLAIN:
            return redact(resolved.text), resolved.via
        kind, value = scalars.resolve_plain(resolved.text)
        return (redact(resolved.text) if kind in ("text", "ambiguous") else value), resolved.via


def _register(node: Node, is_hidden: bool = False) -> None:
    """Register what stands under keys that are named like secrets, before anything is shown."""
    if type(node) is Map:
        for key, child in node.items.items():
            _register(child, is_hidden or is_sensitive(key))
    elif type(node) is Sequence:
        for child in node.items:
            _register(child, is_hidden)
    elif type(node) is Scalar and is_hidden and "${" not in node.text:
        register(node.text)
