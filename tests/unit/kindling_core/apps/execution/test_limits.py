"""Time limits and cancellation of apps that run in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kindling.apps.executor import guarded
from kindling.apps.limits import Limit, RunControl, RunInterrupted, ThreadTarget
from kindling.errors import AppCancelledError, AppRuntimeError, AppTimeoutError, UsageError

SLEEPS = """
    import time
    def main(context):
        context.framework.append("started")
        for _ in range(6000):
            time.sleep(0.01)
    def teardown(context, result, error):
        context.framework.append(type(error).__name__)
"""
SLEEPS_ASYNC = SLEEPS.replace("def main", "async def main").replace(
    "for _ in range(6000):\n            time.sleep(0.01)", "import asyncio\n        await asyncio.sleep(60)"
)


def in_thread(call: Callable[[], Any]) -> Any:
    """Call it in another thread, and return what it returns or raise what it raises."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:  # noqa: BLE001 - because it is raised in the test's thread
            outcome.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert outcome, "it hangs"
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


WHERE = {"main thread": lambda call: call(), "another thread": in_thread}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("source", [SLEEPS, SLEEPS_ASYNC], ids=["sync", "async"])
def test_a_limit_ends_main_and_teardown_sees_why(make_app: Any, where: str, source: str) -> None:
    app = make_app(source, framework=[])
    with pytest.raises(AppTimeoutError, match=r"limit of 0\.5 s") as caught:
        WHERE[where](lambda: app.run(limit=Limit(0.5)))
    assert app.framework == ["started", "AppTimeoutError"]
    assert caught.value.code == "KDL-RUN-004"
    assert caught.value.location.file.endswith("main.py")


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("source", [SLEEPS, SLEEPS_ASYNC], ids=["sync", "async"])
def test_another_thread_may_cancel_a_run(make_app: Any, where: str, source: str) -> None:
    app = make_app(source, framework=[])
    control = RunControl()

    def cancel() -> None:
        while not app.framework:
            time.sleep(0.01)
        control.cancel("somebody had enough")

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(AppCancelledError, match="somebody had enough"):
        WHERE[where](lambda: app.run(control=control))
    canceller.join()
    assert app.framework == ["started", "AppCancelledError"]
    assert not control.cancel()


@pytest.mark.skipif(os.name == "nt", reason="only POSIX interrupts a system call at once")
def test_a_system_call_on_the_main_thread_is_interrupted(make_app: Any) -> None:
    app = make_app("import select\nselect.select([], [], [], 60)")
    started = time.monotonic()
    with pytest.raises(AppTimeoutError):
        app.run(limit=Limit(0.1))
    assert time.monotonic() - started < 30


def test_a_script_is_ended_too(make_app: Any) -> None:
    with pytest.raises(AppTimeoutError):
        make_app("import time\nwhile True: time.sleep(0.01)").run(limit=Limit(0.1))


def test_what_an_app_catches_as_exception_is_not_the_interruption(make_app: Any) -> None:
    app = make_app("import time\nwhile True:\n    try:\n        time.sleep(0.01)\n    except Exception:\n        pass")
    with pytest.raises(AppTimeoutError):
        app.run(limit=Limit(0.1))


@pytest.mark.parametrize("where", WHERE)
def test_an_app_that_swallows_the_interruption_is_interrupted_again(make_app: Any, where: str) -> None:
    app = make_app(
        """
        import time
        swallowed = 0
        while swallowed < 3:
            try:
                while True: time.sleep(0.01)
            except BaseException:
                swallowed += 1
                framework.append(swallowed)
        """,
        framework=[],
    )
    with pytest.raises(AppTimeoutError):
        WHERE[where](lambda: app.run(limit=Limit(0.1, grace=0.1)))
    assert app.framework == [1, 2, 3]


def test_an_app_that_returns_after_its_time_has_timed_out(make_app: Any) -> None:
    app = make_app("import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    result = 1")
    with pytest.raises(AppTimeoutError):
        app.run(limit=Limit(0.1))


def test_teardown_gets_its_grace_and_no_more(make_app: Any) -> None:
    source = """
        import time
        def main(context):
            while True: time.sleep(0.01)
        def teardown(context):
            context.framework.append("begun")
            time.sleep({seconds})
            context.framework.append("ended")
    """
    # Longer than the second after which code that took no notice is interrupted again.
    quick = make_app(source.format(seconds=1.2), "quick", framework=[])
    with pytest.raises(AppTimeoutError):
        quick.run(limit=Limit(0.1, grace=30))
    assert quick.framework == ["begun", "ended"]
    slow = make_app(source.format(seconds=60), "slow", framework=[])
    with pytest.raises(AppTimeoutError) as caught:
        slow.run(limit=Limit(0.1, grace=0.2))
    assert slow.framework == ["begun"]
    assert "teardown_error" in caught.value.context


