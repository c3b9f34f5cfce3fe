"""A secret in a configuration reaches no message, no display, no record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kindling import redaction
from kindling.config.checking import check_text
from kindling.config.fields import setting
from kindling.config.interpolation import Interpolation
from kindling.config.opening import open_references
from kindling.config.references import SecretReference
from kindling.errors import ConfigError
from kindling.values import Secret

if TYPE_CHECKING:
    from .conftest import Project
else:
    Project = Any

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    redaction.forget_all()
    yield
    redaction.forget_all()


@dataclass(frozen=True, kw_only=True)
class Login:
    user: str = ""
    password: Secret | None = None
    passwords: tuple[Secret, ...] = ()
    keys: dict[str, Secret] | None = None
    api_token: str = ""
    account_key: int = 0
    limited: Secret | None = setting(default=None, length=(None, 4))  # noqa: RUF009 - makes a field
    port: int = 0
    inner: Login | None = None


MISTAKES = [
    f"password: [{SECRET}]",
    f"password: {{a: {SECRET}}}",
    f"passwords: {SECRET}",
    f"passwords: [[{SECRET}]]",
    f"keys: {{a: [{SECRET}]}}",
    f"account_key: {SECRET}",
    f"limited: {SECRET}",
    f"inner: {{account_key: {SECRET}}}",
    f"inner: {{inner: {{limited: {SECRET}}}}}",
    f"password: {SECRET}\nport: {SECRET}",
    f"port: {SECRET}\npassword: {SECRET}",
    f"api_token: {SECRET}\nport: x{SECRET}x",
    "password: ${TOKEN}\nport: ${TOKEN}",
    "port: ${TOKEN}",
    "port: ${var.password}",
    "inner: ${TOKEN}",
    f"password: {SECRET}\nunknown: 1",
    f"password: {SECRET}\nuser: '${{{SECRET}}}'",
]


@pytest.mark.parametrize("text", MISTAKES)
def test_no_problem_shows_a_secret(text: str) -> None:
    variables = Interpolation({"TOKEN": SECRET}, {"password": SECRET})
    checked = check_text(text, Login, file="k.yaml", variables=variables)
    assert checked.problems
    error = ConfigError(checked.problems)
    shown = f"{error} {error!r} {json.dumps(error.to_dict())} {checked!r}" + "".join(map(str, checked.problems))
    assert SECRET not in shown


@pytest.mark.parametrize("written", ["12345678", "0012345", "true", "1:30:45", "1_234_567"])
def test_a_secret_that_looks_like_a_number_is_not_shown_either(written: str) -> None:
    checked = check_text(f"password: {written}", Login, file="k.yaml")
    assert checked.problems
    assert written not in str(ConfigError(checked.problems)).replace("1:30, 007 and 1_000", "")


def test_a_value_is_a_secret_and_shows_itself_nowhere() -> None:
    checked = check_text(f"password: {SECRET}\nkeys: {{a: '{SECRET}'}}\n", Login, file="k.yaml")
    assert checked.value is not None
    assert checked.value.password == Secret(SECRET)
    assert SECRET not in f"{checked.value!r} {checked!r}"


def test_a_mistake_of_syntax_does_not_show_the_line() -> None:
    checked = check_text(f'password: "{SECRET}\nuser: x: y\n', Login, file="k.yaml")
    assert SECRET not in str(ConfigError(checked.problems).to_dict())


CONFIG = f"""
project: shop
vars: {{token: {SECRET}, plain: visible}}
connections:
  a:
    type: local
    account_key: {SECRET}
    options: {{nested: {{client_secret: "{SECRET}", list: ["x-{SECRET}"]}}}}
  b: {{type: local, path: "pre-${{var.token}}", other: "${{SOME_PASSWORD}}"}}
  c: {{type: local, key: "${{secret:vault/name}}"}}
platforms:
  local: {{conf: {{"fs.azure.account.key": {SECRET}, tokens: [{SECRET}]}}}}
"""


def test_what_is_shown_of_a_configuration_masks_secrets_also_nested(project: Project) -> None:
    loaded = project.load(CONFIG, environ={"SOME_PASSWORD": SECRET, "KINDLING_CONNECTIONS__D__ACCESS_TOKEN": SECRET})
    data = loaded.to_dict()
    shown = json.dumps(data) + repr([*loaded.origins()]) + repr(loaded) + repr(loaded.config)
    assert SECRET not in shown
    assert data["connections"]["a"]["account_key"] == "***"
    assert data["connections"]["b"]["path"] == "***"
    assert data["connections"]["c"]["key"] == "${secret:vault/name}", "a reference is no secret"
    assert data["connections"]["d"]["access_token"] == "***"
    assert data["platforms"]["local"]["conf"]["tokens"] == ["***"]
    assert data["vars"] == {"token": "***", "plain": "visible"}


def test_plain_data_of_a_section_registers_what_is_named_like_a_secret(project: Project) -> None:
    section = project.load(CONFIG).config.connections["a"]
    assert section["account_key"] == SECRET
    assert redaction.redact(f"key is {SECRET}") == "key is ***"


def test_a_variable_of_the_command_line_named_like_a_secret_is_masked(project: Project) -> None:
    loaded = project.load("artifacts: ${var.api_key}\n", variables={"api_key": SECRET})
    assert SECRET not in repr([*loaded.origins()]) + str(loaded.to_dict())


# Opening


def vault(name: str) -> Secret:
    return Secret({"v/p": SECRET, "v/port": "8080", "v/word": "abc"}[name])


def reference(name: str) -> Any:
    return SecretReference(("", name, ""))


def test_references_are_opened_in_the_type_of_their_field() -> None:
    text = "user: ${secret:v/word}\npassword: ${secret:v/p}\nport: ${secret:v/port}\nkeys: {a: 'x${secret:v/word}'}\n"
    checked = check_text(
        text + "inner: {passwords: ['${secret:v/p}']}", Login, file="k.yaml", variables=Interpolation({})
    )
    assert checked.value is not None
    opened = open_references(checked.value, vault)
    assert (opened.user, opened.port) == ("abc", 8080)
    assert opened.password == Secret(SECRET)
    assert opened.keys == {"a": Secret("xabc")}
    assert opened.inner is not None
    assert opened.inner.passwords == (Secret(SECRET),)
    assert checked.value.password == reference("v/p"), "what was read is not changed"


def test_settings_without_references_are_the_same_object() -> None:
    settings = Login(user="a", inner=Login(), keys={"a": Secret("abcd")})
    assert open_references(settings, vault) is settings


def test_plain_data_is_opened_too() -> None:
    assert open_references({"a": [reference("v/p"), 1]}, vault) == {"a": [Secret(SECRET), 1]}
    data = {"a": [1]}
    assert open_references(data, vault) is data


@pytest.mark.parametrize("field", [{"port": reference("v/p")}, {"limited": reference("v/p")}])
def test_a_secret_that_does_not_fit_is_named_and_not_shown(field: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        open_references(Login(**field), vault)
    assert caught.value.code == "KDL-CFG-025"
    assert SECRET not in str(caught.value.to_dict())
    assert "${secret:v/p}" in str(caught.value)


def test_a_reference_can_be_kept_and_compared() -> None:
    import copy
    import pickle

    first = SecretReference(("a", "v/p", ""))
    assert pickle.loads(pickle.dumps(first)) == first == copy.deepcopy(first)
    assert len({first, SecretReference(("a", "v/p", ""))}) == 1
    assert repr(first) == "SecretReference('a${secret:v/p}')"
    with pytest.raises(AttributeError):
        first.parts = ()  # type: ignore[misc]
