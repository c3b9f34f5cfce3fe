"""Limits of a field: choices, smallest and largest value, pattern, length."""

from __future__ import annotations

import re
from typing import Any

from kindling.config.fields import Setting
from kindling.config.references import SecretReference
from kindling.values import Secret


def broken_limit(value: Any, limits: Setting) -> tuple[Any, str] | None:
    """Return what breaks a limit, and what was expected; None where all hold.

    Args:
        value: A value of the field's type. For a list each item is looked at, and ``length`` counts the items.
        limits: The field's limits.

    Returns:
        The item that breaks a limit (None for the value itself), and the limit in words.
    """
    if isinstance(value, SecretReference):
        return None  # not known before it is opened
    if isinstance(value, (list, tuple, frozenset, dict)):
        expected = _broken_length(len(value), limits, "entries" if isinstance(value, dict) else "items")
        if expected:
            return None, expected
        items = value.values() if isinstance(value, dict) else value
        for item in items:
            expected = _broken_value(item, limits)
            if expected:
                return item, expected
        return None
    expected = _broken_value(value, limits)
    if not expected and isinstance(value, (str, Secret)):
        text = value.reveal() if isinstance(value, Secret) else value
        expected = _broken_length(len(text), limits, "characters")
    return (None, expected) if expected else None


def _broken_value(value: Any, limits: Setting) -> str:
    if isinstance(value, SecretReference):
        return ""
    if limits.choices and value not in limits.choices:
        listed = [repr(choice) for choice in limits.choices]
        return " or ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = limits.minimum, limits.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            return _between(low, high, "")
    text = value.reveal() if isinstance(value, Secret) else value
    if limits.pattern is not None and isinstance(text, str) and not re.fullmatch(limits.pattern, text):
        return f"a text like {limits.example}" if limits.example is not None else f"a text like /{limits.pattern}/"
    return ""


def _broken_length(length: int, limits: Setting, noun: str) -> str:
    if limits.length is None:
        return ""
    low, high = limits.length
    if (low is not None and length < low) or (high is not None and length > high):
        return _between(low, high, " " + noun)
    return ""


def _between(low: float | None, high: float | None, noun: str) -> str:
    if low is None:
        return f"at most {high}{noun}"
    if high is None:
        return f"at least {low}{noun}"
    return f"{low} to {high}{noun}"
