"""Checking against dataclasses: typed values, and every problem with its place, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest

from kindling.config.checking import check_text
from kindling.config.fields import Duration, Size, setting
from kindling.config.interpolation import Interpolation
from kindling.config.shapes import shape_of_model
from kindling.errors import Problem
from kindling.values import Secret


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Inner:
    name: str
    port: int = 80


@dataclass(frozen=True, kw_only=True)
class Everything:
    text: str = "t"
    whole: int = 0
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
    names: tuple[str, ...] = ()
    numbers: list[int] = field(default_factory=list)
    unique: frozenset[str] = frozenset()
    by_name: Mapping[str, int] = field(default_factory=dict)
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    free: Any = None
    old_style: Optional[Union[int, str]] = None  # noqa: UP007, UP045 - authors write it so


@dataclass(frozen=True, kw_only=True)
class Cron:
    type: Literal["cron"]
    cron: str


@dataclass(frozen=True, kw_only=True)
class Every:
    type: Literal["every", "interval"]
    every: Duration


@dataclass(frozen=True, kw_only=True)
class Job:
    schedule: Cron | Every | None = None
    notify: str | tuple[str, ...] = ()
    conf: Mapping[str, str] | str = ""


def value(text: str, model: type = Everything, **keywords: Any) -> Any:
    checked = check_text(text, model, file="x.yaml", **keywords)
    assert checked.problems == (), [str(problem) for problem in checked.problems]
    return checked.value


def problems(text: str, model: type = Everything, **keywords: Any) -> list[Problem]:
    checked = check_text(text, model, file="x.yaml", **keywords)
    assert checked.value is None
    return list(checked.problems)


def only(text: str, model: type = Everything, **keywords: Any) -> Problem:
    found = problems(text, model, **keywords)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def test_every_type_is_read() -> None:
    read = value(
        """
