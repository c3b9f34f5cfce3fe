"""Running apps of a project: results, runs, records, failures, nesting; with the real framework and executor."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from kindling.apps.current import current_run
from kindling.apps.manager import AppManager, seconds_of
from kindling.errors import (
    AppCancelledError,
    AppConfigError,
    AppDependencyError,
    AppExecutionError,
    AppRuntimeError,
    AppTimeoutError,
    RunStoreError,
    UnsupportedOperation,
    UsageError,
)
from kindling.runs.store import FileRunStore, MemoryRunStore
from kindling.storage.memory import MemoryStorage
from kindling.testing.apps import app_project
from kindling.values import RunState

LIFECYCLE = {
    "app.yaml": "entry_point: main.py\nparameters: {n: {type: integer, default: 3}, mode: {default: full}}\n",
    "main.py": """
from siblings import times

def setup(context):
    return {"factor": 10}

def main(context):
    context.logger.info("working in mode %s", context.mode)
    context.report_progress(0.5, "half")
    return {"n": times(context.n, context.factor)}
""",
    "siblings.py": "def times(a, b):\n    return a * b\n",
}


def test_run_app_returns_the_result() -> None:
    with app_project({"script": "result = 6 * 7", "orders": LIFECYCLE}) as project:
        assert project.apps.run_app("script") == 42
        assert project.apps.run_app("orders", n="4", mode="new") == {"n": 40}
        assert project.apps.list() == ["orders", "script"]


def test_run_returns_the_run_with_its_record_log_and_progress() -> None:
    seen: list[Any] = []
    with app_project({"orders": LIFECYCLE}) as project:
        run = project.apps.run("orders", n=2, on_progress=seen.append)
        kept = project.framework.runs.get("last")

        assert run.result == {"n": 20}
        assert run.state is RunState.SUCCEEDED
        assert "INFO working in mode full" in run.log
        assert run.duration is not None
        assert kept.to_dict() == run.record.to_dict()
        assert (kept.name, kept.platform, kept.environment, kept.mode) == ("orders", "local", "test", "module")
        assert (kept.parameters, kept.result) == ({"n": 2, "mode": "full"}, {"n": 20})
        assert kept.progress == {"fraction": 0.5, "message": "half"}
        assert kept.owner is not None
        assert seen == [{"fraction": 0.5, "message": "half"}]
        assert [event.get("state", event["event"]) for event in run.events()] == [
            "RUNNING", "log", "progress", "SUCCEEDED",
        ]  # fmt: skip


def test_a_failure_raises_and_brings_its_run_along() -> None:
    with app_project({"bad": "logger.info('before')\nx = {}['gone']"}) as project:
        with pytest.raises(AppRuntimeError) as caught:
            project.apps.run_app("bad")

        error = caught.value
        assert error.code == "KDL-RUN-003"
        assert isinstance(error.__cause__, KeyError)
        run = error.run  # type: ignore[attr-defined]
        assert run.state is RunState.FAILED
        assert run.result is None
        assert "before" in run.log
        assert "ERROR KeyError: 'gone'" in run.log
        assert 'apps/bad/main.py", line 2, in <module>' in run.log
        assert "kindling/apps" not in run.log
        assert run.record.error["code"] == "KDL-RUN-003"
        assert project.framework.runs.get("last").state is RunState.FAILED
        assert pickle.loads(pickle.dumps(error)).run.run_id == run.run_id


def test_without_check_the_failed_run_is_returned() -> None:
    with app_project({"bad": "1 / 0"}) as project:
        run = project.apps.run("bad", check=False)

        assert run.state is RunState.FAILED
        assert isinstance(run.error, AppRuntimeError)
        assert "ZeroDivisionError" in run.summary()


def test_parameters_of_the_name_of_an_argument_are_given_in_a_mapping() -> None:
    with app_project({"orders": LIFECYCLE}) as project:
        run = project.apps.run("orders", parameters={"mode": "new"})

        assert run.parameters["mode"] == "new"
        with pytest.raises(UsageError, match="'new' is no mode of execution") as caught:
            project.apps.run("orders", mode="new")
        assert "parameters={…}" in caught.value.suggestions[1]


@pytest.mark.parametrize(
    ("files", "kind", "code"),
    [
        ({"app.yaml": "entry_point: gone.py"}, AppConfigError, "KDL-APP-009"),
        ({"app.yaml": "entry_point: ../x.py"}, AppConfigError, "KDL-APP-009"),
        ({"app.yaml": "entry_pont: main.py"}, AppConfigError, "KDL-CFG-004"),
        ({"app.yaml": "entry_point: main.py\nplatforms: [fabric]"}, UnsupportedOperation, "KDL-APP-015"),
        ({"app.yaml": "workflow: a:b"}, AppConfigError, "KDL-APP-008"),
        ({"main.py": "x = ("}, AppConfigError, "KDL-APP-011"),
        ({"main.py": "result = 1", "requirements.txt": "a=1"}, AppConfigError, "KDL-APP-012"),
        ({"main.py": "result = 1", "requirements.txt": "no-such-thing>=1"}, AppDependencyError, "KDL-APP-003"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(files: dict[str, str], kind: type, code: str) -> None:
    with app_project({"orders": files}) as project:
        with pytest.raises(kind) as caught:
            project.apps.run("orders")

        assert caught.value.code == code


def test_unmet_requirements_name_each_pip_install() -> None:
    with app_project({"orders": {"main.py": "", "requirements.txt": "no-such-a>=1\nno-such-b\n"}}) as project:
        with pytest.raises(AppDependencyError) as caught:
            project.apps.run("orders")

        assert caught.value.suggestions == ('pip install "no-such-a>=1"', 'pip install "no-such-b"')
        assert [record.name for record in project.framework.runs.list()] == []


def test_requirements_that_are_met_do_not_keep_an_app_from_running() -> None:
    with app_project({"orders": {"main.py": "result = 1", "requirements.txt": "packaging>=20\n"}}) as project:
        assert [project.apps.run_app("orders") for _ in range(2)] == [1, 1]


def test_an_overlay_of_the_environment_holds() -> None:
    files = {**LIFECYCLE, "app.test.yaml": "parameters: {n: {default: 5}}\n"}

    with app_project({"orders": files}) as project:
        assert project.apps.run_app("orders") == {"n": 50}
    with app_project({"orders": files}, environment="prod") as project:
        assert project.apps.run_app("orders") == {"n": 30}


def test_secrets_are_masked_in_the_record_and_whole_in_the_app() -> None:
    files = {
        "app.yaml": "entry_point: main.py\nparameters: {api_token: {}}\n",
        "main.py": "def main(context): return len(context.api_token)",
    }
    with app_project({"orders": files}) as project:
        run = project.apps.run("orders", api_token="hunter2")

        assert run.result == 7
        assert run.parameters == {"api_token": "***"}
        assert "hunter2" not in repr(run.record) + run._repr_html_() + run.summary()
        assert project.framework.runs.get("last").parameters == {"api_token": "***"}


def test_a_result_that_json_does_not_know_is_whole_in_the_run_and_recorded_as_its_repr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = "class F:\n    def __repr__(self): return '3 rows'\n\ndef main(context): return F()\n"
    with app_project({"orders": app}) as project:
        run = project.apps.run("orders")
        run.show()

        assert type(run.result).__name__ == "F"
        assert run.record.result == {"repr": "3 rows"}
        assert "SUCCEEDED" in capsys.readouterr().out
        assert "3 rows" in run._repr_html_()


def test_html_of_a_run_escapes_what_the_app_says() -> None:
    with app_project({"orders": "result = '<script>'", "bad": "raise ValueError('<b>')"}) as project:
        assert "<script>" not in project.run("orders")._repr_html_()
        assert "<b>orders</b>" in project.run("orders")._repr_html_()
        assert "ValueError: &lt;b&gt;" in project.run("bad", check=False)._repr_html_()


# Nested runs


def test_a_nested_run_knows_its_parent() -> None:
    outer = "inner = framework.apps.run('inner', n=1)\nresult = inner.record.parent, inner.run_id"
    inner = {
        "app.yaml": "entry_point: main.py\nparameters: {n: {type: integer}}\n",
        "main.py": "result = n if False else 1",
    }
    with app_project({"outer": outer, "inner": inner}) as project:
        run = project.apps.run("outer")

        parent, child = run.result
        assert parent == run.run_id
        assert project.framework.runs.get(child).parent == run.run_id
        assert project.framework.runs.get(run.run_id).parent is None
    assert current_run() is None


def test_an_app_that_runs_itself_with_the_same_parameters_is_stopped_at_once() -> None:
    with app_project({"a": "framework.apps.run('b')", "b": "framework.apps.run('a')"}) as project:
        with pytest.raises(AppRuntimeError) as caught:
            project.apps.run("a")

        text = json.dumps(caught.value.to_dict(), ensure_ascii=False)
        assert "KDL-RUN-006" in text
        assert "a → b → a" in text


def test_recursion_that_never_ends_is_stopped_by_its_depth() -> None:
    files = {
        "app.yaml": "entry_point: main.py\nparameters: {n: {type: integer, default: 0}}\n",
        "main.py": "def main(context): return context.framework.apps.run_app('down', n=context.n + 1)",
    }
    with app_project({"down": files}) as project:
        with pytest.raises(AppExecutionError) as caught:
            project.apps.run("down")

        assert "nested deeper than 16" in json.dumps(caught.value.to_dict())


def test_recursion_with_other_parameters_that_ends_is_fine() -> None:
    files = {
        "app.yaml": "entry_point: main.py\nparameters: {n: {type: integer, default: 3}}\n",
        "main.py": "def main(context):\n"
        "    return 1 if context.n < 2 else context.n * context.framework.apps.run_app('fact', n=context.n - 1)\n",
    }
    with app_project({"fact": files}) as project:
        assert project.apps.run_app("fact") == 6


def test_a_nested_run_gets_no_more_time_than_is_left() -> None:
    outer = "inner = framework.apps.run('inner', time_limit='1h')\nresult = inner.result"
    with app_project({"outer": outer, "inner": "result = context.remaining_seconds"}) as project:
        left = project.apps.run("outer", time_limit=60).result

        assert 0 < left <= 60


def test_a_failure_inside_names_the_inner_run_too() -> None:
    with app_project({"outer": "framework.apps.run('inner')", "inner": "1 / 0"}) as project:
        run = project.apps.run("outer", check=False)

        states = {record.name: record.state for record in project.framework.runs.list()}
        assert states == {"outer": RunState.FAILED, "inner": RunState.FAILED}
        assert "ZeroDivisionError" in run.summary()


# Ends


def test_a_run_that_takes_too_long_is_timed_out() -> None:
    app = "import threading\nthreading.Event().wait(60)\n"
    with app_project({"slow": app}) as project:
        with pytest.raises(AppTimeoutError) as caught:
            project.apps.run("slow", time_limit="200ms")

        assert caught.value.run.state is RunState.TIMED_OUT  # type: ignore[attr-defined]
        record = project.framework.runs.get("last")
        assert record.state is RunState.TIMED_OUT
        assert record.deadline is not None


def test_a_run_can_be_cancelled_from_another_thread() -> None:
    app = "started.set()\nimport time\nwhile True: time.sleep(0.01)\n"
    with app_project({"slow": app}) as project:
        runs = project.framework.runs
        stopped = threading.Event()

        def cancel() -> None:
            while not stopped.wait(0.01):
                for record in runs.list(state=RunState.RUNNING):
                    if project.apps.cancel(record.run_id):
                        return

        import __main__

        __main__.started = threading.Event()  # type: ignore[attr-defined]
        helper = threading.Thread(target=cancel)
        helper.start()
        try:
            with pytest.raises(AppCancelledError):
                project.apps.run("slow", time_limit=30)
        finally:
            stopped.set()
            helper.join()
            del __main__.started  # type: ignore[attr-defined]

        assert runs.get("last").state is RunState.CANCELLED
        assert not project.apps.cancel(runs.get("last").run_id)


def test_ctrl_c_is_recorded_as_cancelled_and_goes_on() -> None:
    with app_project({"orders": "raise KeyboardInterrupt"}) as project:
        with pytest.raises(KeyboardInterrupt):
            project.apps.run("orders")

        assert project.framework.runs.get("last").state is RunState.CANCELLED


@pytest.mark.parametrize(
    ("limit", "seconds"), [("90s", 90), ("1h30m", 5400), ("250ms", 0.25), ("90", 90), (2, 2), (None, None)]
)
def test_time_limits_are_seconds_or_text(limit: Any, seconds: float | None) -> None:
    assert seconds_of(limit) == seconds


@pytest.mark.parametrize("limit", ["soon", "", "1h 30", "-5s", "1x"])
def test_what_is_no_time_limit_is_misuse(limit: str) -> None:
    with pytest.raises(UsageError):
        seconds_of(limit)


# Async


def test_an_async_app_runs_on_the_callers_loop() -> None:
    app = "import asyncio\nasync def main(context):\n    return id(asyncio.get_running_loop())\n"
    with app_project({"orders": app}) as project:

        async def call() -> tuple[int, int]:
            return await project.apps.run_app_async("orders"), id(asyncio.get_running_loop())

        inside, outside = asyncio.run(call())

        assert inside == outside
        assert project.framework.runs.get("last").state is RunState.SUCCEEDED


def test_cancelling_the_call_cancels_the_app_and_its_teardown_runs() -> None:
    app = """
