"""``kindling runs``: what ran, how it ended, and what it said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kindling.cli.options import group
from kindling.cli.session import Session

if TYPE_CHECKING:
    from kindling.runs.record import RunRecord
    from kindling.runs.store import RunStore

command = group("runs")

_STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "SKIPPED")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


# Generic in newer versions of click only.
class _Since(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A time before now (`6h`), or a day or moment (`2026-11-20`, `2026-11-20T06:00`)."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit in _UNITS and number.isdigit():
            return datetime.now(timezone.utc) - timedelta(seconds=int(number) * _UNITS[unit])
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is neither a time before now (30m, 6h, 2d) nor a day (2026-11-20)", param, ctx)
        return moment.astimezone(timezone.utc)  # without a zone it is the local one's


@command.command("list")
@click.argument("name", required=False)
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False), help="Only runs in this state.")
@click.option("--failed", is_flag=True, help="Only runs that failed.")
@click.option("--since", type=_Since(), metavar="TIME", help="Only runs since then: 30m, 6h, 2d, 2026-11-20.")
def list_(
    session: Session, name: str | None, limit: int, every: bool, state: str | None, failed: bool, since: datetime | None
) -> None:
    """List runs, newest first.

    NAME is an app; without it, the runs of all.
    """
    wanted = "FAILED" if failed else state
    records = list(_store(session).list(limit=None if every else limit, state=wanted, name=name, since=since))
    session.out.table(
        ("run", "app", "state", "started", "took", ""),
        [
            (record.run_id, record.name, record.state.value, _local(record.started_at), _took(record), _says(record))
            for record in records
        ],
        data=[record.to_dict() for record in records],
        empty="no runs yet; start one: kindling run NAME" if not (name or wanted or since) else "no such runs",
    )
    if not session.out.is_json and not every and len(records) == limit:
        session.out.note(f"the newest {limit}; more: --limit N or --all")


@command.command("show")
@click.argument("run")
def show(session: Session, run: str) -> None:
    """Show one run: state, times, parameters, result or error.

    RUN is a run's id, the beginning of one, or `last`.
    """
    record = _store(session).get(run)
    session.out.result(record.to_dict(), lambda: _card(record))


@command.command("logs")
@click.argument("run", default="last")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("--events", "every", is_flag=True, help="All events: progress too, not only what was logged.")
def logs(session: Session, run: str, follow: bool, every: bool) -> None:
    """Print the log of a run, oldest first.

    RUN is a run's id, the beginning of one, or `last`.
    """
    store = _store(session)
    run_id = store.get(run).run_id  # fixed here: with `last`, another run may start while this one is followed
    events = _chosen(store.events(run_id, follow=follow), every)
    out = session.out
    if out.is_json and not follow:
        out.result(list(events))
        return
    said = False
    for event in events:
        said = True
        if out.is_json:
            import json

            out.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")  # masked when it was kept
            out.stdout.flush()
        else:
            out.result(event, _line(event))
    if not said:
        out.note("this run logged nothing")


def _store(session: Session) -> RunStore:
    """Open the project's records, without its configuration: one looks at runs also when that is broken."""
    from kindling.config.loading import find_project
    from kindling.runs.files import FileRunStore

    config = session.options.config
    root = Path(config).resolve().parent if config is not None else find_project()
    return FileRunStore((root or Path.cwd()) / ".kindling")


def _chosen(events: Iterator[dict[str, Any]], every: bool) -> Iterator[dict[str, Any]]:
    return (event for event in events if every or event.get("event") in ("log", "output"))


def _local(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _took(record: RunRecord) -> str:
    seconds = record.duration
    if seconds is None:
        if record.state.is_final or record.started_at is None:
            return ""
        seconds = (datetime.now(timezone.utc) - record.started_at).total_seconds()
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m{rest:02}s" if hours else f"{minutes}m{rest:02}s"


def _says(record: RunRecord) -> str:
    """What a line of the list says beside the state: the error, or how far it is."""
    if record.error is not None:
        text = f"{record.error.get('code', '')}  {record.error.get('message', '')}".strip()
    elif record.progress is not None and not record.state.is_final:
        fraction = record.progress.get("fraction")
        percent = f"{fraction:.0%}" if isinstance(fraction, (int, float)) else ""
        text = f"{percent} {record.progress.get('message') or ''}".strip()
    else:
        return ""
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= 60 else line[:59] + "…"


def _card(record: RunRecord) -> str:
    import json

    rows: list[tuple[str, str]] = [
        ("run", record.run_id),
        (record.kind, record.name),
        ("state", record.state.value + (f" ({record.raw})" if record.raw else "")),
        ("platform", f"{record.platform}, environment {record.environment}" if record.environment else record.platform),
        ("mode", record.mode),
        ("started", _local(record.started_at)),
        ("ended", _local(record.ended_at)),
        ("took", _took(record)),
        ("deadline", _local(record.deadline)),
        ("started by", record.parent or ""),
        ("parameters", " ".join(f"{key}={_value(value)}" for key, value in record.parameters.items())),
        ("progress", "" if record.progress is None or record.state.is_final else _says(record)),
        ("result", "" if record.result is None else json.dumps(record.result, ensure_ascii=False)),
        ("log", record.log or ""),
    ]
    lines = [f"{title:<11} {text}".rstrip() for title, text in rows if text]
    if record.error is not None:
        lines += ["", f"{record.error.get('code', 'error')}  {record.error.get('message', '')}"]
        lines += [f"  → {suggestion}" for suggestion in record.error.get("suggestions", ())]
        cause = record.error.get("cause")
        if isinstance(cause, dict) and str(cause.get("message")) not in str(record.error.get("message")):
            lines.append(f"  because of {cause.get('type')}: {cause.get('message')}")
    return "\n".join(lines)


def _value(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(event: dict[str, Any]) -> str:
    try:
        clock = datetime.fromisoformat(str(event.get("time"))).astimezone().strftime("%H:%M:%S")
    except ValueError:
        clock = "--:--:--"
    kind = event.get("event")
    if kind == "log":
        extra = event.get("extra")
        more = "  " + " ".join(f"{key}={_value(value)}" for key, value in extra.items()) if extra else ""
        trace = f"\n{event['traceback']}" if event.get("traceback") else ""
        return f"{clock} {event.get('level', ''):<7} {event.get('message', '')}{more}{trace}"
    if kind == "output":
        return f"{clock} {event.get('stream', ''):<7} {str(event.get('text', '')).rstrip()}"
    rest = {key: value for key, value in event.items() if key not in ("time", "event")}
    return f"{clock} {kind or 'event':<7} " + " ".join(f"{key}={_value(value)}" for key, value in rest.items())
