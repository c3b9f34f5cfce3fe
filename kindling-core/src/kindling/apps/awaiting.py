"""Carrying out an app on the caller's event loop, for ``await run_app_async(…)``."""

from __future__ import annotations

import asyncio
import inspect
import threading
from contextvars import copy_context
from typing import Any

from kindling.apps.lifecycle import Outcome, Step, Steps
from kindling.apps.limits import RunControl, RunInterrupted, TaskTarget


async def carry_out_async(steps: Steps, control: RunControl) -> Outcome:
    """Carry out an app's steps on the running loop: coroutines as its tasks, the rest in threads.

    Args:
        steps: What comes after what.
        control: May end it early.

    Raises:
        asyncio.CancelledError: the caller was cancelled; teardown has run.
    """
    from kindling.apps.executor import told

    caller = _Caller(control)
    outcome: Outcome
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
                value = await caller.perform(step)
            except BaseException as error:  # noqa: BLE001 - because the steps decide what follows, whatever was raised
                if not in_teardown:
                    control.end_main()
                step = steps.throw(told(error, control))
            else:
                if not in_teardown:
                    control.end_main()
                step = steps.send(value)
    except StopIteration as stop:
        outcome = stop.value
    if caller.cancelled is not None:
        raise caller.cancelled from outcome.error
    return outcome


class _Caller:
    """The task that awaits the run. Its cancellation reaches the app as the run's."""

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self.cancelled: asyncio.CancelledError | None = None

    async def perform(self, step: Step) -> Any:
        from kindling.apps.executor import guarded

        loop = asyncio.get_running_loop()
        if step.is_async:
            value = step.call()
        else:
            future = loop.run_in_executor(None, copy_context().run, guarded, self._control, step.call)
            value = await self._ended(future)
        if not inspect.isawaitable(value):
            return value
        task = asyncio.ensure_future(value)
        if not isinstance(task, asyncio.Task):
            return await self._ended(task)
        target = TaskTarget(loop, task, threading.get_ident())
        self._control.arm(target)
        try:
            return await self._ended(task)
        finally:
            self._control.disarm(target)

    async def _ended(self, future: asyncio.Future[Any]) -> Any:
        try:
            # Unlike `await future`, this tells the caller's cancellation from the app's own.
            await asyncio.wait({future})
        except asyncio.CancelledError as cancelled:
            self.cancelled = cancelled
            self._control.cancel("its caller was cancelled")
            await asyncio.wait({future})
        return future.result()
