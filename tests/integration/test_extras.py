"""What pip would take for the extras of Spark: versions that go together."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kindling.spark.jvm import PAIRS

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.mark.parametrize("version", ["3.10", "3.13"])
@pytest.mark.parametrize("extras", ["spark", "spark,sail"])
def test_the_extras_resolve_to_versions_that_go_together(tmp_path: Path, root: Path, extras: str, version: str) -> None:
    (tmp_path / "requirements.in").write_text(
        f"kindling-core[{extras}] @ {(root / 'kindling-core').as_uri()}\n"
        f"kindling-local @ {(root / 'kindling-local').as_uri()}\n"
    )
    # Without the cache: uv keeps another gigabyte of pyspark's sources there each time that an index names no hash.
    done = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", "--no-cache", "--no-header", "--no-annotate",
         "--python-version", version, "--index-strategy", "unsafe-best-match", "requirements.in"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0 and re.search(r"(?i)connect|network|dns|timed out", done.stderr):
        pytest.skip(f"no package index can be reached here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    chosen = dict(line.split("==") for line in done.stdout.split() if "==" in line)
    assert "pyspark-client" not in chosen, "it writes into the same folder as pyspark"
    assert int(chosen["pandas"].split(".")[0]) < 3, "pyspark 4.2 warns of pandas 3"
    if "spark" in extras.split(","):
        assert chosen["delta-spark"] == PAIRS[".".join(chosen["pyspark"].split(".")[:2])]
