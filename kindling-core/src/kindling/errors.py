"""Errors that say what happened, where, and how to recover.

Every error of Kindling's is a :class:`KindlingError` with a stable code (``KDL-AREA-NNN``) whose meaning never
changes. Each code has a section in the documentation, which ``kindling explain CODE`` prints offline; the
texts are in ``kindling/explanations/AREA.md``.

Where a mistake is in a file that somebody wrote, it is a :class:`Problem` with a place, and all problems of one
check are raised together in one :class:`ProblemsError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, ClassVar

from kindling import redaction
from kindling.frozen import dataclass


class Category(str, Enum):
    """What kind of failure it is; decides the exit code, and whether trying again can help."""

    USAGE = "usage"
    CONFIGURATION = "configuration"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    DEPENDENCY = "dependency"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    EXECUTION = "execution"
    INTERNAL = "internal"


class Audience(str, Enum):
    """Who can do something about it."""

    USER = "user"
    APP_AUTHOR = "app_author"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Location:
    """A place in a file.

    Args:
        file: Path as the user would type it, relative to the project where it is inside.
        line: Line, counted from 1; None where the file as a whole is meant.
        column: Column in characters, counted from 1.
        path: Path of the key inside the file, for example ``connections.bronze.account``.
    """

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True)
class Problem:
    """One mistake in something that a person wrote.

    Args:
        code: Stable code, ``KDL-AREA-NNN``.
        message: What is wrong, in one sentence without a full stop.
        location: Where, or None where there is no file (an environment variable, an option).
        expected: What would have been right.
        suggestion: What to do about it, if more can be said than ``expected`` says.
        detail: More lines for the terminal, for example the source line with a caret.
        is_warning: True where the work can go on.
    """

    code: str
    message: str
    location: Location | None = None
    expected: str = ""
    suggestion: str = ""
    detail: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        place = f"{self.location}  " if self.location else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        suggestion = f"; {self.suggestion}" if self.suggestion else ""
        return redaction.redact(f"{place}{self.code}  {self.message}{expected}{suggestion}")

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as plain data, secrets masked."""
        data: dict[str, Any] = {"code": self.code, "message": redaction.redact(self.message)}
        if self.location is not None:
            data.update(
                file=self.location.file,
                line=self.location.line,
                column=self.location.column,
                path=self.location.path,
            )
        for key in ("expected", "suggestion", "detail"):
            if text := getattr(self, key):
                data[key] = redaction.redact(text)
        data["severity"] = "warning" if self.is_warning else "error"
        return data


class KindlingError(Exception):
    """The base of every error that Kindling raises on purpose.

    Args:
        message: What happened, in one or two sentences.
        code: Stable code. Without it, the class's own.
        context: Facts around it, for people and programs; secrets are masked.
        suggestions: What to do about it, best first.
        category: Without it, the class's own.
        audience: Without it, the class's own.
        location: The place in a file, where there is one.

    Example:
        >>> error = KindlingError("disk is full", code="KDL-RUN-001", suggestions=["free some space"])
        >>> error.to_dict()["code"]
        'KDL-RUN-001'
    """

    code: str = "KDL-INT-001"
    category: Category = Category.INTERNAL
    audience: Audience = Audience.USER

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        context: Mapping[str, Any] | None = None,
        suggestions: Iterable[str] = (),
        category: Category | None = None,
        audience: Audience | None = None,
        location: Location | None = None,
    ) -> None:
        super().__init__(message)
        self._message = message
        self._context = dict(context or {})
        self._suggestions = tuple(suggestions)
        self.location = location
        if code is not None:
            self.code = code
        if category is not None:
            self.category = category
        if audience is not None:
            self.audience = audience

    @property
    def message(self) -> str:
        """What happened, secrets masked."""
        return redaction.redact(self._message)

    @property
    def context(self) -> dict[str, Any]:
        """Facts around it as plain data, secrets masked by value and by key."""
        masked = redaction.redact_value(self._context)
        assert isinstance(masked, dict)
        return masked

    @property
    def suggestions(self) -> tuple[str, ...]:
        """What to do about it, best first, secrets masked."""
        return tuple(redaction.redact(text) for text in self._suggestions)

    @property
    def exit_code(self) -> int:
        """The exit code of a process that ends with this error: 1, 2 for misuse, 4 for authentication, 130."""
        return {Category.USAGE: 2, Category.AUTHENTICATION: 4, Category.CANCELLED: 130}.get(self.category, 1)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by their positional arguments only, which would lose code and context on the way
        # home from a child process.
        return (_restore, (type(self), self.message, self.__getstate_for_pickle()))

    def __getstate_for_pickle(self) -> dict[str, Any]:
        state = {key: value for key, value in self.__dict__.items() if not key.startswith("_")}
        return {**state, "_message": self.message, "_context": self.context, "_suggestions": self.suggestions}

    def to_dict(self) -> dict[str, Any]:
        """Return the error and its chain of causes as plain data, secrets masked.

        Returns:
            Keys ``type, code, category, audience, message, context, suggestions``, and ``location`` and
            ``cause`` where there is one.
        """
        data: dict[str, Any] = {
            "type": type(self).__name__,
            "code": self.code,
            "category": self.category.value,
            "audience": self.audience.value,
            "message": self.message,
            "context": self.context,
            "suggestions": list(self.suggestions),
        }
        if self.location is not None:
            data["location"] = {
                "file": self.location.file,
                "line": self.location.line,
                "column": self.location.column,
                "path": self.location.path,
            }
        if self.__cause__ is not None:
            data["cause"] = describe(self.__cause__)
        return data


