"""YAML text becomes nodes that know their place, and every mistake is named with its place."""

from __future__ import annotations

import pytest

from kindling.config.composing import MAXIMUM_DEPTH, compose
from kindling.config.nodes import PLAIN, QUOTED, Map, Scalar, Sequence, Source
from kindling.errors import Problem

pytestmark = pytest.mark.usefixtures("parser")


def read(text: str) -> tuple[Map | None, list[Problem]]:
    problems: list[Problem] = []
    return compose(text, Source("file", "kindling.yaml"), problems), problems


def read_well(text: str) -> Map:
    node, problems = read(text)
    assert problems == []
    assert node is not None
    return node


def only(text: str) -> Problem:
    _, problems = read(text)
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]


def place(problem: Problem) -> tuple[int | None, int | None]:
    assert problem.location is not None
    return problem.location.line, problem.location.column


def test_keys_and_values_know_line_and_column_counted_from_one() -> None:
    node = read_well("a: 1\nb:\n  c: [x, 'y']\n")
    assert node.places["b"][1:] == (2, 1)
    inner = node.items["b"]
    assert isinstance(inner, Map)
    assert inner.places["c"][1:] == (3, 3)
    items = inner.items["c"]
    assert isinstance(items, Sequence)
    assert [(item.line, item.column) for item in items.items] == [(3, 7), (3, 10)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_alike_for_every_kind_of_newline(newline: str) -> None:
    node = read_well(newline.join(["a: 1", "b: 2", "c: 3", ""]))
    assert node.places["c"][1:] == (3, 1)


def test_columns_count_characters_and_not_bytes() -> None:
    node = read_well("{über: 𝄞, z: 1}")
    assert node.places["z"][1:] == (1, 11)


def test_a_byte_order_mark_is_no_column() -> None:
    assert read_well("\ufeffa: 1").places["a"][1:] == (1, 1)


def test_quotes_are_remembered_because_they_make_text() -> None:
    node = read_well("a: 5\nb: '5'\nc: \"5\"\nd: |\n  5\ne: !!str 5\n")
    styles = {key: item.style for key, item in node.items.items() if isinstance(item, Scalar)}
    assert styles == {"a": PLAIN, "b": QUOTED, "c": QUOTED, "d": QUOTED, "e": QUOTED}


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n# nothing\n", "null\n", "~"])
def test_a_file_without_content_is_an_empty_map(text: str) -> None:
    assert read_well(text).items == {}


def test_a_document_may_begin_and_end_with_its_marks() -> None:
    assert list(read_well("%YAML 1.1\n---\na: 1\n...\n").items) == ["a"]


@pytest.mark.parametrize(("text", "found"), [("- a\n", "a list"), ("just text", "a single value"), ("5", "a single")])
def test_a_file_that_is_no_map_is_refused(text: str, found: str) -> None:
    problem = only(text)
    assert problem.code == "KDL-CFG-012"
    assert found in problem.message


def test_a_second_document_is_refused_where_it_begins() -> None:
    problem = only("a: 1\n---\nb: 2\n")
    assert (problem.code, place(problem)) == ("KDL-CFG-012", (2, 1))


def test_duplicate_keys_are_named_with_both_places() -> None:
    problem = only("a: 1\nb: 2\na: 3\n")
    assert (problem.code, place(problem)) == ("KDL-CFG-003", (3, 1))
    assert "kindling.yaml:1:1" in problem.suggestion


def test_every_duplicate_is_reported_also_nested_and_in_flow_style() -> None:
    _, problems = read("a: {x: 1, x: 2}\nb:\n  - y: 1\n    y: 2\n")
    assert [place(problem) for problem in problems] == [(1, 11), (4, 5)]


def test_keys_that_differ_only_in_quotes_are_duplicates() -> None:
    assert only("on: 1\n'on': 2\n").code == "KDL-CFG-003"


def test_a_tab_in_the_indentation_is_named() -> None:
    problem = only("a:\n\tb: 1\n")
    assert (problem.code, place(problem), problem.expected) == ("KDL-CFG-009", (2, 1), "spaces")


def test_all_tabs_are_named_at_once() -> None:
    _, problems = read("a:\n\tb: 1\n\tc: 2\n  \td: 3\n")
    assert [place(problem) for problem in problems] == [(2, 1), (3, 1), (4, 3)]


def test_tabs_that_yaml_allows_are_no_mistake(parser: str) -> None:
    if parser == "pure":
        pytest.skip("PyYAML's own parser takes no tab there")
    assert list(read_well("a: [1,\n\t2]\nb:\t3\n# \tcomment\n").items) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("a: b: c\n", (1, 5), "':'"),
        ("a: [1, 2\nb: 3\n", None, "not closed"),
        ("a: {x: 1\n", None, ""),
        ("a: 'x\n", None, "quoted"),
        ("a: @x\n", (1, 4), "'@' cannot begin a value"),
        ("a: `x`\n", (1, 4), "cannot begin a value"),
        ("a: 1\n b: 2\n", None, ""),
        ('a: "\\q"\n', None, "escape"),
        ("- a\nb: 1\n", (2, 1), ""),
    ],
)
def test_a_mistake_of_syntax_is_one_problem_with_a_place(text: str, where: tuple[int, int] | None, words: str) -> None:
    problem = only(text)
    assert problem.code == "KDL-CFG-002"
    assert problem.location is not None
    assert problem.location.line
    if where is not None:
        assert place(problem) == where
    assert words in str(problem)


