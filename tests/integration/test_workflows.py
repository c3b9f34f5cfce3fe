"""The workflows of continuous integration and of releases are well formed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
MEMBERS = ["kindling-core", "kindling-local", "kindling-fabric", "kindling-synapse", "kindling-databricks"]


def actionlint(tmp_path: Path) -> str:
    """Return the path of actionlint: the machine's own, or one that Go builds."""
    if found := shutil.which("actionlint"):
        return found
    go = shutil.which("go")
    if go is None:
        pytest.skip("neither actionlint nor a Go to build it with is on this machine")
    import os

    # The checksum database is asked over the network, and where it is out of reach the proxy alone has to do.
    for checksums in ({}, {"GONOSUMDB": "*", "GONOSUMCHECK": "1", "GOFLAGS": "-mod=mod -modcacherw"}):
        environment = {**os.environ, "GOBIN": str(tmp_path), "GOTOOLCHAIN": "local", **checksums}
        done = subprocess.run([go, "install", ACTIONLINT], env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            return str(tmp_path / "actionlint")
    pytest.skip(f"Go could not build actionlint: {done.stderr.strip()[-300:]}")


@pytest.mark.slow
@pytest.mark.network
def test_the_workflows_pass_actionlint(tmp_path: Path) -> None:
    program = actionlint(tmp_path)
    files = sorted(str(path) for path in WORKFLOWS.glob("*.yml"))
    done = subprocess.run([program, "-no-color", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    # It can say no: a step that needs a job that is not there.
    broken = tmp_path / "broken.yml"
    broken.write_text(
        "on: push\njobs:\n  a:\n    needs: b\n    runs-on: ubuntu-latest\n    steps: []\n", encoding="utf-8"
    )
    assert subprocess.run([program, str(broken)], cwd=ROOT, capture_output=True).returncode == 1


def test_a_release_publishes_all_five_distributions_after_all_tests() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "release.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["publish"]["strategy"]["matrix"]["distribution"] == MEMBERS
    assert "test" in jobs["publish"]["needs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}


def test_the_tests_run_on_three_systems_and_on_each_supported_python() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    matrix = jobs["unit"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13"]


def test_no_workflow_holds_a_password() -> None:
    for path in WORKFLOWS.glob("*.yml"):
        assert not re.search(r"secrets\.|password:", path.read_text(encoding="utf-8")), path.name
