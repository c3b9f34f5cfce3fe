"""What an app requires against what is installed: real distributions' metadata, in a folder on the path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kindling.apps.environment import Environment
from kindling.apps.requirements import read_requirements

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def add(name: str, version: str | None, *requires: str, extras: tuple[str, ...] = ()) -> None:
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}"]
        lines += [f"Version: {version}"] if version else []
        lines += [f"Requires-Dist: {text}" for text in requires]
        lines += [f"Provides-Extra: {extra}" for extra in extras]
        (info / "METADATA").write_text("\n".join(lines) + "\n")

    return add


def check(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "requirements.txt").write_text(text)
    return [str(problem) for problem in Environment().check(read_requirements(tmp_path).lines)]


def test_what_is_installed_and_fits_is_no_problem(tmp_path: Path, install: Install) -> None:
    install("Acme-Data", "2.1", "acme-core>=1")
    install("acme-core", "1.0")

    assert check(tmp_path, "acme_data>=2,<3\n") == []


def test_what_is_not_installed_comes_with_its_pip_install(tmp_path: Path, install: Install) -> None:
    assert check(tmp_path, "acme-none[x]>=1\n") == [
        "requirements.txt:1:1  KDL-APP-013  the app needs acme-none[x]>=1, and acme-none is not installed; "
        'pip install "acme-none[x]>=1"'
    ]


def test_another_version_than_the_required_one(tmp_path: Path, install: Install) -> None:
    install("acme", "1.5")

    assert check(tmp_path, "acme>=2\n") == [
        'requirements.txt:1:1  KDL-APP-013  the app needs acme>=2, and acme 1.5 is installed; pip install "acme>=2"'
    ]


def test_what_is_required_in_turn_is_looked_at_down_to_the_end(tmp_path: Path, install: Install) -> None:
    install("top", "1.0", "middle")
    install("middle", "2.0", "bottom<3", "gone>=1")
    install("bottom", "3.1")

    assert check(tmp_path, "top\n") == [
        "requirements.txt:1:1  KDL-APP-014  middle 2.0 (through top 1.0) needs bottom<3, and bottom 3.1 is installed; "
        'pip install "bottom<3"',
        "requirements.txt:1:1  KDL-APP-014  middle 2.0 (through top 1.0) needs gone>=1, and gone is not installed; "
        'pip install "gone>=1"',
    ]


def test_markers_that_do_not_hold_here_ask_for_nothing(tmp_path: Path, install: Install) -> None:
    install("acme", "1.0", 'gone; python_version < "3"', 'other; sys_platform == "amiga"')

    assert check(tmp_path, 'none; python_version < "3"\nacme\n') == []


def test_an_extra_asks_for_what_belongs_to_it_and_an_unknown_one_is_a_warning(tmp_path: Path, install: Install) -> None:
    install("acme", "1.0", 'gone; extra == "fast_io"', extras=("fast-io",))

    assert check(tmp_path, "acme\n") == []
    assert "needs gone, and gone is not installed" in check(tmp_path, "acme[Fast.IO]\n")[0]
    [unknown] = Environment().check(read_requirements_of(tmp_path, "acme[slow]\n"))
    assert unknown.is_warning
    assert "it has fast-io" in unknown.suggestion


def read_requirements_of(folder: Path, text: str) -> list:  # type: ignore[type-arg]
    (folder / "requirements.txt").write_text(text)
    return read_requirements(folder).lines


def test_a_constraint_asks_only_for_what_is_there(tmp_path: Path, install: Install) -> None:
    install("acme", "1.0")
    (tmp_path / "limits.txt").write_text("none<3\nacme<1\n")

    assert [line.split("  ")[0] for line in check(tmp_path, "-c limits.txt\n")] == ["limits.txt:2:1"]


def test_circles_and_corrupt_metadata_end(tmp_path: Path, install: Install) -> None:
    install("ring-a", "1", "ring-b")
    install("ring-b", "1", "ring-a", "this is !! no requirement")
    install("nameless", None)

    assert check(tmp_path, "ring-a\nnameless\n") == []
    assert "(no version)" in check(tmp_path, "nameless>=1\n")[0]


def test_an_installed_prerelease_satisfies_a_range_that_has_room_for_it(tmp_path: Path, install: Install) -> None:
    install("acme", "2.0rc1")

    assert check(tmp_path, "acme>=1\n") == []
    assert check(tmp_path, "acme>=2\n") != []


def test_one_conflict_of_two_requirements_is_told_once(tmp_path: Path, install: Install) -> None:
    install("a", "1", "shared<1")
    install("b", "1", "a")
    install("shared", "2")

    assert len(check(tmp_path, "a\nb\n")) == 1
