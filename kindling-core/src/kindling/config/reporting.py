"""Noting what is wrong with a configuration, in words that help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kindling.config.converting import FAILED
from kindling.config.nodes import Map, Node, Place, Scalar, join, location
from kindling.config.shapes import FieldShape, ScalarShape
from kindling.config.wording import describe, expectation, hint, inside, one_of, short
from kindling.errors import Problem
from kindling.redaction import is_sensitive, register


class Reporter:
    """Gathers problems. What is hidden is never echoed, whatever is wrong with it.

    Args:
        problems: The list that problems are appended to.
    """

    def __init__(self, problems: list[Problem] | None = None) -> None:
        self.problems: list[Problem] = problems if problems is not None else []

    def report(
        self, code: str, place: Place, path: str, message: str, expected: str = "", suggestion: str = ""
    ) -> None:
        """Note a problem; one that is in no file names its source in the message."""
        where = location(place, path)
        if where is None:
            message = f"{message} (from {place[0]})"
        self.problems.append(Problem(code, message, where, expected, suggestion))

    def unfit(
        self, node: Node, path: str, expected: str, field: FieldShape | None = None, shape: ScalarShape | None = None
    ) -> Any:
        """Note that a value is not what its field takes."""
        is_hidden = field is not None and field.is_hidden
        suggestion = ""
        if type(node) is Scalar:
            is_hidden = is_hidden or node.is_hidden
            if shape is not None and not is_hidden:
                suggestion = hint(node, shape, field)
        found = describe(node, is_hidden)
        via = f" (from {node.via})" if type(node) is Scalar and node.via else ""
        self.report(
            "KDL-CFG-005",
            (node.source, node.line, node.column),
            path,
            f"{path or 'the file'} is {found}{via}",
            expected,
            suggestion,
        )
        return FAILED

    def ambiguous(
        self, node: Scalar, shape: ScalarShape | None, path: str, instead: tuple[str, ...], field: FieldShape | None
    ) -> Any:
        """Note a plain value that YAML 1.1 and YAML 1.2 read differently."""
        is_hidden = node.is_hidden or (field is not None and field.is_hidden) or is_sensitive(path.rpartition(".")[2])
        if is_hidden:
            register(node.text)
            instead = ("the value in quotes",)
        elif shape is not None and shape.kind in ("text", "secret", "path", "choice", "date", "datetime"):
            instead = instead[-1:]
        elif shape is not None and shape.kind in ("bool", "int", "float"):
            instead = instead[:1]
        elif shape is not None and ":" in node.text:
            instead = ("a number with its unit, such as 90s or 1m30s",)
        shown = "a value" if is_hidden else repr(node.text)
        self.report(
            "KDL-CFG-008",
            (node.source, node.line, node.column),
            path,
            f"{path} is {shown} without quotes, which programs read differently",
            " or ".join(instead),
            "YAML 1.1 and YAML 1.2 disagree on yes, no, on, off, 1:30, 007 and 1_000",
        )
        return FAILED

    def unknown_keys(self, node: Map, unknown: Iterable[str], known: list[str], path: str) -> set[str]:
        """Note keys that a map does not have; return the keys that were meant by them."""
        from kindling.config.suggesting import nearest

        claimed: set[str] = set()
        for key in unknown:
            # A key that is missing is the likelier one; `environment` is always there, put in by the loading.
            meant = nearest(key, [name for name in known if name not in node.items]) or nearest(key, known)
            if meant is not None:
                claimed.add(meant)
                suggestion = f"did you mean {meant!r}?"
            else:
                suggestion = f"known here: {', '.join(sorted(known)) or 'nothing'}"
            self.report("KDL-CFG-004", node.place(key), join(path, key), f"unknown key {short(key)}{inside(path)}", "",
                        suggestion)  # fmt: skip
        return claimed

    def missing(self, node: Map, field: FieldShape, path: str) -> None:
        """Note a key that is not there and has no default."""
        removed = node.items.get(field.key)
        place = node.place(field.key) if removed is not None else (node.source, node.line, node.column)
        message = f"missing key {field.key!r}{inside(path)}"
        if removed is not None:
            message += ", which null removes"
        example = field.setting.example
        self.report(
            "KDL-CFG-006",
            place,
            join(path, field.key),
            message,
            expectation(field.shape),
            f"for example {field.key}: {example}" if example is not None else "",
        )

    def unknown_type(self, scalar: Scalar, path: str, known: Iterable[str]) -> None:
        """Note a ``type`` that chooses nothing."""
        from kindling.config.suggesting import did_you_mean

        names = list(known)
        self.report(
            "KDL-CFG-017",
            (scalar.source, scalar.line, scalar.column),
            path,
            f"{path} is {describe(scalar)}",
            one_of(names),
            did_you_mean(scalar.text, names),
        )


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems without repetitions, those of one file by line and column; files in the order they came."""
    files: dict[str, int] = {}
    unique = dict.fromkeys(problems)
    for problem in unique:
        if problem.location is not None:
            files.setdefault(problem.location.file, len(files))

    def key(problem: Problem) -> tuple[int, int, int]:
        where = problem.location
        return (len(files), 0, 0) if where is None else (files[where.file], where.line or 0, where.column or 0)

    return tuple(sorted(unique, key=key))
