"""What every log record of a run carries: run, app, platform, environment, correlation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

#: The fields that every record has, empty where they are not bound, in the order in which they are shown.
FIELDS = ("run_id", "app", "platform", "environment", "correlation_id")

_bound: ContextVar[Mapping[str, str]] = ContextVar("kindling_telemetry", default={})  # noqa: B039 - never changed


def current() -> Mapping[str, str]:
    """Return the fields that are bound here. Do not change it.

    Example:
        >>> with bind(app="orders"):
        ...     dict(current())
        {'app': 'orders'}
    """
    return _bound.get()


@contextmanager
def bind(**fields: str | None) -> Iterator[None]:
    """Put fields on every log record until the block ends: in this thread, task, and what is started from it.

    A plain ``threading.Thread`` does not inherit them (before Python 3.14); ``contextvars.copy_context().run`` does.

    Args:
        fields: ``run_id``, ``app``, ``platform``, ``environment``, ``correlation_id``, or names of one's own. None
            takes a field away.

    Example:
        >>> with bind(run_id="20261121t113105123-00k3v9x2ab", app="orders"):
        ...     with bind(app="customers"):
        ...         current()["app"], current()["run_id"]
        ('customers', '20261121t113105123-00k3v9x2ab')
        >>> dict(current())
        {}
    """
    merged = {**_bound.get(), **fields}
    token = _bound.set({name: value for name, value in merged.items() if value is not None})
    try:
        yield
    finally:
        _bound.reset(token)
