"""Run records in files: one JSON file for each run, replaced atomically, and one file of events in JSON lines.

::

    <root>/runs/2026-11-21/20261121t113105123-00k3v9x2ab.json    the record
    <root>/runs/2026-11-21/20261121t113105123-00k3v9x2ab.jsonl   events, and what the run logged

What is on the disk when: a record is synchronised with the disk when its state changes, not when it is made and not
when its progress changes; events never are. A power failure can so lose a run that had just begun, and the end of the
events, and never the end of a run that somebody was told of. A killed process loses nothing that it has written.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kindling import atomic, redaction
from kindling.errors import RunNotFound, RunStoreError
from kindling.runs.identity import folder_of, is_run_id
from kindling.runs.record import RunRecord, plain
from kindling.values import RunState

#: Seconds between two looks at a file that is followed.
_PAUSE = 0.1
#: Seconds after which what a killed writer left among the records is deleted by whoever lists them.
_LEFT_FOR = 3600.0


class FileRunStore:
    """Run records below a folder, shared by any number of processes.

    Args:
        root: The folder (``.kindling`` of a project). It is made when the first record is written.

    Example:
        >>> import tempfile
        >>> from kindling.runs.identity import new_run_id
        >>> store = FileRunStore(tempfile.mkdtemp())
        >>> store.create(RunRecord(run_id=new_run_id(), name="orders"))
        >>> store.get("last").name
        'orders'
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._runs = os.path.join(os.fspath(root), "runs")  # noqa: PTH118 - text, on the path of every run
        self._made: set[str] = set()
        self._states: dict[str, RunState] = {}
        self._whole: set[str] = set()
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """The folder with one folder for each day."""
        return Path(self._runs)

    def create(self, record: RunRecord) -> None:
        """See RunStore."""
        path = self._path(record.run_id, ".json")
        if os.path.lexists(path):
            raise RunStoreError(
                f"there is a record of run {record.run_id} already",
                code="KDL-RUN-044",
                context={"run_id": record.run_id},
            )
        self._write(record, path, is_new=True)

    def update(self, record: RunRecord) -> None:
        """See RunStore."""
        self._write(record, self._path(record.run_id, ".json"))

    def append_event(self, run_id: str, event: Mapping[str, Any]) -> None:
        """See RunStore."""
        path = self._path(run_id, ".jsonl")
        kept = redaction.redact_value(plain({"time": datetime.now(timezone.utc).isoformat(), **event}))
        line = json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            self._make_folder(path)
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                if run_id not in self._whole:
                    # A writer may have died in the middle of a line; ours must not become the rest of it.
                    if _ends_torn(descriptor):
                        line = b"\n" + line
                    self._whole.add(run_id)
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unwritable(error, path) from error

    def get(self, run_id: str) -> RunRecord:
        """See RunStore."""
        return self._read(self._resolve(run_id))

    def list(
        self,
        *,
        limit: int | None = None,
        state: RunState | str | None = None,
        name: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[RunRecord]:
        """See RunStore."""
        wanted = None if state is None else RunState(state)
        if limit is not None and limit <= 0:
            return
        for run_id in self._ids(since):
            try:
                record = self._read(run_id)
            except RunNotFound:
                continue  # deleted since the folder was read
            except RunStoreError as error:
                import logging

                logging.getLogger("kindling.runs").warning("%s (left out of the list)", error.message)
                continue
            if matches(record, wanted, name, since):
                yield record
                if limit is not None:
                    limit -= 1
                    if limit == 0:
                        return

    def events(self, run_id: str, *, follow: bool = False) -> Iterator[dict[str, Any]]:
        """See RunStore."""
        return self._events(self._resolve(run_id), follow)

    def log_path(self, run_id: str) -> Path | None:
        """See RunStore."""
        return Path(self._path(run_id, ".jsonl"))

    def close(self) -> None:
        """See RunStore."""

    # Paths

    def _path(self, run_id: str, suffix: str) -> str:
        if not is_run_id(run_id):
            raise RunNotFound(
                f"{run_id!r} is not a run id",
                context={"run_id": run_id},
                suggestions=["`kindling runs list` shows them; `last` is the newest"],
            )
        return os.path.join(self._runs, folder_of(run_id), run_id + suffix)  # noqa: PTH118

    def _resolve(self, text: str) -> str:
        """Return the id that a text means: an id, the beginning of one, or `last`."""
        if is_run_id(text) and os.path.lexists(self._path(text, ".json")):
            return text
        found: list[str] = []
        if text == "last":
            for run_id in self._ids(None):
                found = [run_id]
                break
        elif len(text) >= 4 and text.replace("-", "").isalnum():
            found = [run_id for run_id in self._ids(None) if run_id.startswith(text)]
        if len(found) == 1:
            return found[0]
        if text == "last":
            message = "there is no run yet"
        elif found:
            message = f"{len(found)} runs begin with {text!r}"
        else:
            message = f"there is no run {text!r}"
        raise RunNotFound(
            message,
            context={"run_id": text, "folder": self._runs},
            suggestions=["`kindling runs list` shows the runs of this project"],
        )

    def _ids(self, since: datetime | None) -> Iterator[str]:
        """Yield ids, newest first, one folder after the other."""
        oldest = "" if since is None else since.astimezone(timezone.utc).date().isoformat()
        for day in sorted(self._names(self._runs), reverse=True):
            if len(day) != 10 or day < oldest:
                continue
            folder = os.path.join(self._runs, day)  # noqa: PTH118
            names = self._names(folder)
            if any(atomic.is_reserved(name) for name in names):
                atomic.sweep(folder, older_than=_LEFT_FOR)
            yield from sorted(
                (name[:-5] for name in names if name.endswith(".json") and is_run_id(name[:-5])), reverse=True
            )

    def _names(self, folder: str) -> tuple[str, ...]:
        try:
            return tuple(os.listdir(folder))  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise RunStoreError(
                f"the folder of runs cannot be read: {error.strerror}: {folder}",
                context={"folder": folder},
                suggestions=["check who may read the folder"],
            ) from error

    # Records

    def _write(self, record: RunRecord, path: str, *, is_new: bool = False) -> None:
        if record.log is None:
            record = record.changed(log=path + "l")
        data = json.dumps(record.to_dict(), ensure_ascii=False).encode("utf-8", "replace")
        with self._lock:
            known = self._states.get(record.run_id)
            durable = not is_new and known is not record.state
            if record.state.is_final:
                self._states.pop(record.run_id, None)
                self._whole.discard(record.run_id)
            else:
                self._states[record.run_id] = record.state
        try:
            self._make_folder(path)
            try:
                atomic.write_atomically(path, data, durable=durable)
            except FileNotFoundError:  # somebody cleaned up the folder since
                self._made.clear()
                self._make_folder(path)
                atomic.write_atomically(path, data, durable=durable)
        except OSError as error:
            raise self._unwritable(error, path) from error

    def _make_folder(self, path: str) -> None:
        folder = os.path.dirname(path)  # noqa: PTH120
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            self._made.add(folder)

    def _unwritable(self, error: OSError, path: str) -> RunStoreError:
        self._made.clear()
        return RunStoreError(
            f"the record of the run cannot be written: {error.strerror or error}: {path}",
            context={"path": path},
            suggestions=["make the folder writable, or free some space"],
        )

    def _read(self, run_id: str) -> RunRecord:
        record = self._parse(run_id)
        if record.state.is_final or record.owner is None:
            return record
        alive = record.owner.is_alive()
        if alive:
            return record
        dead = alive is False
        # Its last word may have come between our reading the record and our looking for its process.
        record = self._parse(run_id)
        if record.state.is_final:
            return record
        verdict = _verdict(record, dead, self._last_sign(run_id))
        if verdict is not record and dead:
            # Kept, so that a run that failed at three does not read as timed out at nine.
            with contextlib.suppress(RunStoreError):
                self.update(verdict)
        return verdict

    def _parse(self, run_id: str) -> RunRecord:
        path = self._path(run_id, ".json")
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                data = file.read()
        except FileNotFoundError:
            raise RunNotFound(
                f"there is no run {run_id!r}",
                context={"run_id": run_id, "folder": self._runs},
                suggestions=["`kindling runs list` shows the runs of this project"],
            ) from None
        except OSError as error:
            raise RunStoreError(
                f"the record of the run cannot be read: {error.strerror}: {path}", context={"path": path}
            ) from error
        try:
            record = RunRecord.from_dict(json.loads(data))
            # The project may have been moved since.
            ours = record.log is not None and record.log.endswith(run_id + ".jsonl")
            return record.changed(log=path + "l") if ours else record
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunStoreError(
                f"the record of run {run_id} is damaged: {path}: {error}",
                code="KDL-RUN-042",
                context={"run_id": run_id, "path": path},
                suggestions=[
                    "its events are in the file beside it that ends in .jsonl; delete the record to be rid of it"
                ],
            ) from error

    def _last_sign(self, run_id: str) -> datetime | None:
        latest = 0.0
        for suffix in (".json", ".jsonl"):
            with contextlib.suppress(OSError):
                latest = max(latest, os.stat(self._path(run_id, suffix)).st_mtime)  # noqa: PTH116
        return datetime.fromtimestamp(latest, timezone.utc) if latest else None

    # Events

    def _events(self, run_id: str, follow: bool) -> Iterator[dict[str, Any]]:
        path = self._path(run_id, ".jsonl")
        position = 0
        while True:
            # Asked before reading: what was written before the end is then read in this turn.
            ended = not follow or self._read(run_id).state.is_final
            data = _read_from(path, position)
            whole = len(data) if ended else data.rfind(b"\n") + 1
            for line in data[:whole].split(b"\n"):
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # empty, or torn by a writer that died
                if isinstance(event, dict):
                    yield event
            position += whole
            if ended:
                return
            if not whole:
                time.sleep(_PAUSE)


def matches(record: RunRecord, state: RunState | None, name: str | None, since: datetime | None) -> bool:
    """Whether a record is among those that a list asks for."""
    return (
        (state is None or record.state is state)
        and (name is None or record.name == name)
        and (since is None or record.created_at >= since)
    )


def _verdict(record: RunRecord, dead: bool, last_sign: datetime | None) -> RunRecord:
    """Return what can be said of a run whose owner does not live, or is not to be seen from here."""
    late = record.deadline is not None and datetime.now(timezone.utc) >= record.deadline
    if not dead and not late:
        return record
    owner = record.owner
    assert owner is not None
    place = f"process {owner.pid} on {owner.host}"
    if late:
        state, code, message = (
            RunState.TIMED_OUT,
            "KDL-RUN-004",
            f"the deadline has passed, and {place} " + ("has ended" if dead else "does not say how the run ended"),
        )
    else:
        state, code, message = RunState.FAILED, "KDL-RUN-043", f"{place} ended without saying how the run ended"
    error: dict[str, Any] = {"type": "RunStoreError", "code": code, "message": message}
    if last_sign is not None:
        error["last_sign_of_life"] = last_sign.isoformat()
    return record.changed(state=state, ended_at=last_sign, error=record.error or error)


def _ends_torn(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if not size:
        return False
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"


def _read_from(path: str, position: int) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""
