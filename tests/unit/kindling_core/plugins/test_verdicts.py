"""Verdicts: found out once in a child process, kept while they hold, and never in anybody's way."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kindling.plugins import checking, verdicts
from kindling.plugins.host import PluginHost
from kindling.plugins.probe import PROBE_VARIABLE, examine
from kindling.plugins.records import PluginRecord, PluginState
from kindling.plugins.snapshot import Plugin, take

HostOf = Callable[..., PluginHost]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the plugins for which a child process was started."""
    started: list[str] = []
    real = checking.subprocess.Popen

    class Counted(real):  # type: ignore[misc, valid-type]
        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            if input:
                started.append(json.loads(input)["entry_point"][1])
            return super().communicate(input, timeout)

    monkeypatch.setattr(checking.subprocess, "Popen", Counted)
    return started


def record_of(host: PluginHost, name: str, *, check: bool = True) -> PluginRecord:
    return next(record for record in host.records(check=check) if record.name == name)


@pytest.fixture
def site(installed: Callable[..., Path]) -> Path:
    return installed("good", "late_generator", fresh=True)


def test_each_is_loaded_once_in_a_child_and_then_known(host_of: HostOf, site: Path, children: list[str]) -> None:
    first = {record.name: record.state for record in host_of(site=site).records()}
    assert sorted(children) == ["orbit", "tide"]
    children.clear()
    assert {record.name: record.state for record in host_of(site=site).records()} == first
    assert children == []


def test_without_a_check_no_child_is_started_and_what_is_known_is_used(
    host_of: HostOf, site: Path, children: list[str]
) -> None:
    assert record_of(host_of(site=site), "tide", check=False).state is PluginState.AVAILABLE
    assert children == []
    host_of(site=site).records()
    assert record_of(host_of(site=site), "tide", check=False).state is PluginState.BROKEN


def test_installing_anew_asks_anew(host_of: HostOf, site: Path, children: list[str]) -> None:
    host_of(site=site).records()
    children.clear()
    record = next(site.glob("kindling_orbit-*.dist-info")) / "RECORD"
    os.utime(record, (1_000, 1_000))
    host_of(site=site).records()
    assert children == ["orbit"]


def test_installing_something_beside_asks_again_after_what_was_broken(
    host_of: HostOf, installed: Callable[..., Path], children: list[str]
) -> None:
    site = installed("missing_dependency", "good", fresh=True)
    assert record_of(host_of(site=site), "acme").state is PluginState.BROKEN
    children.clear()
    (site / "acme_sdk.py").write_text("")
    assert record_of(host_of(site=site), "acme").state is PluginState.AVAILABLE
    assert children == ["acme"]


