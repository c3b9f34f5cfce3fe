"""app_runner.py: what a job definition runs; copied elsewhere, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kindling import app_runner

ORDERS = {
    "app.yaml": "entry_point: main.py\nparameters: {day: {type: date, default: 2024-05-01}}\n",
    "main.py": "def main(context):\n    return {'day': context.day, 'environment': context.environment}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    add(folder, "orders", ORDERS)
    add(folder, "bad", {"app.yaml": "entry_point: main.py\n", "main.py": "raise ValueError('no such day')\n"})
    (folder / "kindling.yaml").write_text("project: shop\n")
    return folder


def add(root: Path, name: str, files: dict[str, str]) -> None:
    folder = root / "apps" / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text)


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    copied = folder.parent / "elsewhere" / "runner.py"
    copied.parent.mkdir(exist_ok=True)
    shutil.copy(app_runner.__file__, copied)
    return subprocess.run(
        [sys.executable, str(copied), *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_result_is_printed_as_json(project: Path) -> None:
    ended = run(project, "orders", "--param", "day=2024-06-01")

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"day": "2024-06-01", "environment": "dev"}


@pytest.mark.parametrize(
    ("arguments", "variables", "environment"),
    [
        (["prod"], {}, "prod"),
        (["-e", "prod"], {"KINDLING_ENVIRONMENT": "test"}, "prod"),
        (["--environment=prod"], {}, "prod"),
        ([], {"KINDLING_ENVIRONMENT": "test"}, "test"),
    ],
)
def test_the_environment_is_said_by_position_option_or_variable(
    project: Path, arguments: list[str], variables: dict[str, str], environment: str
) -> None:
    ended = run(project, "orders", *arguments, **variables)

    assert json.loads(ended.stdout)["environment"] == environment


def test_a_failure_is_exit_code_1_and_shows_its_traceback_only_when_asked(project: Path) -> None:
    quiet, verbose = run(project, "bad"), run(project, "bad", "-v")

    assert (quiet.returncode, verbose.returncode) == (1, 1)
    assert "no such day" in quiet.stderr
    assert "KDL-RUN-003" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in verbose.stderr
    assert "main.py" in verbose.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required"),
        (["orders", "--bogus"], "--bogus"),
        (["orders", "dev", "-e", "prod"], "given twice"),
        (["orders", "--param", "day"], "NAME=VALUE"),
        (["orders", "--param", "dya=1"], "did you mean 'day'?"),
        (["orders", "--param", "day=x"], "YYYY-MM-DD"),
    ],
)
def test_misuse_is_exit_code_2(project: Path, arguments: list[str], said: str) -> None:
    ended = run(project, *arguments)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stdout == ""


def test_an_app_that_is_not_there_fails(project: Path) -> None:
    ended = run(project, "ordes")

    assert ended.returncode == 1
    assert "did you mean 'orders'?" in ended.stderr


@pytest.mark.parametrize("by", ["option", "variable"])
def test_an_app_in_the_artifacts_root_is_found_there_first(project: Path, tmp_path: Path, by: str) -> None:
    root = tmp_path / "artifacts"
    add(root, "orders", {"app.yaml": "entry_point: main.py\n", "main.py": "result = 'from the artifacts root'\n"})

    ended = (
        run(project, "orders", "-a", str(root))
        if by == "option"
        else run(project, "orders", KINDLING_ARTIFACTS_PATH=str(root))
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == "from the artifacts root"
    assert "unreleased folder" in ended.stderr


def test_where_kindling_is_missing_it_says_what_to_install(project: Path) -> None:
    copied = project / "runner.py"
    shutil.copy(app_runner.__file__, copied)

    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(copied), "orders"], capture_output=True, text=True, cwd=project, timeout=60
    )

    assert ended.returncode == 1
    assert 'pip install "kindling-core"' in ended.stderr


def test_in_this_process_it_leaves_the_environment_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    before = dict(os.environ)

    assert app_runner.main(["ordes", "prod", "-a", "x"]) == 1

    assert dict(os.environ) == before
    assert "there is no app 'ordes'" in capsys.readouterr().err
