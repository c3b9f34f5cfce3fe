"""Orbit's keys: three values that end together, and no tokens."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta, timezone

from kindling.contracts import (
    Context,
    Credential,
    Grant,
    GrantRequest,
    Secret,
    SecretRequest,
    SecretStore,
)
from kindling.errors import AuthError
from kindling_orbit.settings import KeySettings


def open_keys(context: Context, settings: KeySettings | None) -> OrbitKeys:
    return OrbitKeys(settings or KeySettings())


def open_safe(context: Context, settings: None) -> OrbitSafe:
    return OrbitSafe()


class OrbitKeys(Credential):
    def __init__(self, settings: KeySettings) -> None:
        self._settings = settings
        self._grant: Grant | None = None

    def grant(self, request: GrantRequest) -> Grant:
        now = datetime.now(timezone.utc)
        if self._grant is None or request.refresh or (self._grant.expires_at or now) <= now:
            self._grant = Grant(
                kind="keys",
                values={name: Secret(secrets.token_hex(12)) for name in ("id", "key", "session")},
                expires_at=now + timedelta(seconds=self._settings.lifetime),
            )
        return self._grant


class OrbitSafe(SecretStore):
    def get_secret(self, request: SecretRequest) -> Secret:
        if request.name != "airlock":
            raise AuthError(f"the safe has no {request.name!r}", code="KDL-AUT-003")
        return Secret("the-code-of-the-airlock")
