"""Finding installed distributions: by listing folders, and by importlib.metadata where there is no folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kindling.plugins.distributions import Distribution, core_headers, find_distributions

ENTRY_POINTS = "[kindling]\nacme = kindling_acme.plugin\n"


def install(folder: Path, name: str = "kindling_acme", version: str = "1.0", suffix: str = "dist-info") -> Path:
    """Write the metadata of a distribution, as pip (dist-info) or setuptools (egg-info) does."""
    info = folder / f"{name}-{version}.{suffix}"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    header = "PKG-INFO" if suffix == "egg-info" else "METADATA"
    (info / header).write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n\n")
    return info


def found(*folders: Path) -> list[tuple[str, str]]:
    return [(item.name, item.version) for item in find_distributions([str(folder) for folder in folders])]


@pytest.mark.parametrize("suffix", ["dist-info", "egg-info"])
def test_finds_what_pip_and_setuptools_install(tmp_path: Path, suffix: str) -> None:
    install(tmp_path, suffix=suffix)
    assert found(tmp_path) == [("kindling-acme", "1.0")]


def test_finds_an_unpacked_egg(tmp_path: Path) -> None:
    folder = tmp_path / "kindling_acme-1.0-py3.11.egg" / "EGG-INFO"
    folder.mkdir(parents=True)
    (folder / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "PKG-INFO").write_text("Name: kindling-acme\nVersion: 1.0\n\n")
    assert found(tmp_path) == [("kindling-acme", "1.0")]


def test_finds_an_editable_install_by_the_metadata_it_leaves(tmp_path: Path) -> None:
    info = install(tmp_path)
    (info / "direct_url.json").write_text(json.dumps({"url": "file:///src", "dir_info": {"editable": True}}))
    assert [item.editable for item in find_distributions([str(tmp_path)])] == [True]


def test_finds_what_is_in_a_zip_on_the_path(tmp_path: Path) -> None:
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("kindling_acme-1.0.dist-info/entry_points.txt", ENTRY_POINTS)
        stream.writestr("kindling_acme-1.0.dist-info/METADATA", "Name: kindling-acme\nVersion: 1.0\n\n")
    assert found(archive) == [("kindling-acme", "1.0")]
    distribution = find_distributions([str(archive)])[0]
    assert distribution.entry_points[0].module == "kindling_acme.plugin"


def test_finds_what_an_import_hook_with_metadata_serves() -> None:
    class Hook:
        @staticmethod
        def find_distributions(context: object) -> Iterator[Any]:
            texts = {"entry_points.txt": ENTRY_POINTS, "METADATA": "Name: kindling-hooked\nVersion: 3\n\n"}
            yield SimpleNamespace(read_text=texts.get)

        @staticmethod
        def find_spec(*arguments: object) -> None:
            return None

    # Into the list itself, not a new one: importlib_metadata, where it is imported meanwhile, has to stay in it.
    hook = Hook()
    sys.meta_path.append(hook)
    try:
        assert ("kindling-hooked", "3") in [(item.name, item.version) for item in find_distributions()]
    finally:
        sys.meta_path.remove(hook)


def test_of_two_with_one_name_the_first_on_the_path_counts(tmp_path: Path) -> None:
    install(tmp_path / "a", version="2.0")
    install(tmp_path / "b", name="Kindling.Acme", version="1.0")
    assert found(tmp_path / "a", tmp_path / "b") == [("kindling-acme", "2.0")]
    assert found(tmp_path / "b", tmp_path / "a") == [("Kindling.Acme", "1.0")]


def test_one_without_entry_points_shadows_one_with_them(tmp_path: Path) -> None:
    (install(tmp_path / "a", version="2.0") / "entry_points.txt").unlink()
    install(tmp_path / "b", version="1.0")
    assert found(tmp_path / "a", tmp_path / "b") == []


def test_of_two_side_by_side_the_newer_install_counts(tmp_path: Path) -> None:
    for version, when in (("1.0", 2_000), ("2.0", 1_000)):
        info = install(tmp_path, version=version)
        (info / "RECORD").write_text("")
        os.utime(info / "RECORD", (when, when))
    assert found(tmp_path) == [("kindling-acme", "1.0")]


def test_what_pip_is_about_to_remove_is_passed_over(tmp_path: Path) -> None:
    install(tmp_path, name="~indling_acme")
    assert found(tmp_path) == []


def test_name_and_version_come_from_the_folder_where_there_is_no_metadata(tmp_path: Path) -> None:
    (install(tmp_path, version="4.5") / "METADATA").unlink()
    assert found(tmp_path) == [("kindling_acme", "4.5")]


@pytest.mark.skipif(sys.platform == "win32" or getattr(os, "geteuid", lambda: 1)() == 0, reason="root reads all")
def test_what_may_not_be_read_is_said_where_it_is_ours(tmp_path: Path) -> None:
    (install(tmp_path) / "entry_points.txt").chmod(0)
    (install(tmp_path, name="somebody_else") / "entry_points.txt").chmod(0)
    assert [item.problem for item in find_distributions([str(tmp_path)])] == ["entry_points.txt cannot be read"]


def test_a_folder_in_place_of_the_file_is_said_where_it_is_ours(tmp_path: Path) -> None:
    for name in ("kindling_acme", "somebody_else"):
        info = install(tmp_path, name=name)
        (info / "entry_points.txt").unlink()
        (info / "entry_points.txt").mkdir()
    assert [item.problem for item in find_distributions([str(tmp_path)])] == ["entry_points.txt cannot be read"]


def test_an_entry_point_that_names_no_module_is_a_problem_of_its_distribution(tmp_path: Path) -> None:
    (install(tmp_path) / "entry_points.txt").write_text("[kindling]\nacme = not a module\n")
    assert "names no module" in find_distributions([str(tmp_path)])[0].problem


def test_folders_that_are_not_there_are_passed_over(tmp_path: Path) -> None:
    install(tmp_path)
    assert found(tmp_path / "gone", tmp_path, tmp_path) == [("kindling-acme", "1.0")]


def test_the_stamp_changes_when_it_is_installed_anew(tmp_path: Path) -> None:
    info = install(tmp_path)
    (info / "RECORD").write_text("one")
    first = find_distributions([str(tmp_path)])[0].stamp
    (info / "RECORD").write_text("another")
    assert find_distributions([str(tmp_path)])[0].stamp != first


def test_finds_the_same_as_importlib_metadata_among_300_distributions(tmp_path: Path) -> None:
    if sys.version_info >= (3, 12):
        from importlib import metadata
    else:
        import importlib_metadata as metadata
    for number in range(300):
        info = tmp_path / f"package_{number}-1.{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: package-{number}\nVersion: 1.{number}\n\n")
        if number % 3 == 0:
            (info / "entry_points.txt").write_text("[console_scripts]\nx = y:z\n")
    for number in range(20):
        install(tmp_path, name=f"kindling_n{number}")
    path = [str(tmp_path)]
    theirs = {
        item.metadata["Name"]
        for item in metadata.distributions(path=path)
        if any(point.group == "kindling" for point in item.entry_points)
    }
    assert {item.name for item in find_distributions(path)} == theirs
    assert len(theirs) == 20


def test_finding_imports_neither_importlib_metadata_nor_email(tmp_path: Path) -> None:
    install(tmp_path)
    program = (
        "import sys; from kindling.plugins.distributions import find_distributions; "
        "assert find_distributions([sys.argv[1]]); "
        "print([name for name in ('importlib.metadata', 'importlib_metadata', 'email', 'zipfile', 'pluggy', 'pathlib')"
        " if name in sys.modules])"
    )
    # -S: what the environment's own .pth files import is not ours.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = subprocess.run([sys.executable, "-S", "-c", program, str(tmp_path)], env=env, capture_output=True, text=True)
    assert (out.stdout.strip(), out.stderr) == ("[]", "")


def test_the_cores_own_metadata_names_its_extras() -> None:
    headers = core_headers()
    assert headers.name == "kindling-core"
    assert "fabric" in headers.extras


def test_a_core_without_metadata_names_none(tmp_path: Path) -> None:
    assert core_headers([str(tmp_path), str(tmp_path / "gone")]).extras == ()


def test_the_installed_fixture_is_found_whole(installed: Callable[..., Path]) -> None:
    (distribution,) = find_distributions([str(installed("good"))])
    assert isinstance(distribution, Distribution)
    assert (distribution.name, distribution.version) == ("kindling-orbit", "1.2")
    assert distribution.requires == ("kindling-core<0.2,>=0.1",)
    assert distribution.stamp
