"""Everything that is done in a clone, by the standard library alone: ``python3 dev.py COMMAND``.

The first call makes ``.venv`` and fills it; later ones see by a stamp that nothing changed and cost 0.2 s. It works
without pip's consent (an externally managed Python), without ensurepip, without root, and in a path with spaces.

The syntax is that of very old Pythons, so that they can say what is wrong instead of showing a traceback.
"""

from __future__ import print_function

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
WINDOWS = os.name == "nt"
MEMBERS = ("kindling-core", "kindling-local", "kindling-fabric", "kindling-synapse", "kindling-databricks")
SOURCES = [os.path.join(member, "src") for member in MEMBERS]
#: What builds the members in editable form, and pyspark, which comes as sources: nothing else is fetched for a build.
FOUNDATION = ["pip", "hatchling", "editables", "setuptools"]
#: A set of requirements, and the groups of pyproject.toml that belong to it.
SETS = {"quickstart": [], "dev": ["dev"]}
OLDEST = (3, 10)
#: Tests run on these too, where they are found; the others are run by the interpreter that runs this file.
ALSO = ("3.10", "3.13")
#: Two processes; the tests of a group share one, and so what they have built. A test that hangs is ended.
PARALLEL = ["-n", "2", "--dist", "loadgroup", "--timeout", "600"]
BENCHMARKS = ["-p", "no:randomly", "-m", "benchmark", "tests/benchmarks"]
QUICK = "not slow and not campaign and not benchmark and not network"


