"""A pytest fixture for the apps of a project. pytest finds it where ``kindling-core[testing]`` is installed.

The fixtures import Kindling when they are used: a test session that does not use them pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kindling.apps.run import Run
    from kindling.testing.apps import AppProject


@pytest.fixture
def kindling_project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AppProject]:
    """A copy of the project that the test stands in: environment ``test``, runs in memory, no installed plugins.

    The nearest folder upwards from the test with a ``kindling.yaml`` is copied without its data and its runs, so
    that a test writes nothing there. Where there is none, the project is empty: ``kindling_project.add(…)``.
    A test, or a class or module of tests, chooses otherwise with a mark::

        @pytest.mark.kindling(environment="dev", plugins=["local"])
    """
    from kindling.testing.apps import app_project

    mark = request.node.get_closest_marker("kindling")
    project = next((folder for folder in request.path.parents if (folder / "kindling.yaml").is_file()), None)
    keywords = {"copy": project, "folder": tmp_path / "project", **(mark.kwargs if mark else {})}
    with app_project(**keywords) as made:
        yield made


@pytest.fixture
def kindling_app(kindling_project: AppProject) -> Callable[..., Run]:
    """Run an app of the project that the test stands in, and return the run.

    ``run = kindling_app("orders", day="2024-05-01")``; the project is a copy, see ``kindling_project``.
    """
    return kindling_project.run


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        "kindling(environment=…, plugins=[…], config=…): how kindling_project and kindling_app make the project",
    )
