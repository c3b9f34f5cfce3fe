"""Carrying out an app's code: in which mode, in which style, and what its end means."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kindling.apps import process_state
from kindling.apps.definition import EntryStyle
from kindling.apps.entry import read_entry_point
from kindling.apps.lifecycle import Outcome, Step, Steps, lifecycle_steps, script_steps
from kindling.apps.limits import Limit, RunControl, RunInterrupted, ThreadTarget
from kindling.errors import AppConfigError, AppExecutionError, AppRuntimeError, KindlingError

if TYPE_CHECKING:
    from kindling.apps.context import AppContext
    from kindling.apps.importer import AppImporter
    from kindling.apps.loops import LoopRunner


class ExecutionMode(str, Enum):
    """Where an app's code runs.

    ``interactive`` and ``module`` run it in this process, its modules under private names; a notebook is interactive.
    ``standalone`` is ``python main.py`` in a process of its own. ``auto`` chooses: a notebook runs interactive, a call
    from a program module, the command line and jobs standalone.

    Example:
        >>> ExecutionMode("standalone") is ExecutionMode.STANDALONE
        True
    """

    INTERACTIVE = "interactive"
    STANDALONE = "standalone"
    MODULE = "module"
    AUTO = "auto"

    def __str__(self) -> str:
        return self.value


class ExecutableApp(Protocol):
    """What the executor needs of an app."""

    @property
    def name(self) -> str:
        """The app's name."""

    @property
    def folder(self) -> Path:
        """The folder that holds its files; absolute."""

    @property
    def entry_point(self) -> Path:
        """The file that is executed; absolute."""

    def source_name(self, path: Path) -> str:
        """Return how tracebacks name one of its files."""


class AppExecutor:
    """Executes apps.

    Args:
        owns_process: Whether this process is there for one app, as the command line's and a job's is. Then
            ``standalone`` needs no other process, unless a time limit has to be firm.
        firm_limits: Whether a time limit of a standalone app has to hold whatever the app does. It needs a child
            process, which has no Spark session on a cluster: there the platform's own limit is the firm one.

    Example:
        >>> from kindling.testing.apps import app_project
        >>> with app_project({"hello": "result = 6 * 7"}) as project:
        ...     project.apps.run("hello", mode="module").result
        42
    """

    def __init__(self, *, owns_process: bool = False, firm_limits: bool = True) -> None:
        self.owns_process = owns_process
        self.firm_limits = firm_limits

    def resolve_mode(self, mode: ExecutionMode | str | None = None) -> ExecutionMode:
        """Return the mode that ``auto`` means here; any other is returned as it is.

        Args:
            mode: The mode asked for.

        Example:
            >>> AppExecutor(owns_process=True).resolve_mode("auto").value
            'standalone'
        """
        asked = ExecutionMode.AUTO if mode is None else ExecutionMode(mode)
        if asked is not ExecutionMode.AUTO:
            return asked
        if self.owns_process:
            return ExecutionMode.STANDALONE
        return ExecutionMode.INTERACTIVE if _in_notebook() else ExecutionMode.MODULE

    def execute(
        self,
        app: ExecutableApp,
        context: AppContext,
        *,
        mode: ExecutionMode | str | None = None,
        limit: Limit | None = None,
        control: RunControl | None = None,
    ) -> Any:
        """Execute an app and return its result.

        Args:
            app: The app.
            context: What it is given.
            mode: Where its code runs; without it, auto.
            limit: How long it may take; not together with ``control``.
            control: Ends the run early. Others may hold it and cancel the run.

        Returns:
            What ``main`` returned, or the script's global ``result``.

        Raises:
            AppRuntimeError: KDL-RUN-003, its code raised, the cause chained; KDL-RUN-020, it ended itself with an exit
                code; KDL-RUN-021, only its teardown failed.
            AppTimeoutError: KDL-RUN-004, its time was up.
            AppCancelledError: KDL-RUN-005, it was cancelled.
            AppConfigError: KDL-APP-011 or KDL-RUN-023, its entry point cannot be executed.
            KeyboardInterrupt: Ctrl-C; after teardown.
            RunInterrupted: the run around this one was ended; after teardown.
        """
        control = control or RunControl(limit)
        if self.resolve_mode(mode) is ExecutionMode.STANDALONE:
            from kindling.apps import standalone

            here = self.owns_process and not (self.firm_limits and control.limit.seconds is not None)
            return standalone.execute(app, context, control, in_this_process=here, owns_process=self.owns_process)
        control.start()
        try:
            with process_state.kept():
                outcome = carry_out(_steps(app, context), control)
        finally:
            control.finish()
        return conclude(outcome, app, context, control)

    async def execute_async(
        self,
        app: ExecutableApp,
        context: AppContext,
        *,
        limit: Limit | None = None,
        control: RunControl | None = None,
    ) -> Any:
        """Execute an app on the caller's event loop, in this process, and return its result.

        Coroutines run as tasks of the caller's loop; what is not ``async`` runs in a thread, so that the loop goes on.
        Arguments, result and errors are as for :meth:`execute`; cancelling the call cancels the app, and its teardown
        runs.
        """
        from kindling.apps.awaiting import carry_out_async

        control = control or RunControl(limit)
        control.start()
        try:
            with process_state.kept():
                outcome = await carry_out_async(_steps(app, context), control)
        finally:
            control.finish()
        return conclude(outcome, app, context, control)


