"""Reading ``requirements.txt`` and ``lake-reqs.txt``: each requirement with its place, all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindling.errors import Location, Problem

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

#: What PyPI and the lake have to give. The names are looked for in the app's folder.
FILES: Final = ("requirements.txt", "lake-reqs.txt")

MALFORMED: Final = "KDL-APP-012"
CONTRADICTION: Final = "KDL-APP-014"

_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_HASH: Final = re.compile(r"\s--hash[=\s]\s*\S+")
_INCLUDE: Final = re.compile(r"(-r|-c|--requirement|--constraint)(?:\s+|=|(?<=-[rc]))(\S.*)\Z")
_INDEX_OPTIONS: Final = frozenset(
    {
        "-i", "-f", "--index-url", "--extra-index-url", "--find-links", "--no-index", "--no-binary", "--only-binary",
        "--prefer-binary", "--pre", "--trusted-host", "--require-hashes", "--use-feature",
    }
)  # fmt: skip
_LOCAL: Final = re.compile(r"(\.{0,2}[/\\]|[A-Za-z]:[/\\]|file:|(https?|git\+\w+|ssh)://)")


@dataclass(frozen=True)
class Line:
    """One requirement as it stands in a file.

    Args:
        requirement: What is required.
        location: Where it stands.
        is_constraint: Whether it holds only if something else requires the package (``-c``).
    """

    requirement: Requirement
    location: Location
    is_constraint: bool = False


@dataclass
class Requirements:
    """What the requirement files of an app say.

    Args:
        lines: The requirements, in the order of the files.
        problems: What could not be read, and warnings.
    """

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_requirements(folder: Path, shown: str = "") -> Requirements:
    """Read the requirement files of an app, with those that they include.

    Args:
        folder: The app's folder.
        shown: How messages call it; empty for nothing before the files' names.

    Returns:
        The requirements and every mistake, each with file, line and column.
    """
    found = Requirements()
    for name in FILES:
        path = folder / name
        if path.is_file():
            _read(path, _Reader(found, folder, f"{shown}/" if shown else ""), is_constraint=False, chain=())
    return found


def parse_requirement(text: str) -> Requirement:
    """Parse one requirement (PEP 508).

    Args:
        text: For example ``pandas[parquet]>=2; python_version >= "3.10"``.

    Raises:
        ValueError: it is malformed; the message is in one line.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from error


def contradictions(lines: Iterable[Line]) -> Iterator[Problem]:
    """Find packages of which no version can satisfy every line, whatever is installed.

    Args:
        lines: The requirements of an app; those whose marker does not hold here are passed over.

    Returns:
        One error for each such package, at its last line.
    """
    from packaging.utils import canonicalize_name

    groups: dict[str, list[Line]] = {}
    for line in lines:
        if applies(line.requirement):
            groups.setdefault(canonicalize_name(line.requirement.name), []).append(line)
    for group in groups.values():
        combined = group[0].requirement.specifier
        for line in group[1:]:
            combined = combined & line.requirement.specifier
        if not satisfiable(combined):
            others = ", ".join(f"{line.requirement} ({line.location})" for line in group[:-1])
            last = group[-1]
            beside = f" together with {others}" if others else ""
            yield Problem(
                CONTRADICTION,
                f"no version of {last.requirement.name} satisfies {last.requirement}{beside}",
                last.location,
            )


def applies(requirement: Requirement, extra: str = "") -> bool:
    """Return whether a requirement's marker holds in this interpreter.

    Args:
        requirement: The requirement.
        extra: The extra that is asked for.
    """
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def satisfiable(specifiers: SpecifierSet) -> bool:
    """Return whether any version at all satisfies a set of specifiers.

    What satisfies them is a union of ranges, and each range begins at zero, at a version that the specifiers
    name, or just above one: so it is enough to try those.

    Args:
        specifiers: For example ``>=2,<3``.

    Example:
        >>> from packaging.specifiers import SpecifierSet
        >>> satisfiable(SpecifierSet(">=2,<3")), satisfiable(SpecifierSet(">=3,<2"))
        (True, False)
    """
    if any(specifier.operator == "===" for specifier in specifiers):
        return True  # it takes any text, which need not be a version
    return any(specifiers.contains(version, prereleases=True) for version in _candidates(specifiers))


def _candidates(specifiers: SpecifierSet) -> Iterator[Version]:
    from packaging.version import InvalidVersion, Version

    yield Version("0")
    for specifier in specifiers:
        try:
            version = Version(specifier.version.removesuffix(".*"))
        except InvalidVersion:
            continue
        yield version
        if version.local is not None or version.dev is not None or version.is_prerelease or version.is_postrelease:
            yield Version(f"{version.base_version}")
            yield Version(f"{version.public}.post0") if version.dev is None and version.post is None else version
        release = ".".join(str(part) for part in version.release)
        epoch = f"{version.epoch}!" if version.epoch else ""
        yield Version(f"{epoch}{release}.0.0.1")
        bumped = ".".join(str(part) for part in (*version.release[:-1], version.release[-1] + 1))
        yield Version(f"{epoch}{bumped}")


