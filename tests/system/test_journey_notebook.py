"""Journey 3: in a notebook, as far as this machine reaches: the lines of the journey in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CELLS = """
import kindling

kd = kindling.initialize(environment="dev")
assert (kd.platform, kd.environment) == ("local", "dev")
card = kd._repr_html_()
for shown in ("local", "dev", "bronze", kindling.__version__, "databricks"):
    assert shown in card, (shown, card)

run = kd.apps.run("orders", day="2024-05-01")
assert run.result == {"day": "2024-05-01"}, run.result
assert "working on 2024-05-01" in str(run.log)
run.show()
kd.close()
"""


def test_the_lines_of_the_journey_work_as_they_stand(tmp_path: Path) -> None:
    kindling = [sys.executable, "-m", "kindling"]
    subprocess.run([*kindling, "init", "project", "shop"], cwd=tmp_path, check=True, capture_output=True)
    shop = tmp_path / "shop"
    subprocess.run([*kindling, "init", "app", "orders"], cwd=shop, check=True, capture_output=True)
    text = (shop / "kindling.yaml").read_text(encoding="utf-8")
    (shop / "kindling.yaml").write_text(text.replace("  data:", "  bronze: {type: local, path: ./b}\n  data:"), "utf-8")
    done = subprocess.run([sys.executable, "-c", CELLS], cwd=shop, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
