"""``kindling run``, typed into a shell: what comes out where, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

pytestmark = pytest.mark.slow

DEADLINE = 60.0  # against hanging only


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kindling.yaml").write_text("project: shop\n")
    return tmp_path


def write(project: Path, source: str, name: str = "orders", parameters: str = "{}", **files: str) -> Path:
    app = project / "apps" / name
    app.mkdir(parents=True)
    (app / "app.yaml").write_text(f"name: {name}\nversion: 1.0.0\nentry_point: main.py\nparameters: {parameters}\n")
    (app / "main.py").write_text(dedent(source))
    for file, text in files.items():
        (app / f"{file}.py").write_text(dedent(text))
    return app


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kindling", "run", *arguments],
        cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = start(project, *arguments)
    out, err = process.communicate(timeout=DEADLINE)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def last_record(project: Path) -> dict[str, Any]:
    files = sorted(project.glob(".kindling/runs/*/*.json"))
    record: dict[str, Any] = json.loads(files[-1].read_text())
    return record


def test_the_result_is_on_stdout_and_the_rest_on_stderr(project: Path) -> None:
    write(
        project,
        """
        def main(context):
            context.report_progress(0.5, "halfway")
            context.logger.info("reading")
            return {"rows": 3, "day": str(context.day)}
        """,
        parameters="{day: {type: date, required: true}}",
    )
    ended = run(project, "orders", "--param", "day=2024-05-01")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"rows": 3, "day": "2024-05-01"}
    lines = ended.stderr.splitlines()
    assert lines[0] == f"orders 1.0.0 from {Path('apps/orders')} on local, environment dev"
    assert "halfway" in ended.stderr
    assert "reading" in ended.stderr
    assert "SUCCEEDED" in lines[-1]


def test_json_is_one_document_whatever_the_app_prints(project: Path) -> None:
    write(
        project,
        """
        import subprocess, sys
        print("printed")
        subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
        result = [1, 2]
        """,
    )
    ended = run(project, "orders", "-o", "json")
    document = json.loads(ended.stdout)
    assert (document["state"], document["result"]) == ("SUCCEEDED", [1, 2])
    assert "printed\n" in ended.stderr
    assert "printed by a child" in ended.stderr


def test_an_app_is_main_of_the_commands_own_process(project: Path) -> None:
    write(
        project,
        "import os, prices, sys\nresult = [__name__, prices.__name__, os.getppid(), sys.argv[0]]",
        prices="",
    )
    ended = run(project, "orders")
    name, sibling, parent, argv = json.loads(ended.stdout)
    assert (name, sibling, parent) == ("__main__", "prices", os.getpid())
    assert argv == str(project / "apps" / "orders" / "main.py")


def test_a_failure_names_the_apps_line_and_exits_with_1(project: Path) -> None:
    write(project, "import prices\ndef main(context): prices.divide()", prices="def divide():\n    1 / 0\n")
    ended = run(project, "orders")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "ZeroDivisionError: division by zero" in ended.stderr
    assert "apps/orders/prices.py:2" in ended.stderr
    assert "KDL-RUN-003" in ended.stderr
    assert "Traceback" not in ended.stderr
    debug = run(project, "orders", "--debug")
    assert "Traceback" in debug.stderr
    as_data = run(project, "orders", "-o", "json")
    error = json.loads(as_data.stderr[as_data.stderr.index('{\n  "error"') :])["error"]
    assert error["location"]["file"] == "apps/orders/prices.py"
    assert error["location"]["line"] == 2
    assert error["context"]["traceback"][-1] == "apps/orders/prices.py:2 in divide: 1 / 0"


def test_what_an_app_changes_is_put_back_before_its_run_is_recorded(project: Path) -> None:
    write(project, "import os\nos.chdir('/')\nos.environ.clear()\nresult = 1")
    assert run(project, "orders").returncode == 0
    assert last_record(project)["state"] == "SUCCEEDED"


def test_a_limit_is_firm(project: Path) -> None:
    write(
        project,
        """
        import time
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
        """,
    )
    process = start(project, "orders", "--time-limit", "1s")
    _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert "KDL-RUN-004" in err
    assert last_record(project)["state"] == "TIMED_OUT"


def test_a_limit_of_nothing_is_refused(project: Path) -> None:
    write(project, "result = 1")
    ended = run(project, "orders", "--time-limit", "0s")
    assert ended.returncode == 2
    assert "KDL-RUN-024" in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("limit", [(), ("--time-limit", "50s")], ids=["own process", "child process"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_130_after_teardown(project: Path, number: int, limit: tuple[str, ...]) -> None:
    write(
        project,
        """
        import time
        def main(context):
            print("started", flush=True)
            time.sleep(60)
        def teardown(context, result, error):
            (context.folder / "ended").write_text(type(error).__name__)
        """,
    )
    process = start(project, "orders", *limit)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, err
    assert (project / "apps" / "orders" / "ended").exists()
    assert last_record(project)["state"] == "CANCELLED"
    assert "KDL-RUN-005" in err


def test_another_platform_is_refused_with_the_way_there(project: Path) -> None:
    write(project, "result = 1")
    ended = run(project, "orders", "--platform", "fabric")
    assert ended.returncode == 2
    assert "kindling deploy orders --platform fabric" in ended.stderr
    assert "kindling job run orders --platform fabric" in ended.stderr
    assert run(project, "orders", "--platform", "local").returncode == 0


@pytest.mark.parametrize("given", ["day", "=1", "day=1 day=2"])
def test_a_parameter_that_is_none_is_misuse(project: Path, given: str) -> None:
    write(project, "result = 1", parameters="{day: {type: integer}}")
    arguments = [part for text in given.split() for part in ("--param", text)]
    ended = run(project, "orders", *arguments)
    assert ended.returncode == 2
    assert "KDL-CLI-004" in ended.stderr


def test_an_app_that_ends_its_process_leaves_a_record_that_says_so(project: Path) -> None:
    write(project, "import os\nos._exit(7)")
    assert run(project, "orders").returncode == 7
    shown = subprocess.run(
        [sys.executable, "-m", "kindling", "runs", "show", "last", "-o", "json"],
        cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(shown.stdout)["state"] == "FAILED"


def test_an_app_may_be_named_by_its_folder(project: Path) -> None:
    write(project, "result = 'by folder'")
    ended = run(project, "./apps/orders")
    assert ended.stdout == "by folder\n"


@pytest.mark.parametrize("mode", ["module", "interactive"])
def test_another_mode_may_be_asked_for(project: Path, mode: str) -> None:
    write(project, "result = __name__")
    assert run(project, "orders", "--mode", mode).stdout == "kindling_apps.orders_1.main\n"


def test_apps_run_inside_of_apps(project: Path) -> None:
    write(project, "def main(context): return context.framework.apps.run('inner', n=2).result", "outer")
    write(project, "def main(context): return context.n * 2", "inner", parameters="{n: {type: integer}}")
    assert run(project, "outer").stdout == "4\n"
    assert run(project, "outer", "--time-limit", "50s").stdout == "4\n"
