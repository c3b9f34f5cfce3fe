"""Parameters of a run: given as text or as Python values, checked against ``app.yaml``, handed on with their types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from kindling import redaction
from kindling.apps.definition import UNSET, ParameterDefinition
from kindling.errors import AppConfigError, Category, Problem, UsageError

#: An unknown, missing or unfit parameter.
CODE: Final = "KDL-APP-017"

_INTEGER: Final = re.compile(r"[+-]?[0-9]+\Z")
_BOOLEANS: Final = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


class _Unfit(ValueError):
    """The value is not of the type; the message says what the type takes."""


def parse_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """Split what ``--param`` was given.

    Args:
        pairs: Texts of the form ``name=value``; the value may hold further ``=``.

    Returns:
        The values by name, still texts.

    Raises:
        UsageError: KDL-CLI-001, a text without ``=``, or one name twice.

    Example:
        >>> parse_pairs(["day=2024-05-01", "where=a=b"])
        {'day': '2024-05-01', 'where': 'a=b'}
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"--param takes NAME=VALUE, not {pair!r}", suggestions=["--param day=2024-05-01"])
        if name in values:
            raise UsageError(f"--param {name} is given twice", suggestions=["give it once"])
        values[name] = value
    return values


def bind_parameters(
    definitions: Mapping[str, ParameterDefinition], given: Mapping[str, Any], *, app: str = ""
) -> dict[str, Any]:
    """Give every parameter of an app its value, with its type.

    A text is read as the parameter's type, wherever it comes from; another value has to be of the type already.
    None counts as not given.

    Args:
        definitions: The parameters of the app.
        given: What the caller gave, by name.
        app: The app's name, for messages.

    Returns:
        A value for every parameter, in the order of ``app.yaml``; None where there is neither value nor default.

    Raises:
        AppConfigError: KDL-APP-017, with everything that does not fit: unknown names with the nearest
            right one, missing values, values of a wrong type, values that are not among the choices.

    Example:
        >>> rows = ParameterDefinition(type="integer", default=10)
        >>> bind_parameters({"rows": rows}, {"rows": "25"}), bind_parameters({"rows": rows}, {})
        ({'rows': 25}, {'rows': 10})
    """
    problems = [_unknown(name, definitions, app) for name in given if name not in definitions]
    bound: dict[str, Any] = {}
    for name, definition in definitions.items():
        value = given.get(name)
        if value is None:
            if definition.required:
                problems.append(_missing(name, definition, app))
            default = definition.default
            bound[name] = None if default is UNSET else list(default) if isinstance(default, list) else default
            continue
        try:
            bound[name] = fit(value, definition)
        except ValueError as error:
            # The message quotes the value, which may be a secret that nobody has registered.
            fault = f"not a value of type {definition.type}" if redaction.is_sensitive(name) else error
            problems.append(Problem(CODE, f"parameter {name!r}: {fault}"))
    if problems:
        raise AppConfigError(problems, category=Category.USAGE)
    return bound


def fit(value: Any, definition: ParameterDefinition) -> Any:
    """Return a value as the type of its parameter.

    Args:
        value: A text, or a value of the type.
        definition: The parameter.

    Raises:
        ValueError: it does not fit; the message says what would.

    Example:
        >>> fit("2024-05-01", ParameterDefinition(type="date"))
        datetime.date(2024, 5, 1)
    """
    fitted = _FITTERS[definition.type](value)
    if definition.choices:
        for item in fitted if definition.type == "list" else [fitted]:
            if item not in definition.choices:
                allowed = ", ".join(show(choice) for choice in definition.choices)
                raise _Unfit(f"{show(item)} is not one of {allowed}")
    return fitted


