"""An app in a child process, seen from the process that starts it. Its time limit is firm.

The child is told to end by a message, gets its grace for teardown, and then it is killed with every process that it
started. When this process ends, however that may be, the child notices by the end of the pipe and ends itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from kindling.apps.channel import Channel
from kindling.apps.current import current_run
from kindling.apps.travelling import pack_parameter, unpack_error, unpack_result
from kindling.errors import AppExecutionError, AppRuntimeError, AppTimeoutError, Category

if TYPE_CHECKING:
    from kindling.apps.context import AppContext
    from kindling.apps.executor import ExecutableApp
    from kindling.apps.limits import RunControl

#: Seconds between two looks at the clock and at the child.
_TICK: Final = 0.05
#: Seconds that output may keep coming after the child has ended: its own children may hold the pipe for ever.
_LAST_OUTPUT: Final = 1.0


def execute_in_child(app: ExecutableApp, context: AppContext, control: RunControl) -> Any:
    """Execute an app as ``__main__`` of a child process, and return its result.

    Args:
        app: The app.
        context: What it is given; the child makes its own from it.
        control: Ends it early.

    Raises:
        AppExecutionError: as for ``AppExecutor.execute``; KDL-RUN-022, the process ended without a word.
    """
    control.start()
    child = _Child(app, context, control)
    try:
        child.start()
        try:
            child.attend()
        except BaseException as error:
            child.abandon(error)
            raise
        return child.conclude()
    finally:
        control.finish()
        child.close()


class _Child:
    def __init__(self, app: ExecutableApp, context: AppContext, control: RunControl) -> None:
        self._app = app
        self._context = context
        self._control = control
        self._channel, self._far_end = Channel.pair()
        self._process: subprocess.Popen[bytes] | None = None
        self._outcome: Mapping[str, Any] | None = None
        self._pumps: list[threading.Thread] = []
        self._asked_at: float | None = None
        self._killed = False

    # Its life

    def start(self) -> None:
        forwarded = {"stdout": _must_forward(sys.stdout), "stderr": _must_forward(sys.stderr)}
        arguments: dict[str, Any] = {name: subprocess.PIPE for name, piped in forwarded.items() if piped}
        if os.name == "nt":
            arguments["startupinfo"] = subprocess.STARTUPINFO()  # type: ignore[attr-defined,unused-ignore]
            arguments["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined,unused-ignore]
        else:
            # A group of its own, to be killed as one. Ctrl-C reaches this process only, which passes it on.
            arguments["start_new_session"] = True
        handle = self._far_end.hand_over(arguments)
        if not sys.executable:
            raise AppRuntimeError(
                "there is no Python interpreter to start: this process does not know its own",
                code="KDL-RUN-025",
                category=Category.UNSUPPORTED,
                suggestions=["run the app in mode module"],
            )
        # Not `-m`: that would put the working directory first on the child's sys.path.
        code = (
            f"import sys; sys.path.append({_package_root()!r}); from kindling.app_process import main; main({handle})"
        )
        try:
            self._process = subprocess.Popen([sys.executable, "-c", code], **arguments)
        except OSError as error:
            raise AppRuntimeError(
                f"a process for the app could not be started: {error}",
                code="KDL-RUN-025",
                context={"interpreter": sys.executable},
            ) from error
        self._far_end.close()
        for stream, target in ((self._process.stdout, sys.stdout), (self._process.stderr, sys.stderr)):
            if stream is not None:
                pump = threading.Thread(target=_pump, args=(stream, target), name="kindling-output", daemon=True)
                pump.start()
                self._pumps.append(pump)
        self._channel.send(self._request(forwarded=any(forwarded.values())))

    def attend(self) -> None:
        """Take what the child says until it has ended, and end it when its time is up."""
        assert self._process is not None
        talking = True
        while True:
            if talking:
                talking = self._listen()
                if talking and self._process.poll() is not None:
                    # It has ended, and a process that it left behind holds the pipe: take what is there already.
                    while self._listen(0):
                        if not self._channel.waits(0):
                            break
                    return
            else:
                try:
                    self._process.wait(_TICK)
                    return
                except subprocess.TimeoutExpired:
                    pass
            self._look_at_the_clock()

    def abandon(self, error: BaseException) -> None:
        """End the child because this process was interrupted; a second interruption kills it."""
        assert self._process is not None
        self._control.cancel(
            "it was interrupted" if isinstance(error, KeyboardInterrupt) else "the run around it ended"
        )
        try:
            self._look_at_the_clock()
            self.attend()
        except BaseException:  # noqa: BLE001 - because whatever it was, the child may not be left behind
            self._kill()

    def close(self) -> None:
        self._channel.close()
        self._far_end.close()
        if self._process is None:
            return
        if self._process.poll() is None:
            self._kill()
        if self._asked_at is not None:
            # It ended when it was told to. Those that it started were not told, and may not outlive the limit.
            _kill_group(self._process)
        for pump in self._pumps:
            pump.join(_LAST_OUTPUT)

    # What it says

    def _listen(self, seconds: float = _TICK) -> bool:
        """Take one message if there is one. Returns False once the channel has ended."""
        try:
            if self._channel.waits(seconds):
                self._take(self._channel.receive())
        except (EOFError, OSError):
            return False
        return True

    def _take(self, message: Mapping[str, Any]) -> None:
        if (progress := message.get("progress")) is not None:
            if "done" in progress:
                progress.pop("fraction", None)
            self._context.report_progress(**progress)
        elif (event := message.get("log")) is not None:
            self._context.framework.runs.append_event(self._context.run_id, event)
        elif "outcome" in message:
            self._outcome = message["outcome"]

    # Its end

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self._control.due() and self._asked_at is None:
            self._asked_at = now
            self._channel.send({"end": "time_limit" if self._control.timed_out else "cancel", "why": self._control.why})
        if self._asked_at is not None and now >= self._asked_at + self._control.limit.grace:
            self._kill()

    def _kill(self) -> None:
        if self._process is not None and not self._killed:
            self._killed = self._process.poll() is None
            _kill_group(self._process)
            self._process.wait()

    def conclude(self) -> Any:
        """Return the result, or raise what the end of the process means."""
        outcome = self._outcome
        if outcome is None:
            raise self._wordless_end()
        if "error" not in outcome:
            self._note_exit()
            return unpack_result(outcome)
        error = unpack_error(outcome["error"])
        if isinstance(error, AppTimeoutError) and not self._control.timed_out:
            self._control.end_main()
        raise error

    def _wordless_end(self) -> AppExecutionError:
        assert self._process is not None
        control = self._control
        if control.stopping:
            error = control.error()
            if self._killed:
                error._context["killed_after_grace"] = control.limit.grace
                error._suggestions += (
                    f"it did not end within its grace of {control.limit.grace:g} s and was killed; its teardown may "
                    "not have run",
                )
            return error
        status = self._process.returncode
        facts: dict[str, Any] = {"app": self._app.name, "exit_status": status}
        suggestions = ["look for os._exit() in the app, and for a library that ends the process"]
        if status < 0:
            name = _signal_name(-status)
            how = f"was killed by {name}"
            facts["signal"] = name
            if name == "SIGKILL":
                suggestions = ["the system kills like this when memory runs out: look at its log"]
            elif name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"):
                suggestions = ["a compiled library crashed; PYTHONFAULTHANDLER=1 shows where"]
        else:
            how = f"ended with exit status {status}"
        return AppRuntimeError(
            f"the app's process {how} before the app had ended", code="KDL-RUN-022", context=facts,
            suggestions=suggestions,
        )  # fmt: skip

    def _note_exit(self) -> None:
        status = self._process.returncode if self._process is not None else 0
        if status:
            # The result came, so the app has succeeded: what failed is the interpreter's own end.
            self._context.logger.warning("the app's process ended with exit status %d after its result", status)

    # What it is told

    def _request(self, *, forwarded: bool) -> dict[str, Any]:
        app, context, control = self._app, self._context, self._control
        framework = context.framework
        described: dict[str, Any] | None = None
        log = None
        if framework is not None and hasattr(framework, "project_root"):
            opened: Mapping[str, Any] = getattr(framework, "opened_with", {})
            file = getattr(framework.config, "file", None)
            described = {
                "platform": framework.platform,
                "environment": framework.environment,
                "project": str(framework.project_root),
                "config": str(file) if file else None,
                "variables": dict(opened.get("variables") or {}),
                "env_file": str(opened["env_file"]) if opened.get("env_file") else None,
            }
            path = framework.runs.log_path(context.run_id)
            log = {"file": str(path) if path else None}
        run = current_run()
        remaining = control.remaining()
        return {
            "framework": described,
            "log": log,
            "console": _console(),
            "app": {
                "name": app.name,
                "folder": str(app.folder),
                "entry_point": app.entry_point.relative_to(app.folder).as_posix(),
                "source_uri": getattr(app, "source_uri", None),
                "environment": context.environment,
            },
            "platform": context.platform,
            "parameters": {name: pack_parameter(value) for name, value in context.parameters.items()},
            "run_id": context.run_id,
            "chain": [{**asdict(one), "parent": None} for one in run.chain()] if run else [],
            "limit": control.limit.seconds,
            "remaining": remaining,
            "grace": control.limit.grace,
            "utf8": forwarded,
        }


def _console() -> dict[str, Any] | None:
    from kindling.telemetry.logs import configuration

    shown = configuration()
    return None if shown is None else {"level": shown[0], "format": shown[1]}


def _must_forward(stream: Any) -> bool:
    """Whether what the child prints has to be passed on, for the stream is a notebook's or a test's, no file."""
    try:
        return stream.fileno() not in (1, 2)
    except (AttributeError, OSError, ValueError):
        return True


def _pump(source: IO[bytes], target: Any) -> None:
    from codecs import getincrementaldecoder

    decoder = getincrementaldecoder("utf-8")("replace")
    with source:
        while chunk := source.read1(65536):  # type: ignore[attr-defined]
            target.write(decoder.decode(chunk))
            target.flush()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":
        # The counterpart of a group: the process and all that descend from it.
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _package_root() -> str:
    import kindling

    return str(Path(kindling.__file__).parent.parent)
