"""kindling validate, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kindling.cli.main import run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    app = tmp_path / "apps" / "orders"
    app.mkdir(parents=True)
    (tmp_path / "kindling.yaml").write_text("project: shop\nconnections:\n  bronze: {type: local, path: data}\n")
    (app / "app.yaml").write_text("name: orders\nentry_point: main.py\n")
    (app / "main.py").write_text("def main(context):\n    return 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_project_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate"]) == 0
    assert capsys.readouterr().out == "no problems found\n"


def test_typos_in_the_configuration_and_in_an_app_come_together_with_their_places(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "kindling.yaml").write_text("project: shop\nconnections:\n  bronze:\n    type: local\n    pth: data\n")
    (project / "apps" / "orders" / "main.py").write_text("def main(context):\n    total = sum((1,\n")

    code = run(["validate"])

    out = capsys.readouterr().out.splitlines()
    assert code == 1
    assert out[0].startswith(
        "kindling.yaml:5:5  KDL-CFG-004  unknown key 'pth' in connections.bronze; did you mean 'path'?"
    )
    assert any(
        line.startswith("apps/orders/main.py:2:17  KDL-APP-011  SyntaxError: '(' was never closed") for line in out
    )
    assert "^" in "".join(out)
    assert "(offline: kindling explain KDL-CFG-" in out[-1]


def test_a_configuration_that_cannot_be_read_does_not_hide_the_apps(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "kindling.yaml").write_text("projct: shop\n")
    (project / "apps" / "orders" / "app.yaml").write_text("entry_point: gone.py\n")

    assert run(["validate", "-o", "json"]) == 1

    data = json.loads(capsys.readouterr().out)
    assert [(problem["file"], problem["code"]) for problem in data["problems"]] == [
        ("kindling.yaml", "KDL-CFG-004"),
        ("apps/orders/app.yaml", "KDL-APP-009"),
    ]
    assert data["errors"] == 2


def test_one_app_can_be_asked_for_by_name_or_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = project / "apps" / "stock"
    other.mkdir()
    (other / "app.yaml").write_text("entry_point: gone.py\n")

    assert run(["validate", "orders"]) == 0
    assert run(["validate", "apps/stock"]) == 1
    assert run(["validate", "./apps/stock"]) == 1
    assert run(["validate", "ordes"]) == 1
    assert "did you mean 'orders'?" in capsys.readouterr().err


def test_warnings_alone_are_no_failure(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "apps" / "orders" / "random.py").write_text("x = 1\n")

    assert run(["validate"]) == 0
    assert "warning: apps/orders/random.py  KDL-APP-021" in capsys.readouterr().out


def test_a_platform_can_be_asked_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "apps" / "orders" / "app.yaml").write_text("entry_point: main.py\nplatforms: [fabric]\n")

    assert run(["validate"]) == 0
    assert run(["validate", "--platform", "local"]) == 1
    assert "KDL-APP-015" in capsys.readouterr().out


def test_a_folder_beside_the_apps_whose_definition_was_forgotten_is_found(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "apps" / "stray").mkdir()
    (project / "apps" / "stray" / "main.py").write_text("result = 1\n")
    (project / "apps" / "notes").mkdir()

    assert run(["validate"]) == 1
    assert capsys.readouterr().out.splitlines()[0].startswith("apps/stray/app.yaml  KDL-APP-005")


def test_where_there_is_no_project_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(["validate"]) == 2
    assert "kindling init project" in capsys.readouterr().err
