"""What a path is, and how it stands in a URI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kindling.errors import InvalidPath
from kindling.storage.paths import check_path, check_windows_names, path_below, quote_path, scheme_of

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1).filter(
    lambda name: name not in (".", "..")
)
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)


@given(PATHS)
def test_every_path_goes_into_a_uri_and_back(path: str) -> None:
    assert check_path(path) == path
    uri = f"memory://name/{quote_path(path)}"
    assert uri.isascii()
    assert " " not in uri
    assert path_below(uri, "memory://name") == path
    assert path_below(uri, "memory://name/") == path
    assert path_below(uri, "memory://nam") is None


@given(st.text())
def test_any_text_is_a_path_or_refused_by_type(text: str) -> None:
    try:
        check_path(text)
    except InvalidPath:
        return
    assert text
    assert not {"", ".", ".."} & set(text.split("/"))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"), ("/a", "begins"), ("a/", "ends"), ("a//b", "empty name"), ("a/./b", "`.`"), ("..", "leave"),
        ("a\\b", "backslash"), ("a\tb", "U+0009"), ("a\x85", "U+0085"), ("a\udcff", "surrogate"),
    ],
)  # fmt: skip
def test_the_reason_is_said(path: str, reason: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        check_path(path)
    assert reason in caught.value.message


def test_what_is_no_text_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="bytes"):
        check_path(b"a")  # type: ignore[arg-type]


@pytest.mark.parametrize("uri", ["memory://s/a#b", "memory://s/a?b=c"])
def test_an_unquoted_mark_in_a_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidPath, match="unquoted"):
        path_below(uri, "memory://s")


@pytest.mark.parametrize("uri", ["memory://s/a%2F%2Fb", "memory://s/%2E%2E/b", "memory://s/a%00", "memory://s//a"])
def test_a_quoted_way_out_is_refused(uri: str) -> None:
    with pytest.raises(InvalidPath):
        path_below(uri, "memory://s")


def test_the_root_is_below_itself() -> None:
    assert path_below("file:///", "file:///") == ""
    assert path_below("file:///a/b", "file:///") == "a/b"
    assert path_below("memory://s", "memory://s/") == ""


@pytest.mark.parametrize("name", ["CON", "con.txt", "a/nul", "COM1", "lpt9.log", "a:b", "a?", "a.", "a ", "<"])
def test_names_that_windows_cannot_hold(name: str) -> None:
    with pytest.raises(InvalidPath):
        check_windows_names(name)


@pytest.mark.parametrize("name", ["console", "a.con", "com10", "common/nulls.csv", "day=2024-05-01", "größe", ".a"])
def test_names_that_windows_can_hold(name: str) -> None:
    assert check_windows_names(name) == name


def test_schemes() -> None:
    assert [scheme_of(uri) for uri in ("abfss://c@h/p", "S3://b", "data/a.csv", "C:/data")] == ["abfss", "s3", "", ""]
