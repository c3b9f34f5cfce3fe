"""The auth contract: credentials that grant keys or tokens, and stores of secrets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

from kindling.errors import AuthError
from kindling.values import Secret


class AccessToken(NamedTuple):
    """A token in the shape that azure-core's clients take: the token in clear, and when it ends.

    Args:
        token: The bearer token in clear: hand it to the client at once, never keep or print it.
        expires_on: Seconds since 1970-01-01 UTC.

    Example:
        >>> AccessToken("in-clear", 1767225600)
        AccessToken(token='***', expires_on=1767225600)
    """

    token: str
    expires_on: int

    def __repr__(self) -> str:
        return f"AccessToken(token='***', expires_on={self.expires_on})"


@dataclass(frozen=True, kw_only=True)
class GrantRequest:
    """What is asked of a credential.

    Args:
        resource: What it is for: a URI, or a service's name.
        scopes: OAuth scopes, where the service has them.
        connection: Name of the connection on whose behalf, for error messages.
        refresh: Do not answer from a cache: the last grant was refused.
        deadline: Seconds for the whole call, or None for the credential's own limits.

    Example:
        >>> GrantRequest(resource="https://vault.example", scopes=("https://vault.example/.default",)).refresh
        False
    """

    resource: str
    scopes: tuple[str, ...] = ()
    connection: str | None = None
    refresh: bool = False
    deadline: float | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a credential gives: one key, a token, or several values that end together.

    Args:
        kind: ``token``, ``account_key``, ``sas``, ``keys``, … A storage names the kinds it takes.
        values: The values by name, for example ``{"token": …}``.
        expires_at: When they end, with a time zone; None for never.

    Example:
        >>> Grant(kind="account_key", values={"account_key": Secret("the-key")}).values["account_key"]
        Secret('***')
    """

    kind: str
    values: Mapping[str, Secret]
    expires_at: datetime | None = None


class Credential(ABC):
    """Grants access. Synchronous and thread-safe.

    Example:
        >>> class Fixed(Credential):
        ...     def grant(self, request):
        ...         return Grant(kind="token", values={"token": Secret("fixed-token")})
        >>> Fixed().grant(GrantRequest(resource="https://example.invalid")).values["token"]
        Secret('***')
    """

    @abstractmethod
    def grant(self, request: GrantRequest) -> Grant:
        """Return access to what the request names, from a cache while it holds.

        Args:
            request: See GrantRequest.

        Returns:
            A grant that holds for some minutes yet, where the service allows it.

        Raises:
            AuthError: KDL-AUT-001, nothing was granted; with the identity that was tried and what to do.

        Example:
            >>> class Keys(Credential):
            ...     def grant(self, request):
            ...         return Grant(kind="keys", values={"id": Secret("AKIA-1"), "key": Secret("k3y-1")})
            >>> sorted(Keys().grant(GrantRequest(resource="s3://bucket")).values)
            ['id', 'key']
        """

    def get_token(self, *scopes: str, **keywords: Any) -> AccessToken:
        """Return a token in azure-core's shape, so that a credential fits the vendors' clients.

        Args:
            *scopes: OAuth scopes.
            **keywords: What those clients pass besides; accepted and passed over.

        Raises:
            AuthError: KDL-AUT-002, this credential grants something else than tokens.

        Example:
            >>> class Fixed(Credential):
            ...     def grant(self, request):
            ...         return Grant(kind="token", values={"token": Secret("fixed-token")})
            >>> Fixed().get_token("https://example.invalid/.default").token
            'fixed-token'
        """
        grant = self.grant(GrantRequest(resource=scopes[0] if scopes else "", scopes=scopes))
        token = grant.values.get("token")
        if token is None:
            raise AuthError(
                f"{type(self).__name__} grants {grant.kind}, not a token",
                code="KDL-AUT-002",
                suggestions=["choose an auth_mode that gives tokens, for example entra"],
            )
        # Without an end: an hour from now, so that a client asks again in time.
        ends = grant.expires_at.timestamp() if grant.expires_at else datetime.now(timezone.utc).timestamp() + 3600
        return AccessToken(token.reveal(), int(ends))

    def close(self) -> None:  # noqa: B027 - most credentials hold nothing open
        """Give back what is held open. Called once, with the framework's end.

        Example:
            >>> from kindling.testing import FixedCredential
            >>> FixedCredential().close()
        """


@dataclass(frozen=True, kw_only=True)
class SecretRequest:
    """Which secret is asked for.

    Args:
        name: Its name in the store.
        version: One version; None for the newest.
        deadline: Seconds for the whole call, or None for the store's own limits.

    Example:
        >>> SecretRequest(name="bronze-key", deadline=5.0).version is None
        True
    """

    name: str
    version: str | None = None
    deadline: float | None = None


class SecretStore(ABC):
    """A store of secrets. Synchronous and thread-safe.

    Example:
        >>> class Fixed(SecretStore):
        ...     def get_secret(self, request):
        ...         return Secret("the-value-of-" + request.name)
        >>> Fixed().get_secret(SecretRequest(name="bronze-key"))
        Secret('***')
    """

    @abstractmethod
    def get_secret(self, request: SecretRequest) -> Secret:
        """Return one secret.

        Args:
            request: See SecretRequest.

        Raises:
            AuthError: KDL-AUT-003, there is no such secret, or it may not be read; says which of the two.

        Example:
            >>> class Fixed(SecretStore):
            ...     def get_secret(self, request):
            ...         return Secret("the-value-of-" + request.name)
            >>> Fixed().get_secret(SecretRequest(name="bronze-key")).reveal()
            'the-value-of-bronze-key'
        """

    def close(self) -> None:  # noqa: B027 - most stores hold nothing open
        """Give back what is held open. Called once, with the framework's end.

        Example:
            >>> from kindling.testing import FixedSecrets
            >>> FixedSecrets({}).close()
        """
