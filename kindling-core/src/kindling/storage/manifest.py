"""What a transfer remembers of the files that it moved, so that the next one moves only what has changed.

A manifest is a file of JSON lines beside neither side: the client's. A line is added with each file that has arrived,
so that a transfer that was killed goes on where it was; a line that the kill tore is passed over, and its file is moved
again. Where the manifest is lost, everything is moved again, and nothing else happens.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kindling import atomic
from kindling.contracts.storage import Entry


@dataclass(frozen=True)
class Moved:
    """A file that has arrived.

    Args:
        path: Its path below the transfer's prefix.
        size: Bytes.
        source_etag: The version that was read.
        target_etag: The version that was written.
        sha256: Hash of the content.
    """

    path: str
    size: int
    source_etag: str
    target_etag: str
    sha256: str

    def holds(self, source: Entry, target: Entry | None) -> bool:
        """Whether both sides are still as they were when the file had arrived."""
        return (
            target is not None
            and (source.etag, source.size) == (self.source_etag, self.size)
            and (target.etag, target.size) == (self.target_etag, self.size)
        )


class Manifest:
    """The files that a transfer between two places has moved.

    Args:
        file: Where it is kept; one file for each pair of places. It is made with the first line, its folder too.

    Example:
        >>> import tempfile
        >>> manifest = Manifest(Path(tempfile.mkdtemp()) / "up.jsonl")
        >>> manifest.add(Moved("a.txt", 5, "1", "2", "0f"))
        >>> Manifest(manifest.file).get("a.txt").size
        5
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self.file = Path(file)
        self._lock = threading.Lock()
        self._lines = 0
        self._moved = {moved.path: moved for moved in self._read()}

    def get(self, path: str) -> Moved | None:
        """Return what is known of a file, or None."""
        return self._moved.get(path)

    def add(self, moved: Moved) -> None:
        """Remember a file that has arrived.

        Raises:
            OSError: it cannot be written.
        """
        line = json.dumps(_data(moved), ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            descriptor = os.open(self.file, flags, 0o666)
            try:
                # A line that a kill has torn must not become the beginning of this one.
                os.write(descriptor, line if self._lines else b"\n" + line)
            finally:
                os.close(descriptor)
            self._lines += 1
            self._moved[moved.path] = moved

    def keep_only(self, paths: set[str]) -> None:
        """Forget all others, and write what is left anew, each file once.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            kept = {path: moved for path, moved in self._moved.items() if path in paths}
            if len(kept) == len(self._moved) and not self._lines:
                return
            self._moved = kept
            text = "".join(json.dumps(_data(moved), ensure_ascii=False) + "\n" for moved in kept.values())
            self.file.parent.mkdir(parents=True, exist_ok=True)
            atomic.write_atomically(self.file, text.encode(), durable=True)
            self._lines = 0

    def _read(self) -> Iterator[Moved]:
        try:
            data = self.file.read_bytes()
        except FileNotFoundError:
            return
        for line in data.splitlines():
            try:
                yield Moved(**json.loads(line))
            except (TypeError, ValueError):
                continue  # torn, or a later version's: its file is moved again


def _data(moved: Moved) -> Mapping[str, Any]:
    return vars(moved)
