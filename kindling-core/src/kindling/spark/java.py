"""Finding the Java that Spark's JVM engine needs, and saying what is wrong with one that does not do.

Nothing is started where it can be helped: a Java since 9 tells its version and modules in its file ``release``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: What Spark 4 runs on.
OLDEST = 17
#: Spark 4 names this module on its command line; runtimes cut down to size come without it.
_MODULE = "jdk.incubator.vector"
_WINDOWS = sys.platform == "win32"


@dataclass(frozen=True)
class Java:
    """A Java installation.

    Args:
        home: Its folder, what ``JAVA_HOME`` would name.
        version: As it calls itself, for example ``17.0.15``; empty where it does not tell.
        major: Feature release, for example 17; 0 where it does not tell.
        found_by: How it was found, in words.
        problem: Why Spark does not run on it; empty where it does.
    """

    home: Path
    version: str
    major: int
    found_by: str
    problem: str = ""

    @property
    def executable(self) -> Path:
        """The program ``java``."""
        return self.home / "bin" / ("java.exe" if _WINDOWS else "java")


def find_java(java_home: str | Path | None = None, *, environ: Mapping[str, str] | None = None) -> Java | None:
    """Return the Java to use: the one named, else ``JAVA_HOME``, else ``java`` on the path, else one installed.

    Args:
        java_home: A folder that was named explicitly. Nothing else is looked at then.
        environ: The environment variables; without it, the process's.

    Returns:
        The first one that Spark runs on; else the first one found, with its ``problem``; None where there is none.

    Example:
        >>> find_java("/no/such/folder") is None
        True
    """
    environ = os.environ if environ is None else environ
    first: Java | None = None
    for home, found_by in _candidates(java_home, environ):
        java = inspect_java(home, found_by)
        if java is None:
            continue
        if not java.problem:
            return java
        first = first or java
    return first


def inspect_java(home: Path, found_by: str = "") -> Java | None:
    """Return what is known about the Java in a folder, or None where there is none.

    Args:
        home: What ``JAVA_HOME`` would name.
        found_by: How it was found, in words.
    """
    executable = home / "bin" / ("java.exe" if _WINDOWS else "java")
    if not executable.is_file():
        return None
    release = _release(home)
    version = release.get("JAVA_VERSION", "") or _asked(executable)
    major = _major(version)
    problem = ""
    modules = release.get("MODULES", "").split()
    if not version:
        problem = "it does not tell its version"
    elif major < OLDEST:
        problem = f"it is Java {major}; Spark 4 needs Java {OLDEST} or newer"
    elif modules and _MODULE not in modules:
        problem = f"its module {_MODULE} is missing; Spark needs a complete runtime"
    return Java(home, version, major, found_by, problem)


def _candidates(java_home: str | Path | None, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if java_home:
        yield Path(java_home).expanduser(), "the configuration"
        return
    if named := environ.get("JAVA_HOME"):
        yield Path(named), "JAVA_HOME"
    for folder in environ.get("PATH", "").split(os.pathsep):
        program = Path(folder) / ("java.exe" if _WINDOWS else "java")
        # macOS has a /usr/bin/java that only says where to buy one: its real folder holds no release file and
        # java_home below finds the others.
        if folder and program.is_file():
            real = program.resolve()
            if real.parent.name == "bin" and real.parent.parent != Path("/usr"):
                yield real.parent.parent, "the search path"
    for pattern in _installed_places(environ):
        anchor = Path(pattern).anchor
        for home in sorted(Path(anchor).glob(pattern[len(anchor) :]), reverse=True):
            yield home, home.as_posix()


def _installed_places(environ: Mapping[str, str]) -> tuple[str, ...]:
    if _WINDOWS:
        programs = environ.get("ProgramFiles", r"C:\Program Files")
        return tuple(f"{programs}\\{maker}\\*" for maker in ("Java", "Eclipse Adoptium", "Microsoft", "Zulu"))
    if sys.platform == "darwin":
        return ("/Library/Java/JavaVirtualMachines/*/Contents/Home", "/opt/homebrew/opt/openjdk*")
    return ("/usr/lib/jvm/*", "/usr/java/*", "/opt/java/*")


def _release(home: Path) -> dict[str, str]:
    try:
        text = (home / "release").read_text("utf-8", "replace")
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))


def _asked(executable: Path) -> str:
    # Java 8 and repackaged runtimes have no release file, or one without a version.
    import subprocess

    try:
        answer = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r'version "([^"]+)"', answer.stderr)
    return match.group(1) if match else ""


def _major(version: str) -> int:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    if not numbers:
        return 0
    return numbers[1] if numbers[0] == 1 and len(numbers) > 1 else numbers[0]
