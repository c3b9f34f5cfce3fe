"""A run that has ended, as its caller gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kindling import redaction
from kindling.errors import PluginError
from kindling.values import RunState

if TYPE_CHECKING:
    from kindling.apps.surroundings import Surroundings
    from kindling.runs.record import RunRecord
    from kindling.runs.store import RunStore

_LONGEST_REPR = 2_000


class Run:
    """A run of an app: its result, its log, its record.

    Args:
        record: The record as it was written last.
        result: What the app returned, as it was; None where it failed.
        store: Where the record and its events are kept.
        error: What the run failed with.
        surroundings: Shows results as the platform does.

    Example:
        >>> from kindling.testing.apps import app_project
        >>> with app_project({"hello": "result = 6 * 7"}) as project:
        ...     run = project.apps.run("hello")
        ...     run.result, run.state.value
        (42, 'SUCCEEDED')
    """

    def __init__(
        self,
        record: RunRecord,
        *,
        result: Any = None,
        store: RunStore | None = None,
        error: BaseException | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self.record = record
        self.result = result
        self.error = error
        self._store = store
        self._surroundings = surroundings

    @property
    def run_id(self) -> str:
        """Id of the run; ids sort by time."""
        return self.record.run_id

    @property
    def app(self) -> str:
        """Name of the app."""
        return self.record.name

    @property
    def state(self) -> RunState:
        """How the run ended."""
        return self.record.state

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters as they were recorded, secrets masked."""
        return self.record.parameters

    @property
    def duration(self) -> float | None:
        """Seconds from start to end, or None where it has not ended."""
        return self.record.duration

    @property
    def log(self) -> str:
        """What the run logged, a line for each record, secrets masked."""
        return "\n".join(line for event in self.events() if (line := _log_line(event)))

    def events(self) -> list[dict[str, Any]]:
        """Return what was recorded while it ran: states, progress, log records."""
        return [] if self._store is None else list(self._store.events(self.run_id))

    def show(self) -> None:
        """Show how the run ended and its result, as the platform shows things: tables in a notebook, text elsewhere."""
        print(self.summary())  # noqa: T201 - showing is what this is for
        if self.result is None:
            return
        try:
            if self._surroundings is not None:
                self._surroundings.display(self.result)
                return
        except PluginError:
            pass  # the platform's plugin is not there, as in a test: then as text
        print(self.result)  # noqa: T201 - showing is what this is for

    def summary(self) -> str:
        """Return in one line what ran, how it ended, and how long it took."""
        took = "" if self.duration is None else f" in {self.duration:.1f} s"
        error = self.record.error
        because = f": {error.get('code', '')} {error.get('message', '')}".rstrip() if error else ""
        return redaction.redact(f"{self.app} {self.state}{took}  ({self.run_id}){because}")

    def __repr__(self) -> str:
        return f"<Run {self.summary()}>"

    def _repr_html_(self) -> str:
        from html import escape

        rows: list[tuple[str, object]] = [
            ("run", self.run_id),
            ("environment", f"{self.record.platform} · {self.record.environment}"),
            ("parameters", ", ".join(f"{name}={value}" for name, value in self.parameters.items()) or "none"),
        ]
        if self.record.error:
            rows.append(("error", f"{self.record.error.get('code', '')} {self.record.error.get('message', '')}"))
        elif self.result is not None:
            rows.append(("result", _short_repr(self.result)))
        took = "" if self.duration is None else f" · {self.duration:.1f} s"
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>"
            f"{escape(redaction.redact(str(value)))}</td></tr>"
            for name, value in rows
        )
        return f"<div><b>{escape(self.app)}</b> {escape(str(self.state))}{took}<table>{cells}</table></div>"

    def __getstate__(self) -> dict[str, Any]:
        # An error carries its run, and errors travel between processes: stores and frameworks do not.
        return {**self.__dict__, "_store": None, "_surroundings": None, "result": None, "error": None}


def _short_repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - because a result's repr is the app's code, and the app has succeeded
        text = f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    return redaction.redact(text if len(text) <= _LONGEST_REPR else text[: _LONGEST_REPR - 1] + "…")


def _log_line(event: Mapping[str, Any]) -> str:
    if event.get("event") != "log":
        return ""
    line = f"{event.get('time', '')} {event.get('level', '')} {event.get('message', '')}".strip()
    return f"{line}\n{event['traceback']}" if event.get("traceback") else line
