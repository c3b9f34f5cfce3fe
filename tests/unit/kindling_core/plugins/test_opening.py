"""Opening what descriptors name: once for each backend and its settings, closed in the end."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kindling.contracts import AppRunner, Credential, StorageBackend
from kindling.errors import AuthError, PluginError
from kindling.plugins.host import PluginHost, Served
from kindling.plugins.records import PluginRecord

HostOf = Callable[..., PluginHost]
RECORD = PluginRecord(name="acme", distribution="kindling-acme", version="1.0")


@pytest.fixture
def host() -> Iterator[PluginHost]:
    made = PluginHost(path=[], environ={})
    yield made
    made.close()


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module that descriptors can name."""
    made = types.ModuleType("fx_opened")
    monkeypatch.setitem(sys.modules, "fx_opened", made)
    return made


def served(opens: str = "fx_opened:open_it") -> Served[StorageBackend]:
    return Served(StorageBackend(name="acme", schemes=(), opens=opens), RECORD)


class Thing(AppRunner):
    """Enough of an object to be opened; a storage by registration."""

    closed: list[str] = []

    def __init__(self, name: str = "thing", error: Exception | None = None) -> None:
        self.name, self.error = name, error

    def spark_session(self, conf: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        Thing.closed.append(self.name)
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def _things_are_storages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thing, "closed", [])
    monkeypatch.setattr("kindling.plugins.opening._class_of", lambda backend: Thing)


def test_one_object_for_each_settings(host: PluginHost, module: types.ModuleType) -> None:
    module.open_it = lambda context, settings, credential=None: Thing()  # type: ignore[attr-defined]
    first = host.open(served(), None, {"bucket": "a"})
    assert host.open(served(), None, {"bucket": "a"}) is first
    assert host.open(served(), None, {"bucket": "b"}) is not first
    assert host.open(served(), None, {"bucket": "a"}, credential="another") is not first


def test_one_object_however_many_threads_ask_and_others_do_not_wait(host: PluginHost, module: types.ModuleType) -> None:
    opened: list[Any] = []
    go_on = threading.Event()

    def open_it(context: Any, settings: Any) -> Thing:
        opened.append(settings)
        if settings == "slow":
            assert go_on.wait(10)
        return Thing()

    module.open_it = open_it  # type: ignore[attr-defined]
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(host.open(served(), None, "slow"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    host.open(served(), None, "quick")  # returns although the other one is being opened
    go_on.set()
    for thread in threads:
        thread.join()
    assert len({id(result) for result in results}) == 1
    assert sorted(opened) == ["quick", "slow"]


def test_what_failed_is_tried_again(host: PluginHost, module: types.ModuleType) -> None:
    answers = iter([OSError("not yet"), Thing()])

    def open_it(context: Any, settings: Any) -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    module.open_it = open_it  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="not yet") as caught:
        host.open(served(), None, None)
    assert caught.value.code == "KDL-PLG-011"
    assert isinstance(caught.value.__cause__, OSError)
    assert isinstance(host.open(served(), None, None), Thing)


def test_the_last_opened_is_closed_first_and_only_once(host: PluginHost, module: types.ModuleType) -> None:
    module.open_it = lambda context, settings: Thing(settings)  # type: ignore[attr-defined]
    for name in ("a", "b", "c"):
        host.open(served(), None, name)
    host.close()
    host.close()
    assert Thing.closed == ["c", "b", "a"]


def test_all_are_closed_whatever_fails_and_all_failures_are_told(host: PluginHost, module: types.ModuleType) -> None:
    module.open_it = lambda context, settings: Thing(settings, OSError(settings) if settings != "b" else None)  # type: ignore[attr-defined]
    for name in ("a", "b", "c"):
        host.open(served(), None, name)
    with pytest.raises(PluginError) as caught:
        host.close()
    assert Thing.closed == ["c", "b", "a"]
    assert caught.value.code == "KDL-PLG-017"
    assert [error["error"] for error in caught.value.context["errors"]] == ["OSError: c", "OSError: a"]


def test_an_error_of_kindlings_passes_with_its_own_exit_code(host: PluginHost, module: types.ModuleType) -> None:
    def open_it(context: Any, settings: Any) -> Any:
        raise AuthError("nobody is signed in")

    module.open_it = open_it  # type: ignore[attr-defined]
    with pytest.raises(AuthError) as caught:
        host.open(served(), None, None)
    assert caught.value.exit_code == 4


def test_an_exit_while_opening_is_an_error(host: PluginHost, module: types.ModuleType) -> None:
    module.open_it = lambda context, settings: sys.exit(3)  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match=r"sys\.exit\(3\)"):
        host.open(served(), None, None)


@pytest.mark.parametrize(
    ("opens", "told"),
    [
        ("fx_not_there:open_it", "there is no module 'fx_not_there'"),
        ("fx_opened.sub:open_it", "there is no module 'fx_opened.sub'"),
        ("fx_opened:nothing", "fx_opened has no nothing"),
    ],
)
def test_a_reference_to_nothing_is_the_descriptors_fault(
    host: PluginHost, module: types.ModuleType, opens: str, told: str
) -> None:
    with pytest.raises(PluginError, match=told.replace(".", r"\.")) as caught:
        host.open(served(opens), None, None)
    assert caught.value.code == "KDL-PLG-012"


def test_an_object_of_another_class_is_the_descriptors_fault(host: PluginHost, module: types.ModuleType) -> None:
    module.open_it = lambda context, settings: object()  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="returned object, not a Thing") as caught:
        host.open(served(), None, None)
    assert caught.value.code == "KDL-PLG-012"


def test_found_but_its_dependency_is_missing_is_said_so(
    host: PluginHost, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fx_needs_sdk.py").write_text("import acme_sdk\n")
    info = tmp_path / "kindling_acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: kindling-acme\nRequires-Dist: acme_sdk>=2; extra == 'sdk'\n\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    record = PluginRecord(name="acme", distribution="kindling-acme", version="1.0", location=str(info))
    with pytest.raises(PluginError, match="is there, but importing fx_needs_sdk failed") as caught:
        host.open(Served(served("fx_needs_sdk:open_it").backend, record), None, None)
    assert caught.value.code == "KDL-PLG-004"
    assert caught.value.suggestions[0].startswith('pip install "kindling-acme[sdk]"')


def test_what_the_module_prints_while_it_is_imported_goes_to_standard_error(
    host: PluginHost, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fx_loud.py").write_text("print('loud')\nfrom fx_opened import open_it\n")
    opened = types.ModuleType("fx_opened")
    opened.open_it = lambda context, settings: Thing()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fx_opened", opened)
    monkeypatch.syspath_prepend(str(tmp_path))
    host.open(served("fx_loud:open_it"), None, None)
    sys.modules.pop("fx_loud")
    assert capsys.readouterr() == ("", "loud\n")


def test_credentials_are_compared_by_who_they_are(host: PluginHost, module: types.ModuleType) -> None:
    class Fixed(Credential):
        def grant(self, request: Any) -> Any:
            raise NotImplementedError

    module.open_it = lambda context, settings, credential=None: Thing()  # type: ignore[attr-defined]
    one, two = Fixed(), Fixed()
    assert host.open(served(), None, "x", credential=one) is host.open(served(), None, "x", credential=one)
    assert host.open(served(), None, "x", credential=one) is not host.open(served(), None, "x", credential=two)
