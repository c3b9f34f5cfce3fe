"""Spark on the JVM, on this machine, with Delta."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from kindling.spark.errors import SparkError
from kindling.spark.jars import DeltaArtifact, delta_jars
from kindling.spark.java import OLDEST, find_java
from kindling.spark.sessions import OpenedSession
from kindling.spark.variables import variables_set

#: pip's newest picks do not go together: for these pairs the jars are published, and they were tried.
PAIRS = {"4.2": "4.4.0", "3.5": "3.3.3"}


def small_machine_conf(cores: int) -> dict[str, str]:
    """Return the settings for one machine: on a cluster's defaults a VACUUM alone starts 10,000 tasks.

    Args:
        cores: Cores that Spark may use.

    Example:
        >>> small_machine_conf(2)["spark.sql.shuffle.partitions"]
        '2'
    """
    return {
        "spark.master": f"local[{cores}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(max(cores, 2)),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        # pyspark 4.2.0: a Python UDF over a Parquet or Delta scan waits for its worker for ever (the worker reads the
        # columnar form of the protocol wrongly). Through rows it works.
        "spark.sql.execution.arrow.pythonUDF.columnarInput.enabled": "false",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }


def open_jvm(
    conf: Mapping[str, str],
    *,
    cache: Path,
    name: str = "kindling",
    java_home: Path | None = None,
    jars: Path | None = None,
) -> OpenedSession:
    """Start Spark on the JVM, bound to the loopback interface.

    Args:
        conf: Spark configuration by key; it wins over :func:`small_machine_conf`.
        cache: The cache's folder for jars.
        name: The application's name.
        java_home: The Java to use.
        jars: A folder with Delta's jars.

    Raises:
        SparkError: KDL-SPK-001 to KDL-SPK-005, see :func:`kindling.spark.sessions.open_session`.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            # pyspark 4.2 warns of a newer pandas when it is imported.
            warnings.simplefilter("ignore")
            import pyspark
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkError(
            f"Spark is not installed here, or not whole: {error}",
            context={"extra": "spark"},
            suggestions=['pip install "kindling-core[spark]"'],
        ) from error
    artifact = DeltaArtifact(pyspark.__version__, _delta_version(pyspark.__version__))
    java = find_java(java_home)
    if java is None or java.problem:
        found = f"the Java in {java.home} does not do: {java.problem}" if java else "there is no Java here"
        raise SparkError(
            f"Spark needs Java {OLDEST} or newer; {found}",
            code="KDL-SPK-002",
            suggestions=[
                f"install a Java {OLDEST} and set JAVA_HOME, or platforms.local.java_home",
                'use Sail, which needs no Java: pip install "kindling-core[sail]"',
            ],
        )
    home = Path(pyspark.__file__).parent
    ivy = next(iter(sorted((home / "jars").glob("ivy-*.jar"))), None)
    found_jars = delta_jars(artifact, cache=cache, folder=jars, java=java.executable, ivy=ivy)

    wanted = {**small_machine_conf(os.cpu_count() or 2), **conf}
    extra = wanted.pop("spark.jars", "")
    wanted["spark.jars"] = ",".join([*(str(jar) for jar in found_jars), *([extra] if extra else [])])
    # A builder of its own: SparkSession.builder is shared by the process, and keeps what it was told.
    builder = SparkSession.Builder().appName(name)
    for key, value in wanted.items():
        builder = builder.config(key, value)
    before = set(os.environ)
    try:
        # PYSPARK_PYTHON: else its workers are the first python3 of the search path, which has other packages.
        with variables_set(
            JAVA_HOME=str(java.home),
            SPARK_LOCAL_IP="127.0.0.1",
            PYSPARK_PYTHON=os.environ.get("PYSPARK_PYTHON") or sys.executable,
        ):
            session = builder.getOrCreate()
    except Exception as error:  # py4j and Spark share no base class for their errors
        raise SparkError(
            f"Spark did not start: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            code="KDL-SPK-004",
            context={"java": str(java.home), "spark": pyspark.__version__},
            suggestions=["kindling doctor says what is installed and which Java is used"],
        ) from error
    session.sparkContext.setLogLevel("ERROR")

    def close() -> None:
        session.stop()
        # pyspark tells its own parts by variables, and leaves them behind.
        for variable in os.environ.keys() - before:
            if variable.startswith(("SPARK_", "PYSPARK_")):
                os.environ.pop(variable, None)

    return OpenedSession(session, "jvm", close)


def _delta_version(spark: str) -> str:
    import importlib.metadata as metadata

    try:
        delta = metadata.version("delta-spark")
    except metadata.PackageNotFoundError:
        raise SparkError(
            "delta-spark is not installed here",
            context={"extra": "spark"},
            suggestions=['pip install "kindling-core[spark]"'],
        ) from None
    release = ".".join(spark.split(".")[:2])
    known = PAIRS.get(release)
    if known is not None and known.split(".")[:2] != delta.split(".")[:2]:
        raise SparkError(
            f"pyspark {spark} and delta-spark {delta} do not go together: Spark {release} takes delta-spark {known}",
            code="KDL-SPK-005",
            context={"pyspark": spark, "delta-spark": delta},
            suggestions=[f'pip install "delta-spark=={known}"', 'pip install "kindling-core[spark]"'],
        )
    return delta
