"""Orbit's runs. It keeps no definitions: a run brings its whole spec along."""

from __future__ import annotations

from kindling.contracts import (
    Change,
    Context,
    Job,
    JobDeployer,
    JobPlan,
    JobSpec,
    RunRequest,
    RunState,
    RunStatus,
)
from kindling.errors import JobError
from kindling_orbit.settings import OrbitSettings
from kindling_orbit.station import Station, station

_STATES = {
    "queued": RunState.PENDING,
    "in flight": RunState.RUNNING,
    "landed": RunState.SUCCEEDED,
    "lost": RunState.FAILED,
    "recalled": RunState.CANCELLED,
}


def open_deployer(context: Context, settings: OrbitSettings) -> OrbitDeployer:
    return OrbitDeployer(station(settings.station))


class OrbitDeployer(JobDeployer):
    def __init__(self, cloud: Station) -> None:
        self._station = cloud

    def plan_spark_job(self, spec: JobSpec) -> JobPlan:
        warnings = ("orbit repeats a run at most 3 times",) if (spec.retries or 0) > 3 else ()
        return JobPlan(action="create", changes=(Change(field="app", after=spec.app),), warnings=warnings)

    def deploy_spark_job(self, spec: JobSpec, plan: JobPlan) -> Job:
        return Job(job_id=spec.identity, name=spec.name, identity=spec.identity)

    def run_spark_job(self, request: RunRequest) -> str:
        if request.spec is None:
            raise JobError(f"orbit does not know {request.job_id!r}", code="KDL-JOB-003")
        with self._station.lock:
            if request.token not in self._station.tokens:
                run_id = f"flight-{next(self._station.numbers)}"
                self._station.tokens[request.token] = run_id
                self._station.runs[run_id] = ["queued", "in flight", "landed"]
            return self._station.tokens[request.token]

    def get_job_status(self, run_id: str) -> RunStatus:
        with self._station.lock:
            words = self._words(run_id)
            word = words[0] if len(words) == 1 else words.pop(0)
        return RunStatus(state=_STATES[word], raw=word)

    def cancel_job(self, run_id: str) -> bool:
        with self._station.lock:
            words = self._words(run_id)
            if _STATES[words[0]].is_final:
                return False
            words[:] = ["recalled"]
            return True

    def _words(self, run_id: str) -> list[str]:
        if run_id not in self._station.runs:
            raise JobError(f"orbit has no flight {run_id!r}", code="KDL-JOB-004")
        return self._station.runs[run_id]
