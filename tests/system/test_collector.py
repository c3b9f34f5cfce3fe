"""The garbage collector rests while a command starts, and not while an app runs."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kindling.__main__ import main


def test_an_app_finds_the_garbage_collector_as_python_sets_it(tmp_path: Path) -> None:
    (tmp_path / "kindling.yaml").write_text("project: shop\n")
    app = tmp_path / "apps" / "look"
    app.mkdir(parents=True)
    (app / "app.yaml").write_text("name: look\nentry_point: main.py\n")
    (app / "main.py").write_text("import gc\nresult = [gc.isenabled(), *gc.get_threshold()]\n")
    done = subprocess.run(
        ["kindling", "run", "look", "-o", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ,
        check=True,
    )
    usual = subprocess.run(
        [sys.executable, "-c", "import gc; print(*gc.get_threshold())"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["result"] == [True, *map(int, usual.stdout.split())]


def test_a_command_that_a_program_runs_leaves_the_collector_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = gc.get_threshold()
    assert main(["explain", "KDL-CFG-004"]) == 0
    assert gc.get_threshold() == before
    assert "Unknown key" in capsys.readouterr().out
