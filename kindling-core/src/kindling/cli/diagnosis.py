"""What ``kindling doctor`` looks at: this machine, this environment, this project. Each finding has a remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kindling.errors import KindlingError, ProblemsError, count
from kindling.redaction import redact

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from kindling.cli.session import Session

OK, NOTE, WARNING, BROKEN = "ok", "note", "warning", "broken"

#: Less than this is not enough to keep a run's records and a few wheels.
DISK_NEEDED = 100 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        subject: What: ``python``, ``plugin fabric``, ``extra engine``, …
        state: ``ok``; ``note`` (worth knowing); ``warning`` (something will not work); ``broken`` (something is wrong).
        message: What was found.
        remedy: What to do about it.
    """

    subject: str
    state: str
    message: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return it as plain data, secrets masked."""
        return {key: redact(value) for key, value in vars(self).items()}


def examine(session: Session) -> tuple[Finding, ...]:
    """Look at everything. A check that fails itself becomes a finding, and the others go on.

    Args:
        session: The command's session; its options say which configuration.
    """
    findings: list[Finding] = []
    checks: dict[str, Callable[[Session], Iterator[Finding]]] = {
        "python": _interpreter,
        "plugins": _plugins,
        "configuration": _configuration,
        "extras": _extras,
        "java": _java,
        "folders": _folders,
    }
    for subject, check in checks.items():
        try:
            findings += check(session)
        except Exception as error:  # noqa: BLE001 - because a doctor has to go on where one check falls over
            code = error.code if isinstance(error, KindlingError) else type(error).__name__
            findings.append(
                Finding(subject, BROKEN, f"could not be looked at: {code}: {error}", "kindling doctor --debug")
            )
    return tuple(findings)


def _interpreter(session: Session) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    place = f"{version} at {sys.executable}"
    # An older one than 3.10 cannot get here: pip refuses to install Kindling for it.
    if sys.version_info >= (3, 14):
        yield Finding("python", NOTE, f"{place} is newer than what Kindling is tested with", "use Python 3.10 to 3.13")
    else:
        yield Finding("python", OK, place)
    if sys.prefix == sys.base_prefix:
        yield Finding(
            "environment",
            NOTE,
            "no virtual environment: what you install here, every program of this Python sees",
            "python3 -m venv .venv, and activate it",
        )
    from kindling import __version__

    yield Finding("kindling", OK, f"{__version__} at {Path(__file__).parents[1]}")


def _plugins(session: Session) -> Iterator[Finding]:
    for record in session.host.records():
        state = str(getattr(record.state, "value", record.state))
        subject = f"plugin {record.name}"
        of = f"{record.distribution or 'no distribution'} {record.version or ''}".strip()
        if state in ("available", "loaded"):
            yield Finding(subject, OK, of)
        elif state == "disabled":
            yield Finding(subject, NOTE, f"{of}: disabled", record.remedy or "")
        else:
            yield Finding(subject, BROKEN, f"{of}: {state}: {record.error or 'no reason given'}", record.remedy or "")


def _configuration(session: Session) -> Iterator[Finding]:
    from kindling.config.loading import find_project

    if session.options.config is None and find_project() is None:
        yield Finding(
            "configuration",
            NOTE,
            "no kindling.yaml here or above: defaults hold",
            "kindling init project NAME, or change to a project's folder",
        )
        return
    try:
        loaded = session.config()
    except ProblemsError as error:
        for problem in error.problems:
            state = WARNING if problem.is_warning else BROKEN
            yield Finding(
                "configuration", state, str(problem), problem.suggestion or f"kindling explain {problem.code}"
            )
        return
    except KindlingError as error:
        yield Finding("configuration", BROKEN, error.message, f"kindling explain {error.code}")
        return
    place = loaded.file if loaded.file is not None else "defaults"
    yield Finding("configuration", OK, f"{place}, environment {loaded.environment}")


def _extras(session: Session) -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, distribution

    from packaging.requirements import Requirement

    try:
        metadata = distribution("kindling-core")
    except PackageNotFoundError:
        yield Finding(
            "extras", WARNING, "kindling-core has no metadata: it was not installed", "pip install kindling-core"
        )
        return
    requirements = [Requirement(text) for text in metadata.requires or []]
    for extra in metadata.metadata.get_all("Provides-Extra") or []:
        if extra == "all":
            continue
        wanted = [each for each in requirements if _belongs(each, extra)]
        if wanted:
            yield _extra(extra, wanted)
    installed = _versions("pyspark", "pyspark-client")
    if len(installed) == 2:
        yield Finding(
            "spark",
            BROKEN,
            "pyspark and pyspark-client are both installed, and overwrite each other's files",
            'pip uninstall pyspark pyspark-client, then pip install "kindling-core[sail]" or "kindling-core[spark]"',
        )


def _belongs(requirement: Requirement, extra: str) -> bool:
    if requirement.marker is None or requirement.name == "kindling-core":
        return False
    return requirement.marker.evaluate({"extra": extra}) and not requirement.marker.evaluate({"extra": ""})


def _extra(extra: str, wanted: list[Requirement]) -> Finding:
    versions = _versions(*(requirement.name for requirement in wanted))
    install = f'pip install "kindling-core[{extra}]"'
    subject = f"extra {extra}"
    if not versions:
        return Finding(subject, NOTE, "not installed", install)
    unfit = [
        f"{requirement.name} {versions[requirement.name]}, needed is {requirement.specifier}"
        for requirement in wanted
        if requirement.name in versions
        and not requirement.specifier.contains(versions[requirement.name], prereleases=True)
    ]
    if unfit:
        return Finding(subject, BROKEN, "; ".join(unfit), f"{install} --upgrade")
    missing = [requirement.name for requirement in wanted if requirement.name not in versions]
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    if missing:
        return Finding(subject, NOTE, f"{shown}; not installed: {', '.join(missing)}", install)
    return Finding(subject, OK, shown)


def _versions(*names: str) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _java(session: Session) -> Iterator[Finding]:
    has = _versions("pyspark", "pysail")
    if "pyspark" not in has:
        yield Finding("java", OK, "not needed: Spark is not installed")
        return
    from kindling.spark.java import OLDEST, find_java

    remedy = f"install a Java runtime of version {OLDEST} or newer, and set JAVA_HOME"
    if "pysail" in has:
        remedy += "; without it, Spark runs on Sail"
    # The one that Spark will be started with, found in the same way.
    java = find_java()
    if java is None:
        yield Finding("java", NOTE if "pysail" in has else WARNING, "none found: Spark on the JVM cannot start", remedy)
    elif java.problem:
        yield Finding("java", WARNING, f"{java.home}: {java.problem}", remedy)
    else:
        yield Finding("java", OK, f"version {java.version} at {java.home}")


def _folders(session: Session) -> Iterator[Finding]:
    import tempfile

    from kindling.config.loading import find_project

    project = find_project()
    folders: dict[str, Path] = {
        "project": (project or Path.cwd()) / ".kindling",
        "temporary": Path(tempfile.gettempdir()),
    }
    for name, folder in folders.items():
        yield _folder(f"folder {name}", folder)


def _folder(subject: str, folder: Path) -> Finding:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    probe = existing / f".kindling-doctor-{os.urandom(4).hex()}"
    try:
        probe.write_bytes(b"kindling")
        probe.unlink()
    except OSError as error:
        return Finding(subject, BROKEN, f"{folder} cannot be written: {error.strerror}", f"make {existing} writable")
    free = shutil.disk_usage(existing).free
    if free < DISK_NEEDED:
        return Finding(subject, WARNING, f"{folder}: {free // 1024 // 1024} MB are left on the disk", "free some space")
    return Finding(subject, OK, f"{folder} is writable")


def summary(findings: tuple[Finding, ...]) -> str:
    """Return the last line of a report.

    Example:
        >>> summary((Finding("python", "ok", "3.11"), Finding("java", "warning", "none")))
        'nothing is broken, 1 warning'
    """
    broken = sum(finding.state == BROKEN for finding in findings)
    warnings = sum(finding.state == WARNING for finding in findings)
    text = f"{broken} broken" if broken else "nothing is broken"
    return f"{text}, {count(warnings, 'warning', 'warnings')}" if warnings else text


def report(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return the findings as plain data."""
    return {
        "findings": [finding.to_dict() for finding in findings],
        "broken": sum(finding.state == BROKEN for finding in findings),
        "warnings": sum(finding.state == WARNING for finding in findings),
    }
