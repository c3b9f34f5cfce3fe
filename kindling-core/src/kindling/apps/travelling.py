"""What travels between an app's process and the one that started it, as plain data: parameters, results, errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kindling import errors
from kindling.errors import KindlingError, Location, Problem, ProblemsError, describe


class Described:
    """The result of an app that ran in another process, where JSON cannot carry it: its ``repr``.

    Args:
        text: The ``repr``.

    Example:
        >>> Described("<object>")
        <object>
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class AppTraceback(Exception):
    """Stands for an exception in another process, with its traceback as text.

    Args:
        text: The traceback.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n\n{self.text.rstrip()}"


def pack_parameter(value: Any) -> list[Any]:
    """Return a parameter's value as plain data that keeps its type.

    Args:
        value: Of one of the types that a parameter may have.

    Example:
        >>> unpack_parameter(pack_parameter([1, date(2024, 5, 1)]))
        [1, datetime.date(2024, 5, 1)]
    """
    if isinstance(value, datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, (list, tuple)):
        return ["list", [pack_parameter(item) for item in value]]
    return ["plain", value]


def unpack_parameter(packed: list[Any]) -> Any:
    """Return what :func:`pack_parameter` was given."""
    kind, value = packed
    if kind == "datetime":
        return datetime.fromisoformat(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "list":
        return [unpack_parameter(item) for item in value]
    return value


def pack_result(value: Any) -> dict[str, Any]:
    """Return an app's result as plain data: itself where JSON can carry it, dates as text, else its ``repr``."""
    from kindling.runs.record import result_for_record

    try:
        json.dumps(value, allow_nan=False)
        return {"value": value}
    except (TypeError, ValueError, RecursionError):
        plain = result_for_record(value)
    if isinstance(plain, Mapping) and set(plain) == {"repr"}:
        return {"repr": plain["repr"]}
    return {"value": plain}


def unpack_result(packed: Mapping[str, Any]) -> Any:
    """Return what travelled, or a :class:`Described`."""
    return packed["value"] if "value" in packed else Described(str(packed["repr"]))


def pack_error(error: BaseException) -> dict[str, Any]:
    """Return an error as plain data, secrets masked, with the traceback of its cause as text."""
    import traceback

    from kindling.redaction import redact

    packed = describe(error)
    cause = error.__cause__ if isinstance(error, KindlingError) else error
    if cause is not None:
        lines = traceback.format_exception(type(cause), cause, cause.__traceback__)
        packed["traceback"] = redact("".join(lines))
    return packed


def unpack_error(packed: Mapping[str, Any]) -> KindlingError:
    """Return an error of the kind that was packed; its cause is the traceback as text.

    Args:
        packed: What :func:`pack_error` returned in the other process.
    """
    known = getattr(errors, str(packed.get("type")), None)
    kind: type[KindlingError] = KindlingError if "code" in packed else errors.AppRuntimeError
    if isinstance(known, type) and issubclass(known, KindlingError):
        kind = known
    keywords: dict[str, Any] = {"context": packed.get("context") or {}, "suggestions": packed.get("suggestions") or ()}
    if "code" in packed:
        keywords["code"] = packed["code"]
        keywords["category"] = errors.Category(packed["category"])
    if place := packed.get("location"):
        keywords["location"] = Location(place["file"], place["line"], place["column"], place["path"])
    message = str(packed.get("message", ""))
    error: KindlingError
    if issubclass(kind, ProblemsError):
        problems = [_problem(one) for one in packed.get("problems", ())]
        make: type[ProblemsError] = kind
        error = make(problems, message, **keywords)
    else:
        error = kind(message, **keywords)
    if text := packed.get("traceback"):
        error.__cause__ = AppTraceback(text)
    return error


def _problem(packed: Mapping[str, Any]) -> Problem:
    place = None
    if "file" in packed:
        place = Location(packed["file"], packed.get("line"), packed.get("column"), packed.get("path") or "")
    return Problem(
        packed["code"],
        packed["message"],
        place,
        expected=packed.get("expected", ""),
        suggestion=packed.get("suggestion", ""),
        detail=packed.get("detail", ""),
        is_warning=packed.get("severity") == "warning",
    )
