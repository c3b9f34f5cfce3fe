"""``kindling quickstart``: a small project with real data, made and run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kindling.cli.options import command as kindling_command
from kindling.cli.session import Session

if TYPE_CHECKING:
    from kindling.cli.output import Output
    from kindling.quickstart.making import Report


@kindling_command("quickstart")
@click.argument("folder", type=click.Path(path_type=Path), default="quickstart")
@click.option(
    "--data",
    "archive",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The data's archive, brought by hand where there is no network.",
)
def command(session: Session, folder: Path, archive: Path | None) -> None:
    """Make a small project with real data, and run it.

    Reads all flights that left New York in 2013, cleans and joins them, writes Delta tables and draws a report; in
    seconds, without Java, cloud or account. FOLDER is the new project's, 'quickstart' if none is named. Running it
    again brings back what is missing and keeps what you changed.
    """
    from kindling.quickstart.making import make_quickstart
    from kindling.quickstart.showing import summary

    out = session.out
    with _progress(out) as report:
        made = make_quickstart(folder, archive=archive, environment=session.options.environment, report=report)
    for name in made.files.kept:
        out.note(f"kept your own {folder / name}")
    data = {
        "folder": str(folder.resolve()),
        "kept": list(made.files.kept),
        "run_id": made.run_id,
        "seconds": round(made.seconds, 3),
        **made.result,
        "delays": made.delays,
        "report": str((folder / made.result["report"]).resolve()),
    }
    out.result(
        data,
        lambda: summary(
            made.result,
            made.delays,
            folder=folder.as_posix(),
            seconds=made.seconds,
            encoding=getattr(out.stdout, "encoding", None) or "utf-8",
            paint=lambda bar: out.style(out.stdout, bar, fg="yellow"),
        ),
    )


@contextmanager
def _progress(out: Output) -> Iterator[Report | None]:
    """Draw a bar on the terminal while something is made; elsewhere nothing is drawn, and rich is not imported."""
    if out.is_json or not out.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(bar_width=28), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(file=out.stderr), transient=True) as progress:
        task = progress.add_task("starting", total=1.0)
        yield lambda fraction, message: progress.update(task, completed=fraction, description=message)
