"""The jobs contract: deploying an app to a platform, running it there, and asking after its runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from kindling.errors import UnsupportedOperation
from kindling.values import RunState


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a job starts by itself. Exactly one of ``cron`` and ``every``.

    Args:
        cron: Five fields: minute, hour, day of month, month, day of week.
        every: Interval in seconds.
        time_zone: IANA name.
        enabled: False keeps it, paused.

    Example:
        >>> Schedule(cron="0 6 * * *", time_zone="Europe/Berlin").enabled
        True
    """

    cron: str | None = None
    every: float | None = None
    time_zone: str = "UTC"
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A job as it should be. What is not given a value is not asked for.

    Every optional field from ``pin`` on is a capability of the same name: a platform that does not declare it
    is never asked for it, because the host refuses before.

    Args:
        identity: Stable name of the job on its platform; deploying the same identity updates the job.
        name: Name for people.
        app: Name of the app.
        environment: Name of the environment.
        shim_uri: Where the bootstrap file lies.
        arguments: Arguments of the bootstrap file; no secrets.
        artifacts_uri: The artifacts root.
        config_uri: Where the deployment's configuration lies.
        config_digest: Its SHA-256 in lower-case hexadecimal.
        settings: The platform's own settings of the job, an instance of ``JobBackend.settings``, or None.
        pin: Digest of the release to run, instead of the live one.
        schedule: When it starts by itself.
        retries: How often a failed run is repeated.
        time_limit: Seconds after which a run is ended.
        run_after: Identities of jobs after whose success it runs.
        tags: Free words by name.
        notifications: Who is told of what: ``{"on_failure": ("ops@example.com",)}``.

    Example:
        >>> spec = JobSpec(
        ...     identity="shop-orders-prod", name="orders (prod)", app="orders", environment="prod",
        ...     shim_uri="acme://artifacts/framework/shim.py", arguments=("orders", "--environment", "prod"),
        ...     artifacts_uri="acme://artifacts", config_uri="acme://artifacts/config/prod/3f9a.yaml",
        ...     config_digest="3f9a", settings=None, retries=2,
        ... )
        >>> spec.retries, spec.schedule
        (2, None)
    """

    identity: str
    name: str
    app: str
    environment: str
    shim_uri: str
    arguments: tuple[str, ...]
    artifacts_uri: str
    config_uri: str
    config_digest: str
    settings: Any
    pin: str | None = None
    schedule: Schedule | None = None
    retries: int | None = None
    time_limit: float | None = None
    run_after: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    notifications: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference between a job as it is and as it should be; secrets never appear in one.

    Args:
        field: Path of what changes, for example ``time_limit``.
        before: As it is, for people; empty where it is new.
        after: As it will be; empty where it goes.

    Example:
        >>> Change(field="time_limit", before="1h", after="2h").after
        '2h'
    """

    field: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """What deploying a spec would do.

    Args:
        action: ``create``, ``update`` or ``nothing``.
        job_id: The platform's id of the job that is there.
        changes: What differs.
        warnings: What will not be quite as asked for, and why.
        revision: Version of the job that was read, for a conditional update where the platform has one.

    Example:
        >>> JobPlan(action="update", job_id="17", changes=(Change(field="retries", before="1", after="2"),)).action
        'update'
    """

    action: Literal["create", "update", "nothing"]
    job_id: str | None = None
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    revision: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that is deployed.

    Args:
        job_id: The platform's id.
        name: Name for people.
        identity: Identity of its spec, where it is a job of Kindling's.
        url: Its page in the platform's portal.
        metadata: What else the platform tells; no secrets.

    Example:
        >>> Job(job_id="17", name="orders (prod)", identity="shop-orders-prod").job_id
        '17'
    """

    job_id: str
    name: str
    identity: str | None = None
    url: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A run as it should be started.

    Args:
        job_id: The platform's id of the job.
        token: Idempotency token, ``[A-Za-z0-9._-]{1,64}``: the same token never starts two runs where the
            platform can promise that.
        arguments: Further arguments of the bootstrap file; no secrets.
        spec: The job's spec, on a platform that keeps no definitions.

    Example:
        >>> RunRequest(job_id="17", token="20261121t113105123-k3v9x2ab").spec is None
        True
    """

    job_id: str
    token: str
    arguments: tuple[str, ...] = ()
    spec: JobSpec | None = None


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How a run stands.

    Args:
        state: In the one vocabulary.
        raw: The platform's own word.
        started_at: With a time zone; None while it has not started, or where the platform does not tell.
        ended_at: With a time zone; None while it goes on.
        error: Why it failed, in the platform's words, secrets masked.
        url: Its page in the platform's portal.

    Example:
        >>> RunStatus(state=RunState.RUNNING, raw="InProgress").state.is_final
        False
    """

    state: RunState
    raw: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class LogRequest:
    """Which piece of a log is asked for.

    Args:
        run_id: The platform's id of the run.
        cursor: Where the last page ended; None for the start.
        stream: ``stdout`` or ``stderr``.

    Example:
        >>> LogRequest(run_id="7b1e", cursor="4096").stream
        'stdout'
    """

    run_id: str
    cursor: str | None = None
    stream: str = "stdout"


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """A piece of a log.

    Args:
        text: What was written since the cursor.
        cursor: Where this page ends.
        complete: True where nothing more will come.

    Example:
        >>> LogPage(text="reading 12 tables\\n", cursor="18", complete=False).cursor
        '18'
    """

    text: str
    cursor: str
    complete: bool


class JobDeployer(ABC):
    """Job deployment on one platform. Synchronous and thread-safe; run and job ids are the platform's own.

    Uploading is the core's: a deployer is given URIs and only talks to the platform's job service.

    Example:
        >>> from kindling.testing import MemoryDeployer
        >>> isinstance(MemoryDeployer(), JobDeployer)
        True
    """

    @abstractmethod
    def plan_spark_job(self, spec: JobSpec) -> JobPlan:
        """Compare a spec with what is deployed. Reads only.

        Args:
            spec: The job as it should be.

        Returns:
            What ``deploy_spark_job`` would do.

        Raises:
            AuthError: KDL-AUT-001, the platform does not know who asks.
            JobError: KDL-JOB-001, the platform refused or failed.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> deployer.plan_spark_job(spec).action
            'create'
        """

    @abstractmethod
    def deploy_spark_job(self, spec: JobSpec, plan: JobPlan) -> Job:
        """Make the job as the spec says. Doing it twice makes one job.

        Args:
            spec: The job as it should be.
            plan: What ``plan_spark_job`` found, to be done.

        Raises:
            AuthError: KDL-AUT-001.
            JobError: KDL-JOB-002, the job changed since it was planned; KDL-JOB-001 otherwise.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> job.name, deployer.plan_spark_job(spec).action
            ('orders', 'nothing')
        """

    @abstractmethod
    def run_spark_job(self, request: RunRequest) -> str:
        """Start a run.

        Args:
            request: See RunRequest.

        Returns:
            The platform's id of the run, ``[\\w.~:/=-]{1,256}``.

        Raises:
            JobError: KDL-JOB-003, there is no such job; KDL-JOB-001 otherwise.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> first = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1"))
            >>> deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1")) == first
            True
        """

    @abstractmethod
    def get_job_status(self, run_id: str) -> RunStatus:
        """Return how a run stands; also from another process than the one that started it.

        Args:
            run_id: The platform's id of the run.

        Raises:
            JobError: KDL-JOB-004, there is no such run.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> run_id = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1"))
            >>> [deployer.get_job_status(run_id).state.value for _ in range(3)]
            ['PENDING', 'RUNNING', 'SUCCEEDED']
        """

    @abstractmethod
    def cancel_job(self, run_id: str) -> bool:
        """Ask for a run to be cancelled.

        Args:
            run_id: The platform's id of the run.

        Returns:
            True where it was asked for, False where the run had ended already.

        Raises:
            JobError: KDL-JOB-004, there is no such run.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> run_id = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1"))
            >>> deployer.cancel_job(run_id), deployer.cancel_job(run_id)
            (True, False)
        """

    def get_job_statuses(self, run_ids: Iterable[str]) -> Mapping[str, RunStatus]:
        """Return how several runs stand. Here one by one; a platform may do it in fewer requests.

        Args:
            run_ids: The platform's ids.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> run_id = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1"))
            >>> deployer.get_job_statuses([run_id])[run_id].raw
            'pending'
        """
        return {run_id: self.get_job_status(run_id) for run_id in run_ids}

    def artifacts_root(self) -> str | None:
        """Return the URI of the platform's own default artifacts root, or None where it has none.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> deployer.artifacts_root() is None
            True
        """
        return None

    def read_log(self, request: LogRequest) -> LogPage:
        """Return a piece of a run's log.

        Args:
            request: See LogRequest.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform has no log API.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> run_id = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1"))
            >>> page = deployer.read_log(LogRequest(run_id=run_id))
            >>> page.text, deployer.read_log(LogRequest(run_id=run_id, cursor=page.cursor)).text
            ('log of run-1\\n', '')
        """
        raise self._unsupported("logs")

    def list_jobs(self) -> Iterator[Job]:
        """Iterate over the jobs that Kindling deployed.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform keeps no jobs.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> [job.identity for job in deployer.list_jobs()]
            ['shop-orders-dev']
        """
        raise self._unsupported("list_jobs")

    def list_runs(self, job_id: str) -> Iterator[str]:
        """Iterate over the ids of a job's runs, the newest first.

        Args:
            job_id: The platform's id of the job.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform keeps no list.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> run_id = deployer.run_spark_job(RunRequest(job_id=job.job_id, token="t-1"))
            >>> list(deployer.list_runs(job.job_id))
            ['run-1']
        """
        raise self._unsupported("list_runs")

    def delete_job(self, job_id: str) -> None:
        """Delete a job. Deleting what is not there succeeds.

        Args:
            job_id: The platform's id of the job.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform keeps no jobs.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> job = deployer.deploy_spark_job(spec, deployer.plan_spark_job(spec))
            >>> deployer.delete_job(job.job_id)
            >>> list(deployer.list_jobs())
            []
        """
        raise self._unsupported("delete_job")

    def close(self) -> None:  # noqa: B027 - most deployers hold nothing open
        """Give back what is held open. Called once, with the framework's end.

        Example:
            >>> from kindling.testing import MemoryDeployer, example_spec
            >>> deployer, spec = MemoryDeployer(), example_spec()
            >>> deployer.close()
        """

    def _unsupported(self, operation: str) -> UnsupportedOperation:
        return UnsupportedOperation(
            f"{type(self).__name__} does not support {operation}", context={"operation": operation}
        )