def main(arguments=None):
    """Run one command and return its exit code."""
    if sys.version_info < OLDEST:
        print(
            "Kindling needs Python 3.10 or newer, and this is Python {}.{}: run dev.py with a newer one, "
            "for example `python3.12 dev.py {}`.".format(
                sys.version_info[0], sys.version_info[1], " ".join(sys.argv[1:]) or "quickstart"
            ),
            file=sys.stderr,
        )
        return 2
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Set up, try, test and build Kindling. Needs nothing but Python 3.10 or newer."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    quickstart = commands.add_parser("quickstart", help="real data through a small project, in seconds")
    quickstart.set_defaults(run=run_quickstart)
    test = commands.add_parser("test", help="all the tests, checks and the documentation, with coverage")
    speed = test.add_mutually_exclusive_group()
    speed.add_argument("--quick", action="store_true", help="leave out what takes more than two seconds")
    speed.add_argument("--slow", action="store_true", help="all of them: what happens anyhow, said aloud")
    speed.add_argument("--campaign", action="store_true", help="all, and the long fault and fuzz campaigns")
    test.set_defaults(run=run_test)
    check = commands.add_parser("check", help="format, lint, types, floors and quick tests: before a commit")
    check.set_defaults(run=run_check)
    commands.add_parser("pytest", help="pytest itself, with your arguments").set_defaults(run=run_pytest)
    commands.add_parser("format", help="format, and mend what the linter can mend").set_defaults(run=run_format)
    commands.add_parser("docs", help="build the documentation into docs/_build/html").set_defaults(run=run_docs)
    commands.add_parser("bench", help="the benchmarks, with their table").set_defaults(run=run_bench)
    commands.add_parser("build", help="wheels and source distributions into dist/").set_defaults(run=run_build)
    commands.add_parser("pins", help="write constraints.txt anew from pyproject.toml").set_defaults(run=run_pins)
    commands.add_parser("setup", help="make .venv ready, and nothing else").set_defaults(run=run_setup)
    options, rest = parser.parse_known_args(arguments)
    options.rest = [argument for argument in rest if argument != "--"]
    if not options.command:
        parser.print_help()
        return 2
    if options.rest and options.command not in ("quickstart", "test", "check", "bench", "pytest"):
        parser.error("unknown arguments: " + " ".join(options.rest))
    os.chdir(ROOT)
    try:
        return options.run(options)
    except Failed as failure:
        print("dev.py: " + str(failure), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class Failed(Exception):
    """Something outside went wrong, and its own words are on the screen already."""


# --- commands -----------------------------------------------------------------------------------------------------


def run_quickstart(options):
    """Bring what the quickstart needs, and hand over to ``kindling quickstart``."""
    python = make_ready("quickstart")
    status = call([python, "-m", "kindling", "quickstart"] + options.rest)
    if status == 0 and shutil.which("kindling") is None:
        activate = os.path.join(os.path.dirname(python), "activate")
        how = activate if WINDOWS else "source " + shlex.quote(os.path.relpath(activate))
        print("  kindling is in .venv:  {}".format(how), file=sys.stderr)
    return status


def run_setup(options):
    """Bring everything that tests need."""
    print(make_ready("dev"))
    return 0


def run_test(options):
    """Run every check, build the documentation, run the tests with coverage, then the benchmarks one by one."""
    python = make_ready("dev")
    report = Report()
    check_statically(report, python)
    report.step("documentation", build_docs_command(python))
    expression = "not benchmark"
    if options.quick:
        expression = QUICK
    elif not options.campaign:
        expression += " and not campaign"
    # Each process of a test writes its own file beside this one, wherever it runs; in a folder of their own, because
    # the clone's is on the path of the tests, and what is installed there is judged by when the folder changed.
    folder = os.path.join(ROOT, "build", "coverage")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    data = os.path.join(folder, "data")
    covered = dict(os.environ, COVERAGE_FILE=data)
    pytest = [python, "-m", "coverage", "run", "-m", "pytest", "-m", expression] + PARALLEL
    if options.campaign:
        covered["KINDLING_CAMPAIGN"] = "1"
    report.pytest("tests", pytest + options.rest, covered)
    report.step("coverage", [python, "-m", "coverage", "combine", "-q"], covered, show=False)
    report.step("coverage", [python, "-m", "coverage", "report"], covered)
    if not options.quick:
        report.pytest("benchmarks", [python, "-m", "pytest"] + BENCHMARKS)
        for version in ALSO:
            test_on(report, python, version)
    return report.close()


def run_check(options):
    """Run what fits into a minute: format, lint, types, floors and the quick tests."""
    python = make_ready("dev")
    report = Report()
    check_statically(report, python)
    report.pytest("quick tests", [python, "-m", "pytest", "-q", "-m", QUICK] + PARALLEL + options.rest)
    return report.close()


def run_pytest(options):
    """Run pytest as it is typed."""
    return call([make_ready("dev"), "-m", "pytest"] + options.rest)


def run_format(options):
    """Format the sources and mend what the linter can mend."""
    python = make_ready("dev")
    call([python, "-m", "ruff", "check", "--fix", "--quiet", "."])
    return call([python, "-m", "ruff", "format", "."])


def run_docs(options):
    """Build the documentation; a warning is an error."""
    status = call(build_docs_command(make_ready("dev")))
    print(os.path.join("docs", "_build", "html", "index.html"))
    return status


def run_bench(options):
    """Run the benchmarks, one after the other, and show their tables."""
    python = make_ready("dev")
    return call([python, "-m", "pytest", "-s"] + BENCHMARKS + options.rest)


def run_build(options):
    """Build five wheels and five source distributions."""
    python = make_ready("dev")
    shutil.rmtree(os.path.join(ROOT, "dist"), ignore_errors=True)
    return call([python, "-m", "uv", "build", "--quiet", "--all-packages", "--out-dir", "dist"])


def run_pins(options):
    """Resolve the groups and extras of the workspace for every supported Python, without hashes or addresses."""
    python = make_ready("dev")
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "constraints.txt")
        command = [python, "-m", "uv", "export", "--quiet", "--no-hashes", "--no-emit-workspace", "--all-packages"]
        command += [
            "--all-groups",
            "--all-extras",
            "--no-annotate",
            "--no-header",
            "--upgrade",
            "--output-file",
            target,
        ]
        if call(command) != 0:
            raise Failed("uv could not resolve the workspace")
        with open(target) as file:
            pins = file.read()
    with open(os.path.join(ROOT, "constraints.txt"), "w", newline="\n") as file:
        file.write("# Written by `python3 dev.py pins`: what a set-up installs, on every supported Python.\n" + pins)
    return 0


# --- steps of the tests -------------------------------------------------------------------------------------------