@dataclass
class _Reader:
    found: Requirements
    folder: Path
    shown: str

    def name(self, path: Path) -> str:
        try:
            return self.shown + path.relative_to(self.folder).as_posix()
        except ValueError:
            return str(path)

    def wrong(self, location: Location, message: str, suggestion: str = "", *, is_warning: bool = False) -> None:
        self.found.problems.append(Problem(MALFORMED, message, location, suggestion=suggestion, is_warning=is_warning))


def _read(path: Path, reader: _Reader, *, is_constraint: bool, chain: tuple[Path, ...]) -> None:
    shown = reader.name(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        reader.wrong(Location(shown, line), "the file is not UTF-8", "save it as UTF-8")
        return
    except OSError as error:
        reader.wrong(Location(shown), f"the file cannot be read: {error.strerror}")
        return
    for number, column, body in _logical_lines(text):
        location = Location(shown, number, column)
        if body.startswith("-"):
            _option(body, location, path, reader, is_constraint=is_constraint, chain=(*chain, path))
            continue
        body = _HASH.sub("", body).strip()
        try:
            requirement = parse_requirement(body)
        except ValueError as error:
            at, message, hint = _explain(body, str(error))
            reader.wrong(Location(shown, number, column + at), message, hint)
            continue
        reader.found.lines.append(Line(requirement, location, is_constraint))


def _option(
    line: str, location: Location, path: Path, reader: _Reader, *, is_constraint: bool, chain: tuple[Path, ...]
) -> None:
    included = _INCLUDE.match(line)
    option = re.split(r"[\s=]", line, maxsplit=1)[0]
    if included is not None:
        name = included[2].strip().strip("\"'")
        target = (path.parent / name).resolve()
        if target in {known.resolve() for known in chain}:
            reader.wrong(location, f"{name} includes itself")
        elif not target.is_relative_to(reader.folder.resolve()):
            hint = "copy it beside app.yaml: the folder is what is packed"
            reader.wrong(location, f"{name} is outside of the app's folder", hint)
        elif not target.is_file():
            reader.wrong(location, f"there is no file {name}")
        else:
            inner = is_constraint or included[1] in ("-c", "--constraint")
            # As written, not resolved: places read as the user typed them.
            _read(path.parent / name, reader, is_constraint=inner, chain=chain)
    elif option in ("-e", "--editable"):
        hint = "name the package, or put its modules into the app's folder"
        reader.wrong(location, "an editable requirement cannot be packed", hint)
    elif option in _INDEX_OPTIONS:
        hint = "where packages come from is the environment's affair"
        reader.wrong(location, f"the option {option} is not used", hint, is_warning=True)
    else:
        reader.wrong(location, f"unknown option {option!r}")


def _logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield line number, column and text of each requirement; comments go, continued lines are joined (as pip does)."""
    pending = ""
    first = 0
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, raw in enumerate(lines, 1):
        if not pending:
            first = number
        is_comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not is_comment and number < len(lines):
            pending += raw[:-1] + " "
            continue
        # A comment in the middle of continued lines ends them, as in pip.
        joined = pending + ("" if is_comment else raw)
        pending = ""
        body = _COMMENT.sub("", joined)
        if body.strip():
            yield first, len(body) - len(body.lstrip()) + 1, body.strip()


def _explain(line: str, message: str) -> tuple[int, str, str]:
    """Return where in the line the mistake is, what it is, and what to write instead."""
    if _LOCAL.match(line):
        name = "path" if line.startswith((".", "/", "file:")) else "address"
        return 0, f"a bare {name} is no requirement: {line}", f"write NAME @ {line}" if name == "address" else ""
    # packaging shows the line again and a marker below the place: "    pandas=>2\n          ^".
    parts = message.split("\n")
    at = 0
    if len(parts) >= 3 and parts[1].strip() and parts[2].strip():
        indent = len(parts[1]) - len(parts[1].lstrip())
        marker = parts[2]
        at = max(0, (marker.rfind("^") if "^" in marker else len(marker) - len(marker.lstrip())) - indent)
    hint = ""
    single = re.match(r"[\w.\-\[\], ]+?\s*(=|=>|=<)\s*[\w.]", line)
    if single is not None:
        right = {"=": "==", "=>": ">=", "=<": "<="}[single[1]]
        hint = f"did you mean {line.replace(single[1], right, 1)!r}?"
    return min(at, len(line)), f"malformed requirement {line!r}: {parts[0][:1].lower()}{parts[0][1:]}", hint
