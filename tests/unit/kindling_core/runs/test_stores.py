"""What every run store does, and what the one in files does besides: owners that died, torn files, many runs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kindling.errors import RunNotFound, RunStoreError
from kindling.runs.identity import new_run_id
from kindling.runs.owner import Owner
from kindling.runs.record import RunRecord
from kindling.runs.store import FileRunStore, MemoryRunStore, RunStore
from kindling.testing.storage import in_threads
from kindling.values import RunState, Secret


@pytest.fixture(params=["files", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RunStore:
    return FileRunStore(tmp_path / ".kindling") if request.param == "files" else MemoryRunStore()


@pytest.fixture
def files(tmp_path: Path) -> FileRunStore:
    return FileRunStore(tmp_path / ".kindling")


def record(**fields: Any) -> RunRecord:
    return RunRecord(**{"run_id": new_run_id(), "name": "orders", "state": RunState.RUNNING, **fields})


def path_of(store: FileRunStore, run_id: str, suffix: str = ".json") -> Path:
    (path,) = store.folder.glob(f"*/{run_id}{suffix}")
    return path


# Every store


def test_a_store_is_one(store: RunStore) -> None:
    assert isinstance(store, RunStore)
    store.close()
    store.close()


def test_a_record_is_kept_and_changed(store: RunStore) -> None:
    first = record()
    store.create(first)
    assert store.get(first.run_id).state is RunState.RUNNING
    store.update(first.changed(state=RunState.SUCCEEDED, result={"rows": 3}))
    assert store.get(first.run_id).state is RunState.SUCCEEDED
    assert store.get(first.run_id).result == {"rows": 3}


def test_a_second_record_by_one_id_is_refused(store: RunStore) -> None:
    first = record()
    store.create(first)
    with pytest.raises(RunStoreError) as caught:
        store.create(first)
    assert caught.value.code == "KDL-RUN-044"


def test_the_last_one_and_the_beginning_of_an_id_are_found(store: RunStore) -> None:
    with pytest.raises(RunNotFound):
        store.get("last")
    records = [record(name=f"app{number}") for number in range(3)]
    for each in records:
        store.create(each)
    assert store.get("last").name == "app2"
    assert store.get(records[1].run_id[:-2]).name == "app1"
    with pytest.raises(RunNotFound):
        store.get("2026zzzz")
    with pytest.raises(RunNotFound):
        store.get(records[0].run_id[:4])  # three begin so
    with pytest.raises(RunNotFound):
        store.get(new_run_id())


def test_a_list_is_newest_first_and_chosen_from(store: RunStore) -> None:
    records = [
        record(name="orders", state=RunState.SUCCEEDED),
        record(name="flights", state=RunState.FAILED),
        record(name="orders", state=RunState.FAILED),
    ]
    for each in records:
        store.create(each)

    def listed(**choice: Any) -> list[int]:
        ids = [each.run_id for each in records]
        return [ids.index(each.run_id) for each in store.list(**choice)]

    assert listed() == [2, 1, 0]
    assert listed(limit=2) == [2, 1]
    assert listed(limit=0) == []
    assert listed(name="orders") == [2, 0]
    assert listed(state=RunState.FAILED) == [2, 1]
    assert listed(state="failed", name="orders", limit=1) == [2]
    assert listed(since=records[1].created_at) == [2, 1]
    assert listed(since=datetime.now(timezone.utc) + timedelta(hours=1)) == []


def test_events_are_in_order_with_a_time_and_masked(store: RunStore) -> None:
    Secret("hunter22-hunter22")
    run = record()
    store.create(run)
    assert list(store.events(run.run_id)) == []
    store.append_event(run.run_id, {"event": "progress", "done": 1})
    store.append_event(run.run_id, {"event": "note", "message": "hunter22-hunter22", "token": "t", "what": {1}})
    first, second = store.events("last")
    assert (first["event"], first["done"]) == ("progress", 1)
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert (second["message"], second["token"], second["what"]) == ("***", "***", {"repr": "{1}"})
    with pytest.raises(RunNotFound):
        store.events(new_run_id())


def test_what_is_kept_is_a_copy(store: RunStore) -> None:
    parameters = {"day": "2024-05-01"}
    run = record(parameters=parameters)
    store.create(run)
    parameters["day"] = "changed"
    assert store.get(run.run_id).parameters == {"day": "2024-05-01"}


def test_following_goes_on_until_the_run_has_ended(store: RunStore) -> None:
    run = record(owner=Owner.current())
    store.create(run)
    store.append_event(run.run_id, {"event": "log", "number": 0})
    seen = threading.Event()
    numbers: list[int] = []

    def follow() -> None:
        for event in store.events(run.run_id, follow=True):
            numbers.append(event["number"])
            seen.set()

    thread = threading.Thread(target=follow)
    thread.start()
    for number in range(1, 4):
        assert seen.wait(30)
        seen.clear()
        store.append_event(run.run_id, {"event": "log", "number": number})
    store.update(run.changed(state=RunState.SUCCEEDED))
    thread.join(30)
    assert not thread.is_alive()
    assert numbers == [0, 1, 2, 3]


def test_threads_may_share_a_store(store: RunStore) -> None:
    def work() -> None:
        for _ in range(10):
            run = record()
            store.create(run)
            store.append_event(run.run_id, {"event": "x"})
            store.update(run.changed(state=RunState.SUCCEEDED))

    in_threads(*[work] * 4)
    assert [each.state for each in store.list()] == [RunState.SUCCEEDED] * 40


# In files


def test_one_file_for_the_record_and_one_for_events_in_the_folder_of_the_day(files: FileRunStore) -> None:
    run = record(run_id="20240501t120000000-00aaaaaaaa")
    files.create(run)
    files.append_event(run.run_id, {"event": "x"})
    assert sorted(path.relative_to(files.folder).as_posix() for path in files.folder.rglob("*.*")) == [
        "2024-05-01/20240501t120000000-00aaaaaaaa.json",
        "2024-05-01/20240501t120000000-00aaaaaaaa.jsonl",
    ]
    assert files.log_path(run.run_id) == files.folder / "2024-05-01" / f"{run.run_id}.jsonl"
    assert files.get(run.run_id).log == str(files.log_path(run.run_id))


def test_the_log_is_found_after_the_project_moved(files: FileRunStore, tmp_path: Path) -> None:
    run = record()
    files.create(run)
    (tmp_path / ".kindling").rename(tmp_path / "moved")
    moved = FileRunStore(tmp_path / "moved")
    assert moved.get(run.run_id).log == str(moved.log_path(run.run_id))


def test_reading_makes_nothing(tmp_path: Path) -> None:
    store = FileRunStore(tmp_path / ".kindling")
    assert list(store.list()) == []
    with pytest.raises(RunNotFound, match="no run yet"):
        store.get("last")
    assert not (tmp_path / ".kindling").exists()


@pytest.mark.parametrize("text", ["../x", "..", "a/b", "", "*", "2026-11-21/x", "\x00", "last/../x"])
def test_what_is_no_id_opens_no_file(files: FileRunStore, text: str) -> None:
    with pytest.raises(RunNotFound):
        files.get(text)
    with pytest.raises(RunNotFound):
        files.append_event(text, {})
    with pytest.raises(RunNotFound):
        files.create(record(run_id=text))


# Owners that died


def dead_owner() -> Owner:
    child = subprocess.run(
        [sys.executable, "-c", "from kindling.runs.owner import Owner; print(Owner.current().to_dict())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Owner.from_dict(eval(child.stdout))


def test_a_run_whose_owner_died_reads_failed_with_what_is_known(files: FileRunStore) -> None:
    run = record(owner=dead_owner(), parameters={"day": "x"}, progress={"fraction": 0.4})
    files.create(run)
    files.append_event(run.run_id, {"event": "log", "message": "the last word"})
    read = files.get(run.run_id)
    assert read.state is RunState.FAILED
    assert read.error is not None
    assert read.error["code"] == "KDL-RUN-043"
    assert str(run.owner.pid if run.owner else "") in read.error["message"]
    assert read.parameters == {"day": "x"}
    assert read.progress == {"fraction": 0.4}
    assert read.ended_at is not None
    assert abs((read.ended_at - datetime.now(timezone.utc)).total_seconds()) < 60
    assert [each.state for each in files.list(state="FAILED")] == [RunState.FAILED]


def test_a_run_whose_owner_died_past_its_deadline_reads_timed_out(files: FileRunStore) -> None:
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    run = record(owner=dead_owner(), deadline=past)
    files.create(run)
    assert files.get(run.run_id).state is RunState.TIMED_OUT
    early = record(owner=dead_owner(), deadline=past + timedelta(hours=1))
    files.create(early)
    assert files.get(early.run_id).state is RunState.FAILED


def test_the_verdict_on_a_dead_owner_stays(files: FileRunStore) -> None:
    run = record(owner=dead_owner(), deadline=datetime.now(timezone.utc) + timedelta(hours=1))
    files.create(run)
    assert files.get(run.run_id).state is RunState.FAILED
    file = path_of(files, run.run_id)
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "deadline": "2026-01-01T00:00:00+00:00"}))
    assert files.get(run.run_id).state is RunState.FAILED, "failed at three is not timed out at nine"


def test_a_run_whose_owner_lives_is_running_also_past_its_deadline(files: FileRunStore) -> None:
    run = record(owner=Owner.current(), deadline=datetime.now(timezone.utc) - timedelta(hours=1))
    files.create(run)
    assert files.get(run.run_id).state is RunState.RUNNING


def test_a_run_on_another_machine_is_running_until_its_deadline(files: FileRunStore) -> None:
    elsewhere = Owner("another-machine", 1, "x")
    run = record(owner=elsewhere)
    files.create(run)
    assert files.get(run.run_id).state is RunState.RUNNING
    late = record(owner=elsewhere, deadline=datetime.now(timezone.utc) - timedelta(seconds=1))
    files.create(late)
    assert files.get(late.run_id).state is RunState.TIMED_OUT
    assert json.loads(path_of(files, late.run_id).read_text())["state"] == "RUNNING", "it may yet say how it ended"


def test_an_end_that_was_recorded_is_believed(files: FileRunStore) -> None:
    run = record(owner=dead_owner(), state=RunState.SUCCEEDED)
    files.create(run)
    assert files.get(run.run_id).state is RunState.SUCCEEDED


def test_a_last_word_that_comes_while_one_looks_is_heard(files: FileRunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = record(owner=dead_owner())
    files.create(run)

    def dies_after_its_last_word(self: Owner) -> bool:
        files.update(run.changed(state=RunState.SUCCEEDED, result=1))
        return False

    monkeypatch.setattr(Owner, "is_alive", dies_after_its_last_word)
    assert files.get(run.run_id).state is RunState.SUCCEEDED


# Files that are not as they were written


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"format": 99}', b'{"format": 1}']
)
def test_a_damaged_record_is_a_clear_error_and_left_out_of_lists(
    files: FileRunStore, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = record(), record()
    files.create(good)
    files.create(bad)
    path_of(files, bad.run_id).write_bytes(content)
    with pytest.raises(RunStoreError) as caught:
        files.get(bad.run_id)
    assert caught.value.code == "KDL-RUN-042"
    assert str(path_of(files, bad.run_id)) in caught.value.message
    with caplog.at_level(logging.WARNING, "kindling.runs"):
        assert [each.run_id for each in files.list()] == [good.run_id]
    assert bad.run_id in caplog.text


def test_a_torn_last_line_of_events_is_passed_over(files: FileRunStore) -> None:
    run = record()
    files.create(run)
    files.append_event(run.run_id, {"event": "a"})
    with path_of(files, run.run_id, ".jsonl").open("ab") as file:
        file.write(b'{"event": "torn by a ki')
    assert [event["event"] for event in files.events(run.run_id)] == ["a"]
    other = FileRunStore(files.folder.parent)  # another process goes on writing
    other.append_event(run.run_id, {"event": "b"})
    assert [event["event"] for event in files.events(run.run_id)] == ["a", "b"]


def test_strange_files_among_the_records_are_passed_over(files: FileRunStore) -> None:
    run = record()
    files.create(run)
    day = path_of(files, run.run_id).parent
    for name in ("notes.json", ".DS_Store", run.run_id + ".json~"):
        (day / name).write_bytes(b"x")
    (files.folder / "not-a-day").mkdir()
    (files.folder / "README").write_bytes(b"x")
    (files.folder / "2024-01-01").write_bytes(b"a file in a folder's place")
    assert [each.run_id for each in files.list()] == [run.run_id]


def test_what_killed_writers_left_among_the_records_is_cleared_away(files: FileRunStore) -> None:
    run = record()
    files.create(run)
    leftover = path_of(files, run.run_id).parent / ".kindling-0123456789abcdef.tmp"
    leftover.write_bytes(b"{")
    list(files.list())
    assert leftover.exists(), "it may be a writer's at work"
    os.utime(leftover, (0, 0))
    list(files.list())
    assert not leftover.exists()


def test_a_folder_cleaned_up_meanwhile_is_made_again(files: FileRunStore) -> None:
    import shutil

    run = record()
    files.create(run)
    shutil.rmtree(files.folder)
    files.update(run.changed(state=RunState.SUCCEEDED))
    assert files.get(run.run_id).state is RunState.SUCCEEDED


def test_a_store_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / ".kindling").write_bytes(b"a file where the folder should be")
    store = FileRunStore(tmp_path / ".kindling")
    for call in (lambda: store.create(record()), lambda: store.append_event(new_run_id(), {"event": "x"})):
        with pytest.raises(RunStoreError) as caught:
            call()
        assert caught.value.code == "KDL-RUN-041"
        assert ".kindling" in caught.value.message
    assert list(store.list()) == []


# Speed


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> FileRunStore:
    store = FileRunStore(tmp_path_factory.mktemp("many"))
    text = json.dumps(record(run_id="ID").to_dict())
    for day in range(1, 11):
        folder = store.folder / f"2024-05-{day:02d}"
        folder.mkdir(parents=True)
        for number in range(1000):
            run_id = f"202405{day:02d}t1200{number // 20:02d}{number % 1000:03d}-00aaaaaaaa"
            (folder / f"{run_id}.json").write_text(text.replace('"ID"', f'"{run_id}"'))
    return store


@pytest.mark.slow
def test_of_ten_thousand_runs_the_newest_are_listed_without_reading_the_others(
    many: FileRunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    real = RunRecord.from_dict
    monkeypatch.setattr(RunRecord, "from_dict", lambda data: parsed.append(data["run_id"]) or real(data))
    start = time.perf_counter()
    listed = [each.run_id for each in many.list(limit=20)]
    took = time.perf_counter() - start
    assert listed == sorted(listed, reverse=True)
    assert all(run_id.startswith("20240510") for run_id in listed)
    assert len(parsed) == 20
    assert took < 1, "it takes some milliseconds"
    assert list(many.list(since=datetime(2024, 5, 10, tzinfo=timezone.utc), name="none")) == []
    assert all(run_id.startswith("20240510") for run_id in parsed), "folders of days before are not opened"
    assert many.get("last").run_id == listed[0]


def test_disks_are_waited_for_when_a_state_changes_and_not_otherwise(
    files: FileRunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (waited.append(descriptor), real(descriptor))[1])
    run = record()
    files.create(run)
    for done in range(5):
        files.append_event(run.run_id, {"event": "progress", "done": done})
        files.update(run.changed(progress={"done": done}))
    assert len(waited) == 0
    files.update(run.changed(state=RunState.SUCCEEDED))
    assert len(waited) == 1
    FileRunStore(files.folder.parent).update(run.changed(state=RunState.FAILED))
    assert len(waited) == 2, "a store that does not know the state before takes care"
