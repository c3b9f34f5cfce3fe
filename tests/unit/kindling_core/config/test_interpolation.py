"""``${…}``: what it inserts, what it takes from where, and what is said when it cannot."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kindling.config.checking import check_text
from kindling.config.interpolation import Interpolation, InterpolationFailed
from kindling.config.nodes import QUOTED, Scalar, Source
from kindling.config.references import SecretReference
from kindling.values import Secret

FILE = Source("file", "kindling.yaml")


def resolve(text: str, environ: dict[str, str] | None = None, variables: dict[str, str] | None = None) -> Scalar:
    return Interpolation(environ or {}, variables).resolve(Scalar(text, QUOTED, FILE, 1, 1))


def failure(text: str, environ: dict[str, str] | None = None, variables: dict[str, str] | None = None) -> list[Any]:
    with pytest.raises(InterpolationFailed) as caught:
        resolve(text, environ, variables)
    return list(caught.value.mistakes)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${A}", "1"),
        ("${env:A}", "1"),
        ("${ A }", "1"),
        ("x${A}y${B}z", "x1y2z"),
        ("${var.v}", "V"),
        ("${var.v}/${A}", "V/1"),
        ("${NONE:-d}", "d"),
        ("${env:NONE:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY}", ""),
        ("${A:-d}", "1"),
        ("${NONE:-}", ""),
        ("${NONE:-${A}}", "1"),
        ("${NONE:-${ALSO:-x}}", "x"),
        ("${NONE:-a:-b}", "a:-b"),
        ("${NONE:-http://x:80/}", "http://x:80/"),
        ("${var.none:-d}", "d"),
        ("${${NAME}}", "1"),
        ("${env:${NAME}}", "1"),
        ("${var.${LETTER}}", "V"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("a$b $ {x} $", "a$b $ {x} $"),
        ("}${A}{", "}1{"),
        ("${NONE:-$${A}}", "${A}"),
        ("no", "no"),
    ],
)
def test_forms(text: str, result: str) -> None:
    environ = {"A": "1", "B": "2", "EMPTY": "", "NAME": "A", "LETTER": "v"}
    assert resolve(text, environ, {"v": "V"}).text == result


def test_what_an_environment_variable_holds_is_not_interpolated_again() -> None:
    assert resolve("${A} ${A}", {"A": "${B}$${C}"}).text == "${B}$${C} ${B}$${C}"


def test_variables_may_use_variables() -> None:
    assert resolve("${var.a}", {"E": "e"}, {"a": "<${var.b}>", "b": "${E}${var.c}", "c": "c"}).text == "<ec>"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("${NONE}", "KDL-CFG-014", "NONE is not set"),
        ("${env:NONE}", "KDL-CFG-014", "NONE is not set"),
        ("${var.none}", "KDL-CFG-014", "var.none is not defined"),
        ("${", "KDL-CFG-015", "not closed"),
        ("${A", "KDL-CFG-015", "not closed"),
        ("x${A:-${B}", "KDL-CFG-015", "not closed"),
        ("${}", "KDL-CFG-015", "not understood"),
        ("${a-b}", "KDL-CFG-015", "not understood"),
        ("${env:}", "KDL-CFG-015", "not understood"),
        ("${1A}", "KDL-CFG-015", "not understood"),
        ("${vars.x}", "KDL-CFG-015", "not understood"),
        ("${ünicode}", "KDL-CFG-015", "not understood"),
        ("${secret:vault}", "KDL-CFG-015", "names no secret"),
        ("${secret:/name}", "KDL-CFG-015", "names no secret"),
        ("${secret:vault/}", "KDL-CFG-015", "names no secret"),
        ("${secret:vault/a b}", "KDL-CFG-015", "names no secret"),
        ("${secret:vault/a@}", "KDL-CFG-015", "names no secret"),
        ("${secret:vault/a:-x}", "KDL-CFG-015", "default"),
        ("${env:${secret:vault/a}}", "KDL-CFG-015", "inside the name"),
    ],
)
def test_what_cannot_be_resolved_is_named(text: str, code: str, words: str) -> None:
    (mistake,) = failure(text, {"A": "1"})
    assert mistake.code == code
    assert words in mistake.message


def test_everything_missing_in_one_value_is_named_at_once() -> None:
    assert [mistake.offset for mistake in failure("${X}-${var.y}-${Z}")] == [0, 5, 14]


def test_a_misspelt_name_is_corrected() -> None:
    assert failure("${SILVR_KEY}", {"SILVER_KEY": "x"})[0].suggestion == "did you mean 'SILVER_KEY'?"
    assert failure("${var.regoin}", variables={"region": "x"})[0].suggestion == "did you mean 'var.region'?"


@pytest.mark.parametrize(
    "variables", [{"a": "${var.a}"}, {"a": "${var.b}", "b": "x${var.c}", "c": "${NONE:-${var.a}}"}]
)
def test_a_circle_is_shown_and_ends(variables: dict[str, str]) -> None:
    (mistake,) = failure("${var.a}", variables=variables)
    assert mistake.code == "KDL-CFG-016"
    assert "var.a → " in mistake.message
    assert mistake.message.endswith("var.a")


def test_variables_that_double_at_each_step_are_stopped() -> None:
    variables = {f"v{n}": f"${{var.v{n + 1}}}" * 4 for n in range(30)} | {"v30": "x" * 100}
    (mistake, *_) = failure("${var.v0}", variables=variables)
    assert mistake.code == "KDL-CFG-016"


def test_failing_variables_that_double_at_each_step_are_looked_at_once() -> None:
    variables = {f"v{n}": f"${{var.v{n + 1}}}${{var.v{n + 1}}}" for n in range(20)} | {"v20": "${NONE}"}
    assert {mistake.code for mistake in failure("${var.v0}", variables=variables)} == {"KDL-CFG-014"}


def test_interpolations_nested_too_deeply_are_refused() -> None:
    assert failure("${" * 1000 + "A" + "}" * 1000)[0].code == "KDL-CFG-015"


@given(st.text(alphabet="${}:-.aAvrsecret/@ ", max_size=40))
def test_any_text_is_resolved_or_refused(text: str) -> None:
    with contextlib.suppress(InterpolationFailed):
        assert isinstance(resolve(text, {"A": "1", "a": "2"}, {"a": "3"}).text, str)


@given(st.text(max_size=40))
def test_any_text_can_be_written_escaped(text: str) -> None:
    # A '$' before '${' would be taken for its escape; there is no way to write '$' before an interpolation.
    if "$${" not in text and not text.startswith("${x"):
        assert resolve(text.replace("${", "$${")).text == text


# Secrets


def test_a_reference_stays_one_until_it_is_opened() -> None:
    resolved = resolve("${secret:vault/bronze-key@3}")
    assert resolved.reference == SecretReference(("", "vault/bronze-key@3", ""))


def test_text_around_references_is_kept() -> None:
    resolved = resolve("Key=${secret:v/a};${A};${secret:v/b/c}", {"A": "1"})
    assert resolved.reference == SecretReference(("Key=", "v/a", ";1;", "v/b/c", ""))
    assert resolved.text == "Key=${secret:v/a};1;${secret:v/b/c}"
    opened = resolved.reference.open(lambda name: Secret(f"<{name}>"))
    assert opened.reveal() == "Key=<v/a>;1;<v/b/c>"


def test_the_name_of_a_secret_may_be_interpolated() -> None:
    assert resolve("${secret:${var.vault}/key}", variables={"vault": "kv"}).text == "${secret:kv/key}"


def test_a_variable_may_hold_a_reference() -> None:
    assert resolve("x${var.key}", variables={"key": "${secret:v/k}"}).reference == SecretReference(("x", "v/k", ""))


# In a file


@dataclass(frozen=True)
class Model:
    whole: int = 0
    text: str = ""
    key: Secret | None = None
    free: Any = None


def test_a_whole_variable_keeps_how_it_was_written() -> None:
    text = "vars: {port: 8080, word: '8080'}\n"

    @dataclass(frozen=True)
    class File(Model):
        vars: Any = None

    from kindling.config.composing import compose

    tree = compose(text, FILE, [])
    assert tree is not None
    values = tree.items["vars"]
    read = check_text(
        "free: {a: '${var.port}', b: '${var.word}', c: '${var.port}0'}\nwhole: ${var.port}\n",
        Model,
        file="kindling.yaml",
        variables=Interpolation({}, values),  # type: ignore[arg-type]
    )
    assert read.value is not None
    assert read.value.free == {"a": 8080, "b": "8080", "c": "80800"}
    assert read.value.whole == 8080


def test_a_problem_points_at_the_interpolation_in_a_plain_value() -> None:
    checked = check_text("text: abc${X}def${Y}\n", Model, file="k.yaml", variables=Interpolation({}))
    assert [str(problem.location) for problem in checked.problems] == ["k.yaml:1:10", "k.yaml:1:17"]
    assert [problem.location.path for problem in checked.problems if problem.location] == ["text", "text"]


def test_an_interpolation_may_be_a_list_or_a_map_of_the_file_only_as_json() -> None:
    checked = check_text("free: ${X}\n", Model, file="k.yaml", variables=Interpolation({"X": "[1, 2]"}))
    assert checked.value == Model(free="[1, 2]")


def test_a_reference_fits_any_scalar_and_no_choice() -> None:
    checked = check_text("whole: ${secret:v/k}", Model, file="k.yaml", variables=Interpolation({}))
    assert checked.value is not None
    assert checked.value.whole == SecretReference(("", "v/k", ""))  # type: ignore[comparison-overlap]
