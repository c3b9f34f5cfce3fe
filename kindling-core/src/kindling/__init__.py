"""Kindling: write a Spark data app once, and run, package, deploy and watch it, unchanged, everywhere.

Names are imported when they are first used: ``import kindling`` loads no SDK, no pandas and no Spark.

Example:
    >>> import kindling
    >>> kindling.RunState("running").is_final
    False
"""

from __future__ import annotations

__version__ = "0.1.0"

# Type checkers take this name for true. Importing typing for it would double the time of `kindling --version`.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from kindling.app_framework import AppManager as AppManager
    from kindling.apps.context import AppContext as AppContext
    from kindling.apps.executor import ExecutionMode as ExecutionMode
    from kindling.apps.run import Run as Run
    from kindling.apps.validator import AppValidator as AppValidator
    from kindling.apps.validator import ValidationResult as ValidationResult
    from kindling.bootstrap import bootstrap_spark_session as bootstrap_spark_session
    from kindling.errors import AppConfigError as AppConfigError
    from kindling.errors import AppDependencyError as AppDependencyError
    from kindling.errors import AppExecutionError as AppExecutionError
    from kindling.errors import AppRuntimeError as AppRuntimeError
    from kindling.errors import ConfigError as ConfigError
    from kindling.errors import KindlingError as KindlingError
    from kindling.errors import PluginError as PluginError
    from kindling.errors import StorageError as StorageError
    from kindling.framework import Framework as Framework
    from kindling.framework import get_framework as get_framework
    from kindling.framework import initialize as initialize
    from kindling.hookspecs import KINDLING_PLUGIN_API as KINDLING_PLUGIN_API
    from kindling.hookspecs import hookimpl as hookimpl
    from kindling.injection import GlobalInjector as GlobalInjector
    from kindling.job_deployment import DataAppDeployer as DataAppDeployer
    from kindling.values import RunState as RunState
    from kindling.values import Secret as Secret

_HOMES = {
    "kindling.app_framework": ("AppManager",),
    "kindling.apps.context": ("AppContext",),
    "kindling.apps.executor": ("ExecutionMode",),
    "kindling.apps.run": ("Run",),
    "kindling.apps.validator": ("AppValidator", "ValidationResult"),
    "kindling.bootstrap": ("bootstrap_spark_session",),
    "kindling.errors": (
        "AppConfigError", "AppDependencyError", "AppExecutionError", "AppRuntimeError", "ConfigError",
        "KindlingError", "PluginError", "StorageError",
    ),
    "kindling.framework": ("Framework", "get_framework", "initialize"),
    "kindling.hookspecs": ("KINDLING_PLUGIN_API", "hookimpl"),
    "kindling.injection": ("GlobalInjector",),
    "kindling.job_deployment": ("DataAppDeployer",),
    "kindling.values": ("RunState", "Secret"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


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
