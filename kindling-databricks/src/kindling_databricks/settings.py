"""The section ``platforms.databricks:`` of ``kindling.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kindling.contracts import setting


@dataclass(frozen=True, kw_only=True)
class DatabricksSettings:
    """Settings of Databricks.

    Everything is optional where an app runs inside Databricks. Outside, who is meant is found as Databricks' own
    tools find it: the profile of ``~/.databrickscfg``, else ``DATABRICKS_HOST`` and its companions.

    Args:
        profile: Name of a profile in ``~/.databrickscfg``.
        host: Address of the workspace.
        cluster_id: Id of an existing cluster; without it, a job cluster or serverless.
        artifacts: Artifacts root for this platform, instead of the project's.
        conf: Spark configuration by key, set on the session of the notebook.

    Example:
        >>> DatabricksSettings(profile="dev").profile
        'dev'
    """

    profile: str | None = setting(default=None, doc="Name of a profile in ~/.databrickscfg.", example="dev")
    host: str | None = setting(default=None, doc="Address of the workspace.", pattern="https?://.+")
    cluster_id: str | None = setting(default=None, doc="Id of an existing cluster.")
    artifacts: str | None = setting(default=None, doc="Artifacts root on this platform, instead of `artifacts:`.")
    conf: Mapping[str, str] = setting(default_factory=dict, doc="Spark configuration by key.")
