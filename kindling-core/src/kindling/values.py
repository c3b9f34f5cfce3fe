"""The values that every part of Kindling shares: secrets and run states."""

from __future__ import annotations

from enum import Enum
from typing import Any, NoReturn

from kindling import redaction


class Secret:
    """A string that shows itself only when asked.

    Making one registers it for redaction, so that it appears nowhere: not in a log, an error, a ``repr``
    or a JSON document. It cannot be pickled, because a pickle would carry it in clear.

    Args:
        value: The secret itself.

    Example:
        >>> key = Secret("s3cr3t-key")
        >>> key, str(key), f"{key}"
        (Secret('***'), '***', '***')
        >>> key.reveal()
        's3cr3t-key'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is a str, not {type(value).__name__}")
        self._value = value
        redaction.register(value)

    def reveal(self) -> str:
        """Return the secret itself. The only way to read it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: pass a reference and open it where it is used")

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __copy__(self) -> Secret:
        return self


class RunState(str, Enum):
    """The one vocabulary of run states. A platform's own word is kept beside it as ``raw``.

    Compares without regard to case, also with plain strings, as existing programs do.

    Example:
        >>> RunState.RUNNING == "Running"
        True
        >>> RunState("failed").is_final
        True
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"

    @classmethod
    def _missing_(cls, value: object) -> RunState | None:
        if isinstance(value, str):
            return cls.__members__.get(value.upper())
        return None

    @property
    def is_final(self) -> bool:
        """Whether a run in this state has ended."""
        return self not in (RunState.PENDING, RunState.RUNNING)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.value == str.upper(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return self.value

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)