class Report:
    """Runs one step after the other, goes on after a failure, and tells everything in the end."""

    def __init__(self):
        self.failures = []
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.times = []

    def step(self, name, command, environment=None, show=True):
        """Run a command; note it where it fails. Returns whether it did not."""
        if show:
            print("\n== {} ==".format(name), flush=True)
        start = time.monotonic()
        status = call(command, environment)
        self.times.append((name, time.monotonic() - start))
        if status != 0 and name not in self.failures:
            self.failures.append(name)
        return status == 0

    def pytest(self, name, command, environment=None):
        """Run pytest, and count its tests."""
        with tempfile.TemporaryDirectory() as folder:
            results = os.path.join(folder, "results.xml")
            self.step(name, command + ["--junitxml", results], environment)
            self._count(results)

    def _count(self, results):
        from xml.etree import ElementTree

        try:
            suites = list(ElementTree.parse(results).getroot().iter("testsuite"))
        except (OSError, ElementTree.ParseError):
            return  # pytest did not come as far as that, and its exit code is noted
        for suite in suites:
            bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            self.counts["failed"] += bad
            self.counts["skipped"] += skipped
            self.counts["passed"] += int(suite.get("tests", 0)) - bad - skipped

    def close(self):
        """Say what failed, how long each step took, and how many tests there were; the exit code comes back."""
        print("\n== summary ==")
        for name, seconds in self.times:
            print("{:>7.1f} s  {}{}".format(seconds, name, "  FAILED" if name in self.failures else ""))
        if self.failures:
            print("failed: " + ", ".join(self.failures))
        print("{passed} passed, {failed} failed, {skipped} skipped".format(**self.counts), flush=True)
        return 1 if self.failures else 0


def check_statically(report, python):
    """Format, lint, strict types, and the floors of the architecture."""
    report.step("format", [python, "-m", "ruff", "format", "--check", "--quiet", "."])
    report.step("lint", [python, "-m", "ruff", "check", "--quiet", "."])
    report.step("types", [python, "-m", "mypy"] + SOURCES)
    report.step("floors", [os.path.join(os.path.dirname(python), "lint-imports"), "--no-cache"])


def build_docs_command(python):
    """Return the command that builds the documentation with warnings as errors."""
    out = os.path.join("docs", "_build")
    # -E: pages that are made from the code change without their own files changing.
    strictly = [python, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "html"]
    return strictly + ["-d", os.path.join(out, "doctrees"), "docs", os.path.join(out, "html")]


def test_on(report, python, version):
    """Run the unit tests on another Python as well, where this machine has it."""
    name = "unit tests on Python " + version
    if "{}.{}".format(*sys.version_info[:2]) == version:
        return
    interpreter = find_interpreter(version)
    if interpreter is None:
        print("\n== {} ==\nnot run: no Python {} was found here".format(name, version))
        return
    folder = os.path.join(ROOT, "build", "python-" + version)
    other = python_of(folder)
    stamp = os.path.join(folder, "kindling.stamp")
    state = fingerprint("dev", interpreter)
    if read(stamp) != state:
        environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_LINK_MODE="copy")
        print("\n== {}: set-up ==".format(name), flush=True)
        members = [argument for member in MEMBERS for argument in ("-e", "./" + member)] + [
            "-e",
            "./kindling-core[engine]",
        ]
        install = [python, "-m", "uv", "pip", "install", "--quiet", "--python", other, "-c", "constraints.txt"]
        made = call([python, "-m", "uv", "venv", "--quiet", "--clear", "--python", interpreter, folder], environment)
        if made != 0 or call(install + members + ["--group", "test", "--group", "build"], environment) != 0:
            report.failures.append(name)
            return
        write(stamp, state)
    report.pytest(name, [other, "-m", "pytest", "-q", "-m", QUICK, "tests/unit"] + PARALLEL)


def find_interpreter(version):
    """Return the full path of a Python that answers with this version, or None."""
    candidates = [shutil.which("python" + version)]
    pyenv = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    if os.path.isdir(pyenv):
        found = sorted(name for name in os.listdir(pyenv) if name.startswith(version + "."))
        candidates += [os.path.join(pyenv, name, "bin", "python") for name in reversed(found)]
    for candidate in candidates:
        if candidate and os.path.exists(candidate):
            # A shim by that name may stand for an interpreter that is not there.
            code = "import sys; print('%d.%d' % sys.version_info[:2])"
            try:
                said = subprocess.run([candidate, "-c", code], capture_output=True, text=True, timeout=30)
            except (OSError, subprocess.TimeoutExpired):
                continue
            if said.stdout.strip() == version:
                return candidate
    return None


# --- the environment ----------------------------------------------------------------------------------------------


