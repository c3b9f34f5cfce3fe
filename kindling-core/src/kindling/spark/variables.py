"""Environment variables that a native library reads while it starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def variables_set(**variables: str) -> Iterator[None]:
    """Set environment variables for a block, and put back what was there.

    Args:
        **variables: Values by name.

    Example:
        >>> with variables_set(KINDLING_EXAMPLE="1"):
        ...     os.environ["KINDLING_EXAMPLE"]
        '1'
        >>> "KINDLING_EXAMPLE" in os.environ
        False
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
