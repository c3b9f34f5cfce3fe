"""Apps in tests: a project in a temporary folder, runs in memory, and no installed plugin but those that are named.

Example:
    >>> with app_project({"hello": "result = 6 * 7"}) as project:
    ...     run = project.run("hello")
    ...     run.result, run.state.value
    (42, 'SUCCEEDED')
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from kindling.apps.definition import FILE_NAME

if TYPE_CHECKING:
    from kindling.apps.manager import AppManager
    from kindling.apps.run import Run
    from kindling.framework import Framework

#: What may stand for an app: the text of its ``main.py``, the text of each file by name, or a folder to copy.
AppSource = Union[str, Mapping[str, str], Path]  # noqa: UP007 - evaluated at run time, also on Python 3.10

#: What a copy of a project leaves behind: what running made, what a tool made, and the data.
_LEFT_BEHIND = (".kindling", ".git", ".venv", "__pycache__", "*.pyc", ".pytest_cache", ".env")


@dataclass(frozen=True)
class AppProject:
    """A project in a temporary folder.

    Args:
        folder: The project's folder.
        framework: Its framework.

    Example:
        >>> with app_project() as project:
        ...     _ = project.add("hello", "result = 1")
        ...     project.apps.list()
        ['hello']
    """

    folder: Path
    framework: Framework

    @property
    def apps(self) -> AppManager:
        """The project's apps."""
        return self.framework.apps

    def run(self, app: str, /, *, mode: str | None = None, check: bool = True, **parameters: Any) -> Run:
        """Run an app of the project.

        Args:
            app: Its name.
            mode: As for ``AppManager.run``.
            check: Whether a run that fails raises; False returns it, with its ``error``.
            **parameters: The app's parameters.

        Returns:
            The run.
        """
        return self.apps.run(app, mode=mode, check=check, parameters=parameters)

    def add(self, name: str, source: AppSource) -> Path:
        """Add an app, or replace the one of that name.

        Args:
            name: Its name.
            source: The text of its ``main.py``; the text of each file by name; or a folder to copy.

        Returns:
            The app's folder.
        """
        return _write_app(self.folder, name, source)


@contextmanager
def app_project(
    apps: Mapping[str, AppSource] | None = None,
    *,
    copy: str | Path | None = None,
    config: str | None = None,
    environment: str = "test",
    platform: str = "local",
    plugins: Collection[str] = (),
    folder: str | Path | None = None,
) -> Iterator[AppProject]:
    """Make a project for the length of a ``with`` block.

    Args:
        apps: Its apps by name: the text of ``main.py``, the text of each file by name, or a folder to copy.
            Without an ``app.yaml`` they get one.
        copy: A project to copy first: its ``kindling.yaml``, its overlays, its apps; not its data and runs.
        config: The text of ``kindling.yaml``, instead of a copied one.
        environment: Name of the environment; its overlay holds.
        platform: Name of the platform.
        plugins: The installed plugins that may be used, by name; none without it.
        folder: Where to make it. Without it: a temporary folder, which is deleted at the end.

    Returns:
        The project.

    Example:
        >>> files = {"app.yaml": "name: add\\nentry_point: main.py\\nparameters: {a: {type: integer}}\\n",
        ...          "main.py": "def main(context): return context.a + 1"}
        >>> with app_project({"add": files}) as project:
        ...     project.run("add", a="41").result
        42
    """
    from kindling.framework import make_framework, open_project
    from kindling.plugins.host import PluginHost
    from kindling.runs.store import MemoryRunStore

    made = Path(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="kindling-test-"))
    try:
        # Resolved: on macOS the temporary folder is a link, and tracebacks name the real place.
        root = made.resolve()
        root.mkdir(parents=True, exist_ok=True)
        if copy is not None:
            _copy_project(Path(copy), root)
        if config is not None or not (root / "kindling.yaml").is_file():
            (root / "kindling.yaml").write_text(config or f"project: {platform}-test\n", encoding="utf-8")
        for name, source in (apps or {}).items():
            _write_app(root, name, source)
        host = PluginHost(allow=frozenset(plugins), state=root / ".kindling" / "host")
        loaded, host = open_project(root, environment=environment, host=host)
        framework = make_framework(loaded, host, platform=platform, runs=MemoryRunStore())
        with framework:
            yield AppProject(root, framework)
    finally:
        if folder is None:
            shutil.rmtree(made, ignore_errors=True)


def _copy_project(source: Path, target: Path) -> None:
    for path in (*source.glob("kindling*.yaml"), *source.glob(".env.example")):
        shutil.copy2(path, target / path.name)
    if (source / "apps").is_dir():
        shutil.copytree(
            source / "apps", target / "apps", ignore=shutil.ignore_patterns(*_LEFT_BEHIND), dirs_exist_ok=True
        )


def _write_app(root: Path, name: str, source: AppSource) -> Path:
    folder = root / "apps" / name
    if isinstance(source, Path):
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*_LEFT_BEHIND), dirs_exist_ok=True)
    else:
        files = {"main.py": source} if isinstance(source, str) else source
        for path, text in files.items():
            target = folder.joinpath(*path.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
    if not (folder / FILE_NAME).exists():
        (folder / FILE_NAME).write_text(f"name: {name}\nentry_point: main.py\n", encoding="utf-8")
    return folder
