"""Making the quickstart: the project, its data, and one run of its app."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kindling.errors import Category
from kindling.quickstart.dataset import QuickstartError, data_files
from kindling.quickstart.project import ProjectFiles, place_data, write_project

APP = "flights"
#: What the app computes with, and the module of each.
_ENGINE = ("deltalake", "duckdb", "pyarrow")

#: In the path of a table delta-rs 1.6 panics on these, and mistakes a percent sign for an encoded character.
_UNWRITABLE = frozenset("[]^|%")

#: Takes a fraction between 0 and 1, and what is being done.
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Quickstart:
    """A quickstart that was made.

    Args:
        files: What was written.
        run_id: The run of the app, as ``kindling runs show`` takes it.
        result: The app's result.
        delays: What stands in ``gold.delays``, see :func:`kindling.quickstart.delays.read_delays`.
        seconds: How long the app took.
    """

    files: ProjectFiles
    run_id: str
    result: dict[str, Any]
    delays: dict[str, list[dict[str, Any]]]
    seconds: float


def make_quickstart(
    folder: Path,
    *,
    archive: Path | None = None,
    environment: str | None = None,
    cache: Path | None = None,
    report: Report | None = None,
) -> Quickstart:
    """Write the project, bring its data and run its app. May be stopped anywhere and run again.

    Args:
        folder: The project's folder.
        archive: The data's archive, where it was brought by hand.
        environment: Name of the environment of the run.
        cache: Where fetched data are kept. Without it: the user's cache folder.
        report: Is told how far it is.

    Raises:
        QuickstartError: KDL-QST-001 to KDL-QST-005: no data, an occupied folder, a wrong archive, no engine, a path
            that delta-rs does not take.
        KindlingError: The app failed.
    """
    from kindling.folders import cache_folder

    report = report or (lambda fraction, message: None)
    _check_engine()
    _check_path(folder.absolute())
    files = write_project(folder)
    report(0.02, "fetching the data")
    data = data_files(cache or cache_folder("quickstart"), archive)
    report(0.15, "unpacking the data")
    place_data(data, folder)
    report(0.2, "starting")
    return _run(folder, files, environment, lambda fraction, message: report(0.2 + 0.8 * fraction, message))


def _run(folder: Path, files: ProjectFiles, environment: str | None, report: Report) -> Quickstart:
    from kindling.framework import initialize
    from kindling.quickstart.delays import read_delays

    with initialize(environment=environment, project=folder) as framework:
        started = time.perf_counter()
        run = framework.apps.run(APP, on_progress=lambda told: report(told["fraction"], told["message"]))
        seconds = time.perf_counter() - started
        return Quickstart(files, run.run_id, run.result, read_delays(folder), seconds)


def _check_engine() -> None:
    from importlib.util import find_spec

    missing = [module for module in _ENGINE if find_spec(module) is None]
    if missing:
        raise QuickstartError(
            f"the quickstart computes with {', '.join(missing)}, which is not installed here",
            code="KDL-QST-004",
            category=Category.DEPENDENCY,
            suggestions=['pip install "kindling-core[local]"'],
        )


def _check_path(folder: Path) -> None:
    bad = sorted(_UNWRITABLE.intersection(folder.as_posix()))
    if bad:
        raise QuickstartError(
            f"delta-rs cannot keep tables in {folder}, because of {' '.join(bad)} in its path",
            code="KDL-QST-005",
            category=Category.UNSUPPORTED,
            suggestions=["name a folder without it: kindling quickstart FOLDER"],
        )
