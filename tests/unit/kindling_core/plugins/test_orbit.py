"""The contract, whole, through a platform that is none of ours: no job definitions, no log API, keys of three parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kindling.contracts import (
    GrantRequest,
    JobSpec,
    Level,
    LogRequest,
    RunRequest,
    RunState,
    SecretRequest,
    WriteOptions,
)
from kindling.errors import AlreadyExists, AuthError, JobError, PreconditionFailed, UnsupportedOperation
from kindling.plugins.host import PluginHost

SPEC = JobSpec(
    identity="shop-orders-dev",
    name="orders",
    app="orders",
    environment="dev",
    shim_uri="orbit://mir/artifacts/framework/app_runner.py",
    arguments=("orders",),
    artifacts_uri="orbit://mir/artifacts",
    config_uri="orbit://mir/artifacts/config/dev/x.yaml",
    config_digest="0" * 64,
    settings=None,
)


@pytest.fixture
def host(host_of: Callable[..., PluginHost]) -> PluginHost:
    return host_of("good")


def opened(host: PluginHost, served: Any, model: type | None = None, **values: Any) -> Any:
    model = model or host.settings_model(served.backend)
    return host.open(served, None, model(**values) if model else None)


def test_a_connection_is_opened_with_a_credential_of_three_values_that_end_together(host: PluginHost) -> None:
    keys = opened(host, host.auth("orbit_keys"), lifetime=60.0)
    grant = keys.grant(GrantRequest(resource="orbit://mir/bronze"))
    assert set(grant.values) == {"id", "key", "session"}
    assert grant.expires_at is not None
    assert keys.grant(GrantRequest(resource="orbit://mir/bronze")) is grant
    assert keys.grant(GrantRequest(resource="orbit://mir/bronze", refresh=True)) is not grant
    served = host.storage("orbit")
    settings = host.settings_model(served.backend)(station="mir", bucket="bronze")  # type: ignore[misc]
    storage = host.open(served, None, settings, credential=keys)
    assert storage.uri("a/b") == "orbit://mir/bronze/a/b"


def test_who_grants_keys_says_so_to_a_client_that_wants_a_token(host: PluginHost) -> None:
    with pytest.raises(AuthError) as caught:
        opened(host, host.auth("orbit_keys")).get_token("scope")
    assert caught.value.code == "KDL-AUT-002"


def test_a_secret_store_is_opened_by_name(host: PluginHost) -> None:
    safe = opened(host, host.secrets("orbit_safe"))
    assert safe.get_secret(SecretRequest(name="airlock")).reveal() == "the-code-of-the-airlock"
    with pytest.raises(AuthError):
        safe.get_secret(SecretRequest(name="fridge"))


def test_its_storage_keeps_the_contract(host: PluginHost) -> None:
    storage = opened(host, host.storage_for("orbit://mir/silver/x"), station="mir", bucket="silver")
    first = storage.write("a/1", b"one", WriteOptions(only_if_absent=True))
    with pytest.raises(AlreadyExists):
        storage.write("a/1", b"two", WriteOptions(only_if_absent=True))
    storage.write("a/1", [b"t", b"wo"], WriteOptions(only_if_match=first.etag))
    with pytest.raises(PreconditionFailed):
        storage.write("a/1", b"three", WriteOptions(only_if_match=first.etag))
    assert storage.read("a/1", start=1) == b"wo"
    assert [entry.path for entry in storage.list("a")] == ["a/1"]
    storage.delete("a/1")
    assert not storage.exists("a/1")


def test_a_run_brings_its_spec_along_where_no_definitions_are_kept(host: PluginHost) -> None:
    served = host.jobs("orbit")
    assert served.backend.support("definitions").level is Level.UNSUPPORTED
    platform = host.settings_model(host.execution("orbit").backend)
    deployer = opened(host, served, platform, station="mir")
    plan = deployer.plan_spark_job(SPEC)
    job = deployer.deploy_spark_job(SPEC, plan)
    run_id = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1", spec=SPEC))
    assert deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1", spec=SPEC)) == run_id
    states = [deployer.get_job_status(run_id).state for _ in range(4)]
    assert states == [RunState.PENDING, RunState.RUNNING, RunState.SUCCEEDED, RunState.SUCCEEDED]
    assert not deployer.cancel_job(run_id)
    with pytest.raises(JobError) as caught:
        deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-2"))
    assert caught.value.code == "KDL-JOB-003"


def test_a_run_can_be_cancelled_while_it_goes_on(host: PluginHost) -> None:
    platform = host.settings_model(host.execution("orbit").backend)
    deployer = opened(host, host.jobs("orbit"), platform, station="salyut")
    run_id = deployer.run_spark_job(RunRequest(job_id="x", token="t-3", spec=SPEC))
    assert deployer.cancel_job(run_id)
    assert deployer.get_job_statuses([run_id])[run_id].state is RunState.CANCELLED


def test_what_it_does_not_have_it_says(host: PluginHost) -> None:
    platform = host.settings_model(host.execution("orbit").backend)
    deployer = opened(host, host.jobs("orbit"), platform, station="mir")
    for ask in (
        lambda: deployer.read_log(LogRequest(run_id="flight-1")),
        lambda: deployer.list_jobs(),
        lambda: deployer.list_runs("x"),
        lambda: deployer.delete_job("x"),
    ):
        with pytest.raises(UnsupportedOperation):
            ask()
    assert deployer.artifacts_root() is None
    with pytest.raises(UnsupportedOperation, match="orbit has no Spark"):
        opened(host, host.execution("orbit"), station="mir").spark_session({})


def test_its_capabilities_say_why_they_are_less(host: PluginHost) -> None:
    backend = host.jobs("orbit").backend
    assert backend.support("retries").reason == "at most 3"
    assert backend.support("schedule").level is Level.UNSUPPORTED


def test_it_is_detected_by_its_evidence(host_of: Callable[..., PluginHost], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORBIT_STATION", "mir")
    assert host_of("good", environ={"ORBIT_STATION": "mir"}).detect().evidence == ("ORBIT_STATION=mir",)


def test_closing_the_host_closes_what_it_opened(host: PluginHost) -> None:
    storage = opened(host, host.storage("orbit"), station="mir", bucket="gold")
    host.close()
    assert storage.is_closed


def test_it_is_verified_green(host: PluginHost) -> None:
    (checks,) = host.verify("orbit").values()
    assert not [check for check in checks if check.level in ("failed", "warning")]
    assert {"JobBackend orbit: opens", "SecretBackend orbit_safe: opens"} <= {check.what for check in checks}
