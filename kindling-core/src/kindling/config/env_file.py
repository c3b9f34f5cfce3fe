"""Files of environment variables (``.env``). Read only where one is named."""

from __future__ import annotations

from kindling.errors import Location, Problem

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "'": "'", "`": "`"}


def parse_env_file(text: str, file: str, problems: list[Problem]) -> dict[str, str]:
    r"""Return the variables of a file.

    Lines are ``NAME=value``, with ``export`` before it or not; ``#`` begins a comment, in a line of its own or after
    a blank. In single quotes everything stands for itself; in double quotes ``\n``, ``\"`` and ``\\`` are escapes. Both
    may go over several lines. Nothing is expanded.

    Args:
        text: The text of the file.
        file: Its name, for problems.
        problems: What is wrong is appended here.

    Example:
        >>> parse_env_file('A=1  # one\nexport B="two words"', ".env", [])
        {'A': '1', 'B': 'two words'}
    """
    found: dict[str, str] = {}
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(lines):
        line = lines[number].lstrip()  # and not at its end, which may be inside of quotes
        number += 1
        if not line or line.startswith("#"):
            continue
        name, equals, rest = line.partition("=")
        name = name.strip()
        if name.startswith(("export ", "export\t")):
            name = name[7:].strip()
        if not equals or not _is_name(name):
            problems.append(
                Problem("KDL-CFG-020", "the line sets no variable", Location(file, number, 1), "NAME=value")
            )
            continue
        rest = rest.lstrip()
        if rest[:1] not in ("'", '"'):
            found[name] = _without_comment(rest.rstrip())
            continue
        began = number
        raw = rest[1:]
        while (end := _closing(raw, rest[0])) < 0 and number < len(lines):
            raw += "\n" + lines[number]
            number += 1
        if end < 0:
            problems.append(
                Problem("KDL-CFG-020", f"the value of {name} is not closed", Location(file, began, 1), "a quote")
            )
            number = began
            continue
        value = raw[:end]
        found[name] = _unescaped(value) if rest[0] == '"' else value
    return found


def _is_name(name: str) -> bool:
    return bool(name) and name.isascii() and name.replace(".", "_").replace("-", "_").isidentifier()


def _without_comment(text: str) -> str:
    if text.startswith("#"):
        return ""
    for mark in (" #", "\t#"):
        text = text.partition(mark)[0]
    return text.rstrip()


def _closing(text: str, quote: str) -> int:
    index = 0
    while index < len(text):
        if text[index] == "\\" and quote == '"':
            index += 2
            continue
        if text[index] == quote:
            return index
        index += 1
    return -1


def _unescaped(text: str) -> str:
    pieces = []
    index = 0
    while index < len(text):
        letter = text[index]
        if letter == "\\" and index + 1 < len(text):
            following = text[index + 1]
            pieces.append(_ESCAPES.get(following, letter + following))
            index += 2
            continue
        pieces.append(letter)
        index += 1
    return "".join(pieces)
