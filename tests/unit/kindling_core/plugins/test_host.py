"""The host: switches, hints, rescans, what configuration asks of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kindling.builtin import kindling_storage
from kindling.errors import PluginError, UnsupportedOperation
from kindling.plugins.host import PluginHost, default_host
from kindling.plugins.loading import claims_of
from kindling.plugins.metadata import Headers
from kindling.plugins.records import PluginState
from kindling.plugins.remedies import install_hint
from kindling.plugins.snapshot import BUILTIN_INDEX

HostOf = Callable[..., PluginHost]


def state_of(host: PluginHost, name: str) -> PluginState:
    return next(record for record in host.records(check=False) if record.name == name).state


# What is disabled is never imported


@pytest.mark.parametrize("said", ["orbit", "kindling-orbit", "Kindling_Orbit", "other, orbit", "*"])
def test_a_variable_disables_by_name_or_distribution_or_all(host_of: HostOf, said: str) -> None:
    host = host_of("good", environ={"KINDLING_DISABLE_PLUGINS": said})
    with pytest.raises(PluginError) as caught:
        host.execution("orbit")
    assert caught.value.code == "KDL-PLG-006"
    assert "disabled" in caught.value.message
    assert "KINDLING_DISABLE_PLUGINS" in caught.value.suggestions[0]
    assert state_of(host, "orbit") is PluginState.DISABLED
    assert not any(name.startswith("kindling_orbit") for name in sys.modules)


def test_what_the_core_serves_itself_cannot_be_disabled(host_of: HostOf) -> None:
    host = host_of("good", environ={"KINDLING_DISABLE_PLUGINS": "*,builtin,kindling-core"})
    assert host.storage("local").record.built_in


def test_an_allow_list_disables_all_others(host_of: HostOf) -> None:
    host = host_of("good", "no_index", allow=["orbit"])
    assert host.execution("orbit").record.name == "orbit"
    assert state_of(host, "wanderer") is PluginState.DISABLED
    with pytest.raises(PluginError) as caught:
        host.execution("wanderer")
    assert "not among the allowed" in caught.value.message
    assert "plugins.allow" in caught.value.suggestions[0]


def test_a_variable_narrows_the_allow_list(host_of: HostOf) -> None:
    host = host_of("good", "no_index", allow=["orbit", "wanderer"], environ={"KINDLING_ALLOW_PLUGINS": "wanderer,x"})
    assert state_of(host, "orbit") is PluginState.DISABLED
    assert state_of(host, "wanderer") is PluginState.AVAILABLE


def test_an_empty_allow_list_allows_none(host_of: HostOf) -> None:
    assert state_of(host_of("good", allow=[]), "orbit") is PluginState.DISABLED


def test_strict_raises_for_the_first_plugin_that_does_not_load(host_of: HostOf) -> None:
    relaxed, strict = host_of("late_generator", "no_index"), host_of("late_generator", "no_index", strict=True)
    assert relaxed.execution("nomad").record.name == "wanderer"
    with pytest.raises(PluginError) as caught:
        strict.execution("nowhere")
    assert caught.value.code == "KDL-PLG-004"
    assert "tide" in caught.value.message


def test_what_a_configuration_says_narrows_for_its_project_alone(host_of: HostOf) -> None:
    host = host_of("good", environ={"KINDLING_DISABLE_PLUGINS": "emr"})
    narrowed = host.configured(disable=("orbit",), prefer={"scheme.s3": "emr"})
    assert state_of(narrowed, "orbit") is PluginState.DISABLED
    assert state_of(host, "orbit") is PluginState.AVAILABLE
    assert host.configured() is host


def test_a_configuration_cannot_allow_what_is_forbidden_already(host_of: HostOf) -> None:
    host = host_of("good", allow=[])
    assert state_of(host.configured(allow=["orbit"]), "orbit") is PluginState.DISABLED


def test_a_configuration_disables_before_it_has_sections_checked(host_of: HostOf, tmp_path: Path) -> None:
    from kindling.config.loading import load_config

    (tmp_path / "kindling.yaml").write_text("plugins: {disable: [orbit]}\nplatforms: {orbit: {station: mir}}\n")
    host = host_of("good", "no_index")
    load_config(tmp_path, environ={}, sections=host, use=["*"])
    assert not any(name.startswith("kindling_orbit") for name in sys.modules)


# Who is not there


def test_a_missing_platform_of_ours_names_the_exact_command(host_of: HostOf) -> None:
    with pytest.raises(PluginError) as caught:
        host_of("good").execution("databricks")
    assert caught.value.code == "KDL-PLG-002"
    assert caught.value.suggestions[0] == 'pip install "kindling-core[databricks]"'


@pytest.mark.parametrize("name", ["emr", "engine", "all", "sail", "testing"])
def test_no_command_is_made_up_from_what_was_typed(host_of: HostOf, name: str) -> None:
    with pytest.raises(PluginError) as caught:
        host_of("good").execution(name)
    assert not any("pip install" in suggestion for suggestion in caught.value.suggestions)


def test_a_core_without_metadata_gives_no_command() -> None:
    assert install_hint("fabric", Headers()) == ""


def test_an_extra_that_brings_something_else_is_no_command() -> None:
    headers = Headers(extras=("emr",), requires=('boto3; extra == "emr"',))
    assert install_hint("emr", headers) == ""


def test_a_misspelt_name_gets_the_nearest(host_of: HostOf) -> None:
    with pytest.raises(PluginError) as caught:
        host_of("good").execution("orbitt")
    assert caught.value.suggestions[0] == "did you mean 'orbit'?"
    assert "there is orbit" in caught.value.message


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda host: host.storage("s3"), "storage 's3'; there is local, memory, orbit"),
        (lambda host: host.storage_for("s3://bucket/key"), "scheme 's3'; there is file, memory, orbit"),
        (lambda host: host.auth("entra"), "auth 'entra'; there is orbit_keys"),
        (lambda host: host.secrets("vault"), "secrets 'vault'; there is orbit_safe"),
    ],
)
def test_what_nobody_serves_says_what_there_is(host_of: HostOf, ask: Callable[[PluginHost], object], told: str) -> None:
    with pytest.raises(PluginError) as caught:
        ask(host_of("good"))
    assert caught.value.code == "KDL-PLG-003"
    assert told in caught.value.message


def test_a_platform_without_jobs_says_that_it_has_none(host_of: HostOf) -> None:
    with pytest.raises(UnsupportedOperation) as caught:
        host_of("no_index").jobs("nomad")
    assert caught.value.code == "KDL-PLG-020"
    assert "wanderer (kindling-fx-no-index 1.0) has no job deployment for platform 'nomad'" in caught.value.message


@pytest.mark.parametrize("platform", ["fabric", "synapse", "databricks"])
def test_the_cloud_packages_run_apps_and_say_that_they_do_not_deploy_yet(platform: str) -> None:
    host = PluginHost(environ={})
    assert host.execution(platform).backend.platform == platform
    with pytest.raises(UnsupportedOperation, match="has no job deployment"):
        host.jobs(platform)


def test_an_unknown_preference_says_so(host_of: HostOf) -> None:
    with pytest.raises(PluginError, match="is to be served by emr, which does not"):
        host_of("good", prefer={"platform.orbit": "emr"}).execution("orbit")


def test_a_record_is_found_by_name_or_distribution(host_of: HostOf) -> None:
    host = host_of("good")
    assert host.record("orbit") == host.record("Kindling_Orbit")
    with pytest.raises(PluginError) as caught:
        host.record("orbti")
    assert (caught.value.code, caught.value.suggestions[0]) == ("KDL-PLG-014", "did you mean 'orbit'?")


# The core's own


def test_the_index_of_the_cores_own_agrees_with_its_hooks() -> None:
    claims = {f"{kind}.{name}" for kind, name in claims_of(kindling_storage())}
    assert claims == set(BUILTIN_INDEX) - {"api.1"}


def test_the_cores_own_are_resolved_without_loading_anybody(host_of: HostOf) -> None:
    host = host_of("slow_import", "no_index", "good")
    host.storage_for("file:///x")
    host.storage("memory")
    assert {record.name for record in host.records(check=False) if record.state is PluginState.LOADED} == {"builtin"}


def test_only_who_was_named_is_loaded(host_of: HostOf) -> None:
    host = host_of("slow_import", "no_index", "good")
    host.execution("orbit")
    loaded = {record.name for record in host.records(check=False) if record.state is PluginState.LOADED}
    assert loaded == {"orbit"}


# What configuration asks


def test_sections_get_the_plugins_settings_and_none_where_they_are_not_known(host_of: HostOf) -> None:
    host = host_of("good", "late_generator", "no_index")
    platform = host.platform("orbit")
    assert platform is not None
    assert platform.__name__ == "OrbitSettings"
    assert host.connection("orbit").__name__ == "BucketSettings"  # type: ignore[union-attr]
    assert host.auth_modes("orbit") == ("orbit_keys",)
    assert host.auth_model("orbit_keys").__name__ == "KeySettings"  # type: ignore[union-attr]
    assert host.platform("tide") is None
    assert host.platform("nomad") is None
    assert host.platform("nowhere") is None
    assert (host.connection("s3"), host.auth_modes("s3"), host.auth_model("s3")) == (None, (), None)


def test_names_come_from_indexes_without_importing(host_of: HostOf) -> None:
    host = host_of("good", "late_generator", disable=["tide"])
    assert host.platform_names() == ("orbit",)
    assert host.connection_types() == ("local", "memory", "orbit")
    assert not any(name.startswith("kindling_orbit") for name in sys.modules)


def test_settings_that_can_be_changed_are_refused(host_of: HostOf, monkeypatch: pytest.MonkeyPatch) -> None:
    host = host_of("good")
    backend = host.execution("orbit").backend
    import kindling_orbit.settings  # type: ignore[import-not-found]

    monkeypatch.setattr(kindling_orbit.settings, "OrbitSettings", dict)
    with pytest.raises(PluginError) as caught:
        host.settings_model(backend)
    assert caught.value.code == "KDL-PLG-015"


# Rescans


def test_a_plugin_installed_in_the_middle_is_seen_after_a_rescan(
    host_of: HostOf, installed: Callable[..., Path], wheels: Path
) -> None:
    site = installed("no_index", fresh=True)
    host = host_of(site=site)
    with pytest.raises(PluginError):
        host.execution("orbit")
    install_into(site, wheels, "good")
    assert host.rescan() == ("orbit (kindling-orbit 1.2) is new: available",)
    assert host.execution("orbit").record.state is PluginState.LOADED
    assert host.rescan() == ()


def test_a_broken_plugin_is_available_after_its_dependency_was_installed(
    host_of: HostOf, installed: Callable[..., Path]
) -> None:
    site = installed("missing_dependency", fresh=True)
    host = host_of(site=site)
    with pytest.raises(PluginError):
        host.execution("acme")
    (site / "acme_sdk.py").write_text("")
    with pytest.raises(PluginError):
        host.execution("acme")
    assert host.rescan() == ("acme (kindling-acme 2.0): broken → available",)
    assert host.execution("acme").record.state is PluginState.LOADED
    sys.modules.pop("acme_sdk")


def test_one_upgraded_after_it_was_imported_asks_for_a_restart(host_of: HostOf, installed: Callable[..., Path]) -> None:
    site = installed("good", fresh=True)
    host = host_of(site=site)
    host.execution("orbit")
    info = next(site.glob("kindling_orbit-*.dist-info"))
    metadata = (info / "METADATA").read_text().replace("Version: 1.2", "Version: 1.3")
    (info / "METADATA").write_text(metadata)
    info.rename(site / "kindling_orbit-1.3.dist-info")
    assert host.rescan() == ("orbit: restart the kernel (or the Python process): 1.2 loaded, 1.3 installed",)
    record = host.record("orbit")
    assert (record.state, record.error) == (PluginState.LOADED, "1.2 loaded, 1.3 installed")
    assert host.execution("orbit").backend.platform == "orbit"


def test_one_that_was_upgraded_before_it_was_imported_is_just_newer(
    host_of: HostOf, installed: Callable[..., Path]
) -> None:
    site = installed("good", fresh=True)
    host = host_of(site=site)
    assert host.record("orbit").version == "1.2"
    info = next(site.glob("kindling_orbit-*.dist-info"))
    (info / "METADATA").write_text((info / "METADATA").read_text().replace("Version: 1.2", "Version: 1.3"))
    assert host.rescan() == ("orbit: 1.2 → 1.3",)


def test_what_was_uninstalled_is_gone_unless_it_is_loaded(host_of: HostOf, installed: Callable[..., Path]) -> None:
    import shutil

    site = installed("good", "no_index", fresh=True)
    host = host_of(site=site)
    host.execution("orbit")
    for info in site.glob("*.dist-info"):
        shutil.rmtree(info)
    told = host.rescan()
    assert "wanderer (kindling-fx-no-index 1.0) is gone" in told
    assert host.record("orbit").error == "1.2 loaded, no version installed"


def test_who_asked_before_a_rescan_keeps_what_was_opened(host_of: HostOf) -> None:
    host = host_of("good")
    served = host.execution("orbit")
    settings = host.settings_model(served.backend)(station="mir")  # type: ignore[misc]
    runner = host.open(served, None, settings)
    host.rescan()
    assert host.open(host.execution("orbit"), None, settings) is runner


def test_the_process_has_one_host_of_its_own() -> None:
    assert default_host() is default_host()


def install_into(site: Path, wheels: Path, name: str) -> None:
    from uv import find_uv_bin

    wheel = next((wheels / name).glob("*.whl"))
    command = [
        find_uv_bin(),
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--no-cache",
        "--link-mode",
        "copy",
    ]
    subprocess.run([*command, "--python", sys.executable, "--target", str(site), str(wheel)], check=True)
