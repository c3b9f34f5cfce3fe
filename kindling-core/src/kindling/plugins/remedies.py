"""What to do about a plugin that is missing or does not load: the command to type, never a guessed name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kindling.plugins.distributions import Distribution, core_headers
from kindling.plugins.metadata import Headers, normalize
from kindling.plugins.switches import DISABLE_VARIABLE


def remedy_for_import(error: ImportError, distribution: Distribution, plugin: str) -> str:
    """Return what to do where a plugin is there and something that it imports is not.

    A command is given only for what the plugin's own metadata names.

    Args:
        error: What its import raised.
        distribution: Where it comes from.
        plugin: Its name.
    """
    missing = normalize((error.name or "").partition(".")[0])
    for requirement, extra in _requirements(distribution.requires):
        if missing and requirement == missing:
            if extra:
                return f'pip install "{distribution.name}[{extra}]" or disable: {DISABLE_VARIABLE}={plugin}'
            return f"pip install {requirement} or disable: {DISABLE_VARIABLE}={plugin}"
    return (
        f"install it anew with what it needs: pip install --force-reinstall {distribution.name}"
        f" or disable: {DISABLE_VARIABLE}={plugin}"
    )


def remedy_for_other(distribution: Distribution, plugin: str) -> str:
    """Return what to do where a plugin is at fault itself."""
    return f"report it to the authors of {distribution.name} or disable: {DISABLE_VARIABLE}={plugin}"


def install_hint(name: str, headers: Headers | None = None) -> str:
    """Return the command that brings a platform, empty where the core does not know one.

    Known are only the extras that the core's own metadata names and that bring ``kindling-<name>``: a name made up
    from what was typed could be anybody's distribution.

    Args:
        name: Name of the platform.
        headers: Metadata of the core; read where not given.

    Example:
        >>> headers = Headers(extras=("fabric",), requires=("kindling-fabric<0.2,>=0.1; extra == 'fabric'",))
        >>> install_hint("fabric", headers)
        'pip install "kindling-core[fabric]"'
        >>> install_hint("emr", headers)
        ''
    """
    extra = installable_platforms(headers).get(normalize(name))
    return f'pip install "kindling-core[{extra}]"' if extra else ""


def installable_platforms(headers: Headers | None = None) -> dict[str, str]:
    """Return the platforms that the core has an extra for, installed or not, with the extra's name.

    Args:
        headers: Metadata of the core; read where not given.

    Example:
        >>> headers = Headers(extras=("acme", "all"), requires=("kindling-acme<0.2,>=0.1; extra == 'acme'",))
        >>> installable_platforms(headers)
        {'acme': 'acme'}
    """
    found = core_headers() if headers is None else headers
    return {
        normalize(extra): extra
        for requirement, extra in _requirements(found.requires)
        if extra in found.extras and requirement == f"kindling-{normalize(extra)}"
    }


def _requirements(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and extra of each requirement: ``kindling-fabric>=0.1; extra == "fabric"``."""
    for line in lines:
        requirement, _, marker = line.partition(";")
        end = next(
            (place for place, letter in enumerate(requirement) if not (letter.isalnum() or letter in "-_.")),
            len(requirement),
        )
        _, is_extra, rest = marker.replace(" ", "").partition("extra==")
        extra = rest[1:].partition(rest[0])[0] if is_extra and rest else ""
        yield normalize(requirement[:end].strip()), extra
