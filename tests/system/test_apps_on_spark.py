"""Functions of an app on Spark's workers, whichever way the app is executed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kindling.spark.java import find_java

pytestmark = pytest.mark.slow

APP = """
from pyspark.sql.functions import udf
from prices import plus
from shapes.round import half

FACTOR = 2

def own(number):
    import late
    return plus(number) * FACTOR + late.NOTHING

def main(context):
    spark = context.spark
    function = own if context.lazily else (lambda number: plus(number) * FACTOR)
    rows = spark.range(3).select(udf(function, "long")("id").alias("n"), udf(half, "double")("id").alias("h")).collect()
    return [[row.n, row.h] for row in rows]
"""


def project(folder: Path, engine: str) -> Path:
    (folder / "kindling.yaml").write_text(f"project: shop\nplatforms:\n  local: {{engine: {engine}}}\n")
    app = folder / "apps" / "orders"
    (app / "shapes").mkdir(parents=True)
    (app / "app.yaml").write_text(
        "name: orders\nentry_point: main.py\nparameters: {lazily: {type: boolean, default: false}}\n"
    )
    (app / "main.py").write_text(APP)
    (app / "prices.py").write_text("STEP = 1\ndef plus(number):\n    return number + STEP\n")
    (app / "late.py").write_text("NOTHING = 0\n")
    (app / "shapes" / "round.py").write_text("def half(number):\n    return number / 2\n")
    return folder


def type_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kindling", "run", "orders", "-o", "json", *arguments],
        env={**os.environ, "KINDLING_CACHE_DIR": os.environ["KINDLING_TEST_CACHE"]},
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def needs(engine: str) -> None:
    pytest.importorskip("pyspark")
    if engine == "sail":
        pytest.importorskip("pysail")
    else:
        java = find_java()
        if java is None or java.problem:
            pytest.skip("no Java that Spark runs on")


@pytest.mark.parametrize("engine", ["sail", "jvm"])
@pytest.mark.parametrize(
    "arguments", [("--param", "lazily=true"), ("--mode", "module")], ids=["standalone, lazily", "by value"]
)
def test_functions_of_an_app_run_on_workers(tmp_path: Path, engine: str, arguments: tuple[str, ...]) -> None:
    needs(engine)
    ended = type_run(project(tmp_path, engine), *arguments)
    if "KDL-SPK-003" in ended.stderr:
        pytest.skip("Delta's jars cannot be had here")
    assert ended.returncode == 0, ended.stderr
    assert '"result": [\n    [\n      2,' in ended.stdout
