"""Everything about an app that can be checked without running it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kindling.apps.app_yaml import Reading, overlays, read_definition
from kindling.apps.definition import FILE_NAME
from kindling.apps.entry_point import BAD_ENTRY_POINT, check_entry_point
from kindling.apps.environment import Environment
from kindling.apps.loader import missing_definition, shown_path
from kindling.apps.platforms import check_platforms
from kindling.apps.requirements import contradictions, read_requirements
from kindling.apps.style import style_fault
from kindling.apps.syntax import check_syntax
from kindling.apps.traps import app_files, check_hidden_modules, check_names, check_overlooked
from kindling.errors import AppConfigError, Location, Problem

NEITHER_STYLE = "KDL-APP-018"


@dataclass(frozen=True)
class ValidationResult:
    """What a check of an app found.

    Args:
        errors: What keeps the app from running.
        warnings: What will bite later, or elsewhere.

    Example:
        >>> ValidationResult().is_valid
        True
    """

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Errors and warnings together, by file, line and column."""
        return tuple(sorted((*self.errors, *self.warnings), key=_place))

    def raise_for_errors(self) -> None:
        """Raise what was found, if it keeps the app from running.

        Raises:
            AppConfigError: with every error and its place.
        """
        if self.errors:
            raise AppConfigError(self.errors)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data, secrets masked."""
        return {
            "is_valid": self.is_valid,
            "errors": [problem.to_dict() for problem in self.errors],
            "warnings": [problem.to_dict() for problem in self.warnings],
        }

    def __bool__(self) -> bool:
        return self.is_valid

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems)) or "no problems found"


class AppValidator:
    """Checks apps, and reports everything it finds at once.

    Args:
        environment: The environment whose overlay is looked at first; the other overlays are checked as well.
        platform: The platform on which the app is to run; None where that is open.
        project: Paths in messages are relative to this folder; without it, to the working directory.
        known_platforms: Platforms of installed plugins, besides Kindling's own.
        check_environment: Whether what the app requires is compared with what is installed here.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "app.yaml").write_text("name: hello\\nentry_point: main.py\\n")
        >>> _ = (folder / "main.py").write_text("result = (1,\\n")
        >>> [problem.code for problem in AppValidator(project=folder).validate(folder).errors]
        ['KDL-APP-011']
    """

    def __init__(
        self,
        *,
        environment: str = "dev",
        platform: str | None = None,
        project: Path | str | None = None,
        known_platforms: Collection[str] = (),
        check_environment: bool = True,
    ) -> None:
        self.environment = environment
        self.platform = platform
        self.project = Path(project).absolute() if project is not None else Path.cwd()
        self.known_platforms = known_platforms
        self.check_environment = check_environment
        self._installed = Environment()

    def validate(self, folder: str | os.PathLike[str]) -> ValidationResult:
        """Check one app.

        Args:
            folder: The app's folder.

        Returns:
            Errors and warnings, each sorted by file, line and column.
        """
        place = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links out of the project
        found = sorted(set(self._problems(place)), key=_place)
        return ValidationResult(
            tuple(problem for problem in found if not problem.is_warning),
            tuple(problem for problem in found if problem.is_warning),
        )

    def _problems(self, folder: Path) -> Iterator[Problem]:
        shown = shown_path(folder, self.project)
        shown = "" if shown == "." else shown
        if not folder.is_dir():
            yield Problem("KDL-APP-005", "there is no such folder", Location(shown))
            return
        if (folder / FILE_NAME).is_file():
            yield from self._check_definition(folder, shown)
        else:
            yield missing_definition(_join(shown, FILE_NAME))
        files = list(app_files(folder))
        yield from check_names(folder, files, shown)
        yield from check_hidden_modules(folder, shown)
        yield from check_overlooked(folder, shown)
        for path in files:
            if path.suffix == ".py":
                yield from _check_python(path, _join(shown, path.relative_to(folder).as_posix()))
        requirements = read_requirements(folder, shown)
        yield from requirements.problems
        impossible = list(contradictions(requirements.lines))
        yield from impossible
        if self.check_environment:
            # What no version can satisfy is not met here either: once is enough.
            told = {problem.location for problem in impossible}
            yield from (found for found in self._installed.check(requirements.lines) if found.location not in told)

    def _check_definition(self, folder: Path, shown: str) -> Iterator[Problem]:
        file = _join(shown, FILE_NAME)
        for environment in dict.fromkeys((self.environment, *overlays(folder))):
            reading = read_definition(folder, environment, shown=file)
            yield from reading.problems
            yield from self._check_reading(folder, shown, reading)

    def _check_reading(self, folder: Path, shown: str, reading: Reading) -> Iterator[Problem]:
        if reading.entry_point is not None:
            location = reading.location("entry_point")
            problem = check_entry_point(folder, reading.entry_point, location)
            if problem is not None:
                yield problem
            else:
                yield from self._check_style(folder, shown, reading.entry_point)
        if reading.definition is None:
            return
        yield from check_platforms(
            reading.definition, reading.location("platforms"), platform=self.platform, known=self.known_platforms
        )
        if reading.definition.name != folder.name:
            yield Problem(
                "KDL-APP-025",
                f"the app is called {reading.definition.name!r} and its folder {folder.name!r}",
                reading.location("name"),
                suggestion="give both one name: commands take the folder's, records keep the app's",
                is_warning=True,
            )

    def _check_style(self, folder: Path, shown: str, entry_point: str) -> Iterator[Problem]:
        try:
            fault = style_fault(folder.joinpath(entry_point).read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
            return  # reported with its place where the file is compiled
        if fault is not None:
            yield Problem(
                NEITHER_STYLE,
                f"neither style of entry point: {fault.message}",
                Location(_join(shown, entry_point), fault.line, fault.column),
                suggestion="define main(context), or set result at the top level",
            )


def _check_python(path: Path, shown: str) -> list[Problem]:
    try:
        source = path.read_bytes()
    except OSError as error:
        return [Problem(BAD_ENTRY_POINT, f"the file cannot be read: {error.strerror}", Location(shown))]
    return check_syntax(source, shown)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    location = problem.location
    if location is None:
        return ("", 0, 0, problem.code, problem.message)
    return (location.file, location.line or 0, location.column or 0, problem.code, problem.message)
