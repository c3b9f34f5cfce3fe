"""Where Delta's jars come from. Fetching them for real is in tests/system/test_spark.py."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kindling.spark.errors import SparkError
from kindling.spark.jars import DeltaArtifact, delta_jars, ivy_settings, proxy_arguments

ARTIFACT = DeltaArtifact("4.2.0", "4.4.0")


def stand_in(folder: Path, script: str) -> Path:
    """A program in the place of java, to see what becomes of its answers."""
    program, code = folder / "java", folder / "java.py"
    code.write_text(f"import pathlib, sys\narguments = sys.argv[1:]\n{script}")
    # Through a shell: the path of an interpreter may hold spaces, and the first line of a program may not.
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{code}" "$@"\n')
    program.chmod(0o755)
    return program


FETCHES = """
pattern = arguments[arguments.index("-retrieve") + 1]
for organisation, artifact in (("io.delta", "delta-spark_4.2_2.13"), ("io.delta", "delta-storage"), ("org.other", "x")):
    jar = pathlib.Path(pattern.replace("[organisation]", organisation).replace("[artifact]", artifact)
                       .replace("[revision]", "4.4.0").replace("[ext]", "jar"))
    jar.parent.mkdir(parents=True, exist_ok=True)
    jar.write_bytes(b"jar")
"""


@pytest.mark.parametrize(
    ("spark", "delta", "name"),
    [
        ("4.2.0", "4.4.0", "delta-spark_4.2_2.13"),
        ("4.0.1", "4.0.0", "delta-spark_2.13"),
        ("3.5.9", "3.3.3", "delta-spark_2.12"),
    ],
)
def test_the_artifact_is_named_as_it_was_published(spark: str, delta: str, name: str) -> None:
    assert DeltaArtifact(spark, delta).name == name


def test_a_folder_that_is_named_is_the_only_one_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "jars"
    folder.mkdir()
    for name in ("delta-storage-4.4.0.jar", "delta-spark_4.2_2.13-4.4.0.jar", "notes.txt"):
        (folder / name).touch()
    jars = delta_jars(ARTIFACT, cache=tmp_path / "cache", folder=folder)
    assert [jar.name for jar in jars] == ["delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_named_folder_without_delta_is_an_error_that_names_it(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "jars"
    if exists:
        folder.mkdir()
    with pytest.raises(SparkError, match="there is no delta-spark jar in") as caught:
        delta_jars(ARTIFACT, cache=tmp_path / "cache", folder=folder)
    assert caught.value.code == "KDL-SPK-003"
    assert str(folder) in caught.value.message


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for java is a script")
def test_jars_are_fetched_once_and_only_those_that_spark_lacks(tmp_path: Path) -> None:
    java = stand_in(tmp_path, FETCHES)
    cache = tmp_path / "cache"
    jars = delta_jars(ARTIFACT, cache=cache, java=java, ivy=tmp_path / "ivy.jar", environ={})
    assert [jar.name for jar in jars] == ["delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar"]
    assert [entry.name for entry in cache.iterdir()] == ["delta-spark_4.2_2.13-4.4.0"]
    java.unlink()
    assert delta_jars(ARTIFACT, cache=cache, java=java, ivy=tmp_path / "ivy.jar", environ={}) == jars


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for java is a script")
def test_a_folder_that_a_killed_process_left_is_made_whole(tmp_path: Path) -> None:
    half = tmp_path / "cache" / ARTIFACT.folder
    half.mkdir(parents=True)
    (half / "delta-spark_4.2_2.13-4.4.0.jar").write_bytes(b"half")
    jars = delta_jars(
        ARTIFACT, cache=tmp_path / "cache", java=stand_in(tmp_path, FETCHES), ivy=tmp_path / "ivy.jar", environ={}
    )
    assert [jar.read_bytes() for jar in jars] == [b"jar", b"jar"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for java is a script")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("print(':: io.delta#delta-spark;4.4.1: not found'); sys.exit(1)", "io.delta#delta-spark;4.4.1: not found"),
        ("pass", "Ivy found no jars"),
    ],
)
def test_what_cannot_be_fetched_says_why_and_leaves_nothing(tmp_path: Path, script: str, said: str) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(SparkError) as caught:
        delta_jars(ARTIFACT, cache=cache, java=stand_in(tmp_path, script), ivy=tmp_path / "ivy.jar", environ={})
    assert caught.value.code == "KDL-SPK-003"
    assert said in caught.value.message
    assert list(cache.iterdir()) == []


def test_without_java_and_without_a_cache_there_are_no_jars(tmp_path: Path) -> None:
    with pytest.raises(SparkError, match="there is nothing to fetch them with"):
        delta_jars(ARTIFACT, cache=tmp_path)


def test_a_mirror_is_named_by_the_variable_that_spark_honours_too(tmp_path: Path) -> None:
    settings = ElementTree.fromstring(ivy_settings(tmp_path, {"DEFAULT_ARTIFACT_REPOSITORY": "https://m.example/?a&b"}))
    resolver = settings.find("resolvers/ibiblio")
    assert resolver is not None
    assert resolver.get("root") == "https://m.example/?a&b"
    assert "root=" not in ivy_settings(tmp_path, {})


def test_java_is_told_of_the_proxy() -> None:
    assert proxy_arguments({"HTTPS_PROXY": "proxy.example:3128"}) == [
        "-Dhttps.proxyHost=proxy.example",
        "-Dhttps.proxyPort=3128",
    ]
    assert proxy_arguments({}) == []
