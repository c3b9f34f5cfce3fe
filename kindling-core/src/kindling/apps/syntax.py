"""Python's own word on an app's Python files, without running or writing anything."""

from __future__ import annotations

import warnings
from typing import Final

from kindling.errors import Location, Problem

#: A file that Python cannot compile, and one that it compiles with a warning.
SYNTAX_ERROR: Final = "KDL-APP-011"
SYNTAX_WARNING: Final = "KDL-APP-024"

#: Characters of a source line that are shown; of a longer one, those around the place.
_WIDEST = 160


def check_syntax(source: bytes, shown: str) -> list[Problem]:
    """Compile a file and return what Python says about it.

    The file is compiled, not only parsed: a ``return`` outside of a function is found by the compiler alone.
    The bytes are compiled, not a text: so Python reads the encoding cookie, and judges the encoding.

    Args:
        source: The file's content.
        shown: How messages call the file.

    Returns:
        At most one error (Python stops at the first), and warnings as for an invalid escape sequence.

    Example:
        >>> [str(problem) for problem in check_syntax(b"print(1\\n", "main.py")]
        ["main.py:1:6  KDL-APP-011  SyntaxError: '(' was never closed"]
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(source, shown, "exec", dont_inherit=True)
        except SyntaxError as error:
            return [syntax_problem(error, source, shown)]
        except (ValueError, OverflowError, RecursionError, MemoryError) as error:
            # NUL bytes are a ValueError before Python 3.12; deep nesting is one of the others, by version.
            reason = str(error) or "the code is nested too deeply"
            return [Problem(SYNTAX_ERROR, f"{type(error).__name__}: {reason}", Location(shown))]
    lines = _lines(source)
    return [
        Problem(
            SYNTAX_WARNING,
            f"{warning.category.__name__}: {warning.message}",
            Location(shown, warning.lineno),
            detail=_line(lines, warning.lineno).strip(),
            is_warning=True,
        )
        for warning in caught
        if issubclass(warning.category, (SyntaxWarning, DeprecationWarning))
    ]


def syntax_problem(error: SyntaxError, source: bytes, shown: str) -> Problem:
    """Return a syntax error with its line, its column, and a caret under the place.

    Args:
        error: As Python raised it.
        source: The file's content.
        shown: How messages call the file.
    """
    message = f"{type(error).__name__}: {error.msg}"
    line, column = error.lineno or None, error.offset or None
    if line is None:
        return Problem(SYNTAX_ERROR, message, Location(shown))
    text = _line(_lines(source), line) or (error.text or "").rstrip("\r\n")
    if column is not None:
        column = max(1, min(column, len(text) + 1))
    return Problem(SYNTAX_ERROR, message, Location(shown, line, column), detail=_with_caret(text, error, column))


def _with_caret(text: str, error: SyntaxError, column: int | None) -> str:
    bare = text.lstrip()
    if not bare or column is None:
        return bare
    start = max(0, column - 1 - (len(text) - len(bare)))
    end_column = error.end_offset if error.end_lineno == error.lineno else None
    width = max(1, (end_column or column + 1) - column)
    width = min(width, max(1, len(bare) - start))
    if len(bare) > _WIDEST:
        cut = max(0, min(start - _WIDEST // 2, len(bare) - _WIDEST))
        bare, start = bare[cut : cut + _WIDEST], start - cut
        width = min(width, max(1, len(bare) - start))
    # Tabs stay tabs in the line below, so that the caret stands right whatever a terminal makes of them.
    margin = "".join("\t" if letter == "\t" else " " for letter in bare[:start])
    return f"{bare}\n{margin}{'^' * width}"


def _lines(source: bytes) -> list[str]:
    import io
    import tokenize

    try:
        encoding = tokenize.detect_encoding(io.BytesIO(source).readline)[0]
        text = source.decode(encoding, errors="replace")
    except (SyntaxError, LookupError):
        text = source.decode("utf-8", errors="replace")
    # Python counts \r, \n and \r\n as line ends, and none of the others that splitlines() knows.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1].rstrip() if 0 < number <= len(lines) else ""
