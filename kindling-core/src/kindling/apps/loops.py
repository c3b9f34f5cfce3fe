"""Coroutines of an app, also where an event loop is running already."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from kindling.apps.limits import RunControl, TaskTarget

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task


class LoopRunner:
    """Runs the coroutines of one run, all on one event loop, so that what ``setup`` opened works in ``main``.

    The loop belongs to the calling thread. Where that thread runs a loop already, as in a notebook, it is a loop of its
    own in a thread beside it, with a copy of the caller's context variables.

    Args:
        control: Cancels the task when the run has to end.

    Example:
        >>> import asyncio
        >>> runner = LoopRunner(RunControl())
        >>> runner.run(asyncio.sleep(0, "slept"))
        'slept'
        >>> runner.close()
    """

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self._context = copy_context()
        self._loop: AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Run one to its end and return its result.

        Args:
            awaitable: A coroutine, or anything that can be awaited.
        """
        if self._loop is None:
            self._open()
        return self._run_here(awaitable) if self._thread is None else self._run_beside(awaitable)

    def close(self) -> None:
        """Cancel what still runs on the loop, and close it. Repeatable."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        if self._thread is None:
            _clean_up(loop)
        else:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            self._thread = None

    def _open(self) -> None:
        import asyncio

        self._loop = asyncio.new_event_loop()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._thread = threading.Thread(target=self._serve, args=(self._loop,), name="kindling-async", daemon=True)
        self._thread.start()

    @staticmethod
    def _serve(loop: AbstractEventLoop) -> None:
        import asyncio

        asyncio.set_event_loop(loop)
        while True:
            try:
                loop.run_forever()
                break
            except BaseException:  # noqa: BLE001, S112 - because an interruption raised in this thread ends a task, not the loop
                continue
        _clean_up(loop)

    def _run_here(self, awaitable: Awaitable[Any]) -> Any:
        loop = self._loop
        assert loop is not None
        task = self._context.run(loop.create_task, _coroutine(awaitable))
        target = TaskTarget(loop, task, threading.get_ident())
        self._control.arm(target)
        try:
            return loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                # Ctrl-C came while the loop was waiting: the task gets the chance to clean up.
                task.cancel()
                _wait_quietly(loop, task)
            raise
        finally:
            self._control.disarm(target)

    def _run_beside(self, awaitable: Awaitable[Any]) -> Any:
        loop, thread = self._loop, self._thread
        assert loop is not None
        assert thread is not None
        started: list[Task[Any]] = []
        done = threading.Event()

        def start() -> None:
            task = loop.create_task(_coroutine(awaitable))
            started.append(task)
            task.add_done_callback(lambda _: done.set())
            self._control.arm(target_of(task))

        targets: list[TaskTarget] = []

        def target_of(task: Task[Any]) -> TaskTarget:
            targets.append(TaskTarget(loop, task, thread.ident or 0))
            return targets[0]

        loop.call_soon_threadsafe(start, context=self._context)
        try:
            _wait(done)
        except BaseException:
            loop.call_soon_threadsafe(lambda: started and started[0].cancel())
            # A second interrupt leaves this wait, and the task behind: the user wants the prompt back.
            _wait(done)
            raise
        finally:
            for target in targets:
                self._control.disarm(target)
        return started[0].result()


async def _coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _wait(event: threading.Event) -> None:
    if os.name == "nt":
        # A wait without a timeout cannot be interrupted there.
        while not event.wait(0.1):
            pass
    else:
        event.wait()


def _wait_quietly(loop: AbstractEventLoop, task: Task[Any]) -> None:
    from asyncio import CancelledError

    try:
        loop.run_until_complete(task)
    except (CancelledError, Exception):  # noqa: BLE001 - because the interrupt that is on its way is what counts
        return


def _clean_up(loop: AbstractEventLoop) -> None:
    import asyncio

    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