def test_a_limit_that_passes_in_teardown_lets_it_end_within_its_grace(make_app: Any) -> None:
    source = "import time\ndef main(context): return 1\ndef teardown(context): time.sleep({})"
    assert make_app(source.format(0.3), "quick").run(limit=Limit(0.1, grace=30)) == 1
    with pytest.raises(AppTimeoutError):
        make_app(source.format(60), "slow").run(limit=Limit(0.1, grace=0.1))


def test_an_async_main_that_blocks_its_loop_is_interrupted(make_app: Any) -> None:
    app = make_app("import time\nasync def main(context):\n    while True: time.sleep(0.01)")
    with pytest.raises(AppTimeoutError):
        app.run(limit=Limit(0.1))


def test_a_nested_run_that_times_out_is_a_failure_of_the_outer(make_app: Any) -> None:
    inner = make_app(SLEEPS, "inner", framework=[])
    outer = make_app("framework(__import__('kindling.apps.limits', fromlist=['x']).Limit(0.1))", "outer")
    outer.framework = lambda limit: inner.run(limit=limit)
    with pytest.raises(AppRuntimeError) as caught:
        outer.run(limit=Limit(60))
    assert isinstance(caught.value.__cause__, AppTimeoutError)
    assert inner.framework == ["started", "AppTimeoutError"]


@pytest.mark.parametrize("where", WHERE)
def test_the_outer_limit_ends_a_nested_run_whose_teardown_runs(make_app: Any, where: str) -> None:
    inner = make_app(SLEEPS, "inner", framework=[])
    outer = make_app(
        """
        def main(context):
            try:
                context.framework()
            except Exception:
                return "swallowed"
        def teardown(context, result, error):
            context["log"] = type(error).__name__
        """,
        "outer",
        framework=inner.run,
    )
    with pytest.raises(AppTimeoutError, match=r"limit of 0\.2 s"):
        WHERE[where](lambda: outer.run(limit=Limit(0.2)))
    assert inner.framework == ["started", "AppCancelledError"]


def test_an_interruption_that_has_not_arrived_is_taken_back() -> None:
    """It is sent while the thread waits in C for the lock with which it disarms, and arrives nowhere but there."""
    control, held = RunControl(), threading.Event()
    targets: list[ThreadTarget] = []

    def work() -> str:
        def code() -> str:
            targets.append(control._targets[-1])
            held.wait(30)
            return "undisturbed"

        try:
            return str(guarded(control, code))
        except RunInterrupted:
            return "interrupted, and then no more"

    def interfere() -> None:
        sys.settrace(None)  # as the thread does that interrupts in earnest: it must get on before the other one
        while not targets:
            time.sleep(0.01)
        with control._condition:
            held.set()
            time.sleep(0.05)  # until it waits for the lock; too short, and the test shows less
            targets[0].deliver(1)

    interferer = threading.Thread(target=interfere)
    interferer.start()
    assert in_thread(work) in ("undisturbed", "interrupted, and then no more")
    interferer.join()


def test_an_interruption_that_comes_late_reaches_nobody(make_app: Any) -> None:
    app = make_app("result = 1")
    for _ in range(200):
        control = RunControl()
        canceller = threading.Thread(target=control.cancel)
        canceller.start()
        with contextlib.suppress(AppCancelledError):
            in_thread(lambda control=control: app.run(control=control))  # type: ignore[misc]
        canceller.join()
        for _ in range(50):
            pass  # a stray interruption would be raised at one of these bytecodes


def test_the_main_threads_signal_is_put_back(make_app: Any) -> None:
    number = signal.SIGINT if os.name == "nt" else signal.SIGURG
    before = signal.getsignal(number)
    with pytest.raises(AppTimeoutError):
        make_app("import time\nwhile True: time.sleep(0.01)").run(limit=Limit(0.05))
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError) as caught:
        Limit(seconds)
    assert caught.value.code == "KDL-RUN-024"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_run_cancelled_before_it_began_does_not_begin(make_app: Any, is_async: bool) -> None:
    control = RunControl()
    control.cancel()
    app = make_app("framework.append('started')", framework=[])
    with pytest.raises(AppCancelledError):
        asyncio.run(app.run_async(control=control)) if is_async else app.run(control=control)
    assert app.framework == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("source", [SLEEPS, SLEEPS_ASYNC], ids=["sync", "async"])
def test_ctrl_c_runs_teardown_and_comes_out_as_itself(make_app: Any, source: str) -> None:
    app = make_app(source, framework=[])

    def interrupt() -> None:
        while not app.framework:
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        app.run()
    thread.join()
    assert app.framework == ["started", "KeyboardInterrupt"]


# Where a loop runs already


def test_async_main_runs_beside_a_running_loop(make_app: Any) -> None:
    app = make_app(
        """
        import asyncio, threading
        async def setup(context):
            return {"loop": asyncio.get_running_loop()}
        async def main(context):
            await asyncio.sleep(0)
            assert context.loop is asyncio.get_running_loop()
            return threading.current_thread().name
        """
    )

    async def cell() -> Any:
        return app.run()

    assert asyncio.run(cell()) == "kindling-async"


