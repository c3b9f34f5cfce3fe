"""Journey 4: somebody with a platform of their own, as far as plugins are listed."""

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

EMR = """
from kindling.contracts import AuthBackend, ExecutionBackend, StorageBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="emr", opens="kindling_emr:open_runner")


@hookimpl
def kindling_storage():
    yield StorageBackend(name="s3", schemes=("s3",), opens="kindling_emr:open_storage")


@hookimpl
def kindling_auth():
    yield AuthBackend(mode="aws_profile", opens="kindling_emr:open_auth")
"""


def install(folder: Path, name: str, version: str, source: str, serves: tuple[str, ...]) -> None:
    """Put a distribution where an installer would."""
    module = f"kindling_{name}"
    information = folder / f"{module}-{version}.dist-info"
    information.mkdir(parents=True)
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: kindling-{name}\nVersion: {version}\nProvides-Extra: sdk\n"
        f"Requires-Dist: {name}-sdk; extra == 'sdk'\n",
        encoding="utf-8",
    )
    index = "".join(f"{what} = {module}\n" for what in ("api.1", *serves))
    (information / "entry_points.txt").write_text(
        f"[kindling]\n{name} = {module}\n\n[kindling.serves]\n{index}", encoding="utf-8"
    )
    (information / "RECORD").write_text(f"{module}.py,,\n", encoding="utf-8")


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment variables of a machine with a good plugin and a broken one."""
    packages = tmp_path / "packages"
    install(packages, "emr", "0.1.0", EMR, ("platform.emr", "connection.s3", "scheme.s3", "auth.aws_profile"))
    install(packages, "acme", "2.0", "import acme_sdk\n", ("platform.acme",))
    return {**os.environ, "PYTHONPATH": str(packages), "COLUMNS": "200"}


def kindling(*words: str, env: dict[str, str], code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([KINDLING, *words], env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == code, f"kindling {' '.join(words)} → {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def test_the_list_shows_what_works_what_is_broken_and_what_to_do(installed: dict[str, str]) -> None:
    lines = kindling("plugins", "list", env=installed).stdout.splitlines()
    assert re.split(r"\s{2,}", lines[0].strip())[:4] == ["name", "version", "state", "serves"]
    rows = {line.split()[0]: line for line in lines[1:] if line.strip()}
    assert re.search(r"^\s*local\s+\S+\s+available\s+platform local", rows["local"])
    assert re.search(r"emr\s+0\.1\.0\s+available\s+platform emr · storage s3 · auth aws_profile", rows["emr"])
    assert "kindling-emr" in rows["emr"]
    broken = "\n".join(lines)
    assert re.search(r"acme\s+2\.0\s+broken\s+ModuleNotFoundError|acme\s+2\.0\s+broken\s+ImportError", broken)
    assert "acme_sdk" in broken
    assert "KINDLING_DISABLE_PLUGINS=acme" in broken


def test_a_disabled_plugin_is_left_out_before_it_is_imported(installed: dict[str, str]) -> None:
    listed = json.loads(
        kindling("plugins", "list", "-o", "json", env={**installed, "KINDLING_DISABLE_PLUGINS": "acme"}).stdout
    )
    plugins = listed if isinstance(listed, list) else listed["plugins"]
    states = {plugin["name"]: plugin["state"] for plugin in plugins}
    assert states["acme"] == "disabled"
    assert states["emr"] == "available"


def test_the_doctor_names_the_broken_plugin_and_its_remedy(installed: dict[str, str]) -> None:
    done = kindling("doctor", "-o", "json", env=installed, code=1)
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings["plugin acme"]["state"] == "broken"
    assert "acme_sdk" in findings["plugin acme"]["message"]
    assert "KINDLING_DISABLE_PLUGINS=acme" in findings["plugin acme"]["remedy"]
    assert findings["plugin emr"]["state"] == "ok"
