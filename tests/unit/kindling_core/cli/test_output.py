"""What the command line prints, for people and for programs."""

from __future__ import annotations

import io
import json

import click
import pytest

from kindling.cli.output import Output
from kindling.errors import (
    AuthError,
    ConfigError,
    KindlingError,
    Location,
    NotFound,
    Problem,
    UsageError,
)
from kindling.values import Secret


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(form: str = "text", *, debug: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    stdout, stderr = io.StringIO(), io.StringIO()
    return Output(form, debug=debug, stdout=stdout, stderr=stderr), stdout, stderr


def test_a_result_is_text_for_people_and_data_for_programs() -> None:
    out, stdout, _ = printed()
    out.result({"rows": 3}, "3 rows")
    assert stdout.getvalue() == "3 rows\n"

    out, stdout, _ = printed("json")
    out.result({"rows": 3}, "3 rows")
    assert json.loads(stdout.getvalue()) == {"rows": 3}


def test_the_text_of_a_result_is_not_made_for_programs() -> None:
    out, _, _ = printed("json")
    out.result({"rows": 3}, lambda: pytest.fail("the text was made"))


def test_a_table_stands_in_columns_without_trailing_blanks() -> None:
    out, stdout, _ = printed()
    out.table(["name", "state"], [("orders", "SUCCEEDED"), ("o", None)])
    assert stdout.getvalue() == "name    state\norders  SUCCEEDED\no\n"


def test_a_table_is_a_list_of_objects_in_json() -> None:
    out, stdout, _ = printed("json")
    out.table(["name", "state"], [("orders", None)])
    assert json.loads(stdout.getvalue()) == [{"name": "orders", "state": None}]


def test_an_empty_table_says_so_on_stderr_and_is_an_empty_list_in_json() -> None:
    out, stdout, stderr = printed()
    out.table(["name"], [], empty="no runs yet")
    assert (stdout.getvalue(), stderr.getvalue()) == ("", "no runs yet\n")

    out, stdout, _ = printed("json")
    out.table(["name"], [])
    assert json.loads(stdout.getvalue()) == []


def test_a_terminal_gets_a_table_with_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    Output(stdout=terminal, stderr=io.StringIO()).table(["name", "state"], [("[orders]", "SUCCEEDED")])
    text = click.unstyle(terminal.getvalue())
    assert text.split() == ["name", "state", "[orders]", "SUCCEEDED"]


def test_an_error_says_what_where_how_to_recover_and_its_code() -> None:
    out, stdout, stderr = printed()
    code = out.error(
        NotFound(
            "there is nothing at raw/sales.csv",
            suggestions=["look at the folder's list"],
            location=Location("kindling.yaml", 7, 5, "connections.bronze"),
        )
    )
    assert code == 1
    assert stdout.getvalue() == ""
    assert stderr.getvalue().splitlines() == [
        "error: there is nothing at raw/sales.csv",
        "  at kindling.yaml:7:5 (connections.bronze)",
        "  → look at the folder's list",
        "  KDL-STO-002  (kindling explain KDL-STO-002)",
    ]


def test_an_error_is_the_same_as_data_with_json() -> None:
    out, stdout, stderr = printed("json")
    out.error(NotFound("there is nothing there", location=Location("kindling.yaml", 7, 5)))
    error = json.loads(stderr.getvalue())["error"]
    assert stdout.getvalue() == ""
    assert (error["code"], error["location"]["line"]) == ("KDL-STO-002", 7)
    assert "traceback" not in error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 2),
        (AuthError("log in"), 4),
        (KindlingError("no"), 1),
        (RuntimeError("surprise"), 1),
        (click.UsageError("no such thing"), 2),
        (click.exceptions.Abort(), 130),
    ],
)
def test_exit_codes(error: BaseException, code: int) -> None:
    out, _, _ = printed()
    assert out.error(error) == code


