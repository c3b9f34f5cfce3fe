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


@pytest.mark.parametrize(("has_sail", "state"), [(False, "warning"), (True, "note")])
def test_no_java_matters_where_spark_has_nothing_else(
    has_sail: bool, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kindling.spark import java

    versions = {"pyspark": "4.2.0", **({"pysail": "0.7"} if has_sail else {})}
    monkeypatch.setattr(diagnosis, "_versions", lambda *names: versions)
    monkeypatch.setattr(java, "find_java", lambda: None)
    (found,) = diagnosis._java(Session(CommonOptions()))
    assert found.state == state
    assert str(java.OLDEST) in found.remedy


def test_without_spark_no_java_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_versions", lambda *names: {})
    assert [each.state for each in diagnosis._java(Session(CommonOptions()))] == ["ok"]


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
