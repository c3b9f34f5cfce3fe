"""The smallest backends that keep the contract: for tests of what uses a backend, and for examples.

They hold everything in memory and talk to nobody. A platform's own tests use its simulator instead.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from kindling.contracts.auth import Credential, Grant, GrantRequest, SecretRequest, SecretStore
from kindling.contracts.context import HttpClient
from kindling.contracts.execution import AppRunner
from kindling.contracts.jobs import (
    Change,
    Job,
    JobDeployer,
    JobPlan,
    JobSpec,
    LogPage,
    LogRequest,
    RunRequest,
    RunStatus,
)
from kindling.contracts.storage import Storage
from kindling.errors import AuthError, JobError, UnsupportedOperation
from kindling.values import RunState, Secret


def example_spec(**changes: Any) -> JobSpec:
    """Return a job as it could be deployed.

    Args:
        **changes: Fields that are to be otherwise.

    Example:
        >>> example_spec(retries=2).retries
        2
    """
    spec = JobSpec(
        identity="shop-orders-dev",
        name="orders",
        app="orders",
        environment="dev",
        shim_uri="memory://artifacts/framework/app_runner.py",
        arguments=("orders", "--environment", "dev"),
        artifacts_uri="memory://artifacts",
        config_uri="memory://artifacts/config/dev/config.yaml",
        config_digest="0" * 64,
        settings=None,
    )
    return replace(spec, **changes)


class MemoryDeployer(JobDeployer):
    """A job service in memory: a run is pending, then running, then it has succeeded, one step for each question.

    Example:
        >>> deployer = MemoryDeployer()
        >>> deployer.plan_spark_job(example_spec()).action
        'create'
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._specs: dict[str, JobSpec] = {}
        self._runs: dict[str, list[RunState]] = {}
        self._of_job: dict[str, list[str]] = {}
        self._by_token: dict[str, str] = {}

    def plan_spark_job(self, spec: JobSpec) -> JobPlan:
        """Compare field by field with what is deployed."""
        with self._lock:
            before = self._specs.get(spec.identity)
        if before is None:
            return JobPlan(action="create")
        changes = tuple(
            Change(field=name, before=str(getattr(before, name)), after=str(getattr(spec, name)))
            for name in vars(spec)
            if getattr(before, name) != getattr(spec, name)
        )
        return JobPlan(action="update" if changes else "nothing", job_id=spec.identity, changes=changes)

    def deploy_spark_job(self, spec: JobSpec, plan: JobPlan) -> Job:
        """Keep the spec under its identity."""
        with self._lock:
            self._specs[spec.identity] = spec
        return Job(job_id=spec.identity, name=spec.name, identity=spec.identity)

    def run_spark_job(self, request: RunRequest) -> str:
        """Start a run; the same token gives the same one."""
        with self._lock:
            if request.job_id not in self._specs:
                raise JobError(f"there is no job {request.job_id!r}", code="KDL-JOB-003")
            if request.token not in self._by_token:
                run_id = f"run-{len(self._runs) + 1}"
                self._by_token[request.token] = run_id
                self._runs[run_id] = [RunState.PENDING, RunState.RUNNING, RunState.SUCCEEDED]
                self._of_job.setdefault(request.job_id, []).insert(0, run_id)
            return self._by_token[request.token]

    def get_job_status(self, run_id: str) -> RunStatus:
        """Return the state, and go on to the next."""
        with self._lock:
            states = self._states(run_id)
            state = states[0] if len(states) == 1 else states.pop(0)
        return RunStatus(state=state, raw=state.value.lower())

    def cancel_job(self, run_id: str) -> bool:
        """Cancel a run that has not ended."""
        with self._lock:
            states = self._states(run_id)
            if states[0].is_final:
                return False
            states[:] = [RunState.CANCELLED]
            return True

    def read_log(self, request: LogRequest) -> LogPage:
        """Return a log of one line."""
        with self._lock:
            self._states(request.run_id)
        text = f"log of {request.run_id}\n"
        start = int(request.cursor or 0)
        return LogPage(text=text[start:], cursor=str(len(text)), complete=True)

    def list_jobs(self) -> Iterator[Job]:
        """Iterate over the jobs that are deployed."""
        with self._lock:
            specs = list(self._specs.values())
        return iter([Job(job_id=spec.identity, name=spec.name, identity=spec.identity) for spec in specs])

    def list_runs(self, job_id: str) -> Iterator[str]:
        """Iterate over a job's runs, the newest first."""
        with self._lock:
            return iter(list(self._of_job.get(job_id, ())))

    def delete_job(self, job_id: str) -> None:
        """Forget a job."""
        with self._lock:
            self._specs.pop(job_id, None)

    def _states(self, run_id: str) -> list[RunState]:
        if run_id not in self._runs:
            raise JobError(f"there is no run {run_id!r}", code="KDL-JOB-004")
        return self._runs[run_id]


