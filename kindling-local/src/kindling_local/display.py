"""Showing values: tables as HTML in a notebook, drawn by rich in a terminal, as plain text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

#: Rows that are shown; a table of a million rows helps nobody.
LIMIT = 20


@dataclass(frozen=True)
class Table:
    """The part of some data that is shown.

    Args:
        columns: Names.
        rows: Rows with one value for each column.
        total: Rows there are; None where counting them would cost another run over the data.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int | None

    @property
    def note(self) -> str:
        """What is said below it: how much is shown, of how much."""
        if self.total is None:
            return f"the first {len(self.rows)} rows" if len(self.rows) == LIMIT else f"{len(self.rows)} rows"
        return f"{len(self.rows)} of {self.total:,} rows" if self.total > len(self.rows) else f"{self.total} rows"


def as_table(value: Any, limit: int = LIMIT) -> Table | None:
    """Return data as a table, or None where it is not data with rows and columns.

    Knows the data frames of pandas, Arrow, DuckDB and Spark by their shape, without importing any of them.

    Args:
        value: Anything.
        limit: Rows at most.

    Example:
        >>> as_table([{"airport": "JFK", "delay": 12.1}, {"airport": "EWR"}]).rows
        (('JFK', 12.1), ('EWR', None))
    """
    if isinstance(value, Sequence) and value and all(isinstance(row, Mapping) for row in value):
        names = tuple(dict.fromkeys(str(name) for row in value for name in row))
        rows = tuple(tuple(row.get(name) for name in names) for row in value[:limit])
        return Table(names, rows, len(value))
    library = type(value).__module__.split(".")[0].lstrip("_")
    if library == "pandas" and hasattr(value, "to_frame"):
        value = value.to_frame() if not hasattr(value, "columns") else value
    if library == "pandas" and hasattr(value, "itertuples") and hasattr(value, "columns"):
        rows = tuple(tuple(row) for row in value.head(limit).itertuples(index=False, name=None))
        return Table(tuple(str(name) for name in value.columns), rows, len(value))
    if library == "pyarrow" and hasattr(value, "slice") and hasattr(value, "column_names"):
        return _from_mappings(tuple(value.column_names), value.slice(0, limit).to_pylist(), value.num_rows)
    if library == "duckdb" and hasattr(value, "limit") and hasattr(value, "columns"):
        first = value.limit(limit).to_arrow_table()
        return _from_mappings(tuple(first.column_names), first.to_pylist(), None)
    if library == "pyspark" and hasattr(value, "limit") and hasattr(value, "collect"):
        return Table(tuple(value.columns), tuple(tuple(row) for row in value.limit(limit).collect()), None)
    return None


def display(value: Any, *, stream: TextIO | None = None) -> None:
    """Show a value where the program runs.

    Args:
        value: Anything.
        stream: Where to; without it, the notebook, else standard output.
    """
    table = as_table(value)
    if stream is None and _in_notebook():
        import IPython.display as notebook

        notebook.display(notebook.HTML(html(table)) if table is not None else value)  # type: ignore[no-untyped-call]
        return
    stream = stream or sys.stdout
    if table is None:
        print(value, file=stream)
    elif stream.isatty():
        from rich.console import Console
        from rich.table import Table as Drawing

        drawing = Drawing(caption=table.note, caption_justify="left")
        for index, name in enumerate(table.columns):
            numbers = all(_is_number(row[index]) for row in table.rows)
            drawing.add_column(name, justify="right" if numbers else "left", overflow="ellipsis")
        for row in table.rows:
            drawing.add_row(*(_text(cell) for cell in row))
        Console(file=stream, markup=False).print(drawing)
    else:
        print(plain(table), file=stream)


def plain(table: Table) -> str:
    """Return a table as lines of text, numbers to the right.

    Example:
        >>> print(plain(Table(("airport", "delay"), (("JFK", 12.1), ("EWR", 15.11)), 2)))
        airport  delay
        JFK       12.1
        EWR      15.11
        2 rows
    """
    cells = [table.columns, *(tuple(_text(cell) for cell in row) for row in table.rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(table.columns))]
    right = [all(_is_number(row[index]) for row in table.rows) for index in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    ]
    return "\n".join([*lines, table.note])


def html(table: Table) -> str:
    """Return a table as HTML that a notebook styles as its own.

    Example:
        >>> "<td>&lt;b&gt;</td>" in html(Table(("name",), (("<b>",),), 1))
        True
    """
    from html import escape

    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(_text(cell))}</td>" for cell in row) + "</tr>" for row in table.rows)
    return (
        f'<table border="0" class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"<p>{escape(table.note)}</p>"
    )


def _from_mappings(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]], total: int | None) -> Table:
    return Table(columns, tuple(tuple(row[name] for name in columns) for row in rows), total)


def _in_notebook() -> bool:
    # IPython is there already where this is a notebook; importing it to find out would cost half a second.
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    text = f"{cell:,.2f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)
    return text if len(text) <= 60 else text[:59] + "…"
