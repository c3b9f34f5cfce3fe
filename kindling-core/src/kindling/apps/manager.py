"""The way in: run, load, validate and list the apps of a project."""

from __future__ import annotations

import os
import time
from binascii import crc32
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kindling.apps.current import CurrentRun, check_nesting
from kindling.apps.definition import FILE_NAME
from kindling.apps.loader import AppLoader, LoadedApp, not_built, shown_path
from kindling.apps.loader import file_stamp as _stamp
from kindling.apps.platforms import unsupported_platform
from kindling.apps.run import Run
from kindling.errors import AppConfigError, AppDependencyError, Location, Problem, UsageError
from kindling.redaction import is_sensitive, register

if TYPE_CHECKING:
    from kindling.apps.artifacts import FetchedApp
    from kindling.apps.executor import AppExecutor, ExecutionMode
    from kindling.apps.recording import RunRecording
    from kindling.apps.surroundings import Surroundings
    from kindling.apps.validator import ValidationResult

#: What an app may require is in these. Named here as well, so that a run without them imports nothing for them.
REQUIREMENT_FILES = ("requirements.txt", "lake-reqs.txt")


class AppManager:
    """The apps of a project.

    Args:
        framework: The framework that they run in. Without it: the current one, else a new one.
        executor: Carries out their code. Without it, one that shares this process with others.

    Raises:
        UsageError: KDL-CLI-001, there is no framework and no way to make one.

    Example:
        >>> from kindling.testing.apps import app_project
        >>> with app_project({"hello": "result = 6 * 7"}) as project:
        ...     AppManager(project.framework).run_app("hello")
        42
    """

    #: Gives the framework where a manager is made without one. The floor above sets it.
    default_framework: ClassVar[Callable[[], Surroundings] | None] = None

    def __init__(self, framework: Surroundings | None = None, *, executor: AppExecutor | None = None) -> None:
        if framework is None:
            make = type(self).default_framework
            if make is None:
                raise UsageError("an AppManager needs a framework", suggestions=["use kindling.initialize().apps"])
            framework = make()
        self.framework = framework
        self.loader = AppLoader(framework.project_root, framework.environment, find_artifact=self._find_artifact)
        self._given_executor = executor
        self._satisfied: dict[Path, tuple[object, ...]] = {}
        self._running: dict[str, RunRecording] = {}

    def list(self) -> list[str]:
        """Return the names of the project's apps, sorted."""
        return self.loader.names()

    def __repr__(self) -> str:
        return f"<AppManager of {self.loader.folder}: {', '.join(self.list()) or 'no apps'}>"

    def load(self, app: str | os.PathLike[str]) -> LoadedApp:
        """Load an app.

        Args:
            app: A name in the project, or the path of a folder.

        Raises:
            AppExecutionError: KDL-APP-004, there is no such app.
            AppConfigError: its ``app.yaml`` does not hold; with every problem and its place.
        """
        return self.loader.load(app)

    def validate(self, app: str | os.PathLike[str]) -> ValidationResult:
        """Check everything about an app that can be checked without running it.

        Args:
            app: A name in the project, or the path of a folder.

        Returns:
            All errors and warnings, with their places.

        Raises:
            AppExecutionError: KDL-APP-004, there is no such app.
        """
        from kindling.apps.validator import AppValidator

        validator = AppValidator(
            environment=self.framework.environment,
            platform=self.framework.platform,
            project=self.loader.project,
            known_platforms=self.framework.host.platform_names(),
        )
        return validator.validate(self.loader.find(app))

    def run_app(self, app: str | os.PathLike[str], /, **parameters: Any) -> Any:
        """Run an app and return its result.

        Args:
            app: A name in the project, or the path of a folder.
            **parameters: Its parameters, as text or with their types.

        Returns:
            What the app returned, or its global ``result``.

        Raises:
            AppExecutionError: it could not be run to its end; ``error.run`` is the run.

        Example:
            >>> from kindling.testing.apps import app_project
            >>> with app_project({"hello": "result = 6 * 7"}) as project:
            ...     project.apps.run_app("hello")
            42
        """
        return self.run(app, parameters=parameters).result

    async def run_app_async(self, app: str | os.PathLike[str], /, **parameters: Any) -> Any:
        """Run an app on the caller's event loop and return its result.

        Arguments, result and errors are as for :meth:`run_app`. An ``async`` app runs as a task of this loop;
        cancelling the call cancels it.
        """
        return (await self.run_async(app, parameters=parameters)).result

    def run(
        self,
        app: str | os.PathLike[str],
        /,
        *,
        mode: ExecutionMode | str | None = None,
        time_limit: float | str | None = None,
        parameters: Mapping[str, Any] | None = None,
        check: bool = True,
        on_progress: Callable[[Mapping[str, Any]], None] | None = None,
        **more: Any,
    ) -> Run:
        """Run an app and return the run.

        Args:
            app: A name in the project, or the path of a folder.
            mode: ``interactive``, ``module``, ``standalone`` or ``auto``; without it, auto.
            time_limit: Seconds, or a text as ``90s`` or ``2h``. The app's own limit and what is left to the
                run around it hold as well.
            parameters: The app's parameters by name, as text or with their types.
            check: Whether a run that fails raises. False returns the failed run, with its ``error``.
            on_progress: Called with each progress report: ``fraction`` and ``message``, where given.
            **more: Further parameters of the app. One that is called like an argument of this method has to
                be in ``parameters``.

        Returns:
            The run: ``.result``, ``.log``, ``.state``, ``.record``, ``.show()``.

        Raises:
            AppConfigError: ``app.yaml`` or the parameters do not hold; nothing ran.
            AppDependencyError: what the app requires is not there; nothing ran.
            AppRuntimeError: KDL-RUN-003, the app's code raised; ``error.run`` is the run.
            AppTimeoutError: KDL-RUN-004, it ran out of time.
            AppCancelledError: KDL-RUN-005, it was cancelled.

        Example:
            >>> from kindling.testing.apps import app_project
            >>> with app_project({"hello": "result = 6 * 7"}) as project:
            ...     project.apps.run("hello").state.value
            'SUCCEEDED'
        """
        recording = self._prepare(
            app, mode, time_limit, {**(parameters or {}), **more}, check=check, on_progress=on_progress
        )
        with self._running_as(recording):
            recording.result = self.executor.execute(
                recording.app, recording.context, mode=recording.mode, control=recording.control
            )
        return recording.run

    async def run_async(
        self,
        app: str | os.PathLike[str],
        /,
        *,
        time_limit: float | str | None = None,
        parameters: Mapping[str, Any] | None = None,
        check: bool = True,
        on_progress: Callable[[Mapping[str, Any]], None] | None = None,
        **more: Any,
    ) -> Run:
        """Run an app on the caller's event loop and return the run.

        Arguments, result and errors are as for :meth:`run`. The app runs in this process.
        """
        # Whatever the executor does otherwise: on the caller's loop it is in the caller's process.
        here = "interactive" if self.executor.resolve_mode().value == "interactive" else "module"
        recording = self._prepare(
            app, here, time_limit, {**(parameters or {}), **more}, check=check, on_progress=on_progress
        )
        with self._running_as(recording):
            recording.result = await self.executor.execute_async(
                recording.app, recording.context, control=recording.control
            )
        return recording.run

    def cancel(self, run_id: str) -> bool:
        """Ask a run of this manager's to end. Its teardown runs.

        Args:
            run_id: Id of the run.

        Returns:
            Whether there was such a run to be asked.
        """
        recording = self._running.get(run_id)
        return recording is not None and recording.control.cancel()

    @contextmanager
    def _running_as(self, recording: RunRecording) -> Iterator[None]:
        run_id = recording.record.run_id
        self._running[run_id] = recording
        try:
            with recording:
                yield
        finally:
            del self._running[run_id]

    @property
    def executor(self) -> AppExecutor:
        """What carries out the apps' code."""
        if self._given_executor is None:
            from kindling.apps.executor import AppExecutor

            self._given_executor = AppExecutor()
        return self._given_executor

    def _prepare(
        self,
        reference: str | os.PathLike[str],
        mode: ExecutionMode | str | None,
        time_limit: float | str | None,
        given: Mapping[str, Any],
        *,
        check: bool,
        on_progress: Callable[[Mapping[str, Any]], None] | None,
    ) -> RunRecording:
        from kindling.apps.limits import Limit, RunControl
        from kindling.apps.recording import RunRecording

        app = self.loader.load(reference)
        if app.origin.startswith("the unreleased"):
            from kindling.telemetry.logs import get_logger

            get_logger("kindling.apps").warning("app %s runs from %s", app.name, app.origin)
        self._check_platform(app)
        parameters: Mapping[str, Any] = {}
        if given or app.definition.parameters:
            from kindling.apps.parameters import bind_parameters

            parameters = bind_parameters(app.definition.parameters, given, app=app.name)
            for name, value in parameters.items():
                if isinstance(value, str) and is_sensitive(name):
                    register(value)
        self._check_entry_point(app)
        self._check_requirements(app)
        # Not the values themselves: they may be secrets, and this travels with the run.
        identity = f"{crc32(repr(parameters).encode('utf-8', 'replace')):08x}" if parameters else ""
        parent = check_nesting(app.name, identity)
        seconds = _shortest(seconds_of(time_limit), app.definition.time_limit, _left(parent))
        return RunRecording(
            self.framework,
            app,
            parameters,
            RunControl(Limit(seconds)),
            mode=_mode(self.executor, mode),
            parent=parent,
            identity=identity,
            on_progress=on_progress,
            check=check,
        )

    def _find_artifact(self, name: str) -> FetchedApp | None:
        root: str = self.framework.config.config.artifacts
        if "://" not in root:
            folder = self.framework.project_root / root
            if not folder.is_dir():
                return None
            from kindling.apps.artifacts import find_in_folder

            return find_in_folder(folder, name)
        from kindling.apps.artifacts import fetch

        storage, prefix = self.framework.open_uri(root)
        return fetch(storage, prefix, name)

    def _check_platform(self, app: LoadedApp) -> None:
        platform = self.framework.platform
        if app.definition.entry_point is None:
            raise not_built(app.definition)
        if not app.definition.supports(platform):
            raise unsupported_platform(app.definition, platform)

    def _check_entry_point(self, app: LoadedApp) -> None:
        if app.entry_point.is_file() and app.entry_point.suffix == ".py":
            return
        from kindling.apps.entry_point import check_entry_point

        file = shown_path(app.folder / FILE_NAME, self.loader.project)
        problem = check_entry_point(app.folder, str(app.definition.entry_point), Location(file))
        if problem is not None:
            raise AppConfigError([problem])

    def _check_requirements(self, app: LoadedApp) -> None:
        """Compare what the app requires with what is installed. Once for each state of its files, if it succeeds."""
        stamp = tuple(_stamp(app.folder / name) for name in REQUIREMENT_FILES)
        if not any(stamp) or self._satisfied.get(app.folder) == stamp:
            return
        from kindling.apps.environment import Environment
        from kindling.apps.requirements import read_requirements

        requirements = read_requirements(app.folder, shown_path(app.folder, self.loader.project))
        malformed = [problem for problem in requirements.problems if not problem.is_warning]
        if malformed:
            raise AppConfigError(malformed)
        unmet = [problem for problem in Environment().check(requirements.lines) if not problem.is_warning]
        if unmet:
            raise unmet_requirements(app.name, unmet)
        self._satisfied[app.folder] = stamp


