"""The conformance suite of storages: inherit it, give it a storage, and declare what it can do.

Example:
    The tests of a storage of one's own::

        from kindling.contracts import Level, Support
        from kindling.testing.storage import StorageConformance

        class TestAcmeStorage(StorageConformance):
            capabilities = {
                "conditional_writes": Support(Level.FULL),
                "case_sensitive_names": Support(Level.FULL),
                "files_beside_folders": Support(Level.PARTIAL, "not with hierarchical namespaces"),
            }

            @pytest.fixture
            def storage(self, tmp_path):
                return AcmeStorage(...)      # empty, and nobody else's
"""

# The tests' names say what they demand.
# ruff: noqa: D102

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import ClassVar

import pytest

from kindling.contracts.storage import ListOptions, Storage, WriteOptions
from kindling.errors import (
    AlreadyExists,
    Category,
    InvalidPath,
    NotFound,
    PreconditionFailed,
    StorageError,
    UnsupportedOperation,
)
from kindling.storage.paths import path_below
from kindling.testing.conformance import Conformance

#: Names that need care on the way to a server, in a URI or in a file system; each has to work.
NAMES = (
    "plain.txt", "with space.txt", " leading", "a#b", "50%", "%41", "%2F", "100%25", "a+b", "a&b=c", "a?b", "a;b,c",
    "[x]{y}", "'quoted'\"", "~user", "-dash", "--", ".hidden", "..two", "...", "a..b", "trailing.", "trailing ", "*",
    "a:b", "@at", "$dollar", "<angle>", "|pipe", "`tick`", "^hat", "größe.txt", "データ.csv", "🔥.bin", "e\u0301",
    "\u00a0", "CON", "nul.txt", "_delta_log", "day=2024-05-01", "deep/er/and/deeper.txt", "a/b c/d#e/f%g",
)  # fmt: skip

#: Paths that are none: each has to be refused, by every method, before anything is touched.
REFUSED = (
    "", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/./b", "../a", "a/..", "a/../b", "a/../../b", "a\\b",
    "..\\a", "a\nb", "a\x00b", "\x1f", "a\x7f", "a\x85b", "a\ud800b",
)  # fmt: skip


def opened_elsewhere(opener: str, arguments: list[str]) -> Storage:
    """Open a storage from text, as a child process of the suite does."""
    from importlib import import_module

    module, _, attribute = opener.partition(":")
    target = import_module(module)
    for name in attribute.split("."):
        target = getattr(target, name)
    storage: Storage = target(*arguments)  # type: ignore[operator]
    return storage


_INCREMENT = """
import json, sys
from kindling.testing.storage import increment, opened_elsewhere
opener, arguments, path, times = json.loads(sys.argv[1])
sys.stdin.readline()
increment(opened_elsewhere(opener, arguments), path, times)
"""

_CREATE = """
import json, sys
from kindling.contracts.storage import WriteOptions
from kindling.errors import AlreadyExists
from kindling.testing.storage import opened_elsewhere
opener, arguments, path, me, times = json.loads(sys.argv[1])
storage = opened_elsewhere(opener, arguments)
sys.stdin.readline()
won = []
for turn in range(times):
    try:
        storage.write(f"{path}/{turn}", str(me).encode(), WriteOptions(only_if_absent=True))
        won.append(turn)
    except AlreadyExists:
        pass
print(json.dumps(won))
"""


def increment(storage: Storage, path: str, times: int) -> None:
    """Add one to the number in a file, so often, by reading, comparing and writing."""
    for _ in range(times):
        while True:
            entry = storage.stat(path)
            number = int(storage.read(path))
            if storage.stat(path).etag != entry.etag:
                continue  # changed between the two: what was read may belong to neither
            try:
                storage.write(path, str(number + 1).encode(), WriteOptions(only_if_match=entry.etag))
                break
            except PreconditionFailed:
                continue


def in_threads(*works: Callable[[], object]) -> list[object]:
    """Do several things at once and return what each returned.

    Raises:
        BaseException: the first that one of them raised.
    """
    results: list[object] = [None] * len(works)
    errors: list[BaseException] = []
    start = threading.Barrier(len(works))

    def one(index: int, work: Callable[[], object]) -> None:
        try:
            start.wait(60)
            results[index] = work()
        except BaseException as error:  # noqa: BLE001 - because it is raised again in the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=one, args=item, daemon=True) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a thread did not come to its end within two minutes"
    if errors:
        raise errors[0]
    return results


