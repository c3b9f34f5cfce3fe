"""The lifecycle of a run: ``setup``, ``main``, ``teardown``, whoever calls them, and however.

:func:`lifecycle_steps` and :func:`script_steps` say what comes after what; the executor carries the steps out, in this
thread or on an event loop.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from kindling.errors import AppConfigError, Location, Problem
from kindling.frozen import dataclass

if TYPE_CHECKING:
    from kindling.apps.context import AppContext


@dataclass(frozen=True)
class Step:
    """One call of the app's code. What it returns may have to be awaited.

    Args:
        phase: ``load``, ``setup``, ``main`` or ``teardown``.
        call: Makes the call.
        is_async: Whether it is known beforehand that what it returns has to be awaited.
    """

    phase: str
    call: Callable[[], Any]
    is_async: bool = False


class Outcome:
    """How the app's code ended.

    Attributes:
        result: What ``main`` returned, or the script's global ``result``.
        error: What ended it, if something did.
        phase: Where that was.
        late_error: What teardown raised after that, or alone.
    """

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.phase = "main"
        self.late_error: BaseException | None = None


Steps = Generator[Step, Any, Outcome]


def lifecycle_steps(load: Callable[[], Mapping[str, Any]], context: AppContext) -> Steps:
    """Give the steps of an app that is written as ``setup``, ``main`` and ``teardown``.

    Teardown comes always, once the app's file could be loaded: it sees the result, or the error of ``setup`` or
    ``main``. What it raises itself never takes the place of the first error.

    Args:
        load: Executes the app's file and returns its globals.
        context: What the functions are given.
    """
    outcome = Outcome()
    functions: Mapping[str, Any] = {}
    try:
        outcome.phase = "load"
        functions = yield Step("load", load)
        main = functions["main"]
        with_context = takes_context(main)
        if callable(setup := functions.get("setup")):
            outcome.phase = "setup"
            context.keep_setup((yield _step(setup, (context,), "setup")))
        outcome.phase = "main"
        outcome.result = yield _step(main, (context,) if with_context else (), "main")
    except BaseException as error:  # noqa: BLE001 - because teardown comes after whatever it was, and the executor tells them apart
        outcome.error = error
    if callable(teardown := functions.get("teardown")):
        try:
            yield _step(teardown, (context, outcome.result, outcome.error), "teardown")
        except BaseException as error:  # noqa: BLE001 - because the first error must not be hidden by it
            outcome.late_error = error
    return outcome


def script_steps(execute: Callable[[], dict[str, Any]]) -> Steps:
    """Give the one step of a script.

    Args:
        execute: Executes the file and returns its globals.
    """
    outcome = Outcome()
    try:
        names = yield Step("main", execute)
        outcome.result = names.get("result")
    except BaseException as error:  # noqa: BLE001 - because the executor tells them apart
        outcome.error = error
    return outcome


def takes_context(main: Callable[..., Any]) -> bool:
    """Tell whether ``main`` is to be called with the context.

    Args:
        main: The app's function.

    Raises:
        AppConfigError: KDL-RUN-023, it asks for more than the context.

    Example:
        >>> takes_context(lambda context: None), takes_context(lambda: None), takes_context(lambda argv=None: None)
        (True, False, False)
    """
    required, names, takes_any = _parameters(main)
    if required > 1 or _required_keywords(main):
        raise _misfit(main, "main", "main(context) or main()")
    if required == 1:
        return True
    # A first parameter with a default is the context only by its name: `main(argv=None)` is called with nothing.
    return takes_any or (bool(names) and names[0] in ("context", "ctx"))


def _step(function: Callable[..., Any], arguments: tuple[Any, ...], phase: str) -> Step:
    """Bind as many of the arguments as the function takes."""
    required, names, takes_any = _parameters(function)
    if required > len(arguments) or _required_keywords(function):
        raise _misfit(function, phase, f"{phase}({', '.join(('context', 'result', 'error')[: len(arguments)])})")
    taken = arguments if takes_any else arguments[: len(names)]
    return Step(phase, lambda: function(*taken), inspect.iscoroutinefunction(function))


def _parameters(function: Callable[..., Any]) -> tuple[int, list[str], bool]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a callable that does not tell
        return 1, ["context"], True
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    required = sum(1 for one in positional if one.default is one.empty)
    return required, [one.name for one in positional], any(one.kind is one.VAR_POSITIONAL for one in parameters)


def _required_keywords(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(one.kind is one.KEYWORD_ONLY and one.default is one.empty for one in parameters)


def _misfit(function: Callable[..., Any], name: str, shape: str) -> AppConfigError:
    code = getattr(function, "__code__", None)
    location = None if code is None else Location(code.co_filename, code.co_firstlineno)
    problem = Problem(
        "KDL-RUN-023",
        f"{name}{inspect.signature(function)} cannot be called by Kindling",
        location,
        expected=shape,
        suggestion="parameters of app.yaml are read from the context, for example context.day",
    )
    return AppConfigError([problem])
