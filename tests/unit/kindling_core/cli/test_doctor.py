"""`kindling doctor` finds what is broken, and says what to do about it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from kindling.__main__ import main
from kindling.cli import diagnosis
from kindling.cli.options import CommonOptions
from kindling.cli.session import Session


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings_of(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    return {each["subject"]: each for each in json.loads(capsys.readouterr().out)["findings"]}


def test_every_part_is_looked_at(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "-o", "json"])
    subjects = set(findings_of(capsys))
    assert {"python", "kindling", "plugin local", "configuration", "extra engine", "java", "folder project"} <= subjects


def test_without_a_project_the_configuration_is_a_note_with_the_way_to_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "-o", "json"])
    found = findings_of(capsys)["configuration"]
    assert found["state"] == "note"
    assert "kindling init project" in found["remedy"]


def test_all_mistakes_of_a_configuration_are_findings_and_the_exit_code_is_1(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "kindling.yaml").write_text("project: demo\nprojekt: demo\nartifakts: x\n", encoding="utf-8")
    assert main(["doctor", "-o", "json"]) == 1
    found = [each for each in json.loads(capsys.readouterr().out)["findings"] if each["subject"] == "configuration"]
    assert len(found) == 2
    assert all(each["state"] == "broken" and "KDL-CFG-004" in each["message"] and each["remedy"] for each in found)


def test_the_report_for_people_names_remedies_below_their_findings(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "kindling.yaml").write_text("projekt: demo\n", encoding="utf-8")
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith("✗ configuration"))
    assert lines[place + 1].strip().startswith("→ ")
    assert lines[-1].startswith("1 broken")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever is root may write everywhere")
def test_a_folder_that_cannot_be_written_is_broken(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    found = diagnosis._folder("folder project", closed / ".kindling")
    assert found.state == "broken"
    assert str(closed) in found.remedy


def test_a_folder_below_a_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert diagnosis._folder("folder project", tmp_path / "file" / ".kindling").state == "broken"


def test_looking_at_a_folder_leaves_nothing_in_it(tmp_path: Path) -> None:
    assert diagnosis._folder("folder project", tmp_path / "deep" / ".kindling").state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_falls_over_is_a_finding_and_the_others_go_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(session: Session) -> Any:
        raise RuntimeError("no idea")

    monkeypatch.setattr(diagnosis, "_extras", fall)
    found = {each.subject: each for each in diagnosis.examine(Session(CommonOptions()))}
    assert found["extras"].state == "broken"
    assert "no idea" in found["extras"].message
    assert "folder temporary" in found


@pytest.mark.parametrize(
    ("answer", "version"),
    [('openjdk version "17.0.9" 2023-10-17', 17), ('java version "1.8.0_392"', 8), ('version "21"', 21), ("hm", None)],
)
@pytest.mark.skipif(os.name == "nt", reason="a script stands for java")
def test_java_is_asked_for_its_version(answer: str, version: int | None, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{answer}' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    assert diagnosis.java_version(str(java)) == version


def test_a_java_that_cannot_be_started_has_no_version(tmp_path: Path) -> None:
    assert diagnosis.java_version(str(tmp_path / "java")) is None


@pytest.mark.skipif(os.name == "nt", reason="a script stands for java")
def test_java_home_goes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert diagnosis.find_java() == str(java)


def test_an_old_java_and_none_are_warnings_where_spark_has_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(CommonOptions())
    monkeypatch.setattr(diagnosis, "_versions", lambda *names: {"pyspark": "4.2.0"})
    monkeypatch.setattr(diagnosis, "find_java", lambda: None)
    assert [each.state for each in diagnosis._java(session)] == ["warning"]
    monkeypatch.setattr(diagnosis, "find_java", lambda: "/usr/bin/java")
    monkeypatch.setattr(diagnosis, "java_version", lambda java: 11)
    (old,) = diagnosis._java(session)
    assert (old.state, "17" in old.remedy) == ("warning", True)
    monkeypatch.setattr(diagnosis, "_versions", lambda *names: {"pyspark": "4.2.0", "pysail": "0.7"})
    monkeypatch.setattr(diagnosis, "find_java", lambda: None)
    assert [each.state for each in diagnosis._java(session)] == ["note"]


def test_an_extra_is_ok_absent_partial_or_broken_by_its_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    from packaging.requirements import Requirement

    wanted = [Requirement("deltalake>=1.1"), Requirement("duckdb>=1.2")]
    installed: dict[str, str] = {}
    monkeypatch.setattr(diagnosis, "_versions", lambda *names: installed)
    assert diagnosis._extra("engine", wanted).state == "note"
    assert diagnosis._extra("engine", wanted).remedy == 'pip install "kindling-core[engine]"'
    installed.update(deltalake="1.2")
    assert "not installed: duckdb" in diagnosis._extra("engine", wanted).message
    installed.update(duckdb="1.3")
    assert diagnosis._extra("engine", wanted).state == "ok"
    installed.update(duckdb="0.9")
    assert diagnosis._extra("engine", wanted).state == "broken"


def test_the_interpreter_is_named(here: Path) -> None:
    (python, *_) = diagnosis._interpreter(Session(CommonOptions()))
    assert sys.executable in python.message
