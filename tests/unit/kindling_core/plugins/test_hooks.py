"""Each hook by itself, from its implementation in an installed plugin to what the host opens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kindling.contracts import AppRunner, Credential, JobDeployer, SecretStore, Storage
from kindling.errors import UnsupportedOperation
from kindling.plugins.host import PluginHost


@pytest.fixture
def host(host_of: Callable[..., PluginHost]) -> PluginHost:
    return host_of("good")


def test_kindling_storage_gives_storages_by_type_and_by_uri(host: PluginHost) -> None:
    served = host.storage("orbit")
    assert host.storage_for("orbit://mir/bronze/a").backend is served.backend
    settings = host.settings_model(served.backend)(station="mir", bucket="bronze")  # type: ignore[misc]
    assert isinstance(host.open(served, None, settings, credential=None), Storage)


def test_kindling_auth_gives_credentials_and_stores_of_secrets(host: PluginHost) -> None:
    assert isinstance(host.open(host.auth("orbit_keys"), None, None), Credential)
    assert isinstance(host.open(host.secrets("orbit_safe"), None, None), SecretStore)


def test_kindling_jobs_gives_a_deployer_with_the_platforms_settings(host: PluginHost) -> None:
    platform = host.settings_model(host.execution("orbit").backend)
    settings = platform(station="mir")  # type: ignore[misc]
    assert isinstance(host.open(host.jobs("orbit"), None, settings), JobDeployer)
    job = host.settings_model(host.jobs("orbit").backend)
    assert job is not None
    assert job.__name__ == "JobSettings"


def test_kindling_execution_gives_a_runner(host: PluginHost) -> None:
    served = host.execution("orbit")
    settings = host.settings_model(served.backend)(station="mir")  # type: ignore[misc]
    runner = host.open(served, None, settings)
    assert isinstance(runner, AppRunner)
    with pytest.raises(UnsupportedOperation):
        runner.spark_session({})
