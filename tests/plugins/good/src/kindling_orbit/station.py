"""The cloud itself: stations with buckets and runs, in the memory of the process."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone


@dataclass
class StoredFile:
    data: bytes
    etag: str
    modified: datetime


@dataclass
class Station:
    name: str
    buckets: dict[str, dict[str, StoredFile]] = field(default_factory=dict)
    runs: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def store(self, bucket: str, path: str, data: bytes) -> StoredFile:
        with self.lock:
            file = StoredFile(data, f"v{next(self.numbers)}", datetime.now(timezone.utc))
            self.buckets.setdefault(bucket, {})[path] = file
            return file


_stations: dict[str, Station] = {}
_lock = threading.Lock()


def station(name: str) -> Station:
    with _lock:
        return _stations.setdefault(name, Station(name))
