"""What a folder of this machine adds to the contract: links, permissions, other programs, killed writers, memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kindling import atomic
from kindling.contracts.context import Context
from kindling.contracts.storage import ListOptions, WriteOptions
from kindling.errors import (
    AlreadyExists,
    InvalidPath,
    NotFound,
    PreconditionFailed,
    StorageError,
    StoragePermissionError,
    UnsupportedOperation,
)
from kindling.storage.local import LocalSettings, LocalStorage, open_local
from kindling.storage.paths import path_below

posix = pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
as_user = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="whoever is root may do everything (see the child process test)"
)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "root", durable=False)


def paths(storage: LocalStorage, prefix: str = "") -> list[str]:
    return [entry.path for entry in storage.list(prefix)]


def context_of(folder: Path) -> Context:
    """The part of a context that opening a folder asks for: where the project is."""
    return cast(Context, SimpleNamespace(folder=folder))


# The root


def test_a_missing_root_is_made_with_the_first_write(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "a" / "b")
    assert list(storage.list()) == []
    assert not storage.exists("x")
    assert not (tmp_path / "a").exists()
    storage.write("x", b"1")
    assert (tmp_path / "a" / "b" / "x").read_bytes() == b"1"


def test_a_missing_root_is_an_error_where_it_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        LocalStorage(tmp_path / "missing", create=False)


def test_a_file_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="not a folder"):
        LocalStorage(tmp_path / "file")


def test_the_root_itself_is_never_removed(storage: LocalStorage) -> None:
    storage.write("a/b", b"")
    storage.delete("a/b")
    assert storage.root.is_dir()
    assert list(storage.root.iterdir()) == []


def test_a_folder_is_opened_as_a_connection_says(tmp_path: Path) -> None:
    storage = open_local(context_of(tmp_path), LocalSettings(path="data"))
    storage.write("a", b"1")
    assert (tmp_path / "data" / "a").exists()


@pytest.mark.parametrize("name", ["plain", "with space", "50%", "a#b", "größe"])
def test_a_uri_of_a_file_opens_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "a b#c.csv").write_bytes(b"1")
    storage = LocalStorage(tmp_path / name)
    assert storage.uri("a b#c.csv") == (storage.root / "a b#c.csv").as_uri()
    settings, path = LocalSettings.from_uri(storage.uri("a b#c.csv"))
    assert open_local(context_of(tmp_path), settings).read(path) == b"1"
    assert path_below(storage.uri("a b#c.csv"), storage.uri()) == "a b#c.csv"


def test_uris_of_other_machines_and_with_marks_are_refused() -> None:
    for uri in ("file://server/share/a", "file:///a#b", "file:///a?b"):
        with pytest.raises(InvalidPath):
            LocalSettings.from_uri(uri)


def test_a_drive_is_the_root_of_its_uris() -> None:
    assert LocalSettings.from_uri("file:///C:/data/a%20b.csv") == (LocalSettings(path="C:/"), "data/a b.csv")


@posix
def test_the_whole_file_system_can_be_the_root(tmp_path: Path) -> None:
    storage = LocalStorage("/")
    assert storage.uri() == "file:///"
    path = str(tmp_path / "folder" / "a.txt").lstrip("/")
    storage.write(path, b"1")
    assert path_below(storage.uri(path), storage.uri()) == path
    storage.delete(path)
    assert (tmp_path / "folder").is_dir(), "folders that somebody else may have made are not removed"


# Links


@posix
@pytest.mark.parametrize("kind", ["file", "folder", "above"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, storage: LocalStorage, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"outside")
    storage.write("inside", b"")
    target, path = {
        "file": (outside / "secret", "link"),
        "folder": (outside, "link/secret"),
        "above": (Path("../outside"), "link/secret"),
    }[kind]
    (storage.root / "link").symlink_to(target)
    for call in (
        lambda: storage.read(path),
        lambda: storage.stat(path),
        lambda: storage.write(path, b"x"),
        lambda: storage.write("link/new", b"x"),
        lambda: storage.copy(path, "copy"),
        lambda: storage.delete("link/secret"),
    ):
        with pytest.raises((InvalidPath, NotFound)):
            call()
    if kind != "file":
        with pytest.raises(InvalidPath, match="leads out"):
            list(storage.list("link"))
    with pytest.raises(InvalidPath, match="leads out"):
        storage.read(path)
    assert paths(storage) == ["inside"]
    assert (outside / "secret").read_bytes() == b"outside"
    assert [path.name for path in outside.iterdir()] == ["secret"]


@posix
def test_a_root_with_a_name_that_begins_like_another_is_not_left(tmp_path: Path, storage: LocalStorage) -> None:
    (tmp_path / "root-of-others").mkdir()
    (tmp_path / "root-of-others" / "a").write_bytes(b"")
    storage.write("x", b"")
    (storage.root / "link").symlink_to(tmp_path / "root-of-others")
    with pytest.raises(InvalidPath):
        storage.read("link/a")


@posix
def test_a_link_that_stays_inside_is_followed(storage: LocalStorage) -> None:
    storage.write("data/a", b"1")
    (storage.root / "latest").symlink_to("data")
    (storage.root / "file").symlink_to("data/a")
    assert storage.read("latest/a") == b"1"
    assert storage.read("file") == b"1"
    storage.write("latest/b", b"2")
    assert storage.read("data/b") == b"2"
    # Files by their links; folders once, so that a link to a folder above is no endless listing.
    (storage.root / "data" / "up").symlink_to("..")
    assert paths(storage) == ["data/a", "data/b", "file"]


@posix
def test_deleting_a_link_leaves_what_it_leads_to(tmp_path: Path, storage: LocalStorage) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"outside")
    storage.write("x", b"")
    (storage.root / "link").symlink_to(outside)
    storage.delete("link")
    assert not (storage.root / "link").is_symlink()
    assert outside.read_bytes() == b"outside"


@posix
def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    storage = LocalStorage(tmp_path / "link")
    storage.write("a/b", b"1")
    assert (tmp_path / "real" / "a" / "b").read_bytes() == b"1"
    assert paths(storage) == ["a/b"]


@posix
def test_links_to_nowhere_and_in_circles_are_no_files(storage: LocalStorage) -> None:
    storage.write("x", b"")
    (storage.root / "nowhere").symlink_to("missing")
    (storage.root / "one").symlink_to("two")
    (storage.root / "two").symlink_to("one")
    assert paths(storage) == ["x"]
    with pytest.raises(NotFound):
        storage.read("nowhere")
    with pytest.raises(StorageError):
        storage.read("one")
    with pytest.raises(AlreadyExists):
        storage.write("nowhere", b"", WriteOptions(only_if_absent=True))


# What is no file


@posix
def test_pipes_and_sockets_are_no_files(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.write("x", b"")
    os.mkfifo(storage.root / "pipe")
    monkeypatch.chdir(storage.root)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert paths(storage) == ["x"]
        for name in ("pipe", "socket"):
            with pytest.raises(NotFound):
                storage.read(name)  # opening a pipe would wait for somebody to write


@posix
def test_names_that_are_no_paths_are_left_out_of_listings(storage: LocalStorage) -> None:
    storage.write("x", b"")
    for name in (b"back\\slash", b"line\nbreak", b"latin-\xe9"):
        Path(os.fsdecode(os.path.join(os.fsencode(storage.root), name))).write_bytes(b"")  # noqa: PTH118 - bytes
    assert paths(storage) == ["x"]


@pytest.mark.parametrize("name", [".kindling-0a.tmp", ".kindling.lock", "a/.kindling-0a.tmp", ".Kindling.LOCK"])
def test_names_for_writing_are_kept(storage: LocalStorage, name: str) -> None:
    with pytest.raises(InvalidPath, match="kept"):
        storage.write(name, b"")


def test_empty_folders_of_others_are_no_prefixes(storage: LocalStorage) -> None:
    storage.write("a/b", b"")
    (storage.root / "empty" / "inside").mkdir(parents=True)
    assert [entry.path for entry in storage.list(options=ListOptions(recursive=False))] == ["a"]


# Versions


def test_a_change_by_another_program_is_another_version(storage: LocalStorage) -> None:
    first = storage.write("a", b"1")
    (storage.root / "a").write_bytes(b"other")
    with pytest.raises(PreconditionFailed):
        storage.write("a", b"2", WriteOptions(only_if_match=first.etag))
    (storage.root / "a").write_bytes(b"2")
    assert storage.stat("a").etag != first.etag


@pytest.mark.parametrize("step", [100, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000])
def test_versions_differ_where_the_clock_is_coarse(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    real = atomic.TemporaryFile.set_times

    def coarse(self: atomic.TemporaryFile, modified: int) -> int:
        return real(self, modified // step * step)  # as a file system that keeps time in such steps

    monkeypatch.setattr(atomic.TemporaryFile, "set_times", coarse)
    times = []
    for _ in range(5):
        storage.write("a", b"same")
        times.append((storage.root / "a").stat().st_mtime_ns)
    assert times == sorted(set(times)), "each is later than the one before"


def test_versions_differ_where_the_clock_is_set_back(storage: LocalStorage) -> None:
    storage.write("a", b"1")
    tomorrow = (storage.root / "a").stat().st_mtime_ns + 86_400 * 10**9
    os.utime(storage.root / "a", ns=(tomorrow, tomorrow))
    before = storage.stat("a")
    after = storage.write("a", b"1", WriteOptions(only_if_match=before.etag))
    assert after.etag != before.etag
    assert after.modified >= before.modified


def test_a_file_changed_in_place_while_it_is_read_is_an_error(storage: LocalStorage) -> None:
    storage.write("a", b"o" * 3_000_000)
    reader = storage.read_chunks("a")
    next(reader)
    with (storage.root / "a").open("r+b") as file:
        file.write(b"n" * 4_000_000)
    with pytest.raises(StorageError, match="changed in place") as caught:
        b"".join(reader)
    assert caught.value.code == "KDL-STO-011"


@posix
def test_permissions_of_a_replaced_file_stay(storage: LocalStorage) -> None:
    storage.write("script", b"1")
    (storage.root / "script").chmod(0o751)
    storage.write("script", b"2")
    assert (storage.root / "script").stat().st_mode & 0o777 == 0o751


# When the system says no

REFUSED = """
import os, sys
from kindling.storage.local import LocalStorage
from kindling.errors import StoragePermissionError
storage = LocalStorage(sys.argv[1])
storage.write("open/b", b"")  # imports what it needs, while this user can still read the environment
os.setgroups([]); os.setgid(65534); os.setuid(65534)
assert storage.read("open/a") == b"1"
for call in (
    lambda: storage.read("closed/a"),
    lambda: storage.write("closed/a", b"2"),
    lambda: storage.write("open/new", b"2"),
    lambda: storage.write("new/new", b"2"),
    lambda: storage.delete("open/a"),
    lambda: list(storage.list("closed")),
):
    try:
        call()
    except StoragePermissionError as error:
        assert error.code == "KDL-STO-005", error.code
        assert "user 65534" in error.message, error.message
    else:
        raise SystemExit("it was allowed")
