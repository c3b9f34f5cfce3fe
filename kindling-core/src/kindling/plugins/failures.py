"""Why a plugin cannot be used, in one line, with what to do about it. Kept apart so that listing loads nothing more."""

from __future__ import annotations

from kindling.contracts.version import KINDLING_PLUGIN_API, KINDLING_PLUGIN_API_MINIMUM
from kindling.plugins.distributions import Distribution


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


def corrupt(distribution: Distribution) -> LoadFailure:
    """Return the failure of a plugin whose distribution's metadata cannot be read."""
    return LoadFailure(
        f"its metadata is corrupt: {distribution.problem}",
        f"reinstall it: pip install --force-reinstall {distribution.name}",
    )
