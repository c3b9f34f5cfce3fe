"""Every record says whose run it is, and no secret gets out by any part of a record."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kindling.telemetry.context import FIELDS, bind, current
from kindling.telemetry.logs import ConsoleFormatter, JsonFormatter, capture_to, configure, get_logger
from kindling.values import Secret

SECRET = "hunter22/hunter22=="


@pytest.fixture
def secret() -> Secret:
    return Secret(SECRET)


@pytest.fixture(autouse=True)
def _as_found() -> Iterator[None]:
    """Levels and handlers are put back as they were found."""
    names = ("", "kindling", "kindling_apps", "kindling_local")
    before = [logging.getLogger(name).level for name in names]
    yield
    assert not [each for each in logging.getLogger().handlers if type(each).__module__.startswith("kindling")]
    assert [logging.getLogger(name).level for name in names] == before


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """No handlers but ours: pytest's raise where a record has too few arguments."""
    root = logging.getLogger()
    handlers, root.handlers[:] = list(root.handlers), []
    try:
        yield
    finally:
        root.handlers[:] = handlers


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


# Fields


def test_every_record_has_all_fields() -> None:
    out = io.StringIO()
    with configure("INFO", "json", out):
        get_logger("kindling.x").info("alone")
        with bind(run_id="r1", app="orders", platform="local", environment="dev", correlation_id="c1"):
            get_logger("kindling.x").info("bound")
            logging.getLogger("some.library").warning("theirs")
    alone, bound, theirs = lines(out)
    assert {name: alone[name] for name in FIELDS} == dict.fromkeys(FIELDS, "")
    expected = {"run_id": "r1", "app": "orders", "platform": "local", "environment": "dev", "correlation_id": "c1"}
    assert {name: bound[name] for name in FIELDS} == expected
    assert {name: theirs[name] for name in FIELDS} == expected
    assert (bound["level"], bound["logger"], bound["message"]) == ("INFO", "kindling.x", "bound")


def test_bound_fields_end_with_their_block_also_after_an_error() -> None:
    def fail() -> None:
        with bind(app="inner"):
            raise RuntimeError

    with bind(app="outer", run_id="r"):
        with pytest.raises(RuntimeError):
            fail()
        assert current() == {"app": "outer", "run_id": "r"}
        with bind(app=None):
            assert current() == {"run_id": "r"}
    assert current() == {}


def test_tasks_side_by_side_have_fields_of_their_own() -> None:
    out = io.StringIO()

    async def work(app: str) -> None:
        with bind(app=app):
            for _ in range(3):
                await asyncio.sleep(0)
                get_logger("kindling.x").info(app)

    async def both() -> None:
        await asyncio.gather(work("one"), work("two"))

    with configure("INFO", "json", out):
        asyncio.run(both())
    assert len(lines(out)) == 6
    assert all(line["app"] == line["message"] for line in lines(out))


def test_fields_go_into_a_thread_with_a_copied_context() -> None:
    out = io.StringIO()
    with configure("INFO", "json", out), bind(app="orders"):
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(get_logger("kindling.x").info, "from a thread"))
        thread.start()
        thread.join()
    assert lines(out)[0]["app"] == "orders"


# Secrets


class Talkative:
    def __repr__(self) -> str:
        return f"<Talkative {SECRET}>"


