"""``kindling run``: run an app of the project here."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from kindling.cli import wake_collector
from kindling.cli.options import command as kindling_command
from kindling.cli.session import Session
from kindling.errors import AppCancelledError, UsageError

if TYPE_CHECKING:
    from kindling.apps.loader import LoadedApp
    from kindling.apps.run import Run
    from kindling.cli.output import Output

#: Seconds between two lines of progress where nobody can see a line change.
_PROGRESS_INTERVAL = 2.0


@kindling_command("run")
@click.argument("app", metavar="APP")
@click.option("--param", "parameters", metavar="K=V", multiple=True, help="A parameter of the app; may be repeated.")
@click.option(
    "--mode",
    type=click.Choice(["auto", "standalone", "module", "interactive"]),
    default="auto",
    help="Where its code runs; auto is standalone here.",
)
@click.option("--time-limit", "time_limit", metavar="TIME", help="How long it may take: 90s, 15m, 1h30m.")
@click.option("--platform", metavar="NAME", help="The platform it is meant for; has to be the one you are on.")
def command(
    session: Session, app: str, parameters: tuple[str, ...], mode: str, time_limit: str | None, platform: str | None
) -> int:
    """Run the app APP here: a name in the project, or the path of a folder.

    Its result is printed on standard output, everything else on standard error; with -o json that includes what
    the app prints. Exits with 0 where it succeeded, 1 where it failed, 130 where it was interrupted.
    """
    given = _pairs(parameters)
    if platform is not None:
        _check_is_here(session, app, platform)
    run = _run(session, app, given, mode, time_limit)
    out = session.out
    out.note(f"{_sign(out)} {run.state} in {run.duration or 0:.1f} s   ({run.run_id})")
    data = {
        "run_id": run.run_id,
        "app": run.app,
        "state": run.state.value,
        "duration": run.duration,
        "result": run.record.result,
    }
    if out.is_json or run.result is not None:
        out.result(data, lambda: _text(out, run))
    return 0


def _run(session: Session, app: str, given: Mapping[str, str], mode: str, time_limit: str | None) -> Run:
    from kindling.apps.executor import AppExecutor
    from kindling.apps.manager import AppManager
    from kindling.telemetry.logs import configure

    out = session.out
    framework = session.framework()
    manager = AppManager(framework, executor=AppExecutor(owns_process=_is_our_process()))
    loaded = manager.load(app)
    out.note(_first_line(loaded, framework.project_root, framework.platform))
    progress = _Progress(out)
    with (
        configure("DEBUG" if session.options.verbosity else "INFO", format="json" if out.is_json else "console"),
        _app_prints_to_stderr(out.is_json),
    ):
        wake_collector(freeze=True)
        try:
            return manager.run(
                app,
                mode="standalone" if mode == "auto" else mode,
                time_limit=time_limit,
                parameters=given,
                on_progress=progress.show,
            )
        except KeyboardInterrupt as error:
            raise AppCancelledError(f"{loaded.name} was interrupted; its teardown has run") from error
        finally:
            progress.end()


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE", param_hint="'--param'")
        if name in given:
            raise click.BadParameter(f"{name!r} is given twice", param_hint="'--param'")
        given[name] = value
    return given


def _check_is_here(session: Session, app: str, platform: str) -> None:
    here = os.environ.get("KINDLING_PLATFORM") or session.host.detect().platform
    if platform == here:
        return
    raise UsageError(
        f"`kindling run` runs an app here, and here is {here}, not {platform}",
        code="KDL-RUN-027",
        suggestions=[
            f"to run it there: kindling deploy {app} --platform {platform} && "
            f"kindling job run {app} --platform {platform}",
            f"to run it here: kindling run {app}",
        ],
    )


def _first_line(app: LoadedApp, project: os.PathLike[str], platform: str) -> str:
    place = app.source_uri or os.path.relpath(app.folder, os.getcwd())  # noqa: PTH109 - cheaper than pathlib on this path
    version = f" {app.definition.version}" if app.definition.version else ""
    return f"{app.name}{version} from {place} on {platform}, environment {app.environment}"


def _is_our_process() -> bool:
    """Whether this process was started as ``kindling``, and so may become the app's."""
    started = sys.argv[0] if sys.argv else ""
    folder, name = os.path.split(started)
    if name == "__main__.py":
        name = os.path.basename(folder)  # noqa: PTH119 - cheaper than pathlib on this path
    return os.path.splitext(name)[0] in ("kindling", "kindling-script")  # noqa: PTH122 - as above


@contextmanager
def _app_prints_to_stderr(wanted: bool) -> Iterator[None]:
    """Send what the app and its child processes print to standard error, so that the result stands alone."""
    if not wanted:
        yield
        return
    stdout = sys.stdout
    stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdout = stdout
        os.dup2(saved, 1)
        os.close(saved)


def _text(out: Output, run: Run) -> str:
    if isinstance(run.result, str):
        return run.result
    recorded = run.record.result
    if isinstance(recorded, Mapping) and set(recorded) == {"repr"}:
        return str(recorded["repr"])
    return out.to_json(recorded)


def _sign(out: Output) -> str:
    return out.style(out.stderr, "✓", fg="green")


class _Progress:
    """Progress on standard error: a line that changes on a terminal, else a line now and then."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._is_terminal = not out.is_json and out.stderr.isatty()
        self._shown = ""
        self._next = 0.0

    def show(self, report: Mapping[str, Any]) -> None:
        fraction = report.get("fraction")
        percent = "" if fraction is None else f"{fraction:4.0%} "
        text = f"{percent} {report.get('message', '')}".rstrip()
        if self._is_terminal:
            self._out.stderr.write("\r" + text.ljust(len(self._shown)))
            self._out.stderr.flush()
            self._shown = text
        elif time.monotonic() >= self._next or fraction == 1:
            self._next = time.monotonic() + _PROGRESS_INTERVAL
            self._out.note(text)

    def end(self) -> None:
        if self._shown:
            self._out.stderr.write("\n")
            self._shown = ""
