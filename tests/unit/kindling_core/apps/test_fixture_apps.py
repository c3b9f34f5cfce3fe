"""The apps in tests/apps: the good ones run in each way, of the broken ones exactly what is expected is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kindling.apps.validator import AppValidator
from kindling.testing.apps import AppProject, app_project

APPS = Path(__file__).resolve().parents[3] / "apps"
BROKEN = sorted(path.name for path in (APPS / "broken").iterdir() if (path / "expected.txt").is_file())
GOOD = sorted(path.name for path in APPS.iterdir() if (path / "app.yaml").is_file())


@pytest.mark.parametrize("name", BROKEN)
def test_of_a_broken_app_exactly_what_is_expected_is_found(name: str) -> None:
    folder = APPS / "broken" / name

    result = AppValidator(project=folder).validate(folder)

    found = [
        f"{problem.location}  {problem.code}{' warning' if problem.is_warning else ''}" for problem in result.problems
    ]
    assert found == (folder / "expected.txt").read_text().splitlines(), str(result)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_app_has_no_problems(name: str) -> None:
    result = AppValidator(project=APPS).validate(APPS / name)

    assert str(result) == "no problems found"


@pytest.fixture
def project() -> Iterator[AppProject]:
    with app_project({name: APPS / name for name in GOOD}) as made:
        yield made


@pytest.mark.parametrize("mode", ["module", "interactive", pytest.param("standalone", marks=pytest.mark.slow)])
def test_the_good_apps_run_alike_in_each_mode(project: AppProject, mode: str) -> None:
    script = project.run("script", mode=mode)
    lifecycle = project.run("lifecycle", mode=mode, day="2024-06-01")

    assert script.result == {"said": "hello", "project": project.folder.name}
    assert "saying hello" in script.log
    assert lifecycle.record.result["day"] == "2024-06-01"
    assert lifecycle.record.result["seen"][:4] == ["setup", "main", "part-0", "part-1"]
    assert lifecycle.record.progress == {"fraction": 1.0, "done": 2, "total": 2, "message": "part 2"}
    assert project.run("asynchronous", mode=mode).result == 3
    assert project.run("nested", mode=mode).result == {"parent": True, "script": "hello"}


def test_parameters_keep_their_types_where_the_app_runs_in_this_process(project: AppProject) -> None:
    assert project.run("lifecycle").result["day"] == date(2024, 5, 1)
