"""Finding apps: by name and by path, in the project and in the artifacts root."""

from __future__ import annotations

from pathlib import Path

import pytest

from kindling.apps.artifacts import fetch, find_in_folder
from kindling.apps.loader import AppLoader
from kindling.errors import AppConfigError, AppExecutionError, UnsupportedOperation
from kindling.storage.memory import MemoryStorage


def add(project: Path, name: str, text: str = "entry_point: main.py\n") -> Path:
    folder = project / "apps" / name
    folder.mkdir(parents=True)
    (folder / "app.yaml").write_text(text)
    (folder / "main.py").write_text("result = 1\n")
    return folder


def test_apps_are_the_folders_with_an_app_yaml(tmp_path: Path) -> None:
    add(tmp_path, "b")
    add(tmp_path, "a")
    (tmp_path / "apps" / "notes").mkdir()

    assert AppLoader(tmp_path).names() == ["a", "b"]
    assert AppLoader(tmp_path / "nowhere").names() == []


def test_an_app_is_found_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = add(tmp_path, "orders")
    loader = AppLoader(tmp_path)
    monkeypatch.chdir(tmp_path / "apps")

    assert loader.load("orders").folder == folder
    assert loader.load("./orders").folder == folder
    assert loader.load(folder).name == "orders"
    assert loader.load(str(folder / "app.yaml")).entry_point == folder / "main.py"
    assert loader.load("orders").origin == "the folder apps/orders"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("ordes", "did you mean 'orders'?"), ("zebra", "the project has orders"), ("Orders", "did you mean 'orders'?")],
)
def test_a_name_that_is_not_there_suggests_the_nearest(tmp_path: Path, asked: str, hint: str) -> None:
    add(tmp_path, "orders")

    with pytest.raises(AppExecutionError) as caught:
        AppLoader(tmp_path).load(asked)

    assert caught.value.code == "KDL-APP-004"
    assert caught.value.suggestions == (hint,)


def test_an_empty_project_says_how_to_make_an_app(tmp_path: Path) -> None:
    with pytest.raises(AppExecutionError) as caught:
        AppLoader(tmp_path).load("orders")

    assert caught.value.suggestions == ("make one: kindling init app orders",)


@pytest.mark.parametrize("asked", ["orders@live", "orders@1.4.0", "orders@"])
def test_releases_are_refused_with_a_clear_word(tmp_path: Path, asked: str) -> None:
    add(tmp_path, "orders")

    with pytest.raises(UnsupportedOperation, match="cannot keep releases yet") as caught:
        AppLoader(tmp_path).load(asked)

    assert caught.value.code == "KDL-APP-019"


def test_a_folder_without_app_yaml_is_no_app(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()

    with pytest.raises(AppConfigError) as caught:
        AppLoader(tmp_path).load(tmp_path / "x")

    assert caught.value.code == "KDL-APP-005"
    with pytest.raises(AppExecutionError, match="there is no folder"):
        AppLoader(tmp_path).load(tmp_path / "y")


def test_a_change_of_app_yaml_or_of_the_overlay_is_seen(tmp_path: Path) -> None:
    folder = add(tmp_path, "orders")
    loader = AppLoader(tmp_path, "prod")
    first = loader.load("orders")

    assert loader.load("orders") is first
    (folder / "app.prod.yaml").write_text("version: 2.0.0\n")
    assert loader.load("orders").definition.version == "2.0.0"
    (folder / "app.yaml").write_text("entry_point: other.py\n")
    assert loader.load("orders").definition.entry_point == "other.py"


def test_an_app_in_a_storage_is_fetched_once_for_each_of_its_states(tmp_path: Path) -> None:
    storage = MemoryStorage(tmp_path.name)
    for name, text in (("app.yaml", "entry_point: main.py\n"), ("main.py", "result = 1\n"), ("lib/a.py", "x = 1\n")):
        storage.write(f"root/apps/orders/{name}", text.encode())
    storage.write("root/apps/orders/releases/1.0/app.kda", b"not the app's")

    first = fetch(storage, "root", "orders", tmp_path)
    again = fetch(storage, "root", "orders", tmp_path)
    storage.write("root/apps/orders/main.py", b"result = 2\n")
    second = fetch(storage, "root", "orders", tmp_path)

    assert first is not None
    assert second is not None
    assert first == again
    assert first.folder.name == "orders"
    assert sorted(path.relative_to(first.folder).as_posix() for path in first.folder.rglob("*.*")) == [
        "app.yaml", "lib/a.py", "main.py",
    ]  # fmt: skip
    assert (second.folder / "main.py").read_text() == "result = 2\n"
    assert (first.folder / "main.py").read_text() == "result = 1\n"
    assert not list(tmp_path.glob(".orders*"))


def test_tracebacks_name_the_place_in_the_storage(tmp_path: Path) -> None:
    storage = MemoryStorage(tmp_path.name)
    storage.write("apps/orders/app.yaml", b"entry_point: main.py\n")
    storage.write("apps/orders/main.py", b"result = 1\n")
    loader = AppLoader(tmp_path, find_artifact=lambda name: fetch(storage, "", name, tmp_path / "cache"))

    app = loader.load("orders")

    assert app.source_uri == storage.uri("apps/orders")
    assert app.source_name(app.entry_point) == storage.uri("apps/orders/main.py")
    assert app.origin == f"the unreleased folder {storage.uri('apps/orders')}"


def test_the_project_comes_first_unless_it_is_a_job(tmp_path: Path) -> None:
    add(tmp_path, "orders", "entry_point: main.py\nversion: 1.0.0\n")
    add(tmp_path / "artifacts", "orders", "entry_point: main.py\nversion: 2.0.0\n")

    def find(name: str):  # type: ignore[no-untyped-def]
        return find_in_folder(tmp_path / "artifacts", name)

    here = AppLoader(tmp_path, find_artifact=find)
    job = AppLoader(tmp_path, find_artifact=find, artifacts_first=True)

    assert here.load("orders").definition.version == "1.0.0"
    assert job.load("orders").definition.version == "2.0.0"
    with pytest.raises(AppExecutionError, match="there is no app"):
        job.load("stock")


def test_a_storage_without_the_app_gives_none(tmp_path: Path) -> None:
    storage = MemoryStorage(tmp_path.name)
    storage.write("apps/orders/main.py", b"")

    assert fetch(storage, "", "orders", tmp_path) is None
    assert find_in_folder(tmp_path, "orders") is None