def conclude(outcome: Outcome, app: ExecutableApp, context: AppContext, control: RunControl) -> Any:
    """Return the result of a run, or raise what its end means.

    Args:
        outcome: How the app's code ended.
        app: The app.
        context: What it was given.
        control: What may have ended it.
    """
    error, late = outcome.error, outcome.late_error
    if error is None and late is None and not control.timed_out:
        return outcome.result
    from kindling.apps import tracebacks

    if error is None and control.made(late):
        error, late = late, None
    for one in (error, late):
        if one is not None:
            tracebacks.trim(one)
    if error is None and control.timed_out:
        # It swallowed the interruption, or could not be reached by it.
        error = control.error()
    if isinstance(error, SystemExit) and error.code in (None, 0):
        error = None
    if late is not None:
        if error is None:
            raise _failure(late, app, context, phase="teardown", code="KDL-RUN-021")
        context.logger.error("teardown failed too, after %s", type(error).__name__, exc_info=late)
        tracebacks.note(error, f"teardown failed too: {type(late).__name__}: {late}")
    if error is None:
        return outcome.result
    if late is not None and isinstance(error, KindlingError):
        error._context["teardown_error"] = f"{type(late).__name__}: {late}"
    if control.passing is not None:
        raise control.passing
    if control.made(error) and isinstance(error, KindlingError):
        base = getattr(context.framework, "project_root", None)
        error.location = error.location or tracebacks.location(error, app, base)
        error._context.update(app=app.name, run_id=context.run_id)
    # An AppTimeoutError of a nested run is a failure of this one, not its own end.
    if isinstance(error, KeyboardInterrupt) or control.made(error) or _is_misfit(error):
        raise error
    failure = _failure(error, app, context, phase=outcome.phase, code=None)
    if late is not None:
        failure._context["teardown_error"] = f"{type(late).__name__}: {late}"
    raise failure


def _is_misfit(error: BaseException) -> bool:
    return isinstance(error, AppConfigError) and error.code == "KDL-RUN-023"


def _failure(
    error: BaseException, app: ExecutableApp, context: AppContext, *, phase: str, code: str | None
) -> AppExecutionError:
    from kindling.apps import tracebacks

    base = getattr(context.framework, "project_root", None)
    place = tracebacks.location(error, app, base)
    facts: dict[str, Any] = {"app": app.name, "run_id": context.run_id, "phase": phase}
    facts["exception"] = type(error).__name__
    facts["traceback"] = tracebacks.described(error, app, base)
    suggestions: list[str] = []
    if isinstance(error, SystemExit):
        code = code or "KDL-RUN-020"
        facts["exit_code"] = error.code if isinstance(error.code, int) else 1
        message = f"the app ended itself by sys.exit({error.code!r})"
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        message = f"teardown failed: {text}" if code == "KDL-RUN-021" else text
    if isinstance(error, KindlingError):
        suggestions += error.suggestions
    if isinstance(error, ModuleNotFoundError):
        suggestions += _import_hints(error, app)
    failure = AppRuntimeError(message, code=code, context=facts, suggestions=suggestions, location=place)
    failure.__cause__ = error
    # So that a debugger that looks at the failure (`%debug`, `pytest --pdb`) stands in the app's own frame.
    return failure.with_traceback(error.__traceback__)


