"""How a settings dataclass says what its keys may hold.

A settings model is a frozen dataclass with typed fields; its annotations are the schema. :func:`setting` adds what
a type cannot say: documentation, choices, limits. The checker and the JSON Schema are both derived from the same
dataclass, so that they cannot drift apart.

Example:
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, kw_only=True)
    ... class AcmeSettings:
    ...     endpoint: str = setting(doc="Address of the service.", pattern="https://.+")
    ...     timeout: Duration = setting(default=30.0, doc="How long to wait for an answer.")
    >>> AcmeSettings(endpoint="https://acme.invalid").timeout
    30.0
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING
from typing import Annotated, Any

from kindling.frozen import dataclass

#: The key of a dataclass field's metadata under which :func:`setting` keeps what it was told.
METADATA_KEY = "kindling"


@dataclass(frozen=True)
class Unit:
    """Marks a number that is written with a unit.

    Args:
        name: ``duration`` or ``size``.
    """

    name: str


#: Seconds as a float, written ``90s``, ``15m``, ``1h30m``, ``2d``, ``250ms``, or as a number of seconds.
Duration = Annotated[float, Unit("duration")]
#: Bytes as an int, written ``512m``, ``8g``, ``8GiB`` (all of them powers of 1,024), or as a number of bytes.
Size = Annotated[int, Unit("size")]


@dataclass(frozen=True)
class Setting:
    """What :func:`setting` was told about a field.

    Args:
        doc: What the key means, for people; shown in the JSON Schema and so in editors.
        key: The key in the file, where it is not the field's name.
        choices: The only values that are allowed.
        minimum: Smallest value, inclusive.
        maximum: Largest value, inclusive.
        pattern: Regular expression that the whole text matches.
        length: Smallest and largest number of characters, items or entries; None for no limit.
        example: A value for documentation and for error messages.
    """

    doc: str = ""
    key: str | None = None
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    length: tuple[int | None, int | None] | None = None
    example: Any = None

    @property
    def has_limits(self) -> bool:
        """Whether a value of the right type can still be refused."""
        return bool(self.choices) or any(
            limit is not None for limit in (self.minimum, self.maximum, self.pattern, self.length)
        )


def setting(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | Any = MISSING,
    doc: str = "",
    key: str | None = None,
    choices: Sequence[Any] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
    length: tuple[int | None, int | None] | None = None,
    example: Any = None,
) -> Any:
    """Return a dataclass field with what its type cannot say.

    Limits hold for the value, or for each item where the field is a list; ``length`` counts characters of a text,
    items of a list, entries of a map.

    Args:
        default: Value where the key is not given. Without a default the key is required.
        default_factory: Makes the default, for lists and maps.
        doc: What the key means, in a sentence; editors show it.
        key: The key in the file, where it cannot be the field's name (``from``).
        choices: The only values that are allowed.
        minimum: Smallest value, inclusive.
        maximum: Largest value, inclusive.
        pattern: Regular expression that the whole text matches.
        length: Smallest and largest length; None for no limit.
        example: A value for documentation and error messages.

    Raises:
        ValueError: Both ``default`` and ``default_factory`` were given.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Retry:
        ...     times: int = setting(default=3, minimum=0, maximum=10, doc="How often to try again.")
        >>> Retry().times
        3
    """
    told = Setting(
        doc=doc,
        key=key,
        choices=tuple(choices or ()),
        minimum=minimum,
        maximum=maximum,
        pattern=pattern,
        length=length,
        example=example,
    )
    if default_factory is not MISSING:
        return dataclasses.field(default=default, default_factory=default_factory, metadata={METADATA_KEY: told})
    return dataclasses.field(default=default, metadata={METADATA_KEY: told})
