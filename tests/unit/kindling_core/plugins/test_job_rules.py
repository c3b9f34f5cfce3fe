"""What is checked between the core and any deployer, before a plugin is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kindling.contracts import JobSpec, Schedule
from kindling.errors import JobError, PluginError, UnsupportedOperation, UsageError
from kindling.plugins.host import PluginHost
from kindling.plugins.job_rules import CAPABILITIES, asked_for, check_spec, check_token, make_run_id, split_run_id
from kindling.testing import example_spec


@pytest.fixture
def backend(host_of: Callable[..., PluginHost]) -> Any:
    return host_of("good").jobs("orbit").backend


def spec(**changes: Any) -> JobSpec:
    return example_spec(artifacts_uri="orbit://mir/artifacts", **changes)


def test_every_optional_field_of_a_spec_is_a_capability() -> None:
    required = {"identity", "name", "app", "environment", "shim_uri", "arguments", "artifacts_uri", "config_uri"}
    required |= {"config_digest", "settings"}
    assert set(CAPABILITIES) == set(JobSpec.__dataclass_fields__) - required


def test_nothing_is_asked_for_by_a_plain_job(backend: Any) -> None:
    assert asked_for(spec()) == ()
    assert check_spec(backend, spec()) == ()


def test_a_zero_is_a_value_and_is_asked_for() -> None:
    assert asked_for(spec(retries=0, time_limit=0.0)) == ("retries", "time_limit")


def test_what_is_supported_partly_is_a_warning_with_its_reason(backend: Any) -> None:
    assert check_spec(backend, spec(retries=2, time_limit=60.0)) == ("retries: at most 3 (partial)",)


def test_all_that_is_not_supported_is_refused_at_once(backend: Any) -> None:
    with pytest.raises(UnsupportedOperation) as caught:
        check_spec(backend, spec(schedule=Schedule(cron="0 6 * * *"), pin="3f9a", retries=1))
    assert set(caught.value.context["refused"]) == {"pin", "schedule"}
    assert "schedule is not declared" in caught.value.message


def test_an_artifacts_root_that_the_jobs_cannot_read_is_refused(backend: Any) -> None:
    with pytest.raises(PluginError) as caught:
        check_spec(backend, example_spec(artifacts_uri="abfss://a@b.dfs.core.windows.net/x"))
    assert caught.value.code == "KDL-PLG-018"
    assert "platforms.orbit.artifacts" in caught.value.suggestions[0]


@pytest.mark.parametrize("native", ["7b1e", "0d8c/7b1e", "a:b=c~d.e_f-g", "x" * 256])
def test_a_runs_id_names_its_platform_and_comes_apart_again(native: str) -> None:
    assert split_run_id(make_run_id("orbit", native)) == ("orbit", native)


@pytest.mark.parametrize("native", ["", "a b", "a\nb", "ü", "x" * 257, "a?b"])
def test_what_is_no_id_is_the_plugins_fault(native: str) -> None:
    with pytest.raises(JobError) as caught:
        make_run_id("orbit", native)
    assert caught.value.code == "KDL-JOB-005"


@pytest.mark.parametrize("run_id", ["", "orbit", ":7b1e", "orbit:", "orbit:a b"])
def test_what_somebody_typed_that_is_no_id_is_misuse(run_id: str) -> None:
    with pytest.raises(UsageError):
        split_run_id(run_id)


@pytest.mark.parametrize("token", ["", "a b", "x" * 65, "a/b", "a:b"])
def test_a_token_that_some_platform_could_not_take_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="idempotency token"):
        check_token(token)
