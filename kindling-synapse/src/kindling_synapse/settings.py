"""The section ``platforms.synapse:`` of ``kindling.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kindling.contracts import setting


@dataclass(frozen=True, kw_only=True)
class SynapseSettings:
    """Settings of Azure Synapse.

    Everything is optional where an app runs inside Synapse: what is not given is the notebook's own.

    Args:
        workspace: Name of the workspace.
        spark_pool: Name of the Spark pool.
        endpoint: Address of the workspace's development endpoint, where it is not the public cloud's.
        artifacts: Artifacts root for this platform, instead of the project's.
        conf: Spark configuration by key, set on the session of the notebook.

    Example:
        >>> SynapseSettings(workspace="shop-dev", spark_pool="small").development_endpoint
        'https://shop-dev.dev.azuresynapse.net'
    """

    workspace: str | None = setting(default=None, doc="Name of the workspace.", example="shop-dev")
    spark_pool: str | None = setting(default=None, doc="Name of the Spark pool.", example="small")
    endpoint: str | None = setting(
        default=None,
        doc="Address of the workspace's development endpoint, for sovereign clouds.",
        pattern="https://.+",
    )
    artifacts: str | None = setting(default=None, doc="Artifacts root on this platform, instead of `artifacts:`.")
    conf: Mapping[str, str] = setting(default_factory=dict, doc="Spark configuration by key.")

    @property
    def development_endpoint(self) -> str | None:
        """The address that was given, else the public cloud's for the workspace, or None without either."""
        if self.endpoint or not self.workspace:
            return self.endpoint
        return f"https://{self.workspace}.dev.azuresynapse.net"
