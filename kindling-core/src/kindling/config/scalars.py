"""What the text of a scalar means: YAML 1.2's plain values, durations, sizes, dates.

YAML 1.1, which many programs still read, and YAML 1.2 disagree on some plain values: ``no``, ``on``, ``1:30``,
``0755``, ``1_000``. Each is called ambiguous here and refused where it stands, so that nobody has to know the rules.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any, Literal

Kind = Literal["null", "bool", "int", "float", "text", "ambiguous"]

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_SURPRISES = {
    form: meaning
    for word, meaning in (("yes", True), ("on", True), ("no", False), ("off", False))
    for form in (word, word.capitalize(), word.upper())
}
_SPECIAL_FLOATS = frozenset(
    sign + form for sign in ("", "+", "-") for form in (".inf", ".Inf", ".INF")
) | frozenset((".nan", ".NaN", ".NAN"))  # fmt: skip

_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE_UNITS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def resolve_plain(text: str) -> tuple[Kind, Any]:
    """Return what a plain scalar means by YAML 1.2's core schema.

    Args:
        text: The scalar as written.

    Returns:
        Its kind, and its value; for an ambiguous one, what to write instead, best first.

    Example:
        >>> resolve_plain("12"), resolve_plain("1.4.0"), resolve_plain("true")
        (('int', 12), ('text', '1.4.0'), ('bool', True))
        >>> resolve_plain("no"), resolve_plain("0755")
        (('ambiguous', ('false', '"no"')), ('ambiguous', ('755', '"0755"')))
    """
    first = text[:1]
    if first in "0123456789+-." and first:
        return _resolve_number(text)
    if (first in "nN~" and text in _NULLS) or not text:
        return "null", None
    if first in "tTfF":
        if text in _TRUE:
            return "bool", True
        if text in _FALSE:
            return "bool", False
    elif first in "yYnNoO" and text in _SURPRISES:
        return "ambiguous", ("true" if _SURPRISES[text] else "false", f'"{text}"')
    return "text", text


def _resolve_number(text: str) -> tuple[Kind, Any]:
    if text in _SPECIAL_FLOATS:
        return "float", float(text.replace(".", "").lower())
    unsigned = text[1:] if text[0] in "+-" else text
    if not unsigned or not unsigned.isascii():
        return "text", text
    if unsigned.isdigit():
        if len(unsigned) > 1 and unsigned[0] == "0":
            return "ambiguous", (str(_to_int(text)), f'"{text}"')
        return "int", _to_int(text)
    if unsigned[0] == "0" and unsigned[1:2] in "xob" and len(unsigned) > 2:
        return _resolve_based(text, unsigned)
    number = _to_float(text, unsigned)
    if number is not None:
        if len(unsigned) > 1 and unsigned[0] == "0" and unsigned[1].isdigit():
            return "ambiguous", (repr(number), f'"{text}"')
        return "float", number
    if "_" in unsigned and unsigned[0] in "0123456789":
        bare = text.replace("_", "")
        if bare.lstrip("+-").isdigit() or _to_float(bare, bare.lstrip("+-")) is not None:
            return "ambiguous", (bare, f'"{text}"')
    if ":" in unsigned and _is_sexagesimal(unsigned):
        return "ambiguous", (f'"{text}"',)
    return "text", text


def _resolve_based(text: str, unsigned: str) -> tuple[Kind, Any]:
    base = {"x": 16, "o": 8, "b": 2}[unsigned[1]]
    digits = unsigned[2:]
    if not digits.replace("_", "0").isalnum():
        return "text", text
    try:
        value = int(digits, base)
    except ValueError:
        return "text", text
    if base == 16 and "_" not in digits:
        return "int", -value if text[0] == "-" else value
    # 0o17 is a number to YAML 1.2 only, 0b11 to YAML 1.1 only.
    return "ambiguous", (str(-value if text[0] == "-" else value), f'"{text}"')


def _is_sexagesimal(unsigned: str) -> bool:
    head, *tail = unsigned.split(":")
    if not head.replace("_", "").isdigit() or not tail:
        return False
    last, _, fraction = tail[-1].partition(".")
    return all(part.isdigit() and len(part) <= 2 and int(part) < 60 for part in [*tail[:-1], last]) and (
        not fraction or fraction.isdigit()
    )


def _to_int(text: str) -> int | float:
    # Python refuses to read more than 4,300 digits; no setting needs them.
    return int(text) if len(text) < 400 else math.inf


def _to_float(text: str, unsigned: str) -> float | None:
    """Read a float of YAML's: float() would also take '1_0', 'infinity' and blanks."""
    mantissa, _, exponent = unsigned.replace("E", "e").partition("e")
    if "e" in unsigned.lower() and not exponent.lstrip("+-").isdigit():
        return None
    if exponent[:1] in ("+", "-") and exponent[1:2] in ("+", "-"):
        return None
    whole, point, fraction = mantissa.partition(".")
    if not (whole or fraction) or (whole and not whole.isdigit()) or (fraction and not fraction.isdigit()):
        return None
    if not point and not exponent:
        return None
    return float(text)


