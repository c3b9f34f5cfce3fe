"""Transfers: complete or said to be incomplete, checked, never half a file, never twice the same."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kindling.contracts.storage import Entry, ListOptions, WriteOptions
from kindling.errors import NotFound, StorageError, StoragePermissionError
from kindling.storage import transfer
from kindling.storage.local import LocalStorage
from kindling.storage.manifest import Manifest
from kindling.storage.memory import MemoryStorage
from kindling.storage.transfer import Progress, TransferError, copy_tree, download_folder, upload_folder


class Recording(MemoryStorage):
    """A storage in memory that counts calls, and fails or stalls where it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.reads: list[str] = []
        self.writes: list[str] = []
        self.lists = 0
        self.failures: dict[str, list[Exception]] = {}
        self.at_once = 0
        self.most_at_once = 0
        self._count = threading.Lock()

    def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:
        self.lists += 1
        return super().list(prefix, options)

    def read_chunks(self, path: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        self.reads.append(path)
        return super().read_chunks(path, start=start, length=length)

    def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:
        with self._count:
            self.writes.append(path)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.failures.get(path):
                raise self.failures[path].pop(0)
            return super().write(path, data, options)
        finally:
            with self._count:
                self.at_once -= 1


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Recording, Recording]]:
    source, target = Recording(f"{request.node.name}-source"), Recording(f"{request.node.name}-target")
    yield source, target
    source.clear()
    target.clear()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_FIRST_PAUSE", 0.001)


def fill(storage: MemoryStorage | LocalStorage, number: int = 20, prefix: str = "") -> dict[str, bytes]:
    content = {f"{n % 3}/file {n:03d}#.bin": bytes([n]) * (n * 100) for n in range(number)}
    for path, data in content.items():
        storage.write(f"{prefix}/{path}" if prefix else path, data)
    return content


def content_of(storage: MemoryStorage | LocalStorage) -> dict[str, bytes]:
    return {entry.path: storage.read(entry.path) for entry in storage.list()}


def test_a_folder_goes_up_and_comes_down_as_it_was(tmp_path: Path, pair: tuple[Recording, Recording]) -> None:
    here, (cloud, _) = LocalStorage(tmp_path / "here"), pair
    content = fill(here)
    (tmp_path / "here" / "empty").mkdir()
    report = upload_folder(tmp_path / "here", cloud, "data/raw")
    assert report.moved == tuple(sorted(content))
    assert report.bytes == sum(map(len, content.values()))
    assert report.skipped == ()
    download_folder(cloud, "data/raw", tmp_path / "there")
    assert content_of(LocalStorage(tmp_path / "there")) == content