def unmet_requirements(app: str, problems: Sequence[Problem]) -> AppDependencyError:
    """Return the error of an app whose requirements this environment does not meet."""
    first = problems[0]
    message = f"app {app!r} cannot run here: {first.message}"
    if len(problems) > 1:
        message = f"app {app!r} cannot run here:\n" + "\n".join(f"  {problem.message}" for problem in problems)
    return AppDependencyError(
        message,
        location=first.location,
        context={"app": app, "problems": [problem.to_dict() for problem in problems]},
        suggestions=dict.fromkeys(problem.suggestion for problem in problems if problem.suggestion),
    )


def seconds_of(limit: float | str | None) -> float | None:
    """Return a time limit in seconds.

    Args:
        limit: Seconds, or a text as ``90s``, ``15m``, ``1h30m``.

    Raises:
        UsageError: KDL-RUN-024, it is neither.

    Example:
        >>> seconds_of("1h30m"), seconds_of(2), seconds_of(None)
        (5400.0, 2.0, None)
    """
    if limit is None or isinstance(limit, (int, float)):
        return None if limit is None else float(limit)
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
    import re

    text = limit.strip()
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)", text)
    if (
        not parts
        or "".join(number + unit for number, unit in parts) != text
        or (len(parts) > 1 and not all(u for _, u in parts))
    ):
        raise UsageError(
            f"{limit!r} is no time limit", code="KDL-RUN-024", suggestions=["write 90s, 15m or 1h30m, or seconds"]
        )
    return float(sum(float(number) * units[unit] for number, unit in parts))


def _shortest(*limits: float | None) -> float | None:
    known = [limit for limit in limits if limit is not None]
    return min(known, default=None)


def _left(parent: CurrentRun | None) -> float | None:
    if parent is None or parent.deadline is None:
        return None
    # At least something: a limit of nothing is refused, and the run around it is ending anyway.
    return max(parent.deadline - time.time(), 0.001)


def _mode(executor: AppExecutor, mode: ExecutionMode | str | None) -> str:
    try:
        return executor.resolve_mode(mode).value
    except ValueError:
        from kindling.apps.executor import ExecutionMode

        known = ", ".join(known.value for known in ExecutionMode)
        raise UsageError(
            f"{mode!r} is no mode of execution",
            suggestions=[f"it is one of {known}", "an app's parameter called 'mode' is given in parameters={…}"],
        ) from None
