"""Reading the quickstart's last table back, for the terminal: what is shown is what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Row = dict[str, Any]

_QUERY = """
    SELECT {by} AS name, CAST(sum(flights) AS BIGINT) AS flights, sum(delay_minutes) / sum(departed) AS mean_delay,
           sum(late) / sum(departed) AS late, sum(cancelled) / sum(flights) AS cancelled
    FROM delays GROUP BY ALL HAVING sum(departed) > 0 ORDER BY {order}
"""
_DIRECTIONS = {
    "airports": ("airport", "mean_delay DESC"),
    "hours": ("hour", "name"),
    "weather": ("weather", "mean_delay DESC"),
}


def read_delays(folder: Path) -> dict[str, list[Row]]:
    """Add up ``gold.delays`` by airport, by hour of the day and by weather.

    Args:
        folder: The project's folder.

    Returns:
        For each of ``airports``, ``hours``, ``weather``: rows of ``name``, ``flights``, ``mean_delay`` in minutes, and
        the shares ``late`` and ``cancelled``.
    """
    from urllib.parse import unquote

    import duckdb
    from deltalake import DeltaTable

    # The table's own files, and not delta-rs's pyarrow dataset, which can abort the process when it exits.
    files = DeltaTable(str(folder / "data" / "gold" / "delays")).file_uris()
    with duckdb.connect() as database:
        database.read_parquet([unquote(file) for file in files]).create_view("delays")
        return {
            name: database.sql(_QUERY.format(by=by, order=order)).to_arrow_table().to_pylist()
            for name, (by, order) in _DIRECTIONS.items()
        }
