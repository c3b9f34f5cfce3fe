"""On which platform a process runs: by evidence, and never a silent ``local``."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kindling.errors import PluginError
from kindling.plugins.host import PluginHost

HostOf = Callable[..., PluginHost]

PLUGIN = """
from kindling.contracts import Detection, ExecutionBackend
from kindling.hookspecs import hookimpl

@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="{name}", opens="x:y", detect="{module}:detect")

def detect():
    {body}
"""


def make(site: Path, name: str, body: str, evidence: str = "", *, index: bool = True) -> None:
    """Write a plugin whose detection is ``body``, as if it were installed."""
    module = f"kindling_fx_detect_{name}"
    (site / f"{module}.py").write_text(PLUGIN.format(name=name, module=module, body=body))
    info = site / f"kindling_{name}-1.0.dist-info"
    info.mkdir()
    lines = [f"[kindling]\n{name} = {module}\n"]
    if index:
        lines.append(f"[kindling.serves]\napi.1 = {module}\nplatform.{name} = {module}\n")
        lines += [f"{line} = {module}\n" for line in evidence.split()]
    (info / "entry_points.txt").write_text("".join(lines))
    (info / "METADATA").write_text(f"Name: kindling-{name}\nVersion: 1.0\n\n")


@pytest.fixture
def detect(host_of: HostOf, tmp_path: Path) -> Callable[..., tuple[str, tuple[str, ...]]]:
    """Detect with the plugins that were made, and an environment."""
    (tmp_path / "site").mkdir()

    def ask(environ: Mapping[str, str] = {}, **keywords: object) -> tuple[str, tuple[str, ...]]:
        host = host_of(site=tmp_path / "site", environ=dict(environ), **keywords)
        found = host.detect()
        return found.platform, found.evidence

    return ask


Detect = Callable[..., tuple[str, tuple[str, ...]]]
CERTAIN = "return Detection(('a sign',))"
UNCERTAIN = "return Detection(('a hint',), certain=False)"


@pytest.fixture
def site(tmp_path: Path, detect: Detect) -> Path:
    return tmp_path / "site"


def test_without_any_evidence_it_is_local_and_nobody_is_imported(detect: Detect, site: Path) -> None:
    make(site, "mars", CERTAIN, "evidence.env.ON_MARS evidence.module.martian")
    assert detect() == ("local", ())
    assert "kindling_fx_detect_mars" not in sys.modules


def test_an_environment_variable_is_evidence_to_ask_by(detect: Detect, site: Path) -> None:
    make(site, "mars", CERTAIN, "evidence.env.ON_MARS")
    assert detect({"ON_MARS": "1"}) == ("mars", ("a sign",))
    assert detect({"ON_MARS": ""}) == ("local", ())


def test_a_module_is_evidence_to_ask_by_and_is_not_imported_for_it(
    detect: Detect, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(site, "mars", CERTAIN, "evidence.module.fx_martian.runtime")
    assert detect() == ("local", ())
    (site / "fx_martian.py").write_text("raise AssertionError('it must not be imported')\n")
    assert detect()[0] == "mars"
    (site / "fx_martian.py").unlink()
    monkeypatch.setitem(sys.modules, "fx_martian.runtime", types.ModuleType("fx_martian.runtime"))
    assert detect()[0] == "mars"


def test_who_looks_and_says_no_is_not_it(detect: Detect, site: Path) -> None:
    make(site, "mars", "return None", "evidence.env.ON_MARS")
    assert detect({"ON_MARS": "1"}) == ("local", ())


def test_evidence_for_a_broken_plugin_is_an_error_and_never_local(detect: Detect, site: Path) -> None:
    make(site, "mars", CERTAIN, "evidence.env.ON_MARS")
    (site / "kindling_fx_detect_mars.py").write_text("import a_missing_sdk\n")
    with pytest.raises(PluginError) as caught:
        detect({"ON_MARS": "1"})
    assert caught.value.code == "KDL-PLG-008"
    assert "mars (kindling-mars 1.0)" in caught.value.message
    assert "the environment variable ON_MARS" in caught.value.message
    assert "a_missing_sdk" in caught.value.message
    assert detect() == ("local", ())


@pytest.mark.parametrize(
    ("body", "told"),
    [("raise OSError('no answer')", "its detection raised OSError: no answer"), ("return 'mars'", "returned str")],
)
def test_evidence_for_one_whose_detection_fails_is_an_error(detect: Detect, site: Path, body: str, told: str) -> None:
    make(site, "mars", body, "evidence.env.ON_MARS")
    with pytest.raises(PluginError, match=told) as caught:
        detect({"ON_MARS": "1"})
    assert caught.value.code == "KDL-PLG-008"


def test_two_certain_ones_are_an_error_that_names_both(detect: Detect, site: Path) -> None:
    make(site, "mars", CERTAIN, "evidence.env.ON_MARS")
    make(site, "moon", CERTAIN, "evidence.env.ON_MOON")
    with pytest.raises(PluginError) as caught:
        detect({"ON_MARS": "1", "ON_MOON": "1"})
    assert caught.value.code == "KDL-PLG-009"
    assert "mars by a sign, says the plugin mars (kindling-mars 1.0)" in caught.value.message
    assert "moon by a sign, says the plugin moon (kindling-moon 1.0)" in caught.value.message
    assert any("KINDLING_PLATFORM=moon" in suggestion for suggestion in caught.value.suggestions)


def test_one_certain_one_wins_over_uncertain_ones(detect: Detect, site: Path) -> None:
    make(site, "mars", UNCERTAIN, "evidence.env.IN_SPACE")
    make(site, "moon", CERTAIN, "evidence.env.IN_SPACE")
    assert detect({"IN_SPACE": "1"}) == ("moon", ("a sign",))


def test_one_uncertain_one_alone_is_taken_and_two_are_an_error(detect: Detect, site: Path) -> None:
    make(site, "mars", UNCERTAIN, "evidence.env.ON_MARS")
    make(site, "moon", UNCERTAIN, "evidence.env.ON_MOON")
    assert detect({"ON_MARS": "1"}) == ("mars", ("a hint",))
    with pytest.raises(PluginError, match="2 platforms are detected"):
        detect({"ON_MARS": "1", "ON_MOON": "1"})


def test_a_disabled_plugin_is_not_asked(detect: Detect, site: Path) -> None:
    make(site, "mars", CERTAIN, "evidence.env.ON_MARS")
    assert detect({"ON_MARS": "1", "KINDLING_DISABLE_PLUGINS": "mars"}) == ("local", ())


def test_one_without_an_index_is_asked_where_no_evidence_answers(detect: Detect, site: Path) -> None:
    make(site, "mars", CERTAIN, index=False)
    make(site, "moon", CERTAIN, "evidence.env.ON_MOON")
    assert detect({"ON_MOON": "1"})[0] == "moon"
    assert "kindling_fx_detect_mars" not in sys.modules
    assert detect()[0] == "mars"


def test_a_broken_one_without_an_index_is_no_evidence(detect: Detect, site: Path) -> None:
    make(site, "mars", "raise OSError", index=False)
    make(site, "moon", CERTAIN, index=False)
    (site / "kindling_fx_detect_moon.py").write_text("raise RuntimeError\n")
    assert detect() == ("local", ())
