"""Importing a plugin and asking its hooks, so that nothing it does wrong goes further than its own record.

pluggy isolates nothing: the first implementation that raises ends the whole call, a generator raises late, an
undecorated function is passed over without a word, and one module under two names is a ValueError. So each plugin
gets a plugin manager of its own, its implementations are called one by one, and what they return is exhausted
inside the guard.
"""

from __future__ import annotations

import importlib
import inspect
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from kindling import hookspecs
from kindling.contracts.descriptors import (
    AuthBackend,
    Backend,
    ExecutionBackend,
    JobBackend,
    SecretBackend,
    StorageBackend,
)
from kindling.contracts.version import KINDLING_PLUGIN_API, KINDLING_PLUGIN_API_MINIMUM
from kindling.plugins import serves
from kindling.plugins.distributions import Distribution
from kindling.plugins.failures import LoadFailure, incompatible_api
from kindling.plugins.metadata import EntryPoint, MetadataError
from kindling.plugins.remedies import remedy_for_import, remedy_for_other

#: Each hook with what it may yield.
HOOKS: dict[str, tuple[type[Backend], ...]] = {
    "kindling_storage": (StorageBackend,),
    "kindling_auth": (AuthBackend, SecretBackend),
    "kindling_jobs": (JobBackend,),
    "kindling_execution": (ExecutionBackend,),
}
#: More descriptors than any plugin has: a hook that goes on beyond is taken to go on for ever.
MOST_DESCRIPTORS = 1000


@dataclass(frozen=True)
class Loaded:
    """A plugin whose hooks have answered.

    Args:
        backends: All descriptors, in the order of the hooks.
        later: Names of its hooks that belong to a later version of Kindling; they are not called.
    """

    backends: tuple[Backend, ...]
    later: tuple[str, ...] = ()


def load(entry_point: EntryPoint, distribution: Distribution) -> Loaded:
    """Import a plugin and ask its hooks.

    Args:
        entry_point: Where it is.
        distribution: What it comes with, for the remedies.

    Raises:
        LoadFailure: whatever it did wrong, ``sys.exit`` included. KeyboardInterrupt passes.
    """
    with stdout_on_stderr():
        try:
            plugin = _import(entry_point)
        except LoadFailure:
            raise
        except (Exception, SystemExit) as error:
            raise _import_failure(error, entry_point, distribution) from error
        try:
            later = _check_hooks(plugin)
            return Loaded(tuple(_ask_hooks(plugin)), later)
        except LoadFailure as failure:
            if not failure.remedy:
                failure.remedy = remedy_for_other(distribution, entry_point.name)
            raise
        except (Exception, SystemExit) as error:
            raise LoadFailure(
                f"its module cannot be looked through: {in_words(error)}",
                remedy_for_other(distribution, entry_point.name),
            ) from error


@contextmanager
def stdout_on_stderr() -> Iterator[None]:
    """Send what is printed meanwhile to standard error: on standard output it would spoil ``-o json``."""
    with redirect_stdout(sys.stderr if sys.stderr is not None else io.StringIO()):
        yield


def in_words(error: BaseException) -> str:
    """Return an exception in one line: ``ImportError: No module named 'acme_sdk'``."""
    if isinstance(error, SystemExit):
        return f"it ended the process: sys.exit({error.code!r})"
    lines = str(error).strip().splitlines()
    # Python itself says ImportError in its documentation for both, and so do people.
    name = "ImportError" if isinstance(error, ModuleNotFoundError) else type(error).__name__
    return f"{name}: {lines[0]}" if lines else name


def claims_of(backends: Iterable[Backend]) -> frozenset[tuple[str, str]]:
    """Return what descriptors serve, in the words of the index."""
    claims: set[tuple[str, str]] = set()
    for backend in backends:
        if isinstance(backend, StorageBackend):
            claims.add((serves.CONNECTION, backend.name))
            claims.update((serves.SCHEME, scheme) for scheme in backend.schemes)
        elif isinstance(backend, AuthBackend):
            claims.add((serves.AUTH, backend.mode))
        elif isinstance(backend, SecretBackend):
            claims.add((serves.SECRET, backend.name))
        elif isinstance(backend, (JobBackend, ExecutionBackend)):
            claims.add((serves.PLATFORM, backend.platform))
    return frozenset(claims)


def _import(entry_point: EntryPoint) -> Any:
    plugin: Any = importlib.import_module(entry_point.module)
    for name in (entry_point.attribute or "").split("."):
        if name:
            plugin = getattr(plugin, name)
    api = getattr(plugin, "KINDLING_PLUGIN_API", KINDLING_PLUGIN_API)
    if not isinstance(api, int) or not KINDLING_PLUGIN_API_MINIMUM <= api <= KINDLING_PLUGIN_API:
        raise incompatible_api((api,) if isinstance(api, int) else ())
    return plugin


