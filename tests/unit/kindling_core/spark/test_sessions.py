"""Which engine is started, and what is said where there is none. Real sessions are in tests/system/test_spark.py."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from kindling.spark.errors import SparkError
from kindling.spark.jvm import small_machine_conf
from kindling.spark.sessions import chosen_engine
from kindling.spark.variables import variables_set

SAIL = {"pyspark.sql", "pysail", "grpc"}
JVM = {"pyspark.sql", "pyspark.java_gateway", "delta"}


def having(modules: set[str]) -> Callable[[str], bool]:
    return lambda module: module in modules


@pytest.mark.parametrize(
    ("engine", "modules", "chosen"),
    [
        ("auto", SAIL, "sail"),
        ("auto", JVM, "jvm"),
        ("auto", SAIL | JVM, "sail"),
        ("jvm", SAIL | JVM, "jvm"),
        ("sail", SAIL | JVM, "sail"),
    ],
)
def test_the_engine_that_is_installed_is_chosen(engine: str, modules: set[str], chosen: str) -> None:
    assert chosen_engine(engine, installed=having(modules)) == chosen  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("engine", "modules", "extras"),
    [
        ("auto", set[str](), ["sail", "spark"]),
        ("auto", {"pysail"}, ["sail", "spark"]),
        ("sail", JVM, ["sail"]),
        ("jvm", SAIL, ["spark"]),
    ],
)
def test_what_is_not_installed_names_the_extra(engine: str, modules: set[str], extras: list[str]) -> None:
    with pytest.raises(SparkError) as caught:
        chosen_engine(engine, installed=having(modules))  # type: ignore[arg-type]
    assert caught.value.code == "KDL-SPK-001"
    assert len(caught.value.suggestions) == len(extras)
    for extra, suggestion in zip(extras, caught.value.suggestions, strict=True):
        assert f'pip install "kindling-core[{extra}]"' in suggestion


def test_a_small_machine_is_bound_to_loopback_and_spared_a_clusters_defaults() -> None:
    conf = small_machine_conf(1)
    assert conf["spark.driver.bindAddress"] == conf["spark.driver.host"] == "127.0.0.1"
    assert conf["spark.master"] == "local[1]"
    assert int(conf["spark.databricks.delta.snapshotPartitions"]) == 2


def test_variables_are_put_back_also_after_an_error() -> None:
    before = dict(os.environ)

    def fail() -> None:
        with variables_set(PATH="x", KINDLING_NEW="y"):
            assert os.environ["PATH"] == "x"
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert dict(os.environ) == before
