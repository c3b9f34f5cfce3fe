"""Why a plugin cannot be used, in one line, with what to do about it. Kept apart so that listing loads nothing more."""

from __future__ import annotations

import operator
import re

from kindling.contracts.version import KINDLING_PLUGIN_API, KINDLING_PLUGIN_API_MINIMUM
from kindling.plugins.distributions import Distribution

_CORE = re.compile(r"\s*kindling[-_.]+core(?:\s*\[[^\]]*\])?\s*([(<>=!~].*)?$", re.IGNORECASE)
_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


class LoadFailure(Exception):
    """A plugin could not be loaded.

    Args:
        error: What went wrong, in one line.
        remedy: What to do about it.
        incompatible: True where nothing is wrong with it, but with the pair of it and this core.
    """

    def __init__(self, error: str, remedy: str, *, incompatible: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.remedy = remedy
        self.incompatible = incompatible


def incompatible_api(numbers: tuple[int, ...]) -> LoadFailure:
    """Return the failure of a plugin that is made for another plugin API than this core's."""
    from kindling import __version__

    needs = " or ".join(str(number) for number in numbers) or "of an unknown number"
    newer = bool(numbers) and min(numbers) > KINDLING_PLUGIN_API
    served = (
        str(KINDLING_PLUGIN_API)
        if KINDLING_PLUGIN_API == KINDLING_PLUGIN_API_MINIMUM
        else f"{KINDLING_PLUGIN_API_MINIMUM} to {KINDLING_PLUGIN_API}"
    )
    return LoadFailure(
        f"it is made for plugin API {needs}; kindling-core {__version__} serves {served}",
        "pip install --upgrade kindling-core" if newer else "install a newer version of the plugin",
        incompatible=True,
    )


def incompatible_core(distribution: Distribution) -> LoadFailure | None:
    """Return the failure of a plugin whose metadata asks for another version of the core, or None.

    pip would have refused to install the pair; ``--no-deps``, ``--target`` and a cluster's own image do not ask.

    Args:
        distribution: The plugin's.
    """
    from kindling import __version__

    for line in distribution.requires:
        requirement, _, marker = line.partition(";")
        match = _CORE.match(requirement)
        if match is None or marker.strip():
            continue
        if not _is_in_range(__version__, (match[1] or "").strip().strip("()")):
            return LoadFailure(
                f"its metadata asks for {requirement.strip()}; installed is kindling-core {__version__}",
                f"pip install --upgrade kindling-core {distribution.name}",
                incompatible=True,
            )
    return None


def _is_in_range(version: str, specifiers: str) -> bool:
    """Say whether a version is in a range. Plain releases are compared here; all else is packaging's, at 10 ms."""
    own = _release(version)
    for specifier in filter(None, (part.strip() for part in specifiers.split(","))):
        sign = specifier.rstrip("0123456789. ")
        bound = _release(specifier[len(sign) :].strip())
        compare = _COMPARISONS.get(sign)
        if own is None or bound is None or compare is None:
            from packaging.specifiers import InvalidSpecifier, SpecifierSet

            try:
                return SpecifierSet(specifiers).contains(version, prereleases=True)
            except InvalidSpecifier:
                return True  # nobody can tell; loading it will
        length = max(len(own), len(bound))
        if not compare(own + (0,) * (length - len(own)), bound + (0,) * (length - len(bound))):
            return False
    return True


def _release(version: str) -> tuple[int, ...] | None:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


def corrupt(distribution: Distribution) -> LoadFailure:
    """Return the failure of a plugin whose distribution's metadata cannot be read."""
    return LoadFailure(
        f"its metadata is corrupt: {distribution.problem}",
        f"reinstall it: pip install --force-reinstall {distribution.name}",
    )