def _import_failure(error: BaseException, entry_point: EntryPoint, distribution: Distribution) -> LoadFailure:
    if isinstance(error, MetadataError):
        return LoadFailure(str(error), remedy_for_other(distribution, entry_point.name))
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        module = entry_point.module
        if error.name == module or module.startswith(error.name + "."):
            return LoadFailure(
                f"its entry point names {entry_point.value!r}, and there is no module {error.name!r}",
                f"reinstall it: pip install --force-reinstall {distribution.name}",
            )
    if isinstance(error, AttributeError) and entry_point.attribute is not None:
        return LoadFailure(
            f"its entry point names {entry_point.value!r}, and that is not there: {error}",
            remedy_for_other(distribution, entry_point.name),
        )
    if isinstance(error, ImportError):
        return LoadFailure(in_words(error), remedy_for_import(error, distribution, entry_point.name))
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}, line {error.lineno})"
        return LoadFailure(f"SyntaxError: {error.msg}{place}", remedy_for_other(distribution, entry_point.name))
    return LoadFailure(in_words(error), remedy_for_other(distribution, entry_point.name))


def _check_hooks(plugin: Any) -> tuple[str, ...]:
    """Refuse what pluggy would pass over in silence; return the names of hooks of a later version."""
    later: list[str] = []
    for name in dir(plugin):
        if name.startswith("__"):
            continue
        member = getattr(plugin, name, None)
        if not inspect.isroutine(member):
            continue
        options = getattr(member, "kindling_impl", None)
        if isinstance(options, dict):
            hook = options.get("specname") or name
            if options.get("wrapper") or options.get("hookwrapper"):
                raise LoadFailure(
                    f"{name} is a wrapper; hooks are called one by one, so that there is nothing to wrap",
                    f"take wrapper=True from {name}",
                )
            if hook in HOOKS:
                _check_arguments(name, member)
            elif options.get("optionalhook") or not (known := _resembles(hook)):
                later.append(hook)
            else:
                raise LoadFailure(f"there is no hook {hook}; did you mean {known}?", f"rename {hook} to {known}")
        elif name.startswith("kindling_") and not hasattr(member, "kindling_spec"):
            raise LoadFailure(
                f"{name} is not decorated, and would be passed over",
                f"decorate {name} with @kindling.hookspecs.hookimpl, or take another name where it is no hook",
            )
    return tuple(later)


def _check_arguments(name: str, function: Callable[..., Any]) -> None:
    required = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        raise LoadFailure(f"{name} asks for {', '.join(required)}; hooks take no arguments", f"declare def {name}():")


def _resembles(name: str) -> str:
    from difflib import get_close_matches

    known = {hook.removeprefix("kindling_"): hook for hook in HOOKS}
    if name in known:
        return known[name]
    matches = get_close_matches(name.lower().removeprefix("kindling_"), known, n=1, cutoff=0.75)
    return known[matches[0]] if matches else ""


def _ask_hooks(plugin: Any) -> Iterator[Backend]:
    import pluggy

    manager = pluggy.PluginManager("kindling")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise LoadFailure(str(error).strip().splitlines()[-1], "") from error
    seen: dict[tuple[str, str], str] = {}
    for hook, kinds in HOOKS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            for backend in _answers(hook, implementation.function, kinds):
                for key in _identities(hook, backend):
                    if key in seen:
                        raise LoadFailure(f"{hook} yields {key[1]} twice", f"yield it once, in {seen[key]}")
                    seen[key] = hook
                yield backend


def _answers(hook: str, function: Callable[[], Any], kinds: tuple[type[Backend], ...]) -> list[Backend]:
    expected = " or ".join(kind.__name__ for kind in kinds)
    answers: list[Backend] = []
    try:
        answer: Any = function()
        if answer is None:
            return answers
        if not isinstance(answer, Iterable):
            raise LoadFailure(
                f"{hook} returns {type(answer).__name__}, not an iterable of {expected}",
                f"return a list from {hook}, or yield",
            )
        for item in answer:
            if not isinstance(item, kinds):
                raise LoadFailure(
                    f"{hook} yields {type(item).__name__}, not {expected}", f"yield {expected} from {hook}"
                )
            answers.append(item)
            if len(answers) > MOST_DESCRIPTORS:
                raise LoadFailure(f"{hook} yields more than {MOST_DESCRIPTORS} descriptors", f"let {hook} end")
    except LoadFailure:
        raise
    except (Exception, SystemExit) as error:
        raise LoadFailure(f"{hook} raised {in_words(error)}", "") from error
    return answers


def _identities(hook: str, backend: Backend) -> Iterator[tuple[str, str]]:
    for kind, name in claims_of([backend]):
        if kind != serves.SCHEME:  # one plugin may serve one scheme in two ways, told apart by host
            yield hook, f"{serves.WORDS[kind]} {name}"