def show(value: Any) -> str:
    """Return a value as one would type it."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) else str(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unfit(f"expected a string, not {_kind(value)}")
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, str):
        text = value.strip()
        # 4,300 digits is CPython's own limit, and its message does not name the parameter.
        if not _INTEGER.match(text) or len(text) > 4300:
            raise _Unfit(f"expected an integer, for example 42, not {_excerpt(value)}")
        return int(text)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise _Unfit(f"expected an integer, not {_kind(value)}")
    return int(value.__index__())


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise _Unfit("expected a number, not a boolean")
    if isinstance(value, str) and _INTEGER.match(value.strip()):
        return _integer(value)
    if not isinstance(value, str) and hasattr(value, "__index__"):
        return _integer(value)
    if not isinstance(value, str) and not hasattr(value, "__float__"):
        raise _Unfit(f"expected a number, not {_kind(value)}")
    try:
        if isinstance(value, str) and "_" in value:
            raise ValueError(value)
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        raise _Unfit(f"expected a number, for example 0.5, not {_excerpt(value)}") from None
    if not math.isfinite(number):
        raise _Unfit(f"expected a finite number, not {_excerpt(value)}")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        return _BOOLEANS[value.strip().lower()]
    raise _Unfit(f"expected true or false, not {_excerpt(value)}")


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            # The shape is asked for first: from 3.11 on fromisoformat also takes 20240501 and 2024-W18.
            if re.match(r"\d{4}-\d{2}-\d{2}\Z", value.strip(), re.ASCII):
                return date.fromisoformat(value.strip())
        except ValueError as error:
            raise _Unfit(f"{_excerpt(value)} is no date: {error}") from None
    raise _Unfit(f"expected a date as YYYY-MM-DD, not {_excerpt(value)}")


def _datetime(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, str):
        text = value.strip()
        shape = re.match(
            r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?)?\Z",
            text,
            re.ASCII,
        )
        if shape:
            day, clock, fraction, zone = shape.groups()
            # Python 3.10 reads only what isoformat() writes: no Z, no +0200, three or six digits of a second.
            fraction = f".{(fraction or '.0')[1:7]:0<6}"
            zone = "+00:00" if zone == "Z" else zone or ""
            zone = zone if ":" in zone or not zone else f"{zone[:3]}:{zone[3:]}"
            clock = clock or "00:00:00"
            try:
                return datetime.fromisoformat(
                    f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}{fraction}{zone}"
                )
            except ValueError as error:
                raise _Unfit(f"{_excerpt(value)} is no time: {error}") from None
    raise _Unfit(f"expected a time as 2024-05-01T06:00:00 (with Z or +02:00 for a zone), not {_excerpt(value)}")


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith("["):
            return [item.strip() for item in text.split(",")] if text else []
        import json

        try:
            value = json.loads(text)
        except ValueError as error:
            raise _Unfit(f"expected a list as a,b,c or as JSON, not {_excerpt(text)} ({error})") from None
    if isinstance(value, (list, tuple)):
        return list(value)
    raise _Unfit(f"expected a list, not {_kind(value)}")


_FITTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "list": _list,
}


def _unknown(name: str, definitions: Mapping[str, ParameterDefinition], app: str) -> Problem:
    from difflib import get_close_matches

    owner = f"app {app!r}" if app else "the app"
    near = get_close_matches(name, definitions, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif definitions:
        hint = "it has " + ", ".join(definitions)
    else:
        hint = "it has none: declare it under 'parameters' in app.yaml"
    return Problem(CODE, f"{owner} has no parameter {name!r}", suggestion=hint)


def _missing(name: str, definition: ParameterDefinition, app: str) -> Problem:
    owner = f"app {app!r}" if app else "the app"
    examples = {
        "string": "TEXT", "integer": "42", "number": "0.5", "boolean": "true", "date": "2024-05-01",
        "datetime": "2024-05-01T06:00:00", "list": "a,b",
    }  # fmt: skip
    example = str(definition.choices[0]) if definition.choices else examples[definition.type]
    return Problem(
        CODE,
        f"{owner} needs the parameter {name!r} ({definition.type})",
        suggestion=f"--param {name}={example}",
    )


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "a list", dict: "a map"}
    return names.get(type(value), f"{type(value).__name__}")


def _excerpt(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