def test_all_problems_stand_one_below_the_other_with_how_to_read_on() -> None:
    problems = [
        Problem(
            "KDL-CFG-004",
            "unknown key 'enviroment' in connections.bronze",
            Location("kindling.yaml", 7, 5),
            suggestion="did you mean 'environment'?",
        ),
        Problem(
            "KDL-APP-011", "SyntaxError: '(' was never closed", Location("apps/orders/main.py", 12, 9), detail="f(\n ^"
        ),
        Problem("KDL-APP-012", "no version", is_warning=True),
    ]
    out, _, stderr = printed()
    out.error(ConfigError(problems))
    lines = stderr.getvalue().splitlines()
    assert lines[0] == (
        "kindling.yaml:7:5  KDL-CFG-004  unknown key 'enviroment' in connections.bronze; did you mean 'environment'?"
    )
    assert lines[1:4] == [
        "apps/orders/main.py:12:9  KDL-APP-011  SyntaxError: '(' was never closed",
        "    f(",
        "     ^",
    ]
    assert lines[4] == "warning: KDL-APP-012  no version"
    assert lines[5].startswith("2 errors, 1 warning. https://")
    assert lines[5].endswith("#KDL-CFG-004  (offline: kindling explain KDL-CFG-004)")


def test_problems_as_a_result_count_errors_and_warnings() -> None:
    out, stdout, _ = printed("json")
    assert out.problems([Problem("KDL-APP-012", "no version", is_warning=True)]) == 0
    assert json.loads(stdout.getvalue())["warnings"] == 1
    assert out.problems([Problem("KDL-APP-013", "no entry point")]) == 1


def test_a_traceback_is_shown_with_debug_only() -> None:
    def fail() -> BaseException:
        try:
            raise RuntimeError("surprise")
        except RuntimeError as error:
            return error

    out, _, stderr = printed()
    out.error(fail())
    assert "Traceback" not in stderr.getvalue()
    assert "unexpected RuntimeError: surprise" in stderr.getvalue()
    assert "--debug" in stderr.getvalue()
    assert "KDL-INT-001" in stderr.getvalue()

    out, _, stderr = printed(debug=True)
    out.error(fail())
    assert "Traceback (most recent call last)" in stderr.getvalue()

    out, _, stderr = printed("json", debug=True)
    out.error(fail())
    assert "Traceback (most recent call last)" in json.loads(stderr.getvalue())["error"]["traceback"]


def test_the_cause_is_named_where_the_message_does_not_say_it() -> None:
    error = KindlingError("the table could not be read")
    error.__cause__ = TimeoutError("30 s without an answer")
    out, _, stderr = printed()
    out.error(error)
    assert "  because of TimeoutError: 30 s without an answer" in stderr.getvalue()


def test_what_the_operating_system_refuses_names_the_file() -> None:
    out, _, stderr = printed()
    assert out.error(PermissionError(13, "Permission denied", "/data/in.csv")) == 1
    assert "/data/in.csv: Permission denied" in stderr.getvalue()
    assert "KDL-INT-002" in stderr.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_in_all_that_is_printed(form: str) -> None:
    secret = "hunter2-hunter2"
    Secret(secret)
    out, stdout, stderr = printed(form, debug=True)
    out.result({"key": secret}, f"key {secret}")
    out.table(["key"], [(secret,)])
    out.note(f"note {secret}")
    out.warn(f"warning {secret}")
    out.problems([Problem("KDL-CFG-001", f"bad {secret}", detail=secret)])
    for error in (KindlingError(f"bad {secret}"), RuntimeError(secret), OSError(5, "Input/output error", secret)):
        error.__cause__ = ValueError(secret)
        out.error(error)
    assert secret not in stdout.getvalue() + stderr.getvalue()
    assert "***" in stdout.getvalue()


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in Output.style(Terminal(), "red", fg="red")
    assert Output.style(io.StringIO(), "red", fg="red") == "red"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Output.style(Terminal(), "red", fg="red") == "red"
