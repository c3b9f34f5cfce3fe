"""``dev.py`` on machines that differ: old Pythons, unknown commands, environments that are ready already."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLD = [
    str(path)
    for pattern in ("2.7.*", "3.6.*", "3.8.*", "3.9.*")
    for path in sorted(
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{pattern}/bin/python")
    )
]


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(ROOT)
    return module


@pytest.mark.skipif(not OLD, reason="this machine has no Python that is too old")
@pytest.mark.parametrize("python", OLD)
def test_an_old_python_gets_a_sentence_and_no_traceback(python: str) -> None:
    done = subprocess.run([python, str(ROOT / "dev.py"), "quickstart"], capture_output=True)
    assert done.returncode == 2
    assert b"needs Python 3.10 or newer" in done.stderr
    assert b"Traceback" not in done.stderr


def test_without_a_command_it_lists_them() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "dev.py")], capture_output=True, text=True)
    assert done.returncode == 2
    for command in ("quickstart", "test", "check", "docs", "bench", "build"):
        assert re.search(rf"^ +{command}\s", done.stdout, re.MULTILINE)


def test_an_unknown_argument_is_misuse() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "dev.py"), "docs", "--fast"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--fast" in done.stderr


def test_the_stamp_follows_what_decides_about_the_environment(dev: ModuleType, tmp_path: Path) -> None:
    for name in ["pyproject.toml", "constraints.txt", "requirements-dev.txt", "requirements-quickstart.txt"]:
        shutil.copy(ROOT / name, tmp_path / name)
    for member in dev.MEMBERS:
        (tmp_path / member).mkdir()
        shutil.copy(ROOT / member / "pyproject.toml", tmp_path / member)
    os.chdir(tmp_path)
    first = dev.fingerprint("dev")
    assert dev.fingerprint("dev") == first
    assert dev.fingerprint("quickstart") != first
    for name in ("constraints.txt", "requirements-dev.txt", "kindling-core/pyproject.toml"):
        before = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(before + "\n# changed\n", encoding="utf-8")
        assert dev.fingerprint("dev") != first, name
        (tmp_path / name).write_text(before, encoding="utf-8")
    rules = (tmp_path / "pyproject.toml").read_text(encoding="utf-8").replace("line-length = 120", "line-length = 100")
    (tmp_path / "pyproject.toml").write_text(rules, encoding="utf-8")
    assert dev.fingerprint("dev") == first, "a rule of the linter installs nothing"


def test_settings_of_pip_that_send_packages_elsewhere_are_left_out(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    environment = dev.pip_environment()
    assert not {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONPATH", "PYTHONHOME"} & set(environment)
    assert environment["PIP_USER"] == "0"
    assert environment["PIP_REQUIRE_VIRTUALENV"] == "0"


def test_counts_of_several_runs_are_added_up(
    dev: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>'
    (tmp_path / "a.xml").write_text(suite, encoding="utf-8")
    report = dev.Report()
    report._count(str(tmp_path / "a.xml"))
    report._count(str(tmp_path / "a.xml"))
    report.failures.append("tests")
    assert report.close() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 4 failed, 2 skipped"


def test_an_interpreter_is_taken_only_if_it_answers_with_its_version(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "python3.10"
    shim.write_text("#!/bin/sh\necho not installed >&2\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert dev.find_interpreter("3.10") is None
