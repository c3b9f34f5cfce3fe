"""YAML text to nodes: our own composer over the parser's events.

PyYAML's own loaders lose the places of keys, let the last of two equal keys win, and turn ``no`` into False. Here
every node keeps its line and column, and what its text means is decided later, by the type of its field. The parser
is libyaml's where PyYAML was built with it, else PyYAML's own; both give the same events.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml.events import AliasEvent, DocumentStartEvent, ScalarEvent, SequenceStartEvent

from kindling.config.nodes import PLAIN, QUOTED, Map, Node, Place, Scalar, Sequence, Source, location
from kindling.errors import Location, Problem

#: Deeper than any configuration; keeps every walk over the nodes away from the recursion limit.
MAXIMUM_DEPTH = 64
#: Nodes with all aliases followed. Ten lines of aliases to aliases would be 10**9.
MAXIMUM_NODES = 200_000
#: Bytes of one file.
MAXIMUM_SIZE = 8_000_000

_TAG = "tag:yaml.org,2002:"
_TEXT_TAG = _TAG + "str"
_KNOWN_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "seq", "map"))


class _Stop(Exception):
    """Reading on would make no sense; the problem has been noted."""


def compose(text: str, source: Source, problems: list[Problem]) -> Map | None:
    """Return the map that a YAML text holds.

    Args:
        text: One YAML document, decoded.
        source: Where it is from.
        problems: What is wrong is appended here: all that can be known, and at most one error of syntax, because
            what comes after such an error cannot be told.

    Returns:
        The map, as far as it could be read; empty for an empty document; None where there is no map.
    """
    if len(text) > MAXIMUM_SIZE:
        problems.append(
            Problem(
                "KDL-CFG-010",
                f"the file has {len(text):,} characters",
                Location(source.name),
                f"at most {MAXIMUM_SIZE:,}",
            )
        )
        return None
    # libyaml counts a byte order mark as a column of its own.
    composer = _Composer(text.removeprefix("\ufeff"), source, problems)
    try:
        return composer.document()
    except _Stop:
        return None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        from kindling.config.syntax import explain_syntax

        problems.extend(explain_syntax(error, composer.text, source))
        return None


def _make_parser(text: str) -> Any:
    if yaml.__with_libyaml__:
        return yaml.cyaml.CParser(text)  # type: ignore[attr-defined]
    from kindling.config.pure_parser import PureParser

    return PureParser(text)


class _Composer:
    def __init__(self, text: str, source: Source, problems: list[Problem]) -> None:
        self.text = text
        self.source = source
        self.problems = problems
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.count = 0

    def document(self) -> Map | None:
        parser = _make_parser(self.text)
        try:
            self.next_event = parser.get_event
            self.next_event()  # the stream's start
            event = self.next_event()
            if type(event) is not DocumentStartEvent:
                return Map({}, {}, self.source, 1, 1)
            root = self.node(self.next_event(), 0)
            self.next_event()  # the document's end
            event = self.next_event()
            if type(event) is DocumentStartEvent:
                self.report(
                    "KDL-CFG-012",
                    event,
                    "a second document begins here",
                    "one document in a file",
                    suggestion="remove the line ---, or put the rest into a file of its own",
                )
        finally:
            parser.dispose()
        if type(root) is Map:
            return root
        if type(root) is Scalar and root.is_null:
            return Map({}, {}, self.source, 1, 1)
        found = "a list" if type(root) is Sequence else "a single value"
        self.problems.append(
            Problem(
                "KDL-CFG-012",
                f"the file holds {found}",
                location((self.source, root.line, root.column), ""),
                "a map: lines of 'key: value'",
            )
        )
        return None

    def node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        self.count += 1
        if self.count > MAXIMUM_NODES:
            self.too_many(event)
        if kind is ScalarEvent:
            scalar = self.scalar(event, line, column)
            if event.anchor is not None:
                self.anchors[event.anchor] = (scalar, 1)
            return scalar
        if kind is AliasEvent:
            return self.alias(event)
        if depth >= MAXIMUM_DEPTH:
            self.report("KDL-CFG-010", event, "the values are nested too deeply", f"at most {MAXIMUM_DEPTH} levels")
            raise _Stop
        self.check_tag(event)
        anchor = event.anchor
        before = self.count
        if anchor is not None:
            self.anchors[anchor] = None  # begun: an alias to it from inside would never end
        made: Node
        if kind is SequenceStartEvent:
            made = self.sequence(line, column, depth)
        else:
            made = self.map(line, column, depth)
        if anchor is not None:
            self.anchors[anchor] = (made, self.count - before + 1)
        return made

    def scalar(self, event: Any, line: int, column: int) -> Scalar:
        style = PLAIN if event.implicit[0] and not event.style else QUOTED
        tag = event.tag
        if tag is not None and tag != "!":
            self.check_tag(event)
            style = QUOTED if tag == _TEXT_TAG or event.style else PLAIN
        return Scalar(event.value, style, self.source, line, column)

    def alias(self, event: Any) -> Node:
        entry = self.anchors.get(event.anchor, False)
        if entry is False:
            self.report(
                "KDL-CFG-011", event, f"alias *{event.anchor} has no anchor", f"&{event.anchor} at a value before it"
            )
            return Scalar("", QUOTED, self.source, event.start_mark.line + 1, event.start_mark.column + 1)
        if entry is None:
            self.report("KDL-CFG-011", event, f"alias *{event.anchor} stands inside its own anchor", "an end of it")
            raise _Stop
        assert entry is not True
        node, size = entry
        self.count += size - 1
        if self.count > MAXIMUM_NODES:
            self.too_many(event)
        return node

    def sequence(self, line: int, column: int, depth: int) -> Sequence:
        items: list[Node] = []
        next_event = self.next_event
        event = next_event()
        while type(event) is not yaml.SequenceEndEvent:
            items.append(self.node(event, depth + 1))
            event = next_event()
        return Sequence(items, self.source, line, column)

    def map(self, line: int, column: int, depth: int) -> Map:
        items: dict[str, Node] = {}
        places: dict[str, Place] = {}
        merged: list[tuple[Any, Node]] = []
        next_event = self.next_event
        source = self.source
        event = next_event()
        while type(event) is not yaml.MappingEndEvent:
            key_event = event
            key = self.key(key_event, depth)
            if key == "<<" and type(key_event) is ScalarEvent and key_event.implicit[0]:
                merged.append((key_event, self.node(next_event(), depth + 1)))
                event = next_event()
                continue
            node = self.node(next_event(), depth + 1)
            event = next_event()
            if key is None:
                continue
            mark = key_event.start_mark
            if key in items:
                _, first_line, first_column = places[key]
                self.report(
                    "KDL-CFG-003",
                    key_event,
                    f"duplicate key {key!r}",
                    suggestion=f"it stands first at {source.at(first_line, first_column)}; keep one of the two",
                )
                continue
            items[key] = node
            places[key] = (source, mark.line + 1, mark.column + 1)
        for key_event, node in merged:
            self.merge_key(key_event, node, items, places)
        return Map(items, places, source, line, column)

    def key(self, event: Any, depth: int) -> str | None:
        if type(event) is AliasEvent:
            node = self.alias(event)
            if type(node) is Scalar:
                return node.text
        elif type(event) is ScalarEvent:
            if event.anchor is not None:
                self.anchors[event.anchor] = (self.scalar(event, 0, 0), 1)
            key: str = event.value
            if key == "":
                self.report("KDL-CFG-013", event, "a key is empty", "a name before the ':'")
                return None
            if "${" in key:
                self.report(
                    "KDL-CFG-015",
                    event,
                    f"key {key!r} holds an interpolation",
                    "a plain name: values are interpolated, keys are not",
                )
                return None
            return key
        else:
            self.node(event, depth + 1)
        self.report("KDL-CFG-013", event, "a list or a map stands as a key", "a name before the ':'")
        return None

    def merge_key(self, event: Any, node: Node, items: dict[str, Node], places: dict[str, Place]) -> None:
        """Take over the keys of ``<<: *anchor``: what stands in the map itself wins, then the first in the list."""
        maps = node.items if type(node) is Sequence else [node]
        for part in maps:
            if type(part) is not Map:
                self.report("KDL-CFG-011", event, "the merge key << takes no such value", "an alias to a map")
                continue
            for key, value in part.items.items():
                if key not in items:
                    items[key] = value
                    places[key] = part.places[key]

    def check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag is not None and tag != "!" and tag not in _KNOWN_TAGS:
            shown = tag.replace(_TAG, "!!")
            self.report("KDL-CFG-013", event, f"the tag {shown} is not known here", "a value without a tag")

    def too_many(self, event: Any) -> None:
        self.report(
            "KDL-CFG-010",
            event,
            f"the file holds more than {MAXIMUM_NODES:,} values with all aliases followed",
            "fewer aliases to aliases",
        )
        raise _Stop

    def report(self, code: str, event: Any, message: str, expected: str = "", suggestion: str = "") -> None:
        mark = event.start_mark
        place = Location(self.source.name, mark.line + 1, mark.column + 1)
        self.problems.append(Problem(code, message, place, expected, suggestion))
