"""Whether the running interpreter has what an app requires, and has it without conflict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kindling.apps.requirements import Line, applies
from kindling.errors import Location, Problem

if TYPE_CHECKING:
    from packaging.requirements import Requirement

#: Something required is not installed or has another version; what is installed does not go together.
NOT_MET: Final = "KDL-APP-013"
CONFLICT: Final = "KDL-APP-014"


@dataclass(frozen=True)
class Installed:
    """A distribution in the environment.

    Args:
        name: Its name, as it calls itself.
        version: Its version; None where its metadata has none that can be read.
        requires: What it requires.
        extras: The extras it has.
    """

    name: str
    version: str | None
    requires: tuple[Requirement, ...] = ()
    extras: frozenset[str] = frozenset()


class Environment:
    """The distributions that the running interpreter sees. Read when asked for, and only what is asked for.

    Example:
        >>> Environment().installed("packaging").name
        'packaging'
    """

    def __init__(self) -> None:
        self._known: dict[str, Installed | None] = {}

    def installed(self, name: str) -> Installed | None:
        """Return a distribution by its name in any spelling, or None.

        Args:
            name: For example ``PyYAML``.
        """
        from packaging.utils import canonicalize_name

        key = canonicalize_name(name)
        if key not in self._known:
            self._known[key] = self._read(name)
        return self._known[key]

    def check(self, lines: Iterable[Line]) -> Iterator[Problem]:
        """Compare requirements with what is installed, and with what that requires in turn.

        Args:
            lines: The app's requirements. Those whose marker does not hold here are passed over.

        Returns:
            An error for each that is not met or met in conflict, at the line of the app's file it comes from.
        """
        seen: set[tuple[str, str, str]] = set()
        for line in lines:
            requirement = line.requirement
            if not applies(requirement):
                continue
            found = self.installed(requirement.name)
            if found is None:
                if not line.is_constraint:
                    yield _absent(requirement, line.location)
                continue
            if not _fits(requirement, found):
                yield Problem(
                    NOT_MET,
                    f"the app needs {requirement}, and {found.name} {found.version or '(no version)'} is installed",
                    line.location,
                    suggestion=_install(requirement),
                )
            unknown = sorted(extra for extra in requirement.extras if _canonical(extra) not in found.extras)
            if unknown:
                yield Problem(
                    NOT_MET,
                    f"{found.name} {found.version} has no extra {', '.join(map(repr, unknown))}",
                    line.location,
                    suggestion=f"it has {', '.join(sorted(found.extras))}" if found.extras else "it has none",
                    is_warning=True,
                )
            if not line.is_constraint:
                yield from self._check_dependencies(found, requirement, line, seen)

    def _check_dependencies(
        self, top: Installed, requirement: Requirement, line: Line, seen: set[tuple[str, str, str]]
    ) -> Iterator[Problem]:
        pending: list[tuple[Installed, frozenset[str]]] = [(top, frozenset(map(_canonical, requirement.extras)))]
        visited: set[tuple[str, frozenset[str]]] = set()
        while pending:
            owner, extras = pending.pop()
            if (owner.name, extras) in visited:
                continue
            visited.add((owner.name, extras))
            for needed in owner.requires:
                if not any(applies(needed, extra) for extra in ("", *extras)):
                    continue
                fact = (owner.name, needed.name, str(needed.specifier))
                found = self.installed(needed.name)
                if found is not None and _fits(needed, found):
                    pending.append((found, frozenset(map(_canonical, needed.extras))))
                elif fact not in seen:
                    seen.add(fact)
                    yield _conflict(top, owner, needed, found, line)

    @staticmethod
    def _read(name: str) -> Installed | None:
        from importlib import metadata

        from packaging.requirements import InvalidRequirement, Requirement

        try:
            distribution = metadata.distribution(name)
        except (metadata.PackageNotFoundError, ValueError):
            return None
        requires = []
        for text in distribution.requires or ():
            try:
                requires.append(Requirement(text))
            except InvalidRequirement:
                continue  # somebody else's mistake, which pip has accepted before us
        fields = distribution.metadata
        # Corrupt metadata has no version.
        version = fields["Version"] if "Version" in fields else None  # noqa: SIM401 - the protocol has no get()
        extras = frozenset(map(_canonical, fields.get_all("Provides-Extra") or ()))
        return Installed(fields["Name"] or name, version, tuple(requires), extras)


def _fits(requirement: Requirement, found: Installed) -> bool:
    from packaging.version import InvalidVersion, Version

    if found.version is None:
        return not requirement.specifier
    try:
        # What is installed is there on purpose: a pre-release satisfies a range that has room for it.
        return requirement.specifier.contains(Version(found.version), prereleases=True)
    except InvalidVersion:
        return any(part.operator == "===" and part.version == found.version for part in requirement.specifier)


def _absent(requirement: Requirement, location: Location) -> Problem:
    return Problem(
        NOT_MET,
        f"the app needs {requirement}, and {requirement.name} is not installed",
        location,
        suggestion=_install(requirement),
    )


def _conflict(top: Installed, owner: Installed, needed: Requirement, found: Installed | None, line: Line) -> Problem:
    state = "is not installed" if found is None else f"{found.version or 'an unknown version'} is installed"
    through = "" if top is owner else f" (through {top.name} {top.version})"
    bare = f"{needed.name}{needed.specifier}"
    what = f"and {needed.name} {state}"
    return Problem(
        CONFLICT,
        f"{owner.name} {owner.version}{through} needs {bare}, {what}",
        line.location,
        suggestion=f'pip install "{bare}"',
    )


def _install(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    where = f" @ {requirement.url}" if requirement.url else str(requirement.specifier)
    return f'pip install "{requirement.name}{extras}{where}"'


def _canonical(extra: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(extra)
