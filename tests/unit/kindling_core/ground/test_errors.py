"""Errors carry a code, a way out and their cause, and never a secret."""

import json
import pickle

import pytest

from kindling.errors import (
    AppConfigError,
    AppExecutionError,
    AppRuntimeError,
    Audience,
    AuthError,
    Category,
    ConfigError,
    KindlingError,
    Location,
    Problem,
    UsageError,
    describe,
)
from kindling.values import Secret


def test_an_error_as_data_has_all_that_is_known_with_its_causes():
    try:
        try:
            raise ValueError("no such column")
        except ValueError as cause:
            raise AppRuntimeError(
                "orders failed", context={"row": 3}, suggestions=["check the column"], location=Location("main.py", 4)
            ) from cause
    except AppRuntimeError as error:
        data = error.to_dict()
    assert json.loads(json.dumps(data)) == {
        "type": "AppRuntimeError",
        "code": "KDL-RUN-003",
        "category": "execution",
        "audience": "app_author",
        "message": "orders failed",
        "context": {"row": 3},
        "suggestions": ["check the column"],
        "location": {"file": "main.py", "line": 4, "column": None, "path": ""},
        "cause": {"type": "ValueError", "message": "no such column"},
    }


def test_secrets_are_masked_in_every_part_also_when_learnt_later():
    error = KindlingError(
        "the key abcdef123456 was refused",
        context={"url": "https://x?sig=abcdef123456", "nested": [{"account_key": "unknown-value"}]},
        suggestions=["do not use abcdef123456"],
    )
    Secret("abcdef123456")
    text = json.dumps(error.to_dict()) + str(error) + repr(error.context) + repr(error.suggestions)
    assert "abcdef123456" not in text
    assert "unknown-value" not in text
    assert text.count("***") >= 4


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (KindlingError("x"), 1),
        (UsageError("x"), 2),
        (AuthError("x"), 4),
        (KindlingError("x", category=Category.CANCELLED), 130),
    ],
)
def test_the_exit_code_follows_from_the_category(error, exit_code):
    assert error.exit_code == exit_code


def test_an_error_survives_the_way_home_from_a_child_process():
    error = ConfigError(
        [Problem("KDL-CFG-004", "unknown key 'x'", Location("kindling.yaml", 3, 5, "a.x"))], suggestions=["look"]
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ConfigError
    assert again.to_dict() == error.to_dict()


def test_all_problems_are_in_the_message_with_place_and_code():
    problems = [
        Problem("KDL-CFG-004", "unknown key 'x'", Location("kindling.yaml", 3, 5), expected="'y'"),
        Problem("KDL-APP-011", "SyntaxError", Location("main.py", 1)),
        Problem("KDL-APP-012", "only a warning", is_warning=True),
    ]
    error = ConfigError(problems)
    assert str(error).splitlines() == [
        "2 errors",
        "kindling.yaml:3:5  KDL-CFG-004  unknown key 'x'; expected 'y'",
        "main.py:1  KDL-APP-011  SyntaxError",
    ]
    assert error.code == "KDL-CFG-004"
    assert error.location == Location("kindling.yaml", 3, 5)
    assert [problem["severity"] for problem in error.to_dict()["problems"]] == ["error", "error", "warning"]


def test_an_apps_configuration_error_is_both_an_app_error_and_a_list_of_problems():
    error = AppConfigError([Problem("KDL-APP-020", "bad entry point")])
    assert isinstance(error, AppExecutionError)
    assert error.problems[0].code == error.code == "KDL-APP-020"


def test_the_audience_and_category_may_be_given_for_one_error():
    error = KindlingError("x", audience=Audience.PLATFORM, category=Category.TIMEOUT, code="KDL-RUN-004")
    assert (error.to_dict()["audience"], error.to_dict()["category"]) == ("platform", "timeout")


def test_any_exception_can_be_described():
    assert describe(ValueError("x")) == {"type": "ValueError", "message": "x"}
