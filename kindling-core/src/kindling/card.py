"""The card that a notebook shows for a framework."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from kindling.redaction import redact


def html_card(facts: Mapping[str, Any]) -> str:
    """Return a small table of facts as HTML. Colours are the notebook's own, light or dark.

    Args:
        facts: Names with a text, a list of texts, a mapping of texts, or a list of plugins.

    Returns:
        One HTML element, without script or style sheet.

    Example:
        >>> "shop" in html_card({"project": "shop"})
        True
    """
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;padding-right:1em">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(redact(_text(value)))}</td></tr>'
        for name, value in facts.items()
        if value not in ([], {}, "")
    )
    return f"<table><caption style='text-align:left'><b>Kindling</b></caption><tbody>{rows}</tbody></table>"


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        if "name" in value:
            return " ".join(str(part) for part in value.values())
        return " · ".join(f"{key} {part}" for key, part in value.items())
    if isinstance(value, list):
        return " · ".join(_text(part) for part in value)
    return str(value)
