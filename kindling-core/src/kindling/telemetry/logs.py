"""Structured logging: to a terminal or as JSON lines, and into the log of a run; secrets masked in one place.

Loggers are the standard library's. Kindling's are called ``kindling…``, the modules of apps ``kindling_apps…``, and
what they say at the level that was configured is shown; of other libraries, warnings and worse.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from types import TracebackType
from typing import IO, Any, Literal

from kindling import redaction
from kindling.telemetry import masking
from kindling.telemetry.context import FIELDS, current
from kindling.telemetry.context import bind as bind

#: The trees of loggers whose level `configure` and `capture_to` set.
_OURS = ("kindling", "kindling_apps", "kindling_local", "kindling_fabric", "kindling_synapse", "kindling_databricks")

#: What `logging` itself puts on a record; anything beside came by `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "kindling_fields"}

_lock = threading.RLock()
_configured: _Configured | None = None


def get_logger(name: str = "kindling") -> logging.Logger:
    """Return a logger of Kindling's.

    Args:
        name: ``kindling`` or a name below it; another name is put below it.

    Example:
        >>> get_logger("kindling.storage").name, get_logger("orders").name
        ('kindling.storage', 'kindling.orders')
    """
    return logging.getLogger(name if name.split(".")[0] in _OURS else f"kindling.{name}")


class ConsoleFormatter(logging.Formatter):
    """One line for people: time, level, app or logger, message, further fields.

    Example:
        >>> record = logging.makeLogRecord({"name": "kindling.orders", "levelname": "INFO", "msg": "read", "rows": 3})
        >>> ConsoleFormatter().format(record).split(maxsplit=1)[1]
        'INFO    kindling.orders  read  rows=3'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it, secrets masked."""
        fields = _fields_of(record)
        clock = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        line = f"{clock} {record.levelname:<7} {fields.get('app') or record.name}  {_message(record)}"
        extra = redaction.redact_value(_extra(record))
        assert isinstance(extra, dict)
        if extra:
            line += "  " + " ".join(f"{key}={value}" for key, value in extra.items())
        trace = _trace(record)
        return redaction.redact(f"{line}\n{trace}" if trace else line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs. Every record has time, level, logger, message and the fields of its run.

    Example:
        >>> record = logging.makeLogRecord({"name": "kindling", "levelname": "INFO", "msg": "read", "token": "t"})
        >>> line = json.loads(JsonFormatter().format(record))
        >>> line["message"], line["run_id"], line["extra"]
        ('read', '', {'token': '***'})
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, secrets masked."""
        return json.dumps(self.data_of(record, _fields_of(record)), ensure_ascii=False)

    @staticmethod
    def data_of(record: logging.LogRecord, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return what is said of a record, as plain data, secrets masked.

        Args:
            record: The record.
            fields: What is bound where it was logged.
        """
        data: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="microseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **{name: fields.get(name, "") for name in FIELDS},
        }
        if extra := {**{key: value for key, value in fields.items() if key not in FIELDS}, **_extra(record)}:
            data["extra"] = extra
        if trace := _trace(record):
            data["traceback"] = trace
        # Before JSON escapes anything. The keys of `data` itself are ours; those inside `extra` are masked, too.
        return {key: redaction.redact_value(value) for key, value in data.items()}


def configure(
    level: str | int = "INFO",
    format: Literal["console", "json"] = "console",
    stream: IO[str] | None = None,
) -> _Configured:
    """Show log records. Calling it again replaces what the last call did.

    Args:
        level: From which level on Kindling and apps are shown. Other libraries are shown from WARNING on.
        format: For people or for programs.
        stream: Where to; standard error, as it is when a record comes, where none is given.

    Returns:
        A context manager, whose end (or ``close()``) takes everything back.

    Raises:
        ValueError: there is no such level or format.

    Example:
        >>> import io
        >>> out = io.StringIO()
        >>> with configure("INFO", "json", out), bind(app="orders"):
        ...     get_logger("kindling.orders").info("read %d rows", 3)
        >>> line = json.loads(out.getvalue())
        >>> line["app"], line["message"]
        ('orders', 'read 3 rows')
    """
    global _configured
    if format not in ("console", "json"):
        raise ValueError(f"no such format {format!r}: 'console' or 'json'")
    handler = _Stream(stream)
    handler.setFormatter(JsonFormatter() if format == "json" else ConsoleFormatter())
    checked = logging.Handler(level).level  # raises ValueError where there is no such level
    with _lock:
        if _configured is not None:
            _configured.close()
        _configured = _Configured(handler, checked)
        return _configured


def configuration() -> tuple[int, Literal["console", "json"]] | None:
    """Return from which level on, and in which format, log records are shown; None where they are not.

    Example:
        >>> with configure("INFO", "json"):
        ...     configuration()
        (20, 'json')
    """
    shown = _configured
    return None if shown is None else (shown.level, shown.format)


class _Configured:
    """A handler in place, and the level that it asks for."""

    def __init__(self, handler: logging.Handler, level: int) -> None:
        self._handler = handler
        self.level = level
        self.format: Literal["console", "json"] = "json" if isinstance(handler.formatter, JsonFormatter) else "console"
        handler.addFilter(lambda record: record.levelno >= level or not _is_ours(record))
        _levels.ask(self, level)
        _attach(handler)

    def close(self) -> None:
        """Take the handler away and put the levels back. Calling it again does nothing."""
        global _configured
        with _lock:
            _detach(self._handler)
            _levels.forget(self)
            if _configured is self:
                _configured = None

    def __enter__(self) -> _Configured:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_attached: tuple[logging.Handler, ...] = ()


def put_back_handlers(handlers: Iterable[logging.Handler]) -> list[logging.Handler]:
    """Give the root logger the handlers that it had, and those of this module that belong there now.

    Handlers of this module come and go with their runs: one that was there may have ended meanwhile, and a run beside
    may have brought its own. What somebody removed of them (``basicConfig(force=True)``) comes back.

    Args:
        handlers: What the root logger had.

    Returns:
        The handlers that it had too many.
    """
    root = logging.getLogger()
    with logging._lock:  # type: ignore[attr-defined]
        kept = [each for each in handlers if not isinstance(each, (_Stream, _Capture))]
        kept += _attached
        added = [each for each in root.handlers if each not in kept and not isinstance(each, (_Stream, _Capture))]
        root.handlers = kept
    return added


def _attach(handler: logging.Handler) -> None:
    """Add a handler to the root logger.

    The list is replaced, not changed: a thread that is going through it to log something would pass over a handler
    when another one is taken out before it, and its record would be lost (`Logger.callHandlers` takes no lock).
    """
    global _attached
    root = logging.getLogger()
    with logging._lock:  # type: ignore[attr-defined]
        _attached = (*_attached, handler)
        root.handlers = [*root.handlers, handler]


def _detach(handler: logging.Handler) -> None:
    global _attached
    root = logging.getLogger()
    with logging._lock:  # type: ignore[attr-defined]
        _attached = tuple(each for each in _attached if each is not handler)
        root.handlers = [each for each in root.handlers if each is not handler]


class _Levels:
    """The levels of our loggers: the lowest that anybody asks for, and the user's own again when nobody does.

    A logger drops what is below its level before any handler sees it; so it is set to the lowest, and each handler
    leaves out what is below its own.
    """

    def __init__(self) -> None:
        self._asked: dict[object, int] = {}
        self._before: dict[str, int] = {}

    def ask(self, who: object, level: int) -> None:
        with _lock:
            if not self._asked:
                self._before = {name: logging.getLogger(name).level for name in _OURS}
                masking.start()
            self._asked[who] = level
            self._set()

    def forget(self, who: object) -> None:
        with _lock:
            if self._asked.pop(who, None) is not None:
                self._set()
                if not self._asked:
                    masking.stop()

    def _set(self) -> None:
        least = min(self._asked.values(), default=None)
        for name, before in self._before.items():
            logging.getLogger(name).setLevel(before if least is None else least)


_levels = _Levels()


class _Stream(logging.Handler):
    """Writes to a stream, or to `sys.stderr` as it is when a record comes: it changes in notebooks and tests."""

    def __init__(self, stream: IO[str] | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        stream = self._stream if self._stream is not None else sys.stderr
        if stream is None:
            return  # a program without a console
        try:
            line = self.format(record) + "\n"
        except Exception as error:  # noqa: BLE001 - because what somebody logs may fail as it becomes text
            # Not `handleError`, which prints the record's arguments as they are.
            line = redaction.redact(f"a log record of {record.name} cannot be shown: {error!r}\n")
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it any more
            encoding = getattr(stream, "encoding", None) or "utf-8"
            stream.write(line.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()


class capture_to:
    """Write what is logged meanwhile, in this context, to a file as JSON lines (``"event": "log"``).

    Runs side by side do not mix: a record belongs to the run whose ``run_id`` is bound where it is logged. What comes
    from a thread without one belongs to the run that is captured, if it is the only one. The file is made with the
    first record; a line is written with one call, so that other writers may append to it too.

    Args:
        file: The file to append to; or what takes each record as plain data; or None for nowhere. The file's folder
            has to be there when the first record comes.
        run_id: The run; without it, the one that is bound here.
        level: From which level on Kindling and apps are captured.

    Example:
        >>> import tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "run.jsonl"
        >>> with bind(run_id="r1"), capture_to(file):
        ...     get_logger("kindling.orders").warning("late")
        >>> json.loads(file.read_text())["message"]
        'late'
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | Callable[[Mapping[str, Any]], None] | None,
        *,
        run_id: str | None = None,
        level: str | int = "INFO",
    ) -> None:
        self._file = file
        self._run_id = run_id
        self._level = logging.Handler(level).level
        self._handler: _Capture | None = None

    def __enter__(self) -> capture_to:
        if self._file is not None:
            run_id = self._run_id if self._run_id is not None else current().get("run_id", "")
            write = self._file if callable(self._file) else _Appending(os.fspath(self._file))
            self._handler = _Capture(write, run_id, self._level)
            _captures.add(self._handler, self._level)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handler is not None:
            _captures.remove(self._handler)
            self._handler.close()
            self._handler = None


