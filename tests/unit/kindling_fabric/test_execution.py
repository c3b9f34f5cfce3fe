"""Running apps inside Fabric: known by what only Fabric has, told apart from Synapse and from a laptop."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from kindling.errors import PluginError, UnsupportedOperation
from kindling.plugins.host import PluginHost
from kindling.testing import PlainContext
from kindling_fabric.execution import FabricRunner, detect, open_runner
from kindling_fabric.settings import FabricSettings
from kindling_synapse.execution import detect as detect_synapse

ARCADIA = "Microsoft.ProjectArcadia"


class FakeSession:
    """As much of a session as detection touches; a real one would have to be Fabric's or Synapse's."""

    def __init__(self, values: dict[str, str]) -> None:
        self.conf = self
        self.values = values

    def get(self, key: str, default: str | None = None) -> str | None:
        return self.values.get(key, default)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The configuration of an active Spark session."""
    values: dict[str, str] = {}
    monkeypatch.setattr("kindling.spark.sessions.active_session", lambda: FakeSession(values))
    return values


@pytest.fixture
def notebookutils(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The context that ``notebookutils`` tells."""
    context: dict[str, Any] = {}
    module = types.ModuleType("notebookutils")
    module.runtime = types.SimpleNamespace(context=context)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "notebookutils", module)
    return context


def test_a_laptop_is_not_fabric_even_with_its_variables_and_stubs(
    monkeypatch: pytest.MonkeyPatch, notebookutils: dict[str, Any]
) -> None:
    monkeypatch.setenv("FABRIC_WORKSPACE_ID", "0d8c")
    assert detect() is None
    assert PluginHost().detect().platform == "local"


def test_a_session_with_a_fabric_workspace_is_certain(session: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SERVICE", ARCADIA)
    session["trident.workspace.id"] = "0d8c"
    found = PluginHost().detect()
    assert (found.platform, found.evidence) == ("fabric", ("the Spark session has trident.workspace.id=0d8c",))
    assert detect_synapse() is None


def test_a_session_of_synapse_is_certain(session: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SERVICE", ARCADIA)
    session["spark.cluster.type"] = "synapse"
    found = PluginHost().detect()
    assert (found.platform, found.evidence) == ("synapse", ("the Spark session has spark.cluster.type=synapse",))
    assert detect() is None


def test_a_python_notebook_of_fabric_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSNOTEBOOKUTILS_SPARK_TRIDENT_PBIHOST", "api.fabric.microsoft.com")
    assert PluginHost().detect().platform == "fabric"
    assert detect_synapse() is None


def test_without_a_session_the_notebooks_context_tells(
    notebookutils: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_SERVICE", ARCADIA)
    notebookutils["currentWorkspaceId"] = "0d8c"
    assert PluginHost().detect().platform == "fabric"


def test_what_both_have_is_not_enough_and_is_never_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SERVICE", ARCADIA)
    with pytest.raises(PluginError) as caught:
        PluginHost().detect()
    assert caught.value.code == "KDL-PLG-009"
    assert "fabric" in caught.value.message
    assert "synapse" in caught.value.message


def test_elsewhere_no_spark_is_started_that_would_be_taken_for_fabric() -> None:
    with pytest.raises(UnsupportedOperation, match="does not run on Fabric"):
        FabricRunner(FabricSettings()).spark_session({})


def test_its_run_is_the_activity(notebookutils: dict[str, Any]) -> None:
    runner = open_runner(PlainContext(), None)
    assert runner.run_id() is None
    notebookutils["activityId"] = "7b1e"
    assert runner.run_id() == "7b1e"


def test_what_is_not_built_yet_says_so() -> None:
    with pytest.raises(UnsupportedOperation):
        FabricRunner(FabricSettings()).identity()


def test_showing_is_the_notebooks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[Any] = []
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    runner = FabricRunner(FabricSettings())
    runner.display("in a job")
    main.display = shown.append  # type: ignore[attr-defined]
    runner.display("in a notebook")
    assert (capsys.readouterr().out, shown) == ("in a job\n", ["in a notebook"])