def test_another_interpreter_or_api_or_core_asks_for_itself(
    host_of: HostOf, site: Path, children: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host_of(site=site).records()
    for name, value in (("KINDLING_PLUGIN_API", 99), ("_interpreter", lambda: "another")):
        children.clear()
        monkeypatch.setattr(verdicts, name, value)
        host_of(site=site).records()
        assert sorted(children) == ["orbit", "tide"]


def test_an_editable_install_is_asked_again_when_its_sources_change(
    host_of: HostOf, site: Path, children: list[str]
) -> None:
    info = next(site.glob("kindling_fx_late-*.dist-info"))
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}, "url": "file:///src"}')
    assert record_of(host_of(site=site), "tide").state is PluginState.BROKEN
    children.clear()
    source = site / "kindling_fx_late" / "plugin.py"
    source.write_text(source.read_text().replace('    raise OSError("the tide is out")\n', ""))
    os.utime(source, (2_000, 2_000))
    assert record_of(host_of(site=site), "tide").state is PluginState.AVAILABLE
    assert children == ["tide"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": 1}', b'{"format": 99, "plugins": 3}'])
def test_a_cache_that_cannot_be_read_costs_time_and_nothing_else(
    host_of: HostOf, site: Path, tmp_path: Path, children: list[str], content: bytes
) -> None:
    host_of(site=site).records()
    (file,) = (tmp_path / "state").glob("verdicts-*.json")
    file.write_bytes(content)
    children.clear()
    assert record_of(host_of(site=site), "tide").state is PluginState.BROKEN
    assert sorted(children) == ["orbit", "tide"]


def test_an_entry_written_by_half_is_asked_again(
    host_of: HostOf, site: Path, tmp_path: Path, children: list[str]
) -> None:
    host_of(site=site).records()
    (file,) = (tmp_path / "state").glob("verdicts-*.json")
    data = json.loads(file.read_bytes())
    for entry in data["plugins"].values():
        entry["verdict"] = {"state": "perhaps"}
    file.write_text(json.dumps(data))
    children.clear()
    host_of(site=site).records()
    assert sorted(children) == ["orbit", "tide"]


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(
    host_of: HostOf, site: Path, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    assert record_of(host_of(site=site), "tide").state is PluginState.BROKEN


def test_what_is_uninstalled_is_forgotten(host_of: HostOf, site: Path, tmp_path: Path) -> None:
    import shutil

    host_of(site=site).records()
    shutil.rmtree(next(site.glob("kindling_fx_late-*.dist-info")))
    os.utime(next(site.glob("kindling_orbit-*.dist-info")) / "RECORD", (1_000, 1_000))
    host_of(site=site).records()
    (file,) = (tmp_path / "state").glob("verdicts-*.json")
    assert [key.split("|")[1] for key in json.loads(file.read_bytes())["plugins"]] == ["orbit"]


def plugin_from(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """Make a plugin from the source of its module, as if it were installed."""
    (tmp_path / "fx_checked.py").write_text(source)
    info = tmp_path / "kindling_checked-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[kindling]\nchecked = fx_checked\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return take([str(tmp_path)])[1]


def test_one_that_ends_the_process_beneath_python_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = plugin_from(
        tmp_path, "import os, sys; print('last words', file=sys.stderr, flush=True); os._exit(7)\n", monkeypatch
    )
    verdict = checking.check([plugin], dict(os.environ))[plugin]
    assert verdict.state == "broken"
    assert verdict.error == "it ended the process with exit status 7 while it was loaded: last words"


@pytest.mark.skipif(sys.platform == "win32", reason="signals end processes on POSIX")
def test_one_that_crashes_the_process_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = plugin_from(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n", monkeypatch)
    assert "by SIGSEGV" in checking.check([plugin], dict(os.environ))[plugin].error


def test_one_that_gives_no_answer_in_time_is_ended_and_stays_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = plugin_from(tmp_path, "import threading; threading.Event().wait()\n", monkeypatch)
    start = time.monotonic()
    verdict = checking.check([plugin], dict(os.environ), limit=0.5)[plugin]
    assert time.monotonic() - start < 5
    assert verdict.state == "available"
    assert not verdict.is_good
    assert verdict.error == "not checked: loading it takes more than 0.5 s"
    cache = verdicts.VerdictCache(str(tmp_path / "cache"), [])
    cache.put({plugin: verdict})
    assert cache.get(plugin) == verdict
    monkeypatch.setattr(verdicts.time, "time", lambda: verdict.timed_out + 4_000)
    assert verdicts.VerdictCache(str(tmp_path / "cache"), []).get(plugin) is None


def test_a_thread_that_goes_on_does_not_keep_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import threading; threading.Thread(target=threading.Event().wait).start()\n"
    plugin = plugin_from(tmp_path, source, monkeypatch)
    assert checking.check([plugin], dict(os.environ))[plugin].is_good


def test_one_that_lists_plugins_while_it_is_imported_starts_no_further_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "from kindling.plugins.host import PluginHost\n"
        "records = PluginHost().records()\n"
        "assert {record.state.value for record in records if record.name == 'checked'} == {'available'}\n"
    )
    plugin = plugin_from(tmp_path, source, monkeypatch)
    verdict = checking.check([plugin], dict(os.environ))[plugin]
    assert verdict.error == ""
    assert checking.check([plugin], {PROBE_VARIABLE: "1"}) == {}


def test_where_no_process_can_be_started_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = plugin_from(tmp_path, "", monkeypatch)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert checking.check([plugin], dict(os.environ)) == {}
    monkeypatch.setattr(sys, "executable", "")
    assert checking.check([plugin], dict(os.environ)) == {}


def test_they_are_checked_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each waits until the other is there: one after the other, both would run out of time.
    plugins = []
    for number in (1, 2):
        (tmp_path / f"fx_pair{number}.py").write_text(
            "import pathlib, time\n"
            f"pathlib.Path({str(tmp_path)!r}, 'here{number}').touch()\n"
            f"while not pathlib.Path({str(tmp_path)!r}, 'here{3 - number}').exists(): time.sleep(0.01)\n"
        )
        info = tmp_path / f"kindling_pair{number}-1.0.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[kindling]\npair{number} = fx_pair{number}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = list(take([str(tmp_path)])[1:])
    found = checking.check(plugins, dict(os.environ), limit=20)
    assert [verdict.is_good for verdict in found.values()] == [True, True]


def test_the_childs_answer_is_made_by_a_plain_function(host_of: HostOf, site: Path) -> None:
    plugin = next(plugin for plugin in take([str(site)]) if plugin.name == "orbit")
    host_of(site=site)
    answer = examine(
        {
            "entry_point": list(plugin.entry_point),
            "distribution": list(plugin.distribution),
            "index": sorted(plugin.index.claims),
            "indexed": True,
        }
    )
    assert (answer["state"], answer["error"]) == ("available", "")
    assert ("platform", "orbit") in answer["claims"]


def test_files_that_come_and_go_in_the_scripts_folder_void_nothing(
    host_of: HostOf, site: Path, children: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = tmp_path / "busy"
    busy.mkdir()
    host = host_of(site=site)
    monkeypatch.setattr(sys, "path", [str(busy), *sys.path])
    host.records()
    children.clear()
    (busy / "data.csv").write_text("")
    os.utime(busy, (3_000, 3_000))
    host.records()
    assert children == []