def log_the_secret_in_every_way(logger: logging.Logger) -> int:
    ways = 0

    def said() -> None:
        nonlocal ways
        ways += 1

    logger.warning("in the message " + SECRET)
    said()
    logger.warning("in an argument %s", SECRET)
    said()
    logger.warning("in a repr %r and an object %s", SECRET, Talkative())
    said()
    logger.warning("in a mapping %(key)s", {"key": SECRET})
    said()
    logger.warning("in extra", extra={"note": SECRET, "nested": {"list": [SECRET]}, "thing": Talkative()})
    said()
    logger.warning("by the key's name", extra={"account_key": "not registered", "config": {"password": "nor this"}})
    said()
    logger.warning("in bytes %s", SECRET.encode())
    said()
    logger.warning("too few arguments %s %s", SECRET)
    said()
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("in the traceback")
        said()
        logger.warning("by exc_info", exc_info=True)
        said()
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        logger.exception("in the cause of a traceback")
        said()
    logger.warning("with the stack", stack_info=True)
    said()
    logger.warning("url-encoded hunter22%2Fhunter22%3d%3D")
    said()
    with bind(note=SECRET):
        logger.warning("in a bound field")
        said()
    return ways


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_part_of_a_record_shows_a_secret(secret: Secret, form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    with alone(), configure("DEBUG", form, out):
        ways = log_the_secret_in_every_way(get_logger("kindling.x"))
    text = out.getvalue()
    for part in (SECRET, "hunter22", "not registered", "nor this"):
        assert part not in text
    assert text.count("***") >= ways
    assert "in the traceback" in text
    assert "ValueError: ***" in text
    assert "hunter22" not in capsys.readouterr().err, "logging's own complaints do not say it either"
    if form == "json":
        assert len(lines(out)) == ways


def test_no_part_of_a_captured_record_shows_a_secret(secret: Secret, tmp_path: Path) -> None:
    with alone(), bind(run_id="r"), capture_to(tmp_path / "log"):
        ways = log_the_secret_in_every_way(get_logger("kindling.x"))
    text = (tmp_path / "log").read_text()
    assert "hunter22" not in text
    assert len(text.splitlines()) == ways


def test_a_traceback_cached_by_another_handler_is_masked_too(secret: Secret) -> None:
    out = io.StringIO()
    careless = logging.StreamHandler(io.StringIO())
    logger = get_logger("kindling.x")
    logger.addHandler(careless)  # formats first, and keeps the text on the record
    try:
        with configure("INFO", "console", out):
            try:
                raise ValueError(SECRET)
            except ValueError:
                logger.exception("failed")
    finally:
        logger.removeHandler(careless)
    assert "hunter22" not in out.getvalue()
    assert "ValueError: ***" in out.getvalue()


def test_handlers_of_others_show_no_secret_either_while_a_run_is_captured(secret: Secret, tmp_path: Path) -> None:
    out = io.StringIO()
    theirs = logging.StreamHandler(out)  # as a notebook or a platform has one on the root logger
    logger = logging.getLogger("some.library")
    with alone():
        logging.getLogger().addHandler(theirs)
        factory = logging.getLogRecordFactory()
        with bind(run_id="r"), capture_to(tmp_path / "log"):
            logger.warning("in an argument %s", SECRET)
            logger.warning("100% of %s", "nothing to hide")
            logger.warning("too few arguments %s %s", SECRET)
            try:
                raise ValueError(SECRET)
            except ValueError:
                logger.exception("in the traceback")
        assert logging.getLogRecordFactory() is factory
        logging.getLogger().removeHandler(theirs)
    shown = out.getvalue()
    assert "hunter22" not in shown
    assert "in an argument ***" in shown
    assert "ValueError: ***" in shown


def test_a_record_factory_set_meanwhile_by_another_library_stays() -> None:
    before = logging.getLogRecordFactory()
    try:
        with configure("INFO", "json", io.StringIO()):
            ours = logging.getLogRecordFactory()

            def theirs(*arguments: Any, **keywords: Any) -> logging.LogRecord:
                return ours(*arguments, **keywords)

            logging.setLogRecordFactory(theirs)
        assert logging.getLogRecordFactory() is theirs
        out = io.StringIO()
        with configure("INFO", "json", out):
            get_logger("kindling").info("still works")
        assert lines(out)[0]["message"] == "still works"
    finally:
        logging.setLogRecordFactory(before)


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError(f"no text for {SECRET}")

    __repr__ = __str__


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_cannot_be_shown_neither_leaks_nor_stops_the_work(
    secret: Secret, form: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = io.StringIO()
    with configure("INFO", form, out), bind(run_id="r"), capture_to(tmp_path / "log"):
        get_logger("kindling.x").info("an object", extra={"thing": Unprintable(), "other": SECRET})
        get_logger("kindling.x").info("after it")
    shown = out.getvalue() + capsys.readouterr().err + (tmp_path / "log").read_text()
    assert "hunter22" not in shown
    assert "after it" in out.getvalue()
    assert "after it" in (tmp_path / "log").read_text()


# Formats


def test_a_line_for_people_says_when_how_bad_where_and_what() -> None:
    record = logging.LogRecord("kindling.storage", logging.WARNING, __file__, 1, "%d rows", (3,), None)
    record.path = "a b"
    line = ConsoleFormatter().format(record)
    assert line[2] == line[5] == ":"
    assert line[9:] == "WARNING kindling.storage  3 rows  path=a b"
    with bind(app="orders"):
        record = logging.LogRecord("kindling.storage", logging.INFO, __file__, 1, "read", (), None)
        assert ConsoleFormatter().format(record)[9:] == "INFO    orders  read"


def test_a_line_for_programs_is_one_line_of_json_whatever_is_in_it() -> None:
    record = logging.LogRecord("kindling", logging.INFO, __file__, 1, 'two\nlines "quoted" \u2028 ü 🔥', (), None)
    record.number, record.none, record.ring = 3.5, None, []
    record.ring.append(record.ring)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    data = json.loads(text)
    assert data["message"] == 'two\nlines "quoted" \u2028 ü 🔥'
    assert (data["extra"]["number"], data["extra"]["none"]) == (3.5, None)
    assert data["time"].endswith("+00:00")


def test_what_a_console_cannot_show_is_escaped() -> None:
    raw = io.BytesIO()
    narrow = io.TextIOWrapper(raw, encoding="ascii")
    with configure("INFO", "console", narrow):
        get_logger("kindling").info("größe 🔥")
    narrow.flush()
    assert b"gr\\xf6\\xdfe \\U0001f525" in raw.getvalue()


def test_a_closed_console_does_not_stop_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    with configure("INFO", "console", out):
        out.close()
        get_logger("kindling").info("into the void")
    assert capsys.readouterr().err == ""


def test_standard_error_is_looked_up_when_a_record_comes(capsys: pytest.CaptureFixture[str]) -> None:
    with configure("INFO"):
        get_logger("kindling").info("first")
        assert "first" in capsys.readouterr().err
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", out := io.StringIO())
            get_logger("kindling").info("second")
        assert "second" in out.getvalue()


# Levels


def test_levels_are_ours_below_warning_and_everybodys_from_there() -> None:
    out = io.StringIO()
    with configure("INFO", "json", out):
        for name in ("kindling.x", "kindling_apps.a.main", "some.library"):
            for level in (logging.DEBUG, logging.INFO, logging.WARNING):
                logging.getLogger(name).log(level, "%s", logging.getLevelName(level))
    assert [(line["logger"], line["message"]) for line in lines(out)] == [
        ("kindling.x", "INFO"), ("kindling.x", "WARNING"), ("kindling_apps.a.main", "INFO"),
        ("kindling_apps.a.main", "WARNING"), ("some.library", "WARNING"),
    ]  # fmt: skip


def test_configuring_again_replaces() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure("INFO", "json", first)
    with configure("WARNING", "json", second):
        get_logger("kindling").info("no")
        get_logger("kindling").warning("yes")
    assert (len(lines(first)), [line["message"] for line in lines(second)]) == (0, ["yes"])


@pytest.mark.parametrize(("level", "form"), [("LOUD", "json"), ("INFO", "xml")])
def test_a_misspelt_level_or_format_is_a_mistake(level: str, form: Any) -> None:
    with pytest.raises(ValueError, match=r"LOUD|xml"):
        configure(level, form)


def test_loggers_are_kindlings() -> None:
    assert get_logger().name == "kindling"
    assert get_logger("orders").name == "kindling.orders"
    assert get_logger("kindlingx").name == "kindling.kindlingx"
    assert get_logger("kindling_apps.a").name == "kindling_apps.a"


# Captures


def captured(file: Path) -> list[str]:
    return [json.loads(line)["message"] for line in file.read_text().splitlines()] if file.exists() else []


def test_runs_side_by_side_are_captured_apart(tmp_path: Path) -> None:
    meeting = threading.Barrier(2)

    def work(run_id: str) -> None:
        with bind(run_id=run_id), capture_to(tmp_path / run_id):
            meeting.wait(30)
            for _ in range(50):
                get_logger("kindling.x").info(run_id)
            meeting.wait(30)

    threads = [threading.Thread(target=work, args=(run_id,)) for run_id in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run_id in ("one", "two"):
        assert captured(tmp_path / run_id) == [run_id] * 50


def test_no_record_is_lost_where_another_run_ends_while_it_is_logged(tmp_path: Path) -> None:
    other = capture_to([].append, run_id="other")

    class Ending(logging.Handler):
        """Ends the other run at the worst moment: while the root's handlers are gone through."""

        def emit(self, record: logging.LogRecord) -> None:
            other.__exit__(None, None, None)

    ending = Ending()
    with alone():
        other.__enter__()
        logging.getLogger().addHandler(ending)
        with bind(run_id="mine"), capture_to(tmp_path / "log"):
            get_logger("kindling.x").info("heard")
        logging.getLogger().removeHandler(ending)
    assert captured(tmp_path / "log") == ["heard"]


def test_a_run_inside_a_run_keeps_its_records_to_itself(tmp_path: Path) -> None:
    logger = get_logger("kindling.x")
    with bind(run_id="outer"), capture_to(tmp_path / "outer"):
        logger.info("before")
        with bind(run_id="inner"), capture_to(tmp_path / "inner"):
            logger.info("inside")
        logger.info("after")
    logger.info("outside")
    assert captured(tmp_path / "outer") == ["before", "after"]
    assert captured(tmp_path / "inner") == ["inside"]


def test_a_plain_thread_of_the_only_run_belongs_to_it(tmp_path: Path) -> None:
    with bind(run_id="r", app="orders"), capture_to(tmp_path / "log"):
        thread = threading.Thread(target=get_logger("kindling.x").info, args=("from a thread",))
        thread.start()
        thread.join()
    (line,) = (json.loads(text) for text in (tmp_path / "log").read_text().splitlines())
    assert (line["message"], line["run_id"], line["app"], line["event"]) == ("from a thread", "r", "orders", "log")


def test_a_capture_has_a_level_of_its_own(tmp_path: Path) -> None:
    out = io.StringIO()
    with configure("WARNING", "json", out), bind(run_id="r"), capture_to(tmp_path / "log", level="DEBUG"):
        get_logger("kindling.x").debug("detail")
        logging.getLogger("some.library").info("their detail")
        logging.getLogger("some.library").warning("their warning")
    assert captured(tmp_path / "log") == ["detail", "their warning"]
    assert [line["message"] for line in lines(out)] == ["their warning"]


def test_a_run_that_says_nothing_has_no_file(tmp_path: Path) -> None:
    with bind(run_id="r"), capture_to(tmp_path / "log"):
        pass
    with capture_to(None):
        get_logger("kindling.x").info("nowhere")
    assert list(tmp_path.iterdir()) == []


def test_a_log_may_be_taken_by_a_function() -> None:
    taken: list[Any] = []
    with bind(run_id="r"), capture_to(taken.append):
        get_logger("kindling.x").info("hello")
    assert [(line["event"], line["message"]) for line in taken] == [("log", "hello")]


def test_a_log_that_cannot_be_written_is_said_once_and_the_work_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with bind(run_id="r"), capture_to(tmp_path / "missing" / "log"):
        for _ in range(3):
            get_logger("kindling.x").info("hello")
    assert capsys.readouterr().err.count("is not complete") == 1


def test_several_writers_do_not_mix_within_a_line(tmp_path: Path) -> None:
    file = tmp_path / "log"
    program = (
        "import sys; from kindling.telemetry.logs import *\n"
        "with bind(run_id='r'), capture_to(sys.argv[1]):\n"
        "    for n in range(200): get_logger('kindling.x').info('x' * 500)"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(file)]) for _ in range(2)]
    for child in children:
        assert child.wait(60) == 0
    assert captured(file) == ["x" * 500] * 400


def test_importing_it_is_cheap() -> None:
    program = "import sys; import kindling.telemetry.logs; print(*sorted(sys.modules))"
    # Without measuring its coverage, which loads most of the standard library.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    heavy = {"asyncio", "subprocess", "tempfile", "uuid", "logging.handlers", "logging.config", "queue", "socket"}
    assert not heavy & set(loaded)
    assert os.name
