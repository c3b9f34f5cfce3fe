"""Which run this code belongs to: what a nested run needs to know of the one that started it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kindling.errors import AppExecutionError, Category
from kindling.frozen import dataclass

#: How deep runs may be nested. Deeper is a mistake, and each level costs a part of Python's stack.
DEEPEST = 16


@dataclass(frozen=True)
class CurrentRun:
    """A run that is going on.

    Args:
        run_id: Its id.
        app: Name of its app.
        parameters: A sum over its parameters, to tell a recursion that cannot end.
        deadline: When its time is up, in seconds since the epoch; None without a limit.
        parent: The run that started it.
    """

    run_id: str
    app: str
    parameters: str = ""
    deadline: float | None = None
    parent: CurrentRun | None = None

    def chain(self) -> list[CurrentRun]:
        """Return the runs from the outermost to this one."""
        runs: list[CurrentRun] = []
        run: CurrentRun | None = self
        while run is not None:
            runs.append(run)
            run = run.parent
        return runs[::-1]


_current: ContextVar[CurrentRun | None] = ContextVar("kindling_current_run", default=None)


def current_run() -> CurrentRun | None:
    """Return the run that the calling code belongs to, or None outside of one.

    Example:
        >>> current_run() is None
        True
    """
    return _current.get()


@contextmanager
def entered(run: CurrentRun) -> Iterator[CurrentRun]:
    """Make a run the current one for the length of a ``with`` block, in this thread and the tasks it starts.

    Args:
        run: The run.

    Example:
        >>> with entered(CurrentRun("1", "orders")):
        ...     current_run().app
        'orders'
    """
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)


def check_nesting(app: str, parameters: str) -> CurrentRun | None:
    """Return the run from which an app is about to be started.

    Args:
        app: The app to be started.
        parameters: The sum over its parameters.

    Raises:
        AppExecutionError: KDL-RUN-006, the app is already running further out with the same parameters, or
            runs are nested too deeply.
    """
    outer = _current.get()
    if outer is None:
        return None
    chain = outer.chain()
    again = any(run.app == app and run.parameters == parameters for run in chain)
    if again or len(chain) >= DEEPEST:
        path = " → ".join([*(run.app for run in chain[-DEEPEST:]), app])
        what = "would run itself with the same parameters" if again else f"is nested deeper than {DEEPEST} runs"
        raise AppExecutionError(
            f"app {app!r} {what}: {path}",
            code="KDL-RUN-006",
            category=Category.USAGE,
            suggestions=["move what both need into a module, or pass other parameters"],
        )
    return outer
