"""The garbage collector rests while a command starts, and not while an app runs."""

from __future__ import annotations

import gc
import json
import os
import subprocess
from pathlib import Path


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
    assert json.loads(done.stdout)["result"] == [True, *gc.get_threshold()]