class StorageConformance(Conformance):
    """Every storage passes these. Subclasses provide ``storage``; see the module's example.

    Example:
        >>> class TestMine(StorageConformance):
        ...     @pytest.fixture
        ...     def storage(self):
        ...         yield MyStorage()
    """

    known_capabilities: ClassVar[Mapping[str, str]] = {
        "conditional_writes": "only_if_match, on writes and deletes",
        "case_sensitive_names": "`A` and `a` are two files",
        "files_beside_folders": "`a` and `a/b` are both files at one time",
        "shared_between_processes": "another process that opens it sees the same files; needs `opener`",
        "stored_hashes": "stat returns the SHA-256 of what was written",
        "quotable_names": "every name of NAMES can be held; partial where some are refused by type",
    }

    #: ``module:attribute`` that makes the storage in another process, of the texts that ``opener_arguments`` returns.
    opener: ClassVar[str] = ""

    @pytest.fixture
    def storage(self) -> Iterator[Storage]:
        """An empty storage that is nobody else's. To be overridden."""
        raise NotImplementedError("override the fixture `storage`: it returns an empty storage")

    def opener_arguments(self, storage: Storage) -> list[str]:
        """Return the arguments with which ``opener`` opens the same storage in another process."""
        raise NotImplementedError("override opener_arguments: `shared_between_processes` is declared")

    # One file

    def test_what_is_written_is_read_back(self, storage: Storage) -> None:
        entry = storage.write("folder/a.txt", b"hello")
        assert storage.read("folder/a.txt") == b"hello"
        assert (entry.path, entry.size, entry.is_prefix) == ("folder/a.txt", 5, False)
        assert storage.exists("folder/a.txt")

    def test_stat_agrees_with_the_write(self, storage: Storage) -> None:
        written = storage.write("a.txt", b"hello")
        known = storage.stat("a.txt")
        assert (known.path, known.size, known.etag) == (written.path, written.size, written.etag)
        assert known.modified == written.modified

    def test_etags_are_not_quoted(self, storage: Storage) -> None:
        etag = storage.write("a.txt", b"hello").etag
        assert etag
        assert not etag.startswith(('"', "W/"))

    def test_times_are_the_present_and_have_a_zone(self, storage: Storage) -> None:
        modified = storage.write("a.txt", b"hello").modified
        assert modified.tzinfo is not None
        assert abs(modified - datetime.now(timezone.utc)) < timedelta(minutes=10)

    def test_a_hash_is_right_where_there_is_one(self, storage: Storage) -> None:
        content = b"hello" * 1000
        written = storage.write("a.txt", content)
        expected = hashlib.sha256(content).hexdigest()
        assert written.sha256 in (None, expected)
        assert storage.stat("a.txt").sha256 in (None, expected)

    def test_hashes_are_kept_if_declared(self, storage: Storage) -> None:
        self.require("stored_hashes")
        storage.write("a.txt", b"hello")
        assert storage.stat("a.txt").sha256 == hashlib.sha256(b"hello").hexdigest()

    def test_an_empty_file_is_a_file(self, storage: Storage) -> None:
        assert storage.write("empty", b"").size == 0
        assert storage.stat("empty").size == 0
        assert storage.read("empty") == b""
        assert list(storage.read_chunks("empty")) == []
        assert [entry.path for entry in storage.list()] == ["empty"]
        assert storage.write("empty too", iter(())).size == 0

    def test_writing_again_replaces(self, storage: Storage) -> None:
        storage.write("a.txt", b"a longer content than the next")
        storage.write("a.txt", b"short")
        assert storage.read("a.txt") == b"short"
        assert storage.stat("a.txt").size == 5

    def test_every_write_has_an_etag_of_its_own(self, storage: Storage) -> None:
        # The same content, as fast as it goes: neither hash, size nor a coarse clock tells these apart.
        etags = [storage.write("a.txt", b"same").etag for _ in range(30)]
        assert len(set(etags)) == 30

    def test_metadata_is_taken(self, storage: Storage) -> None:
        storage.write("a.txt", b"hello", WriteOptions(metadata={"origin": "test"}))
        assert storage.read("a.txt") == b"hello"

    # What is not there

    def test_what_is_not_there_is_not_found(self, storage: Storage) -> None:
        storage.write("folder/a.txt", b"")
        for path in ("missing", "folder/missing", "folder", "folder/a.txt/below"):
            with pytest.raises(NotFound):
                storage.stat(path)
            with pytest.raises(NotFound):
                storage.read(path)
            assert not storage.exists(path)

    def test_errors_name_the_path_and_carry_a_code(self, storage: Storage) -> None:
        with pytest.raises(NotFound) as caught:
            storage.stat("missing/file.txt")
        assert caught.value.code.startswith("KDL-")
        assert "missing/file.txt" in caught.value.message

    # Names

    @pytest.mark.parametrize("name", NAMES)
    def test_names_that_need_quoting(self, storage: Storage, name: str) -> None:
        content = name.encode()
        try:
            storage.write(name, content)
        except InvalidPath:
            if self.supports("quotable_names"):
                raise
            assert list(storage.list()) == []
            return
        assert storage.read(name) == content
        assert storage.stat(name).path == name
        assert [entry.path for entry in storage.list()] == [name]
        if "/" in name:
            assert [entry.path for entry in storage.list(name.rpartition("/")[0])] == [name]
        storage.copy(name, "copy of " + name.replace("/", "_").rstrip(" ."))
        storage.delete(name)
        assert not storage.exists(name)

    def test_names_that_look_alike_are_told_apart(self, storage: Storage) -> None:
        # Decoded or encoded once too often, some of these become others.
        names = ("a b", "a+b", "a%20b", "a%2520b", "%61", "a#", "a%23")
        for name in names:
            storage.write(name, name.encode())
        assert {name: storage.read(name) for name in names} == {name: name.encode() for name in names}
        assert [entry.path for entry in storage.list()] == sorted(names)

    @pytest.mark.parametrize("path", REFUSED)
    def test_what_is_no_path_is_refused_everywhere(self, storage: Storage, path: str) -> None:
        storage.write("witness", b"untouched")
        calls: list[Callable[[], object]] = [
            lambda: storage.stat(path),
            lambda: storage.read(path),
            lambda: storage.write(path, b"x"),
            lambda: storage.delete(path),
            lambda: storage.copy("witness", path),
            lambda: storage.copy(path, "copy"),
        ]
        if path:
            calls += [lambda: storage.uri(path), lambda: list(storage.list(path))]
        for call in calls:
            with pytest.raises(InvalidPath):
                call()
        assert [entry.path for entry in storage.list()] == ["witness"]

    def test_a_refused_write_does_not_take_from_its_stream(self, storage: Storage) -> None:
        taken = []

        def stream() -> Iterator[bytes]:
            taken.append(1)
            yield b"x"

        with pytest.raises(InvalidPath):
            storage.write("../a", stream())
        assert not taken

    def test_a_long_path_works_or_is_refused_by_type(self, storage: Storage) -> None:
        for path in ("n" * 200, "n" * 255, "n" * 256, "n" * 1100, "ü" * 200, "/".join(["folder"] * 200), "n" * 40_000):
            try:
                storage.write(path, b"x")
            except InvalidPath:
                continue
            assert storage.read(path) == b"x"
            assert path in [entry.path for entry in storage.list()]
            storage.delete(path)
        assert list(storage.list()) == []

    def test_names_that_differ_in_case(self, storage: Storage) -> None:
        storage.write("Name", b"upper")
        if self.supports("case_sensitive_names"):
            assert not storage.exists("name")
            storage.write("name", b"lower")
            assert (storage.read("Name"), storage.read("name")) == (b"upper", b"lower")
            assert [entry.path for entry in storage.list()] == ["Name", "name"]
        else:
            # It cannot hold both: what must not happen is that one becomes the other in silence.
            with pytest.raises(StorageError):
                storage.write("name", b"lower")
            assert storage.read("Name") == b"upper"

    def test_a_file_beside_a_folder_of_its_name(self, storage: Storage) -> None:
        storage.write("a", b"file")
        if self.supports("files_beside_folders"):
            storage.write("a/b", b"below")
            assert (storage.read("a"), storage.read("a/b")) == (b"file", b"below")
            assert [entry.path for entry in storage.list()] == ["a", "a/b"]
            assert [entry.path for entry in storage.list("a")] == ["a/b"]
        else:
            with pytest.raises(StorageError):
                storage.write("a/b", b"below")
            assert storage.read("a") == b"file"
            storage.write("c/d", b"below")
            with pytest.raises(StorageError):
                storage.write("c", b"file")
            assert storage.read("c/d") == b"below"

    def test_uris_are_distinct_and_lead_back(self, storage: Storage) -> None:
        root = storage.uri()
        assert "://" in root
        found = set()
        for name in NAMES:
            try:
                uri = storage.uri(name)
            except InvalidPath:
                assert not self.supports("quotable_names")
                continue
            assert uri not in found
            found.add(uri)
            assert " " not in uri
            assert uri.isascii()
            assert path_below(uri, root) == name

    # Conditions

    def test_only_if_absent_creates_once(self, storage: Storage) -> None:
        entry = storage.write("a.txt", b"first", WriteOptions(only_if_absent=True))
        with pytest.raises(AlreadyExists):
            storage.write("a.txt", b"second", WriteOptions(only_if_absent=True))
        assert storage.read("a.txt") == b"first"
        assert storage.stat("a.txt").etag == entry.etag
        storage.delete("a.txt")
        storage.write("a.txt", b"third", WriteOptions(only_if_absent=True))
        assert storage.read("a.txt") == b"third"

    def test_only_if_match_replaces_the_version_that_was_read(self, storage: Storage) -> None:
        first = storage.write("a.txt", b"1")
        if not self.supports("conditional_writes"):
            with pytest.raises(UnsupportedOperation):
                storage.write("a.txt", b"2", WriteOptions(only_if_match=first.etag))
            return
        second = storage.write("a.txt", b"2", WriteOptions(only_if_match=first.etag))
        for stale in (first.etag, "0", "never-was"):
            with pytest.raises(PreconditionFailed):
                storage.write("a.txt", b"3", WriteOptions(only_if_match=stale))
        assert storage.read("a.txt") == b"2"
        assert storage.stat("a.txt").etag == second.etag
        listed = next(iter(storage.list()))
        storage.write("a.txt", b"4", WriteOptions(only_if_match=listed.etag))

    def test_only_if_match_fails_where_there_is_no_file(self, storage: Storage) -> None:
        self.require("conditional_writes")
        etag = storage.write("a.txt", b"1").etag
        storage.delete("a.txt")
        with pytest.raises(PreconditionFailed):
            storage.write("a.txt", b"2", WriteOptions(only_if_match=etag))
        assert not storage.exists("a.txt")

    def test_a_file_made_anew_is_another_version(self, storage: Storage) -> None:
        self.require("conditional_writes")
        etag = storage.write("a.txt", b"same").etag
        storage.delete("a.txt")
        storage.write("a.txt", b"same")
        with pytest.raises(PreconditionFailed):
            storage.write("a.txt", b"2", WriteOptions(only_if_match=etag))

    def test_both_conditions_together_are_refused(self, storage: Storage) -> None:
        with pytest.raises(ValueError, match="only_if"):
            storage.write("a.txt", b"1", WriteOptions(only_if_absent=True, only_if_match="x"))
        assert not storage.exists("a.txt")

    def test_a_conditional_delete_takes_that_version_only(self, storage: Storage) -> None:
        self.require("conditional_writes")
        first = storage.write("a.txt", b"1")
        second = storage.write("a.txt", b"2")
        with pytest.raises(PreconditionFailed):
            storage.delete("a.txt", only_if_match=first.etag)
        assert storage.read("a.txt") == b"2"
        storage.delete("a.txt", only_if_match=second.etag)
        with pytest.raises(PreconditionFailed):
            storage.delete("a.txt", only_if_match=second.etag)

    # Writes that fail

    def test_a_stream_that_breaks_leaves_what_was_there(self, storage: Storage) -> None:
        def broken() -> Iterator[bytes]:
            yield b"half" * 300_000
            raise RuntimeError("the source broke")

        storage.write("kept.txt", b"old")
        for path in ("kept.txt", "new/file.txt"):
            with pytest.raises(RuntimeError, match="the source broke"):
                storage.write(path, broken())
        assert storage.read("kept.txt") == b"old"
        assert [entry.path for entry in storage.list()] == ["kept.txt"]

    @pytest.mark.parametrize("announced", [4, 6])
    def test_a_stream_of_another_size_than_announced_is_not_kept(self, storage: Storage, announced: int) -> None:
        with pytest.raises(StorageError):
            storage.write("a.txt", iter([b"he", b"llo"]), WriteOptions(size=announced))
        assert not storage.exists("a.txt")
        assert storage.write("a.txt", iter([b"he", b"llo"]), WriteOptions(size=5)).size == 5

    def test_a_stream_slower_than_its_deadline_is_not_kept(self, storage: Storage) -> None:
        def slow() -> Iterator[bytes]:
            yield b"first"
            end = time.monotonic() + 0.15
            while time.monotonic() < end:
                time.sleep(0.01)
            yield b"second"

        with pytest.raises(StorageError) as caught:
            storage.write("a.txt", slow(), WriteOptions(deadline=0.1))
        assert caught.value.category is Category.TIMEOUT
        assert not storage.exists("a.txt")

    @pytest.mark.parametrize("data", ["text", 5, None, ["text"], [b"bytes", "text"]])
    def test_what_is_not_bytes_is_refused(self, storage: Storage, data: object) -> None:
        with pytest.raises(TypeError):
            storage.write("a.txt", data)  # type: ignore[arg-type]
        assert not storage.exists("a.txt")

    # Ranges and streams

    @pytest.mark.parametrize(
        ("start", "length"),
        [(0, None), (0, 0), (0, 1), (3, 4), (9, 1), (9, 5), (10, None), (10, 3), (99, 1), (0, 99), (5, 0)],
    )
    def test_a_range_is_that_part(self, storage: Storage, start: int, length: int | None) -> None:
        content = b"0123456789"
        storage.write("digits", content)
        expected = content[start:] if length is None else content[start : start + length]
        assert storage.read("digits", start=start, length=length) == expected
        assert all(storage.read_chunks("digits", start=start, length=length))

    @pytest.mark.parametrize(("start", "length"), [(-1, None), (0, -1), (-5, 3)])
    def test_a_negative_range_is_refused(self, storage: Storage, start: int, length: int | None) -> None:
        storage.write("digits", b"0123456789")
        with pytest.raises(ValueError, match="range"):
            storage.read("digits", start=start, length=length)

    def test_pieces_of_any_size_become_one_file(self, storage: Storage) -> None:
        pieces = [b"", b"a", b"", b"b" * 70_000, b"c" * 2_500_000, b"", b"d"]
        expected = b"".join(pieces)
        assert storage.write("pieces", iter(pieces)).size == len(expected)
        found = list(storage.read_chunks("pieces"))
        assert b"".join(found) == expected
        assert all(found)
        assert storage.read("pieces", start=70_000, length=5_000) == expected[70_000:75_000]

    def test_other_kinds_of_bytes_are_bytes(self, storage: Storage) -> None:
        storage.write("a", bytearray(b"hello"))  # type: ignore[arg-type]
        storage.write("b", [memoryview(b"hel"), bytearray(b"lo")])  # type: ignore[list-item]
        assert storage.read("a") == storage.read("b") == b"hello"

    def test_a_reader_sees_one_version(self, storage: Storage) -> None:
        old, new = b"o" * 5_000_000, b"n" * 5_000_000
        storage.write("a", old)
        reader = storage.read_chunks("a")
        first = next(reader)
        storage.write("a", new)
        try:
            found = first + b"".join(reader)
        except StorageError:
            return  # an error is allowed; a mixture is not
        assert found in (old, new)
        assert storage.read("a") == new

    # Listing

    def test_a_listing_is_sorted_by_code_point(self, storage: Storage) -> None:
        paths = ["a/b", "a-b", "a.b", "a0", "ab", "a/b-c/d", "a/b c", "B/x", "ä", "z", "🔥", "\uffee", "a/0"]
        for path in paths:
            storage.write(path, b"")
        assert [entry.path for entry in storage.list()] == sorted(paths)

    def test_a_prefix_is_whole_names(self, storage: Storage) -> None:
        for path in ("a/1", "a/2/x", "ab/3", "a2", "b/a/4"):
            storage.write(path, b"")
        assert [entry.path for entry in storage.list("a")] == ["a/1", "a/2/x"]
        assert [entry.path for entry in storage.list("a/2")] == ["a/2/x"]
        assert list(storage.list("a/1")) == []
        assert list(storage.list("missing/prefix")) == []

    def test_a_listing_goes_on_after_a_path(self, storage: Storage) -> None:
        paths = sorted(["a/1", "a/2", "a-b", "b", "c/d/e", "c/d/f", "c/g"])
        for path in paths:
            storage.write(path, b"")
        for after in [*paths, "", "a", "a/", "a/15", "c/d", "c/d/", "c/zz", "zzz"]:
            found = [entry.path for entry in storage.list(options=ListOptions(after=after))]
            assert found == [path for path in paths if path > after], after
        assert [e.path for e in storage.list("c", ListOptions(after="c/d/e"))] == ["c/d/f", "c/g"]

    def test_a_listing_ends_at_its_limit(self, storage: Storage) -> None:
        for number in range(5):
            storage.write(f"f{number}", b"")
        assert [e.path for e in storage.list(options=ListOptions(limit=2))] == ["f0", "f1"]
        assert [e.path for e in storage.list(options=ListOptions(limit=2, after="f1"))] == ["f2", "f3"]
        assert list(storage.list(options=ListOptions(limit=0))) == []
        assert len(list(storage.list(options=ListOptions(limit=99)))) == 5

    def test_one_level_shows_folders_as_prefixes(self, storage: Storage) -> None:
        for path in ("a-b", "a/1", "a/2/x", "b", "c/d"):
            storage.write(path, b"12")
        level = list(storage.list(options=ListOptions(recursive=False)))
        assert [(e.path, e.is_prefix, e.size) for e in level] == [
            ("a", True, 0), ("a-b", False, 2), ("b", False, 2), ("c", True, 0),
        ]  # fmt: skip
        inner = storage.list("a", ListOptions(recursive=False))
        assert [(e.path, e.is_prefix) for e in inner] == [("a/1", False), ("a/2", True)]
        rest = storage.list(options=ListOptions(recursive=False, after="a", limit=2))
        assert [e.path for e in rest] == ["a-b", "b"]

    def test_a_listing_says_what_stat_says(self, storage: Storage) -> None:
        storage.write("a/b.txt", b"hello")
        listed, known = next(iter(storage.list())), storage.stat("a/b.txt")
        assert (listed.path, listed.size, listed.etag) == (known.path, known.size, known.etag)
        assert listed.modified == known.modified

    def test_a_long_listing_is_complete(self, storage: Storage) -> None:
        paths = sorted(f"{number % 7}/{number:04d}" for number in range(300))
        in_threads(*(lambda part=part: [storage.write(path, b"") for path in paths[part::6]] for part in range(6)))
        assert [entry.path for entry in storage.list()] == paths

    # Copying and deleting

    def test_a_copy_is_a_file_of_its_own(self, storage: Storage) -> None:
        storage.write("a/original", b"hello")
        entry = storage.copy("a/original", "b/copy")
        assert (entry.path, entry.size) == ("b/copy", 5)
        storage.write("a/original", b"changed")
        assert storage.read("b/copy") == b"hello"

    def test_a_copy_keeps_to_conditions(self, storage: Storage) -> None:
        storage.write("a", b"1")
        storage.write("b", b"2")
        with pytest.raises(AlreadyExists):
            storage.copy("a", "b", WriteOptions(only_if_absent=True))
        assert storage.read("b") == b"2"
        with pytest.raises(NotFound):
            storage.copy("missing", "c")
        assert not storage.exists("c")

    def test_deleting_what_is_not_there_succeeds(self, storage: Storage) -> None:
        storage.write("a/b", b"")
        storage.delete("a/missing")
        storage.delete("missing/folder/file")
        storage.delete("a")
        storage.delete("a/b/below")
        assert storage.exists("a/b")
        storage.delete("a/b")
        storage.delete("a/b")
        assert list(storage.list()) == []

    def test_no_empty_folder_is_seen(self, storage: Storage) -> None:
        storage.write("a/b/c/d", b"")
        storage.delete("a/b/c/d")
        assert list(storage.list(options=ListOptions(recursive=False))) == []
        storage.write("a", b"a file now")
        assert storage.read("a") == b"a file now"

    def test_many_are_deleted_at_once(self, storage: Storage) -> None:
        for path in ("a/1", "a/2", "b"):
            storage.write(path, b"")
        storage.delete_many(["a/1", "missing", "b"])
        assert [entry.path for entry in storage.list()] == ["a/2"]

    # At once

    def test_no_increment_of_a_thread_is_lost(self, storage: Storage) -> None:
        self.require("conditional_writes")
        storage.write("counter", b"0")
        in_threads(*(lambda: increment(storage, "counter", 10) for _ in range(4)))
        assert storage.read("counter") == b"40"

    def test_one_of_many_threads_creates_a_file(self, storage: Storage) -> None:
        def create(me: int) -> int:
            won = 0
            for turn in range(10):
                try:
                    storage.write(f"race/{turn}", str(me).encode(), WriteOptions(only_if_absent=True))
                    won += 1
                except AlreadyExists:
                    pass
            return won

        won = in_threads(*(lambda me=me: create(me) for me in range(6)))
        assert sum(int(str(count)) for count in won) == 10

    def test_readers_beside_a_writer_see_whole_versions(self, storage: Storage) -> None:
        def version(number: int) -> bytes:
            return f"{number:03d}".encode() * 50_000

        storage.write("a", version(0))
        ended = threading.Event()

        def write() -> None:
            try:
                for number in range(1, 30):
                    storage.write("a", version(number))
            finally:
                ended.set()

        def read() -> None:
            while not ended.is_set():
                found = storage.read("a")
                assert found == version(int(found[:3]))

        in_threads(write, read, read)

    def test_folders_come_and_go_under_writers(self, storage: Storage) -> None:
        def come_and_go(me: int) -> None:
            for turn in range(20):
                storage.write(f"shared/deep/{me}", str(turn).encode())
                assert storage.read(f"shared/deep/{me}") == str(turn).encode()
                storage.delete(f"shared/deep/{me}")

        in_threads(*(lambda me=me: come_and_go(me) for me in range(4)))
        assert list(storage.list()) == []

    def test_no_increment_of_a_process_is_lost(self, storage: Storage) -> None:
        self.require("shared_between_processes")
        self.require("conditional_writes")
        storage.write("counter", b"0")
        arguments = [self.opener, self.opener_arguments(storage), "counter", 25]
        self._in_processes(_INCREMENT, [arguments] * 3)
        assert storage.read("counter") == b"75"

    def test_one_of_many_processes_creates_a_file(self, storage: Storage) -> None:
        self.require("shared_between_processes")
        where = self.opener_arguments(storage)
        printed = self._in_processes(_CREATE, [[self.opener, where, "race", me, 20] for me in range(3)])
        winners = [turn for text in printed for turn in json.loads(text)]
        assert sorted(winners) == list(range(20))

    # The rest

    def test_unknown_consumers_are_refused(self, storage: Storage) -> None:
        with pytest.raises(UnsupportedOperation):
            storage.options("a library that nobody knows")

    def test_spark_settings_are_text(self, storage: Storage) -> None:
        assert all(isinstance(item, str) for pair in storage.spark_conf().items() for item in pair)

    def test_closing_twice_does_nothing(self, storage: Storage) -> None:
        storage.close()
        storage.close()

    def _in_processes(self, program: str, arguments: list[list[object]]) -> list[str]:
        assert self.opener, "`shared_between_processes` is declared: name the `opener`"
        children = [
            subprocess.Popen(
                [sys.executable, "-c", program, json.dumps(item)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for item in arguments
        ]
        printed = []
        try:
            for child in children:  # all are told to start when all are there
                assert child.stdin is not None
                child.stdin.write("go\n")
                child.stdin.flush()
            for child in children:
                out, err = child.communicate(timeout=120)
                assert child.returncode == 0, err
                printed.append(out)
        finally:
            for child in children:
                if child.poll() is None:
                    child.kill()
                    child.communicate()
        return printed
