"""Values become tables: in a terminal, in a notebook, in a file."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import duckdb
import pandas
import pyarrow
import pytest

from kindling_local.display import LIMIT, as_table, display, html, plain

ROWS = [{"airport": "JFK", "delay": 12.1}, {"airport": "EWR", "delay": None}]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        pyarrow.Table.from_pylist(ROWS),
        duckdb.sql("SELECT * FROM (VALUES ('JFK', 12.1), ('EWR', NULL)) AS t(airport, delay)"),
    ],
    ids=["mappings", "arrow", "duckdb"],
)
def test_data_of_every_library_becomes_the_same_table(value: Any) -> None:
    table = as_table(value)
    assert table is not None
    assert table.columns == ("airport", "delay")
    assert table.rows[0][0] == "JFK"
    assert float(table.rows[0][1]) == 12.1
    assert table.rows[1] == ("EWR", None)


def test_a_pandas_frame_and_a_series_become_tables() -> None:
    frame = as_table(pandas.DataFrame({"a": [1, 2]}))
    series = as_table(pandas.Series([1, 2], name="a"))
    assert frame is not None
    assert series is not None
    assert frame.rows == series.rows == ((1,), (2,))


@pytest.mark.parametrize("value", ["text", 3, [], [1, 2], {"a": 1}, None])
def test_what_has_no_rows_and_columns_is_no_table(value: Any) -> None:
    assert as_table(value) is None


def test_long_tables_are_cut_and_say_so() -> None:
    table = as_table([{"n": number} for number in range(1_000)])
    assert table is not None
    assert len(table.rows) == LIMIT
    assert table.note == f"{LIMIT} of 1,000 rows"


def test_plain_text_puts_numbers_to_the_right_and_cuts_long_cells() -> None:
    table = as_table([{"name": "x" * 100, "n": 1}, {"name": "y", "n": 1234.5}])
    assert table is not None
    lines = plain(table).splitlines()
    assert lines[0].split() == ["name", "n"]
    assert lines[1].endswith("…        1")
    assert lines[2].endswith("1,234.5")


def test_html_escapes_what_it_shows() -> None:
    table = as_table([{"<b>": "<script>"}])
    assert table is not None
    assert "<script>" not in html(table)
    assert '<th scope="col">&lt;b&gt;</th>' in html(table)


def test_a_terminal_gets_a_drawn_table_and_markup_stays_text() -> None:
    stream = Terminal()
    display([{"name": "[red]text[/red]", "n": 3}], stream=stream)
    assert "[red]text[/red]" in stream.getvalue()
    assert "┃" in stream.getvalue()


def test_a_file_gets_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    display(ROWS)
    display("just text")
    assert capsys.readouterr().out.splitlines() == [
        "airport  delay",
        "JFK       12.1",
        "EWR",
        "2 rows",
        "just text",
    ]


def test_where_nobody_looks_rich_is_not_imported() -> None:
    code = "import sys; from kindling_local.display import display; display([{'a': 1}]); print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
