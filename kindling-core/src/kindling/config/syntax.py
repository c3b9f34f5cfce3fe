"""Errors of YAML's syntax in words that help. Imported only where there is such an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from kindling.config.nodes import Source
from kindling.errors import Location, Problem

_PROBLEMS = {
    "mapping values are not allowed in this context": (
        "a ':' stands where no key can be",
        "one 'key: value' in a line",
        "put a value that holds ': ' in quotes, and look at the indentation",
    ),
    "mapping values are not allowed here": (
        "a ':' stands where no key can be",
        "one 'key: value' in a line",
        "put a value that holds ': ' in quotes, and look at the indentation",
    ),
    "could not find expected ':'": (
        "this line, or the one before it, is no 'key: value'",
        "a ':' and a space after the key",
        "",
    ),
    "did not find expected key": ("a key was expected here", "", "look at the indentation of this line"),
    "did not find expected '-' indicator": (
        "the list goes on with something that is no '- item'",
        "",
        "look at the indentation of this line",
    ),
    "found unexpected end of stream": ("the file ends inside a quoted value", "a closing quote", ""),
    "did not find expected node content": ("a value was expected here", "", ""),
    "did not find expected ',' or ']'": ("the list in [ ] is not closed", "',' or ']'", ""),
    "did not find expected ',' or '}'": ("the map in { } is not closed", "',' or '}'", ""),
    "found unknown escape character": (
        "an escape in double quotes is not known",
        "",
        "write it in single quotes, where \\ stands for itself",
    ),
}


def explain_syntax(error: Exception, text: str, source: Source) -> Iterator[Problem]:
    """Yield the problems behind an error of the parser.

    Args:
        error: What the parser raised.
        text: The text it read.
        source: Where the text is from.
    """
    if not isinstance(error, yaml.MarkedYAMLError):
        yield _unreadable(text, source)
        return
    mark: Any = error.problem_mark or error.context_mark
    tabs = list(_tabs(text, source))
    if tabs and _is_near(tabs, mark):
        yield from tabs
        return
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    found = text.split("\n")[line - 1][column - 1 : column] if line <= text.count("\n") + 1 else ""
    message, expected, suggestion = _words(str(error.problem or error.context or error), found)
    if not suggestion and error.context and error.context_mark is not None and error.context_mark.line + 1 != line:
        began: Any = error.context_mark
        suggestion = f"what is not closed begins at {source.at(began.line + 1, began.column + 1)}"
    if _has_bare_interpolation(text, line):
        suggestion = 'put ${…} in quotes inside { } and [ ]: "${NAME}"'
    yield Problem("KDL-CFG-002", message, Location(source.name, line, column), expected, suggestion)


def _words(problem: str, found: str) -> tuple[str, str, str]:
    known = _PROBLEMS.get(problem)
    if known is not None:
        return known
    if problem.startswith(("found character", "found a tab")) and found.strip():
        return f"{found!r} cannot begin a value", "", "put the value in quotes"
    if problem.startswith("expected <block end>"):
        return _PROBLEMS["did not find expected key"]
    if problem.startswith("expected ',' or '}'"):
        return _PROBLEMS["did not find expected ',' or '}'"]
    if problem.startswith("expected ',' or ']'"):
        return _PROBLEMS["did not find expected ',' or ']'"]
    return f"this is not YAML: {problem}", "", ""


def _has_bare_interpolation(text: str, line: int) -> bool:
    lines = text.split("\n")
    written = lines[line - 1] if line <= len(lines) else ""
    before, found, _ = written.partition("${")
    return bool(found) and ("{" in before or "[" in before) and not before.rstrip().endswith(("'", '"'))


def _tabs(text: str, source: Source) -> Iterator[Problem]:
    for number, line in enumerate(text.split("\n"), start=1):
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indentation and line.strip():
            yield Problem(
                "KDL-CFG-009",
                "the line is indented with a tab",
                Location(source.name, number, indentation.index("\t") + 1),
                "spaces",
                "YAML allows no tabs there; let your editor insert spaces",
            )


def _is_near(tabs: list[Problem], mark: Any) -> bool:
    """Whether the parser can have stumbled over a tab: it names the tab's line, or the one that it began in."""
    if mark is None:
        return True
    lines = {problem.location.line for problem in tabs if problem.location and problem.location.line}
    return any(abs(line - (mark.line + 1)) <= 1 for line in lines)


def _unreadable(text: str, source: Source) -> Problem:
    """Name the character that YAML does not allow."""
    for index, letter in enumerate(text):
        code = ord(letter)
        if letter in "\t\n\r\x85" or 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF or code > 0xFFFF:
            continue
        if 0xE000 <= code <= 0xFFFD and code != 0xFEFF:
            continue
        before = text[:index]
        column = index - (before.rfind("\n") + 1) + 1
        return Problem(
            "KDL-CFG-013",
            f"the character U+{code:04X} is not allowed in YAML",
            Location(source.name, before.count("\n") + 1, column),
            "text without control characters",
            'write it as an escape in double quotes, for example "\\x07"',
        )
    return Problem("KDL-CFG-002", "this is not YAML", Location(source.name))
