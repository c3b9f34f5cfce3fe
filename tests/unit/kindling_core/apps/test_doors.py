"""The import paths that existing programs use."""

from __future__ import annotations

from pathlib import Path

import pytest

import kindling
from kindling.app_framework import AppConfigError, AppExecutionError, AppManager, AppRuntimeError
from kindling.bootstrap import bootstrap_spark_session
from kindling.errors import KindlingError, UnsupportedOperation, UsageError
from kindling.framework import Framework
from kindling.injection import GlobalInjector
from kindling.job_deployment import DataAppDeployer


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    app = tmp_path / "apps" / "hello"
    app.mkdir(parents=True)
    (app / "app.yaml").write_text("entry_point: main.py\n")
    (app / "main.py").write_text("result = 42\n")
    (tmp_path / "kindling.yaml").write_text("project: shop\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_injector_gives_the_parts_of_the_current_framework(project: Path) -> None:
    with kindling.initialize("local") as framework:
        manager = GlobalInjector.resolve(AppManager)

        assert manager is framework.apps
        assert manager.run_app("hello") == 42
        assert GlobalInjector.get(Framework) is framework
        assert isinstance(GlobalInjector.resolve(DataAppDeployer), DataAppDeployer)


def test_where_there_is_no_framework_the_injector_makes_one(project: Path) -> None:
    manager = GlobalInjector.resolve(AppManager)
    with kindling.get_framework() as framework:
        assert manager is framework.apps
        assert manager.run_app("hello") == 42


def test_a_manager_made_without_a_framework_takes_the_current_one(project: Path) -> None:
    with kindling.initialize("local") as framework:
        manager = kindling.AppManager()

        assert manager.framework is framework
        assert manager.run_app("hello") == 42


def test_what_the_framework_does_not_have_is_misuse() -> None:
    with pytest.raises(UsageError, match="no part dict") as caught:
        GlobalInjector.resolve(dict)

    assert "AppManager" in caught.value.suggestions[0]


def test_the_names_of_a_door_are_the_classes_themselves() -> None:
    assert kindling.AppManager is AppManager
    assert kindling.AppRuntimeError is AppRuntimeError
    assert issubclass(AppConfigError, AppExecutionError)


@pytest.mark.parametrize("method", ["deploy_as_job", "run_job", "get_job_status", "cancel_job"])
def test_jobs_are_refused_with_a_clear_word(method: str) -> None:
    with pytest.raises(UnsupportedOperation, match="jobs are not built yet") as caught:
        getattr(DataAppDeployer(), method)("orders", environment="prod")

    assert caught.value.code == "KDL-JOB-010"
    assert caught.value.suggestions


def test_the_spark_door_uses_the_framework_of_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Framework] = []
    monkeypatch.setattr(Framework, "get_spark", lambda self: opened.append(self))

    with kindling.initialize("local", "dev") as current:
        bootstrap_spark_session("dev")
        bootstrap_spark_session()
        bootstrap_spark_session("prod")
        bootstrap_spark_session("prod")

    assert opened[:2] == [current, current]
    assert opened[2] is opened[3]
    assert opened[2].environment == "prod"
    opened[2].close()


def test_the_spark_door_without_a_framework_makes_one_or_says_why_not(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINDLING_PLATFORM", "nowhere")

    with pytest.raises(KindlingError):
        bootstrap_spark_session("dev")
