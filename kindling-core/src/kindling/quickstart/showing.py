"""What the quickstart says at its end: the numbers, a chart drawn with characters, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_BLOCKS = "▁▂▃▄▅▆▇█"
_LONGEST = 24
_TABLES = "bronze.flights → silver.flights → gold.delays"
#: For terminals whose encoding lacks the better characters.
_PLAIN = str.maketrans("✓→·▇▁▂▃▄▅▆█", "+>-#.,:-=+#")


def summary(
    result: Mapping[str, Any],
    delays: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    folder: str,
    seconds: float,
    encoding: str = "utf-8",
    paint: Callable[[str], str] = str,
) -> str:
    """Return what is printed.

    Args:
        result: The result of the app ``flights``.
        delays: What :func:`kindling.quickstart.delays.read_delays` returns.
        folder: The project's folder, as it was typed.
        seconds: How long the app took.
        encoding: The terminal's encoding.
        paint: Colours a bar.

    Example:
        >>> row = {"name": "JFK", "mean_delay": 12.1, "flights": 9, "cancelled": 0.0, "late": 0.2}
        >>> delays = {"airports": [row], "hours": [{**row, "name": 6}], "weather": [row]}
        >>> result = {"flights": 9, "airlines": 1, "weather_hours": 2, "report": "report.html"}
        >>> print(summary(result, delays, folder="demo", seconds=1.25).splitlines()[0])
        ✓ 9 flights · 1 airlines · 2 weather hours
    """
    cd = f'"{folder}"' if " " in folder else folder
    lines = [
        f"✓ {result['flights']:,} flights · {result['airlines']:,} airlines · "
        f"{result['weather_hours']:,} weather hours",
        f"  {_TABLES:<60}{seconds:>6.1f} s",
        "",
        f"  {'Mean delay at departure':<{_LONGEST + 16}}{'flights':>9}{'cancelled':>11}{'15 min late':>13}",
        *(_bar(row, delays["airports"], paint) for row in delays["airports"]),
        "",
        *_by_hour(delays["hours"], paint),
        "  by weather  "
        + " · ".join(
            f"{row['name']} {row['mean_delay']:.1f}" for row in delays["weather"] if row["name"] != "not known"
        ),
        "",
        f"  chart: {folder}/{result['report']}",
        f"  next: cd {cd} && kindling run flights",
    ]
    text = "\n".join(line.rstrip() for line in lines)
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = text.translate(_PLAIN)
    return text


def _bar(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], paint: Callable[[str], str]) -> str:
    longest = max(row["mean_delay"] for row in rows)
    blocks = "▇" * max(round(_LONGEST * row["mean_delay"] / longest), 0)
    bar = paint(blocks) + " " * (_LONGEST - len(blocks))
    return (
        f"  {row['name']}  {bar}  {row['mean_delay']:4.1f} min"
        f"{row['flights']:>10,}{row['cancelled']:>11.1%}{row['late']:>13.0%}"
    )


def _by_hour(rows: Sequence[Mapping[str, Any]], paint: Callable[[str], str]) -> list[str]:
    highest = max((row["mean_delay"] for row in rows), default=0)
    if highest <= 0:
        return []
    line = "".join(_BLOCKS[min(int(max(row["mean_delay"], 0) / highest * 7.99), 7)] for row in rows)
    return [f"  by hour     {rows[0]['name']}h {paint(line)} {rows[-1]['name']}h, {highest:.1f} at most"]
