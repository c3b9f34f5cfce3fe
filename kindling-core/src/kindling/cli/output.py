"""Everything the command line prints, in one place: results on stdout, notes and errors on stderr, secrets masked.

Text is for people, ``-o json`` gives the same as data. rich is imported only where a person looks at a terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

import click

from kindling.errors import Category, KindlingError, Problem, ProblemsError, UsageError, count, describe
from kindling.redaction import redact, redact_value

#: Where the errors' page is published; its anchors are the codes.
ERRORS_PAGE = "https://kindling.example/reference/errors.html"

UNKNOWN_COMMAND = "KDL-CLI-002"
UNKNOWN_OPTION = "KDL-CLI-003"
BAD_VALUE = "KDL-CLI-004"
MISSING_VALUE = "KDL-CLI-005"
UNEXPECTED = "KDL-INT-001"
REFUSED_BY_SYSTEM = "KDL-INT-002"


class Output:
    """Where a command prints.

    Args:
        form: ``text`` or ``json``.
        debug: Whether errors show their traceback.
        stdout: For results. Without it, this process's.
        stderr: For notes, progress and errors. Without it, this process's.

    Example:
        >>> out = Output("json")
        >>> out.result({"rows": 3}, "3 rows")
        {
          "rows": 3
        }
    """

    def __init__(
        self, form: str = "text", *, debug: bool = False, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        self.form = form
        self.debug = debug
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr

    @property
    def is_json(self) -> bool:
        """Whether results are printed as JSON."""
        return self.form == "json"

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at the result: text, on a terminal."""
        return not self.is_json and self.stdout.isatty()

    def result(self, data: Any, text: str | Callable[[], str] | None = None) -> None:
        """Print a command's result.

        Args:
            data: The result as plain data, for ``-o json``.
            text: The same for people, or how to make it. Without it, the data as JSON.
        """
        if self.is_json or text is None:
            self._write(self.stdout, self.to_json(data))
        else:
            self._write(self.stdout, redact(text() if callable(text) else text))

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        data: Any = None,
        empty: str = "nothing to show",
    ) -> None:
        """Print rows under headings; as JSON a list of objects.

        Args:
            columns: Headings; in JSON the keys.
            rows: One value for each column; None is printed as nothing.
            data: What ``-o json`` prints instead of the rows.
            empty: What is said on stderr where there are no rows.
        """
        collected = [tuple(row) for row in rows]
        if self.is_json:
            self.result([dict(zip(columns, row, strict=True)) for row in collected] if data is None else data)
            return
        if not collected:
            self.note(empty)
            return
        cells = [["" if cell is None else redact(str(cell)) for cell in row] for row in collected]
        if self.is_terminal:
            self._rich_table(columns, cells)
        else:
            self._write(self.stdout, _plain_table(columns, cells))

    def note(self, message: str) -> None:
        """Say something that is not the result: on stderr, also with ``-o json``."""
        self._write(self.stderr, redact(message))

    def warn(self, message: str) -> None:
        """Say on stderr that something deserves a look."""
        self._write(self.stderr, self.style(self.stderr, "warning: ", fg="yellow") + redact(message))

    def problems(self, problems: Iterable[Problem]) -> int:
        """Print the problems that a check found, as its result.

        Returns:
            The exit code: 1 where one of them is an error.
        """
        found = tuple(problems)
        errors = sum(not problem.is_warning for problem in found)
        data = {
            "problems": [problem.to_dict() for problem in found],
            "errors": errors,
            "warnings": len(found) - errors,
        }
        self.result(data, lambda: self._problem_lines(found, self.stdout) or "no problems found")
        return 1 if errors else 0

    def error(self, error: BaseException) -> int:
        """Print an error on stderr: what happened, where, how to recover, the code.

        Args:
            error: Any exception. One that is not Kindling's becomes KDL-INT-001.

        Returns:
            The exit code of a command that ended so.
        """
        known = _known(error)
        if self.is_json:
            data = known.to_dict()
            if self.debug:
                data["traceback"] = _traceback(error)
            self._write(self.stderr, self.to_json({"error": data}))
            return known.exit_code
        if self.debug:
            self._write(self.stderr, redact(_traceback(error)))
        self._write(self.stderr, self._error_text(known))
        return known.exit_code

    @staticmethod
    def to_json(data: Any) -> str:
        """Return plain data as JSON for people and programs, secrets masked."""
        import json

        return json.dumps(redact_value(data), indent=2, ensure_ascii=False)

    @staticmethod
    def style(stream: TextIO, text: str, **attributes: Any) -> str:
        """Return ``text`` in colours where ``stream`` is a terminal and ``NO_COLOR`` is not set."""
        if stream.isatty() and not os.environ.get("NO_COLOR"):
            return click.style(text, **attributes)
        return text

    def _write(self, stream: TextIO, text: str) -> None:
        if not text:
            return
        if stream is self.stderr:
            # What was printed before must stand before: stdout is buffered, stderr is not.
            self.stdout.flush()
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()

    def _error_text(self, error: KindlingError) -> str:
        if isinstance(error, ProblemsError):
            lines = [self._problem_lines(error.problems, self.stderr)]
            lines += [f"  → {suggestion}" for suggestion in error.suggestions]
            return "\n".join(lines)
        lines = [self.style(self.stderr, "error: ", fg="red", bold=True) + error.message]
        if error.location is not None:
            place = f" ({error.location.path})" if error.location.path else ""
            lines.append(f"  at {error.location}{place}")
        cause = error.__cause__
        if cause is not None and not isinstance(cause, KindlingError) and str(cause) not in error.message:
            lines.append(redact(f"  because of {type(cause).__name__}: {cause}"))
        elif isinstance(cause, KindlingError) and cause.message not in error.message:
            lines.append(f"  because of {cause.code}: {cause.message}")
        lines += [f"  → {suggestion}" for suggestion in error.suggestions]
        lines.append(self.style(self.stderr, f"  {error.code}", dim=True) + f"  (kindling explain {error.code})")
        return "\n".join(lines)

    def _problem_lines(self, problems: Sequence[Problem], stream: TextIO) -> str:
        lines = []
        for problem in problems:
            text = str(problem)
            if problem.is_warning:
                text = self.style(stream, "warning: ", fg="yellow") + text
            elif problem.code in text:
                text = text.replace(problem.code, self.style(stream, problem.code, fg="red", bold=True), 1)
            lines.append(text)
            if problem.detail:
                lines += ["    " + line for line in redact(problem.detail).splitlines()]
        if problems:
            lines.append(_summary(problems))
        return "\n".join(lines)

    def _rich_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in columns:
            table.add_column(Text(column), overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console(file=self.stdout).print(table)


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(columns), *([cell.replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _summary(problems: Sequence[Problem]) -> str:
    errors = [problem for problem in problems if not problem.is_warning]
    warnings = len(problems) - len(errors)
    parts = [count(len(errors), "error", "errors")] if errors else []
    parts += [count(warnings, "warning", "warnings")] if warnings else []
    code = (errors or list(problems))[0].code
    return f"{', '.join(parts)}. {ERRORS_PAGE}#{code}  (offline: kindling explain {code})"


def _known(error: BaseException) -> KindlingError:
    """Return the error as one of Kindling's, which has a code and says how to recover."""
    if isinstance(error, KindlingError):
        return error
    if isinstance(error, click.exceptions.Abort):
        return KindlingError("interrupted", code="KDL-CLI-006", category=Category.CANCELLED)
    if isinstance(error, click.ClickException):
        return _misuse(error)
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        known = KindlingError(
            f"the operating system refused: {what}",
            code=REFUSED_BY_SYSTEM,
            category=Category.EXECUTION,
            context={"errno": error.errno},
        )
    else:
        known = KindlingError(
            f"unexpected {type(error).__name__}: {error}",
            code=UNEXPECTED,
            suggestions=["run it again with --debug for the traceback, and report it with that"],
            context=describe(error),
        )
    known.__cause__ = error
    return known


def _misuse(error: click.ClickException) -> KindlingError:
    context: click.Context | None = getattr(error, "ctx", None)
    suggestions: list[str] = []
    code, message = "KDL-CLI-001", error.message.rstrip(".")
    known: Mapping[str, Any] = vars(error)
    if "known" in known:
        code = UNKNOWN_COMMAND
        suggestions += _did_you_mean(known["name"], known["known"])
    elif isinstance(error, click.NoSuchOption):
        code = UNKNOWN_OPTION
        message = f"there is no option {error.option_name!r}"
        names = [] if context is None else [name for option in context.command.params for name in option.opts]
        suggestions += _did_you_mean(error.option_name, [name for name in names if name.startswith("--")])
    elif isinstance(error, click.MissingParameter):
        code, message = MISSING_VALUE, error.format_message().rstrip(".")
    elif isinstance(error, click.BadParameter):
        code, message = BAD_VALUE, error.format_message().rstrip(".")
    if context is not None:
        suggestions.append(f"how it is used: {context.command_path} --help")
    return UsageError(message, code=code, suggestions=suggestions)


def _did_you_mean(typed: str, known: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    names = sorted(known)
    matches = get_close_matches(typed, names, n=1, cutoff=0.8) or get_close_matches(typed, names, n=3, cutoff=0.5)
    return [f"did you mean {' or '.join(repr(match) for match in matches)}?"] if matches else []


def _traceback(error: BaseException) -> str:
    import traceback

    return redact("".join(traceback.format_exception(type(error), error, error.__traceback__)))
