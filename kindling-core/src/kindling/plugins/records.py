"""What the host knows of a plugin, as it shows it: a record, whatever state the plugin is in."""

from __future__ import annotations

from enum import Enum
from typing import Any

from kindling.frozen import dataclass
from kindling.plugins.serves import Claim, describe_claims


class PluginState(str, Enum):
    """The states a plugin can be in.

    Example:
        >>> PluginState("broken").is_usable
        False
    """

    AVAILABLE = "available"
    LOADED = "loaded"
    DISABLED = "disabled"
    INCOMPATIBLE = "incompatible"
    BROKEN = "broken"

    @property
    def is_usable(self) -> bool:
        """Whether what the plugin serves can be asked for."""
        return self in (PluginState.AVAILABLE, PluginState.LOADED)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class PluginRecord:
    """One plugin, as it is listed.

    Args:
        name: Name of its entry point: the platform's or the plugin's.
        distribution: Name of the distribution it comes from.
        version: The distribution's version.
        entry_point: ``module`` or ``module:attribute``.
        state: See PluginState.
        error: What is wrong with it; empty where nothing is.
        remedy: What to do about that.
        claims: What it serves, in the words of the index, for example ``("platform", "acme")``; from its hooks
            where they are known, else from its index.
        notes: What deserves a word without being an error, for example a clash of names.
        api: Numbers of the plugin API that it is made for; empty where it does not say.
        indexed: Whether it has an index, so that the host knows what it serves without importing it.
        location: The folder of its metadata.
        built_in: True for what the core itself brings.

    Example:
        >>> PluginRecord(name="acme", distribution="kindling-acme", version="2.0").state.value
        'available'
    """

    name: str
    distribution: str
    version: str
    entry_point: str = ""
    state: PluginState = PluginState.AVAILABLE
    error: str = ""
    remedy: str = ""
    claims: frozenset[Claim] = frozenset()
    notes: tuple[str, ...] = ()
    api: tuple[int, ...] = ()
    indexed: bool = False
    location: str = ""
    built_in: bool = False

    @property
    def serves(self) -> tuple[str, ...]:
        """What it serves, for people: ``("platform acme", "storage s3")``."""
        return describe_claims(self.claims)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data, in the order of the fields."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "entry_point": self.entry_point,
            "state": self.state.value,
            "error": self.error,
            "remedy": self.remedy,
            "serves": list(self.serves),
            "claims": sorted(f"{kind}.{name}" for kind, name in self.claims),
            "notes": list(self.notes),
            "api": list(self.api),
            "indexed": self.indexed,
            "location": self.location,
            "built_in": self.built_in,
        }
