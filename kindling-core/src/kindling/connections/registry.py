"""The connections of a project, each opened when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from kindling.contracts.storage import Storage
from kindling.errors import KindlingError


class UnknownConnection(KindlingError, KeyError):
    """A connection was asked for that the configuration does not name."""

    code = "KDL-FWK-003"

    def __str__(self) -> str:
        # KeyError shows the repr of its argument.
        return self.message


class Connections(Mapping[str, Storage]):
    """The connections of a project by name. Thread-safe; each is opened once.

    Args:
        names: The names that the configuration has.
        open_connection: Opens one by its name.

    Example:
        >>> from kindling.storage.memory import MemoryStorage
        >>> connections = Connections(["scratch"], MemoryStorage)
        >>> connections["scratch"].write("a.txt", b"hello").size
        5
        >>> list(connections)
        ['scratch']
    """

    def __init__(self, names: Iterable[str], open_connection: Callable[[str], Storage]) -> None:
        self._names = tuple(names)
        self._open_connection = open_connection
        self._opened: dict[str, Storage] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Storage:
        if name not in self._names:
            raise self._unknown(name)
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._open_connection(name)
            return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __repr__(self) -> str:
        return f"Connections({', '.join(self._names)})"

    @property
    def opened(self) -> Mapping[str, Storage]:
        """Those that were asked for until now."""
        with self._lock:
            return dict(self._opened)

    def _unknown(self, name: str) -> UnknownConnection:
        from difflib import get_close_matches

        near = get_close_matches(str(name), self._names, n=1)
        suggestions = [f"did you mean {near[0]!r}?"] if near else []
        there = ", ".join(self._names) or "none"
        return UnknownConnection(
            f"there is no connection {name!r}; the configuration has: {there}",
            context={"connection": str(name), "connections": list(self._names)},
            suggestions=[*suggestions, "add it under connections: in kindling.yaml"],
        )