def test_what_is_not_below_the_prefix_stays(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    for path in ("a/1", "ab/2", "b/a/3"):
        source.write(path, path.encode())
    assert copy_tree(source, target, "a", "x/y").moved == ("1",)
    assert content_of(target) == {"x/y/1": b"a/1"}


def test_a_second_transfer_moves_what_has_changed_only(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    content = fill(source)
    copy_tree(source, target)
    source.lists = target.lists = 0
    source.reads.clear()
    source.write("0/file 003#.bin", b"changed")
    source.write("new", b"new")
    target.delete("1/file 001#.bin")
    report = copy_tree(source, target)
    assert report.moved == ("0/file 003#.bin", "1/file 001#.bin", "new")
    assert len(report.skipped) == len(content) - 2
    assert sorted(source.reads) == list(report.moved)
    assert (source.lists, target.lists) == (1, 1)
    assert content_of(source) == content_of(target)


def test_with_a_manifest_storages_that_keep_no_hashes_are_compared_by_versions(tmp_path: Path) -> None:
    here, there = LocalStorage(tmp_path / "here", durable=False), LocalStorage(tmp_path / "there", durable=False)
    content = fill(here)
    manifest = tmp_path / "state" / "up.jsonl"
    copy_tree(here, there, manifest=Manifest(manifest))
    assert copy_tree(here, there, manifest=Manifest(manifest)).moved == ()
    here.write("0/file 003#.bin", content["0/file 003#.bin"])  # the same bytes, and another version: hashes decide not
    there.write("1/file 004#.bin", b"x" * 400)  # somebody else's, of the same size
    report = copy_tree(here, there, manifest=Manifest(manifest))
    assert report.moved == ("0/file 003#.bin", "1/file 004#.bin")
    assert content_of(there) == content
    assert len(manifest.read_text().splitlines()) == len(content)


def test_without_manifest_and_hashes_everything_is_moved(tmp_path: Path) -> None:
    here, there = LocalStorage(tmp_path / "here", durable=False), LocalStorage(tmp_path / "there", durable=False)
    content = fill(here, 3)
    copy_tree(here, there)
    assert len(copy_tree(here, there).moved) == len(content)


def test_a_torn_manifest_costs_its_line_only(tmp_path: Path) -> None:
    here, there = LocalStorage(tmp_path / "here", durable=False), LocalStorage(tmp_path / "there", durable=False)
    fill(here, 5)
    file = tmp_path / "up.jsonl"
    copy_tree(here, there, manifest=Manifest(file))
    data = file.read_bytes()
    file.write_bytes(data[:-20])  # the last line is torn
    manifest = Manifest(file)
    assert len(copy_tree(here, there, manifest=manifest).moved) == 1
    assert copy_tree(here, there, manifest=Manifest(file)).moved == ()


def test_others_are_deleted_where_asked(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    source.write("a", b"1")
    target.write("x/a", b"0")
    target.write("x/old", b"")
    target.write("beside", b"")
    assert copy_tree(source, target, "", "x").deleted == ()
    report = copy_tree(source, target, "", "x", delete_others=True)
    assert report.deleted == ("old",)
    assert sorted(content_of(target)) == ["beside", "x/a"]


def test_a_dry_run_does_nothing_and_says_what_would_be_done(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    source.write("a", b"12")
    source.write("same", b"1")
    target.write("same", b"1")
    target.write("old", b"")
    before = list(target.writes)
    report = copy_tree(source, target, delete_others=True, dry_run=True)
    assert (report.moved, report.skipped, report.deleted, report.bytes, report.dry) == (
        ("a",), ("same",), ("old",), 2, True,
    )  # fmt: skip
    assert target.writes == before
    assert sorted(content_of(target)) == ["old", "same"]


def test_progress_goes_to_the_end_in_the_callers_thread(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    content = fill(source)
    source.write("same", b"1")
    target.write("same", b"1")
    reports: list[Progress] = []
    threads: set[threading.Thread] = set()

    def progress(report: Progress) -> None:
        reports.append(report)
        threads.add(threading.current_thread())

    copy_tree(source, target, progress=progress)
    assert threads == {threading.current_thread()}
    assert [report.files for report in reports] == list(range(1, len(content) + 2))
    assert all(one.bytes <= other.bytes for one, other in itertools.pairwise(reports))
    assert (reports[-1].files, reports[-1].bytes) == (reports[-1].total_files, reports[-1].total_bytes)
    assert {report.path for report in reports} == {"", *content}


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_than_asked_for_are_moved_at_once(pair: tuple[Recording, Recording], parallel: int) -> None:
    source, target = pair
    fill(source)
    copy_tree(source, target, parallel=parallel)
    assert target.most_at_once <= parallel
    with pytest.raises(ValueError, match="parallel"):
        copy_tree(source, target, parallel=0)


def test_files_are_moved_side_by_side(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    fill(source, 4)
    meeting = threading.Barrier(4)

    class Meeting(Recording):
        def read_chunks(self, path: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
            meeting.wait(30)  # breaks unless all four are under way at one time
            return super().read_chunks(path, start=start, length=length)

    there = Meeting(source._name)
    assert len(copy_tree(there, target, parallel=4).moved) == 4


# Failures


def test_all_failures_are_reported_together_and_the_rest_is_done(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    content = fill(source, 6)
    target.write("old", b"")
    bad = {"0/file 000#.bin": StoragePermissionError("no"), "1/file 004#.bin": OSError("odd")}
    for path, error in bad.items():
        target.failures[path] = [error] * 10
    with pytest.raises(TransferError) as caught:
        copy_tree(source, target, delete_others=True)
    error = caught.value
    assert error.code == "KDL-STO-012"
    assert list(error.failures) == sorted(bad)
    assert all(path in error.message for path in bad)
    assert sorted(error.report.moved) == sorted(content.keys() - bad.keys())
    assert target.exists("old"), "nothing is deleted where not all went well"
    target.failures.clear()
    assert list(copy_tree(source, target).moved) == sorted(bad)


def test_what_may_go_better_is_tried_again_and_what_cannot_is_not(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    for path in ("flaky", "forbidden"):
        source.write(path, b"1")
    target.failures = {
        "flaky": [StorageError("503"), StorageError("503")],
        "forbidden": [StoragePermissionError("no")] * 9,
    }
    with pytest.raises(TransferError) as caught:
        copy_tree(source, target)
    assert list(caught.value.failures) == ["forbidden"]
    assert target.writes.count("flaky") == 3
    assert target.writes.count("forbidden") == 1


class Lying(MemoryStorage):
    """A storage that says another hash or size than what it gives."""

    change: dict[str, object] = {}

    def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:
        return (replace(entry, **self.change) for entry in super().list(prefix, options))  # type: ignore[arg-type]

    def stat(self, path: str) -> Entry:
        return replace(super().stat(path), **self.change)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"sha256": "00" * 32}, {"size": 4}, {"size": 6}])
def test_what_is_not_what_the_source_says_is_not_kept(tmp_path: Path, change: dict[str, object]) -> None:
    source = Lying(f"lying-{sorted(change.items())}")
    source.change = change
    source.write("a", b"hello")
    target = LocalStorage(tmp_path)
    target.write("a", b"what was there before")
    with pytest.raises(TransferError) as caught:
        copy_tree(source, target)
    assert caught.value.failures["a"].code in ("KDL-STO-010", "KDL-STO-013")
    assert target.read("a") == b"what was there before"


def test_a_file_that_changes_after_it_was_listed_is_moved_as_it_is_now(pair: tuple[Recording, Recording]) -> None:
    source, target = pair
    source.write("a", b"listed")

    class Late(Recording):
        def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:
            entries = list(super().list(prefix, options))
            MemoryStorage.write(self, "a", b"changed meanwhile")
            return iter(entries)

    copy_tree(Late(source._name), target)
    assert target.read("a") == b"changed meanwhile"


class Corrupting(MemoryStorage):
    def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:
        entry = super().write(path, data, options)
        damaged = super().write(path, b"x" * entry.size)
        return replace(damaged, sha256=entry.sha256)


def test_what_was_written_is_read_again_where_asked(pair: tuple[Recording, Recording]) -> None:
    source, target = pair[0], Corrupting("corrupting")
    source.write("a", b"hello")
    copy_tree(source, target)
    assert target.read("a") == b"xxxxx", "without verify= a storage that lies is believed"
    target.clear()
    with pytest.raises(TransferError) as caught:
        copy_tree(source, target, verify=True)
    assert caught.value.failures["a"].code == "KDL-STO-013"
    assert not target.exists("a")


def test_prefixes_of_one_storage_inside_each_other_are_refused(pair: tuple[Recording, Recording]) -> None:
    source, _ = pair
    source.write("a/b", b"")
    for prefix, target_prefix in (("", "a"), ("a", ""), ("a", "a"), ("a/b", "a")):
        with pytest.raises(ValueError, match="inside each other"):
            copy_tree(source, source, prefix, target_prefix)
    assert copy_tree(source, source, "a", "ab").moved == ("b",)


def test_a_missing_folder_is_said(tmp_path: Path, pair: tuple[Recording, Recording]) -> None:
    with pytest.raises(NotFound, match="missing"):
        upload_folder(tmp_path / "missing", pair[0])


def test_an_interruption_ends_the_transfer_and_its_threads(pair: tuple[Recording, Recording]) -> None:
    source, _ = pair
    gate = threading.Event()

    class Gated(Recording):
        def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:
            if len(self.writes) >= 5:
                assert gate.wait(60)
            return super().write(path, data, options)

    target = Gated(pair[1]._name)
    for number in range(500):
        source.write(f"{number:03d}", b"x")

    def interrupted(report: Progress) -> None:
        if report.files == 3:
            gate.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_tree(source, target, progress=interrupted, parallel=2)
    assert not [each for each in threading.enumerate() if each.name.startswith("kindling-transfer")]
    assert 3 <= len(content_of(target)) < 500, "what was under way is finished, and nothing else begun"


# Killed

SYNC = """
import sys
from kindling.storage.local import LocalStorage
from kindling.storage.manifest import Manifest
from kindling.storage.transfer import copy_tree
def progress(report):
    print(report.files, flush=True)
copy_tree(LocalStorage(sys.argv[1]), LocalStorage(sys.argv[2], durable=False), manifest=Manifest(sys.argv[3]),
          progress=progress, parallel=4)
"""


def kill_a_sync(tmp_path: Path, after: int) -> None:
    """Kill a sync after so many files, and see that what is there is whole and that the next one completes it."""
    here, there = LocalStorage(tmp_path / "here", durable=False), LocalStorage(tmp_path / "there", durable=False)
    content = {entry.path: here.read(entry.path) for entry in here.list()}
    manifest = tmp_path / "sync.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", SYNC, str(here.root), str(tmp_path / "there"), str(manifest)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= after:
                child.kill()
                break
    visible = content_of(there)
    assert visible.items() <= content.items(), "what is visible is whole"
    arrived = len(visible)
    report = copy_tree(here, there, manifest=Manifest(manifest))
    assert content_of(there) == content
    assert len(report.moved) <= len(content) - arrived + 8, "what had arrived was not moved again"
    there.sweep(older_than=-1)
    assert sum(1 for path in there.root.rglob("*") if path.is_file()) == len(content)


@pytest.mark.parametrize("after", [0, 7, 23])
def test_what_a_killed_sync_leaves_is_whole_and_the_next_one_completes_it(tmp_path: Path, after: int) -> None:
    fill(LocalStorage(tmp_path / "here", durable=False), 40)
    kill_a_sync(tmp_path, after)


@pytest.mark.campaign
@pytest.mark.slow
def test_fifty_killed_syncs(tmp_path: Path) -> None:
    for seed in range(50):
        folder = tmp_path / str(seed)
        fill(LocalStorage(folder / "here", durable=False), 60)
        kill_a_sync(folder, hashlib.sha256(bytes([seed])).digest()[0] % 60)
