"""The private importer: siblings under names of the app's own, during the run and after it."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
import typing
from pathlib import Path
from typing import Any

import pytest

from kindling.errors import AppRuntimeError


def test_every_form_of_import_reaches_the_apps_own_modules(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": """
                import prices
                import prices as p
                import package.sub
                import package.sub as s
                from prices import VAT
                from package import sub as again, other
                from package.deep import leaf
                import spread.inner
                from spread import inner
                result = (prices.VAT, p is prices, package.sub is s is again, VAT, other.NAME, leaf.UP, inner.X,
                          spread.inner is inner, __import__("prices") is prices)
            """,
            "prices.py": "VAT = 19",
            "package/__init__.py": "from . import sub\nfrom .sub import NAME",
            "package/sub.py": "NAME = 'sub'",
            "package/other.py": "from package.sub import NAME\nfrom .sub import NAME as SAME\nassert NAME is SAME",
            "package/deep/__init__.py": "",
            "package/deep/leaf.py": "from ..sub import NAME as UP",
            "spread/inner.py": "X = 'namespace'",
        }
    )
    assert app.run() == (19, True, True, 19, "sub", "sub", "namespace", True, True)


def test_sys_path_is_left_and_sys_modules_gains_private_names_only(make_app: Any) -> None:
    make_app({"main.py": "import prices", "prices.py": ""}, name="first").run()
    path, modules = list(sys.path), set(sys.modules)
    make_app({"main.py": "import prices\nimport package.sub", "prices.py": "", "package/sub.py": ""}).run()
    gained = set(sys.modules) - modules
    assert sys.path == path
    assert gained
    assert all(name.startswith("kindling_apps.") for name in gained)
    assert "prices" not in sys.modules


def test_two_apps_with_modules_of_one_name_do_not_see_each_others(make_app: Any) -> None:
    apps = [
        make_app({"main.py": "import shared\nresult = shared", "shared.py": f"NAME = {name!r}"}, name=name)
        for name in ("north", "south")
    ]
    north, south = (app.run() for app in apps)
    assert (north.NAME, south.NAME) == ("north", "south")
    assert north.__name__ != south.__name__


def test_a_lazy_import_works_after_the_run(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": """
                def later():
                    import late
                    from package import leaf
                    return late.VALUE, leaf.VALUE
                result = later
            """,
            "late.py": "VALUE = 1",
            "package/leaf.py": "VALUE = 2",
        }
    )
    assert app.run()() == (1, 2)


def test_type_hints_resolve_after_the_run(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": """
                from __future__ import annotations
                from model import Row
                class Table:
                    rows: list[Row]
                def main(context):
                    return Table, Row
            """,
            "model.py": "from __future__ import annotations\nclass Row:\n    next: Row | None\n",
        }
    )
    table, row = app.run()
    assert typing.get_type_hints(table) == {"rows": list[row]}
    assert typing.get_type_hints(row) == {"next": typing.Optional[row]}  # noqa: UP045 - what get_type_hints gives


@pytest.mark.parametrize("style", ["script", "lifecycle"])
def test_objects_can_be_pickled_after_the_run_and_after_the_next(make_app: Any, style: str) -> None:
    body = """
        from dataclasses import dataclass
        @dataclass
        class Row:
            day: int
    """
    end = "result = Row(context.day)" if style == "script" else "def main(context): return Row(context.day)"
    app = make_app(body.replace("\n        ", "\n") + "\n" + end)
    rows = [app.run(day=day) for day in range(3)]
    gc.collect()
    assert [pickle.loads(pickle.dumps(row)) for row in rows] == rows


def test_the_namespace_of_a_script_is_freed_when_nothing_of_it_is_kept(make_app: Any) -> None:
    app = make_app("class Big(list): pass\nframework.append(__import__('weakref').ref(Big))", "freed", framework=[])
    for _ in range(3):
        app.run()
    gc.collect()
    alive = [reference() is not None for reference in app.framework]
    assert alive == [False, False, True]
    assert [name.partition(".main")[2] for name in sys.modules if ".freed_" in name and ".main" in name] == ["__run3"]


def test_a_changed_module_is_seen_by_the_next_run_and_not_by_what_is_left_of_the_last(make_app: Any) -> None:
    app = make_app({"main.py": "import prices\ndef later():\n    import prices\n    return prices.VAT\nresult = later"})
    app.write({"prices.py": "VAT = 16"})
    old = app.run()
    app.write({"prices.py": "VAT = 19"})
    new = app.run()
    gc.collect()
    assert (old(), new()) == (16, 19)


def test_the_modules_of_an_earlier_state_are_freed_when_nothing_of_them_is_kept(make_app: Any) -> None:
    app = make_app({"main.py": "import weakref, prices\nframework.append(weakref.ref(prices.Vat))"}, framework=[])
    for rate in (16, 19):
        app.write({"prices.py": f"class Vat:\n    def rate(self): return {rate}"})
        app.run()
    gc.collect()
    assert [reference() is not None for reference in app.framework] == [False, True]


def test_a_change_within_one_tick_of_the_clock_is_seen(make_app: Any) -> None:
    app = make_app({"main.py": "from prices import VAT\nresult = VAT", "prices.py": "VAT = 16"})
    assert app.run() == 16
    file = app.folder / "prices.py"
    status = file.stat()
    file.write_text("VAT = 19")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert app.run() == 19


def test_unchanged_modules_are_imported_once(make_app: Any) -> None:
    app = make_app({"main.py": "import prices\nresult = prices", "prices.py": ""})
    assert app.run() is app.run()


def test_an_app_may_have_a_file_called_like_the_standard_librarys(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": "import calendar\nimport json\nimport decoder_user\nresult = (calendar.MINE, json.MINE)",
            "calendar.py": "MINE = 'calendar'",
            "json.py": "MINE = 'json'",
            # Libraries still get the real ones, also those that they import now for the first time.
            "decoder_user.py": "import http.cookiejar, csv\nassert not hasattr(http.cookiejar, 'MINE')",
        }
    )
    assert app.run() == ("calendar", "json")
    import calendar

    assert not hasattr(calendar, "MINE")


def test_what_python_has_loaded_before_a_program_starts_is_not_shadowed(make_app: Any) -> None:
    app = make_app({"main.py": "import os, sys, time\nresult = os.sep", "os.py": "", "sys.py": "", "time.py": ""})
    assert app.run() == os.sep


def test_a_folder_of_data_does_not_hide_a_library(make_app: Any) -> None:
    app = make_app({"main.py": "import yaml\nresult = yaml.__name__", "yaml/in.yaml": "a: 1"})
    assert app.run() == "yaml"


def test_modules_may_import_each_other_in_a_circle(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": "import a\nresult = a.b.a is a and a.value()",
            "a.py": "import b\ndef value(): return b.double(2)",
            "b.py": "import a\nfrom main_helper import factor\ndef double(x): return x * factor",
            "main_helper.py": "factor = 2",
        }
    )
    assert app.run() == 4


def test_the_entry_point_may_be_in_a_folder_of_the_app(make_app: Any) -> None:
    app = make_app(
        {
            "jobs/load-all.py": "import beside, above\ndef main(): return beside.X + above.X",
            "jobs/beside.py": "X = 1",
            "above.py": "X = 2",
        },
        entry_point="jobs/load-all.py",
    )
    assert app.run() == 3


def test_a_module_that_is_missing_is_named_as_the_app_names_it(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": """
                try:
                    import package.missing
                except ModuleNotFoundError as error:
                    result = (error.name, str(error))
            """,
            "package/__init__.py": "",
        }
    )
    assert app.run() == ("package.missing", "No module named 'package.missing'")


def test_relative_imports_go_no_further_than_python_lets_them(make_app: Any) -> None:
    app = make_app(
        {
            "main.py": "import package.sub",
            "package/__init__.py": "",
            "package/sub.py": "from .. import other",
            "other.py": "",
        }
    )
    with pytest.raises(AppRuntimeError, match="beyond top-level package"):
        app.run()
    with pytest.raises(AppRuntimeError, match="no known parent package"):
        make_app({"main.py": "from . import other", "other.py": ""}, name="second").run()


def test_import_by_name_is_refused_with_the_way_out(make_app: Any) -> None:
    app = make_app({"main.py": "import importlib\nimportlib.import_module('prices')", "prices.py": ""})
    with pytest.raises(AppRuntimeError) as caught:
        app.run()
    assert any("standalone" in text and "import prices" in text for text in caught.value.suggestions)


def test_a_module_of_an_app_says_in_another_process_why_it_is_not_there(make_app: Any) -> None:
    import subprocess

    ended = subprocess.run(
        [sys.executable, "-c", "import kindling_apps.orders_1.main"], capture_output=True, text=True, check=False
    )
    assert "run it in mode 'standalone'" in ended.stderr


def test_apps_run_beside_each_other_in_threads(make_app: Any) -> None:
    apps = [
        make_app(
            {
                "main.py": """
                    import shared
                    def main(context):
                        context.framework.wait()
                        from lazy import NAME
                        return shared.NAME, NAME
                """,
                "shared.py": f"NAME = {name!r}",
                "lazy.py": f"NAME = {name!r}",
            },
            name=name,
            framework=threading.Barrier(8, timeout=30),
        )
        for name in ("north", "south")
    ]
    barrier = apps[0].framework
    results: list[Any] = []

    def run(app: Any) -> None:
        app.framework = barrier
        results.append((app.name, app.run()))

    threads = [threading.Thread(target=run, args=(apps[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(seen == (name, name) for name, seen in results)


def test_tracebacks_name_the_real_file_and_line(make_app: Any) -> None:
    app = make_app({"main.py": "import prices\nprices.divide(1)", "prices.py": "\n\ndef divide(x):\n    return x / 0"})
    with pytest.raises(AppRuntimeError) as caught:
        app.run()
    assert caught.value.location.line == 4
    assert Path(caught.value.location.file) == app.folder / "prices.py"
    frames = traceback_files(caught.value.__cause__)
    assert frames == [str(app.folder / "main.py"), str(app.folder / "prices.py")]


def test_a_debugger_stands_in_the_apps_own_frame(make_app: Any) -> None:
    with pytest.raises(AppRuntimeError) as caught:
        make_app("def main(context):\n    amount = 41\n    raise ValueError").run()
    entry = caught.value.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    assert entry is not None
    assert entry.tb_frame.f_locals["amount"] == 41


def test_a_notebook_shows_the_apps_frames_alone(make_app: Any) -> None:
    with pytest.raises(AppRuntimeError) as caught:
        make_app("def main(context):\n    raise ValueError('no rows')").run()
    shown = "\n".join(caught.value._render_traceback_())
    assert shown.count("File ") == 1
    assert "line 2, in main" in shown
    assert "KDL-RUN-003: ValueError: no rows" in shown


@pytest.mark.parametrize("mode", ["module", "standalone"])
def test_a_failure_names_the_storage_that_an_app_came_from(make_app: Any, mode: str) -> None:
    app = make_app("1 / 0  # here", source_uri="memory://artifacts/apps/orders")
    with pytest.raises(AppRuntimeError) as caught:
        app.run(mode=mode)
    assert str(caught.value.location) == "memory://artifacts/apps/orders/main.py:1"
    assert "# here" in caught.value.context["traceback"][0]


def test_tracebacks_name_the_storage_that_an_app_came_from_and_show_its_source(make_app: Any) -> None:
    import traceback

    app = make_app(
        {"main.py": "import prices\nprices.divide(1)", "prices.py": "def divide(x):\n    return x / 0  # here"},
        source_uri="memory://artifacts/apps/orders",
    )
    with pytest.raises(AppRuntimeError) as caught:
        app.run()
    text = "".join(traceback.format_exception(caught.value.__cause__))
    assert 'File "memory://artifacts/apps/orders/prices.py", line 2, in divide' in text
    assert "return x / 0  # here" in text
    assert caught.value.location.file == "memory://artifacts/apps/orders/prices.py"
    assert "# here" in caught.value.context["traceback"][-1]


def traceback_files(error: BaseException) -> list[str]:
    import traceback

    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