def _import_hints(error: ModuleNotFoundError, app: ExecutableApp) -> list[str]:
    name = (error.name or "").partition(".")[0]
    if not name:
        return []
    for root in roots(app):
        if (root / f"{name}.py").is_file() or (root / name).is_dir():
            return [
                f"{name!r} is a module of the app: write `import {name}`. importlib.import_module({name!r}) and other "
                "imports by name find it in mode standalone only (KDL-RUN-026)"
            ]
    return [f"add {name!r} to the app's requirements.txt, or install what provides it"]


def roots(app: ExecutableApp) -> tuple[Path, ...]:
    """Return the folders in which an app's modules are looked for: the entry point's, then the app's."""
    own = app.entry_point.parent
    return (own,) if own == app.folder else (own, app.folder)


def _steps(app: ExecutableApp, context: AppContext) -> Steps:
    from kindling.apps.importer import importer_for, register_for_pickling
    from kindling.apps.script import ScriptNamespace

    importer = importer_for(app.name, roots(app), app.source_name, app.entry_point)
    register_for_pickling()
    # Not by the importer's `read`: a changed script is a new run, and needs no new import of its modules.
    entry = read_entry_point(app.entry_point.read_bytes(), app.source_name(app.entry_point))
    if entry.style is EntryStyle.SCRIPT:
        return script_steps(lambda: ScriptNamespace(importer, entry).execute(context))
    return lifecycle_steps(lambda: vars(_entry_module(importer)), context)


def _entry_module(importer: AppImporter) -> Any:
    return importer.module(importer.entry_name.rpartition(".")[2])


def carry_out(steps: Steps, control: RunControl) -> Outcome:
    """Carry out an app's steps in this thread.

    Args:
        steps: What comes after what.
        control: May end it early.
    """
    loops = _Loops(control)
    try:
        return _step_by_step(steps, control, loops)
    finally:
        loops.close()


def _step_by_step(steps: Steps, control: RunControl, loops: _Loops) -> Outcome:
    try:
        step = next(steps)
        while True:
            in_teardown = step.phase == "teardown"
            if in_teardown:
                control.begin_teardown()
            elif control.stopping:
                step = steps.throw(told(RunInterrupted(), control))
                continue
            try:
                value = guarded(control, partial(_call, step, loops))
            except BaseException as error:  # noqa: BLE001 - because the steps decide what follows, whatever was raised
                if not in_teardown:
                    control.end_main()
                step = steps.throw(told(error, control))
            else:
                if not in_teardown:
                    control.end_main()
                step = steps.send(value)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


def _call(step: Step, loops: _Loops) -> Any:
    value = step.call()
    return loops.runner.run(value) if inspect.isawaitable(value) else value


class _Loops:
    """Makes the run's LoopRunner when something has to be awaited: most apps have nothing that is ``async``."""

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self._runner: LoopRunner | None = None

    @property
    def runner(self) -> LoopRunner:
        if self._runner is None:
            from kindling.apps.loops import LoopRunner

            self._runner = LoopRunner(self._control)
        return self._runner

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()


def guarded(control: RunControl, call: Callable[[], Any]) -> Any:
    """Run the app's code so that an interruption can reach it, and no later.

    Args:
        control: What may interrupt it.
        call: The app's code.
    """
    target = ThreadTarget()
    value: Any = None
    first: BaseException | None = None
    started = False
    while True:
        try:
            if not started:
                started = True
                control.arm(target)
                value = call()
            # An interruption may come right here. Then the loop disarms again, and nothing comes after that.
            control.disarm(target)
            break
        except BaseException as error:  # noqa: BLE001 - because it is raised again as soon as nothing can interrupt
            first = first or error
    if first is not None:
        raise first
    return value


def told(error: BaseException, control: RunControl) -> BaseException:
    """Return what the app's teardown and the caller are told of an error: an interruption as its reason.

    Args:
        error: What was raised.
        control: What may have interrupted the app.
    """
    is_cancelled = type(error).__name__ == "CancelledError" and type(error).__module__.startswith("asyncio")
    if not isinstance(error, RunInterrupted) and not (is_cancelled and control.stopping):
        return error
    if isinstance(error, RunInterrupted) and not control.stopping:
        control.passing = error  # the run around this one is being ended
    # Python 3.10 raises a new CancelledError at each task that it comes through; the first knows the app's line.
    while is_cancelled and type(error.__context__) is type(error):
        assert error.__context__ is not None
        error = error.__context__
    reason = control.error()
    reason.__traceback__ = error.__traceback__
    return reason


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    active = shell.get_ipython()
    return active is not None and "IPKernelApp" in getattr(active, "config", {})
