"""Parameters: typed from app.yaml, given as text or as values, all mistakes at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from kindling.apps.definition import ParameterDefinition, name_fault, parameter_name_fault
from kindling.apps.parameters import bind_parameters, fit, parse_pairs
from kindling.errors import AppConfigError, UsageError


def a(kind: str, **keywords: Any) -> ParameterDefinition:
    return ParameterDefinition(type=kind, **keywords)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", "2024", "2024"),
        ("string", "", ""),
        ("integer", " 42 ", 42),
        ("integer", "-7", -7),
        ("integer", 7, 7),
        ("number", "0.5", 0.5),
        ("number", "1e3", 1000.0),
        ("number", "3", 3),
        ("number", Decimal("2.5"), 2.5),
        ("boolean", "true", True),
        ("boolean", "NO", False),
        ("boolean", False, False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", date(2024, 5, 1), date(2024, 5, 1)),
        ("datetime", "2024-05-01", datetime(2024, 5, 1)),
        ("datetime", "2024-05-01T06:00", datetime(2024, 5, 1, 6)),
        ("datetime", "2024-05-01 06:00:01.5", datetime(2024, 5, 1, 6, 0, 1, 500000)),
        ("datetime", "2024-05-01T06:00:00Z", datetime(2024, 5, 1, 6, tzinfo=timezone.utc)),
        ("datetime", "2024-05-01T06:00:00+0200", datetime(2024, 5, 1, 6, tzinfo=timezone(timedelta(hours=2)))),
        ("datetime", date(2024, 5, 1), datetime(2024, 5, 1)),
        ("list", "a, b,c", ["a", "b", "c"]),
        ("list", '[1, "x"]', [1, "x"]),
        ("list", "", []),
        ("list", ("a", 2), ["a", 2]),
    ],
)
def test_a_value_arrives_with_the_type_of_its_parameter(kind: str, given: Any, value: Any) -> None:
    fitted = fit(given, a(kind))

    assert fitted == value
    assert type(fitted) is type(value)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("string", 2024, "expected a string, not an integer"),
        ("integer", "4.0", "expected an integer, for example 42, not '4.0'"),
        ("integer", "1_000", "not '1_000'"),
        ("integer", "٣", "expected an integer"),
        ("integer", "9" * 5000, "expected an integer"),
        ("integer", True, "not a boolean"),
        ("integer", 4.0, "not a number"),
        ("number", "nan", "finite"),
        ("number", float("inf"), "finite"),
        ("number", "1_0.5", "expected a number"),
        ("number", True, "not a boolean"),
        ("boolean", "maybe", "expected true or false"),
        ("boolean", 1, "expected true or false"),
        ("date", "01.05.2024", "YYYY-MM-DD"),
        ("date", "20240501", "YYYY-MM-DD"),
        ("date", "2024-02-30", "is no date"),
        ("date", datetime(2024, 5, 1), "YYYY-MM-DD"),
        ("datetime", "2024-05-01T25:00:00", "is no time"),
        ("datetime", "noon", "expected a time"),
        ("list", "[1,", "as JSON"),
        ("list", 3, "expected a list, not an integer"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(kind: str, given: Any, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        fit(given, a(kind))

    assert said in str(caught.value)


def test_all_mistakes_come_at_once_and_the_nearest_name_is_suggested() -> None:
    definitions = {"day": a("date", required=True), "rows": a("integer"), "mode": a("string", choices=("full", "new"))}

    with pytest.raises(AppConfigError) as caught:
        bind_parameters(definitions, {"dya": "x", "rows": "many", "mode": "old"}, app="orders")

    assert [str(problem) for problem in caught.value.problems] == [
        "KDL-APP-017  app 'orders' has no parameter 'dya'; did you mean 'day'?",
        "KDL-APP-017  app 'orders' needs the parameter 'day' (date); --param day=2024-05-01",
        "KDL-APP-017  parameter 'rows': expected an integer, for example 42, not 'many'",
        "KDL-APP-017  parameter 'mode': 'old' is not one of 'full', 'new'",
    ]
    assert caught.value.exit_code == 2


def test_an_app_without_parameters_says_so() -> None:
    with pytest.raises(AppConfigError, match="declare it under 'parameters'"):
        bind_parameters({}, {"day": "1"})


def test_defaults_hold_where_nothing_is_given_and_are_never_shared() -> None:
    definitions = {"tags": a("list", default=["x"]), "rows": a("integer"), "note": a("string", default="n")}

    first = bind_parameters(definitions, {"note": None})
    first["tags"].append("y")

    assert bind_parameters(definitions, {}) == {"tags": ["x"], "rows": None, "note": "n"}


def test_each_item_of_a_list_is_one_of_the_choices() -> None:
    definition = a("list", choices=("eu", "us"))

    assert fit("us,eu", definition) == ["us", "eu"]
    with pytest.raises(ValueError, match="'asia' is not one of 'eu', 'us'"):
        fit("us,asia", definition)


def test_the_value_of_a_parameter_named_like_a_secret_is_not_shown() -> None:
    with pytest.raises(AppConfigError) as caught:
        bind_parameters({"api_token": a("integer")}, {"api_token": "hunter2-hunter2"})

    assert "hunter2" not in str(caught.value)
    assert "not a value of type integer" in str(caught.value)


def test_pairs_are_split_at_the_first_equals_sign() -> None:
    assert parse_pairs(["where=a=b", "empty="]) == {"where": "a=b", "empty": ""}


@pytest.mark.parametrize("pairs", [["day"], ["=x"], ["a=1", "a=2"]])
def test_a_pair_that_is_none_or_comes_twice_is_misuse(pairs: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pairs(pairs)

    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["orders", "bronze_to_silver", "a", "A-1"])
def test_names_that_an_app_may_have(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b", "..", "con", "LPT1", "äpfel", "a.b", "x" * 64, "a\n"])
def test_names_that_no_system_could_keep_everywhere(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize("name", ["spark", "framework", "class", "a-b", "_x", "report_progress", "1a", "parameters"])
def test_names_that_a_parameter_may_not_have(name: str) -> None:
    assert parameter_name_fault(name)


@pytest.mark.parametrize("name", ["day", "mode", "name", "time_limit"])
def test_names_that_a_parameter_may_have(name: str) -> None:
    assert parameter_name_fault(name) is None
