"""What the laptop's plugin yields, and what its runner tells."""

from __future__ import annotations

import getpass
import importlib
import subprocess
import sys
from pathlib import Path

from kindling.contracts import ExecutionBackend, Level
from kindling_local.execution import LocalRunner, open_runner
from kindling_local.plugin import kindling_execution
from kindling_local.settings import LocalSettings


def test_it_serves_the_platform_local_and_shows_no_evidence() -> None:
    [backend] = kindling_execution()
    assert isinstance(backend, ExecutionBackend)
    assert backend.platform == "local"
    assert backend.detect is None
    assert backend.support("spark").level is Level.PARTIAL


def test_its_references_lead_somewhere() -> None:
    [backend] = kindling_execution()
    for reference in (backend.opens, backend.settings):
        assert reference is not None
        module, _, name = reference.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_the_plugin_module_imports_nothing_heavy() -> None:
    code = (
        "import sys, kindling_local.plugin;"
        "heavy = {'pyspark', 'pandas', 'pyarrow', 'duckdb', 'rich', 'click', 'asyncio', 'kindling_local.execution'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_identity_is_the_user_of_the_system() -> None:
    identity = LocalRunner(LocalSettings()).identity()
    assert (identity.name, identity.kind) == (getpass.getuser(), "os_user")
    assert identity.details["host"]


def test_closing_twice_or_without_spark_does_nothing() -> None:
    class Surroundings:
        project = "shop"
        folder = Path()

    runner = open_runner(Surroundings(), None)  # type: ignore[arg-type]
    runner.close()
    runner.close()