def test_an_interpolation_that_needs_quotes_is_told_so() -> None:
    assert "quotes" in only("a: {key: ${SILVER_KEY}}\n").suggestion


def test_mistakes_before_a_mistake_of_syntax_are_reported_with_it() -> None:
    _, problems = read("a: 1\na: 2\nb: [\n")
    assert [problem.code for problem in problems] == ["KDL-CFG-003", "KDL-CFG-002"]


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\ud800", "\ufffe"])
def test_a_character_that_yaml_does_not_allow_is_named_with_its_place(letter: str) -> None:
    problem = only(f"a: 1\nb: x{letter}y\n")
    assert problem.code == "KDL-CFG-013"
    assert f"U+{ord(letter):04X}" in problem.message
    assert place(problem) == (2, 5)


def test_anchors_and_aliases_share_a_value() -> None:
    node = read_well("a: &x {k: 1}\nb: *x\n")
    assert node.items["b"] is node.items["a"]


def test_an_aliased_value_keeps_the_place_where_it_is_written() -> None:
    node = read_well("a: &x 1\nb:\n  c: *x\n")
    inner = node.items["b"]
    assert isinstance(inner, Map)
    assert (inner.items["c"].line, inner.places["c"][1]) == (1, 3)


def test_merge_keys_fill_in_what_the_map_does_not_say_itself() -> None:
    node = read_well("base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nuse:\n  <<: [*b, *o]\n  x: 0\n")
    use = node.items["use"]
    assert isinstance(use, Map)
    values = {key: item.text for key, item in use.items.items() if isinstance(item, Scalar)}
    assert values == {"x": "0", "y": "2", "z": "4"}
    assert use.places["y"][1] == 1


def test_a_quoted_merge_key_is_a_key_like_any_other() -> None:
    assert list(read_well("'<<': 1\n").items) == ["<<"]


@pytest.mark.parametrize("text", ["<<: 1\n", "<<: [1]\n", "x: &x [1]\n<<: *x\n"])
def test_a_merge_key_takes_maps_only(text: str) -> None:
    assert only(text).code == "KDL-CFG-011"


def test_an_alias_without_an_anchor_is_named() -> None:
    problem = only("a: *nope\nb: 1\n")
    assert (problem.code, place(problem)) == ("KDL-CFG-011", (1, 4))
    assert "*nope" in problem.message


def test_an_alias_inside_its_own_anchor_ends() -> None:
    assert only("a: &x [1, *x]\n").code == "KDL-CFG-011"


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    problem = only("\n".join(lines))
    assert problem.code == "KDL-CFG-010"
    assert place(problem)[0] in (5, 6)


def test_a_bomb_of_merge_keys_is_refused_too() -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: x" for n in range(100)) + "}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}], z: *a{n - 1}}}" for n in range(1, 12)]
    assert only("\n".join(lines)).code == "KDL-CFG-010"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_is_nested_too_deeply_is_refused_and_not_recursed_into(opening: str) -> None:
    _, problems = read("a: " + "[" * 100_000 if opening == "[" else "a:\n  " + opening * (MAXIMUM_DEPTH + 40))
    assert problems
    assert problems[-1].code in ("KDL-CFG-010", "KDL-CFG-002")


def test_values_are_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kindling.config.composing.MAXIMUM_NODES", 100)
    assert len(read_well("a: [" + "x, " * 80 + "x]").items) == 1
    assert only("a: [" + "x, " * 120 + "x]").code == "KDL-CFG-010"


def test_a_file_that_is_far_too_large_is_not_read() -> None:
    assert only("# " + "x" * 8_000_001).code == "KDL-CFG-010"


@pytest.mark.parametrize("text", ["? [a, b]\n: 1\n", "? {a: 1}\n: 1\n", "x: &x [1]\n*x : 2\n"])
def test_lists_and_maps_are_no_keys(text: str) -> None:
    assert only(text).code == "KDL-CFG-013"


def test_an_empty_key_is_refused() -> None:
    assert only("'': 1\n").code == "KDL-CFG-013"


def test_an_aliased_scalar_may_be_a_key() -> None:
    assert list(read_well("a: &x name\n*x : 1\n").items) == ["a", "name"]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!custom", "!!binary", "!!timestamp", "!!set"])
def test_tags_are_refused_and_never_obeyed(tag: str) -> None:
    problem = only(f"a: {tag} x\n" if tag != "!!set" else "a: !!set {x}\n")
    assert problem.code == "KDL-CFG-013"
    assert place(problem) == (1, 4)


def test_keys_are_not_interpolated() -> None:
    assert only("${NAME}: 1\n").code == "KDL-CFG-015"


def test_keys_are_text_whatever_they_look_like() -> None:
    assert list(read_well("no: 1\n1: 2\nnull: 3\n1.5: 4\n").items) == ["no", "1", "null", "1.5"]
