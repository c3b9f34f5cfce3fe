"""Running apps inside Microsoft Fabric: knowing that this is Fabric, its Spark session, its display."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kindling.contracts import Context, Detection
from kindling.spark.attached import AttachedRunner
from kindling_fabric.settings import FabricSettings

#: The variable that Spark in Fabric and in Synapse both have; Microsoft's own SynapseML goes by it.
SERVICE_VARIABLE, SERVICE = "AZURE_SERVICE", "Microsoft.ProjectArcadia"
#: What Fabric's Python notebooks, which have no Spark, have instead (SynapseML again).
HOST_VARIABLE, HOST = "MSNOTEBOOKUTILS_SPARK_TRIDENT_PBIHOST", "fabric.microsoft.com"
#: The key under which Fabric's sessions name their workspace. Synapse has no such key.
WORKSPACE_KEY = "trident.workspace.id"


def detect() -> Detection | None:
    """Say whether this is Fabric. Starts nothing: a session is asked only where one is active.

    Returns:
        Certain by what only Fabric has; uncertain where all that is seen could be Synapse's too; None where it is
        not Fabric. A ``notebookutils`` that somebody installed on a laptop is no evidence.

    Example:
        >>> detect() is None
        True
    """
    if HOST in os.environ.get(HOST_VARIABLE, ""):
        return Detection((f"{HOST_VARIABLE} names {HOST}",))
    session = _active_session()
    if session is not None:
        if workspace := session.conf.get(WORKSPACE_KEY, None):
            return Detection((f"the Spark session has {WORKSPACE_KEY}={workspace}",))
        if session.conf.get("spark.cluster.type", None) == "synapse":
            return None
    if os.environ.get(SERVICE_VARIABLE) == SERVICE:
        if workspace := _context().get("currentWorkspaceId"):
            return Detection((f"notebookutils.runtime.context has currentWorkspaceId={workspace}",))
        return Detection((f"{SERVICE_VARIABLE}={SERVICE}",), certain=False)
    return None


def open_runner(context: Context, settings: FabricSettings | None) -> FabricRunner:
    """Open the runner. What ``opens`` of its descriptor names.

    Args:
        context: What the host gives.
        settings: The section ``platforms.fabric:``; None for its defaults.
    """
    return FabricRunner(settings or FabricSettings())


class FabricRunner(AttachedRunner):
    """App execution inside Fabric.

    Args:
        settings: The section ``platforms.fabric:``.
    """

    def __init__(self, settings: FabricSettings) -> None:
        super().__init__("Fabric", settings.conf, is_here=lambda: detect() is not None)

    def run_id(self) -> str | None:
        """Return Fabric's id of the activity that this process belongs to, or None where it does not tell."""
        found = _context().get("activityId")
        return str(found) if found else None


def _active_session() -> Any:
    from kindling.spark.sessions import active_session

    return active_session()


def _context() -> Mapping[str, Any]:
    """Return ``notebookutils.runtime.context``, empty where it is not there."""
    try:
        import notebookutils

        context = notebookutils.runtime.context
    except (ImportError, AttributeError):
        return {}
    return context if isinstance(context, Mapping) else {}
