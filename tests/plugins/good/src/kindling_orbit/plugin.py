"""What Orbit gives to Kindling: all four families."""

from __future__ import annotations

from collections.abc import Iterator

from kindling.contracts import (
    AuthBackend,
    ExecutionBackend,
    JobBackend,
    Level,
    SecretBackend,
    StorageBackend,
    Support,
)
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_storage() -> Iterator[StorageBackend]:
    yield StorageBackend(
        name="orbit",
        schemes=("orbit",),
        auth_modes=("orbit_keys",),
        opens="kindling_orbit.storage:open_storage",
        settings="kindling_orbit.settings:BucketSettings",
    )


@hookimpl
def kindling_auth() -> list[AuthBackend | SecretBackend]:
    return [
        AuthBackend(
            mode="orbit_keys",
            opens="kindling_orbit.auth:open_keys",
            settings="kindling_orbit.settings:KeySettings",
        ),
        SecretBackend(name="orbit_safe", opens="kindling_orbit.auth:open_safe"),
    ]


@hookimpl
def kindling_jobs() -> tuple[JobBackend, ...]:
    return (
        JobBackend(
            platform="orbit",
            artifact_schemes=("orbit",),
            opens="kindling_orbit.jobs:open_deployer",
            settings="kindling_orbit.settings:JobSettings",
            capabilities={
                "definitions": Support(Level.UNSUPPORTED, "Orbit keeps no jobs, it only runs them"),
                "logs": Support(Level.UNSUPPORTED, "Orbit has no log API"),
                "retries": Support(Level.PARTIAL, "at most 3"),
                "time_limit": Support(Level.FULL),
                "tags": Support(Level.FULL),
            },
        ),
    )


@hookimpl
def kindling_execution() -> Iterator[ExecutionBackend]:
    yield ExecutionBackend(
        platform="orbit",
        opens="kindling_orbit.execution:open_runner",
        settings="kindling_orbit.settings:OrbitSettings",
        detect="kindling_orbit.execution:detect",
    )
