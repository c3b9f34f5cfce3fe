"""The whole of what a plugin author reads: descriptors to yield from hooks, and classes to implement.

Names are imported when they are first used, so that a ``plugin.py`` costs only what it names.

Example:
    >>> from kindling.contracts import Level, Support
    >>> Support(Level.PARTIAL, reason="retries count per run").level
    <Level.PARTIAL: 'partial'>
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kindling.config.fields import setting as setting
    from kindling.contracts.auth import AccessToken as AccessToken
    from kindling.contracts.auth import Credential as Credential
    from kindling.contracts.auth import Grant as Grant
    from kindling.contracts.auth import GrantRequest as GrantRequest
    from kindling.contracts.auth import SecretRequest as SecretRequest
    from kindling.contracts.auth import SecretStore as SecretStore
    from kindling.contracts.context import Context as Context
    from kindling.contracts.context import HttpClient as HttpClient
    from kindling.contracts.context import HttpResponse as HttpResponse
    from kindling.contracts.descriptors import AuthBackend as AuthBackend
    from kindling.contracts.descriptors import Backend as Backend
    from kindling.contracts.descriptors import ExecutionBackend as ExecutionBackend
    from kindling.contracts.descriptors import JobBackend as JobBackend
    from kindling.contracts.descriptors import Level as Level
    from kindling.contracts.descriptors import Ref as Ref
    from kindling.contracts.descriptors import SecretBackend as SecretBackend
    from kindling.contracts.descriptors import StorageBackend as StorageBackend
    from kindling.contracts.descriptors import Support as Support
    from kindling.contracts.execution import AppRunner as AppRunner
    from kindling.contracts.execution import Detection as Detection
    from kindling.contracts.execution import Identity as Identity
    from kindling.contracts.jobs import Change as Change
    from kindling.contracts.jobs import Job as Job
    from kindling.contracts.jobs import JobDeployer as JobDeployer
    from kindling.contracts.jobs import JobPlan as JobPlan
    from kindling.contracts.jobs import JobSpec as JobSpec
    from kindling.contracts.jobs import LogPage as LogPage
    from kindling.contracts.jobs import LogRequest as LogRequest
    from kindling.contracts.jobs import RunRequest as RunRequest
    from kindling.contracts.jobs import RunStatus as RunStatus
    from kindling.contracts.jobs import Schedule as Schedule
    from kindling.contracts.storage import Entry as Entry
    from kindling.contracts.storage import ListOptions as ListOptions
    from kindling.contracts.storage import Storage as Storage
    from kindling.contracts.storage import WriteOptions as WriteOptions
    from kindling.values import RunState as RunState
    from kindling.values import Secret as Secret

_HOMES = {
    "kindling.config.fields": ("setting",),
    "kindling.contracts.auth": (
        "AccessToken", "Credential", "Grant", "GrantRequest", "SecretRequest", "SecretStore",
    ),
    "kindling.contracts.context": ("Context", "HttpClient", "HttpResponse"),
    "kindling.contracts.descriptors": (
        "AuthBackend", "Backend", "ExecutionBackend", "JobBackend", "Level", "Ref", "SecretBackend",
        "StorageBackend", "Support",
    ),
    "kindling.contracts.execution": ("AppRunner", "Detection", "Identity"),
    "kindling.contracts.jobs": (
        "Change", "Job", "JobDeployer", "JobPlan", "JobSpec", "LogPage", "LogRequest", "RunRequest", "RunStatus",
        "Schedule",
    ),
    "kindling.contracts.storage": ("Entry", "ListOptions", "Storage", "WriteOptions"),
    "kindling.values": ("RunState", "Secret"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

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