def test_context_variables_are_seen_beside_a_running_loop(make_app: Any) -> None:
    import contextvars

    variable = contextvars.ContextVar("of_the_cell", default="unset")
    app = make_app("async def main(context): return context.framework.get()", framework=variable)

    async def cell() -> Any:
        variable.set("of the cell")
        return app.run()

    assert asyncio.run(cell()) == "of the cell"


def test_a_limit_holds_beside_a_running_loop(make_app: Any) -> None:
    app = make_app(SLEEPS_ASYNC, framework=[])

    async def cell() -> Any:
        return app.run(limit=Limit(0.5))

    with pytest.raises(AppTimeoutError):
        asyncio.run(cell())
    assert app.framework == ["started", "AppTimeoutError"]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_beside_a_running_loop_cancels_the_app(make_app: Any) -> None:
    app = make_app(SLEEPS_ASYNC, framework=[])

    def interrupt() -> None:
        while not app.framework:
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    loop = asyncio.new_event_loop()

    async def cell() -> Any:
        # As in a kernel: Ctrl-C is Python's own handler, not asyncio's.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        thread.start()
        try:
            app.run()
        except KeyboardInterrupt:
            return "interrupted"

    try:
        assert loop.run_until_complete(cell()) == "interrupted"
    finally:
        loop.close()
        thread.join()
    assert app.framework == ["started", "KeyboardInterrupt"]


def test_awaiting_stays_on_the_callers_loop(make_app: Any) -> None:
    app = make_app(
        """
        import asyncio, threading
        def setup(context):
            return {"threads": [threading.current_thread()]}
        async def main(context):
            await asyncio.sleep(0)
            return asyncio.get_running_loop(), context.threads
        """
    )

    async def cell() -> Any:
        loop, threads = await app.run_async()
        return loop is asyncio.get_running_loop(), threads[0] is threading.main_thread()

    assert asyncio.run(cell()) == (True, False)


def test_the_loop_goes_on_while_a_sync_app_is_awaited(make_app: Any) -> None:
    app = make_app("def main(context): context.framework.wait(30)", framework=threading.Event())

    async def cell() -> None:
        run = asyncio.create_task(app.run_async())
        await asyncio.sleep(0.01)
        app.framework.set()
        await run

    asyncio.run(cell())


@pytest.mark.parametrize("source", [SLEEPS, SLEEPS_ASYNC], ids=["sync", "async"])
def test_cancelling_the_awaiting_task_cancels_the_app(make_app: Any, source: str) -> None:
    app = make_app(source, framework=[])

    async def cell() -> None:
        run = asyncio.create_task(app.run_async())
        while not app.framework:
            await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cell())
    assert app.framework == ["started", "AppCancelledError"]


@pytest.mark.parametrize("source", [SLEEPS, SLEEPS_ASYNC], ids=["sync", "async"])
def test_a_limit_holds_for_an_awaited_app(make_app: Any, source: str) -> None:
    app = make_app(source, framework=[])
    with pytest.raises(AppTimeoutError):
        asyncio.run(app.run_async(limit=Limit(0.1)))
    assert app.framework == ["started", "AppTimeoutError"]


def test_an_app_that_cancels_itself_has_failed(make_app: Any) -> None:
    app = make_app("import asyncio\nasync def main(context): raise asyncio.CancelledError")
    with pytest.raises(AppRuntimeError, match="CancelledError"):
        app.run()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups of exceptions came with 3.11")
def test_a_group_of_exceptions_is_told_with_its_place(make_app: Any) -> None:
    app = make_app(
        """
        import asyncio
        async def fail(): raise ValueError("one of them")
        async def main(context):
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
        """
    )
    with pytest.raises(AppRuntimeError, match="ExceptionGroup"):
        app.run()


def test_what_a_coroutine_left_running_ends_with_the_run(make_app: Any) -> None:
    app = make_app(
        """
        import asyncio
        async def main(context):
            async def forever():
                try:
                    await asyncio.sleep(60)
                finally:
                    context.framework.append("ended")
            context["task"] = asyncio.create_task(forever())
            await asyncio.sleep(0)
        """,
        framework=[],
    )
    app.run()
    assert app.framework == ["ended"]


def test_the_interruption_is_no_exception_for_apps() -> None:
    assert not issubclass(RunInterrupted, Exception)


def test_a_traced_run_on_another_thread_ends_after_a_cancellation() -> None:
    """A debugger or a coverage measurement traces. In a process of its own, because what is tested for is a hang."""
    code = """
import sys, threading
from kindling.apps.limits import RunControl, Limit, ThreadTarget, RunInterrupted

def trace(*arguments):
    return trace

def traced():
    sys.settrace(trace)
    for arrives in (False, True):
        target = ThreadTarget()
        try:
            if arrives:
                target.deliver(1)
            else:
                target._sent = True  # and noticed already: nothing is to come any more
            target.clear()
        except RunInterrupted:
            sys.settrace(trace)
        after()
    print("ended")

def after():
    return None

thread = threading.Thread(target=traced, daemon=True)
thread.start()
thread.join(30)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "ended\n", done.stderr
