"""``kindling quickstart``: a small project with real data, made and run."""

from __future__ import annotations

from pathlib import Path

import click

from kindling.cli.options import command as kindling_command
from kindling.cli.session import Session


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
    seconds, without Java, cloud or account. FOLDER is the new project's, 'quickstart' if none is named. Running it again
    brings back what is missing and keeps what you changed.
    """
    from kindling.cli.commands.quickstart_progress import progress_bar
    from kindling.quickstart.making import make_quickstart
    from kindling.quickstart.showing import summary

    out = session.out
    with progress_bar(out) as report:
        made = make_quickstart(
            folder, archive=archive, environment=session.options.environment, report=report
        )
    for name in made.files.kept:
        out.note(f"kept your own {folder / name}")
    data = {
        "folder": str(folder.resolve()),
        "kept": list(made.files.kept),
        "run_id": made.run_id,
        "seconds": round(made.seconds, 3),
        **made.result,
        "report": str((folder / made.result["report"]).resolve()),
    }
    out.result(
        data,
        lambda: summary(
            made.result,
            folder=folder.as_posix(),
            seconds=made.seconds,
            encoding=getattr(out.stdout, "encoding", None) or "utf-8",
            paint=lambda bar: out.style(out.stdout, bar, fg="yellow"),
        ),
    )
