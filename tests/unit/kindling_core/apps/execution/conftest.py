"""Apps as folders of files, executed without a project around them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from kindling.apps.context import AppContext
from kindling.apps.definition import AppDefinition
from kindling.apps.executor import AppExecutor, ExecutionMode
from kindling.apps.limits import Limit, RunControl
from kindling.apps.loader import LoadedApp


@dataclass
class AppOnDisk:
    """An app in a folder, and the ways to execute it."""

    folder: Path
    name: str
    entry_point: str = "main.py"
    source_uri: str | None = None
    framework: Any = None
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("test.app"))

    def write(self, files: Mapping[str, str]) -> AppOnDisk:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return self

    def loaded(self) -> LoadedApp:
        definition = AppDefinition(self.name, entry_point=self.entry_point)
        return LoadedApp(definition, self.folder, "test", self.source_uri)

    def context(self, **parameters: Any) -> AppContext:
        return AppContext(
            self.loaded(), framework=self.framework, logger=self.logger, run_id="run-1", parameters=parameters
        )

    def run(
        self,
        *,
        mode: ExecutionMode | str = "module",
        limit: Limit | None = None,
        control: RunControl | None = None,
        **parameters: Any,
    ) -> Any:
        return AppExecutor().execute(self.loaded(), self.context(**parameters), mode=mode, limit=limit, control=control)

    async def run_async(
        self, *, limit: Limit | None = None, control: RunControl | None = None, **parameters: Any
    ) -> Any:
        return await AppExecutor().execute_async(
            self.loaded(), self.context(**parameters), limit=limit, control=control
        )


MakeApp = Callable[..., AppOnDisk]


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """Write an app's files: ``make_app({"main.py": …})``, or ``make_app("result = 1")`` for one file."""

    def make(files: Mapping[str, str] | str, name: str = "orders", **more: Any) -> AppOnDisk:
        app = AppOnDisk(tmp_path / "apps" / name, name, **more)
        return app.write({"main.py": files} if isinstance(files, str) else files)

    return make
