"""Live progress in a notebook: one line under the cell, drawn again with each report of the app."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from html import escape
from typing import Any

from kindling import redaction


class LiveProgress:
    """A line with a bar under a notebook's cell. Takes progress reports by being called.

    Args:
        app: Name of the app.
        display: IPython's module ``display``.
    """

    def __init__(self, app: str, display: Any) -> None:
        self._app = app
        self._display = display
        self._handle: Any = None

    def __call__(self, report: Mapping[str, Any]) -> None:
        """Draw a report. The first one makes the line."""
        self._draw(line(self._app, report.get("fraction"), str(report.get("message", ""))))

    def finish(self, state: str) -> None:
        """Say how the run ended, where a line was drawn at all."""
        if self._handle is not None:
            self._draw(line(self._app, 1.0 if state == "SUCCEEDED" else None, state))

    def _draw(self, html: str) -> None:
        shown = self._display.HTML(html)
        if self._handle is None:
            self._handle = self._display.display(shown, display_id=True)
        else:
            self._handle.update(shown)


def live_progress(app: str, *, mode: str) -> LiveProgress | None:
    """Return what draws the progress of a run, or None where there is no notebook to draw in.

    Args:
        app: Name of the app.
        mode: Mode of the run; only an interactive one is watched by somebody.
    """
    # IPython is imported already where this is a notebook; elsewhere it must not be. In a terminal it cannot redraw.
    shell = sys.modules.get("IPython")
    if mode != "interactive" or shell is None or not hasattr(shell.get_ipython(), "kernel"):
        return None
    import IPython.display as display

    return LiveProgress(app, display)


def line(app: str, fraction: float | None, message: str) -> str:
    """Return the line as HTML; the bar is an element that screen readers know.

    Example:
        >>> line("orders", 0.5, "reading <3> tables")
        '<div>orders <progress value="0.5" max="1"></progress> 50% reading &lt;3&gt; tables</div>'
    """
    bar = "" if fraction is None else f' <progress value="{fraction:g}" max="1"></progress> {fraction:.0%}'
    return f"<div>{escape(app)}{bar} {escape(redaction.redact(message))}</div>"
