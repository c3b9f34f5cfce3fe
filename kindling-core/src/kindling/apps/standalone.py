"""Standalone mode: ``python main.py``, in this process where it is there for one app, else in a child process.

The app is ``__main__``: its modules have plain names, and ``multiprocessing`` works with every start method.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kindling.apps import process_state, shipping
from kindling.apps.definition import EntryStyle
from kindling.apps.entry import EntryPoint, read_entry_point
from kindling.apps.lifecycle import lifecycle_steps, script_steps

if TYPE_CHECKING:
    import signal
    from types import FrameType

    from kindling.apps.context import AppContext
    from kindling.apps.executor import ExecutableApp
    from kindling.apps.limits import RunControl

if not TYPE_CHECKING:
    import _signal as signal  # as in limits.py

#: What asks a process to end, by name, for not every system has each.
_ENDING_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")


def execute_here(app: ExecutableApp, context: AppContext, control: RunControl) -> Any:
    """Execute an app as this process's ``__main__``, and return its result.

    ``__main__``, ``sys.argv`` and ``sys.path`` stay the app's afterwards: its threads and its ``atexit`` functions
    still need them.

    Args:
        app: The app.
        context: What it is given.
        control: Ends it early; so does a signal that asks the process to end.

    Raises:
        AppExecutionError: as for ``AppExecutor.execute``.
    """
    from kindling.apps.executor import carry_out, conclude, roots

    shown = app.source_name(app.entry_point)
    entry = read_entry_point(app.entry_point.read_bytes(), shown)
    main = _become(app, entry)
    sys.path[:0] = [str(root) for root in roots(app)]
    execute = partial(_execute, main, entry)
    if entry.style is EntryStyle.SCRIPT:
        vars(main).update(framework=context.framework, logger=context.logger, context=context)
        steps = script_steps(execute)
    else:
        steps = lifecycle_steps(execute, context)
    control.start()
    try:
        with process_state.kept(), ending_signals(control), shipping.standalone(app.name, roots(app)):
            outcome = carry_out(steps, control)
    finally:
        control.finish()
    return conclude(outcome, app, context, control)


def _become(app: ExecutableApp, entry: EntryPoint) -> ModuleType:
    """Make a new ``__main__``, as Python does for ``python main.py``."""
    main = ModuleType("__main__")
    file = str(app.entry_point)
    vars(main).update(__file__=file, __builtins__=sys.modules["builtins"], __cached__=None, __annotations__={})
    # Without a __spec__, multiprocessing starts a child by the file, as for any script.
    main.__spec__ = None
    if entry.shown != file:
        from kindling.apps.importer import show_source

        show_source(entry.shown, app.entry_point)
    sys.modules["__main__"] = main
    sys.argv = [file]
    return main


def _execute(main: ModuleType, entry: EntryPoint) -> dict[str, Any]:
    exec(entry.code, vars(main))
    return vars(main)


@contextmanager
def ending_signals(control: RunControl) -> Iterator[None]:
    """Let a signal that asks this process to end cancel the run, so that its teardown runs.

    Args:
        control: Ends the run.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    names = {getattr(signal, name): name for name in _ENDING_SIGNALS if hasattr(signal, name)}

    def end(number: int, frame: FrameType | None) -> None:
        control.cancel(f"the process was asked to end ({names[number]})")

    before: dict[int, Any] = {}
    for number in names:
        # One that is ignored stays ignored: nohup.
        if signal.getsignal(number) == signal.SIG_DFL:
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is end:
                signal.signal(number, handler)


def execute(
    app: ExecutableApp,
    context: AppContext,
    control: RunControl,
    *,
    in_this_process: bool,
    owns_process: bool = False,
) -> Any:
    """Execute an app standalone and return its result.

    Args:
        app: The app.
        context: What it is given.
        control: Ends it early.
        in_this_process: Whether this process becomes the app's.
        owns_process: Whether it is there for this app alone.

    Raises:
        AppExecutionError: as for ``AppExecutor.execute``.
    """
    if in_this_process:
        return execute_here(app, context, control)
    from kindling.apps.child_process import execute_in_child

    # Also where the child does the work: a process that is asked to end asks its child to end, and waits for it.
    with ending_signals(control) if owns_process else nullcontext():
        return execute_in_child(app, context, control)
