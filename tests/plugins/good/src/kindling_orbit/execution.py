"""Running apps on Orbit, which has no Spark."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kindling.contracts import AppRunner, Context, Detection
from kindling.errors import UnsupportedOperation
from kindling_orbit.settings import OrbitSettings


def detect() -> Detection | None:
    name = os.environ.get("ORBIT_STATION")
    return Detection((f"ORBIT_STATION={name}",)) if name else None


def open_runner(context: Context, settings: OrbitSettings) -> OrbitRunner:
    return OrbitRunner(settings)


class OrbitRunner(AppRunner):
    def __init__(self, settings: OrbitSettings) -> None:
        self.settings = settings

    def spark_session(self, conf: Mapping[str, str]) -> Any:
        raise UnsupportedOperation("orbit has no Spark")
