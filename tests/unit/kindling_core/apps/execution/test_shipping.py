"""The archive of an app's modules for Spark's workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from kindling.apps.shipping import make_archive


def test_the_archive_holds_modules_and_the_data_of_packages(make_app: Any, tmp_path: Path) -> None:
    app = make_app(
        {
            "jobs/main.py": "",
            "jobs/beside.py": "",
            "prices.py": "VAT = 19",
            "package/__init__.py": "",
            "spread/inner.py": "",
            "package/table.csv": "1,2",
            "data/large.csv": "1,2",
            "app.yaml": "",
            ".venv/lib.py": "",
            "prices.pyc": "",
        },
        entry_point="jobs/main.py",
    )
    archive = make_archive("orders", [app.folder / "jobs", app.folder], tmp_path)
    assert archive is not None
    assert ZipFile(archive).namelist() == [
        "beside.py", "jobs/", "jobs/beside.py", "jobs/main.py", "main.py", "package/", "package/__init__.py",
        "package/table.csv", "prices.py", "spread/", "spread/inner.py",
    ]  # fmt: skip
    seen = subprocess.run(
        [sys.executable, "-c", "import prices, package, spread.inner; print(prices.VAT)"],
        env={"PYTHONPATH": str(archive)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert seen.stdout == "19\n"


def test_the_same_files_give_the_same_archive(make_app: Any, tmp_path: Path) -> None:
    app = make_app({"main.py": "", "prices.py": "VAT = 19"})
    first = make_archive("orders", [app.folder], tmp_path)
    assert first is not None
    content = first.read_bytes()
    (app.folder / "prices.py").touch()
    assert make_archive("orders", [app.folder], tmp_path) == first
    assert first.read_bytes() == content
    app.write({"prices.py": "VAT = 20"})
    assert make_archive("orders", [app.folder], tmp_path) != first


def test_an_app_without_modules_needs_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert make_archive("orders", [tmp_path], tmp_path) is None


@pytest.mark.parametrize("library", ["cloudpickle", "pyspark.cloudpickle"])
def test_functions_of_an_app_are_pickled_by_value_for_a_process_without_its_modules(
    make_app: Any, library: str
) -> None:
    pytest.importorskip(library)
    app = make_app(
        {
            "main.py": f"""
                import {library} as cloudpickle
                import prices
                class Row:
                    def __init__(self, n): self.n = prices.plus(n)
                def make(n): return Row(n).n
                def main(context): return cloudpickle.dumps(make)
            """,
            "prices.py": "STEP = 1\ndef plus(n): return n + STEP",
        }
    )
    program = f"import {library} as c, sys; print(c.loads(sys.stdin.buffer.read())(41))"
    seen = subprocess.run([sys.executable, "-c", program], input=app.run(), capture_output=True, check=True)
    assert seen.stdout.strip() == b"42"