def _restore(kind: type[KindlingError], message: str, state: dict[str, Any]) -> KindlingError:
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


def describe(error: BaseException) -> dict[str, Any]:
    """Return any exception as plain data, secrets masked; a KindlingError with all that it knows."""
    if isinstance(error, KindlingError):
        return error.to_dict()
    data: dict[str, Any] = {"type": type(error).__name__, "message": redaction.redact(str(error))}
    if error.__cause__ is not None:
        data["cause"] = describe(error.__cause__)
    return data


class ProblemsError(KindlingError):
    """All the mistakes that one check found.

    Args:
        problems: At least one; warnings may be among them.
        message: The headline. Without it, a count.

    Example:
        >>> found = [Problem("KDL-CFG-004", "unknown key 'nmae'"), Problem("KDL-CFG-004", "unknown key 'x'")]
        >>> len(ProblemsError(found).to_dict()["problems"])
        2
    """

    category = Category.CONFIGURATION
    _nouns: ClassVar[tuple[str, str]] = ("error", "errors")

    def __init__(self, problems: Iterable[Problem], message: str | None = None, **keywords: Any) -> None:
        self.problems = tuple(problems)
        errors = [problem for problem in self.problems if not problem.is_warning]
        first = errors[0] if errors else self.problems[0]
        if message is None:
            message = str(first) if len(errors) == 1 else count(len(errors), *self._nouns)
            if len(errors) > 1:
                message += "\n" + "\n".join(str(problem) for problem in errors)
        keywords.setdefault("code", first.code)
        keywords.setdefault("location", first.location)
        super().__init__(message, **keywords)

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain data with all its ``problems``, secrets masked."""
        return {**super().to_dict(), "problems": [problem.to_dict() for problem in self.problems]}


def count(number: int, one: str, many: str) -> str:
    """Return a number with its noun.

    Example:
        >>> count(1, "error", "errors"), count(2, "error", "errors")
        ('1 error', '2 errors')
    """
    return f"{number} {one if number == 1 else many}"


class ConfigError(ProblemsError):
    """A configuration file, an overlay, an environment variable or an option does not hold.

    Example:
        >>> str(ConfigError([Problem("KDL-CFG-004", "unknown key 'nmae'", Location("kindling.yaml", 1, 1))]))
        "kindling.yaml:1:1  KDL-CFG-004  unknown key 'nmae'"
    """

    code = "KDL-CFG-001"


class UsageError(KindlingError):
    """A command or a call was used in a way that cannot work.

    Example:
        >>> UsageError("--pin needs a digest").exit_code
        2
    """

    code = "KDL-CLI-001"
    category = Category.USAGE


class PluginError(KindlingError):
    """A plugin cannot be used: missing, broken, incompatible, disabled, or in a clash.

    Example:
        >>> PluginError("acme is broken", suggestions=["pip install acme-sdk"]).suggestions
        ('pip install acme-sdk',)
    """

    code = "KDL-PLG-001"
    category = Category.DEPENDENCY
    audience = Audience.PLATFORM


class UnsupportedOperation(KindlingError):
    """A platform or a backend does not have what was asked for, and says so.

    Example:
        >>> UnsupportedOperation("acme keeps no logs", context={"operation": "logs"}).category
        <Category.UNSUPPORTED: 'unsupported'>
    """

    code = "KDL-PLG-020"
    category = Category.UNSUPPORTED
    audience = Audience.PLATFORM


class StorageError(KindlingError):
    """A storage refused or failed. The subclasses say why.

    Example:
        >>> issubclass(NotFound, StorageError), NotFound("nothing at a/b.txt").code
        (True, 'KDL-STO-002')
    """

    code = "KDL-STO-001"
    category = Category.UNAVAILABLE
    audience = Audience.PLATFORM


class NotFound(StorageError):
    """There is nothing at that path."""

    code = "KDL-STO-002"
    category = Category.NOT_FOUND
    audience = Audience.USER


class AlreadyExists(StorageError):
    """Something is at that path already, and the write asked for it to be absent."""

    code = "KDL-STO-003"
    category = Category.CONFLICT


class PreconditionFailed(StorageError):
    """What is at that path is not the version that the write or delete asked for."""

    code = "KDL-STO-004"
    category = Category.CONFLICT


class StoragePermissionError(StorageError):
    """The storage knows who asks, and says no."""

    code = "KDL-STO-005"
    category = Category.PERMISSION


class InvalidPath(StorageError):
    """A path that a storage cannot hold, or that would leave its root."""

    code = "KDL-STO-006"
    category = Category.USAGE
    audience = Audience.USER


class RunStoreError(KindlingError):
    """The records of runs cannot be read or written."""

    code = "KDL-RUN-041"
    category = Category.UNAVAILABLE


class RunNotFound(RunStoreError):
    """There is no record of such a run."""

    code = "KDL-RUN-040"
    category = Category.NOT_FOUND


class AuthError(KindlingError):
    """A credential could not be had, or was not accepted."""

    code = "KDL-AUT-001"
    category = Category.AUTHENTICATION


class AppExecutionError(KindlingError):
    """An app could not be run to its end. The subclasses say where it failed.

    Example:
        >>> try:
        ...     raise AppRuntimeError("the app raised")
        ... except AppExecutionError as error:
        ...     error.audience.value
        'app_author'
    """

    code = "KDL-APP-001"
    category = Category.EXECUTION
    audience = Audience.APP_AUTHOR


class AppConfigError(AppExecutionError, ProblemsError):
    """The app's own files do not hold: ``app.yaml``, the entry point, parameters.

    Example:
        >>> AppConfigError([Problem("KDL-APP-002", "day is missing", expected="a date")]).message
        'KDL-APP-002  day is missing; expected a date'
    """

    code = "KDL-APP-002"
    category = Category.CONFIGURATION


class AppDependencyError(AppExecutionError):
    """What the app requires is not there, or conflicts with what is.

    Example:
        >>> AppDependencyError("duckdb is not installed", suggestions=['pip install "duckdb>=1.2"']).exit_code
        1
    """

    code = "KDL-APP-003"
    category = Category.DEPENDENCY


class AppRuntimeError(AppExecutionError):
    """The app's code raised.

    Example:
        >>> error = AppRuntimeError("the app raised")
        >>> error.__cause__ = ValueError("amount is negative")
        >>> error.to_dict()["cause"]["message"]
        'amount is negative'
    """

    code = "KDL-RUN-003"

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows, line by line: the app's own traceback, without what called the app."""
        import traceback

        error = self.__cause__ or self
        lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()
        lines += ["", f"{self.code}: {self.message}"]
        lines += [f"  at {self.location}"] if self.location is not None else []
        lines += [f"  → {suggestion}" for suggestion in self.suggestions]
        return [redaction.redact(line) for line in lines]


class AppTimeoutError(AppExecutionError):
    """The app ran longer than its time limit."""

    code = "KDL-RUN-004"
    category = Category.TIMEOUT


class AppCancelledError(AppExecutionError):
    """The app was cancelled."""

    code = "KDL-RUN-005"
    category = Category.CANCELLED
    audience = Audience.USER


class JobError(KindlingError):
    """A job could not be planned, deployed, run or asked after."""

    code = "KDL-JOB-001"
    category = Category.EXECUTION
    audience = Audience.PLATFORM
