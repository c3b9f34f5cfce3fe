"""Importing a plugin and asking its hooks: whatever it does wrong stays with it."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kindling.plugins.distributions import Distribution
from kindling.plugins.failures import LoadFailure
from kindling.plugins.loading import HOOKS, Loaded, load
from kindling.plugins.metadata import EntryPoint

ACME = Distribution("kindling-acme", "1.0", "")
HEAD = "from kindling.contracts import *\nfrom kindling.hookspecs import hookimpl\nimport kindling.hookspecs as specs\n"
Make = Callable[[str], Loaded]


@pytest.fixture
def loaded_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Load a plugin from the source of its module."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"fx_plugin_{tmp_path.name}"

    def make(source: str, value: str = "") -> Loaded:
        (tmp_path / f"{name}.py").write_text(HEAD + source)
        return load(EntryPoint("kindling", "acme", value or name), ACME)

    yield make
    sys.modules.pop(name, None)


GOOD = "StorageBackend(name='s3', schemes=('s3',), opens='a:b')"


def failure(loaded_from: Make, source: str) -> LoadFailure:
    with pytest.raises(LoadFailure) as caught:
        loaded_from(source)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        f"return [{GOOD}]",
        f"return ({GOOD},)",
        f"yield {GOOD}",
        f"return {{1: {GOOD}}}.values()",
        f"return iter([{GOOD}])",
    ],
)
def test_a_hook_may_return_any_iterable(loaded_from: Make, body: str) -> None:
    loaded = loaded_from(f"@hookimpl\ndef kindling_storage():\n    {body}\n")
    assert [type(backend).__name__ for backend in loaded.backends] == ["StorageBackend"]


def test_a_hook_may_return_nothing(loaded_from: Make) -> None:
    assert loaded_from("@hookimpl\ndef kindling_storage():\n    return None\n").backends == ()


def test_a_plugin_may_be_an_object_in_a_module(loaded_from: Make, tmp_path: Path) -> None:
    source = f"class Plugin:\n    @hookimpl\n    def kindling_storage(self):\n        yield {GOOD}\nplugin = Plugin()\n"
    loaded = loaded_from(source, value=f"fx_plugin_{tmp_path.name}:plugin")  # type: ignore[call-arg]
    assert len(loaded.backends) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return 3", "kindling_storage returns int, not an iterable of StorageBackend"),
        ("return 's3'", "kindling_storage yields str, not StorageBackend"),
        ("yield JobBackend(platform='x', artifact_schemes=(), opens='a:b')", "kindling_storage yields JobBackend"),
        (f"yield {GOOD}; yield {GOOD}", "kindling_storage yields storage s3 twice"),
        (f"while True: yield {GOOD}", "kindling_storage yields more than 1000 descriptors"),
        ("raise SystemExit('no licence')", "kindling_storage raised it ended the process: sys.exit('no licence')"),
        ("yield StorageBackend(name='S3', schemes=(), opens='a:b')", "StorageBackend.name is 'S3'"),
        ("yield StorageBackend(name='s3')", "TypeError"),
    ],
)
def test_a_hook_that_yields_something_else_is_broken(loaded_from: Make, body: str, told: str) -> None:
    assert told in failure(loaded_from, f"@hookimpl\ndef kindling_storage():\n    {body}\n").error


def test_a_wrapper_is_refused_for_there_is_nothing_to_wrap(loaded_from: Make) -> None:
    source = "@hookimpl(wrapper=True)\ndef kindling_storage():\n    return (yield)\n"
    assert "kindling_storage is a wrapper" in failure(loaded_from, source).error


@pytest.mark.parametrize("name", ["kindling_Storage", "storage", "kindling_jobss", "kindling_executoin"])
def test_a_name_that_resembles_a_hook_is_broken(loaded_from: Make, name: str) -> None:
    told = failure(loaded_from, f"@hookimpl\ndef {name}():\n    return []\n")
    assert f"there is no hook {name}; did you mean kindling_" in told.error


@pytest.mark.parametrize("name", ["kindling_lineage", "kindling_catalogs", "kindling_quality"])
def test_a_name_that_resembles_none_belongs_to_a_later_version(loaded_from: Make, name: str) -> None:
    assert loaded_from(f"@hookimpl\ndef {name}():\n    raise AssertionError\n").later == (name,)


def test_a_hook_under_another_name_goes_by_its_specname(loaded_from: Make) -> None:
    source = f"@hookimpl(specname='kindling_storage')\ndef our_storages():\n    yield {GOOD}\n"
    assert len(loaded_from(source).backends) == 1


def test_an_imported_specification_is_no_undecorated_hook(loaded_from: Make) -> None:
    assert loaded_from("from kindling.hookspecs import kindling_storage\n").backends == ()


def test_a_module_called_kindling_something_is_no_undecorated_hook(loaded_from: Make) -> None:
    assert loaded_from("import json as kindling_json\nclass kindling_class: pass\n").backends == ()


def test_a_default_argument_is_no_argument(loaded_from: Make) -> None:
    assert len(loaded_from(f"@hookimpl\ndef kindling_storage(x=1):\n    yield {GOOD}\n").backends) == 1


@pytest.mark.parametrize(("number", "fits"), [(1, True), (2, False), (0, False), ("'1'", False)])
def test_the_number_in_the_module_counts_where_there_is_no_index(loaded_from: Make, number: object, fits: bool) -> None:
    if fits:
        loaded_from(f"KINDLING_PLUGIN_API = {number}\n")
        return
    assert failure(loaded_from, f"KINDLING_PLUGIN_API = {number}\n").incompatible


def test_a_syntax_error_names_its_place(loaded_from: Make) -> None:
    told = failure(loaded_from, "def f(:\n").error
    assert told.startswith("SyntaxError: ")
    assert "line 4" in told


def test_a_module_whose_lazy_attributes_raise_is_broken_and_no_more(loaded_from: Make) -> None:
    source = "def __dir__():\n    return ['kindling_storage']\ndef __getattr__(name):\n    raise RuntimeError('lazy')\n"
    assert "RuntimeError: lazy" in failure(loaded_from, source).error


def test_an_interrupt_passes(loaded_from: Make) -> None:
    with pytest.raises(KeyboardInterrupt):
        loaded_from("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        loaded_from("@hookimpl\ndef kindling_storage():\n    raise KeyboardInterrupt\n")


def test_what_is_printed_goes_to_standard_error(loaded_from: Make, capsys: pytest.CaptureFixture[str]) -> None:
    loaded_from("print('module')\n@hookimpl\ndef kindling_storage():\n    print('hook')\n    return []\n")
    assert capsys.readouterr() == ("", "module\nhook\n")
    assert sys.stdout is not sys.stderr


def test_without_any_standard_error_it_loads_all_the_same(loaded_from: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    loaded_from("print('nobody hears')\n")


def test_the_hooks_are_those_of_the_specification() -> None:
    from kindling import hookspecs

    specified = {name for name, member in vars(hookspecs).items() if hasattr(member, "kindling_spec")}
    assert specified == set(HOOKS)


def test_a_plugin_is_loaded_once_however_many_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kindling.plugins.serves import Index
    from kindling.plugins.snapshot import Plugin

    counter = types.ModuleType("fx_counter")
    counter.calls = []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fx_counter", counter)
    (tmp_path / "fx_counted.py").write_text(
        HEAD + "import fx_counter, time\n@hookimpl\ndef kindling_storage():\n"
        f"    fx_counter.calls.append(1)\n    time.sleep(0.05)\n    yield {GOOD}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = Plugin("counted", EntryPoint("kindling", "counted", "fx_counted"), ACME, Index())
    threads = [threading.Thread(target=plugin.load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.modules.pop("fx_counted", None)
    assert counter.calls == [1]