text: hello
whole: 5
number: 3
switch: true
day: 2024-05-01
moment: 2024-05-01T06:00:00Z
secret: abc-def
path: ./data
wait: 1h30m
memory: 8g
colour: blue
level: 3
names: [a, b]
numbers: [1, 2]
unique: [a, a]
by_name: {x: 1}
inner: {name: n}
inners: [{name: n, port: 1}]
free: {a: [1, two, 3.5, true, null]}
old_style: 7
"""
    )
    assert read == Everything(
        text="hello",
        whole=5,
        number=3.0,
        switch=True,
        day=date(2024, 5, 1),
        moment=read.moment,
        secret=Secret("abc-def"),
        path=Path("data"),
        wait=5400.0,
        memory=8 * 2**30,
        colour=Colour.BLUE,
        level=3,
        names=("a", "b"),
        numbers=[1, 2],
        unique=frozenset("a"),
        by_name={"x": 1},
        inner=Inner(name="n"),
        inners=(Inner(name="n", port=1),),
        free={"a": [1, "two", 3.5, True, None]},
        old_style=7,
    )
    assert read.moment.year == 2024
    assert isinstance(read.number, float)


def test_nothing_given_gives_the_defaults() -> None:
    assert value("") == Everything()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("text: 5", "text"),
        ("text: true", "text"),
        ("text: [a]", "text"),
        ("whole: x", "a whole number"),
        ("whole: 1.5", "a whole number"),
        ("whole: '5'", "a whole number"),
        ("whole: true", "a whole number"),
        ("whole: .inf", "a whole number"),
        ("number: x", "a number"),
        ("number: .nan", "a number"),
        ("number: .inf", "a number"),
        ("number: 1" + "0" * 5000, "a number"),
        ("switch: 1", "true or false"),
        ("switch: 'true'", "true or false"),
        ("day: 2024-13-01", "a date such as 2024-05-01"),
        ("day: 20240501", "a date such as 2024-05-01"),
        ("moment: 2024-05-01", "a time such as 2024-05-01T06:00:00Z"),
        ("path: ''", "a path"),
        ("wait: soon", "a duration such as 90s, 15m or 1h30m"),
        ("wait: -1", "a duration such as 90s, 15m or 1h30m"),
        ("memory: big", "a size such as 512m or 8g"),
        ("colour: green", "'red' or 'blue'"),
        ("colour: RED", "'red' or 'blue'"),
        ("level: 2", "'low', 'high' or 3"),
        ("level: '3'", "'low', 'high' or 3"),
        ("names: a", "a list"),
        ("names: {a: 1}", "a list"),
        ("by_name: [1]", "a map: lines of 'key: value'"),
        ("inner: 5", "a map: lines of 'key: value'"),
        ("old_style: [1]", "a whole number or text"),
    ],
)
def test_a_value_of_the_wrong_type_says_what_was_expected(line: str, expected: str) -> None:
    problem = only(line)
    assert (problem.code, problem.expected) == ("KDL-CFG-005", expected)
    assert problem.location is not None
    assert (problem.location.line, problem.location.path) == (1, line.partition(":")[0])
    assert len(problem.message) < 200


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("text: 1.10", 'put it in quotes: "1.10"'),
        ("whole: '5'", "write it without quotes: 5"),
        ("number: '5'", "write it without quotes: 5"),
        ("switch: 'true'", "write it without quotes: true"),
        ("switch: 'yes'", "write true"),
        ("colour: bleu", "did you mean 'blue'?"),
        ("colour: Red", "did you mean 'red'?"),
    ],
)
def test_a_near_miss_says_what_to_write(line: str, suggestion: str) -> None:
    assert only(line).suggestion == suggestion


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("text: no", '"no"'),
        ("text: 007", '"007"'),
        ("text: 1:30", '"1:30"'),
        ("switch: on", "true"),
        ("switch: No", "false"),
        ("whole: 010", "10"),
        ("whole: 1_000", "1000"),
        ("wait: 1:30", "a number with its unit, such as 90s or 1m30s"),
        ("free: yes", 'true or "yes"'),
        ("free: {a: [0o17]}", '15 or "0o17"'),
        ("names: [no]", '"no"'),
        ("by_name: {a: 0755}", "755"),
    ],
)
def test_what_yaml_1_1_and_1_2_disagree_on_is_refused_with_what_to_write(line: str, expected: str) -> None:
    problem = only(line)
    assert (problem.code, problem.expected) == ("KDL-CFG-008", expected)


def test_the_same_in_quotes_is_text() -> None:
    assert value("text: 'no'\nfree: '1:30'") == Everything(text="no", free="1:30")


def test_all_problems_are_found_at_once_in_the_order_of_the_file() -> None:
    found = problems("whole: x\ninner: {port: y, nam: z}\nnames: [1, ok, no]\nunknown: 1\nswitch: 5\n")
    assert [
        (problem.code, problem.location.line, problem.location.column) for problem in found if problem.location
    ] == [
        ("KDL-CFG-005", 1, 8),
        ("KDL-CFG-005", 2, 15),
        ("KDL-CFG-004", 2, 18),
        ("KDL-CFG-005", 3, 9),
        ("KDL-CFG-008", 3, 16),
        ("KDL-CFG-004", 4, 1),
        ("KDL-CFG-005", 5, 9),
    ]


def test_an_unknown_key_names_the_nearest_right_one_and_its_own_place() -> None:
    problem = only("inner:\n  name: a\n  prot: 1\n")
    assert str(problem) == "x.yaml:3:3  KDL-CFG-004  unknown key 'prot' in inner; did you mean 'port'?"
    assert problem.location is not None
    assert problem.location.path == "inner.prot"


@pytest.mark.parametrize("key", ["Whole", "WHOLE", "whole_", "whol", "byName"])
def test_case_and_underscores_do_not_hide_the_right_key(key: str) -> None:
    assert "did you mean" in only(f"{key}: 1").suggestion


def test_an_unknown_key_that_resembles_nothing_lists_what_is_known() -> None:
    assert only("inner: {name: a, zzzzz: 1}").suggestion == "known here: name, port"


def test_a_misspelt_key_is_not_reported_as_missing_too() -> None:
    problem = only("inner: {nmae: a}")
    assert problem.code == "KDL-CFG-004"


def test_a_key_that_is_missing_is_the_likelier_one() -> None:
    assert only("{text: a, texts: b}").suggestion == "did you mean 'text'?"

    @dataclass(frozen=True)
    class Ports:
        port_a: int = 0
        port_b: int = 0

    assert only("{port_a: 1, port_c: 2}", Ports).suggestion == "did you mean 'port_b'?"


def test_a_missing_key_points_at_its_map() -> None:
    problem = only("a: 1\ninner:\n  port: 1\n".removeprefix("a: 1\n"))
    assert str(problem) == "x.yaml:2:3  KDL-CFG-006  missing key 'name' in inner; expected text"


def test_null_is_as_if_the_key_were_not_there() -> None:
    assert value("whole: null\ntext: ~\nnames:\nby_name: {a: null, b: 1}") == Everything(by_name={"b": 1})


def test_null_for_a_key_that_must_be_there_points_at_the_null() -> None:
    problem = only("inner:\n  port: 1\n  name: null\n")
    assert problem.code == "KDL-CFG-006"
    assert "null removes" in problem.message
    assert problem.location is not None
    assert problem.location.line == 3


def test_whole_numbers_with_a_point_are_whole() -> None:
    assert value("whole: 5.0").whole == 5


def test_very_long_values_are_cut_in_messages() -> None:
    assert len(str(only("whole: " + "x" * 100_000))) < 300


def test_a_path_quotes_keys_with_dots() -> None:
    problem = only("by_name: {a.b: x}")
    assert problem.location is not None
    assert problem.location.path == 'by_name["a.b"]'


def test_a_prefix_stands_before_each_path() -> None:
    problem = only("whole: x", path="job")
    assert problem.location is not None
    assert problem.location.path == "job.whole"


# Unions


def test_the_type_chooses_the_model() -> None:
    assert value("schedule: {type: cron, cron: '* * * * *'}", Job).schedule == Cron(type="cron", cron="* * * * *")
    assert value("schedule: {type: interval, every: 5m}", Job).schedule == Every(type="interval", every=300.0)


def test_problems_in_a_union_are_those_of_the_chosen_model() -> None:
    found = problems("schedule: {type: cron, corn: x, every: 5m}", Job)
    assert [problem.message for problem in found] == [
        "unknown key 'corn' in schedule",
        "unknown key 'every' in schedule",
    ]


def test_an_unknown_type_lists_the_known_ones() -> None:
    problem = only("schedule: {type: crn}", Job)
    assert str(problem) == (
        "x.yaml:1:18  KDL-CFG-017  schedule.type is text 'crn'; expected 'cron', 'every' or 'interval'; "
        "did you mean 'cron'?"
    )


def test_a_missing_type_lists_the_known_ones() -> None:
    problem = only("schedule: {cron: x}", Job)
    assert (problem.code, problem.expected) == ("KDL-CFG-006", "'cron', 'every' or 'interval'")


def test_a_type_that_is_no_text_is_refused() -> None:
    assert only("schedule: {type: [cron]}", Job).code == "KDL-CFG-005"


def test_a_union_of_text_and_list_goes_by_form() -> None:
    assert value("notify: a@b", Job).notify == "a@b"
    assert value("notify: [a, b]", Job).notify == ("a", "b")
    assert only("notify: {a: 1}", Job).expected == "text or a list"


def test_a_scalar_where_a_tagged_map_is_expected_says_so() -> None:
    assert "a map with type" in only("schedule: daily", Job).expected


def test_items_of_lists_are_checked_each() -> None:
    found = problems("inners: [{name: a}, {name: 1}, 5]")
    assert [problem.location.path for problem in found if problem.location] == ["inners[1].name", "inners[2]"]


# Models of authors


@dataclass(frozen=True, kw_only=True)
class Limited:
    retries: int = setting(default=0, minimum=0, maximum=5)
    name: str = setting(default="ab", pattern="[a-z]+", length=(2, 4))
    tags: tuple[str, ...] = setting(default=(), length=(None, 2), choices=("a", "b"))
    source: str = setting(default="", key="from")
    key: Secret | None = setting(default=None, length=(8, None))  # noqa: RUF009 - makes a field


@pytest.mark.parametrize(
    ("line", "message", "expected"),
    [
        ("retries: 6", "retries is the number 6", "0 to 5"),
        ("retries: -1", "retries is the number -1", "0 to 5"),
        ("name: AB", "name is text 'AB'", "a text like /[a-z]+/"),
        ("name: a", "name is text 'a'", "2 to 4 characters"),
        ("tags: [a, b, a]", "tags is a list", "at most 2 items"),
        ("tags: [a, c]", "tags is 'c'", "'a' or 'b'"),
        ("key: short", "key is not allowed", "at least 8 characters"),
    ],
)
def test_limits_say_what_is_allowed(line: str, message: str, expected: str) -> None:
    problem = only(line, Limited)
    assert (problem.code, problem.message, problem.expected) == ("KDL-CFG-007", message, expected)


def test_a_pattern_matches_the_whole_text() -> None:
    assert only('name: "ab\\n"', Limited).code == "KDL-CFG-007"


def test_a_key_may_differ_from_the_name_of_its_field() -> None:
    assert value("from: x", Limited).source == "x"
    assert only("source: x", Limited).code == "KDL-CFG-004"


@dataclass(frozen=True, kw_only=True)
class ExactlyOne:
    a: int | None = None
    b: int | None = None

    def __check__(self) -> Iterable[tuple[str, str, str]]:
        if (self.a is None) == (self.b is None):
            yield "b" if self.b is not None else "", "exactly one of a and b is needed", "remove one"


def test_a_model_checks_what_lies_between_its_keys() -> None:
    assert value("a: 1", ExactlyOne).a == 1
    problem = only("a: 1\nb: 2", ExactlyOne)
    assert str(problem) == "x.yaml:2:1  KDL-CFG-022  exactly one of a and b is needed; remove one"
    assert only("", ExactlyOne).code == "KDL-CFG-022"


@dataclass(frozen=True)
class Strict:
    name: str = ""

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("bad is not good")


def test_a_model_that_refuses_its_values_is_a_problem_with_a_place() -> None:
    problem = only("name: bad", Strict)
    assert problem.code == "KDL-CFG-022"
    assert "bad is not good" in problem.message


@dataclass(frozen=True)
class Tree:
    name: str = ""
    children: tuple[Tree, ...] = ()


def test_a_model_may_hold_itself() -> None:
    read = value("name: a\nchildren: [{name: b, children: [{name: c}]}]", Tree)
    assert read.children[0].children[0].name == "c"
    assert only("children: [{children: [{nam: x}]}]", Tree).location is not None


@dataclass(frozen=True)
class Impossible:
    pair: tuple[int, str] = (1, "a")


@dataclass(frozen=True)
class NotToldApart:
    either: Cron | Inner | None = None


@dataclass(frozen=True)
class NoSuchName:
    x: Nonexistent = None  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("model", "words"),
    [(Impossible, "Impossible.pair"), (NotToldApart, "apart"), (NoSuchName, "Nonexistent"), (int, "no dataclass")],
)
def test_a_model_that_cannot_be_read_names_the_field_for_its_author(model: type, words: str) -> None:
    for _ in range(2):  # not remembered half-read
        with pytest.raises(TypeError, match=words):
            shape_of_model(model)


# Texts from outside YAML


def from_outside(name: str, text: str) -> Any:
    return check_text(f"{name}: ${{X}}", Everything, file="x.yaml", variables=Interpolation({"X": text}))


@pytest.mark.parametrize(
    ("name", "text", "typed"),
    [
        ("text", "007", "007"),
        ("text", "no", "no"),
        ("text", "", ""),
        ("whole", "007", 7),
        ("whole", " 5 ", 5),
        ("number", "1.5", 1.5),
        ("number", "7", 7.0),
        ("switch", "no", False),
        ("switch", "ON", True),
        ("wait", "90", 90.0),
        ("level", "3", 3),
        ("level", "high", "high"),
        ("colour", "blue", Colour.BLUE),
        ("names", "a, b,,c", ("a", "b", "c")),
        ("names", '["a", "b"]', ("a", "b")),
        ("numbers", "1,2", [1, 2]),
        ("by_name", '{"a": 1}', {"a": 1}),
        ("inner", '{"name": "n"}', Inner(name="n")),
        ("free", "no", "no"),
        ("free", "5", "5"),
        ("free", "a: [1]", "a: [1]"),
    ],
)
def test_an_interpolated_value_takes_the_type_of_its_field_and_is_never_yaml(name: str, text: str, typed: Any) -> None:
    checked = from_outside(name, text)
    assert checked.problems == ()
    assert getattr(checked.value, name) == typed


@pytest.mark.parametrize(
    ("name", "text"),
    [("whole", "five"), ("whole", "1_0"), ("whole", "٣"), ("switch", "maybe"), ("names", "[1"), ("by_name", "{"),
     ("by_name", "[1]"), ("whole", "9" * 5000), ("inner", "x")],
)  # fmt: skip
def test_an_interpolated_value_of_the_wrong_type_names_the_variable(name: str, text: str) -> None:
    checked = from_outside(name, text)
    assert [problem.code for problem in checked.problems] == ["KDL-CFG-005"]
    if name in ("whole", "switch"):
        assert "environment variable X" in checked.problems[0].message


def test_without_interpolation_the_text_stays_as_it_is() -> None:
    assert value("text: ${X}").text == "${X}"
