"""Apps in a real Jupyter kernel: an event loop runs already, Ctrl-C is an interrupt, values are shown as HTML."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ipykernel")
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

pytestmark = [
    pytest.mark.slow,
    # pyzmq's own event loop policy, and tornado's; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

#: Seconds. Only against hanging.
DEADLINE = 120

APPS = {
    "orders/app.yaml": "name: orders\nversion: 1.4.0\nentry_point: main.py\nparameters: {day: {type: date}}\n",
    "orders/main.py": """
from rules import rate

def main(context):
    context.logger.info("orders of %s", context.day)
    context.report_progress(0.5, "half of it")
    return {"day": context.day, "rate": rate()}
""",
    "orders/rules.py": "def rate():\n    return 1\n",
    "waits/app.yaml": "name: waits\nversion: 1.0.0\nentry_point: main.py\n",
    "waits/main.py": """
import asyncio, threading

async def main(context):
    await asyncio.sleep(0.01)
    numbers = await asyncio.gather(*map(one, range(4)))
    return {"thread": threading.current_thread() is threading.main_thread(), "sum": sum(numbers)}

async def one(number):
    await asyncio.sleep(0)
    return number
""",
    "endless/app.yaml": "name: endless\nversion: 1.0.0\nentry_point: main.py\n",
    "endless/main.py": """
from pathlib import Path
import time

def main(context):
    Path("started").touch()
    while True:
        time.sleep(0.01)

def teardown(context, result, error):
    Path("torn down").write_text(type(error).__name__)
""",
    "awaits/app.yaml": "name: awaits\nversion: 1.0.0\nentry_point: main.py\n",
    "awaits/main.py": """
from pathlib import Path
import asyncio

async def main(context):
    Path("started").touch()
    await asyncio.sleep(3600)

async def teardown(context, result, error):
    Path("torn down").write_text(type(error).__name__)
""",
}


class Notebook:
    """A kernel, and what its cells answer."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient, folder: Path) -> None:
        self.manager = manager
        self.client = client
        self.folder = folder

    def run(self, code: str, *, interrupt_when: Path | None = None) -> Cell:
        """Run a cell and collect what it shows. ``interrupt_when``: press the stop button when that file is there."""
        outputs: list[dict[str, Any]] = []
        asked = self.client.execute(code)
        if interrupt_when is not None:
            end = time.monotonic() + DEADLINE
            while not interrupt_when.exists():
                assert time.monotonic() < end, "the app never started"
                time.sleep(0.02)  # a file appears without an event
            self.manager.interrupt_kernel()
        while True:
            message = self.client.get_iopub_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            outputs.append({"type": message["msg_type"], **message["content"]})
        reply: dict[str, Any] = {"parent_header": {}}
        while reply["parent_header"].get("msg_id") != asked:
            reply = self.client.get_shell_msg(timeout=DEADLINE)
        return Cell(reply["content"], outputs)

    def value(self, expression: str) -> Any:
        """Return the value of an expression that JSON can carry."""
        cell = self.run(f"import json; print(json.dumps({expression}, default=str))")
        assert cell.status == "ok", cell.error
        return json.loads(cell.text.splitlines()[-1])


class Cell:
    """What one cell answered."""

    def __init__(self, reply: dict[str, Any], outputs: list[dict[str, Any]]) -> None:
        self.status: str = reply["status"]
        self.error = "" if self.status == "ok" else f"{reply.get('ename')}: {reply.get('evalue')}"
        self.traceback = "\n".join(reply.get("traceback", []))
        self.text = "".join(output["text"] for output in outputs if output["type"] == "stream")
        self.html = "".join(
            output["data"].get("text/html", "")
            for output in outputs
            if output["type"] in ("execute_result", "display_data", "update_display_data")
        )


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A kernel of this environment in a project's folder, initialized as people do."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "kindling.yaml").write_text("project: shop\nconnections:\n  bronze: {type: local, path: ./data}\n")
    for name, text in APPS.items():
        file = folder / "apps" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    specifications = tmp_path_factory.mktemp("kernels")
    (specifications / "here").mkdir()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (specifications / "here" / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "here", "language": "python"})
    )
    manager = KernelManager(
        kernel_name="here", kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specifications)])
    )
    manager.start_kernel(cwd=str(folder), env={**os.environ, "IPYTHONDIR": str(folder / ".ipython")})
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        opened = Notebook(manager, client, folder)
        first = opened.run('import kindling\nkd = kindling.initialize(environment="dev")')
        assert first.status == "ok", first.error
        yield opened
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.fixture
def fresh(notebook: Notebook) -> Notebook:
    """The notebook, without what the test before left in its folder."""
    for name in ("started", "torn down"):
        (notebook.folder / name).unlink(missing_ok=True)
    return notebook


