"""Standalone mode with real child processes: what goes in, what comes home, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from kindling.apps.limits import Limit, RunControl
from kindling.apps.travelling import Described
from kindling.errors import AppCancelledError, AppConfigError, AppRuntimeError, AppTimeoutError

DEADLINE = 30.0  # against hanging only


def wait_for(condition: Any) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_app_is_main_with_plain_names_in_another_process(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": """
                import os, sys
                import prices
                import importlib
                def main(context):
                    return {
                        "name": __name__, "sibling": prices.__name__, "by_name": importlib.import_module("prices").VAT,
                        "pid": os.getpid(), "argv": sys.argv, "path": sys.path[0], "file": __file__,
                    }
            """,
            "prices.py": "VAT = 19",
        }
    )
    seen = app.run(mode="standalone")
    assert seen.pop("pid") != os.getpid()
    file = str(app.folder / "main.py")
    assert seen == {
        "name": "__main__", "sibling": "prices", "by_name": 19, "argv": [file], "path": str(app.folder), "file": file,
    }  # fmt: skip


def test_parameters_keep_their_types(make_app: Any) -> None:
    app = make_app("def main(context): return repr(dict(context.parameters))")
    given = {"day": date(2024, 5, 1), "rows": 3, "share": 0.5, "dry": True, "names": ["a", "b"]}
    assert app.run(mode="standalone", **given) == repr(given)


def test_a_script_gets_its_names_and_gives_its_result(make_app: Any) -> None:
    app = make_app("logger.info('here')\nif __name__ == '__main__':\n    result = [framework, context.day]")
    assert app.run(mode="standalone", day=3) == [None, 3]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{'rows': [1, 2.5, None, 'ü']}", {"rows": [1, 2.5, None, "ü"]}),
        ("(1, 2)", [1, 2]),
        ("__import__('datetime').date(2024, 5, 1)", "2024-05-01"),
        ("len", Described("<built-in function len>")),
    ],
)
def test_a_result_comes_home_as_data(make_app: Any, expression: str, expected: Any) -> None:
    assert make_app(f"result = {expression}").run(mode="standalone") == expected


def test_an_error_comes_home_with_its_place_and_traceback(make_app: Any) -> None:
    app = make_app(
        {"main.py": "import prices\ndef main(context):\n    prices.divide(1)", "prices.py": "def divide(x):\n    x / 0"}
    )
    with pytest.raises(AppRuntimeError, match="ZeroDivisionError: division by zero") as caught:
        app.run(mode="standalone")
    assert caught.value.code == "KDL-RUN-003"
    assert caught.value.location.line == 2
    assert caught.value.location.file == str(app.folder / "prices.py")
    text = str(caught.value.__cause__)
    assert "x / 0" in text
    assert "kindling" + os.sep + "apps" + os.sep not in text


def test_an_app_that_cannot_be_compiled_is_refused_with_its_place(make_app: Any) -> None:
    with pytest.raises(AppConfigError) as caught:
        make_app("\nx = (").run(mode="standalone")
    assert caught.value.code == "KDL-APP-011"
    assert caught.value.problems[0].location.line == 2


def test_progress_comes_home(make_app: Any) -> None:
    from kindling.apps.context import AppContext
    from kindling.apps.executor import AppExecutor

    app = make_app(
        "def main(context):\n    context.report_progress(0.5, 'half')\n    context.report_progress(done=3, total=3)"
    )
    reports: list[Any] = []
    context = AppContext(app.loaded(), logger=app.logger, run_id="run-1", report=reports.append)
    AppExecutor().execute(app.loaded(), context, mode="standalone")
    assert reports == [{"fraction": 0.5, "message": "half"}, {"fraction": 1.0, "done": 3, "total": 3}]


def test_what_the_app_prints_comes_out_where_this_process_prints(
    make_app: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    make_app("import sys\nprint('grüße')\nprint('to stderr', file=sys.stderr)").run(mode="standalone")
    printed = capsys.readouterr()
    assert printed.out == "grüße\n"
    assert printed.err == "to stderr\n"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
@pytest.mark.skipif(os.name == "nt", reason="Windows has spawn only")
def test_multiprocessing_works_with_every_start_method(make_app: Any, method: str) -> None:
    app = make_app(
        {
            "main.py": f"""
                import multiprocessing
                from work import double
                def own(x):
                    return double(x) + 1
                def main(context):
                    with multiprocessing.get_context({method!r}).Pool(2) as pool:
                        return pool.map(own, range(4))
            """,
            "work.py": "def double(x): return 2 * x",
        }
    )
    assert app.run(mode="standalone") == [1, 3, 5, 7]


def test_an_app_that_ends_its_process_is_told_by_its_exit_status(make_app: Any) -> None:
    with pytest.raises(AppRuntimeError, match="exit status 7") as caught:
        make_app("import os; os._exit(7)").run(mode="standalone")
    assert caught.value.code == "KDL-RUN-022"
    assert caught.value.context["exit_status"] == 7


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_app_that_is_killed_is_told_by_the_signal(make_app: Any) -> None:
    with pytest.raises(AppRuntimeError, match="killed by SIGKILL") as caught:
        make_app("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").run(mode="standalone")
    assert "memory" in caught.value.suggestions[0]


def test_sys_exit_means_the_same_as_in_process(make_app: Any) -> None:
    assert make_app("raise SystemExit(0)").run(mode="standalone") is None
    with pytest.raises(AppRuntimeError) as caught:
        make_app("raise SystemExit(3)").run(mode="standalone")
    assert (caught.value.code, caught.value.context["exit_code"]) == ("KDL-RUN-020", 3)


def test_a_limit_ends_the_app_and_its_teardown_runs(make_app: Any, tmp_path: Path) -> None:
    app = make_app(
        f"""
        import pathlib, time
        def main(context):
            time.sleep(60)
        def teardown(context, result, error):
            pathlib.Path({str(tmp_path / "seen")!r}).write_text(type(error).__name__)
        """
    )
    with pytest.raises(AppTimeoutError, match=r"limit of 2 s") as caught:
        app.run(mode="standalone", limit=Limit(2, grace=20))
    assert (tmp_path / "seen").read_text() == "AppTimeoutError"
    assert caught.value.code == "KDL-RUN-004"


STUBBORN = """
    import pathlib, signal, subprocess, sys, time
    for number in (signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGURG", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    pathlib.Path({file!r}).write_text(str(child.pid))
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_a_limit_is_firm_for_an_app_that_swallows_everything_and_for_what_it_started(
    make_app: Any, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    app = make_app(STUBBORN.format(file=str(file)))
    with pytest.raises(AppTimeoutError) as caught:
        app.run(mode="standalone", limit=Limit(1.5, grace=0.3))
    assert "was killed" in caught.value.suggestions[-1]
    wait_for(lambda: not is_alive(int(file.read_text())))


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_what_an_obedient_app_left_running_does_not_outlive_the_limit(make_app: Any, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    app = make_app(
        f"""
        import pathlib, subprocess, sys, time
        def main(context):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
            pathlib.Path({str(file)!r}).write_text(str(child.pid))
            time.sleep(60)
        """
    )
    with pytest.raises(AppTimeoutError):
        app.run(mode="standalone", limit=Limit(1.5, grace=20))
    wait_for(lambda: not is_alive(int(file.read_text())))


def test_a_limit_holds_while_the_interpreter_ends(make_app: Any) -> None:
    app = make_app("import threading, time\nthreading.Thread(target=time.sleep, args=(120,)).start()\nresult = 1")
    started = time.monotonic()
    assert app.run(mode="standalone", limit=Limit(1.5, grace=0.2)) == 1
    assert time.monotonic() - started < DEADLINE


def test_another_thread_may_cancel_it(make_app: Any, tmp_path: Path) -> None:
    app = make_app(
        f"""
        import pathlib, time
        def main(context):
            pathlib.Path({str(tmp_path / "started")!r}).touch()
            time.sleep(60)
        def teardown(context, result, error):
            pathlib.Path({str(tmp_path / "ended")!r}).write_text(str(error))
        """
    )
    control = RunControl(Limit(grace=20))

    def cancel() -> None:
        wait_for((tmp_path / "started").exists)
        control.cancel("somebody had enough")

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(AppCancelledError, match="somebody had enough"):
        app.run(mode="standalone", control=control)
    thread.join()
    assert "somebody had enough" in (tmp_path / "ended").read_text()


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_ends_when_the_process_that_started_it_does(make_app: Any, tmp_path: Path, how: Any) -> None:
    app = make_app(
        f"""
        import os, pathlib, time
        def main(context):
            pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
            time.sleep(60)
        def teardown(context, result, error):
            pathlib.Path({str(tmp_path / "ended")!r}).write_text(str(error))
        """
    )
    program = dedent(
        f"""
        import logging
        from pathlib import Path
        from kindling.apps.context import AppContext
        from kindling.apps.definition import AppDefinition
        from kindling.apps.executor import AppExecutor
        from kindling.apps.loader import LoadedApp
        app = LoadedApp(AppDefinition("orders", entry_point="main.py"), Path({str(app.folder)!r}), "test")
        context = AppContext(app, logger=logging.getLogger("x"), run_id="1")
        AppExecutor().execute(app, context, mode="standalone")
        """
    )
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        parent.send_signal(how)
        parent.wait(DEADLINE)
    child = int((tmp_path / "pid").read_text())
    wait_for(lambda: not is_alive(child))
    assert "the process that started it has ended" in (tmp_path / "ended").read_text()
