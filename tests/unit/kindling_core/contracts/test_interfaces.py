"""The interfaces: what is concrete says so, what grows is keyword-only, what is secret stays masked."""

import dataclasses
import inspect
from datetime import datetime, timezone

import pytest

import kindling.contracts as contracts
from kindling.contracts import (
    AccessToken,
    AppRunner,
    Credential,
    Grant,
    JobDeployer,
    LogRequest,
    RunState,
    RunStatus,
    Secret,
    Storage,
)
from kindling.errors import AuthError, UnsupportedOperation

REQUESTS = [
    getattr(contracts, name)
    for name in contracts.__all__
    if name.endswith(("Request", "Options", "Spec", "Plan", "Status", "Page")) or name in ("Entry", "Grant", "Job")
]


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_every_value_of_the_contract_is_frozen_and_keyword_only(kind):
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(kind))


@pytest.mark.parametrize("name", contracts.__all__)
def test_every_exported_name_is_there_and_documented(name):
    value = getattr(contracts, name)
    if name != "Ref":
        assert inspect.getdoc(value)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="StorageBakcend"):
        _ = contracts.StorageBakcend


class Deployer(JobDeployer):
    def plan_spark_job(self, spec):
        raise AssertionError

    def deploy_spark_job(self, spec, plan):
        raise AssertionError

    def run_spark_job(self, request):
        raise AssertionError

    def get_job_status(self, run_id):
        return RunStatus(state=RunState.RUNNING, raw=f"raw of {run_id}")

    def cancel_job(self, run_id):
        return True


@pytest.mark.parametrize(
    "call",
    [
        lambda deployer: deployer.read_log(LogRequest(run_id="1")),
        lambda deployer: deployer.list_jobs(),
        lambda deployer: deployer.list_runs("1"),
        lambda deployer: deployer.delete_job("1"),
    ],
)
def test_what_a_deployer_does_not_have_it_says(call):
    with pytest.raises(UnsupportedOperation, match="Deployer does not support"):
        call(Deployer())


def test_a_deployer_needs_only_its_five_abstract_methods():
    deployer = Deployer()
    assert deployer.get_job_statuses(["a", "b"])["b"].raw == "raw of b"
    assert deployer.artifacts_root() is None
    deployer.close()


def test_the_abstract_methods_are_those_of_version_one():
    assert Storage.__abstractmethods__ == {"uri", "stat", "list", "read_chunks", "write", "delete"}
    assert Credential.__abstractmethods__ == {"grant"}
    assert contracts.SecretStore.__abstractmethods__ == {"get_secret"}
    assert AppRunner.__abstractmethods__ == {"spark_session"}
    assert JobDeployer.__abstractmethods__ == {
        "plan_spark_job",
        "deploy_spark_job",
        "run_spark_job",
        "get_job_status",
        "cancel_job",
    }


class Keys(Credential):
    def __init__(self, grant):
        self.given = grant

    def grant(self, request):
        return self.given


def test_a_credential_without_tokens_says_what_it_grants():
    keys = Keys(Grant(kind="keys", values={"id": Secret("AKIA-0001")}))
    with pytest.raises(AuthError, match="grants keys, not a token") as caught:
        keys.get_token("scope")
    assert caught.value.code == "KDL-AUT-002"


def test_a_token_has_azure_cores_shape_and_hides_itself():
    end = datetime(2030, 1, 1, tzinfo=timezone.utc)
    token = Keys(Grant(kind="token", values={"token": Secret("tok-12345")}, expires_at=end)).get_token(
        "scope", claims=1
    )
    assert token == AccessToken("tok-12345", int(end.timestamp()))
    assert token.token == "tok-12345"
    assert "tok-12345" not in repr(token)


class Runner(AppRunner):
    def spark_session(self, conf):
        raise AssertionError


def test_a_runner_has_nothing_but_a_place_and_a_display_by_default(tmp_path, capsys):
    runner = Runner()
    assert runner.package_path(tmp_path) == tmp_path
    assert runner.run_id() is None
    runner.display([1, 2])
    assert capsys.readouterr().out == "[1, 2]\n"
    for call in (runner.credential, runner.identity):
        with pytest.raises(UnsupportedOperation):
            call()
    runner.close()
