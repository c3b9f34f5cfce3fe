"""Running apps inside Synapse. How it is told apart from Fabric stands with Fabric's tests."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from kindling.errors import UnsupportedOperation
from kindling.plugins.host import PluginHost
from kindling.testing import PlainContext
from kindling_synapse.execution import SynapseRunner, detect, open_runner
from kindling_synapse.settings import SynapseSettings


def test_a_laptop_is_not_synapse_even_with_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_WORKSPACE_NAME", "shop-dev")
    assert detect() is None
    assert PluginHost().detect().platform == "local"


def test_what_could_be_fabrics_too_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SERVICE", "Microsoft.ProjectArcadia")
    detection = detect()
    assert detection is not None
    assert not detection.certain


def test_a_workspace_has_its_development_endpoint_unless_another_is_given() -> None:
    assert SynapseSettings().development_endpoint is None
    assert SynapseSettings(workspace="shop").development_endpoint == "https://shop.dev.azuresynapse.net"
    china = "https://shop.dev.azuresynapse.azure.cn"
    assert SynapseSettings(workspace="shop", endpoint=china).development_endpoint == china


def test_elsewhere_no_spark_is_started_that_would_be_taken_for_synapse() -> None:
    with pytest.raises(UnsupportedOperation, match="does not run on Synapse"):
        open_runner(PlainContext(), None).spark_session({})


def test_showing_is_the_notebooks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[Any] = []
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    runner = SynapseRunner(SynapseSettings())
    runner.display("in a job")
    main.display = shown.append  # type: ignore[attr-defined]
    runner.display("in a notebook")
    assert (capsys.readouterr().out, shown) == ("in a job\n", ["in a notebook"])
