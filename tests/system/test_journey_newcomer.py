"""Journey 1: a newcomer, ten minutes, no cloud. What is typed here is what the journey types."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KINDLING = Path(sys.executable).with_name("kindling.exe" if os.name == "nt" else "kindling")


def kindling(*words: str, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Type a command, as its console script, and expect its exit code."""
    done = subprocess.run(
        [KINDLING, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == code, f"kindling {' '.join(words)} → {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """`kindling init project shop && cd shop && kindling init app orders`."""
    kindling("init", "project", "shop", folder=tmp_path)
    kindling("init", "app", "orders", folder=tmp_path / "shop")
    return tmp_path / "shop"


def test_a_new_project_runs_at_once(tmp_path: Path) -> None:
    made = kindling("init", "project", "demo", folder=tmp_path)
    assert made.stdout.splitlines()[-1] == "  next: cd demo && kindling run hello"
    run = kindling("run", "hello", folder=tmp_path / "demo")
    assert json.loads(run.stdout) == {"Berlin": 15.7, "Lisbon": 8.0, "Oslo": 20.1}
    assert (tmp_path / "demo/data/dev/hello/totals.csv").read_text(encoding="utf-8").startswith("shop,total\n")


@pytest.mark.parametrize("environment", ["dev", "test", "staging", "prod"])
def test_a_new_project_runs_in_each_of_its_environments(environment: str, tmp_path: Path) -> None:
    kindling("init", "project", "demo", folder=tmp_path)
    kindling("run", "hello", "-e", environment, folder=tmp_path / "demo")
    assert (tmp_path / "demo/data" / environment / "hello/totals.csv").exists()


def test_an_app_is_added_run_with_a_day_and_looked_at(shop: Path) -> None:
    run = kindling("run", "orders", "--param", "day=2024-05-01", folder=shop)
    assert json.loads(run.stdout) == {"day": "2024-05-01"}

    listed = kindling("runs", "list", folder=shop)
    assert "orders" in listed.stdout
    assert "SUCCEEDED" in listed.stdout

    shown = kindling("runs", "show", "last", folder=shop)
    assert "orders" in shown.stdout
    assert "2024-05-01" in shown.stdout

    record = json.loads(kindling("runs", "show", "last", "-o", "json", folder=shop).stdout)
    assert record["state"] == "SUCCEEDED"
    assert "working on 2024-05-01" in kindling("runs", "logs", "last", folder=shop).stdout


def test_a_day_that_is_none_is_told_before_anything_runs(shop: Path) -> None:
    done = kindling("run", "orders", "--param", "day=yesterday", folder=shop, code=2)
    assert "yesterday" in done.stderr
    assert "KDL-APP-017" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_typo_teaches_instead_of_scolding(shop: Path) -> None:
    config = shop / "kindling.yaml"
    text = config.read_text(encoding="utf-8").replace(
        "  data: {type: local, path: ./data/dev}\n",
        "  data: {type: local, path: ./data/dev}\n  bronze:\n    type: local\n    path: ./data\n    enviroment: dev\n",
    )
    config.write_text(text, encoding="utf-8")
    main = shop / "apps/orders/main.py"
    main.write_text(main.read_text(encoding="utf-8") + "\n\ndef more():\n    print((1, 2)\n", encoding="utf-8")

    done = kindling("validate", folder=shop, code=1)

    line = config.read_text(encoding="utf-8").splitlines().index("    enviroment: dev") + 1
    printed = done.stdout + done.stderr
    unknown = re.search(rf"^kindling\.yaml:{line}:5  KDL-CFG-004  .*$", printed, re.MULTILINE)
    assert unknown, printed
    assert "'enviroment'" in unknown[0]
    assert "connections.bronze" in unknown[0]
    line = main.read_text(encoding="utf-8").splitlines().index("    print((1, 2)") + 1
    syntax = rf"^apps/orders/main\.py:{line}:10  KDL-APP-011  SyntaxError: '\(' was never closed"
    assert re.search(syntax, printed, re.MULTILINE), printed
    assert re.search(r"^2 errors\. https://\S+#KDL-CFG-004  \(offline: kindling explain KDL-CFG-004\)$", printed, re.M)
    assert "Traceback" not in printed

    explained = kindling("explain", "KDL-CFG-004", folder=shop)
    assert explained.stdout.startswith("KDL-CFG-004 · Unknown key")


def test_the_tests_of_a_new_project_pass(shop: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_a_new_project_holds_and_is_clean_for_lint(shop: Path) -> None:
    kindling("validate", folder=shop)
    for environment in ("test", "staging", "prod"):
        kindling("validate", "-e", environment, folder=shop)
    subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "."], cwd=shop, check=True)
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=120", "--check", "."],
        cwd=shop,
        check=True,
    )


def test_every_answer_is_data_with_json(shop: Path) -> None:
    for words in (["validate"], ["runs", "list"], ["plugins", "list"], ["config", "show"], ["explain"], ["doctor"]):
        json.loads(kindling(*words, "-o", "json", folder=shop).stdout)


def test_what_the_app_raised_is_told_with_its_line_and_its_code(shop: Path) -> None:
    main = shop / "apps/orders/main.py"
    main.write_text('def main(context):\n    raise ValueError("no such day")\n', encoding="utf-8")
    done = kindling("run", "orders", folder=shop, code=1)
    assert "KDL-RUN-003" in done.stderr
    assert "no such day" in done.stderr
    assert re.search(r"main\.py(:|\", line )2", done.stderr)
    listed = json.loads(kindling("runs", "list", "-o", "json", folder=shop).stdout)
    assert json.dumps(listed).count("FAILED") >= 1
