"""Masks log records as they are made, so that handlers which are not Kindling's show no secret either.

Notebooks and platforms have handlers of their own on the root logger, and their formatters know nothing of redaction.
While logs are shown or captured by Kindling, a record whose message or traceback holds a registered secret is made with
the masked text in its place. Other records stay as they are. What comes by ``extra=`` is not seen here: Kindling's own
formatters mask that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from kindling import redaction
from kindling.telemetry.context import current

_lock = threading.Lock()
_users = 0
_installed: Callable[..., logging.LogRecord] | None = None
_plain = logging.Formatter()


def start() -> None:
    """Mask records from now on, until ``stop`` was called as often as this."""
    global _users, _installed
    with _lock:
        _users += 1
        if _installed is None:
            _installed = _factory_over(logging.getLogRecordFactory())
            logging.setLogRecordFactory(_installed)


def stop() -> None:
    """Undo one ``start``."""
    global _users, _installed
    with _lock:
        _users -= 1
        if _users == 0 and _installed is not None:
            if logging.getLogRecordFactory() is _installed:
                logging.setLogRecordFactory(_installed.__wrapped__)  # type: ignore[attr-defined]
            # Otherwise somebody's factory lies over ours, which stays below it and passes records through.
            _installed = None


def _factory_over(factory: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def masked(*arguments: Any, **keywords: Any) -> logging.LogRecord:
        record = factory(*arguments, **keywords)
        if _users:
            # Where it was logged; a handler may format it in another thread.
            record.__dict__.setdefault("kindling_fields", current())
            if redaction.is_needed():
                _mask(record)
        return record

    masked.__wrapped__ = factory  # type: ignore[attr-defined]
    return masked


def _mask(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except Exception as error:  # noqa: BLE001 - because the arguments of a log call may fail in any way
        # Handlers would print the arguments as they are, with their complaint.
        record.msg, record.args = redaction.redact(f"{record.msg!s} ({type(error).__name__} in its arguments)"), ()
    else:
        shown = redaction.redact(message)
        if shown != message:
            record.msg, record.args = shown, ()
    if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
        text = _plain.formatException(record.exc_info)
        shown = redaction.redact(text)
        if shown != text:
            record.exc_text = shown  # formatters show this, and do not make it anew
    if record.stack_info:
        record.stack_info = redaction.redact(record.stack_info)
