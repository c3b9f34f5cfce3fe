"""Who serves a URL."""

from __future__ import annotations

import pytest

from kindling.contracts import StorageBackend
from kindling.plugins.routing import best_by_host, split_uri


def backend(name: str, *hosts: str) -> tuple[str, StorageBackend]:
    return name, StorageBackend(name=name, schemes=("abfss",), hosts=hosts, opens="a:b")


ADLS = backend("adls", "dfs.core.windows.net", "blob.core.windows.net")
ONELAKE = backend("onelake", "dfs.fabric.microsoft.com")
ANY = backend("any")
LOCAL = backend("simulator", "127.0.0.1:10000")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("abfss://bronze@Account.dfs.core.windows.net/a/b", ("abfss", "account.dfs.core.windows.net")),
        ("HTTPS://example.com:8443?x=a@b", ("https", "example.com:8443")),
        ("file:///data/x", ("file", "")),
        ("/data/x", ("file", "")),
        ("data/x:y", ("file", "")),
        ("C:\\data\\x", ("file", "")),
        ("dbfs:/mnt/x", ("dbfs", "")),
        ("memory://scratch/a", ("memory", "scratch")),
    ],
)
def test_a_uri_has_a_scheme_and_a_host(uri: str, expected: tuple[str, str]) -> None:
    assert split_uri(uri) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("account.dfs.core.windows.net", ["adls"]),
        ("onelake.dfs.fabric.microsoft.com", ["onelake"]),
        ("127.0.0.1:10000", ["simulator"]),
        ("127.0.0.1:10001", ["any"]),
        ("evildfs.core.windows.net", ["any"]),
        ("account.private.example", ["any"]),
    ],
)
def test_the_longest_matching_host_wins_then_the_one_without_hosts(host: str, expected: list[str]) -> None:
    assert [name for name, _ in best_by_host([ADLS, ONELAKE, ANY, LOCAL], host)] == expected


def test_a_host_that_nobody_knows_is_served_by_the_only_one_there_is() -> None:
    assert best_by_host([ADLS], "account.private.example") == [ADLS]


def test_a_host_that_nobody_knows_is_a_clash_of_all_that_name_hosts() -> None:
    assert best_by_host([ADLS, ONELAKE], "account.private.example") == [ADLS, ONELAKE]


def test_a_longer_suffix_wins_over_a_shorter_one() -> None:
    wide = backend("wide", "windows.net")
    assert best_by_host([wide, ADLS], "a.dfs.core.windows.net") == [ADLS]
    assert best_by_host([wide, ADLS], "a.table.windows.net") == [wide]
