"""Both styles of entry point: what is called, with what, in which order, and what the run's result is."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from kindling.errors import AppConfigError, AppRuntimeError


def test_the_global_result_of_a_script_is_the_result(make_app: Any) -> None:
    assert make_app("result = 6 * 7").run() == 42


def test_a_script_without_a_result_gives_none(make_app: Any) -> None:
    assert make_app("answer = 42").run() is None


def test_a_script_sees_framework_logger_and_context(make_app: Any) -> None:
    app = make_app("result = (framework, logger.name, context.day)", framework="the framework")
    assert app.run(day=3) == ("the framework", "test.app", 3)


def test_a_script_sees_the_globals_of_main_and_does_not_change_them(
    make_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "marker", 20, raising=False)
    monkeypatch.setattr(main, "result", "of the notebook", raising=False)
    before = dict(vars(main))
    app = make_app(
        """
        def later():
            return marker + 1
        seen = "marker" in globals()
        marker += 1
        new_name = 1
        value = (marker, later(), seen)
        """
    )
    assert app.run() is None
    assert vars(main) == before
    app.write({"main.py": (app.folder / "main.py").read_text() + "\nresult = value"})
    assert app.run() == (21, 22, True)
    assert main.marker == 20


def test_what_a_script_does_not_name_is_not_kept_alive_by_it(make_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "large_frame", object(), raising=False)
    monkeypatch.setattr(main, "used_frame", object(), raising=False)
    later = make_app(
        """
        def later():
            used_frame
            return set(globals())
        result = later
        """
    ).run()
    assert "used_frame" in later()
    assert "large_frame" not in later()


def test_the_name_guard_of_a_script_is_taken(make_app: Any) -> None:
    app = make_app(
        """
        def compute():
            return 7
        if __name__ == "__main__":
            result = compute()
        """
    )
    assert app.run() == 7


def test_a_script_that_calls_its_main_itself_runs_it_once(make_app: Any) -> None:
    app = make_app(
        """
        calls = []
        def main():
            calls.append(1)
        main()
        result = len(calls)
        """
    )
    assert app.run() == 1


def test_a_lifecycle_is_setup_main_teardown(make_app: Any) -> None:
    app = make_app(
        """
        def setup(context):
            return {"calls": ["setup"]}
        def main(context):
            context.calls.append("main")
            return context["calls"]
        def teardown(context, result, error):
            assert result is context.calls and error is None
            context.calls.append("teardown")
        """
    )
    assert app.run() == ["setup", "main", "teardown"]


def test_main_may_take_nothing_and_its_guard_is_not_taken(make_app: Any) -> None:
    app = make_app(
        """
        calls = []
        def main(argv=None):
            calls.append(argv)
            return len(calls)
        if __name__ == "__main__":
            raise SystemExit(main())
        """
    )
    assert app.run() == 1


def test_main_may_be_imported_from_a_module_of_the_app(make_app: Any) -> None:
    app = make_app({"main.py": "from flow import main", "flow.py": "def main(context): return context.day"})
    assert app.run(day=5) == 5


@pytest.mark.parametrize(
    ("signature", "expected"),
    [("", "ran"), ("context", "ran"), ("context, result", "ran"), ("*everything", "ran"), ("a, b, c, d=1", "ran")],
)
def test_teardown_takes_as_much_as_it_wants(make_app: Any, signature: str, expected: str) -> None:
    app = make_app(
        f"""
        import builtins
        ran = []
        def main(context):
            return ran
        def teardown({signature}):
            ran.append("{expected}")
        """
    )
    assert app.run() == [expected]


def test_all_parts_may_be_async_and_share_one_loop(make_app: Any) -> None:
    app = make_app(
        """
        import asyncio
        async def setup(context):
            return {"loops": [asyncio.get_running_loop()]}
        async def main(context):
            await asyncio.sleep(0)
            context.loops.append(asyncio.get_running_loop())
            return context.loops
        async def teardown(context, result, error):
            context.loops.append(asyncio.get_running_loop())
        """
    )
    loops = app.run()
    assert len(loops) == 3
    assert len(set(loops)) == 1
    assert loops[0].is_closed()


def test_teardown_sees_the_error_of_main(make_app: Any) -> None:
    app = make_app(
        """
        seen = []
        def main(context):
            raise ValueError("no rows")
        def teardown(context, result, error):
            context.framework.append((result, str(error)))
        """,
        framework=[],
    )
    with pytest.raises(AppRuntimeError, match="ValueError: no rows") as caught:
        app.run()
    assert app.framework == [(None, "no rows")]
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.code == "KDL-RUN-003"


def test_teardown_runs_after_a_failed_setup(make_app: Any) -> None:
    app = make_app(
        """
        def setup(context):
            raise OSError("no disk")
        def main(context):
            context.framework.append("main")
        def teardown(context, result, error):
            context.framework.append(str(error))
        """,
        framework=[],
    )
    with pytest.raises(AppRuntimeError, match="no disk") as caught:
        app.run()
    assert app.framework == ["no disk"]
    assert caught.value.context["phase"] == "setup"


def test_a_failing_teardown_does_not_hide_the_first_error(make_app: Any, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(
        """
        def main(context):
            raise ValueError("the first")
        def teardown(context, result, error):
            raise KeyError("the second")
        """
    )
    with pytest.raises(AppRuntimeError, match="the first") as caught:
        app.run()
    assert "the second" in caught.value.context["teardown_error"]
    assert "teardown failed too" in caplog.text
    if sys.version_info >= (3, 11):
        assert "the second" in caught.value.__cause__.__notes__[0]


def test_a_failing_teardown_alone_fails_the_run(make_app: Any) -> None:
    app = make_app(
        """
        def main(context):
            return 1
        def teardown(context):
            raise KeyError("the only")
        """
    )
    with pytest.raises(AppRuntimeError, match="teardown failed: KeyError") as caught:
        app.run()
    assert caught.value.code == "KDL-RUN-021"


@pytest.mark.parametrize("how", ["import sys; sys.exit()", "raise SystemExit(0)", "raise SystemExit"])
def test_an_exit_with_code_0_is_a_success(make_app: Any, how: str) -> None:
    assert make_app(f"def main(context):\n    {how}").run() is None
    assert make_app(how).run() is None


@pytest.mark.parametrize(("value", "code"), [("3", 3), ("'no input'", 1)])
def test_an_exit_with_another_code_is_a_failure(make_app: Any, value: str, code: int) -> None:
    with pytest.raises(AppRuntimeError, match="ended itself") as caught:
        make_app(f"import sys; sys.exit({value})").run()
    assert caught.value.code == "KDL-RUN-020"
    assert caught.value.context["exit_code"] == code


@pytest.mark.parametrize("signature", ["context, day", "*, day", "context, *, day"])
def test_a_main_that_asks_for_more_than_the_context_is_refused(make_app: Any, signature: str) -> None:
    with pytest.raises(AppConfigError, match=r"main\(context\) or main\(\)") as caught:
        make_app(f"\ndef main({signature}): ...").run()
    assert caught.value.code == "KDL-RUN-023"
    assert caught.value.location.line == 2


def test_a_syntax_error_is_shown_with_its_line_and_a_caret(make_app: Any) -> None:
    with pytest.raises(AppConfigError) as caught:
        make_app("x = 1\n    y = (2").run()
    assert caught.value.code == "KDL-APP-011"
    assert caught.value.location.line == 2
    assert "^" in caught.value.problems[0].detail


def test_keyboard_interrupt_comes_out_after_teardown(make_app: Any) -> None:
    app = make_app(
        """
        def main(context):
            raise KeyboardInterrupt
        def teardown(context, result, error):
            context.framework.append(type(error).__name__)
        """,
        framework=[],
    )
    with pytest.raises(KeyboardInterrupt):
        app.run()
    assert app.framework == ["KeyboardInterrupt"]


def test_an_app_that_raises_stop_iteration_fails_with_just_that(make_app: Any) -> None:
    with pytest.raises(AppRuntimeError, match="StopIteration"):
        make_app("def main(context): raise StopIteration").run()
