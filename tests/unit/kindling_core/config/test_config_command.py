"""``kindling config show`` and ``kindling config schema``, as typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kindling.__main__ import main

CONFIG = """project: shop
vars: {region: eu}
artifacts: ./artifacts/${var.region}
connections:
  bronze: {type: local, path: ./data, }
"""
SECRET = "s3cret-s3cret"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kindling.yaml").write_text(CONFIG)
    (tmp_path / "kindling.prod.yaml").write_text("artifacts: abfss://a@b.dfs.core.windows.net/k\n")
    return tmp_path


class Typed:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, line: str, code: int = 0) -> tuple[str, str]:
        assert main(line.split()) == code
        captured = self.capsys.readouterr()
        return captured.out, captured.err


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], folder: Path) -> Typed:
    return Typed(capsys)


def test_show_prints_what_holds_as_yaml(typed: Typed) -> None:
    out, err = typed("config show")
    assert yaml.safe_load(out) == {
        "project": "shop",
        "environment": "dev",
        "artifacts": "./artifacts/eu",
        "connections": {"bronze": {"type": "local", "path": "./data"}},
        "vars": {"region": "eu"},
    }
    assert err == ""


def test_show_takes_environment_and_variables(typed: Typed) -> None:
    assert "abfss://a@b" in typed("config show --env prod")[0]
    assert "./artifacts/us" in typed("config show --var region=us")[0]


def test_origins_says_where_each_value_came_from(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINDLING_ENGINE", "spark")
    rows = json.loads(typed("config show --origins -e prod --var region=us -o json")[0])
    assert {row["key"]: row["from"] for row in rows} == {
        "project": "kindling.yaml:1:10",
        "environment": "--env",
        "artifacts": "kindling.prod.yaml:1:12",
        "connections.bronze.type": "kindling.yaml:5:18",
        "connections.bronze.path": "kindling.yaml:5:31",
        "engine": "environment variable KINDLING_ENGINE",
        "vars.region": "--var region",
    }
    text, _ = typed("config show --origins")
    assert "./artifacts/eu" in text
    assert "kindling.yaml:3:12 ← var.region" in text


def test_a_part_can_be_shown(typed: Typed) -> None:
    assert yaml.safe_load(typed("config show connections.bronze")[0]) == {"type": "local", "path": "./data"}
    assert typed("config show project")[0].strip().startswith("shop")
    rows = json.loads(typed("config show connections --origins -o json")[0])
    assert [row["key"] for row in rows] == ["connections.bronze.type", "connections.bronze.path"]


def test_a_part_that_is_not_there_names_the_nearest(typed: Typed) -> None:
    _, err = typed("config show conections.bronze", code=2)
    assert "did you mean 'connections.bronze'?" in err


def test_problems_of_sections_follow_what_is_shown_and_fail(typed: Typed, folder: Path) -> None:
    (folder / "kindling.yaml").write_text("connections:\n  a: {type: local, pth: x}\n  b: {type: locl}\n")
    out, err = typed("config show", code=1)
    assert "pth: x" in out
    assert [line.partition("  ")[0] for line in err.splitlines()[:2]] == ["kindling.yaml:2:20", "kindling.yaml:3:13"]


def test_a_configuration_that_does_not_hold_lists_everything(typed: Typed, folder: Path) -> None:
    (folder / "kindling.yaml").write_text("projct: shop\nengine: sprak\nplugins: {strict: no}\n")
    out, err = typed("config show", code=1)
    assert out == ""
    for words in (
        "kindling.yaml:1:1  KDL-CFG-004",
        "kindling.yaml:2:9  KDL-CFG-005",
        "kindling.yaml:3:19  KDL-CFG-008",
    ):
        assert words in err
    assert "3 errors" in err
    _, err = typed("config show -o json", code=1)
    problems = json.loads(err)["error"]["problems"]
    assert [(problem["code"], problem["line"]) for problem in problems] == [
        ("KDL-CFG-004", 1),
        ("KDL-CFG-005", 2),
        ("KDL-CFG-008", 3),
    ]


@pytest.mark.parametrize("line", ["config show", "config show --origins", "config show -o json",
                                  "config show --origins -o json", "config show --debug"])  # fmt: skip
def test_no_secret_is_printed(typed: Typed, folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setenv("STORE_PASSWORD", SECRET)
    monkeypatch.setenv("KINDLING_CONNECTIONS__B__ACCOUNT_KEY", SECRET)
    (folder / "kindling.yaml").write_text(
        f"connections:\n  a: {{type: memory, deep: {{client_secret: {SECRET}}}, other: 'x${{STORE_PASSWORD}}'}}\n"
        f"  b: {{type: memory, text: a {SECRET} b}}\n"
    )
    out, err = typed(line, code=1)
    assert SECRET not in out + err
    assert "***" in out


def test_the_schema_is_one_and_takes_this_configuration(typed: Typed) -> None:
    schema = json.loads(typed("config schema")[0])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(yaml.safe_load(CONFIG))
    wrong: dict[str, Any] = {"connections": {"a": {"type": "local", "pth": "x"}}}
    assert not validator.is_valid(wrong)
    assert {"local", "fabric"} <= set(schema["properties"]["platforms"]["properties"])


def test_the_schema_of_apps(typed: Typed) -> None:
    schema = json.loads(typed("config schema --app")[0])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "entry_point" in schema["properties"]


def test_the_schema_needs_no_configuration_that_holds(typed: Typed, folder: Path) -> None:
    (folder / "kindling.yaml").write_text("a: [\n")
    assert json.loads(typed("config schema")[0])["title"] == "kindling.yaml"
