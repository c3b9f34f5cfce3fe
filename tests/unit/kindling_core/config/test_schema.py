"""The JSON Schema says what the checker does: both are held against the same examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kindling.config.checking import check_text
from kindling.config.document import schema_of_project
from kindling.config.fields import Duration, Size, setting
from kindling.config.interpolation import Interpolation
from kindling.config.loading import load_config
from kindling.config.schema import DIALECT, json_schema
from kindling.errors import ConfigError
from kindling.values import Secret


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Cron:
    """At fixed times."""

    type: Literal["cron"]
    cron: str


@dataclass(frozen=True, kw_only=True)
class Every:
    type: Literal["every", "interval"]
    every: Duration


@dataclass(frozen=True, kw_only=True)
class Model:
    """All that a field can be."""

    name: str
    text: str = "t"
    whole: int = setting(default=0, minimum=0, maximum=10, doc="A whole number.")
    number: float = 0.0
    switch: bool = False
    day: date | None = None
    moment: datetime | None = None
    secret: Secret | None = None
    path: Path | None = None
    wait: Duration | None = None
    memory: Size | None = None
    colour: Colour = Colour.RED
    level: Literal["low", "high", 3] = "low"
    names: tuple[str, ...] = setting(default=(), length=(None, 2))
    by_name: Mapping[str, int] = field(default_factory=dict)
    limited: str = setting(default="ab", pattern="[a-z]+", length=(2, 4), example="abc")
    free: Any = None
    either: int | str | None = None
    notify: str | tuple[str, ...] = ()
    schedule: Cron | Every | None = None
    child: Model | None = None
    source: str = setting(default="", key="from")


SCHEMA = json_schema(Model, title="model")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker(["date"]))


def agree(text: str, data: Any) -> bool:
    """Whether checker and schema give the same verdict; returns it."""
    checked = check_text(text, Model, file="x.yaml", variables=Interpolation({"X": "x", "N": "5"}))
    by_checker = checked.value is not None
    by_schema = VALIDATOR.is_valid(data)
    assert by_checker == by_schema, (
        text,
        [str(problem) for problem in checked.problems],
        [error.message for error in VALIDATOR.iter_errors(data)],
    )
    return by_checker


GOOD = [
    "{}",
    "{text: hello, whole: 5, number: 3, switch: true, names: [a, b]}",
    "{whole: 5.0, number: -1.5}",
    "{day: '2024-05-01', moment: '2024-05-01T06:00:00Z'}",
    "{secret: abcd, path: ./x, wait: 1h30m, memory: 8g}",
    "{wait: 90, memory: 1024}",
    "{wait: 0.5}",
    "{colour: blue, level: 3}",
    "{level: high}",
    "{by_name: {a: 1, b: null}}",
    "{text: null, whole: null, schedule: null, child: null, names: null}",
    "{limited: abc}",
    "{free: {a: [1, two, null]}}",
    "{free: 5}",
    "{either: 5}",
    "{either: x}",
    "{notify: a}",
    "{notify: [a, b]}",
    "{schedule: {type: cron, cron: '* * * * *'}}",
    "{schedule: {type: interval, every: 5m}}",
    "{child: {name: b, child: {name: c}}}",
    "{from: x}",
    "{text: '${X}', limited: 'ab${X}', colour: red}",
    "{whole: '${N}', number: '${N}', wait: '${N}s', memory: '${N}', by_name: {a: '${N}'}}",
    "{secret: '${secret:vault/x}', path: '${X}', names: ['${X}']}",
    "{schedule: {type: every, every: '${N}'}}",
]
BAD = [
    "{name: null}",
    "{name: 5}",
    "{nam: x}",
    "{text: 5}",
    "{text: [a]}",
    "{whole: 1.5}",
    "{whole: '5'}",
    "{whole: 11}",
    "{whole: -1}",
    "{whole: true}",
    "{number: x}",
    "{number: '1'}",
    "{switch: 1}",
    "{switch: 'true'}",
    "{day: 5}",
    "{day: '2024-13-01'}",
    "{day: 2024-5-1}",
    "{moment: '2024-05-01'}",
    "{secret: 5}",
    "{path: ''}",
    "{wait: soon}",
    "{wait: -1}",
    "{wait: '1:30'}",
    "{memory: big}",
    "{memory: 1.5}",
    "{colour: green}",
    "{level: 4}",
    "{level: '3'}",
    "{names: a}",
    "{names: [a, b, c]}",
    "{names: [1]}",
    "{by_name: [1]}",
    "{by_name: {a: x}}",
    "{limited: AB}",
    "{limited: a}",
    "{either: [1]}",
    "{notify: {a: 1}}",
    "{notify: [1]}",
    "{schedule: {type: cron}}",
    "{schedule: {cron: x}}",
    "{schedule: {type: daily}}",
    "{schedule: {type: cron, cron: x, every: 5m}}",
    "{schedule: daily}",
    "{child: {}}",
    "{child: {name: b, child: {nam: c}}}",
    "{source: x}",
    "[]",
]


def read(text: str) -> Any:
    """Read as YAML 1.2 does, which these examples are written for."""
    return yaml.load(text, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)


@pytest.mark.parametrize("text", GOOD)
def test_both_take_what_is_right(text: str) -> None:
    text = "{name: a, " + text[1:] if text != "{}" else "{name: a}"
    assert agree(text, read(text))


@pytest.mark.parametrize("text", BAD)
def test_both_refuse_what_is_wrong(text: str) -> None:
    data = read(text.replace("2024-5-1", "'2024-5-1'"))
    if isinstance(data, dict) and "name" not in data and "nam" not in data:
        text, data = "{name: a, " + text[1:], {"name": "a", **data}
    assert not agree(text, data)


words = st.sampled_from(
    ["a", "ab", "red", "low", "5", "90s", "8g", "cron", "every", "interval", "2024-05-01", "${X}", "a${N}", "", "x y"]
)
values = st.recursive(
    st.one_of(words, st.integers(-3, 12), st.booleans(), st.none(), st.floats(-2, 12, width=16)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "type", "cron", "every", "name", "whole", "text"]), inner, max_size=3),
    ),
    max_leaves=4,
)
documents = st.dictionaries(
    st.sampled_from([key for key in SCHEMA["properties"] if key not in ("day", "moment", "free")] + ["unknown"]),
    values,
    max_size=3,
).map(lambda data: {"name": "a", **data})


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(documents)
def test_both_agree_on_what_nobody_thought_of(data: dict[str, Any]) -> None:
    # JSON is YAML in quotes: nothing in it can be taken for something else.
    text = json.dumps(data)
    checked = check_text(text, Model, file="x.yaml", variables=Interpolation({"X": "x", "N": "5"}))
    if any("${" in line for line in [text]) and checked.problems:
        return  # what an interpolation stands for is not known to the schema
    agree(text, data)


def test_a_schema_is_one_and_says_what_editors_show() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == DIALECT
    assert SCHEMA["properties"]["whole"]["description"] == "A whole number."
    assert SCHEMA["properties"]["colour"]["default"] == "red"
    assert SCHEMA["properties"]["limited"]["examples"] == ["abc"]
    assert SCHEMA["required"] == ["name"]
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_a_union_is_told_apart_by_a_constant() -> None:
    forms = SCHEMA["properties"]["schedule"]["anyOf"][0]["oneOf"]
    assert forms[0]["properties"]["type"] == {"const": "cron"}
    assert forms[1]["properties"]["type"] == {"enum": ["every", "interval"]}
    assert "type" in forms[0]["required"]


def test_a_model_that_holds_itself_is_a_reference() -> None:
    assert SCHEMA["$defs"]["Model"]["properties"]["child"]["anyOf"][0] == {"$ref": "#/$defs/Model"}


def test_secrets_have_no_default_and_no_example() -> None:
    @dataclass(frozen=True)
    class Login:
        password: str = setting(default="changeme", example="hunter2")

    assert "changeme" not in str(json_schema(Login))
    assert "hunter2" not in str(json_schema(Login))


# The whole of kindling.yaml


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


@dataclass(frozen=True, kw_only=True)
class Fabric:
    workspace: str | None = None


class Sections:
    """What a host would say, with one broken plugin among those it knows."""

    def platform(self, name: str) -> type | None:
        return {"fabric": Fabric}.get(name)

    def platform_names(self) -> tuple[str, ...]:
        return ("broken", "fabric")

    def connection(self, type_name: str) -> type | None:
        return {"local": Local, "azure_adls": Adls}.get(type_name)

    def connection_types(self) -> tuple[str, ...]:
        return ("azure_adls", "broken", "local")

    def auth_modes(self, type_name: str) -> tuple[str, ...]:
        return ("key_vault", "cli") if type_name == "azure_adls" else ()

    def auth_model(self, mode: str) -> type | None:
        return {"key_vault": KeyVault}.get(mode)


PROJECT = jsonschema.Draft202012Validator(schema_of_project(Sections()))

FILES = [
    (True, "project: shop\nenvironment: dev\nartifacts: ./a\nengine: spark\n"),
    (True, "connections: {a: {type: local, path: x}}\n"),
    (True, "connections: {a: {type: azure_adls, account: x, key_vault_name: kv}}\n"),
    (True, "connections: {a: {type: broken, whatever: [1]}}\n"),
    (True, "connections: {a: {type: another, whatever: [1]}}\n"),
    (True, "connections: {a: null}\nplatforms: {fabric: null}\n"),
    (True, "platforms: {fabric: {workspace: w, artifacts: x}, broken: {x: 1}, unknown: {y: 2}}\n"),
    (True, "plugins: {disable: [a], allow: [b], prefer: {scheme.s3: emr}, strict: true}\n"),
    (True, "vars: {a: {b: 1}}\nenv_file: .env\nruns: {keep: 5}\ntrust: [x]\nallow: x\n"),
    (False, "connections: {a: {type: local}}\n"),
    (False, "connections: {a: {type: local, path: x, account: y}}\n"),
    (False, "connections: {a: {path: x}}\n"),
    (False, "connections: {a: x}\n"),
    (False, "connections: [a]\n"),
    (False, "platforms: {fabric: {worksapce: w}}\n"),
    (False, "platforms: {fabric: [1]}\n"),
    (False, "engine: sprak\n"),
    (False, "environment: ../x\n"),
    (False, "plugins: {disable: x}\n"),
    (False, "pipelines: []\nprojct: x\n"),
    (False, "vars: [1]\n"),
]


@pytest.mark.parametrize(("is_right", "text"), FILES)
def test_the_schema_of_a_project_agrees_with_its_loading(tmp_path: Path, is_right: bool, text: str) -> None:
    (tmp_path / "kindling.yaml").write_text(text)
    try:
        load_config(tmp_path, environ={}, sections=Sections(), use=["*"])
        by_loading = True
    except ConfigError:
        by_loading = False
    assert by_loading == PROJECT.is_valid(read(text)) == is_right


def test_the_schema_of_a_project_is_one() -> None:
    for sections in (Sections(), None):
        jsonschema.Draft202012Validator.check_schema(schema_of_project(sections))


def test_a_broken_plugins_section_takes_anything() -> None:
    platforms = schema_of_project(Sections())["properties"]["platforms"]["properties"]
    assert not {"properties", "additionalProperties"} & set(platforms["broken"]) - {"properties"}
    assert "additionalProperties" not in platforms["broken"]
