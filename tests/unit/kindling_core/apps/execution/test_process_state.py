"""Environment variables, working directory and logging are as they were after the outermost run."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from kindling.apps import process_state
from kindling.telemetry.logs import bind, capture_to, get_logger


def test_variables_folder_and_logging_are_put_back(
    make_app: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STAYS", "as it was")
    app = make_app(
        f"""
        import logging, os
        os.environ["STAYS"] = "changed"
        os.environ["NEW"] = "1"
        os.chdir({str(tmp_path)!r})
        logging.basicConfig(level="DEBUG", force=True, filename={str(tmp_path / "log")!r})
        logging.getLogger("library").setLevel("ERROR")
        logging.disable(logging.CRITICAL)
        """
    )
    library = logging.getLogger("library")
    before = (Path.cwd(), list(logging.root.handlers), logging.root.level, library.level, logging.root.manager.disable)
    app.run()
    after = (Path.cwd(), list(logging.root.handlers), logging.root.level, library.level, logging.root.manager.disable)
    assert after == before
    assert os.environ["STAYS"] == "as it was"
    assert "NEW" not in os.environ


def test_they_are_put_back_after_a_failure(make_app: Any) -> None:
    with pytest.raises(Exception, match="ValueError"):
        make_app("import os\nos.environ['NEW'] = '1'\nraise ValueError").run()
    assert "NEW" not in os.environ


def test_a_nested_run_leaves_them_to_the_outer_one(make_app: Any) -> None:
    inner = make_app("import os\nos.environ['NEW'] = '1'", "inner")
    outer = make_app("import os\nframework()\nresult = os.environ['NEW']", "outer", framework=inner.run)
    assert outer.run() == "1"
    assert "NEW" not in os.environ


def test_of_runs_beside_each_other_the_last_puts_them_back(make_app: Any) -> None:
    first_is_set, second_may_end = threading.Event(), threading.Event()
    seen: list[Any] = []

    def first() -> None:
        with process_state.kept():
            os.environ["NEW"] = "1"
            first_is_set.set()

    def second() -> None:
        with process_state.kept():
            first_is_set.wait(30)
            second_may_end.wait(30)
            seen.append(os.environ.get("NEW"))

    threads = [threading.Thread(target=second), threading.Thread(target=first)]
    for thread in threads:
        thread.start()
    threads[1].join()
    second_may_end.set()
    threads[0].join()
    assert seen == ["1"]
    assert "NEW" not in os.environ


def test_a_folder_that_is_gone_does_not_fail_the_run(make_app: Any, tmp_path: Path) -> None:
    here = Path.cwd()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    try:
        gone.rmdir()
        assert make_app("result = 1").run() == 1
    finally:
        os.chdir(here)


def test_handlers_that_an_app_leaves_behind_are_closed(make_app: Any, tmp_path: Path) -> None:
    app = make_app(
        f"""
        import logging
        result = logging.FileHandler({str(tmp_path / "log")!r})
        logging.getLogger().addHandler(result)
        """
    )
    handler = app.run()
    assert handler not in logging.root.handlers
    assert handler.stream is None or handler.stream.closed


def test_a_run_that_begins_beside_keeps_its_log_when_the_outermost_one_ends() -> None:
    kept: list[Any] = []
    with process_state.kept():
        beside = capture_to(kept.append, run_id="beside")
        beside.__enter__()
    with bind(run_id="beside"):
        get_logger("orders").warning("still heard")
    beside.__exit__(None, None, None)
    assert [line["message"] for line in kept] == ["still heard"]


def test_the_log_of_a_run_that_ended_meanwhile_does_not_come_back() -> None:
    before = list(logging.root.handlers)
    ended = capture_to([].append, run_id="ended")
    ended.__enter__()
    with process_state.kept():
        ended.__exit__(None, None, None)
    assert logging.root.handlers == before


def test_a_log_that_an_app_threw_out_comes_back() -> None:
    kept: list[Any] = []
    with bind(run_id="mine"), capture_to(kept.append, run_id="mine"):
        with process_state.kept():
            logging.root.handlers = []
        get_logger("orders").warning("heard again")
    assert [line["message"] for line in kept] == ["heard again"]
