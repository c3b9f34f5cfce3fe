"""Finding and loading a project's configuration: files, environments, files of variables."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kindling.config.loading import find_project, load_config
from kindling.errors import ConfigError

if TYPE_CHECKING:
    from .conftest import Project
else:
    Project = Any


def test_without_a_file_the_defaults_hold(project: Project) -> None:
    loaded = project.load()
    assert loaded.file is None
    assert loaded.root == project.folder
    assert (loaded.environment, loaded.config.environment) == ("dev", "dev")
    assert loaded.config.connections == {}
    assert loaded.config.artifacts == ".kindling/artifacts"


def test_without_a_file_variables_still_count(project: Project) -> None:
    assert project.load(environ={"KINDLING_ENGINE": "spark"}).config.engine == "spark"


def test_the_project_is_found_upwards(project: Project) -> None:
    project.write("kindling.yaml", "project: shop\n")
    below = project.folder / "apps" / "orders"
    below.mkdir(parents=True)
    assert find_project(below) == project.folder
    loaded = load_config(below, environ={})
    assert (loaded.root, loaded.config.project) == (project.folder, "shop")


def test_a_folder_by_the_name_of_the_file_is_no_project(project: Project) -> None:
    (project.folder / "kindling.yaml").mkdir()
    assert find_project(project.folder) != project.folder


def test_the_working_directory_is_where_to_start(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("kindling.yaml", "project: shop\n")
    monkeypatch.chdir(project.folder)
    assert find_project() == project.folder
    assert load_config(environ={}).config.project == "shop"


def test_another_file_has_its_own_overlay_and_its_folder_is_the_root(project: Project) -> None:
    file = project.write("conf/shop.yaml", "project: shop\n")
    project.write("conf/shop.prod.yaml", "engine: spark\n")
    project.write("kindling.prod.yaml", "engine: pandas\n")
    loaded = project.load(file=file, environment="prod")
    assert (loaded.config.engine, loaded.root) == ("spark", file.parent)


def test_a_file_that_is_not_there_is_named(project: Project) -> None:
    (line,) = project.lines(file=project.folder / "nope.yaml")
    assert "KDL-CFG-018" in line
    assert "nope.yaml" in line


def test_a_folder_instead_of_a_file_is_named(project: Project) -> None:
    assert "KDL-CFG-018" in project.lines(file=project.folder)[0]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(project: Project) -> None:
    file = project.write("kindling.yaml", "project: shop\n")
    file.chmod(0)
    assert "KDL-CFG-018" in project.lines()[0]


def test_a_file_under_a_wrong_name_is_pointed_out(project: Project) -> None:
    project.write("kindling.yml", "project: shop\n")
    (line,) = project.lines()
    assert "rename it to kindling.yaml" in line


@pytest.mark.parametrize(
    ("raw", "where", "words"),
    [
        (b"project: sh\xfcp\n", "kindling.yaml:1:12", "0xfc"),
        ("a: 1\nproject: \u00fc".encode() + b"\xff\n", "kindling.yaml:2:11", "0xff"),
        ("project: shop\n".encode("utf-16"), "kindling.yaml", "UTF-16"),
    ],
)
def test_a_file_that_is_not_utf_8_is_named_with_the_place(project: Project, raw: bytes, where: str, words: str) -> None:
    project.write("kindling.yaml", raw)
    (problem,) = project.problems()
    assert (problem.code, str(problem.location)) == ("KDL-CFG-013", where)
    assert words in problem.message


def test_a_byte_order_mark_and_windows_newlines_are_read(project: Project) -> None:
    project.write("kindling.yaml", b"\xef\xbb\xbfproject: shop\r\nengine: sprak\r\n")
    assert "kindling.yaml:2:9" in project.lines()[0]


# Environments


@pytest.mark.parametrize(
    ("argument", "variable", "expected"),
    [("prod", "test", "prod"), (None, "test", "test"), (None, None, "staging"), (None, "", "staging")],
)
def test_the_environment_is_asked_for_or_set_or_configured(
    project: Project, argument: str | None, variable: str | None, expected: str
) -> None:
    for name in ("prod", "test", "staging"):
        project.write(f"kindling.{name}.yaml", f"project: {name}\n")
    environ = {} if variable is None else {"KINDLING_ENVIRONMENT": variable}
    loaded = project.load("environment: staging\n", environment=argument, environ=environ)
    assert (loaded.environment, loaded.config.environment, loaded.config.project) == (expected, expected, expected)


def test_the_configured_environment_may_be_interpolated(project: Project) -> None:
    project.write("kindling.test.yaml", "engine: spark\n")
    loaded = project.load("environment: ${STAGE:-dev}\n", environ={"STAGE": "test"})
    assert (loaded.environment, loaded.config.engine) == ("test", "spark")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b", "a\\b", "ä"])
def test_a_name_that_is_no_environment_is_refused(project: Project, name: str) -> None:
    if name == "":
        assert project.load("project: a\n", environment=name).environment == "dev"
        return
    for keywords in ({"environment": name}, {"environ": {"KINDLING_ENVIRONMENT": name}}):
        assert {problem.code for problem in project.problems("project: a\n", **keywords)} <= {
            "KDL-CFG-024",
            "KDL-CFG-007",
        }
    assert project.problems(f"environment: '{name}'\n")


def test_an_overlay_cannot_choose_the_environment(project: Project) -> None:
    project.write("kindling.prod.yaml", "environment: test\n")
    (line,) = project.lines("project: a\nenvironment: prod\n")
    assert line.startswith("kindling.prod.yaml:1:14  KDL-CFG-024")


def test_an_environment_without_an_overlay_is_fine(project: Project) -> None:
    project.write("kindling.prod.yaml", "engine: spark\n")
    assert project.load("project: a\n", environment="test").warnings == ()


def test_a_misspelt_environment_is_warned_of(project: Project) -> None:
    project.write("kindling.prod.yaml", "engine: spark\n")
    (warning,) = project.load("project: a\n", environment="prdo").warnings
    assert warning.is_warning
    assert warning.suggestion == "did you mean 'prod'?"


# Files of variables


def test_a_dot_env_file_is_not_read_unless_it_is_named(project: Project) -> None:
    project.write(".env", "STAGE=fromfile\nKINDLING_ENGINE=spark\n")
    loaded = project.load("artifacts: ${STAGE:-unset}\n")
    assert (loaded.config.artifacts, loaded.config.engine) == ("unset", None)


def test_a_named_file_gives_variables_below_those_that_are_set(project: Project) -> None:
    project.write(".env", "A=file\nB=file\nKINDLING_ENGINE=spark\nKINDLING_ENVIRONMENT=test\n")
    project.write("kindling.test.yaml", "project: test\n")
    loaded = project.load("env_file: .env\nartifacts: ${A}-${B}\n", environ={"B": "set"})
    assert (loaded.config.artifacts, loaded.config.engine, loaded.config.project) == ("file-set", "spark", "test")
    assert "KINDLING_ENGINE" not in os.environ


def test_the_command_line_names_another_file(project: Project) -> None:
    project.write(".env", "A=project\n")
    other = project.write("other.env", "A=other\n")
    text = "env_file: .env\nartifacts: ${A}\n"
    assert project.load(text, env_file=other).config.artifacts == "other"
    assert project.load(text, environ={"KINDLING_ENV_FILE": str(other)}).config.artifacts == "other"


def test_an_overlay_may_name_its_own_file(project: Project) -> None:
    project.write(".env", "A=base\nB=base\n")
    project.write("prod.env", "A=prod\n")
    project.write("kindling.prod.yaml", "env_file: prod.env\n")
    text = "env_file: .env\nartifacts: ${A}\n"
    assert project.load(text, environment="prod").config.artifacts == "prod"
    assert project.load(text).config.artifacts == "base"


def test_a_file_that_is_named_and_missing_is_a_warning_because_it_is_not_committed(project: Project) -> None:
    (warning,) = project.load("project: a\nenv_file: .env\n").warnings
    assert str(warning.location) == "kindling.yaml:2:11"
    assert (warning.code, warning.is_warning) == ("KDL-CFG-018", True)


def test_a_file_that_the_command_line_names_must_be_there(project: Project) -> None:
    assert "KDL-CFG-018" in project.lines("project: a\n", env_file=project.folder / "none.env")[0]


def test_mistakes_in_a_file_of_variables_come_with_the_others(project: Project) -> None:
    project.write(".env", "nonsense\nA='x\n\nB=1\n")
    lines = project.lines("env_file: .env\nengin: spark\n")
    assert [line.partition("  ")[0] for line in lines] == [".env:1:1", ".env:2:1", "kindling.yaml:2:1"]


# Parts


@dataclass(frozen=True)
class Local:
    path: str
    depth: int = 1


def test_a_section_is_a_models_instance(project: Project) -> None:
    loaded = project.load("platforms: {local: {path: x}}\nruns: {path: y, depth: 2}\n")
    assert loaded.platform("local", Local) == Local("x")
    assert loaded.section("platforms.local", Local) == Local("x")
    assert loaded.section("runs", Local) == Local("y", 2)


def test_a_section_that_is_not_there_gives_its_defaults_or_says_what_is_missing(project: Project) -> None:
    @dataclass(frozen=True)
    class Optional:
        depth: int = 1

    loaded = project.load("project: a\nplatforms:\n  other: {}\n")
    assert loaded.platform("local", Optional) == Optional()
    assert loaded.section("runs.deep", Optional) == Optional()
    with pytest.raises(ConfigError, match=r"kindling\.yaml:2:1 .*missing key 'path' in platforms\.local"):
        loaded.platform("local", Local)


def test_a_connection_that_is_not_there_names_the_nearest(project: Project) -> None:
    loaded = project.load("connections:\n  bronze: {type: local, path: x}\n")
    with pytest.raises(ConfigError, match="there is no connection 'bornze'; did you mean 'bronze'") as caught:
        loaded.connection("bornze")
    assert caught.value.code == "KDL-CFG-019"
    with pytest.raises(ConfigError, match="known: bronze"):
        loaded.connection("zzz")
    with pytest.raises(ConfigError, match="add it under connections"):
        project.load("project: a\n").connection("zzz")


def test_what_is_missing_in_a_section_that_nobody_uses_disturbs_nobody(project: Project) -> None:
    text = "connections:\n  a: {type: local, path: '${NOPE}'}\n  b: {type: local, path: x}\n"
    loaded = project.load(text)
    assert loaded.connection("b", Local) == Local("x")
    with pytest.raises(ConfigError, match="NOPE is not set"):
        loaded.connection("a", Local)
    with pytest.raises(ConfigError, match=r"kindling\.yaml:2:26"):
        dict(loaded.config.connections["a"])


def test_framework_keys_of_a_connection_are_known_to_every_model(project: Project) -> None:
    loaded = project.load("connections: {a: {type: local, auth_mode: x, path: y, z: 1}}\n")
    with pytest.raises(ConfigError) as caught:
        loaded.connection("a", Local)
    assert [problem.message for problem in caught.value.problems] == ["unknown key 'z' in connections.a"]


def test_a_configuration_shows_what_it_is(project: Project) -> None:
    loaded = project.load("connections: {a: {type: local, key: x}}\n")
    assert "kindling.yaml" in repr(loaded)
    assert repr(loaded.config.connections["a"]) == "<section connections.a: type, key>"


def test_reading_the_environment_of_the_process_is_the_default(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("kindling.yaml", "project: ${NAME_OF_IT}\n")
    monkeypatch.setenv("NAME_OF_IT", "shop")
    assert load_config(Path(project.folder)).config.project == "shop"
