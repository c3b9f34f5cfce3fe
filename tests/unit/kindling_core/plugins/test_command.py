"""``kindling plugins``, typed into a shell of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ALL_BAD = (
    "import_error",
    "exits",
    "hook_raises",
    "late_generator",
    "future_api",
    "misspelt_hook",
    "undecorated_hook",
    "hook_with_arguments",
    "missing_dependency",
    "dangling",
    "corrupt_metadata",
)


@pytest.fixture
def run(installed: Callable[..., Path], tmp_path: Path) -> Run:
    """Type ``kindling …`` with fixture distributions installed, in an empty folder."""
    (tmp_path / "here").mkdir()

    def type_(*arguments: str, plugins: tuple[str, ...] = (), **environ: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "PYTHONPATH": str(installed(*plugins)) if plugins else "",
            "KINDLING_CACHE_DIR": str(tmp_path / "cache"),
            **environ,
        }
        command = [sys.executable, "-m", "kindling", *arguments]
        return subprocess.run(command, env=env, cwd=tmp_path / "here", capture_output=True, text=True, encoding="utf-8")

    return type_


def test_the_list_as_somebody_with_a_platform_of_their_own_sees_it(run: Run) -> None:
    done = run("plugins", "list", plugins=("good", "missing_dependency"))
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["name", "version", "state", "serves", "from"]
    by_name = {line.split()[0]: re.sub(r"\s{2,}", "  ", line) for line in lines[1:]}
    assert by_name["local"] == "local  0.1.0  available  platform local  kindling-local"
    assert by_name["orbit"] == (
        "orbit  1.2  available  platform orbit · storage orbit · auth orbit_keys · secrets orbit_safe  kindling-orbit"
    )
    assert by_name["acme"] == (
        "acme  2.0  broken  ImportError: No module named 'acme_sdk'  "
        '→ pip install "kindling-acme[sdk]" or disable: KINDLING_DISABLE_PLUGINS=acme'
    )


def test_the_list_works_where_every_plugin_is_broken(run: Run) -> None:
    done = run("plugins", "list", "-o", "json", plugins=ALL_BAD)
    assert done.returncode == 0
    states = {record["name"]: record["state"] for record in json.loads(done.stdout)}
    assert states["futura"] == "incompatible"
    assert [states[name] for name in ("crater", "exits", "quake", "tide", "acme", "ghost")] == ["broken"] * 6
    assert states["builtin"] == "available"


def test_what_a_plugin_prints_does_not_spoil_json(run: Run) -> None:
    done = run("plugins", "list", "-o", "json", plugins=("prints",))
    record = next(record for record in json.loads(done.stdout) if record["name"] == "parrot")
    assert record["state"] == "available"
    assert record["claims"] == ["platform.parrot"]


def test_without_a_check_nothing_is_found_out(run: Run) -> None:
    done = run("plugins", "list", "--no-check", "-o", "json", plugins=("missing_dependency",))
    assert {record["state"] for record in json.loads(done.stdout)} == {"available"}


def test_disabled_plugins_are_shown_as_such(run: Run) -> None:
    done = run("plugins", "list", "-o", "json", plugins=("exits",), KINDLING_DISABLE_PLUGINS="*")
    states = {record["name"]: record["state"] for record in json.loads(done.stdout)}
    assert states.pop("builtin") == "available"
    assert set(states.values()) == {"disabled"}


def test_the_projects_configuration_disables_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / "kindling.yaml").write_text("plugins: {disable: [fabric]}\n")
    done = run("plugins", "list", "--no-check", "-o", "json")
    states = {record["name"]: record["state"] for record in json.loads(done.stdout)}
    assert (states["fabric"], states["local"]) == ("disabled", "available")


def test_a_configuration_that_does_not_hold_is_no_reason_not_to_list(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / "kindling.yaml").write_text("plugins: {disabled: [fabric]}\n")
    done = run("plugins", "list", "--no-check", "-o", "json")
    assert done.returncode == 0
    assert "KDL-CFG-004" in done.stderr
    assert json.loads(done.stdout)


def test_clashes_are_noted_on_standard_error(run: Run) -> None:
    done = run("plugins", "list", "--no-check", plugins=("good", "same_name"))
    assert "orbit (kindling-fx-same-name): platform orbit is also served by orbit (kindling-orbit)" in done.stderr


def test_one_plugin_is_shown_with_all_that_is_known(run: Run) -> None:
    done = run("plugins", "show", "kindling-acme", plugins=("missing_dependency",))
    assert done.returncode == 0
    assert "state         broken" in done.stdout
    assert 'remedy        pip install "kindling-acme[sdk]"' in done.stdout
    data = json.loads(run("plugins", "show", "acme", "-o", "json", plugins=("missing_dependency",)).stdout)
    assert (data["entry_point"], data["api"]) == ("kindling_acme.plugin", [1])


def test_an_unknown_plugin_gets_the_nearest_name(run: Run) -> None:
    done = run("plugins", "show", "orbti", plugins=("good",))
    assert done.returncode == 1
    assert "did you mean 'orbit'?" in done.stderr
    assert "KDL-PLG-014" in done.stderr


def test_verify_is_green_for_what_keeps_the_contract(run: Run) -> None:
    done = run("plugins", "verify", "orbit", "local", "fabric", "synapse", "databricks", plugins=("good",))
    assert done.returncode == 0, done.stdout
    assert "✗" not in done.stdout
    assert "  ✓ index and hooks agree" in done.stdout


@pytest.mark.parametrize(
    ("plugin", "name", "told"),
    [
        ("lying_index", "liar", "✗ index and hooks agree: its index says platform moon"),
        ("missing_dependency", "acme", "✗ loads: ImportError: No module named 'acme_sdk'"),
        ("late_generator", "tide", "✗ loads: kindling_execution raised OSError: the tide is out"),
        ("exits", "exits", "✗ loads: it ended the process: sys.exit(3)"),
        ("no_index", "wanderer", "! has an index: no entry points in the group kindling.serves"),
        ("same_name", "orbit", "✗ ExecutionBackend orbit: opens"),
    ],
)
def test_verify_says_what_does_not(run: Run, plugin: str, name: str, told: str) -> None:
    done = run("plugins", "verify", name, plugins=(plugin,))
    assert told in done.stdout
    assert done.returncode == 1


def test_verify_as_data(run: Run) -> None:
    done = run("plugins", "verify", "liar", "-o", "json", plugins=("lying_index",))
    (report,) = json.loads(done.stdout)
    assert report["ok"] is False
    assert {"level", "what", "detail"} == set(report["checks"][0])


@pytest.mark.parametrize("plugins", [(), ("good", "slow_import", "missing_dependency")], ids=["few", "many"])
def test_listing_what_is_known_imports_neither_a_plugin_nor_anything_heavy(
    run: Run, plugins: tuple[str, ...], tmp_path: Path
) -> None:
    run("plugins", "list", plugins=plugins)
    (tmp_path / "here" / "sitecustomize.py").write_text("")
    done = run("plugins", "list", plugins=plugins, PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "kindling.plugins.listing" in imported
    heavy = {"pluggy", "yaml", "rich", "importlib.metadata", "importlib_metadata", "email", "subprocess", "asyncio"}
    if sys.version_info < (3, 11):
        heavy.remove("subprocess")  # click imports uuid, and that Python's uuid comes to it by way of platform
    assert not imported & heavy
    assert not [name for name in imported if name.startswith(("kindling_", "acme"))]
