"""What is known of one run."""

from __future__ import annotations

import json
import math
import operator
import os
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from typing import Any

from kindling import redaction
from kindling.frozen import dataclass, field, field_names, replace
from kindling.runs.owner import Owner
from kindling.values import RunState

#: The number of the format on disk. A reader refuses a higher one and says so.
FORMAT = 1
#: Characters of a result, as JSON, that are kept; of a larger one only its ``repr``, cut short.
LARGEST_RESULT = 1_000_000
_LONGEST_REPR = 10_000
_DEEPEST = 50


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What is known of one run. Immutable: ``store.update(record.changed(state=…))``.

    Secrets are masked when it is written: parameters by the name of the key, everything by value.

    Args:
        run_id: Kindling's own id.
        kind: What ran: ``app``, ``pipeline``, ``workflow``, ``job``.
        name: Its name.
        platform: Where.
        environment: In which environment.
        state: The state of it.
        created_at: When the record was made, with a time zone.
        started_at: When the work began.
        ended_at: When it ended.
        parameters: What it was started with.
        result: What it returned, as JSON knows it, else ``{"repr": …}``.
        error: What ``KindlingError.to_dict()`` or ``describe()`` say of its failure.
        log: Where its log is: a path or a URI.
        mode: How it ran: ``module``, ``interactive``, ``standalone``.
        parent: Run id of the run that started it.
        owner: The process that runs it.
        deadline: When its time limit ends.
        progress: The last progress that it reported: ``fraction``, ``done``, ``total``, ``message``.
        raw: The platform's own word for the state.
        native_id: The platform's own id, ``<platform>:<native>``.
        extra: What later versions and other parts keep beside.

    Example:
        >>> record = RunRecord(run_id="20261121t113105123-00k3v9x2ab", name="orders", parameters={"api_key": "k"})
        >>> record.to_dict()["parameters"]
        {'api_key': '***'}
        >>> record.changed(state=RunState.RUNNING).state.value
        'RUNNING'
    """

    run_id: str
    name: str
    kind: str = "app"
    platform: str = "local"
    environment: str = ""
    state: RunState = RunState.PENDING
    created_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    error: Mapping[str, Any] | None = None
    log: str | None = None
    mode: str = ""
    parent: str | None = None
    owner: Owner | None = None
    deadline: datetime | None = None
    progress: Mapping[str, Any] | None = None
    raw: str = ""
    native_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> float | None:
        """Seconds between start and end; None where either is not known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    def changed(self, **changes: Any) -> RunRecord:
        """Return a record with other values in the fields named.

        Raises:
            TypeError: there is no such field.
        """
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON takes, secrets masked."""
        data: dict[str, Any] = {"format": FORMAT}
        for name in _FIELDS:
            value = getattr(self, name)
            if name == "owner":
                data[name] = value.to_dict() if value is not None else None
            elif name in _TIMES:
                data[name] = value.isoformat() if value is not None else None
            elif name == "state":
                data[name] = value.value
            elif isinstance(value, str) or value is None:
                data[name] = redaction.redact(value) if value else value
            else:
                data[name] = redaction.redact_value(plain(value))
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunRecord:
        """Return the record that ``to_dict`` wrote, also one of a later version with more fields.

        Raises:
            KeyError, TypeError, ValueError: the data is not a record's.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"a record is an object, not {type(data).__name__}")
        if int(data["format"]) > FORMAT:
            raise ValueError(f"its format {data['format']} is newer than this version's {FORMAT}")
        values = {name: data[name] for name in _FIELDS if name in data}
        values["state"] = RunState(values["state"])
        for name in _TIMES:
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        if values.get("owner") is not None:
            values["owner"] = Owner.from_dict(values["owner"])
        return cls(**values)


_FIELDS = field_names(RunRecord)
_TIMES = frozenset({"created_at", "started_at", "ended_at", "deadline"})


def plain(value: object, depth: int = 0) -> Any:
    """Return a value as JSON knows it: days and times in ISO 8601, and ``{"repr": …}`` for what has no such form.

    Args:
        value: Anything.
        depth: How deep it is inside the value that was asked for.

    Example:
        >>> plain({"rows": 3, "day": {1, 2}})
        {'rows': 3, 'day': {'repr': '{1, 2}'}}
    """
    if value is None or isinstance(value, (bool, str)) or type(value) is int:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(type(value), "__index__"):  # the whole numbers of other libraries
        return int(operator.index(value))  # type: ignore[arg-type]
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(item, depth + 1) for item in value]
    return {"repr": _repr(value)}


def result_for_record(value: object) -> Any:
    """Return what a record keeps of a result: as JSON knows it, or the beginning of its ``repr`` where it is large."""
    result = plain(value)
    if isinstance(result, (str, list, dict)) and len(json.dumps(result)) > LARGEST_RESULT:
        return {"repr": _repr(value)}
    return result


def _repr(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - because a repr of the user's may raise anything, and a record must not
        text = f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= _LONGEST_REPR else text[:_LONGEST_REPR] + "…"
