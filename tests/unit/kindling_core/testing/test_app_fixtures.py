"""kindling.testing for the authors of apps: projects in temporary folders, and the pytest fixtures over them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kindling
from kindling.errors import PluginError
from kindling.framework import FrameworkError
from kindling.runs.store import MemoryRunStore
from kindling.testing.apps import app_project

SHOP_TEST = """
import pytest

def test_the_day_arrives(kindling_app):
    run = kindling_app("orders", day="2024-05-01")
    assert run.result == "2024-05-01 in test"
    assert "working" in run.log

def test_failures_raise(kindling_app):
    with pytest.raises(Exception, match="did you mean 'day'"):
        kindling_app("orders", dya="x")

@pytest.mark.kindling(environment="prod")
def test_another_environment(kindling_app):
    assert kindling_app("orders", day="2024-05-01").result == "2024-05-01 in prod"

def test_data_goes_to_the_copy(kindling_project):
    kindling_project.framework.connections["data"].write("a.csv", b"1")
    assert (kindling_project.folder / "data" / "a.csv").is_file()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    app = tmp_path / "apps" / "orders"
    app.mkdir(parents=True)
    (tmp_path / "kindling.yaml").write_text("project: shop\nconnections: {data: {type: local, path: ./data}}\n")
    (tmp_path / ".env").write_text("SECRET=1\n")
    (app / "app.yaml").write_text("entry_point: main.py\nparameters: {day: {type: date, required: true}}\n")
    (app / "main.py").write_text(
        "def main(context):\n    context.logger.info('working')\n    return f'{context.day} in {context.environment}'\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_orders.py").write_text(SHOP_TEST)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["-p", "kindling.testing.pytest_plugin"]], ids=["installed", "named"])
def test_a_projects_own_tests_run_its_apps_in_a_copy(shop: Path, options: list[str]) -> None:
    installed = subprocess.run(
        [sys.executable, "-c", "from importlib.metadata import entry_points as e;"
         "print(any(x.name == 'kindling.testing.pytest_plugin' for x in e(group='pytest11')))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    if not options and installed != "True":
        pytest.skip("this environment was installed before the plugin had its entry point")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *options],
        cwd=shop, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert "4 passed" in ended.stdout, ended.stdout + ended.stderr
    assert not (shop / ".kindling").exists()
    assert not (shop / "data").exists()


def test_a_copy_leaves_data_runs_and_secrets_behind(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (shop / "data").mkdir()
    (shop / ".kindling").mkdir()

    with app_project(copy=shop) as project:
        assert sorted(path.name for path in project.folder.iterdir()) == ["apps", "kindling.yaml"]
        assert project.run("orders", day="2024-05-01").result == "2024-05-01 in test"
        assert isinstance(project.framework.runs, MemoryRunStore)
    assert not project.folder.exists()


def test_apps_are_texts_files_or_folders(shop: Path) -> None:
    with app_project(
        {"text": "result = 1", "files": {"main.py": "import a\nresult = a.x", "a.py": "x = 2"}}
    ) as project:
        project.add("folder", shop / "apps" / "orders")

        assert [project.run("text").result, project.run("files").result] == [1, 2]
        assert project.apps.list() == ["files", "folder", "text"]


def test_no_installed_plugin_is_used_unless_it_is_named() -> None:
    with app_project({"show": "framework.runner"}) as project:
        run = project.run("show", check=False)
        assert isinstance(run.error.__cause__, PluginError)
    with app_project({"show": "framework.runner\nresult = 1"}, plugins=["local"]) as project:
        assert project.run("show").result == 1


def test_the_framework_ends_with_the_project() -> None:
    with app_project() as project:
        assert kindling.get_framework() is project.framework
    with pytest.raises(FrameworkError):
        kindling.get_framework()