def parse_duration(text: str) -> float:
    """Return seconds.

    Args:
        text: Numbers with units ``ms, s, m, h, d, w``, larger ones first, or one number of seconds.

    Raises:
        ValueError: It is none.

    Example:
        >>> parse_duration("1h30m"), parse_duration("250ms"), parse_duration("90")
        (5400.0, 0.25, 90.0)
    """
    rest = text.strip().lower()
    if not rest.isascii():
        raise ValueError(text)
    if rest.replace(".", "", 1).isdigit():
        return float(rest)
    total, largest = 0.0, math.inf
    while rest:
        number = _leading(rest, "0123456789.")
        rest = rest[len(number) :].lstrip()
        unit = _leading(rest, "mshdw")
        rest = rest[len(unit) :].lstrip()
        factor = _DURATION_UNITS.get(unit)
        if factor is None or factor >= largest or not number.replace(".", "", 1).isdigit():
            raise ValueError(text)
        total += float(number) * factor
        largest = factor
    if largest is math.inf:
        raise ValueError(text)
    return total


def parse_size(text: str) -> int:
    """Return bytes.

    Args:
        text: A number with a unit ``b, k, m, g, t``, ``kb`` or ``KiB`` …, powers of 1,024; or a number of bytes.

    Raises:
        ValueError: It is none, or no whole number of bytes.

    Example:
        >>> parse_size("8g"), parse_size("1.5 KiB"), parse_size("12")
        (8589934592, 1536, 12)
    """
    lower = text.strip().lower()
    number = _leading(lower, "0123456789.")
    unit = lower[len(number) :].strip()
    if len(unit) > 1 and unit[0] in "kmgt" and unit[1:] in ("b", "ib"):
        unit = unit[0]
    if unit not in _SIZE_UNITS or not lower.isascii() or not number.replace(".", "", 1).isdigit():
        raise ValueError(text)
    total = float(number) * _SIZE_UNITS[unit] if "." in number else int(number) * _SIZE_UNITS[unit]
    if total != int(total):
        raise ValueError(text)
    return int(total)


def _leading(text: str, letters: str) -> str:
    return text[: len(text) - len(text.lstrip(letters))]


def format_duration(seconds: float) -> str:
    """Return seconds as they are written in a configuration.

    Example:
        >>> format_duration(5400.0), format_duration(0.25)
        ('1h30m', '250ms')
    """
    if seconds != int(seconds):
        return f"{seconds * 1000:g}ms"
    parts, rest = [], timedelta(seconds=seconds) // timedelta(seconds=1)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def parse_date(text: str) -> date:
    """Return a date written ``2024-05-01``.

    Raises:
        ValueError: It is none.
    """
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise ValueError(text)
    return date.fromisoformat(text)


def parse_datetime(text: str) -> datetime:
    """Return a time written ``2024-05-01T06:00:00Z``; without an offset it has no time zone.

    Raises:
        ValueError: It is none.
    """
    if len(text) < 16 or text[4] != "-" or text[7] != "-" or text[10] not in "Tt ":
        raise ValueError(text)
    # Before Python 3.11 fromisoformat takes no 'Z', and fractions of three or six digits only.
    body = text[:-1] + "+00:00" if text[-1] in "Zz" else text
    head, point, tail = body.partition(".")
    if point:
        digits = _leading(tail, "0123456789")
        if not digits:
            raise ValueError(text)
        body = f"{head}.{digits[:6]:0<6}{tail[len(digits) :]}"
    return datetime.fromisoformat(body)


def parse_bool(text: str) -> bool:
    """Return what a text from outside YAML means as a switch: true, false, yes, no, on, off, 1, 0.

    Raises:
        ValueError: It is none.
    """
    lower = text.strip().lower()
    if lower in ("true", "yes", "on", "1"):
        return True
    if lower in ("false", "no", "off", "0"):
        return False
    raise ValueError(text)
