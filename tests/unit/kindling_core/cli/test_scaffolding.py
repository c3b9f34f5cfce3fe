"""New projects and apps appear whole or not at all, and overwrite nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kindling.__main__ import main
from kindling.cli import scaffolding
from kindling.errors import KindlingError, UsageError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_project_has_overlays_an_example_of_the_environment_a_test_and_a_readme(here: Path) -> None:
    assert main(["init", "project", "demo"]) == 0
    assert files_in(here / "demo") == {
        ".env.example",
        ".gitignore",
        "README.md",
        "apps/hello/app.yaml",
        "apps/hello/main.py",
        "apps/hello/sales.csv",
        "kindling.dev.yaml",
        "kindling.prod.yaml",
        "kindling.staging.yaml",
        "kindling.test.yaml",
        "kindling.yaml",
        "pytest.ini",
        "requirements-dev.txt",
        "tests/test_hello.py",
    }
    assert yaml.safe_load((here / "demo/kindling.yaml").read_text(encoding="utf-8"))["project"] == "demo"


def test_nothing_of_the_template_language_is_left(here: Path) -> None:
    main(["init", "project", "demo"])
    main(["init", "app", "orders", "--config", "demo/kindling.yaml"])
    for file in (path for path in here.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8")
        assert "{{" not in text, file
        if file.suffix == ".py":
            ast.parse(text)
        if file.suffix == ".yaml":
            yaml.safe_load(text)


def test_an_app_is_added_to_the_project_around_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main(["init", "project", "shop"])
    monkeypatch.chdir(here / "shop" / "tests")
    assert main(["init", "app", "orders"]) == 0
    written = yaml.safe_load((here / "shop/apps/orders/app.yaml").read_text(encoding="utf-8"))
    assert written["name"] == "orders"
    assert written["parameters"] == {"day": {"type": "date"}}


def test_an_app_outside_a_project_is_refused_with_the_way_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "app", "orders"]) == 1
    errors = capsys.readouterr().err
    assert "KDL-CLI-010" in errors
    assert "kindling init project" in errors
    assert files_in(here) == set()


def test_the_folders_name_is_the_projects_name(here: Path) -> None:
    assert main(["init", "project", "work/new/demo"]) == 0
    assert yaml.safe_load((here / "work/new/demo/kindling.yaml").read_text(encoding="utf-8"))["project"] == "demo"


def test_the_report_is_data_with_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", "project", "demo", "-o", "json"])
    report = json.loads(capsys.readouterr().out)
    assert report["project"] == "demo"
    assert report["folder"] == str(here / "demo")
    assert set(report["files"]) == files_in(here / "demo")


def test_nothing_is_overwritten(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "demo").mkdir()
    (here / "demo/mine.txt").write_text("mine", encoding="utf-8")
    assert main(["init", "project", "demo"]) == 1
    assert "KDL-CLI-009" in capsys.readouterr().err
    assert files_in(here) == {"demo/mine.txt"}


def test_a_file_in_the_way_is_not_overwritten(here: Path) -> None:
    (here / "demo").write_text("mine", encoding="utf-8")
    assert main(["init", "project", "demo"]) == 1
    assert (here / "demo").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_a_dangling_link_in_the_way_is_not_followed(here: Path) -> None:
    (here / "demo").symlink_to(here / "elsewhere")
    assert main(["init", "project", "demo"]) == 1
    assert not (here / "elsewhere").exists()


def test_an_empty_folder_may_be_filled(here: Path) -> None:
    (here / "demo").mkdir()
    assert main(["init", "project", "demo"]) == 0
    assert (here / "demo/kindling.yaml").exists()


@pytest.mark.parametrize("name", ["1st", "über", "a b", "a.b", "-x-", "x" * 64, "CON", "nul", ".", "..", "a/../.."])
def test_names_that_cannot_be_folders_everywhere_are_misuse(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "project", "--", name]) == 2
    assert "KDL-CLI-008" in capsys.readouterr().err
    assert files_in(here) == set()


def test_a_name_nearby_is_proposed() -> None:
    with pytest.raises(UsageError) as caught:
        scaffolding.check_name("my shop!", "a project")
    assert caught.value.suggestions == ("'my-shop' would do",)


def test_an_app_name_that_leaves_its_folder_is_misuse(here: Path) -> None:
    main(["init", "project", "demo"])
    assert main(["init", "app", "../../evil", "--config", "demo/kindling.yaml"]) == 2


def test_a_failure_in_the_middle_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    original = Path.write_text

    def full_disk(path: Path, *arguments: object, **keywords: object) -> int:
        written.append(path)
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        return original(path, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", full_disk)
    assert main(["init", "project", "demo"]) == 1
    assert len(written) == 5
    assert list(here.iterdir()) == []


def test_a_killed_command_leaves_no_half_project(here: Path) -> None:
    code = """
import os, pathlib
from kindling.__main__ import main
original = pathlib.Path.write_text
count = 0
def die(*arguments, **keywords):
    global count
    count += 1
    if count == 5:
        os._exit(9)
    return original(*arguments, **keywords)
pathlib.Path.write_text = die
main(["init", "project", "demo"])
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=here, check=False).returncode == 9
    assert not (here / "demo").exists()
    assert main(["init", "project", "demo"]) == 0


def test_of_two_at_once_one_wins_whole(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.rename

    def late(path: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", original)
        scaffolding.create("app", target, {"name": "first"})
        return original(path, target)

    monkeypatch.setattr(Path, "rename", late)
    with pytest.raises(KindlingError) as caught:
        scaffolding.create("app", here / "orders", {"name": "second"})
    assert caught.value.code == "KDL-CLI-009"
    assert "name: first" in (here / "orders/app.yaml").read_text(encoding="utf-8")
    assert [path.name for path in here.iterdir()] == ["orders"]


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_a_new_folder_has_the_rights_of_any_new_folder(here: Path) -> None:
    (here / "usual").mkdir()
    main(["init", "project", "demo"])
    assert (here / "demo").stat().st_mode == (here / "usual").stat().st_mode
