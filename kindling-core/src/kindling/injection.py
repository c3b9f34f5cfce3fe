"""A door: ``GlobalInjector.resolve(AppManager)``, by which existing programs ask for parts of the framework.

New programs need it not: ``kindling.initialize().apps`` says the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from kindling.errors import UsageError

if TYPE_CHECKING:
    from kindling.framework import Framework

T = TypeVar("T")

_lock = threading.Lock()


def current_or_new() -> Framework:
    """Return the current framework; where there is none, initialize one for the working directory.

    Raises:
        ConfigError: the configuration does not hold.
        PluginError: the platform's plugin is missing or broken.
    """
    from kindling import framework

    with _lock:  # two threads that ask at once get one framework
        try:
            return framework.get_framework()
        except framework.FrameworkError:
            return framework.initialize()


class GlobalInjector:
    """Gives the parts of the current framework by their class.

    Example:
        >>> import kindling, tempfile
        >>> from kindling.app_framework import AppManager
        >>> with kindling.initialize("local", project=tempfile.mkdtemp()) as framework:
        ...     GlobalInjector.resolve(AppManager) is framework.apps
        True
    """

    @classmethod
    def resolve(cls, kind: type[T]) -> T:
        """Return the part of the current framework that is of a class; there is one for a framework.

        Args:
            kind: ``AppManager``, ``Framework``, ``DataAppDeployer``, ``RunStore``, ``AppRunner``, ``PluginHost``,
                ``LoadedConfig``.

        Raises:
            UsageError: KDL-CLI-001, the framework has no such part.
            ConfigError: there is no framework yet, and the configuration for a new one does not hold.
        """
        name = getattr(kind, "__name__", str(kind))
        parts: dict[str, Callable[[Framework], Any]] = {
            "AppManager": lambda framework: framework.apps,
            "AppRunner": lambda framework: framework.runner,
            "DataAppDeployer": _deployer,
            "Framework": lambda framework: framework,
            "LoadedConfig": lambda framework: framework.config,
            "PluginHost": lambda framework: framework.host,
            "RunStore": lambda framework: framework.runs,
        }
        find = parts.get(name)
        if find is None or not str(getattr(kind, "__module__", "")).startswith("kindling."):
            raise UsageError(f"the framework has no part {name}", suggestions=["it has " + ", ".join(parts)])
        part: Any = find(current_or_new())
        return part  # type: ignore[no-any-return]

    #: The name by which some programs call it.
    get = resolve


def _deployer(framework: Framework) -> Any:
    from kindling.job_deployment import DataAppDeployer

    return DataAppDeployer(framework)
