"""A door: ``AppManager`` and its errors, under the name by which existing programs import them.

Example:
    >>> from kindling.app_framework import AppManager, AppRuntimeError
    >>> AppManager.__module__
    'kindling.apps.manager'
"""

from __future__ import annotations

from kindling.apps.context import AppContext
from kindling.apps.executor import AppExecutor, ExecutionMode
from kindling.apps.loader import AppLoader
from kindling.apps.manager import AppManager
from kindling.apps.run import Run
from kindling.apps.validator import AppValidator, ValidationResult
from kindling.errors import (
    AppCancelledError,
    AppConfigError,
    AppDependencyError,
    AppExecutionError,
    AppRuntimeError,
    AppTimeoutError,
)
from kindling.injection import current_or_new

# A manager that is made without a framework takes the current one, as existing programs expect.
AppManager.default_framework = staticmethod(current_or_new)

__all__ = [
    "AppCancelledError",
    "AppConfigError",
    "AppContext",
    "AppDependencyError",
    "AppExecutionError",
    "AppExecutor",
    "AppLoader",
    "AppManager",
    "AppRuntimeError",
    "AppTimeoutError",
    "AppValidator",
    "ExecutionMode",
    "Run",
    "ValidationResult",
]
