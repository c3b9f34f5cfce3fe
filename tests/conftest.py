"""What holds for every test: nobody's home is touched, nothing of the machine leaks in, nothing is left running."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Settings of the machine that would change what a test sees.
AMBIENT = (
    "KINDLING_", "DATABRICKS_", "FABRIC_", "SYNAPSE_", "AZURE_", "ARM_", "SPARK_", "PYSPARK_", "AWS_", "OTEL_",
    "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "PYTHONSTARTUP",
)  # fmt: skip
#: Said by whoever starts the tests, for the tests.
KEPT = ("KINDLING_CAMPAIGN", "KINDLING_SPECS", "KINDLING_TEST_CACHE")
#: Threads of libraries that belong to the process and not to the test that happened to start them.
RESIDENT_THREADS = ("pytest_timeout", "execnet", "Dummy-", "OTel", "jpype", "grpc", "_channel_spin", "IPythonHistory")


def _keep_caches() -> None:
    """Let builds and installs in tests find what this machine has downloaded already, although HOME is another."""
    home = Path.home()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    os.environ.setdefault("PIP_CACHE_DIR", str(cache / "pip"))
    os.environ.setdefault("UV_CACHE_DIR", str(cache / "uv"))
    os.environ.setdefault("npm_config_cache", str(home / ".npm"))
    os.environ.setdefault("GOPATH", str(home / "go"))
    # What tests fetch themselves: the quickstart's data, Delta's jars.
    os.environ.setdefault("KINDLING_TEST_CACHE", str(cache / "kindling-tests"))


_keep_caches()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the clone."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _process_isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the whole session a home of its own; fixtures of any scope and all child processes see it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(AMBIENT) and name not in KEPT:
                patch.delenv(name)
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(home))
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(name, str(home / name.lower()))
        # `kindling` typed in a test is the one of this environment.
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
        yield


@pytest.fixture(autouse=True)
def _left_as_found() -> Iterator[None]:
    """Fail a test that leaves another working directory, changed variables, threads or child processes behind."""
    folder, variables = Path.cwd(), dict(os.environ)
    threads, children = set(threading.enumerate()), _children()
    yield
    _forget_global_state()
    found = []
    if Path.cwd() != folder:
        found.append(f"the working directory {Path.cwd()}")
        os.chdir(folder)
    changed = {name for name in variables.keys() | os.environ.keys() if variables.get(name) != os.environ.get(name)}
    changed -= {"PYTEST_CURRENT_TEST"}
    if changed:
        found.append(f"changed variables {sorted(changed)}")
        os.environ.clear()
        os.environ.update(variables)
    deadline = time.monotonic() + 5
    while leaked := _leaks(threads, children):
        if time.monotonic() > deadline:
            found.extend(leaked)
            break
        time.sleep(0.02)  # a thread or a child that is ending needs a moment, and there is no event for both
    if found:
        pytest.fail("the test left behind: " + "; ".join(found))


def _leaks(threads: set[threading.Thread], children: dict[int, str]) -> list[str]:
    return [
        f"the thread {thread.name}"
        for thread in threading.enumerate()
        if thread not in threads and not thread.daemon and not thread.name.startswith(RESIDENT_THREADS)
    ] + [f"the process {pid} ({name})" for pid, name in _children().items() if pid not in children]


def _children() -> dict[int, str]:
    """Return the living children of this process; nothing where the system does not tell them cheaply."""
    found = {}
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            pids = [int(pid) for pid in listing.read_text().split()]
        except OSError:
            continue
        for pid in pids:
            try:
                name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            except OSError:
                continue
            if rest.split()[0] != "Z":
                found[pid] = name.partition("(")[2]
    return found


def _forget_global_state() -> None:
    """Undo what the library keeps for each process, so that tests pass in any order."""
    if (redaction := sys.modules.get("kindling.redaction")) is not None:
        redaction.forget_all()