def make_ready(name):
    """Make ``.venv`` hold a set of requirements, and return its Python.

    A set that holds more than was asked for is good enough, so that a quickstart after the tests waits for nothing.
    """
    python = python_of(VENV)
    for candidate in (name, "dev"):
        if os.path.exists(python) and read(stamp_of(candidate)) == fingerprint(candidate):
            return python
    start = time.monotonic()
    print("Setting up .venv for '{}': the first time takes a little while.".format(name), file=sys.stderr, flush=True)
    lay_foundation(python)
    install = [python, "-m", "pip", "install", "--no-build-isolation", "--disable-pip-version-check", "--no-input"]
    install += ["--quiet", "-c", "constraints.txt", "-r", "requirements-{}.txt".format(name)]
    for group in SETS[name]:
        install += ["--group", group]
    if call(install, pip_environment()) != 0:
        raise Failed("the requirements could not be installed; pip's own words are above")
    write(stamp_of(name), fingerprint(name))
    print("Ready in {:.0f} s.".format(time.monotonic() - start), file=sys.stderr, flush=True)
    return python


def lay_foundation(python):
    """Make an environment with a pip of its own, without asking this Python to install anything into itself."""
    import venv

    if answers(python, "import sys; print(sys.version_info[:3])") == str(sys.version_info[:3]) and answers(
        python, "import pip, hatchling, editables, setuptools; print(int(pip.__version__.split('.')[0]) > 25)"
    ).endswith("True"):
        return
    pins = ["-c", "constraints.txt"] + FOUNDATION
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    # An activated .venv that is made anew must not saw off the branch it sits on.
    host = getattr(sys, "_base_executable", sys.executable) if sys.prefix == VENV else sys.executable
    if answers(host, "import pip; print('yes')") == "yes":
        venv.EnvBuilder(with_pip=False, clear=True, symlinks=not WINDOWS).create(VENV)
        target = answers(python, "import sysconfig; print(sysconfig.get_path('purelib'))")
        # --target is not refused where installing is (PEP 668), and needs no ensurepip.
        command = [host, "-m", "pip", "install", "--target", target, "--upgrade"] + quiet + pins
    else:
        try:
            import ensurepip  # noqa: F401 - only whether it is there
        except ImportError:
            raise Failed(
                "this Python has neither pip nor ensurepip: install one of them "
                "(on Debian and Ubuntu: `apt install python3-pip`, or `python3-venv`) and try again"
            )  # fmt: skip
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=not WINDOWS).create(VENV)
        command = [python, "-m", "pip", "install", "--upgrade"] + quiet + pins
    if call(command, pip_environment()) != 0:
        raise Failed("pip could not be installed into .venv; its own words are above")


def pip_environment():
    """Return the environment without the settings of pip that would send packages elsewhere."""
    environment = dict(os.environ)
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH"):
        environment.pop(name, None)
    environment.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_ROOT_USER_ACTION="ignore")
    environment["PYTHONNOUSERSITE"] = "1"
    return environment


def python_of(folder):
    """Return the path of the interpreter of a virtual environment."""
    return os.path.join(folder, "Scripts", "python.exe") if WINDOWS else os.path.join(folder, "bin", "python")


def stamp_of(name):
    """Return the path of the file that remembers with which inputs a set was installed."""
    return os.path.join(VENV, "kindling-{}.stamp".format(name))


def fingerprint(name, interpreter=None):
    """Return a hash of all that decides what an environment holds: requirements, pins, members, Python, place."""
    parts = [ROOT, interpreter or sys.version, sys.platform, " ".join(FOUNDATION)]
    # Of the workspace's own file only the groups count: a new rule of the linter installs nothing.
    parts.append(read("pyproject.toml").partition("[dependency-groups]")[2].partition("\n[")[0])
    files = ["constraints.txt", "requirements-quickstart.txt", "requirements-{}.txt".format(name)]
    parts += [read(path) for path in files + [os.path.join(member, "pyproject.toml") for member in MEMBERS]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def answers(python, code):
    """Return what a snippet prints in another interpreter; nothing where it cannot run."""
    try:
        said = subprocess.run([python, "-c", code], capture_output=True, text=True, env=pip_environment(), cwd=ROOT)
    except OSError:
        return ""
    return said.stdout.strip()


def call(command, environment=None):
    """Run a command with our own input and output, and return its exit code."""
    try:
        return subprocess.call(command, env=environment)
    except OSError as error:
        raise Failed("{}: {}".format(command[0], error))


def read(path):
    """Return the text of a file; nothing where there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def write(path, text):
    """Write a text file."""
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
