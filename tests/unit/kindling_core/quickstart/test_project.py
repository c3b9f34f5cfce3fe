"""The quickstart's folder: new, again, in between, and somebody else's."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from kindling.quickstart.dataset import QuickstartError
from kindling.quickstart.project import place_data, template_files, write_project


def test_a_new_folder_gets_all_files(tmp_path: Path) -> None:
    made = write_project(tmp_path / "deep" / "demo")
    assert set(made.written) == set(template_files())
    assert {"kindling.yaml", ".gitignore", "apps/flights/app.yaml", "apps/flights/main.py"} <= set(made.written)
    assert made.kept == ()
    for name, content in template_files().items():
        assert (made.folder / name).read_bytes() == content


def test_an_empty_folder_is_as_good_as_none(tmp_path: Path) -> None:
    assert write_project(tmp_path).written


def test_a_second_time_what_was_changed_is_kept_and_what_is_missing_comes_back(tmp_path: Path) -> None:
    write_project(tmp_path)
    main, page = tmp_path / "apps/flights/main.py", tmp_path / "apps/flights/report.py"
    main.write_text("# my own\n")
    page.unlink()
    made = write_project(tmp_path)
    assert made.kept == ("apps/flights/main.py",)
    assert main.read_text() == "# my own\n"
    assert page.is_file()


@pytest.mark.parametrize("name", ["notes.txt", "kindling.yaml"])
def test_somebody_elses_folder_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("project: mine\n")
    with pytest.raises(QuickstartError, match="it holds other files") as caught:
        write_project(tmp_path)
    assert caught.value.code == "KDL-QST-002"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_file_in_the_folders_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "quickstart").write_text("mine")
    with pytest.raises(QuickstartError, match="there is a file of that name"):
        write_project(tmp_path / "quickstart")


def test_whoever_is_killed_between_two_files_can_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kindling.quickstart import project

    real, count = project.write_atomically, len(template_files())
    for stop in range(count):
        folder, written = tmp_path / str(stop), 0

        def dies(path: Path, data: bytes, stop: int = stop) -> None:
            nonlocal written
            if written == stop:
                path.with_name(".kindling-0123456789abcdef01234567.tmp").write_bytes(data[:7])
                raise KeyboardInterrupt
            written += 1
            real(path, data)

        with monkeypatch.context() as patch:
            patch.setattr(project, "write_atomically", dies)
            with pytest.raises(KeyboardInterrupt):
                write_project(folder)
        assert set(write_project(folder).written) == set(template_files())


def test_data_are_unpacked_into_the_projects_raw_folder(tmp_path: Path) -> None:
    packed = tmp_path / "flights.csv.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("flights.csv", "year,month\n" * 1000)
    (tmp_path / "airlines.csv").write_text("carrier,name\n")
    for _ in range(2):
        place_data([packed, tmp_path / "airlines.csv"], tmp_path / "demo")
    raw = tmp_path / "demo/data/raw"
    assert sorted(entry.name for entry in raw.iterdir()) == ["airlines.csv", "flights.csv"]
    assert (raw / "flights.csv").read_text() == "year,month\n" * 1000


def test_the_templates_have_no_windows_line_ends() -> None:
    assert all(b"\r" not in content for content in template_files().values())
