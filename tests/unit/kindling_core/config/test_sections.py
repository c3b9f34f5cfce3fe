"""Sections of plugins: checked against their models when they are used, or all together when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kindling.errors import ConfigError
from kindling.values import Secret

if TYPE_CHECKING:
    from .conftest import Project
else:
    Project = Any


@dataclass(frozen=True, kw_only=True)
class Local:
    path: str


@dataclass(frozen=True, kw_only=True)
class Adls:
    account: str
    container: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyVault:
    key_vault_name: str
    secret_name: str = "key"


@dataclass(frozen=True, kw_only=True)
class DirectKey:
    account_key: Secret


@dataclass(frozen=True, kw_only=True)
class Fabric:
    workspace: str | None = None


class Sections:
    """What a host says, and a note of what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def platform(self, name: str) -> type | None:
        self.asked.append(f"platform {name}")
        return {"fabric": Fabric}.get(name)

    def platform_names(self) -> tuple[str, ...]:
        return ("broken", "fabric", "local")

    def connection(self, type_name: str) -> type | None:
        self.asked.append(f"connection {type_name}")
        return {"local": Local, "azure_adls": Adls}.get(type_name)

    def connection_types(self) -> tuple[str, ...]:
        return ("azure_adls", "broken", "local")

    def auth_modes(self, type_name: str) -> tuple[str, ...]:
        return ("key_vault", "direct_key", "cli") if type_name == "azure_adls" else ()

    def auth_model(self, mode: str) -> type | None:
        return {"key_vault": KeyVault, "direct_key": DirectKey}.get(mode)


def check(project: Project, text: str, use: tuple[str, ...] = ("*",)) -> list[str]:
    return [str(problem) for problem in project.load(text, sections=Sections()).check(use)]


def test_loading_asks_for_no_model_unless_it_is_used(project: Project) -> None:
    text = "platforms: {fabric: {oops: 1}}\nconnections: {a: {type: local, oops: 1}, b: {type: local, path: x}}\n"
    sections = Sections()
    loaded = project.load(text, sections=sections)
    assert sections.asked == []
    assert loaded.connection("b") == Local(path="x")
    assert sections.asked == ["connection local"]


def test_what_is_used_can_be_checked_with_the_loading(project: Project) -> None:
    text = "platforms: {fabric: {oops: 1}}\nconnections: {a: {type: local, oops: 1}, b: {type: local, path: x}}\n"
    project.load(text, sections=Sections(), use=["connections.b"])
    assert len(project.problems(sections=Sections(), use=["platforms.fabric", "connections.b"])) == 1
    assert len(project.problems(sections=Sections(), use=["connections"])) == 2
    assert len(project.problems(sections=Sections(), use=["*"])) == 3


def test_all_sections_are_checked_at_once(project: Project) -> None:
    lines = check(
        project,
        """platforms:
  fabric: {worksapce: x}
connections:
  a: {type: local}
  b: {type: local, path: 5}
  c: {type: azure_adls, account: x}
  d: {path: x}
  e: {type: [local]}
  f: {type: locl, path: x}
""",
    )
    assert [line.partition("; ")[0] for line in lines] == [
        "kindling.yaml:2:12  KDL-CFG-004  unknown key 'worksapce' in platforms.fabric",
        "kindling.yaml:4:6  KDL-CFG-006  missing key 'path' in connections.a",
        "kindling.yaml:5:26  KDL-CFG-005  connections.b.path is the number 5",
        "kindling.yaml:6:6  KDL-CFG-006  missing key 'key_vault_name' in connections.c",
        "kindling.yaml:7:3  KDL-CFG-006  missing key 'type' in connections.d",
        "kindling.yaml:8:13  KDL-CFG-005  connections.e.type is a list",
        "kindling.yaml:9:13  KDL-CFG-017  connections.f.type is text 'locl'",
    ]


def test_what_no_installed_plugin_serves_is_a_warning_and_stays_unchecked(project: Project) -> None:
    loaded = project.load(
        "platforms: {synapse: {x: 1}}\nconnections: {a: {type: s3, x: 1}}\n", sections=Sections(), use=["*"]
    )
    assert [problem.code for problem in loaded.warnings] == ["KDL-CFG-026", "KDL-CFG-026"]
    assert loaded.connection("a") == {"type": "s3", "x": 1}


def test_the_section_of_a_broken_plugin_stays_unchecked(project: Project) -> None:
    assert check(project, "platforms: {broken: {x: 1}}\nconnections: {a: {type: broken, x: 1}}\n") == []


def test_keys_of_the_auth_mode_stand_beside_those_of_the_storage(project: Project) -> None:
    loaded = project.load(
        "connections:\n"
        "  a: {type: azure_adls, account: x, key_vault_name: kv}\n"
        "  b: {type: azure_adls, account: x, auth_mode: direct_key, account_key: abcdef}\n"
        "  c: {type: azure_adls, account: x, auth_mode: cli}\n"
        "  d: {type: local, path: x}\n",
        sections=Sections(),
        use=["*"],
    )
    assert loaded.connection("a") == Adls(account="x")
    assert loaded.connection_auth("a") == ("key_vault", KeyVault(key_vault_name="kv"))
    assert loaded.connection_auth("b") == ("direct_key", DirectKey(account_key=Secret("abcdef")))
    assert loaded.connection_auth("c") == ("cli", None)
    assert loaded.connection_auth("d") is None


def test_a_key_that_neither_knows_is_reported_once(project: Project) -> None:
    (line,) = check(project, "connections:\n  a: {type: azure_adls, account: x, key_vault_name: kv, contaner: y}\n")
    assert "did you mean 'container'" in line


def test_a_key_of_another_auth_mode_is_unknown(project: Project) -> None:
    lines = check(project, "connections:\n  a: {type: azure_adls, account: x, auth_mode: cli, key_vault_name: kv}\n")
    assert ["KDL-CFG-004" in line for line in lines] == [True]


def test_an_unknown_auth_mode_lists_the_known_ones(project: Project) -> None:
    (line,) = check(project, "connections:\n  a: {type: azure_adls, account: x, auth_mode: cly}\n")
    assert line.endswith("expected 'key_vault', 'direct_key' or 'cli'; did you mean 'cli'?")


def test_an_interpolated_type_chooses_when_it_is_known(project: Project) -> None:
    text = "connections:\n  a: {type: '${KIND}', path: x}\n"
    project.write("kindling.yaml", text)
    loaded = project.load(environ={"KIND": "local"}, sections=Sections(), use=["*"])
    assert loaded.connection("a") == Local(path="x")
    (problem,) = project.load(sections=Sections()).check()
    assert (problem.code, str(problem.location)) == ("KDL-CFG-014", "kindling.yaml:2:13")


def test_a_variable_nobody_uses_is_checked_with_all_the_rest(project: Project) -> None:
    assert ["KDL-CFG-008" in line for line in check(project, "vars: {a: no}\n")] == [True]


def test_a_section_reads_like_a_dict(project: Project) -> None:
    section = project.load("connections: {a: {type: local, n: [1, {x: true}], gone: null}}\n").config.connections["a"]
    assert section == {"type": "local", "n": [1, {"x": True}]}
    assert (section["type"], section.get("none"), len(section), "n" in section) == ("local", None, 2, True)
    with pytest.raises(KeyError):
        section["gone"]


def test_an_ambiguous_value_in_plain_data_is_refused_when_it_is_read(project: Project) -> None:
    section = project.load("connections: {a: {type: local, n: 007}}\n").config.connections["a"]
    assert section.type_name == "local"
    with pytest.raises(ConfigError, match="KDL-CFG-008"):
        section["n"]
