"""What a plain scalar means, and what YAML 1.1 and 1.2 do not agree on."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kindling.config.scalars import (
    format_duration,
    parse_bool,
    parse_date,
    parse_datetime,
    parse_duration,
    parse_size,
    resolve_plain,
)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", "null", None),
        ("~", "null", None),
        ("Null", "null", None),
        ("nULL", "text", "nULL"),
        ("true", "bool", True),
        ("FALSE", "bool", False),
        ("tRue", "text", "tRue"),
        ("0", "int", 0),
        ("-12", "int", -12),
        ("+3", "int", 3),
        ("0x1F", "int", 31),
        ("1.5", "float", 1.5),
        (".5", "float", 0.5),
        ("5.", "float", 5.0),
        ("1e3", "float", 1000.0),
        ("-1.5E-3", "float", -0.0015),
        (".inf", "float", math.inf),
        ("-.INF", "float", -math.inf),
        ("1.4.0", "text", "1.4.0"),
        ("1-2", "text", "1-2"),
        ("2024-05-01", "text", "2024-05-01"),
        ("-", "text", "-"),
        ("+", "text", "+"),
        (".", "text", "."),
        ("..", "text", ".."),
        ("./data", "text", "./data"),
        ("1e", "text", "1e"),
        ("e3", "text", "e3"),
        ("0xZZ", "text", "0xZZ"),
        ("12:99", "text", "12:99"),
        ("10.0.0.1", "text", "10.0.0.1"),
        ("infinity", "text", "infinity"),
        ("nan", "text", "nan"),
        ("١٢", "text", "١٢"),
        ("yesterday", "text", "yesterday"),
    ],
)
def test_plain_values_mean_what_yaml_1_2_says(text: str, kind: str, value: object) -> None:
    assert resolve_plain(text) == (kind, value)


@pytest.mark.parametrize(
    "text",
    ["no", "No", "NO", "yes", "on", "ON", "off", "1:30", "12:30:45", "1:30.5", "007", "-012", "00", "08",
     "1_000", "1_0.5", "0b11", "0o17", "01.5", "+1:30"],
)  # fmt: skip
def test_what_programs_read_differently_is_ambiguous(text: str) -> None:
    kind, instead = resolve_plain(text)
    assert kind == "ambiguous"
    assert instead[-1] == f'"{text}"'


@given(st.text(alphabet="0123456789+-._eExob:abcfnNoOyYtTrR~ ", min_size=1, max_size=12).map(str.strip))
def test_what_is_not_ambiguous_means_the_same_to_yaml_1_1(text: str) -> None:
    """PyYAML reads YAML 1.1. Where we are certain of a value, it reads the same, or text."""
    kind = resolve_plain(text)[0]
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return
    if not isinstance(node, yaml.ScalarNode) or node.value != text or node.style:
        return
    tag = node.tag.rpartition(":")[2]
    if kind == "ambiguous":
        assert tag != "null"
    elif kind == "text":
        assert tag in ("str", "timestamp")
    elif kind == "float":
        # 1e3 needs a point in YAML 1.1; as a number it can be meant only one way.
        assert tag in ("float", "str")
    else:
        assert tag == kind


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), ("250ms", 0.25), ("1.5h", 5400),
     ("90", 90), ("0.5", 0.5), ("1H 30M", 5400), (" 2w ", 1209600), ("0s", 0)],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "h", "1x", "1:30", "30m1h", "1h1h", "-5s", "1.2.3s", "1,5h", "٣s", "m5", "1 2s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_survives_being_written_and_read(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("8g", 8 * 2**30), ("512m", 512 * 2**20), ("1 KiB", 1024), ("1KB", 1024), ("10b", 10), ("12", 12),
     ("1.5k", 1536), ("2T", 2**41)],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "g", "8x", "8gg", "-1g", "1.0001b", "8 g b", "1ib"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError):
        parse_size(text)


def test_dates_and_times() -> None:
    assert parse_date("2024-05-01") == date(2024, 5, 1)
    assert parse_datetime("2024-05-01T06:00:00Z") == datetime(2024, 5, 1, 6, tzinfo=timezone.utc)
    assert parse_datetime("2024-05-01 06:00") == datetime(2024, 5, 1, 6)
    assert parse_datetime("2024-05-01T06:00:00.5+02:00").utcoffset() is not None


@pytest.mark.parametrize("text", ["2024-5-1", "20240501", "2024-13-01", "2024-05-01T00:00", "x"])
def test_no_dates(text: str) -> None:
    with pytest.raises(ValueError):
        parse_date(text)


@pytest.mark.parametrize("text", ["2024-05-01", "2024-05-01T", "2024-05-01T25:00", "2024-05-01T06:00:00.Z", "06:00"])
def test_no_times(text: str) -> None:
    with pytest.raises(ValueError):
        parse_datetime(text)


def test_switches_from_outside_yaml_take_the_usual_words() -> None:
    assert [parse_bool(word) for word in ("true", "YES", "on", "1")] == [True] * 4
    assert [parse_bool(word) for word in ("false", "No", "off", "0")] == [False] * 4
    with pytest.raises(ValueError):
        parse_bool("maybe")
