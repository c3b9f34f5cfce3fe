"""Values from outside YAML: lists and maps that an environment variable or an option holds as JSON."""

from __future__ import annotations

import json
from typing import Any

from kindling.config.nodes import PLAIN, QUOTED, Map, Node, Scalar, Sequence, Source


def json_to_node(text: str, source: Source) -> Node | None:
    """Return a JSON text as a node, or None where it is no JSON.

    Args:
        text: The text.
        source: Where it is from.
    """
    try:
        return _node(json.loads(text), source)
    except (ValueError, RecursionError):
        return None


def _node(value: Any, source: Source) -> Node:
    if isinstance(value, dict):
        items = {str(key): _node(item, source) for key, item in value.items()}
        return Map(items, dict.fromkeys(items, (source, 0, 0)), source)
    if isinstance(value, list):
        return Sequence([_node(item, source) for item in value], source)
    if isinstance(value, str):
        return Scalar(value, QUOTED, source)
    return Scalar(json.dumps(value), PLAIN, source)
