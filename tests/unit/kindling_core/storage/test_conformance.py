"""The core's own storages pass the suite that third parties inherit; and the suite cannot be weakened in silence."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from kindling.contracts.descriptors import Level, Support
from kindling.contracts.storage import Storage
from kindling.storage.local import LocalStorage
from kindling.storage.memory import MemoryStorage
from kindling.testing.conformance import Conformance
from kindling.testing.storage import StorageConformance

FULL = Support(Level.FULL)


def _folds_case(folder: Path) -> bool:
    (folder / "case").touch()
    return (folder / "CASE").exists()


class TestLocalStorage(StorageConformance):
    capabilities = {
        "conditional_writes": FULL,
        "case_sensitive_names": FULL if os.name == "posix" else Support(Level.UNSUPPORTED, "the file system's"),
        "files_beside_folders": Support(Level.UNSUPPORTED, "a file system has one or the other"),
        "shared_between_processes": FULL,
        "quotable_names": FULL if os.name == "posix" else Support(Level.PARTIAL, "Windows has fewer names"),
    }
    opener = "kindling.storage.local:LocalStorage"

    @pytest.fixture
    def storage(self, tmp_path: Path) -> LocalStorage:
        return LocalStorage(tmp_path / "root", durable=False)

    def opener_arguments(self, storage: Storage) -> list[str]:
        assert isinstance(storage, LocalStorage)
        return [str(storage.root)]


class TestMemoryStorage(StorageConformance):
    capabilities = {
        "conditional_writes": FULL,
        "case_sensitive_names": FULL,
        "files_beside_folders": FULL,
        "stored_hashes": FULL,
        "quotable_names": FULL,
        "shared_between_processes": Support(Level.UNSUPPORTED, "it is this process's memory"),
    }

    @pytest.fixture
    def storage(self) -> Iterator[MemoryStorage]:
        storage = MemoryStorage(f"conformance-{uuid.uuid4()}")
        yield storage
        storage.clear()


class Suite(Conformance):
    known_capabilities = {"speed": "it is fast"}

    def test_one(self) -> None: ...

    def test_two(self) -> None: ...


@pytest.mark.parametrize("override", [None, lambda self: None])
def test_a_test_is_not_overridden_without_a_reason(override: object) -> None:
    with pytest.raises(TypeError, match="TestMine overrides test_one of Suite without a reason"):
        type("TestMine", (Suite,), {"test_one": override})
    with pytest.raises(TypeError, match="without a reason"):
        type("TestMine", (Suite,), {"test_one": override, "deviations": {"test_one": "  "}})


def test_a_dropped_test_is_skipped_with_its_reason() -> None:
    mine = type("TestMine", (Suite,), {"test_one": None, "deviations": {"test_one": "the vendor has no such thing"}})
    with pytest.raises(pytest.skip.Exception, match="the vendor has no such thing"):
        mine().test_one()
    assert mine.test_two is Suite.test_two


def test_a_deviation_has_to_be_one() -> None:
    with pytest.raises(TypeError, match="test_thre"):
        type("TestMine", (Suite,), {"deviations": {"test_thre": "a misspelt name hides nothing"}})


def test_an_undeclared_capability_is_unsupported() -> None:
    assert Suite().support("speed").level is Level.UNSUPPORTED
    with pytest.raises(AssertionError, match="knows no capability"):
        Suite().support("sped")
    with pytest.raises(TypeError, match="Support"):
        type("TestMine", (Suite,), {"capabilities": {"speed": True}})
