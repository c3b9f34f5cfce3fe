"""A door: ``DataAppDeployer``, by which existing programs deploy apps as jobs. This version cannot deploy yet."""

from __future__ import annotations

from typing import Any, NoReturn

from kindling.errors import UnsupportedOperation


class DataAppDeployer:
    """Deploys apps as jobs of a platform: in a later version. Until then each method says so.

    Args:
        framework: The framework; without it, the current one.

    Example:
        >>> try:
        ...     DataAppDeployer().deploy_as_job("orders")
        ... except UnsupportedOperation as error:
        ...     print(error.code)
        KDL-JOB-010
    """

    def __init__(self, framework: Any = None) -> None:
        self.framework = framework

    def deploy_as_job(self, app: str, *arguments: Any, **keywords: Any) -> NoReturn:
        """Deploy an app as a job.

        Raises:
            UnsupportedOperation: KDL-JOB-010, always, in this version.
        """
        raise _not_built(f"deploy {app!r} as a job", f"run it here: kindling run {app}")

    def run_job(self, job: str, *arguments: Any, **keywords: Any) -> NoReturn:
        """Start a run of a job.

        Raises:
            UnsupportedOperation: KDL-JOB-010, always, in this version.
        """
        raise _not_built(f"run the job {job!r}", "run the app here: kindling run NAME")

    def get_job_status(self, run_id: str, *arguments: Any, **keywords: Any) -> NoReturn:
        """Return the state of a run.

        Raises:
            UnsupportedOperation: KDL-JOB-010, always, in this version.
        """
        raise _not_built(f"ask for the run {run_id!r} of a job", "look at the runs of this machine: kindling runs list")

    def cancel_job(self, run_id: str, *arguments: Any, **keywords: Any) -> NoReturn:
        """Cancel a run.

        Raises:
            UnsupportedOperation: KDL-JOB-010, always, in this version.
        """
        raise _not_built(f"cancel the run {run_id!r} of a job", "runs of this machine end with Ctrl-C")


def _not_built(what: str, instead: str) -> UnsupportedOperation:
    return UnsupportedOperation(
        f"this version of Kindling cannot {what}: jobs are not built yet", code="KDL-JOB-010", suggestions=[instead]
    )
