"""Every way in which a plugin can be wrong: what the list shows, what asking for it says, and that all else goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kindling.errors import PluginError
from kindling.plugins.host import PluginHost
from kindling.plugins.records import PluginRecord, PluginState

HostOf = Callable[..., PluginHost]


@dataclass(frozen=True)
class Bad:
    """A fixture distribution that is wrong in one way.

    Args:
        folder: Its folder under ``tests/plugins``.
        name: The plugin's name.
        platform: The platform that it claims.
        state: The state in which the list shows it.
        error: A part of the error that the list shows.
        remedy: A part of the remedy.
        code: The code of the error when it is asked for.
    """

    folder: str
    name: str
    platform: str
    state: PluginState
    error: str
    remedy: str
    code: str = "KDL-PLG-004"


BROKEN, INCOMPATIBLE = PluginState.BROKEN, PluginState.INCOMPATIBLE

BAD = [
    Bad(
        "import_error",
        "crater",
        "crater",
        BROKEN,
        "ImportError: cannot import name 'no_such_name'",
        "--force-reinstall kindling-fx-import-error",
    ),
    Bad("exits", "exits", "exits", BROKEN, "it ended the process: sys.exit(3)", "KINDLING_DISABLE_PLUGINS=exits"),
    Bad(
        "hook_raises",
        "quake",
        "quake",
        BROKEN,
        "kindling_storage raised RuntimeError: the ground shakes",
        "report it to the authors of kindling-fx-hook-raises",
    ),
    Bad(
        "late_generator",
        "tide",
        "tide",
        BROKEN,
        "kindling_execution raised OSError: the tide is out",
        "KINDLING_DISABLE_PLUGINS=tide",
    ),
    Bad(
        "future_api",
        "futura",
        "futura",
        INCOMPATIBLE,
        "made for plugin API 2; kindling-core 0.1.0 serves 1",
        "pip install --upgrade kindling-core",
        "KDL-PLG-005",
    ),
    Bad(
        "misspelt_hook",
        "typo",
        "typo",
        BROKEN,
        "there is no hook kindling_excution; did you mean kindling_execution?",
        "rename kindling_excution",
    ),
    Bad(
        "undecorated_hook",
        "bare",
        "bare",
        BROKEN,
        "kindling_execution is not decorated",
        "decorate kindling_execution with @kindling.hookspecs.hookimpl",
    ),
    Bad(
        "hook_with_arguments",
        "needy",
        "needy",
        BROKEN,
        "kindling_execution asks for config; hooks take no arguments",
        "def kindling_execution():",
    ),
    Bad(
        "missing_dependency",
        "acme",
        "acme",
        BROKEN,
        "ImportError: No module named 'acme_sdk'",
        'pip install "kindling-acme[sdk]" or disable: KINDLING_DISABLE_PLUGINS=acme',
    ),
    Bad(
        "dangling",
        "ghost",
        "ghost",
        BROKEN,
        "there is no module 'kindling_fx_dangling.plugin'",
        "pip install --force-reinstall kindling-fx-dangling",
    ),
    Bad(
        "corrupt_metadata",
        "fx-corrupt",
        "fx-corrupt",
        BROKEN,
        "its metadata is corrupt: entry_points.txt is not UTF-8",
        "pip install --force-reinstall kindling-fx-corrupt",
    ),
]
EACH = pytest.mark.parametrize("bad", BAD, ids=[bad.folder for bad in BAD])


@dataclass(frozen=True)
class Listed:
    """What a listing of all of them at once came to.

    Args:
        records: The records, by name.
        imported: Modules that this process has imported meanwhile.
    """

    records: dict[str, PluginRecord]
    imported: frozenset[str]


@pytest.fixture(scope="module")
def listed(installed: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Listed:
    site = installed(*(bad.folder for bad in BAD), "good")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        before = set(sys.modules)
        records = PluginHost(path=[str(site)], state=tmp_path_factory.mktemp("state")).records()
        return Listed({record.name: record for record in records}, frozenset(set(sys.modules) - before))


@EACH
def test_the_list_shows_what_is_wrong_and_what_to_do_about_it(listed: Listed, bad: Bad) -> None:
    record = listed.records[bad.name]
    assert record.state is bad.state
    assert bad.error in record.error
    assert bad.remedy in record.remedy
    assert record.distribution
    assert record.version


def test_the_good_one_is_listed_among_them(listed: Listed) -> None:
    assert listed.records["orbit"].state is PluginState.AVAILABLE
    assert set(listed.records) == {"builtin", "orbit", *(bad.name for bad in BAD)}


def test_listing_imports_none_of_them_into_this_process(listed: Listed) -> None:
    assert not [name for name in listed.imported if name.startswith(("kindling_fx", "kindling_acme", "kindling_orbit"))]


@EACH
def test_the_list_shows_the_same_once_it_was_asked_for(host_of: HostOf, bad: Bad) -> None:
    host = host_of(bad.folder, "good")
    with pytest.raises(PluginError):
        host.execution(bad.platform)
    record = next(record for record in host.records(check=False) if record.name == bad.name)
    assert (record.state, bad.error in record.error, bad.remedy in record.remedy) == (bad.state, True, True)


@EACH
def test_without_a_check_and_before_it_is_asked_for_it_is_available(host_of: HostOf, bad: Bad) -> None:
    record = next(record for record in host_of(bad.folder).records(check=False) if record.name == bad.name)
    known_by_metadata_alone = bad.folder in ("future_api", "corrupt_metadata")
    assert record.state is (bad.state if known_by_metadata_alone else PluginState.AVAILABLE)


@EACH
def test_asking_for_what_it_serves_says_that_it_is_there_and_wrong(host_of: HostOf, bad: Bad) -> None:
    host = host_of(bad.folder, "good")
    with pytest.raises(PluginError) as caught:
        host.execution(bad.platform)
    assert caught.value.code == bad.code
    assert bad.error in caught.value.message
    assert any(bad.remedy in suggestion for suggestion in caught.value.suggestions)
    assert "no installed plugin" not in caught.value.message


@EACH
def test_everything_else_goes_on(host_of: HostOf, bad: Bad) -> None:
    host = host_of(bad.folder, "good")
    with pytest.raises(PluginError):
        host.execution(bad.platform)
    assert host.execution("orbit").record.name == "orbit"
    assert host.jobs("orbit").backend.artifact_schemes == ("orbit",)
    assert host.storage_for("orbit://mir/bucket/a").backend.name == "orbit"
    assert host.storage_for("memory://scratch").backend.name == "memory"
    good = next(record for record in host.records(check=False) if record.name == "orbit")
    assert good.state is PluginState.LOADED


def test_all_of_them_at_once_and_the_good_one_goes_on(host_of: HostOf) -> None:
    host = host_of(*(bad.folder for bad in BAD), "good")
    with pytest.raises(PluginError) as caught:
        host.execution("nowhere")  # asks everybody in the end
    assert caught.value.code == "KDL-PLG-002"
    assert "crater" in " ".join(caught.value.suggestions)
    assert host.execution("orbit").record.name == "orbit"


def test_one_that_takes_a_second_costs_only_who_asks_for_it(host_of: HostOf) -> None:
    import time

    host = host_of("slow_import", "good")
    states = {record.name: record.state for record in host.records()}
    assert states["glacier"] is PluginState.AVAILABLE
    start = time.perf_counter()
    host.execution("orbit")
    host.storage("memory")
    host.records()
    assert time.perf_counter() - start < 0.9
    assert host.execution("glacier").record.state is PluginState.LOADED
    assert time.perf_counter() - start > 0.9


def test_what_one_prints_goes_to_standard_error(host_of: HostOf, capfd: pytest.CaptureFixture[str]) -> None:
    host = host_of("prints")
    record = next(record for record in host.records() if record.name == "parrot")
    assert record.state is PluginState.AVAILABLE
    assert host.execution("parrot").record.state is PluginState.LOADED
    out, err = capfd.readouterr()
    assert out == ""
    assert "parrot: hello from the module" in err
    assert "parrot: hello from the hook" in err


def test_hooks_of_a_later_version_are_accepted_and_not_called(host_of: HostOf) -> None:
    host = host_of("future_hook")
    assert host.execution("pioneer").record.state is PluginState.LOADED
    record = next(record for record in host_of("future_hook").records() if record.name == "pioneer")
    assert record.state is PluginState.AVAILABLE
    assert record.notes == (
        "its hook kindling_lineage belongs to a later version of Kindling",
        "its hook kindling_storages belongs to a later version of Kindling",
    )


def test_two_names_of_one_module_are_one_plugin_with_two_records(host_of: HostOf) -> None:
    host = host_of("two_names")
    assert host.execution("janus").record.name == "janus"
    records = {record.name: record for record in host.records()}
    assert records["janus_old"].state is PluginState.AVAILABLE
    assert records["janus_old"].notes == ("the same as janus, by a second name",)


def test_one_without_an_index_is_found_by_asking_it(host_of: HostOf) -> None:
    host = host_of("no_index", "good")
    assert host.execution("orbit").record.name == "orbit"
    assert (
        next(record for record in host.records(check=False) if record.name == "wanderer").state is PluginState.AVAILABLE
    )
    assert host.execution("nomad").record.name == "wanderer"


def test_the_list_shows_what_one_without_an_index_serves(host_of: HostOf) -> None:
    record = next(record for record in host_of("no_index").records() if record.name == "wanderer")
    assert (record.state, record.serves, record.indexed) == (PluginState.AVAILABLE, ("platform nomad",), False)


def test_where_an_index_lies_the_hooks_are_the_truth(host_of: HostOf) -> None:
    host = host_of("lying_index")
    with pytest.raises(PluginError) as caught:
        host.execution("moon")
    assert caught.value.code == "KDL-PLG-013"
    assert "kindling plugins verify liar" in " ".join(caught.value.suggestions)
    assert host.execution("mars").record.name == "liar"


def test_the_list_says_that_an_index_lies(host_of: HostOf) -> None:
    record = next(record for record in host_of("lying_index").records() if record.name == "liar")
    assert record.state is PluginState.AVAILABLE
    assert record.serves == ("platform mars",)
    assert "its index says platform moon, which its hooks do not yield" in record.error
    assert record.remedy == "see: kindling plugins verify liar"


def test_a_name_that_two_claim_fails_when_it_is_asked_for_and_names_both(host_of: HostOf) -> None:
    host = host_of("same_name", "good")
    with pytest.raises(PluginError) as caught:
        host.execution("orbit")
    assert caught.value.code == "KDL-PLG-007"
    assert "orbit (kindling-orbit 1.2)" in caught.value.message
    assert "orbit (kindling-fx-same-name 1.0)" in caught.value.message
    assert host.storage("orbit").record.distribution == "kindling-orbit"


def test_the_list_says_that_two_claim_one_name(host_of: HostOf) -> None:
    records = [record for record in host_of("same_name", "good").records() if record.name == "orbit"]
    assert [record.state for record in records] == [PluginState.AVAILABLE] * 2
    assert any("platform orbit is also served by orbit (kindling-orbit)" in note for note in records[0].notes)
    assert any("platform orbit is also served by orbit (kindling-fx-same-name)" in note for note in records[1].notes)


@pytest.mark.parametrize("preferred", ["kindling-fx-same-name", "kindling_orbit"])
def test_a_preference_decides_between_two(host_of: HostOf, preferred: str) -> None:
    host = host_of("same_name", "good", prefer={"platform.orbit": preferred})
    assert host.execution("orbit").record.distribution == preferred.replace("_", "-")


def test_a_scheme_that_two_claim_fails_when_it_is_asked_for(host_of: HostOf) -> None:
    host = host_of("same_scheme", "good")
    with pytest.raises(PluginError) as caught:
        host.storage_for("orbit://mir/bucket/a")
    assert caught.value.code == "KDL-PLG-007"
    assert "prefer: {scheme.orbit:" in caught.value.suggestions[0]
    assert host.storage("comet").record.name == "comet"
    assert host.storage("orbit").record.name == "orbit"
    preferred = host_of("same_scheme", "good", prefer={"scheme.orbit": "comet"})
    assert preferred.storage_for("orbit://mir/bucket/a").backend.name == "comet"


def test_the_cores_own_wins_over_a_third_party_and_the_list_says_so(host_of: HostOf) -> None:
    host = host_of("same_scheme")
    assert host.storage_for("memory://scratch").record.built_in
    record = next(record for record in host.records(check=False) if record.name == "comet")
    assert "scheme memory: the core's own wins" in record.notes
    preferred = host_of("same_scheme", prefer={"scheme.memory": "comet"})
    assert preferred.storage_for("memory://scratch").backend.name == "comet"


def test_corrupt_metadata_of_one_does_not_hide_the_others(installed: Callable[..., Path]) -> None:
    from kindling.plugins.distributions import find_distributions

    found = find_distributions([str(installed("corrupt_metadata", "good"))])
    assert {distribution.name: bool(distribution.problem) for distribution in found} == {
        "kindling-fx-corrupt": True,
        "kindling-orbit": False,
    }
