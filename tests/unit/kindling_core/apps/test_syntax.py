"""Syntax errors: as Python says them, with line, column and caret, nothing run and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from kindling.apps.syntax import check_syntax
from kindling.apps.validator import AppValidator


def test_the_line_is_shown_with_a_caret_below_the_place() -> None:
    [problem] = check_syntax(b"def f():\n    total = (1,\n    return total\n", "apps/orders/main.py")

    assert str(problem) == "apps/orders/main.py:2:13  KDL-APP-011  SyntaxError: '(' was never closed"
    assert problem.detail == "total = (1,\n        ^"


def test_tabs_before_the_place_stay_tabs_below_it() -> None:
    [problem] = check_syntax(b"if 1:\n\tx =\t(1\n", "main.py")

    assert problem.detail.split("\n")[1] == "   \t^"


def test_what_only_the_compiler_finds_is_found() -> None:
    [problem] = check_syntax(b"return 1\n", "main.py")

    assert "'return' outside function" in problem.message


def test_columns_count_characters_and_the_encoding_cookie_is_obeyed() -> None:
    [problem] = check_syntax("# coding: latin-1\nx = 'é' +\n".encode("latin-1"), "main.py")

    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (2, 10)
    assert problem.detail.startswith("x = 'é' +")


@pytest.mark.parametrize(
    "source",
    [
        b"x = '\xff'\n", b"# coding: klingon\n", b"a\0b\n", b"(" * 5000 + b")" * 5000, b"def f():\nreturn 1\n",
        b"print 'hello'\n", b"async def f():\n  yield from g()\n", b"f'{a b}'\n", b"if x:\n\ty\n        z\n",
    ],
    ids=["encoding", "cookie", "null", "nesting", "indent", "print", "async", "fstring", "tabs"],
)  # fmt: skip
def test_whatever_python_refuses_is_one_error_of_this_code(source: bytes) -> None:
    [problem] = check_syntax(source, "main.py")

    assert problem.code == "KDL-APP-011"
    assert not problem.is_warning
    assert all(len(line) <= 200 for line in problem.detail.splitlines())


def test_what_python_warns_of_is_a_warning_with_its_line() -> None:
    [problem] = check_syntax(b"x = 1\ny = '\\d'\n", "main.py")

    assert problem.is_warning
    assert problem.code == "KDL-APP-024"
    assert problem.location is not None
    assert problem.location.line == 2


def test_a_byte_order_mark_and_an_empty_file_are_fine() -> None:
    assert check_syntax(b"\xef\xbb\xbfx = 1\n", "main.py") == []
    assert check_syntax(b"", "main.py") == []


def test_nothing_is_executed_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("entry_point: main.py\n")
    (tmp_path / "main.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    before = sorted(path.name for path in tmp_path.rglob("*"))

    AppValidator(project=tmp_path).validate(tmp_path)

    assert sorted(path.name for path in tmp_path.rglob("*")) == before
