"""What belongs to the whole process: environment variables, working directory, logging.

Apps may change them. They are put back after the outermost run: runs inside of each other or beside each other share
the process, so that none of them can put anything back while another still works with it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kindling.telemetry.logs import put_back_handlers

_lock = threading.RLock()
_running = 0
_before: _Snapshot | None = None


@contextmanager
def kept() -> Iterator[None]:
    """Put environment variables, working directory and logging back after the block, if it is the outermost one.

    Example:
        >>> with kept():
        ...     os.environ["OF_THE_APP"] = "1"
        >>> "OF_THE_APP" in os.environ
        False
    """
    _enter()
    try:
        yield
    finally:
        _leave()


@contextmanager
def lasting() -> Iterator[None]:
    """Let changes made inside the block outlive the run: what the framework opens for later runs too, as Spark.

    Only environment variables count: they are what such openings leave behind.

    Example:
        >>> with kept():
        ...     with lasting():
        ...         os.environ["OF_THE_FRAMEWORK"] = "1"
        >>> os.environ.pop("OF_THE_FRAMEWORK")
        '1'
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        with _lock:
            if _before is not None:
                now = dict(os.environ)
                for name in before.keys() | now.keys():
                    if before.get(name) != now.get(name):
                        _before.set_variable(name, now.get(name))


def _enter() -> None:
    global _running, _before
    with _lock:
        if _running == 0:
            _before = _Snapshot()
        _running += 1


def _leave() -> None:
    global _running, _before
    with _lock:
        _running -= 1
        if _running == 0 and _before is not None:
            before, _before = _before, None
            before.restore()


class _Snapshot:
    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._folder = _here()
        self._disabled = logging.root.manager.disable
        self._loggers = {name: _LoggerState(logger) for name, logger in _loggers()}

    def set_variable(self, name: str, value: str | None) -> None:
        if value is None:
            self._environment.pop(name, None)
        else:
            self._environment[name] = value

    def restore(self) -> None:
        now = dict(os.environ)
        for name in now.keys() - self._environment.keys():
            del os.environ[name]
        for name, value in self._environment.items():
            if now.get(name) != value:
                os.environ[name] = value
        if self._folder is not None:
            # It may be gone meanwhile: then the app's own folder is as good as any.
            with suppress(OSError):
                if _here() != self._folder:
                    os.chdir(self._folder)
        added: list[logging.Handler] = []
        for name, logger in _loggers():
            state = self._loggers.get(name)
            if state is not None:
                added += state.restore(logger)
        if logging.root.manager.disable != self._disabled:
            logging.disable(self._disabled)
        _close_unused(added)


class _LoggerState:
    __slots__ = ("_disabled", "_filters", "_handlers", "_level", "_propagate")

    def __init__(self, logger: logging.Logger) -> None:
        self._level = logger.level
        self._handlers = list(logger.handlers)
        self._filters = list(logger.filters)
        self._propagate = logger.propagate
        self._disabled = logger.disabled

    def restore(self, logger: logging.Logger) -> list[logging.Handler]:
        """Put a logger back, and return the handlers that it had too many."""
        if logger.level != self._level:
            logger.setLevel(self._level)
        if logger is logging.root:
            added = put_back_handlers(self._handlers)
        else:
            added = [handler for handler in logger.handlers if handler not in self._handlers]
            if added or logger.handlers != self._handlers:
                # A list of its own: another thread may be going through the one that is there.
                logger.handlers = list(self._handlers)
        logger.filters[:] = self._filters
        logger.propagate = self._propagate
        logger.disabled = self._disabled
        return added


def _loggers() -> list[tuple[str, logging.Logger]]:
    known: dict[str, Any] = dict(logging.root.manager.loggerDict)
    found: list[tuple[str, logging.Logger]] = [("", logging.root)]
    found += [(name, logger) for name, logger in known.items() if isinstance(logger, logging.Logger)]
    return found


def _close_unused(handlers: list[logging.Handler]) -> None:
    used = {id(handler) for _, logger in _loggers() for handler in logger.handlers}
    for handler in handlers:
        # A file that the app logs to would stay open for the life of the process. Streams are not closed by this.
        if id(handler) not in used:
            with suppress(OSError, ValueError):
                handler.close()


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # somebody removed it
        return None
