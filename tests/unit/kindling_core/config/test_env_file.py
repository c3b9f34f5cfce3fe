"""Files of environment variables."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kindling.config.env_file import parse_env_file
from kindling.errors import Problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("  A = 1  ", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A=''", {"A": ""}),
        ("A=x # comment", {"A": "x"}),
        ("A=x#no comment", {"A": "x#no comment"}),
        ("A=#all comment", {"A": ""}),
        ("A='x # y' # comment", {"A": "x # y"}),
        ('A="x # y"', {"A": "x # y"}),
        (r'A="a\nb\t\"c\"\\"', {"A": 'a\nb\t"c"\\'}),
        (r"A='a\nb'", {"A": r"a\nb"}),
        ('A="one\ntwo"\nB=3', {"A": "one\ntwo", "B": "3"}),
        ("A='-----BEGIN\nabc==\n-----END'\n", {"A": "-----BEGIN\nabc==\n-----END"}),
        ("A=b=c==", {"A": "b=c=="}),
        ("# comment\n\nA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=${B}", {"A": "${B}"}),
        ("A=über", {"A": "über"}),
        ("", {}),
    ],
)
def test_what_is_read(text: str, expected: dict[str, str]) -> None:
    problems: list[Problem] = []
    assert parse_env_file(text, ".env", problems) == expected
    assert problems == []


@pytest.mark.parametrize("line", ["A", "=1", "1A=2", "A B=1", "export", "A-'x'", "ü=1"])
def test_a_line_that_sets_nothing_is_named_and_the_rest_is_read(line: str) -> None:
    problems: list[Problem] = []
    assert parse_env_file(f"X=1\n{line}\nY=2", ".env", problems) == {"X": "1", "Y": "2"}
    (problem,) = problems
    assert (problem.code, str(problem.location)) == ("KDL-CFG-020", ".env:2:1")
    assert "1A" not in problem.message, "a line may hold a secret and is not shown"


def test_a_quote_that_is_not_closed_is_named_where_it_opens() -> None:
    problems: list[Problem] = []
    assert parse_env_file("A='x\nB=1\n", ".env", problems) == {"B": "1"}
    assert str(problems[0].location) == ".env:1:1"


@given(st.text(max_size=100))
def test_any_text_is_read_or_named(text: str) -> None:
    problems: list[Problem] = []
    assert all(isinstance(value, str) for value in parse_env_file(text, ".env", problems).values())


@given(st.text(alphabet=st.characters(exclude_characters="'\r", exclude_categories=["Cs"])))
@example(" \n")
@example("\x0c\n ")
def test_a_value_in_single_quotes_stands_for_itself(text: str) -> None:
    assert parse_env_file(f"A='{text}'", ".env", []) == {"A": text}
