"""Writers killed at any moment leave nothing half done: storage files, run records, events."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kindling.runs.store import FileRunStore
from kindling.storage.local import LocalStorage
from kindling.testing.storage import increment
from kindling.values import RunState

STORAGE = """
import sys
from kindling.contracts.storage import WriteOptions
from kindling.errors import AlreadyExists, PreconditionFailed
from kindling.storage.local import LocalStorage
storage = LocalStorage(sys.argv[1], durable=False)
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    whole = f"{turn:08d}".encode()
    storage.write("plain", (whole * 4096 for _ in range(8)))
    try:
        storage.write(f"created/{turn % 5}", whole * 4096, WriteOptions(only_if_absent=True))
    except AlreadyExists:
        storage.delete(f"created/{turn % 5}")
    entry = storage.stat("counter")
    storage.write("counter", str(int(storage.read("counter")) + 1).encode(), WriteOptions(only_if_match=entry.etag))
"""

RUNS = """
import sys
from kindling.runs.identity import new_run_id
from kindling.runs.owner import Owner
from kindling.runs.record import RunRecord
from kindling.runs.store import FileRunStore
from kindling.values import RunState
store = FileRunStore(sys.argv[1])
print("ready", flush=True)
while True:
    run = RunRecord(run_id=new_run_id(), name="orders", state=RunState.RUNNING, owner=Owner.current(),
                    parameters={"filler": "x" * 2000})
    store.create(run)
    for done in range(3):
        store.append_event(run.run_id, {"event": "progress", "done": done, "filler": "y" * 500})
        store.update(run.changed(progress={"done": done}))
    store.update(run.changed(state=RunState.SUCCEEDED, result={"rows": 3}))
    print(run.run_id, flush=True)
"""


def killed(program: str, folder: Path, seed: int) -> list[str]:
    """Start a writer, kill it at a moment that the seed says, and return what it had said to be done."""
    pause = random.Random(seed).uniform(0.0, 0.08)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline().strip() == "ready", child.stderr.read()
        time.sleep(pause)  # the moment is what is tried here
        child.kill()
        said = child.stdout.read().splitlines(keepends=True)
    return [line.strip() for line in said if line.endswith("\n")]


def kill_storage_writers(root: Path, seeds: range) -> None:
    storage = LocalStorage(root, durable=False)
    storage.write("counter", b"0")
    last = 0
    for seed in seeds:
        killed(STORAGE, root, seed)
        for entry in storage.list():
            content = storage.read(entry.path)
            if entry.path == "counter":
                assert int(content) >= last, "a count that was written is not lost"
                last = int(content)
            else:
                assert content == content[:8] * (len(content) // 8), "every file is of one version"
                assert len(content) == {"plain": 8 * 4096 * 8}.get(entry.path, 4096 * 8), "and whole"
    increment(storage, "counter", 1)
    assert int(storage.read("counter")) == last + 1, "no lock of a killed process is left"
    storage.sweep(older_than=-1)
    left = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert left == {entry.path for entry in storage.list()}


def kill_run_writers(root: Path, seeds: range, caplog: pytest.LogCaptureFixture) -> None:
    store = FileRunStore(root)
    done: list[str] = []
    for seed in seeds:
        done += killed(RUNS, root, seed)
    listed = {record.run_id: record for record in store.list()}
    assert "damaged" not in caplog.text
    assert set(done) <= set(listed)
    assert all(listed[run_id].state is RunState.SUCCEEDED for run_id in done)
    orphans = [record for record in listed.values() if record.run_id not in done]
    assert len(orphans) <= 2 * len(seeds)
    for record in orphans:
        # It was killed before its last word, or between that and saying so here.
        assert record.state in (RunState.FAILED, RunState.SUCCEEDED)
    for run_id in listed:
        numbers = [event["done"] for event in store.events(run_id)]
        assert numbers == [0, 1, 2][: len(numbers)]
    for path in root.rglob("*.json"):
        json.loads(path.read_bytes())


@pytest.mark.slow
def test_killed_writers_of_a_storage_leave_whole_files(tmp_path: Path) -> None:
    kill_storage_writers(tmp_path / "root", range(6))


@pytest.mark.slow
def test_killed_writers_of_run_records_leave_whole_records(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kill_run_writers(tmp_path, range(6), caplog)


@pytest.mark.slow
@pytest.mark.campaign
def test_two_hundred_killed_writers_of_a_storage(tmp_path: Path) -> None:
    kill_storage_writers(tmp_path / "root", range(1000, 1200))


@pytest.mark.slow
@pytest.mark.campaign
def test_two_hundred_killed_writers_of_run_records(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kill_run_writers(tmp_path, range(1000, 1200), caplog)


INCREMENT = """
import sys
from kindling.storage.local import LocalStorage
from kindling.testing.storage import increment
storage = LocalStorage(sys.argv[1], durable=False)
print("ready", flush=True)
sys.stdin.readline()
increment(storage, "counter", int(sys.argv[2]))
"""


@pytest.mark.slow
def test_four_processes_lose_none_of_two_thousand_increments(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path, durable=False)
    storage.write("counter", b"0")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", INCREMENT, str(tmp_path), "500"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline().strip() == b"ready"
        for child in children:  # all start when all are there
            assert child.stdin is not None
            child.stdin.write(b"go\n")
            child.stdin.flush()
        for child in children:
            child.communicate(timeout=300)
            assert child.returncode == 0
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
                child.communicate()
    assert storage.read("counter") == b"2000"
    assert [path.name for path in tmp_path.iterdir()] == ["counter"]
