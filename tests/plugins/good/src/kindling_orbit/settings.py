"""The settings of Orbit: a section of platforms, keys of connections, the section `job` of an app."""

from __future__ import annotations

from dataclasses import dataclass

from kindling.contracts import setting


@dataclass(frozen=True, kw_only=True)
class OrbitSettings:
    """The section ``platforms.orbit:``."""

    station: str = setting(doc="Name of the station.", example="mir")
    crew: int = setting(default=2, minimum=1, doc="How many work at once.")


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """A connection of ``type: orbit``."""

    station: str = setting(doc="Name of the station.")
    bucket: str = setting(doc="Name of the bucket.")


@dataclass(frozen=True, kw_only=True)
class KeySettings:
    """The keys of a connection with ``auth_mode: orbit_keys``."""

    lifetime: float = setting(default=900.0, doc="Seconds for which a key holds.")


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """The section ``job:`` of an app, on Orbit."""

    thrust: int = setting(default=1, minimum=1, maximum=9, doc="How fast.")
