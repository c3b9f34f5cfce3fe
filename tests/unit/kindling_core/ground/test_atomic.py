"""Files are whole or not there, locks exclude, and leftovers are told from work in progress."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kindling import atomic
from kindling.testing.storage import in_threads


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


posix = pytest.mark.skipif(os.name != "posix", reason="Windows locks by a file in the folder")


def test_a_write_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    atomic.write_atomically(path, b"old")
    atomic.write_atomically(path, b"new", durable=True)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["state.json"]


def test_a_relative_path_without_a_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    atomic.write_atomically("state.json", b"new")
    assert (tmp_path / "state.json").read_bytes() == b"new"


def test_a_missing_folder_is_an_error_and_a_folder_in_the_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic.write_atomically(tmp_path / "missing" / "state.json", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        atomic.write_atomically(tmp_path / "folder", b"")
    assert names(tmp_path) == ["folder"]


def test_an_error_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic.TemporaryFile(tmp_path) as file:
            file.write(b"half")
            raise RuntimeError("middle")

    with pytest.raises(RuntimeError, match="middle"):
        write_half()
    assert names(tmp_path) == []


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    def create(me: int) -> bool:
        with atomic.TemporaryFile(tmp_path) as file:
            file.write(str(me).encode())
            try:
                file.create(tmp_path / "winner")
            except FileExistsError:
                return False
            return True

    won = in_threads(*(lambda me=me: create(me) for me in range(8)))
    assert sum(map(bool, won)) == 1
    assert (tmp_path / "winner").read_text() == str(won.index(True))
    assert names(tmp_path) == ["winner"]


@posix
def test_creation_is_exact_without_hard_links_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # as exFAT and some network file systems say

    monkeypatch.setattr(os, "link", refused)
    for expected in (True, False):
        with atomic.TemporaryFile(tmp_path) as file:
            if expected:
                file.create(tmp_path / "a")
            else:
                with pytest.raises(FileExistsError):
                    file.create(tmp_path / "a")
    assert names(tmp_path) == ["a"]


def test_new_files_get_the_permissions_of_the_user(tmp_path: Path) -> None:
    atomic.write_atomically(tmp_path / "atomic", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


# Sweeping


def test_work_in_progress_is_not_swept_and_a_leftover_is(tmp_path: Path) -> None:
    with atomic.TemporaryFile(tmp_path) as file:
        file.write(b"half")
        assert atomic.sweep(tmp_path, older_than=-1) == 0
        file.replace(tmp_path / "whole")
    leftover = tmp_path / ".kindling-0123456789abcdef.tmp"
    leftover.write_bytes(b"half")
    assert atomic.sweep(tmp_path, older_than=3600) == 0
    assert atomic.sweep(tmp_path, older_than=-1) == 1
    assert names(tmp_path) == ["whole"]


def test_what_is_not_ours_is_not_swept(tmp_path: Path) -> None:
    others = [".kindling", ".kindling.lock", ".kindling-notes.txt", "kindling-x.tmp", "other.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".kindling-folder.tmp").mkdir()
    assert atomic.sweep(tmp_path, older_than=-1) == 0
    assert len(names(tmp_path)) == 6


@posix
def test_a_link_that_is_called_like_a_leftover_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"")
    (tmp_path / ".kindling-x.tmp").symlink_to(tmp_path / "precious")
    assert atomic.sweep(tmp_path, older_than=-1) == 0
    assert (tmp_path / "precious").exists()


def test_sweeping_nowhere_is_nothing(tmp_path: Path) -> None:
    assert atomic.sweep(tmp_path / "missing") == 0


KILLED = """
import sys, time
from kindling import atomic
file = atomic.TemporaryFile(sys.argv[1])
file.write(b"half")
print("ready", flush=True)
time.sleep(600)
"""


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        assert atomic.sweep(tmp_path, older_than=-1) == 0  # it lives
        child.kill()
        child.wait()
    assert len(names(tmp_path)) == 1
    assert atomic.sweep(tmp_path, older_than=-1) == 1
    assert names(tmp_path) == []


# Locks

HOLDER = """
import sys
from kindling import atomic
lock = getattr(atomic, sys.argv[1])
with lock(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("kind", ["locked", "locked_folder"])
def test_a_lock_excludes_processes_and_ends_with_them(tmp_path: Path, kind: str) -> None:
    lock = getattr(atomic, kind)
    target = tmp_path / "the.lock" if kind == "locked" else tmp_path
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, kind, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"held"
        with pytest.raises(TimeoutError, match="stayed locked"), lock(target, timeout=0.05):
            pytest.fail("the lock was held by another process")
        child.kill()  # it has no time to give the lock back
        child.wait()
    with lock(target, timeout=30):
        pass


@pytest.mark.parametrize("kind", ["locked", "locked_folder"])
def test_a_lock_excludes_threads(tmp_path: Path, kind: str) -> None:
    lock = getattr(atomic, kind)
    target = tmp_path / "the.lock" if kind == "locked" else tmp_path
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with lock(target):
                inside += 1
                most = max(most, inside)
                time.sleep(0)  # gives the others a chance to come in, if they can
                inside -= 1

    in_threads(*[work] * 4)
    assert most == 1


@posix
def test_a_folder_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    with atomic.locked_folder(tmp_path):
        assert names(tmp_path) == []


def test_a_lock_on_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic.locked_folder(tmp_path / "missing"):
        pytest.fail("there is no folder")


@posix
def test_a_folder_made_anew_while_waiting_is_locked_and_not_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    waiting, entered = threading.Event(), threading.Event()
    seen: list[int] = []

    def waiter() -> None:
        waiting.set()
        with atomic.locked_folder(folder):
            seen.append(folder.stat().st_ino)
            entered.set()

    thread = threading.Thread(target=waiter)
    with atomic.locked_folder(folder):
        thread.start()
        waiting.wait(30)
        assert not entered.wait(0.05)
        folder.rmdir()
        (tmp_path / "keeps the old inode from being used again").mkdir()
        folder.mkdir()
    thread.join(30)
    assert entered.is_set()
    assert seen == [folder.stat().st_ino]


@posix
def test_where_folders_cannot_be_locked_a_file_stands_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import fcntl

    real = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        import stat

        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, "Bad file descriptor")  # as NFS says of a folder opened for reading
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with atomic.locked_folder(tmp_path):
        assert names(tmp_path) == [atomic.LOCK_NAME]
        with pytest.raises(TimeoutError), atomic.locked_folder(tmp_path, timeout=0.01):
            pytest.fail("the lock was held")
    folder = tmp_path / "empty"
    folder.mkdir()
    with atomic.locked_folder(folder):
        pass
    assert atomic.remove_folder_if_empty(folder)
    assert not folder.exists()


def test_only_an_empty_folder_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"")
    assert not atomic.remove_folder_if_empty(folder)
    (folder / "file").unlink()
    assert atomic.remove_folder_if_empty(folder)
    assert not atomic.remove_folder_if_empty(folder)


def test_importing_it_is_cheap() -> None:
    program = "import sys; import kindling.atomic; print(*sorted(sys.modules))"
    # Without measuring its coverage, which loads most of the standard library.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert not {"tempfile", "random", "subprocess", "pathlib", "logging", "shutil"} & set(loaded)
