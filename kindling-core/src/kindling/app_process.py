"""The child process of an app in mode standalone: the counterpart of :mod:`kindling.apps.child_process`.

It is started by that module only. It stands on this floor because it opens a framework of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kindling.apps.channel import Channel

if TYPE_CHECKING:
    from kindling.apps.current import CurrentRun
    from kindling.apps.limits import RunControl


def main(handle: int) -> None:
    """Execute the app that the process that started this one asks for, tell it the outcome, and end.

    Args:
        handle: Number of the inherited end of the pipe.
    """
    channel = Channel.inherited(handle)
    try:
        request = channel.receive()
    except (EOFError, OSError):  # whoever started this process has ended already
        sys.exit(1)
    outcome = _run(channel, request)
    _flush()
    channel.send({"outcome": outcome})
    if "error" in outcome:
        sys.exit(1)


def _run(channel: Channel, request: Mapping[str, Any]) -> dict[str, Any]:
    from kindling.apps.limits import Limit, RunControl
    from kindling.apps.travelling import pack_error, pack_result

    control = RunControl(Limit(request["limit"], request["grace"]))
    threading.Thread(target=_listen, args=(channel, control), name="kindling-parent", daemon=True).start()
    try:
        return pack_result(_execute(channel, request, control))
    except KeyboardInterrupt:
        control.cancel("it was interrupted")
        return {"error": pack_error(control.error())}
    except BaseException as error:  # noqa: BLE001 - because the process that started this one is to hear of whatever it was
        return {"error": pack_error(error)}


def _execute(channel: Channel, request: Mapping[str, Any], control: RunControl) -> Any:
    from kindling.apps.context import AppContext
    from kindling.apps.current import entered
    from kindling.apps.definition import AppDefinition
    from kindling.apps.loader import LoadedApp
    from kindling.apps.standalone import execute_here
    from kindling.apps.travelling import unpack_parameter
    from kindling.telemetry.logs import bind, capture_to, configure, get_logger

    if sys.path and sys.path[0] == "":
        del sys.path[0]  # the working directory, which `python main.py` would not have there
    for stream in (sys.stdout, sys.stderr):
        # Line by line: what an app prints is seen when it prints it, and is not lost when it is killed.
        stream.reconfigure(line_buffering=True, **({"encoding": "utf-8"} if request["utf8"] else {}))  # type: ignore[union-attr]
    described = request["app"]
    app = LoadedApp(
        AppDefinition(described["name"], entry_point=described["entry_point"]),
        Path(described["folder"]),
        described["environment"],
        described["source_uri"],
    )
    with ExitStack() as left:
        framework = None
        if (asked := request["framework"]) is not None:
            from kindling.framework import initialize

            framework = left.enter_context(initialize(**asked))
        if (console := request["console"]) is not None:
            left.enter_context(configure(console["level"], console["format"]))
        run_id = request["run_id"]
        left.enter_context(bind(run_id=run_id, app=app.name, platform=request["platform"], environment=app.environment))
        if (log := request["log"]) is not None:
            left.enter_context(capture_to(log["file"] or (lambda event: _tell(channel, "log", event)), run_id=run_id))
        if (run := _chained(request["chain"])) is not None:
            left.enter_context(entered(run))
        context = AppContext(
            app,
            framework=framework,
            logger=get_logger(f"kindling.apps.{app.name}"),
            run_id=run_id,
            parameters={name: unpack_parameter(value) for name, value in request["parameters"].items()},
            platform=request["platform"],
            config=getattr(framework, "config", None),
            open_spark=getattr(framework, "get_spark", None),
            report=lambda progress: _tell(channel, "progress", progress),
            remaining=control.remaining,
            is_cancelled=lambda: control.stopping,
        )
        return execute_here(app, context, control)


def _tell(channel: Channel, what: str, data: Mapping[str, Any]) -> None:
    channel.send({what: dict(data)})


def _chained(chain: list[dict[str, Any]]) -> CurrentRun | None:
    from kindling.apps.current import CurrentRun

    run: CurrentRun | None = None
    for one in chain:
        run = CurrentRun(**{**one, "parent": run})
    return run


def _listen(channel: Channel, control: RunControl) -> None:
    """Hear when to end: told so, or left alone."""
    while True:
        try:
            message = channel.receive()
        except (EOFError, OSError):
            control.cancel("the process that started it has ended")
            threading.Event().wait(control.limit.grace)
            _end_group()
        if message.get("end") == "time_limit":
            control.expire()
        elif "end" in message:
            control.cancel(message.get("why") or "it was cancelled")


def _end_group() -> None:
    """End this process and all that it started: nobody is there any more to do it."""
    if os.name != "nt" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
