"""Real Spark sessions through the laptop's runner, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kindling.spark.java import find_java

pytestmark = pytest.mark.slow

#: What an app does with Spark, whatever the engine: a Delta table, a UDF, SQL.
WORK = """
from pyspark.sql.functions import udf
runner = LocalRunner(LocalSettings(engine=ENGINE, conf={"spark.sql.session.timeZone": "UTC"}), project="shop")
spark = runner.spark_session({"spark.sql.session.timeZone": "Asia/Tokyo"})
assert spark.conf.get("spark.sql.session.timeZone") == "UTC", "the user's configuration wins"
spark.range(5).write.format("delta").save(FOLDER + "/numbers")
spark.range(5, 8).write.format("delta").mode("append").save(FOLDER + "/numbers")
numbers = spark.read.format("delta").load(FOLDER + "/numbers")
plus = udf(lambda number: number + 1, "long")
assert sorted(row.n for row in numbers.select(plus("id").alias("n")).collect()) == list(range(1, 9))
numbers.createOrReplaceTempView("numbers")
assert spark.sql("SELECT sum(id) AS s FROM numbers").collect()[0].s == 28
assert runner.spark_session({}) is spark
other = LocalRunner(LocalSettings())
assert other.spark_session({}) is spark, "the active session is preferred"
other.close()
assert spark.range(2).count() == 2, "who did not start it does not stop it"
runner.close()
assert active_session() is None
assert os.environ == before, "the environment is as it was"
print("done")
"""


def spark_script(folder: Path, engine: str, work: str = WORK, **environ: str) -> subprocess.CompletedProcess[str]:
    start = f"""
    import os
    from kindling.spark.sessions import active_session
    from kindling_local.execution import LocalRunner
    from kindling_local.settings import LocalSettings
    ENGINE, FOLDER, before = {engine!r}, {str(folder)!r}, dict(os.environ)
    """
    cache = Path(os.environ["KINDLING_TEST_CACHE"])
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(start) + textwrap.dedent(work)],
        env={**os.environ, "KINDLING_CACHE_DIR": str(cache), **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=folder,
    )


def test_sail_reads_and_writes_delta_and_runs_udfs_without_java(tmp_path: Path) -> None:
    pytest.importorskip("pysail")
    nowhere = {"JAVA_HOME": "", "PATH": str(Path(sys.executable).parent)}
    done = spark_script(tmp_path, "sail", **nowhere)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
    assert done.stderr == "", "nothing that a user would have to understand"


def test_the_jvm_reads_and_writes_delta_and_runs_udfs(tmp_path: Path) -> None:
    pytest.importorskip("delta", exc_type=ImportError)
    java = find_java()
    if java is None or java.problem:
        pytest.skip(f"no Java that Spark runs on: {java.problem if java else 'none found'}")
    done = spark_script(tmp_path, "jvm")
    if "KDL-SPK-003" in done.stderr:
        pytest.skip(f"Delta's jars cannot be had here: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def test_the_jvm_engine_without_java_says_what_to_install(tmp_path: Path) -> None:
    work = """
    from kindling.errors import KindlingError
    try:
        LocalRunner(LocalSettings(engine="jvm", java_home=FOLDER)).spark_session({})
    except KindlingError as error:
        print(error.code, error.message)
        print(*error.suggestions, sep="\\n")
    """
    done = spark_script(tmp_path, "jvm", work)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("KDL-SPK-002 Spark needs Java 17 or newer; there is no Java here\n")
    assert 'pip install "kindling-core[sail]"' in done.stdout


def test_a_pair_that_does_not_go_together_is_named(tmp_path: Path) -> None:
    work = """
    import importlib.metadata as metadata
    from kindling.errors import KindlingError
    real = metadata.version
    metadata.version = lambda name: "4.1.0" if name == "delta-spark" else real(name)
    try:
        LocalRunner(LocalSettings(engine="jvm")).spark_session({})
    except KindlingError as error:
        print(error.code, error.message)
    """
    done = spark_script(tmp_path, "jvm", work)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("KDL-SPK-005 pyspark 4.2.")
    assert "Spark 4.2 takes delta-spark 4.4.0" in done.stdout
