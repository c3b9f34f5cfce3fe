"""Time limits and cancellation of code that runs in this process.

They are cooperative: an ``async`` task is cancelled, the main thread gets a signal whose handler raises, and any other
thread gets the exception at its next bytecode. Code that sits in a C call outside of the main thread, or that swallows
every exception, is not stopped by this. A child process is (:mod:`kindling.apps.standalone`).
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from kindling.errors import AppCancelledError, AppExecutionError, AppTimeoutError, UsageError
from kindling.frozen import dataclass

if TYPE_CHECKING:
    import signal
    from asyncio import AbstractEventLoop, Task
    from types import FrameType
    from typing import Protocol

    class _Target(Protocol):
        """Where an interruption is sent."""

        def deliver(self, attempt: int) -> None:
            """Send it; ``attempt`` counts from 1."""

        def has_noticed(self) -> bool:
            """Whether it has arrived."""

        def clear(self) -> None:
            """Take back what was sent and has not arrived."""


if not TYPE_CHECKING:
    # What `signal` adds to it is enums, which cost two milliseconds at every start.
    import _signal as signal

#: Seconds that teardown gets once a run was told to end.
DEFAULT_GRACE: Final = 10.0
#: Seconds after which code that has not even noticed a cancelled task is interrupted in its thread.
_IMPATIENCE: Final = 1.0


class RunInterrupted(BaseException):
    """Ends an app's code from outside: its time is up, or somebody cancelled it.

    Like ``KeyboardInterrupt`` it is no ``Exception``, so that an app's ``except Exception`` does not swallow it. An
    app need not catch it: ``teardown`` gets an ``AppTimeoutError`` or an ``AppCancelledError`` in its place.
    """


@dataclass(frozen=True)
class Limit:
    """How long a run may take.

    Args:
        seconds: Seconds for ``setup`` and ``main`` together; None for no limit.
        grace: Seconds that ``teardown`` gets on top, once the time is up or the run was cancelled.

    Raises:
        UsageError: KDL-RUN-024, a limit of 0 seconds or less.

    Example:
        >>> Limit(90).grace
        10.0
    """

    seconds: float | None = None
    grace: float = DEFAULT_GRACE

    def __post_init__(self) -> None:
        seconds = self.seconds
        if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
            raise UsageError(
                f"a time limit of {seconds:g} seconds lets nothing run",
                code="KDL-RUN-024",
                suggestions=["give more than 0 seconds, for example 90s or 2h", "leave it out for no limit"],
            )
        if not (self.grace >= 0 and math.isfinite(self.grace)):
            raise UsageError(f"a grace of {self.grace:g} seconds cannot be kept", code="KDL-RUN-024")


class RunControl:
    """Ends one run early: when its time is up, or when somebody asks. Thread-safe.

    Args:
        limit: How long the run may take.

    Example:
        >>> control = RunControl(Limit(60))
        >>> control.cancelled, 59 < control.remaining() <= 60
        (False, True)
        >>> control.cancel("enough seen")
        True
        >>> control.cancelled
        True
    """

    def __init__(self, limit: Limit | None = None) -> None:
        self.limit = limit or Limit()
        self._condition = threading.Condition(threading.RLock())
        self._targets: list[_Target] = []
        self._reason: str | None = None
        self._timed_out = False
        self._finished = False
        self._watcher: threading.Thread | None = None
        self._attempts = 0
        self._next: float | None = None
        self._told: list[AppExecutionError] = []
        #: The interruption of a run around this one, which goes on outwards when this one has ended.
        self.passing: RunInterrupted | None = None
        self._deadline = None if self.limit.seconds is None else time.monotonic() + self.limit.seconds

    # What others may ask and say

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the run to end."""
        return self._reason is not None

    @property
    def timed_out(self) -> bool:
        """Whether the time was up before ``main`` had ended."""
        return self._timed_out

    @property
    def stopping(self) -> bool:
        """Whether the run was told to end, for whichever reason."""
        return self._timed_out or self._reason is not None

    @property
    def why(self) -> str:
        """Why somebody asked the run to end; empty where nobody did."""
        return self._reason or ""

    def due(self) -> bool:
        """Look at the clock, and return whether the run has to end."""
        with self._condition:
            self._note_time()
            return self.stopping

    def remaining(self) -> float | None:
        """Return the seconds left, not below 0; None without a limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def cancel(self, reason: str = "it was cancelled") -> bool:
        """Ask the run to end. Its teardown runs. Asking again changes nothing.

        Args:
            reason: Why, for the error; a clause.

        Returns:
            Whether the run had not ended.
        """
        with self._condition:
            if self._finished:
                return False
            if self._reason is None:
                self._reason = reason
                self._next = time.monotonic()
                if self._targets:
                    self._watch()
                self._condition.notify_all()
            return True

    def expire(self) -> None:
        """End the run as if its time were up: somebody else looks at the clock."""
        with self._condition:
            if not self._finished and not self.stopping:
                self._timed_out = True
                self._next = time.monotonic()
                if self._targets:
                    self._watch()
                self._condition.notify_all()

    def error(self) -> AppExecutionError:
        """Return the error of a run that was told to end."""
        error = self._make_error()
        self._told.append(error)
        return error

    def made(self, error: BaseException | None) -> bool:
        """Whether an error is this control's own, and not one of a run inside or of the app's making."""
        return any(error is one for one in self._told)

    def _make_error(self) -> AppExecutionError:
        if self._timed_out:
            seconds = self.limit.seconds or 0.0
            return AppTimeoutError(
                f"the app ran longer than its time limit of {seconds:g} s",
                context={"time_limit": seconds},
                suggestions=["raise the limit: time_limit in app.yaml, or --time-limit"],
            )
        return AppCancelledError(f"the app did not run to its end: {self._reason or 'the run around it ended'}")

    # What the executor says

    def start(self) -> None:
        """Start the clock."""
        with self._condition:
            if self.limit.seconds is not None:
                self._deadline = time.monotonic() + self.limit.seconds
                if self._next is None:
                    self._next = self._deadline
                self._watch()

    def begin_teardown(self) -> None:
        """Give teardown its grace: until then nothing interrupts it."""
        with self._condition:
            self._note_time()
            now = time.monotonic()
            if self.stopping:
                self._next = now + self.limit.grace
            elif self._deadline is not None:
                self._next = max(now, self._deadline) + self.limit.grace
            self._condition.notify_all()

    def end_main(self) -> None:
        """Note whether ``main`` ended in time: an app that swallowed the interruption has not."""
        with self._condition:
            self._note_time()

    def finish(self) -> None:
        """Stop the clock. Nothing is interrupted any more."""
        with self._condition:
            self._finished = True
            self._condition.notify_all()

    def arm(self, target: _Target) -> None:
        """From now on interrupt this target; at once where the run was told to end already."""
        with self._condition:
            self._targets.append(target)
            if self.stopping:
                self._watch()
            self._condition.notify_all()

    def disarm(self, target: _Target) -> None:
        """Interrupt this target no more. Repeatable."""
        with self._condition:
            if target in self._targets:
                self._targets.remove(target)
            target.clear()

    def _note_time(self) -> None:
        if self._deadline is not None and self._reason is None and time.monotonic() >= self._deadline:
            self._timed_out = True

    def _watch(self) -> None:
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watching, name="kindling-limit", daemon=True)
            self._watcher.start()

    def _watching(self) -> None:
        # Between the sending of an interruption and its arrival a traced thread of Python 3.11 does not get on, and
        # this one holds the lock that the interrupted one may be waiting for.
        sys.settrace(None)
        with self._condition:
            while not self._finished:
                wait = None if self._next is None else self._next - time.monotonic()
                if wait is None or wait > 0 or not self._targets:
                    # A due interruption waits for somebody to interrupt: nested calls arm and disarm.
                    self._condition.wait(wait if wait is None or wait > 0 else None)
                    continue
                self._note_time()
                self._interrupt()

    def _interrupt(self) -> None:
        innermost = self._targets[-1]
        grace = max(self.limit.grace, 0.05)
        if self._attempts == 1 and innermost.has_noticed() and grace > _IMPATIENCE:
            # It is on its way out; its `finally` blocks may take as long as teardown may.
            self._attempts = 2
            self._next = time.monotonic() + grace - _IMPATIENCE
            return
        self._attempts += 1
        for target in [innermost] if self._attempts == 1 else self._targets:
            target.deliver(self._attempts)
        self._next = time.monotonic() + (min(_IMPATIENCE, grace) if self._attempts == 1 else grace)


class ThreadTarget:
    """The calling thread, as something that can be interrupted."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._is_main = threading.current_thread() is threading.main_thread()
        self._active = True
        self._sent = False
        if self._is_main:
            _main_thread.enter(self)

    def deliver(self, attempt: int) -> None:
        """Raise :class:`RunInterrupted` in the thread."""
        if not self._active:
            return
        self._sent = True
        if self._is_main:
            _main_thread.send(self)
        else:
            _raise_in_thread(self._thread, RunInterrupted)

    def has_noticed(self) -> bool:
        """Whether it has arrived; what is raised in a thread arrives by itself."""
        return self._sent

    def clear(self) -> None:
        """Take back what was sent and has not arrived."""
        if not self._active:
            return
        self._active = False
        if self._is_main:
            _main_thread.leave(self)
        elif self._sent:
            # What was sent and has not arrived comes at the next jump backwards, which is here. It is not taken back by
            # the C API (NULL for the exception): a traced function of Python 3.11 would then never end.
            try:
                for _ in range(2):
                    pass
            except RunInterrupted:
                pass