class _Appending:
    """Appends lines to a file, each with one call, so that several writers do not mix within a line."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._descriptor: int | None = None

    def __call__(self, data: Mapping[str, Any]) -> None:
        line = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._file, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
        os.write(self._descriptor, line)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _Capture(logging.Handler):
    """Gives the records of one run to who keeps them."""

    def __init__(self, write: Callable[[Mapping[str, Any]], object], run_id: str, level: int) -> None:
        super().__init__()
        self.run_id = run_id
        self._least = level
        self._fields = current()
        self._write = write
        self._ended = False
        self._reported = False

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < self._least and _is_ours(record):
            return False
        return _captures.owner_of(_fields_of(record).get("run_id", "")) is self

    def emit(self, record: logging.LogRecord) -> None:
        if self._ended:
            return
        try:
            fields = {**self._fields, **_fields_of(record)}
            self._write({"event": "log", **JsonFormatter.data_of(record, fields)})
        except Exception as error:  # noqa: BLE001 - because a log that cannot be written must not end the run that logs
            # Not `handleError`, which prints the record's arguments as they are.
            if not self._reported and sys.stderr is not None:
                self._reported = True
                sys.stderr.write(redaction.redact(f"warning: the log of this run is not complete: {error}\n"))

    def close(self) -> None:
        with self.lock or _lock:
            self._ended = True
            if isinstance(self._write, _Appending):
                self._write.close()
        super().close()


class _Captures:
    """The captures under way."""

    def __init__(self) -> None:
        self._all: tuple[_Capture, ...] = ()

    def add(self, capture: _Capture, level: int) -> None:
        with _lock:
            self._all = (*self._all, capture)
            _levels.ask(capture, level)
            _attach(capture)

    def remove(self, capture: _Capture) -> None:
        with _lock:
            _detach(capture)
            _levels.forget(capture)
            self._all = tuple(one for one in self._all if one is not capture)

    def owner_of(self, run_id: str) -> _Capture | None:
        """The innermost capture of a run; for a record without a run, that of the only run there is."""
        captures = self._all
        for capture in reversed(captures):
            if run_id and capture.run_id == run_id:
                return capture
        runs = {capture.run_id for capture in captures}
        if len(runs) == 1 and (not run_id or runs == {""}):
            return captures[-1]
        return None


_captures = _Captures()


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".", 1)[0] in _OURS


def _fields_of(record: logging.LogRecord) -> Mapping[str, str]:
    # Kept on the record: a queue or a memory handler may format it in another thread.
    fields = record.__dict__.get("kindling_fields")
    if fields is None:
        fields = record.__dict__["kindling_fields"] = current()
    return fields


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - because the arguments of a log call may fail in any way
        return f"{record.msg!s} ({type(error).__name__} in its arguments)"


def _trace(record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        # Anew, and not into `exc_text`: what is cached there went through no redaction, or another's.
        parts.append(_plain.formatException(record.exc_info))
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


_plain = logging.Formatter()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
