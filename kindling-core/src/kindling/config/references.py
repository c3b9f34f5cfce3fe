"""References to secrets: what ``${secret:vault/name}`` is until the secret is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kindling.values import Secret


class SecretReference:
    """A value that has secrets in it, by name. It holds no secret and may be shown, stored and pickled.

    Args:
        parts: Text as it is, and names of secrets, in turn: the even ones are text, the odd ones
            ``store/name`` or ``store/name@version``.

    Example:
        >>> reference = SecretReference(("", "vault/bronze-key", ""))
        >>> str(reference), reference.names
        ('${secret:vault/bronze-key}', ('vault/bronze-key',))
        >>> reference.open(lambda name: Secret("the-value-of-" + name)).reveal()
        'the-value-of-vault/bronze-key'
    """

    __slots__ = ("parts",)

    parts: tuple[str, ...]

    def __init__(self, parts: tuple[str, ...]) -> None:
        object.__setattr__(self, "parts", parts)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a SecretReference does not change: {name}")

    def __eq__(self, other: object) -> bool:
        return self.parts == other.parts if isinstance(other, SecretReference) else NotImplemented

    def __hash__(self) -> int:
        return hash((SecretReference, self.parts))

    def __reduce__(self) -> tuple[Any, ...]:
        return SecretReference, (self.parts,)

    @property
    def names(self) -> tuple[str, ...]:
        """The secrets it needs: ``store/name`` or ``store/name@version``."""
        return self.parts[1::2]

    def open(self, get_secret: Callable[[str], Secret]) -> Secret:
        """Return the value with its secrets.

        Args:
            get_secret: Gives a secret by ``store/name``; whatever it raises is raised.
        """
        pieces = [get_secret(part).reveal() if index % 2 else part for index, part in enumerate(self.parts)]
        return Secret("".join(pieces))

    def __str__(self) -> str:
        return "".join("${secret:" + part + "}" if index % 2 else part for index, part in enumerate(self.parts))

    def __repr__(self) -> str:
        return f"SecretReference({str(self)!r})"