class TaskTarget:
    """An asyncio task, as something that can be interrupted.

    Args:
        loop: Its loop.
        task: The task.
        thread: Identifier of the thread that runs the loop.
    """

    def __init__(self, loop: AbstractEventLoop, task: Task[Any], thread: int) -> None:
        self._loop = loop
        self._task = task
        self._thread = thread
        self._noticed = False

    def deliver(self, attempt: int) -> None:
        """Cancel the task; where its loop does not even notice, interrupt the code that keeps it busy."""
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop is closed: there is nothing left to end
            return
        if attempt > 1 and not self._noticed:
            main = threading.main_thread()
            if self._thread != main.ident:
                _raise_in_thread(self._thread, RunInterrupted)

    def has_noticed(self) -> bool:
        """Whether the loop has taken notice."""
        return self._noticed

    def clear(self) -> None:
        """Do nothing: cancelling a task that is done is harmless."""

    def _cancel(self) -> None:
        self._noticed = True
        self._task.cancel()


class _MainThread:
    """The main thread's signal: it interrupts system calls, which nothing else does."""

    def __init__(self) -> None:
        self._targets: list[ThreadTarget] = []
        self._pending: set[int] = set()
        self._previous: Any = None
        self._number = signal.SIGINT if os.name == "nt" else signal.SIGURG

    def enter(self, target: ThreadTarget) -> None:
        if not self._targets:
            self._previous = signal.signal(self._number, self._handle)
        self._targets.append(target)

    def leave(self, target: ThreadTarget) -> None:
        self._pending.discard(id(target))
        if target in self._targets:
            self._targets.remove(target)
            if not self._targets and signal.getsignal(self._number) == self._handle:
                # An app may have installed a handler of its own: then that one stays.
                signal.signal(self._number, signal.SIG_DFL if self._previous is None else self._previous)

    def send(self, target: ThreadTarget) -> None:
        self._pending.add(id(target))
        if os.name == "nt":
            # There is no signal to a thread. The C handler of SIGINT wakes the main thread from whichever thread
            # raises it; what it means is told by `_pending`.
            signal.raise_signal(self._number)
        else:
            # SIGURG does nothing by default, so that one that comes late is harmless. SIGALRM would end the process.
            signal.pthread_kill(threading.main_thread().ident or 0, self._number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._pending:
            self._pending.clear()
            raise RunInterrupted
        if callable(self._previous):
            self._previous(number, frame)


_main_thread = _MainThread()


def _raise_in_thread(thread: int, kind: type[BaseException]) -> None:
    import ctypes

    # https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))
