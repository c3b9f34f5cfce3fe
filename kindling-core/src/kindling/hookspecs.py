"""The four hooks of Kindling's, and the number of the API they belong to.

A plugin is a distribution with an entry point in the group ``kindling``, whose name is the plugin's name and whose
value is a module (``kindling_acme.plugin``) with functions marked ``@hookimpl``. Hooks take no arguments, ever;
each returns an iterable of descriptors. Nothing heavy is imported by the module: descriptors name it as strings.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from kindling.contracts.descriptors import (
    AuthBackend,
    ExecutionBackend,
    JobBackend,
    SecretBackend,
    StorageBackend,
)
from kindling.contracts.version import GROUP, INDEX_GROUP, KINDLING_PLUGIN_API, KINDLING_PLUGIN_API_MINIMUM

__all__ = [
    "GROUP",
    "INDEX_GROUP",
    "KINDLING_PLUGIN_API",
    "KINDLING_PLUGIN_API_MINIMUM",
    "hookimpl",
    "hookspec",
    "kindling_auth",
    "kindling_execution",
    "kindling_jobs",
    "kindling_storage",
]

hookspec = pluggy.HookspecMarker("kindling")
hookimpl = pluggy.HookimplMarker("kindling")


@hookspec
def kindling_storage() -> Iterable[StorageBackend]:
    """Yield the storages that the plugin serves: connection types, URL schemes and hosts.

    Returns:
        Any iterable of StorageBackend; it is exhausted at once.

    Raises:
        Exception: Whatever a plugin raises marks it broken, and everything else goes on.

    Example:
        >>> from kindling.contracts import StorageBackend
        >>> @hookimpl
        ... def kindling_storage():
        ...     yield StorageBackend(name="acme", schemes=("acme",), opens="kindling_acme.storage:open_storage")
        >>> [backend.name for backend in kindling_storage()]
        ['acme']
    """
    raise NotImplementedError  # a specification is never called


@hookspec
def kindling_auth() -> Iterable[AuthBackend | SecretBackend]:
    """Yield the auth modes and the stores of secrets that the plugin serves.

    Returns:
        Any iterable of AuthBackend and SecretBackend; it is exhausted at once.

    Raises:
        Exception: Whatever a plugin raises marks it broken, and everything else goes on.

    Example:
        >>> from kindling.contracts import AuthBackend, SecretBackend
        >>> @hookimpl
        ... def kindling_auth():
        ...     return [
        ...         AuthBackend(mode="acme_keys", opens="kindling_acme.auth:open_keys"),
        ...         SecretBackend(name="acme", opens="kindling_acme.auth:open_secrets"),
        ...     ]
        >>> len(kindling_auth())
        2
    """
    raise NotImplementedError  # a specification is never called


@hookspec
def kindling_jobs() -> Iterable[JobBackend]:
    """Yield job deployment on the plugin's platform, with its capabilities.

    Returns:
        Any iterable of JobBackend; it is exhausted at once.

    Raises:
        Exception: Whatever a plugin raises marks it broken, and everything else goes on.

    Example:
        >>> from kindling.contracts import JobBackend, Level, Support
        >>> @hookimpl
        ... def kindling_jobs():
        ...     yield JobBackend(
        ...         platform="acme",
        ...         artifact_schemes=("acme",),
        ...         opens="kindling_acme.jobs:open_deployer",
        ...         capabilities={"retries": Support(Level.PARTIAL, "counted per run")},
        ...     )
        >>> next(iter(kindling_jobs())).support("schedule").level
        <Level.UNSUPPORTED: 'unsupported'>
    """
    raise NotImplementedError  # a specification is never called


@hookspec
def kindling_execution() -> Iterable[ExecutionBackend]:
    """Yield app execution on the plugin's platform: detection, Spark, identity, display, the simulator.

    Returns:
        Any iterable of ExecutionBackend; it is exhausted at once.

    Raises:
        Exception: Whatever a plugin raises marks it broken, and everything else goes on.

    Example:
        >>> from kindling.contracts import ExecutionBackend
        >>> @hookimpl
        ... def kindling_execution():
        ...     yield ExecutionBackend(platform="acme", opens="kindling_acme.execution:open_runner")
        >>> [backend.platform for backend in kindling_execution()]
        ['acme']
    """
    raise NotImplementedError  # a specification is never called