print("refused")
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="another user is needed: only root can become one")
def test_what_another_user_may_not_do_is_an_error_by_type(tmp_path: Path) -> None:
    import tempfile

    # Not below tmp_path: its parents are closed to other users.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name, mode in (("open", 0o755), ("closed", 0o700)):
            (root / name).mkdir()
            (root / name / "a").write_bytes(b"1")
            (root / name).chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", REFUSED, folder], capture_output=True, text=True, check=False, timeout=60
        )
    assert done.stdout == "refused\n", done.stderr


@as_user
def test_a_read_only_folder_is_an_error_by_type(storage: LocalStorage) -> None:
    storage.write("a/b", b"1")
    (storage.root / "a").chmod(0o555)
    try:
        with pytest.raises(StoragePermissionError):
            storage.write("a/b", b"2")
        assert storage.read("a/b") == b"1"
    finally:
        (storage.root / "a").chmod(0o755)


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from kindling.storage.local import LocalStorage
storage = LocalStorage(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    storage.write("a", (b"x" * 100_000 for _ in range(100)))
except Exception as error:
    print(type(error).__name__, error.code)
"""


@posix
def test_where_no_more_can_be_written_the_old_file_stays(storage: LocalStorage) -> None:
    storage.write("a", b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(storage.root)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("StorageError KDL-STO-0")
    assert storage.read("a") == b"old"
    assert [path.name for path in storage.root.iterdir()] == ["a"]


def test_no_space_is_an_error_by_type(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(self: atomic.TemporaryFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    storage.write("a", b"old")
    monkeypatch.setattr(atomic.TemporaryFile, "write", full)
    with pytest.raises(StorageError) as caught:
        storage.write("a", b"new")
    assert caught.value.code == "KDL-STO-008"
    assert storage.read("a") == b"old"


# Where the file system takes no notice of case


class FoldingStorage(LocalStorage):
    """A root on a file system that takes `A` and `a` for the same, as on macOS and Windows."""

    def _folds_names(self) -> bool:
        return True


@posix
def test_a_name_that_differs_in_case_only_is_refused_where_it_would_be_the_same(tmp_path: Path) -> None:
    storage = FoldingStorage(tmp_path)
    storage.write("Folder/Name", b"1")
    storage.write("Folder/Name", b"2")
    # What such a system does when asked for the other spelling: it finds the file, and lists it as it was made.
    real_listdir = os.listdir
    (tmp_path / "folder").symlink_to("Folder")

    def listdir(path: str) -> list[str]:
        return [name for name in real_listdir(path) if name != "folder"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "listdir", listdir)
        for call in (lambda: storage.read("folder/Name"), lambda: storage.write("folder/Name", b"3")):
            with pytest.raises(InvalidPath, match="spelt otherwise"):
                call()
        assert storage.read("Folder/Name") == b"2"


# Killed writers, and large files

WRITER = """
import sys
from kindling.storage.local import LocalStorage
storage = LocalStorage(sys.argv[1])
def endless():
    yield b"x" * 1_000_000
    print("half", flush=True)
    sys.stdin.readline()
    yield b"y"
storage.write("folder/a", endless())
"""


def test_a_writer_killed_in_the_middle_leaves_the_old_file_and_is_swept(storage: LocalStorage) -> None:
    storage.write("folder/a", b"old")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(storage.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"half"
        assert storage.sweep(older_than=-1) == 0, "what a living writer writes is not swept"
        child.kill()
        child.wait()
    assert storage.read("folder/a") == b"old"
    assert paths(storage) == ["folder/a"]
    assert len(list((storage.root / "folder").iterdir())) == 2
    assert storage.sweep() == 0, "it is too young"
    assert storage.sweep(older_than=-1) == 1
    assert [path.name for path in (storage.root / "folder").iterdir()] == ["a"]


LARGE = """
import resource, sys
from kindling.storage.local import LocalStorage
storage = LocalStorage(sys.argv[1], durable=False)
piece = bytes(1 << 20)
storage.write("small", piece)  # what is imported and allocated once
list(storage.read_chunks("small"))
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
entry = storage.write("large", (piece for _ in range(288)))
storage.copy("large", "copy")
size = sum(map(len, storage.read_chunks("copy")))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
assert entry.size == size == 288 << 20
print(grown)
"""


@posix
@pytest.mark.slow
def test_a_large_file_moves_in_little_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300
    )
    for name in ("large", "copy"):
        (tmp_path / name).unlink()
    assert int(done.stdout) < 16 << 20


# Other libraries


def test_libraries_need_no_options(storage: LocalStorage) -> None:
    for consumer in ("delta-rs", "duckdb", "polars", "pandas", "pyarrow", "fsspec", "obstore"):
        assert storage.options(consumer) == {}


def test_fsspec_opens_the_same_files_or_says_that_it_is_missing(storage: LocalStorage) -> None:
    storage.write("a/b.txt", b"1")
    try:
        import fsspec  # noqa: F401
    except ImportError:
        with pytest.raises(UnsupportedOperation, match="fsspec"):
            storage.fsspec()
    else:
        assert storage.fsspec().cat_file("a/b.txt") == b"1"


def test_a_reader_that_is_not_read_to_its_end_is_closed(storage: LocalStorage) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0

    storage.write("a", b"x" * 3_000_000)
    before = open_files()
    readers: list[Iterator[bytes]] = [storage.read_chunks("a") for _ in range(20)]
    for reader in readers:
        next(reader)
    del reader, readers
    assert open_files() == before
