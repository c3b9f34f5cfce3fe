"""For tests of apps and plugins: fixtures, fakes and conformance suites.

Names are imported when they are first used. The suites need pytest (``pip install "kindling-core[testing]"``);
:func:`app_project` needs nothing.

Example:
    >>> from kindling.testing import app_project
    >>> with app_project({"hello": "result = 6 * 7"}) as project:
    ...     project.run("hello").result
    42
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kindling.testing.apps import AppProject as AppProject
    from kindling.testing.apps import app_project as app_project
    from kindling.testing.backends import FixedCredential as FixedCredential
    from kindling.testing.backends import FixedSecrets as FixedSecrets
    from kindling.testing.backends import MemoryDeployer as MemoryDeployer
    from kindling.testing.backends import PlainContext as PlainContext
    from kindling.testing.backends import PlainRunner as PlainRunner
    from kindling.testing.backends import example_spec as example_spec
    from kindling.testing.conformance import Conformance as Conformance
    from kindling.testing.storage import StorageConformance as StorageConformance

_HOME_OF = {
    "FixedCredential": "kindling.testing.backends",
    "FixedSecrets": "kindling.testing.backends",
    "MemoryDeployer": "kindling.testing.backends",
    "PlainContext": "kindling.testing.backends",
    "PlainRunner": "kindling.testing.backends",
    "example_spec": "kindling.testing.backends",
    "AppProject": "kindling.testing.apps",
    "app_project": "kindling.testing.apps",
    "Conformance": "kindling.testing.conformance",
    "StorageConformance": "kindling.testing.storage",
}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
