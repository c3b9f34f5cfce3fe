"""Which Java is taken, and what is said of one that does not do."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from kindling.spark.java import find_java, inspect_java

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for java is a shell script")

MODULES = "java.base jdk.incubator.vector java.sql"


def java_home(folder: Path, version: str = "17.0.15", modules: str = MODULES, *, release: bool = True) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    if release:
        (folder / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return folder


def test_a_complete_java_17_has_no_problem(tmp_path: Path) -> None:
    java = inspect_java(java_home(tmp_path))
    assert java is not None
    assert (java.version, java.major, java.problem) == ("17.0.15", 17, "")
    assert java.executable == tmp_path / "bin" / "java"


@pytest.mark.parametrize(
    ("version", "modules", "problem"),
    [
        ("11.0.2", MODULES, "it is Java 11; Spark 4 needs Java 17 or newer"),
        ("1.8.0_402", "", "it is Java 8; Spark 4 needs Java 17 or newer"),
        ("21.0.1", "java.base java.sql", "its module jdk.incubator.vector is missing; Spark needs a complete runtime"),
    ],
)
def test_what_does_not_do_says_why(tmp_path: Path, version: str, modules: str, problem: str) -> None:
    java = inspect_java(java_home(tmp_path, version, modules))
    assert java is not None
    assert java.problem == problem


def test_a_java_without_a_release_file_is_asked(tmp_path: Path) -> None:
    java = inspect_java(java_home(tmp_path, "21.0.3", release=False))
    assert java is not None
    assert (java.version, java.problem) == ("21.0.3", "")


def test_a_java_that_only_complains_does_not_tell_its_version(tmp_path: Path) -> None:
    home = java_home(tmp_path, release=False)
    (home / "bin" / "java").write_text("#!/bin/sh\necho 'No Java runtime present' >&2\nexit 1\n")
    java = inspect_java(home)
    assert java is not None
    assert java.problem == "it does not tell its version"


def test_a_folder_without_java_is_none(tmp_path: Path) -> None:
    assert inspect_java(tmp_path) is None
    assert find_java(tmp_path) is None


def test_the_configured_java_is_the_only_one_looked_at(tmp_path: Path) -> None:
    old = java_home(tmp_path / "old", "11.0.2")
    new = java_home(tmp_path / "new")
    java = find_java(old, environ={"JAVA_HOME": str(new)})
    assert java is not None
    assert java.home == old
    assert java.found_by == "the configuration"


def test_java_home_comes_before_the_search_path(tmp_path: Path) -> None:
    first = java_home(tmp_path / "first")
    second = java_home(tmp_path / "second", "21.0.1")
    java = find_java(environ={"JAVA_HOME": str(first), "PATH": str(second / "bin")})
    assert java is not None
    assert (java.home, java.found_by) == (first, "JAVA_HOME")


def test_one_that_does_is_taken_before_an_old_one(tmp_path: Path) -> None:
    old = java_home(tmp_path / "old", "11.0.2")
    new = java_home(tmp_path / "new")
    path = os.pathsep.join(["", str(new / "bin")])
    java = find_java(environ={"JAVA_HOME": str(old), "PATH": path})
    assert java is not None
    assert (java.home, java.found_by) == (new, "the search path")


def test_a_link_on_the_search_path_leads_to_the_real_folder(tmp_path: Path) -> None:
    home = java_home(tmp_path / "jdk")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    java = find_java(environ={"PATH": str(tmp_path / "bin")})
    assert java is not None
    assert java.home == home