class PlainRunner(AppRunner):
    """App execution without Spark.

    Example:
        >>> PlainRunner().display([1, 2])
        [1, 2]
    """

    def spark_session(self, conf: Mapping[str, str]) -> NoReturn:
        """Say that there is none."""
        raise UnsupportedOperation("there is no Spark here")


class FixedCredential(Credential):
    """Grants the same token to everybody.

    Args:
        token: The token.

    Example:
        >>> FixedCredential("a-token").get_token("scope").token
        'a-token'
    """

    def __init__(self, token: str = "example-token") -> None:
        self._grant = Grant(kind="token", values={"token": Secret(token)})

    def grant(self, request: GrantRequest) -> Grant:
        """Return the token."""
        return self._grant


class FixedSecrets(SecretStore):
    """A store whose secrets are known from the start.

    Args:
        secrets: Values by name.

    Example:
        >>> FixedSecrets({"bronze-key": "s3cr3t"}).get_secret(SecretRequest(name="bronze-key"))
        Secret('***')
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = {name: Secret(value) for name, value in secrets.items()}

    def get_secret(self, request: SecretRequest) -> Secret:
        """Return one of them."""
        if request.name not in self._secrets:
            raise AuthError(f"there is no secret {request.name!r}", code="KDL-AUT-003")
        return self._secrets[request.name]


class PlainContext:
    """A ``Context`` to open a backend with in a test.

    Args:
        environment: Name of the environment.
        project: Name of the project.
        folder: The project's folder; without it, a new temporary one.
        secrets: Values by reference, ``store/name``.
        credential: The platform's identity; None for a platform that has none.

    Example:
        >>> context = PlainContext(secrets={"vault/bronze-key": "s3cr3t"})
        >>> context.secret("vault/bronze-key"), context.environment
        (Secret('***'), 'test')
    """

    def __init__(
        self,
        *,
        environment: str = "test",
        project: str = "example",
        folder: Path | None = None,
        secrets: Mapping[str, str] | None = None,
        credential: Credential | None = None,
    ) -> None:
        self.environment = environment
        self.project = project
        self._folder = folder
        self._secrets = FixedSecrets(secrets or {})
        self._credential = credential
        self.logger = logging.getLogger("kindling.plugins.example")

    @property
    def folder(self) -> Path:
        """The project's folder."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="kindling-example-"))
        return self._folder

    @property
    def state(self) -> Path:
        """A folder of the plugin's own in it."""
        folder = self.folder / ".kindling" / "plugins" / "example"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def storage(self, uri: str) -> tuple[Storage, str]:
        """Open memory; the path is what stands behind the name."""
        from kindling.storage.memory import MemoryStorage

        scheme, _, rest = uri.partition("://")
        if scheme != "memory":
            raise UnsupportedOperation(f"this context opens memory:// only, not {uri!r}")
        name, _, path = rest.partition("/")
        return MemoryStorage(name), path

    def credential(self) -> Credential:
        """Return the identity that was given."""
        if self._credential is None:
            raise UnsupportedOperation("this platform has no identity of its own")
        return self._credential

    def secret(self, reference: str) -> Secret:
        """Return one of the secrets that were given."""
        return self._secrets.get_secret(SecretRequest(name=reference))

    def http(self, base_url: str, *, scopes: tuple[str, ...] = ()) -> HttpClient:
        """Say that there is no network in a test."""
        raise UnsupportedOperation(f"this context has no HTTP client; {base_url} was asked for")
