"""Where the records of runs are kept: the interface, and the one in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from kindling import redaction
from kindling.errors import RunNotFound, RunStoreError
from kindling.runs.files import FileRunStore as FileRunStore
from kindling.runs.files import matches
from kindling.runs.record import RunRecord, plain
from kindling.values import RunState

#: What may be given instead of a run id: the newest run.
LAST = "last"


@runtime_checkable
class RunStore(Protocol):
    """Where the records of runs are kept. Thread-safe; several processes may use one place.

    Example:
        >>> from kindling.runs.identity import new_run_id
        >>> store: RunStore = MemoryRunStore()
        >>> record = RunRecord(run_id=new_run_id(), name="orders", state=RunState.RUNNING)
        >>> store.create(record)
        >>> store.append_event(record.run_id, {"event": "progress", "fraction": 0.5})
        >>> store.update(record.changed(state=RunState.SUCCEEDED, result={"rows": 3}))
        >>> store.get("last").result
        {'rows': 3}
        >>> [event["fraction"] for event in store.events(record.run_id)]
        [0.5]
    """

    def create(self, record: RunRecord) -> None:
        """Keep a new record.

        Raises:
            RunStoreError: KDL-RUN-041, it cannot be written; KDL-RUN-044, there is one by this id.
        """

    def update(self, record: RunRecord) -> None:
        """Keep a record in place of the one by its id. A change of state survives a power failure from then on.

        Raises:
            RunStoreError: KDL-RUN-041, it cannot be written.
        """

    def append_event(self, run_id: str, event: Mapping[str, Any]) -> None:
        """Add an event to a run. It gets a ``time`` if it has none; by its ``event`` it is told from others.

        Args:
            run_id: The run.
            event: Plain data; secrets are masked.

        Raises:
            RunStoreError: KDL-RUN-041, it cannot be written.
        """

    def get(self, run_id: str) -> RunRecord:
        """Return a record. One whose owner died reads FAILED, or TIMED_OUT where its deadline has passed.

        Args:
            run_id: A run id, the beginning of one if it is the only one that begins so, or ``last``.

        Raises:
            RunNotFound: KDL-RUN-040, there is none, or several begin so.
            RunStoreError: KDL-RUN-042, the record is damaged.
        """

    def list(
        self,
        *,
        limit: int | None = None,
        state: RunState | str | None = None,
        name: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[RunRecord]:
        """Iterate over records, newest first. Lazy: what is not asked for is not read. A damaged one is left out.

        Args:
            limit: At most so many.
            state: Only those in this state.
            name: Only those of this name.
            since: Only those made at this time or later; with a time zone.
        """

    def events(self, run_id: str, *, follow: bool = False) -> Iterator[dict[str, Any]]:
        """Iterate over the events of a run, oldest first, what was logged among them (``"event": "log"``).

        Args:
            run_id: As in ``get``.
            follow: Go on, waiting for more, until the run has ended.

        Raises:
            RunNotFound: KDL-RUN-040.
        """

    def log_path(self, run_id: str) -> Path | None:
        """Return the file to which a run's log may be written as JSON lines; None where this store has no files."""

    def close(self) -> None:
        """Give back what is held open."""


class MemoryRunStore:
    """Run records in memory: for tests, and where nothing can be written.

    Example:
        >>> [record.name for record in MemoryRunStore().list()]
        []
    """

    def __init__(self) -> None:
        self._records: dict[str, RunRecord] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._changed = threading.Condition()

    def create(self, record: RunRecord) -> None:
        """See RunStore."""
        with self._changed:
            if record.run_id in self._records:
                raise RunStoreError(
                    f"there is a record of run {record.run_id} already",
                    code="KDL-RUN-044",
                    context={"run_id": record.run_id},
                )
        self.update(record)

    def update(self, record: RunRecord) -> None:
        """See RunStore."""
        kept = RunRecord.from_dict(record.to_dict())  # what a file would give back: masked, plain, nobody else's
        with self._changed:
            self._records[record.run_id] = kept
            self._events.setdefault(record.run_id, [])
            self._changed.notify_all()

    def append_event(self, run_id: str, event: Mapping[str, Any]) -> None:
        """See RunStore."""
        kept = redaction.redact_value(plain({"time": datetime.now(timezone.utc).isoformat(), **event}))
        assert isinstance(kept, dict)
        with self._changed:
            self._events.setdefault(run_id, []).append(kept)
            self._changed.notify_all()

    def get(self, run_id: str) -> RunRecord:
        """See RunStore."""
        with self._changed:
            if run_id == LAST and self._records:
                return self._records[max(self._records)]
            found = [run_id] if run_id in self._records else [key for key in self._records if key.startswith(run_id)]
            if len(found) == 1:
                return self._records[found[0]]
        raise RunNotFound(f"there is no run {run_id!r}", context={"run_id": run_id})

    def list(
        self,
        *,
        limit: int | None = None,
        state: RunState | str | None = None,
        name: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[RunRecord]:
        """See RunStore."""
        with self._changed:
            records = [self._records[key] for key in sorted(self._records, reverse=True)]
        wanted = None if state is None else RunState(state)
        for record in records:
            if limit is not None and limit <= 0:
                return
            if matches(record, wanted, name, since):
                limit = None if limit is None else limit - 1
                yield record

    def events(self, run_id: str, *, follow: bool = False) -> Iterator[dict[str, Any]]:
        """See RunStore."""
        return self._iterate(self.get(run_id).run_id, follow)

    def log_path(self, run_id: str) -> Path | None:
        """See RunStore."""
        return None

    def close(self) -> None:
        """See RunStore."""

    def _iterate(self, key: str, follow: bool) -> Iterator[dict[str, Any]]:
        position = 0
        while True:
            with self._changed:
                while follow and position == len(self._events[key]) and not self._records[key].state.is_final:
                    self._changed.wait()
                new = self._events[key][position:]
                position += len(new)
            yield from new
            if not new:
                return
