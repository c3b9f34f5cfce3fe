"""Who serves a URL: the longest matching host suffix first, then the scheme."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from kindling.contracts.descriptors import StorageBackend

Candidate = TypeVar("Candidate", bound="tuple[object, StorageBackend]")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def split_uri(uri: str) -> tuple[str, str]:
    """Return scheme and host of a URI; a plain path is a file.

    Args:
        uri: For example ``abfss://bronze@account.dfs.core.windows.net/sales``.

    Returns:
        The scheme in lower case, and the host in lower case with its port, without user or container.

    Example:
        >>> split_uri("abfss://bronze@account.dfs.core.windows.net/sales")
        ('abfss', 'account.dfs.core.windows.net')
        >>> split_uri("data/sales.csv"), split_uri("C:\\\\data"), split_uri("dbfs:/mnt/x")
        (('file', ''), ('file', ''), ('dbfs', ''))
    """
    match = _SCHEME.match(uri)  # one letter before the colon is a drive of Windows
    if match is None:
        return "file", ""
    rest = uri[match.end() :]
    if not rest.startswith("//"):
        return match[1].lower(), ""
    authority = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
    return match[1].lower(), authority.rpartition("@")[2].lower()


def best_by_host(candidates: Sequence[Candidate], host: str) -> list[Candidate]:
    """Return those that match a host best; more than one is a clash.

    Args:
        candidates: Pairs of anything and a StorageBackend, all of which serve the scheme.
        host: As from ``split_uri``.

    Returns:
        Those with the longest matching suffix; where none matches, those that name no hosts; where all name some,
        all of them: a cloud's private host is not in any list.
    """
    lengths = [max((_match(suffix, host) for suffix in backend.hosts), default=0) for _, backend in candidates]
    longest = max(lengths, default=0)
    if longest:
        return [candidate for candidate, length in zip(candidates, lengths, strict=True) if length == longest]
    return [candidate for candidate in candidates if not candidate[1].hosts] or list(candidates)


def _match(suffix: str, host: str) -> int:
    """Return how much of ``host`` a suffix matches, at whole labels; 0 where it does not match."""
    if ":" not in suffix:
        host = host.partition(":")[0]
    suffix = suffix.removeprefix("*.")
    if host == suffix or host.endswith("." + suffix):
        return len(suffix)
    return 0
