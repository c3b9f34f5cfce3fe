"""Running apps inside Azure Synapse: knowing that this is Synapse, its Spark session, its display."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kindling.contracts import Context, Detection
from kindling.spark.attached import AttachedRunner
from kindling_synapse.settings import SynapseSettings

#: The variable that Spark in Synapse and in Fabric both have; Microsoft's own SynapseML goes by it.
SERVICE_VARIABLE, SERVICE = "AZURE_SERVICE", "Microsoft.ProjectArcadia"
#: The key by which SynapseML tells Synapse from Fabric, with Synapse's value.
CLUSTER_KEY, CLUSTER = "spark.cluster.type", "synapse"
#: What only Fabric's sessions have.
FABRIC_KEY = "trident.workspace.id"
#: What only Fabric's Python notebooks have.
FABRIC_VARIABLE = "MSNOTEBOOKUTILS_SPARK_TRIDENT_PBIHOST"


def detect() -> Detection | None:
    """Say whether this is Synapse. Starts nothing: a session is asked only where one is active.

    Returns:
        Certain by what only Synapse has; uncertain where all that is seen could be Fabric's too; None where it is
        not Synapse. A ``notebookutils`` that somebody installed on a laptop is no evidence.

    Example:
        >>> detect() is None
        True
    """
    if os.environ.get(FABRIC_VARIABLE):
        return None
    session = _active_session()
    if session is not None:
        if session.conf.get(CLUSTER_KEY, None) == CLUSTER:
            return Detection((f"the Spark session has {CLUSTER_KEY}={CLUSTER}",))
        if session.conf.get(FABRIC_KEY, None):
            return None
    if os.environ.get(SERVICE_VARIABLE) == SERVICE:
        if _runs_in_fabric():
            return None
        return Detection((f"{SERVICE_VARIABLE}={SERVICE}",), certain=False)
    return None


def open_runner(context: Context, settings: SynapseSettings | None) -> SynapseRunner:
    """Open the runner. What ``opens`` of its descriptor names.

    Args:
        context: What the host gives.
        settings: The section ``platforms.synapse:``; None for its defaults.
    """
    return SynapseRunner(settings or SynapseSettings())


class SynapseRunner(AttachedRunner):
    """App execution inside Synapse.

    Args:
        settings: The section ``platforms.synapse:``.
    """

    def __init__(self, settings: SynapseSettings) -> None:
        super().__init__("Synapse", settings.conf, is_here=lambda: detect() is not None)


def _active_session() -> Any:
    from kindling.spark.sessions import active_session

    return active_session()


def _runs_in_fabric() -> bool:
    """Say whether the notebook's own context names a Fabric workspace."""
    try:
        import notebookutils

        context = notebookutils.runtime.context
    except (ImportError, AttributeError):
        return False
    return isinstance(context, Mapping) and bool(context.get("currentWorkspaceId"))