import asyncio

async def main(context):
    context.framework.started.set()
    await asyncio.Event().wait()

async def teardown(context, result, error):
    context.logger.info("torn down after %s", type(error).__name__)
"""
    with app_project({"orders": app}) as project:

        async def call() -> None:
            project.framework.started = asyncio.Event()  # type: ignore[attr-defined]
            task = asyncio.create_task(project.apps.run_app_async("orders"))
            await project.framework.started.wait()  # type: ignore[attr-defined]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(call())

        record = project.framework.runs.get("last")
        events = list(project.framework.runs.events("last"))
        assert (record.state, record.mode) == (RunState.CANCELLED, "module")
        assert any("torn down after" in event.get("message", "") for event in events)


def test_an_async_app_runs_from_a_plain_call_too_also_where_a_loop_runs() -> None:
    with app_project({"orders": "async def main(context): return 7"}) as project:

        async def call() -> Any:
            return project.apps.run_app("orders")

        assert project.apps.run_app("orders") == 7
        assert asyncio.run(call()) == 7


def test_runs_side_by_side_keep_their_logs_apart() -> None:
    files = {
        "app.yaml": "entry_point: main.py\nparameters: {n: {type: integer}}\n",
        "main.py": "def main(context):\n    for _ in range(20): context.logger.info('run %d', context.n)\n"
        "    return context.n\n",
    }
    with app_project({"orders": files}) as project:
        runs: dict[int, Any] = {}
        threads = [
            threading.Thread(target=lambda n=n: runs.update({n: project.apps.run("orders", n=n)}))  # type: ignore[misc]
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        for n, run in runs.items():
            assert run.result == n
            assert [line.split("run ")[1] for line in run.log.splitlines()] == [str(n)] * 20


# Where records are kept


def test_records_and_events_are_files_in_the_project(tmp_path: Path) -> None:
    from kindling.config.loading import load_config
    from kindling.framework import make_framework
    from kindling.plugins.host import PluginHost

    with app_project({"orders": LIFECYCLE}, folder=tmp_path) as project:
        with make_framework(load_config(tmp_path), PluginHost(allow=()), platform="local") as framework:
            run = framework.apps.run("orders")
            assert isinstance(framework.runs, FileRunStore)
        [record] = (project.folder / ".kindling" / "runs").rglob("*.json")
        [events] = (project.folder / ".kindling" / "runs").rglob("*.jsonl")

        assert json.loads(record.read_text())["state"] == "SUCCEEDED"
        kept = [json.loads(line)["event"] for line in events.read_text().splitlines()]
        assert kept == ["state", "log", "progress", "state"]
        assert "working in mode full" in run.log


class FullDisk(MemoryRunStore):
    """A store that cannot write."""

    def create(self, record: Any) -> None:
        raise RunStoreError("the disk is full", code="KDL-RUN-041")


def test_an_app_runs_where_no_record_can_be_kept(caplog: pytest.LogCaptureFixture) -> None:
    with app_project({"orders": "logger.info('hello')\nresult = 1"}) as project:
        project.framework._parts["runs"] = FullDisk()
        run = project.apps.run("orders")

        assert run.result == 1
        assert "hello" in run.log
        assert "not recorded on disk: the disk is full" in caplog.text


def test_a_manager_needs_a_framework() -> None:
    class Lonely(AppManager):
        default_framework = None

    with pytest.raises(UsageError, match="needs a framework"):
        Lonely()


def test_validate_goes_by_the_frameworks_platform_and_environment() -> None:
    with app_project({"orders": {"main.py": "result = 1", "app.test.yaml": "platforms: [fabric]\n"}}) as project:
        assert [problem.code for problem in project.apps.validate("orders").errors] == ["KDL-APP-015", "KDL-APP-007"][
            :1
        ]


def test_an_app_out_of_a_storage_runs_and_its_traceback_names_the_place_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KINDLING_CACHE_DIR", str(tmp_path))
    storage = MemoryStorage(f"artifacts-{tmp_path.name}")
    storage.write("root/apps/orders/app.yaml", b"entry_point: main.py\nparameters: {n: {type: integer}}\n")
    storage.write(
        "root/apps/orders/main.py", b"from rules import part\n\ndef main(context):\n    return part(context.n)\n"
    )
    storage.write("root/apps/orders/rules.py", b"def part(n):\n    return 100 // n\n")

    with app_project(config=f"artifacts: {storage.uri('root')}\n") as project:
        assert project.run("orders", n=4).result == 25
        failed = project.run("orders", check=False, n=0)

        assert f'File "{storage.uri("root/apps/orders/rules.py")}", line 2, in part' in failed.log
        assert "return 100 // n" in failed.log
        assert f"orders runs from the unreleased folder {storage.uri('root/apps/orders')}" in caplog.text
        with pytest.raises(AppExecutionError, match="there is no app 'stock'"):
            project.run("stock")
