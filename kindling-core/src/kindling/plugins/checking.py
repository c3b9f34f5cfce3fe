"""The parent's side of checking plugins: one child process for each, side by side, with a limit on time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from kindling.plugins.failures import LoadFailure
from kindling.plugins.probe import PROBE_VARIABLE
from kindling.plugins.remedies import remedy_for_other
from kindling.plugins.snapshot import Plugin
from kindling.plugins.verdicts import Verdict

if TYPE_CHECKING:
    from kindling.plugins.verification import Check

#: Seconds for one plugin.
LIMIT = 3.0

_PROGRAM = (
    "import json, sys; request = json.load(sys.stdin); sys.path[:] = request['path']; "
    "from kindling.plugins.probe import main; main(request)"
)


def check(plugins: Iterable[Plugin], environ: Mapping[str, str], *, limit: float = LIMIT) -> dict[Plugin, Verdict]:
    """Load each plugin in a process of its own, side by side.

    Args:
        plugins: Those to check.
        environ: Environment variables of the children.
        limit: Seconds for each.

    Returns:
        A verdict on each; none where no process could be started.
    """
    asked = list(plugins)
    if not asked or not sys.executable or environ.get(PROBE_VARIABLE):
        return {}
    # More at once than there are processors would make a slow machine's plugins look slow.
    with ThreadPoolExecutor(max_workers=min(len(asked), (os.cpu_count() or 1) + 1)) as pool:
        verdicts = pool.map(lambda plugin: _check(plugin, environ, limit), asked)
        return {plugin: verdict for plugin, verdict in zip(asked, verdicts, strict=True) if verdict is not None}


def verify(plugin: Plugin, environ: Mapping[str, str], *, limit: float = 60.0) -> list[Check]:
    """Check one plugin against the contract, in a process of its own.

    Args:
        plugin: The plugin.
        environ: Environment variables of the child.
        limit: Seconds for all of it.
    """
    from kindling.plugins.verification import FAILED, Check

    answer = _ask(plugin, environ, limit, verify=True)
    if isinstance(answer, list):
        return [Check(**check) for check in answer]
    if answer is None:
        return [Check(FAILED, "loads", "no process could be started to find out")]
    return [Check(FAILED, "loads", f"{answer.error}. {answer.remedy}")]


def _check(plugin: Plugin, environ: Mapping[str, str], limit: float) -> Verdict | None:
    answer = _ask(plugin, environ, limit)
    if answer is None or isinstance(answer, Verdict):
        return answer
    return Verdict(
        state=answer["state"],
        error=answer["error"],
        remedy=answer["remedy"],
        claims=tuple((kind, name) for kind, name in answer["claims"]),
        notes=tuple(answer["notes"]),
        sources=tuple((file, when) for file, when in answer.get("sources", ())),
    )


def _ask(plugin: Plugin, environ: Mapping[str, str], limit: float, *, verify: bool = False) -> Any:
    """Return what the child answers, a verdict where it gives no answer, and None where there is no child."""
    request = json.dumps(
        {
            "path": [os.path.abspath(entry) for entry in sys.path],  # noqa: PTH100 - '' means here, as for Python
            "entry_point": plugin.entry_point,
            "distribution": plugin.distribution,
            "index": sorted(plugin.index.claims),
            "indexed": plugin.index.present,
            "verify": verify,
        }
    )
    try:
        child = subprocess.Popen(
            [sys.executable, *_flags(), "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environ, PROBE_VARIABLE: "1"},
            start_new_session=sys.platform != "win32",
        )
    except OSError:
        return None  # no process may be started here: it stays without a verdict
    try:
        out, err = child.communicate(request.encode(), timeout=limit)
    except subprocess.TimeoutExpired:
        _end(child)
        return Verdict(
            state="available",
            error=f"not checked: loading it takes more than {limit:g} s",
            remedy="its module should import nothing heavy: tell its authors",
            timed_out=time.time(),
        )
    try:
        return json.loads(out)
    except ValueError:
        failure = _died(plugin, child.returncode, err)
        return Verdict(state="broken", error=failure.error, remedy=failure.remedy)


def _flags() -> Sequence[str]:
    """Return the flags that decide what this interpreter imports, for the child to import the same."""
    flags: list[str] = []
    if sys.flags.isolated:
        flags.append("-I")
    if sys.flags.no_site:
        flags.append("-S")
    return flags


def _end(child: subprocess.Popen[bytes]) -> None:
    if sys.platform != "win32":
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            child.kill()
    else:
        child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        # Not read to the end: a process that the plugin has left behind may hold the other end open.
        if stream is not None:
            stream.close()


def _died(plugin: Plugin, status: int, err: bytes) -> LoadFailure:
    if status < 0:
        try:
            how = f"by {signal.Signals(-status).name}"
        except ValueError:
            how = f"by signal {-status}"
    else:
        how = f"with exit status {status}"
    lines = err.decode("utf-8", "replace").strip().splitlines()
    detail = f": {lines[-1].strip()}" if lines else ""
    return LoadFailure(
        f"it ended the process {how} while it was loaded{detail}", remedy_for_other(plugin.distribution, plugin.name)
    )
