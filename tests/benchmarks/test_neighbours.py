"""How long the neighbours' help takes, beside ours. Reported only: their numbers are theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.network]


@pytest.mark.parametrize("name", ["hatch", "pytest", "kedro", "odibi"])
def test_the_help_of_a_neighbour_stands_in_the_table(
    name: str, lean: Any, tmp_path: Path, race: Any, table: Any
) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv makes the environment, and is not here")
    place = tmp_path / "venv"
    try:
        subprocess.run(
            [uv, "venv", "-q", "--python", sys.executable, place], check=True, capture_output=True, timeout=60
        )
        subprocess.run(
            [uv, "pip", "install", "-q", "--compile-bytecode", "--python", place, name],
            check=True,
            capture_output=True,
            timeout=300,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        table.add(f"{name} --help", None, "not installed here")
        pytest.skip(f"{name} could not be installed: {error}")
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    script = next((path for path in sorted(scripts.iterdir()) if path.stem == name), None)
    if script is None:
        pytest.skip(f"{name} brings no command of its name")
    ours = lean.types("--help")
    theirs = type(ours)((str(script), "--help"), lean.variables, tmp_path)
    medians = race({"kindling": ours, name: theirs}, rounds=7)
    table.add(f"{name} --help", medians[name], f"kindling --help {medians['kindling']:.0f} ms", "reported only")
