"""What the tests of the configuration share: a project folder to write files into."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from kindling.config.loading import LoadedConfig, load_config
from kindling.errors import ConfigError, Problem


class Project:
    """A folder with configuration files, and the environment they are read in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {}

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return file

    def load(
        self, text: str | None = None, *, environ: Mapping[str, str] | None = None, **keywords: Any
    ) -> LoadedConfig:
        if text is not None:
            self.write("kindling.yaml", text)
        return load_config(self.folder, environ={**self.environ, **(environ or {})}, **keywords)

    def problems(self, text: str | None = None, **keywords: Any) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            self.load(text, **keywords)
        return list(caught.value.problems)

    def lines(self, text: str | None = None, **keywords: Any) -> list[str]:
        return [str(problem) for problem in self.problems(text, **keywords)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers: libyaml's, and PyYAML's own where PyYAML was built without it."""
    import yaml

    if request.param == "libyaml" and not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml here")
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param == "libyaml")
    return str(request.param)


# A slow machine is no failure of what is tested.
settings.register_profile("config", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("config")
