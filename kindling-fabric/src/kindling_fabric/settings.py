"""The section ``platforms.fabric:`` of ``kindling.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kindling.contracts import setting


@dataclass(frozen=True, kw_only=True)
class FabricSettings:
    """Settings of Microsoft Fabric.

    Everything is optional where an app runs inside Fabric: what is not given is the notebook's own.

    Args:
        workspace: Name or id of the workspace.
        lakehouse: Name or id of the default lakehouse, which every Spark job definition needs for its runs.
        environment: Name or id of a Fabric environment (libraries, sizes of driver and executors).
        endpoint: Address of the service, for sovereign clouds.
        artifacts: Artifacts root for this platform, instead of the project's.
        conf: Spark configuration by key, set on the session of the notebook.

    Example:
        >>> FabricSettings(workspace="Shop-Dev", lakehouse="main").endpoint
        'https://api.fabric.microsoft.com'
    """

    workspace: str | None = setting(default=None, doc="Name or id of the workspace.", example="Shop-Dev")
    lakehouse: str | None = setting(default=None, doc="Name or id of the default lakehouse.", example="main")
    environment: str | None = setting(default=None, doc="Name or id of a Fabric environment.")
    endpoint: str = setting(
        default="https://api.fabric.microsoft.com",
        doc="Address of the service; another one for sovereign clouds.",
        pattern="https://.+",
    )
    artifacts: str | None = setting(default=None, doc="Artifacts root on this platform, instead of `artifacts:`.")
    conf: Mapping[str, str] = setting(default_factory=dict, doc="Spark configuration by key.")
