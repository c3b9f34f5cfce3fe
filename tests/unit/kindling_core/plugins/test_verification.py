"""What ``plugins verify`` looks at, and which ranges of the core a plugin may ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kindling.plugins.distributions import Distribution
from kindling.plugins.failures import incompatible_core
from kindling.plugins.host import PluginHost
from kindling.plugins.probe import verify as verify_request
from kindling.plugins.snapshot import Plugin
from kindling.plugins.verification import Check, verify

HostOf = Callable[..., PluginHost]


def plugin_of(host: PluginHost, name: str) -> Plugin:
    return next(plugin for plugin in host._snapshot() if plugin.name == name)


def checks_of(host_of: HostOf, folder: str, name: str) -> dict[str, Check]:
    plugin = plugin_of(host_of(folder), name)
    return {check.what: check for check in verify(plugin.entry_point, plugin.distribution)}


def test_a_right_one_passes_and_hears_what_could_come_next(host_of: HostOf) -> None:
    checks = checks_of(host_of, "good", "orbit")
    assert {check.level for check in checks.values()} == {"ok"}
    assert "JobBackend orbit: settings" in checks


def test_what_is_not_there_yet_is_named_with_its_page(host_of: HostOf) -> None:
    checks = checks_of(host_of, "no_index", "wanderer")
    assert checks["kindling_jobs"] == Check(
        "next", "kindling_jobs", "yields nothing; see docs/reference/hooks/kindling_jobs.md"
    )
    assert checks["has an index"].level == "warning"
    assert checks["ExecutionBackend nomad: opens"].level == "failed"


def test_a_lying_index_fails(host_of: HostOf) -> None:
    assert checks_of(host_of, "lying_index", "liar")["index and hooks agree"].level == "failed"


def test_one_that_does_not_load_ends_there(host_of: HostOf) -> None:
    checks = checks_of(host_of, "late_generator", "tide")
    assert checks["loads"].level == "failed"
    assert "index and hooks agree" not in checks


def test_the_childs_side_returns_plain_data(host_of: HostOf) -> None:
    plugin = plugin_of(host_of("good"), "orbit")
    answer = verify_request({"entry_point": list(plugin.entry_point), "distribution": list(plugin.distribution)})
    assert {"level", "what", "detail"} == set(answer[0])


@pytest.mark.parametrize(
    ("requirement", "fits"),
    [
        ("kindling-core<0.2,>=0.1", True),
        ("kindling_core (>=0.1)", True),
        ("kindling-core[engine]~=0.1", True),
        ("kindling-core==0.1.*", True),
        ("kindling-core", True),
        ("kindling-core>=9", False),
        ("kindling-core[engine]<0.1", False),
        ("Kindling.Core!=0.1.0", False),
        ("kindling-core-extra>=9", True),
        ("kindling-core>=9; python_version<'3'", True),
        ("kindling-core>=nonsense", True),
    ],
)
def test_a_plugin_that_asks_for_another_core_is_incompatible(requirement: str, fits: bool) -> None:
    failure = incompatible_core(Distribution("kindling-acme", "1.0", "", requires=(requirement,)))
    assert (failure is None) is fits
    if failure is not None:
        assert failure.incompatible
        assert "installed is kindling-core 0.1.0" in failure.error