def test_the_framework_shows_itself_as_a_card(notebook: Notebook) -> None:
    cell = notebook.run("kd")
    assert cell.status == "ok", cell.error
    for word in ("shop", "local", "dev", "bronze"):
        assert word in cell.html


def test_an_app_runs_and_its_run_can_be_looked_at(notebook: Notebook) -> None:
    cell = notebook.run('run = kd.apps.run("orders", day="2024-05-01")\nrun')
    assert cell.status == "ok", cell.error
    assert "SUCCEEDED" in cell.html
    assert '<progress value="0.5" max="1"></progress> 50% half of it' in cell.html, "live, while it runs"
    assert '<progress value="1" max="1"></progress> 100% SUCCEEDED' in cell.html, "and at its end"
    assert notebook.value("run.result") == {"day": "2024-05-01", "rate": 1}
    assert "orders of 2024-05-01" in notebook.value("run.log")
    assert notebook.value("run.record.mode") == "interactive"
    shown = notebook.run("run.show()")
    assert shown.status == "ok", shown.error
    assert "SUCCEEDED" in shown.text


def test_the_runs_result_can_be_shown_as_a_table(notebook: Notebook) -> None:
    cell = notebook.run('kd.display([{"airport": "JFK", "delay": 12.1}])')
    assert cell.status == "ok", cell.error
    assert '<th scope="col">airport</th>' in cell.html


def test_an_edited_module_is_read_again(notebook: Notebook) -> None:
    rules = notebook.folder / "apps/orders/rules.py"
    before = rules.read_text()
    try:
        rules.write_text("def rate():\n    return 22\n")
        assert notebook.value('kd.apps.run_app("orders", day="2024-05-01")["rate"]') == 22
        rules.write_text("def rate():\n    return 33\n")
        assert notebook.value('kd.apps.run_app("orders", day="2024-05-01")["rate"]') == 33
    finally:
        rules.write_text(before)


def test_an_app_leaves_the_notebooks_modules_and_path_alone(notebook: Notebook) -> None:
    cell = notebook.run(
        "import sys\nrules = 'mine'\npath = list(sys.path)\n"
        'kd.apps.run_app("orders", day="2024-05-01")\n'
        "assert sys.path == path and 'rules' not in sys.modules and rules == 'mine'"
    )
    assert cell.status == "ok", cell.error


def test_an_async_app_runs_although_a_loop_runs_already(notebook: Notebook) -> None:
    assert notebook.value('kd.apps.run_app("waits")') == {"thread": False, "sum": 6}


def test_an_async_app_can_be_awaited_on_the_notebooks_own_loop(notebook: Notebook) -> None:
    cell = notebook.run('result = await kd.apps.run_app_async("waits")')
    assert cell.status == "ok", cell.error
    assert notebook.value("result") == {"thread": True, "sum": 6}


@pytest.mark.skipif(sys.platform == "win32", reason="a kernel is interrupted by an event of its own there")
@pytest.mark.parametrize("app", ["endless", "awaits"])
def test_an_interrupt_ends_the_app_after_its_teardown_and_the_kernel_goes_on(fresh: Notebook, app: str) -> None:
    cell = fresh.run(f'kd.apps.run("{app}")', interrupt_when=fresh.folder / "started")
    assert cell.status == "error"
    assert cell.error.split(":")[0] in ("KeyboardInterrupt", "AppCancelledError")
    assert (fresh.folder / "torn down").exists()
    assert fresh.value('kd.runs.get("last").state') == "CANCELLED"
    assert fresh.value('kd.apps.run_app("orders", day="2024-05-01")["rate"]') == 1


def test_a_failure_names_the_apps_own_file_and_line(notebook: Notebook) -> None:
    folder = notebook.folder / "apps/fails"
    folder.mkdir(exist_ok=True)
    (folder / "app.yaml").write_text("name: fails\nversion: 1.0.0\nentry_point: main.py\n")
    (folder / "main.py").write_text("def main(context):\n    return {}['amount']\n")
    cell = notebook.run('kd.apps.run("fails")')
    assert cell.status == "error"
    assert cell.error.startswith("AppRuntimeError: KeyError: 'amount'")
    assert "apps/fails/main.py" in cell.traceback.replace("\\", "/")
    assert "return {}['amount']" in re.sub(r"\x1b\[[0-9;]*m", "", cell.traceback)


def test_spark_is_opened_when_it_is_first_used(notebook: Notebook) -> None:
    pytest.importorskip("pysail")
    assert notebook.value('[row.id for row in kd.spark.sql("SELECT 7 AS id").collect()]') == [7]
    assert notebook.value("kd.get_spark() is kd.spark") is True
    shown = notebook.run("kd.display(kd.spark.range(3))")
    assert shown.status == "ok", shown.error
    assert "<td>2</td>" in shown.html
