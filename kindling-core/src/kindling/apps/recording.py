"""One run from its first record to its last: what the store keeps, whoever executes the app."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kindling import redaction
from kindling.apps.context import AppContext
from kindling.apps.current import CurrentRun, entered
from kindling.apps.limits import RunControl, RunInterrupted
from kindling.apps.run import Run
from kindling.errors import AppCancelledError, AppExecutionError, AppTimeoutError, RunStoreError, describe
from kindling.runs.identity import new_run_id
from kindling.runs.owner import Owner
from kindling.runs.record import RunRecord, result_for_record
from kindling.telemetry.logs import bind, capture_to, get_logger
from kindling.values import RunState

if TYPE_CHECKING:
    from kindling.apps.loader import LoadedApp
    from kindling.apps.surroundings import Surroundings
    from kindling.runs.store import RunStore

#: Seconds between two progress events that are kept. An app may report in every turn of a loop.
PROGRESS_INTERVAL = 0.1


class RunRecording:
    """A run that is being recorded. Entered around the execution of its app.

    Args:
        surroundings: The framework.
        app: The app.
        parameters: Values of its parameters.
        control: Ends the run early.
        mode: How the app is executed.
        parent: The run that started this one.
        identity: The parameters as text, to tell a recursion.
        on_progress: Called with each progress report. Without it, a notebook draws them under its cell.
        check: Whether a failure is raised.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        app: LoadedApp,
        parameters: Mapping[str, Any],
        control: RunControl,
        *,
        mode: str = "",
        parent: CurrentRun | None = None,
        identity: str = "",
        on_progress: Callable[[Mapping[str, Any]], None] | None = None,
        check: bool = True,
    ) -> None:
        self.app = app
        self.control = control
        self.mode = mode
        self.result: Any = None
        self._surroundings = surroundings
        self._check = check
        self._live = None
        if on_progress is None and parent is None and mode == "interactive":
            from kindling.apps.live_progress import live_progress

            on_progress = self._live = live_progress(app.name, mode=mode)
        self._on_progress = on_progress
        self._next_progress = 0.0
        self._store: RunStore = surroundings.runs
        self._left = ExitStack()
        self._run: Run | None = None
        remaining = control.remaining()
        now = datetime.now(timezone.utc)
        self.record = RunRecord(
            run_id=new_run_id(),
            name=app.name,
            platform=surroundings.platform,
            environment=surroundings.environment,
            state=RunState.RUNNING,
            created_at=now,
            started_at=now,
            owner=Owner.current(),
            parameters=_masked(parameters),
            mode=mode,
            parent=parent.run_id if parent else None,
            deadline=None if remaining is None else datetime.fromtimestamp(now.timestamp() + remaining, timezone.utc),
        )
        self._current = CurrentRun(
            self.record.run_id,
            app.name,
            identity,
            None if self.record.deadline is None else self.record.deadline.timestamp(),
            parent,
        )
        self.context = AppContext(
            app,
            framework=surroundings,
            logger=get_logger(f"kindling.apps.{app.name}"),
            run_id=self.record.run_id,
            parameters=parameters,
            platform=surroundings.platform,
            config=surroundings.config,
            open_spark=surroundings.get_spark,
            report=self._report,
            remaining=control.remaining,
            is_cancelled=lambda: control.stopping,
        )

    @property
    def run(self) -> Run:
        """The run, once it has ended."""
        assert self._run is not None, "the run has not ended"
        return self._run

    def __enter__(self) -> RunRecording:
        self._begin()
        record = self.record
        self._left.enter_context(entered(self._current))
        self._left.enter_context(
            bind(run_id=record.run_id, app=record.name, platform=record.platform, environment=record.environment)
        )
        self._left.enter_context(capture_to(self._log or self._keep_log_record, run_id=record.run_id))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._left.close()
        self._end(error)
        if error is None:
            return False
        if isinstance(error, Exception):
            # A notebook has the run at hand where the call gave none: its log, its record.
            error.run = self._run  # type: ignore[attr-defined]
            return not self._check
        return False

    def _begin(self) -> None:
        try:
            self._store.create(self.record)
        except RunStoreError as error:
            # Not being able to keep a record is no reason not to work.
            from kindling.runs.store import MemoryRunStore

            get_logger("kindling.apps").warning("this run is not recorded on disk: %s", error)
            self._store = MemoryRunStore()
            self._store.create(self.record)
        self._log = self._store.log_path(self.record.run_id)
        self._keep_event({"event": "state", "state": self.record.state.value})

    def _end(self, error: BaseException | None) -> None:
        state = _state_of(error)
        self.record = self.record.changed(
            state=state,
            ended_at=datetime.now(timezone.utc),
            result=result_for_record(self.result) if error is None else None,
            error=None if error is None else describe(error),
        )
        if error is not None:
            self._keep_event(_failure_event(error, self.context.logger.name))
        self._keep_event({"event": "state", "state": state.value})
        try:
            self._store.update(self.record)
        except RunStoreError as failure:
            get_logger("kindling.apps").warning("the end of this run is not recorded: %s", failure)
        if self._live is not None:
            self._live.finish(state.value)
        self._run = Run(
            self.record,
            result=self.result if error is None else None,
            store=self._store,
            error=error,
            surroundings=self._surroundings,
        )

    def _keep_log_record(self, event: Mapping[str, Any]) -> None:
        self._store.append_event(self.record.run_id, event)

    def _keep_event(self, event: Mapping[str, Any]) -> None:
        try:
            self._store.append_event(self.record.run_id, event)
        except RunStoreError as failure:
            get_logger("kindling.apps").debug("an event is not recorded: %s", failure)

    def _report(self, progress: Mapping[str, Any]) -> None:
        now = time.monotonic()
        self.record = self.record.changed(progress=dict(progress))
        if now < self._next_progress and progress.get("fraction") != 1:
            return
        self._next_progress = now + PROGRESS_INTERVAL
        self._keep_event({"event": "progress", **progress})
        if self._on_progress is not None:
            self._on_progress(progress)


def _masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters without those that are secrets by their name: a record is shown, pickled and printed."""
    return {
        name: redaction.MASK if value is not None and redaction.is_sensitive(name) else value
        for name, value in parameters.items()
    }


def _failure_event(error: BaseException, logger: str) -> dict[str, Any]:
    """Return a failure as a line of the run's log: whoever reads only the log has to see how it ended, and where.

    It is not logged: on a terminal the error itself is shown, and its traceback only where it is asked for.
    """
    import traceback

    cause = error.__cause__ if isinstance(error, AppExecutionError) and error.__cause__ is not None else error
    text = "".join(traceback.format_exception(type(cause), cause, cause.__traceback__))
    event = {"event": "log", "level": "ERROR", "logger": logger, "message": str(error) or type(error).__name__}
    return {**event, "traceback": text.rstrip()} if cause.__traceback__ is not None else event


def _state_of(error: BaseException | None) -> RunState:
    if error is None:
        return RunState.SUCCEEDED
    if isinstance(error, AppTimeoutError):
        return RunState.TIMED_OUT
    if isinstance(error, (AppCancelledError, KeyboardInterrupt, RunInterrupted)):
        return RunState.CANCELLED
    if type(error).__name__ == "CancelledError":
        return RunState.CANCELLED
    return RunState.FAILED
