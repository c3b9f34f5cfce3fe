"""What everybody who has a plugin installed pays for it: as little as can be."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import pluggy
before = set(sys.modules)
{code}
print(*sorted(name for name in set(sys.modules) - before))
"""


def imported_by(code: str) -> set[str]:
    # -S: what the environment's own .pth files import is not ours.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-S", "-c", PROGRAM.format(code=code)]
    return set(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split())


NEEDED = "from kindling.contracts import ExecutionBackend, JobBackend, Level, StorageBackend, Support\n"
NEEDED += "from kindling.hookspecs import hookimpl"
#: Standard-library modules that take a millisecond or more, and what nobody may be made to pay for.
HEAVY = {
    "asyncio", "concurrent", "dataclasses", "difflib", "email", "importlib.metadata", "json", "logging", "pathlib",
    "subprocess", "tempfile", "urllib.parse", "urllib.request", "uuid", "zipfile", "click", "rich", "yaml", "pandas",
    "pyspark", "pydantic", "requests", "azure", "packaging",
}  # fmt: skip


def test_what_a_plugins_module_needs_is_light() -> None:
    found = imported_by(NEEDED)
    assert not found & HEAVY
    assert {name for name in found if name.startswith("kindling")} <= {
        "kindling",
        "kindling.contracts",
        "kindling.contracts.descriptors",
        "kindling.contracts.version",
        "kindling.errors",
        "kindling.frozen",
        "kindling.hookspecs",
        "kindling.redaction",
    }


@pytest.mark.parametrize("package", ["kindling_local", "kindling_fabric", "kindling_synapse", "kindling_databricks"])
def test_the_first_party_modules_are_light(package: str) -> None:
    found = imported_by(f"import {package}.plugin")
    assert not found & HEAVY
    assert {name for name in found if name.startswith(package)} == {package, f"{package}.plugin"}


def test_asking_for_a_platform_is_light() -> None:
    found = imported_by("from kindling.plugins.host import PluginHost\nPluginHost().execution('local')")
    assert not found & (HEAVY - {"dataclasses"})
    assert not {
        name for name in found if name.startswith(("kindling_fabric", "kindling_synapse", "kindling_databricks"))
    }
