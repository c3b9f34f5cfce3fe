"""Standalone mode: ``python main.py`` in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindling.errors import UnsupportedOperation

if TYPE_CHECKING:
    from kindling.apps.context import AppContext
    from kindling.apps.executor import ExecutableApp
    from kindling.apps.limits import RunControl


def execute(app: ExecutableApp, context: AppContext, control: RunControl, *, in_this_process: bool) -> Any:
    """Execute an app standalone."""
    raise UnsupportedOperation("standalone mode is not there yet")
