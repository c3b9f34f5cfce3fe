"""``kindling plugins``: what is installed, what is wrong with it, and whether it keeps to the contract."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kindling.cli.options import group
from kindling.cli.session import Session

if TYPE_CHECKING:
    from kindling.plugins.host import PluginHost
    from kindling.plugins.records import PluginRecord

command = group("plugins")

_SIGNS = {"ok": "✓", "warning": "!", "failed": "✗", "next": "·"}


@command.command("list")
@click.option("--no-check", is_flag=True, help="Show what is not known yet as available, instead of trying it.")
def list_(session: Session, no_check: bool) -> None:
    """List the plugins and what they serve.

    No plugin is imported in this process: one that is not known yet is loaded once in a process of its own.
    """
    records = _host(session).records(check=not no_check)
    session.out.result([record.to_dict() for record in records], lambda: _table(records))
    for record in records:
        for note in record.notes:
            session.out.note(f"{record.name} ({record.distribution}): {note}")


@command.command("show")
@click.argument("name")
@click.option("--no-check", is_flag=True, help="Show what is not known yet as available, instead of trying it.")
def show(session: Session, name: str, no_check: bool) -> None:
    """Show one plugin: where it comes from, what it serves, and what is wrong with it.

    NAME is a plugin or a distribution.
    """
    from kindling.plugins.metadata import normalize

    host = _host(session)
    host.record(name)
    wanted = normalize(name)
    records = [
        record
        for record in host.records(check=not no_check)
        if wanted in (normalize(record.name), normalize(record.distribution))
    ]
    data = [record.to_dict() for record in records]
    session.out.result(data[0] if len(data) == 1 else data, "\n\n".join(_card(record) for record in records))


@command.command("verify")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def verify(session: Session, names: tuple[str, ...]) -> int:
    """Check plugins against the contract, for their authors.

    NAME is a plugin or a distribution. Fails where its index and its hooks disagree, where a descriptor names what is
    not there, and where importing it imports something heavy.
    """
    host = _host(session)
    reports = [(title, checks) for name in names for title, checks in host.verify(name).items()]
    failed = any(check.level == "failed" for _, checks in reports for check in checks)
    data = [
        {
            "plugin": title,
            "ok": not any(check.level == "failed" for check in checks),
            "checks": [{"level": check.level, "what": check.what, "detail": check.detail} for check in checks],
        }
        for title, checks in reports
    ]
    lines = []
    for title, checks in reports:
        lines.append(title)
        lines += [f"  {_SIGNS[check.level]} {check.what}{_detail(check.detail)}" for check in checks]
    session.out.result(data, "\n".join(lines))
    return 1 if failed else 0


def _host(session: Session) -> PluginHost:
    """Return the host, told what this project's configuration says about plugins.

    The configuration is loaded only where it says something about them: a list of plugins is asked for also where it
    does not hold, and everywhere else loading it would take longer than listing.
    """
    from kindling.errors import ConfigError

    if session.options.config is not None or _says_something():
        try:
            session.config()
        except ConfigError as error:
            session.out.warn(f"the configuration does not hold, and is passed over here: {error.message}")
    return session.host


def _says_something() -> bool:
    if any(name.startswith("KINDLING_PLUGINS__") for name in os.environ):
        return True
    folder = os.getcwd()  # noqa: PTH109 - pathlib is not imported for this
    while True:
        try:
            names = [name for name in os.listdir(folder) if name.startswith("kindling.") and name.endswith(".yaml")]  # noqa: PTH208
            if "kindling.yaml" in names:
                return any(_mentions_plugins(f"{folder}{os.sep}{name}") for name in names)
        except OSError:
            return False
        above = os.path.dirname(folder)  # noqa: PTH120 - as above
        if above == folder:
            return False
        folder = above


def _mentions_plugins(file: str) -> bool:
    with open(file, "rb") as stream:  # noqa: PTH123 - as above
        return b"plugins" in stream.read()


def _table(records: Sequence[PluginRecord]) -> str:
    """Return the records as lines. What is wrong with one runs on to the right, and widens no column for the others."""
    head = ("name", "version", "state", "serves", "from")
    rows = [
        (record.name, record.version, record.state.value, " · ".join(record.serves), record.distribution)
        for record in records
    ]
    usable = [row for row, record in zip(rows, records, strict=True) if record.state.is_usable]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(3)]
    widths.append(max(len(row[3]) for row in [head, *usable]))
    lines = []
    for row, record in [(head, None), *zip(rows, records, strict=True)]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        if record is None or record.state.is_usable:
            cells.append(row[4])
        else:
            cells[3:] = [f"{record.error}   → {record.remedy}" if record.remedy else record.error]
        lines.append("  ".join(cells).rstrip())
        if record is not None and record.state.is_usable and record.error:
            lines.append(f"{'':{sum(widths[:3]) + 6}}! {record.error}   → {record.remedy}")
    return "\n".join(lines)


def _card(record: PluginRecord) -> str:
    rows = [
        ("name", record.name),
        ("state", record.state.value),
        ("from", f"{record.distribution} {record.version}".strip()),
        ("entry point", record.entry_point),
        ("serves", " · ".join(record.serves)),
        ("plugin API", " or ".join(str(number) for number in record.api) or "not said"),
        ("index", "yes" if record.indexed else "no: it is imported whenever nothing that has one answers"),
        ("metadata", record.location or "built in"),
        ("error", record.error),
        ("remedy", record.remedy),
        *(("note", note) for note in record.notes),
    ]
    return "\n".join(f"{key:12}  {value}" for key, value in rows if value)


def _detail(detail: str) -> str:
    return f": {detail}" if detail else ""
