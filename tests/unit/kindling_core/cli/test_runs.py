"""`kindling runs`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from kindling.__main__ import main
from kindling.runs.identity import new_run_id
from kindling.runs.owner import Owner
from kindling.runs.record import RunRecord
from kindling.runs.store import FileRunStore
from kindling.telemetry.logs import bind, capture_to, get_logger
from kindling.values import RunState

STARTED = datetime(2026, 11, 21, 11, 31, 5, tzinfo=timezone.utc)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "kindling.yaml").write_text("project: shop\n")
    (tmp_path / "apps" / "orders").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "apps" / "orders")  # any folder of the project will do
    return tmp_path


@pytest.fixture
def store(project: Path) -> FileRunStore:
    return FileRunStore(project / ".kindling")


def keep(store: FileRunStore, **fields: object) -> RunRecord:
    values: dict[str, object] = {
        "run_id": new_run_id(), "name": "orders", "environment": "dev", "mode": "module",
        "state": RunState.SUCCEEDED, "started_at": STARTED, "ended_at": STARTED + timedelta(seconds=72.4),
    }  # fmt: skip
    record = RunRecord(**{**values, **fields})  # type: ignore[arg-type]
    store.create(record)
    return record


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_before_the_first_run_the_list_says_how_to_start_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, "runs", "list")
    assert out == ""
    assert "kindling run NAME" in err
    assert json.loads(run(capsys, "runs", "list", "-o", "json")[0]) == []
    assert not (project / ".kindling").exists()


def test_a_list_is_newest_first_with_what_went_wrong(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    first = keep(store)
    second = keep(
        store,
        name="flights",
        state=RunState.FAILED,
        error={"code": "KDL-RUN-003", "message": "column 'amount' is string\nand more", "suggestions": []},
    )
    out, _ = run(capsys, "runs", "list")
    lines = out.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        [second.run_id, "flights", "FAILED"],
        [first.run_id, "orders", "SUCCEEDED"],
    ]
    assert "1m12s" in out
    assert "KDL-RUN-003  column 'amount' is string" in out
    assert "and more" not in out
    data = json.loads(run(capsys, "runs", "list", "-o", "json")[0])
    assert [each["run_id"] for each in data] == [second.run_id, first.run_id]


def test_a_list_is_chosen_from(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    records = [keep(store), keep(store, name="flights"), keep(store, state=RunState.FAILED)]

    def listed(*arguments: str) -> list[int]:
        ids = [record.run_id for record in records]
        return [
            ids.index(each["run_id"]) for each in json.loads(run(capsys, "runs", "list", *arguments, "-o", "json")[0])
        ]

    assert listed() == [2, 1, 0]
    assert listed("orders") == [2, 0]
    assert listed("-n", "1") == [2]
    assert listed("--failed") == [2]
    assert listed("--state", "succeeded") == [1, 0]
    assert listed("--since", "1h") == [2, 1, 0]
    assert listed("--since", "2100-01-01") == []
    assert listed("orders", "--failed", "--all") == [2]


def test_more_than_shown_is_said(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        keep(store)
    out, err = run(capsys, "runs", "list", "--limit", "2")
    assert len(out.splitlines()) == 3
    assert "--all" in err


@pytest.mark.parametrize("since", ["yesterday", "6", "h", "6x", "2026-99-01", ""])
def test_a_time_that_is_none_is_refused_with_examples(
    project: Path, since: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = run(capsys, "runs", "list", "--since", since, code=2)
    assert "6h" in err


def test_the_last_run_is_shown_with_its_result(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    keep(store)
    last = keep(store, parameters={"day": "2024-05-01", "api_key": "secret"}, result={"rows": 120331})
    out, _ = run(capsys, "runs", "show", "last")
    for text in (last.run_id, "SUCCEEDED", "1m12s", "day=2024-05-01 api_key=***", '{"rows": 120331}', ".jsonl"):
        assert text in out
    assert json.loads(run(capsys, "runs", "show", last.run_id, "-o", "json")[0])["result"] == {"rows": 120331}


def test_a_failed_run_shows_its_error_and_the_way_out(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    error = {
        "code": "KDL-RUN-003", "message": "the app raised", "suggestions": ["look at line 3"],
        "cause": {"type": "ValueError", "message": "bad day"},
    }  # fmt: skip
    keep(store, state=RunState.FAILED, error=error)
    out, _ = run(capsys, "runs", "show", "last")
    assert "KDL-RUN-003  the app raised\n  → look at line 3\n  because of ValueError: bad day" in out


def test_a_run_that_is_not_there_is_an_error_with_a_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("show", "logs"):
        _, err = run(capsys, "runs", command, "last", code=1)
        assert "no run yet" in err
        assert "KDL-RUN-040" in err
    assert "'nonsense'" in run(capsys, "runs", "show", "nonsense", code=1)[1]


def test_a_damaged_record_is_left_out_of_the_list_with_a_warning_and_an_error_in_show(
    store: FileRunStore, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = keep(store), keep(store)
    (path,) = store.folder.glob(f"*/{bad.run_id}.json")
    path.write_text("{")
    out, _ = run(capsys, "runs", "list")
    assert good.run_id in out
    assert bad.run_id not in out
    assert bad.run_id in caplog.text
    assert "KDL-RUN-042" in run(capsys, "runs", "show", bad.run_id, code=1)[1]


def test_a_log_is_printed_oldest_first_with_tracebacks(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    record = keep(store)
    with bind(run_id=record.run_id), capture_to(store.log_path(record.run_id)):
        get_logger("kindling.apps.orders").info("reading %d tables", 12, extra={"rows": 3})
        store.append_event(record.run_id, {"event": "progress", "fraction": 0.5})
        try:
            raise ValueError("bad day")
        except ValueError:
            get_logger("kindling.apps.orders").exception("failed")
    out, _ = run(capsys, "runs", "logs")
    lines = out.splitlines()
    assert lines[0].endswith("INFO    reading 12 tables  rows=3")
    assert lines[1].endswith("ERROR   failed")
    assert lines[-1] == "ValueError: bad day"
    assert "progress" not in out
    assert "progress fraction=0.5" in run(capsys, "runs", "logs", "last", "--events")[0]
    data = json.loads(run(capsys, "runs", "logs", record.run_id, "-o", "json")[0])
    assert [event["message"] for event in data] == ["reading 12 tables", "failed"]


def test_a_run_that_logged_nothing_says_so(store: FileRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    keep(store)
    assert run(capsys, "runs", "logs") == ("", "this run logged nothing\n")


def test_one_looks_at_runs_also_where_the_configuration_is_broken(
    project: Path, store: FileRunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    record = keep(store)
    (project / "kindling.yaml").write_text("project: [broken\n")
    assert record.run_id in run(capsys, "runs", "list")[0]


def test_the_project_of_another_folder_is_looked_at_by_its_file(
    project: Path, store: FileRunStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = keep(store)
    monkeypatch.chdir("/")
    assert record.run_id in run(capsys, "runs", "list", "--config", str(project / "kindling.yaml"))[0]


def test_a_run_that_goes_on_is_followed_to_its_end(store: FileRunStore, project: Path) -> None:
    record = keep(store, state=RunState.RUNNING, ended_at=None, owner=Owner.current())
    store.append_event(record.run_id, {"event": "log", "level": "INFO", "message": "one"})
    with subprocess.Popen(
        [sys.executable, "-m", "kindling", "runs", "logs", "last", "--follow"], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().rstrip().endswith("one")
        store.append_event(record.run_id, {"event": "log", "level": "INFO", "message": "two"})
        assert child.stdout.readline().rstrip().endswith("two")
        keep(store)  # another run is the last one now, and is not the one that is followed
        store.append_event(record.run_id, {"event": "log", "level": "INFO", "message": "three"})
        store.update(record.changed(state=RunState.SUCCEEDED))
        assert child.stdout.readline().rstrip().endswith("three")
        assert child.stdout.read() == ""
        assert child.wait(60) == 0
