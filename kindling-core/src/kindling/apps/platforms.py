"""Whether an app runs on a platform."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kindling.apps.definition import AppDefinition
from kindling.errors import Location, Problem, UnsupportedOperation
from kindling.plugins.remedies import installable_platforms

UNSUPPORTED = "KDL-APP-015"


def unsupported_platform(definition: AppDefinition, platform: str) -> UnsupportedOperation:
    """Return the error for an app that does not run on a platform."""
    return UnsupportedOperation(
        f"app {definition.name!r} does not run on {platform}; it supports {', '.join(definition.platforms)}",
        code=UNSUPPORTED,
        context={"app": definition.name, "platform": platform, "platforms": list(definition.platforms)},
        suggestions=[f"add {platform} to 'platforms' in app.yaml, if the app runs there"],
    )


def check_platforms(
    definition: AppDefinition, location: Location, *, platform: str | None, known: Collection[str] = ()
) -> Iterator[Problem]:
    """Compare the platforms of an app with the one it is to run on, and with those that are known.

    Args:
        definition: The app.
        location: Where ``platforms`` is written.
        platform: The platform it is to run on; None where that is open.
        known: Platforms of installed plugins, besides those that Kindling has an extra for. Others come with plugins
            that are installed elsewhere, so that an unknown name may be right.
    """
    if platform is not None and not definition.supports(platform):
        yield Problem(
            UNSUPPORTED,
            f"the app does not run on {platform}; it supports {', '.join(definition.platforms)}",
            location,
            suggestion=f"add {platform} to 'platforms' if it does",
        )
    names = sorted({*installable_platforms(), *known})
    for name in definition.platforms:
        if name in names or name == platform:
            continue
        from difflib import get_close_matches

        near = get_close_matches(name, names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}?" if near else "install the platform's plugin to have its settings checked"
        yield Problem(UNSUPPORTED, f"no platform {name!r} is known here", location, suggestion=hint, is_warning=True)
