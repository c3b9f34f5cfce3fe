"""What holds between the core and any platform's deployer, checked before the plugin is called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kindling.errors import JobError, PluginError, UnsupportedOperation, UsageError

if TYPE_CHECKING:
    from kindling.contracts.descriptors import JobBackend
    from kindling.contracts.jobs import JobSpec

#: Fields of a JobSpec that each are a capability of the same name.
CAPABILITIES = ("pin", "schedule", "retries", "time_limit", "run_after", "tags", "notifications")

_NATIVE = re.compile(r"[\w.~:/=-]{1,256}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def asked_for(spec: JobSpec) -> tuple[str, ...]:
    """Return the capabilities that a spec asks for: its optional fields that were given a value.

    Args:
        spec: The job as it should be.

    Example:
        >>> from kindling.testing import example_spec
        >>> asked_for(example_spec(retries=0, tags={"team": "shop"}))
        ('retries', 'tags')
    """
    return tuple(name for name in CAPABILITIES if getattr(spec, name) not in (None, (), {}))


def check_spec(backend: JobBackend, spec: JobSpec) -> tuple[str, ...]:
    """Refuse what a platform does not support, before its plugin is called.

    Args:
        backend: The platform's descriptor.
        spec: The job as it should be.

    Returns:
        Warnings: what is supported partly, and why.

    Raises:
        UnsupportedOperation: KDL-PLG-020, with all that is not supported, and why.
        PluginError: KDL-PLG-018, the platform's jobs cannot read the artifacts root.

    Example:
        >>> from kindling.contracts import JobBackend, Level, Support
        >>> from kindling.testing import example_spec
        >>> backend = JobBackend(
        ...     platform="acme", artifact_schemes=("memory",), opens="a:b",
        ...     capabilities={"retries": Support(Level.PARTIAL, "counted per run")},
        ... )
        >>> check_spec(backend, example_spec(retries=2))
        ('retries: counted per run (partial)',)
    """
    from kindling.contracts.descriptors import Level
    from kindling.plugins.routing import split_uri

    supports = {name: backend.support(name) for name in asked_for(spec)}
    refused = {name: found.reason for name, found in supports.items() if found.level is Level.UNSUPPORTED}
    if refused:
        told = "; ".join(f"{name} ({reason})" for name, reason in refused.items())
        raise UnsupportedOperation(
            f"{backend.platform} does not support what the job {spec.name!r} asks for: {told}",
            context={"platform": backend.platform, "job": spec.identity, "refused": refused},
            suggestions=[f"take {', '.join(refused)} from the section job: of the app, or choose another platform"],
        )
    scheme, _ = split_uri(spec.artifacts_uri)
    if scheme not in backend.artifact_schemes:
        raise PluginError(
            f"jobs on {backend.platform} cannot read the artifacts root {spec.artifacts_uri}: "
            f"they read {', '.join(backend.artifact_schemes) or 'none'}",
            code="KDL-PLG-018",
            context={"platform": backend.platform, "artifacts": spec.artifacts_uri},
            suggestions=[f"set platforms.{backend.platform}.artifacts to a root that they can read"],
        )
    return tuple(
        f"{name}: {found.reason} (partial)" for name, found in supports.items() if found.level is Level.PARTIAL
    )


def make_run_id(platform: str, native: str) -> str:
    """Return the id under which a platform's run is known everywhere.

    Args:
        platform: The platform's name.
        native: The platform's own id.

    Raises:
        JobError: KDL-JOB-005, the plugin gave something that is no id.

    Example:
        >>> make_run_id("fabric", "0d8c/7b1e")
        'fabric:0d8c/7b1e'
    """
    if not _NATIVE.fullmatch(native):
        raise JobError(
            f"the plugin of {platform} gave {native!r} as the id of a run; expected {_NATIVE.pattern}",
            code="KDL-JOB-005",
            context={"platform": platform, "native": native},
        )
    return f"{platform}:{native}"


def split_run_id(run_id: str) -> tuple[str, str]:
    """Return platform and native id of a run's id.

    Args:
        run_id: As from :func:`make_run_id`.

    Raises:
        UsageError: KDL-CLI-001, it is none.

    Example:
        >>> split_run_id("databricks:123:4")
        ('databricks', '123:4')
    """
    platform, colon, native = run_id.partition(":")
    if not (colon and platform and _NATIVE.fullmatch(native)):
        raise UsageError(f"{run_id!r} is no id of a platform's run; expected PLATFORM:ID")
    return platform, native


def check_token(token: str) -> str:
    """Return an idempotency token as it is, if every platform can take it.

    Args:
        token: The token.

    Raises:
        ValueError: it is not of the form ``[A-Za-z0-9._-]{1,64}``.

    Example:
        >>> check_token("20261121t113105123-k3v9x2ab")
        '20261121t113105123-k3v9x2ab'
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"an idempotency token is {_TOKEN.pattern}, not {token!r}")
    return token
