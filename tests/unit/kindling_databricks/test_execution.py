"""Running apps inside Databricks: known by its evidence, with the notebook's own session and display."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from kindling.errors import UnsupportedOperation
from kindling.plugins.host import PluginHost
from kindling.testing import PlainContext
from kindling_databricks.execution import DatabricksRunner, detect, open_runner
from kindling_databricks.settings import DatabricksSettings


def test_the_runtimes_own_variable_is_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    detection = detect()
    assert detection is not None
    assert detection.certain
    assert detection.evidence == ("DATABRICKS_RUNTIME_VERSION=16.4",)
    assert PluginHost().detect().platform == "databricks"


def test_what_people_set_on_their_laptops_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "https://adb-1.azuredatabricks.net")
    monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-0123456789")
    assert detect() is None
    assert PluginHost().detect().platform == "local"


def test_the_runner_is_opened_with_the_section_or_its_defaults() -> None:
    assert isinstance(open_runner(PlainContext(), None), DatabricksRunner)
    assert isinstance(open_runner(PlainContext(), DatabricksSettings(profile="dev")), DatabricksRunner)


def test_elsewhere_no_spark_is_started_that_would_be_taken_for_databricks() -> None:
    with pytest.raises(UnsupportedOperation, match="does not run on Databricks"):
        DatabricksRunner(DatabricksSettings()).spark_session({})


def test_showing_is_the_notebooks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[Any] = []
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    runner = DatabricksRunner(DatabricksSettings())
    runner.display("in a job")
    main.display = shown.append  # type: ignore[attr-defined]
    runner.display("in a notebook")
    assert (capsys.readouterr().out, shown) == ("in a job\n", ["in a notebook"])


def test_its_spark_session_is_the_active_one_with_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession()
    monkeypatch.setattr("kindling.spark.attached.active_session", lambda: session)
    runner = DatabricksRunner(DatabricksSettings(conf={"spark.sql.shuffle.partitions": "8"}))
    assert runner.spark_session({"spark.sql.shuffle.partitions": "200", "a": "1"}) is session
    assert session.conf.values == {"spark.sql.shuffle.partitions": "8", "a": "1"}


class FakeSession:
    """As much of a session as a platform's runner touches; a real one would have to be Databricks'."""

    def __init__(self, **values: str) -> None:
        self.conf = FakeConf(values)


class FakeConf:
    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def get(self, key: str, default: str | None = None) -> str | None:
        return self.values.get(key, default)

    def set(self, key: str, value: str) -> None:
        self.values[key] = value

    def isModifiable(self, key: str) -> bool:
        return True
