"""A record is plain data, secrets masked, and comes back as it was."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kindling.runs.owner import Owner
from kindling.runs.record import LARGEST_RESULT, RunRecord, plain, result_for_record
from kindling.values import RunState, Secret

ID = "20261121t113105123-00k3v9x2ab"
NOW = datetime(2026, 11, 21, 11, 31, 5, 123456, tzinfo=timezone.utc)


def full_record() -> RunRecord:
    return RunRecord(
        run_id=ID, name="orders", kind="app", platform="local", environment="dev", state=RunState.FAILED,
        created_at=NOW, started_at=NOW, ended_at=NOW + timedelta(seconds=2.5), parameters={"day": "2024-05-01"},
        result={"rows": [1, 2.5, None, "x"]}, error={"code": "KDL-RUN-003", "message": "broken"}, log="/tmp/log.jsonl",
        mode="module", parent="20261121t113105122-00k3v9x2ab", owner=Owner("host", 1, "a/b/c"),
        deadline=NOW + timedelta(hours=2), progress={"fraction": 0.5}, raw="Dead", native_id="fabric:1/2",
        extra={"release": "1.4.0"},
    )  # fmt: skip


def test_a_record_comes_back_as_it_was() -> None:
    record = full_record()
    assert RunRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    assert record.duration == 2.5
    assert RunRecord(run_id=ID, name="x").duration is None


def test_a_record_of_a_later_version_with_more_fields_is_read() -> None:
    data = {**full_record().to_dict(), "something_new": 1}
    assert RunRecord.from_dict(data) == full_record()


@pytest.mark.parametrize("change", [{"format": 2}, {"state": "NONSENSE"}, {"created_at": "yesterday"}, {"owner": {}}])
def test_what_is_no_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        RunRecord.from_dict({**full_record().to_dict(), **change})
    with pytest.raises((KeyError, TypeError, ValueError)):
        RunRecord.from_dict([])  # type: ignore[arg-type]


def test_secrets_are_masked_in_every_field() -> None:
    Secret("hunter22-hunter22")
    record = full_record().changed(
        parameters={"api_key": "plain", "note": "hunter22-hunter22", "nested": {"password": "p"}},
        result={"token": "t", "url": "https://host/?sig=hunter22-hunter22"},
        error={"message": "hunter22-hunter22 is wrong"},
        raw="hunter22-hunter22",
        name="hunter22-hunter22",
        extra={"deep": [["hunter22-hunter22"]]},
        progress={"message": "hunter22-hunter22"},
    )
    text = json.dumps(record.to_dict())
    assert "hunter22" not in text
    assert record.to_dict()["parameters"] == {"api_key": "***", "note": "***", "nested": {"password": "***"}}
    assert record.to_dict()["result"]["token"] == "***"


class Colour(IntEnum):
    RED = 1


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3), (True, True), (None, None), ("x", "x"), (2.5, 2.5), ([1, (2,)], [1, [2]]), ({1: "a"}, {"1": "a"}),
        (date(2024, 5, 1), "2024-05-01"), (NOW, NOW.isoformat()), (Path("a"), "a"), (Colour.RED, 1),
        ({"s": {1}}, {"s": {"repr": "{1}"}}), (Decimal("1.5"), {"repr": "Decimal('1.5')"}),
        (b"x", {"repr": "b'x'"}), (Broken(), {"repr": "<Broken, whose repr raises RuntimeError>"}),
    ],
)  # fmt: skip
def test_what_json_does_not_know_is_kept_as_its_repr(value: object, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_know_are_no_broken_json(number: float) -> None:
    text = json.dumps(plain({"x": number}), allow_nan=False)
    assert json.loads(text) == {"x": {"repr": repr(number)}}


def test_a_result_in_a_circle_comes_to_an_end() -> None:
    circle: list[object] = []
    circle.append(circle)
    json.dumps(plain(circle))


def test_of_a_huge_result_the_beginning_is_kept() -> None:
    kept = result_for_record("x" * (LARGEST_RESULT + 1))
    assert len(kept["repr"]) < 20_000
    assert result_for_record({"rows": 3}) == {"rows": 3}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner)))  # fmt: skip
def test_any_result_becomes_json(value: object) -> None:
    record = RunRecord(run_id=ID, name="x", created_at=NOW, result=value)
    text = json.dumps(record.to_dict(), allow_nan=False)
    json.loads(text)
