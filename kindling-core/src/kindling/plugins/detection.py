"""On which platform this process runs, by evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kindling.errors import PluginError
from kindling.frozen import dataclass

if TYPE_CHECKING:
    from kindling.contracts.execution import Detection
    from kindling.plugins.snapshot import Plugin


@dataclass(frozen=True)
class Detected:
    """What was found out.

    Args:
        platform: The platform's name.
        evidence: What was seen; empty for ``local``, which is what is left without evidence.
    """

    platform: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Answer:
    plugin: Plugin
    platform: str
    detection: Detection


def detect(plugins: Sequence[Plugin], environ: Mapping[str, str]) -> Detected:
    """Ask the plugins whose evidence is present; see ``PluginHost.detect``.

    Args:
        plugins: Those that may be used.
        environ: Environment variables.

    Raises:
        PluginError: KDL-PLG-008 and KDL-PLG-009.
    """
    answers: list[_Answer] = []
    for plugin in plugins:
        seen = evidence_for(plugin, environ)
        if seen:
            answers.extend(_ask(plugin, seen))
    if not answers:
        for plugin in plugins:
            if not plugin.index.present and not plugin.built_in:
                answers.extend(_ask(plugin, ()))
    certain = {answer.platform: answer for answer in answers if answer.detection.certain}
    possible = certain or {answer.platform: answer for answer in answers}
    if len(possible) > 1:
        told = "; ".join(
            f"{answer.platform} by {', '.join(answer.detection.evidence)}, says the plugin {answer.plugin.title}"
            for answer in possible.values()
        )
        raise PluginError(
            f"{len(possible)} platforms are detected: {told}",
            code="KDL-PLG-009",
            context={"platforms": sorted(possible)},
            suggestions=[f'name one: kindling.initialize("{name}") or KINDLING_PLATFORM={name}' for name in possible],
        )
    for answer in possible.values():
        return Detected(answer.platform, tuple(answer.detection.evidence))
    return Detected("local")


def evidence_for(plugin: Plugin, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return which of the evidence that a plugin's index names is present. Imports nothing.

    Args:
        plugin: The plugin.
        environ: Environment variables.
    """
    seen = [f"the environment variable {name}" for name in plugin.index.variables if environ.get(name)]
    seen += [f"the module {name}" for name in plugin.index.modules if _is_there(name)]
    return tuple(seen)


def _is_there(module: str) -> bool:
    import importlib.util
    import sys

    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        # Of a dotted name only the first part can be looked for without importing anything.
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _ask(plugin: Plugin, seen: tuple[str, ...]) -> list[_Answer]:
    # Imported here: where there is no evidence, as on every laptop, nobody is asked, and none of this is needed.
    from kindling.contracts.descriptors import ExecutionBackend
    from kindling.contracts.execution import Detection
    from kindling.plugins.failures import LoadFailure
    from kindling.plugins.loading import in_words
    from kindling.plugins.opening import resolve
    from kindling.plugins.switches import Switches

    try:
        loaded = plugin.load()
    except LoadFailure as failure:
        if not seen:
            return []  # nothing says that this one has to do with where we are
        raise _broken(plugin, seen, failure.error, failure.remedy, failure) from failure
    answers = []
    for backend in loaded.backends:
        if not isinstance(backend, ExecutionBackend) or backend.detect is None:
            continue
        try:
            ask = resolve(backend.detect, record=plugin.record(Switches()), backend=backend, field="detect")
            detection = ask()
        except (Exception, SystemExit) as error:
            if not seen:
                continue
            raise _broken(plugin, seen, f"its detection raised {in_words(error)}", "", error) from error
        if isinstance(detection, Detection):
            answers.append(_Answer(plugin, backend.platform, detection))
        elif detection is not None and seen:
            what = f"its detection returned {type(detection).__name__}, not a Detection or None"
            raise _broken(plugin, seen, what, "", None)
    return answers


def _broken(plugin: Plugin, seen: tuple[str, ...], error: str, remedy: str, cause: BaseException | None) -> PluginError:
    told = PluginError(
        f"this may be the platform of the plugin {plugin.title}, for there is {' and '.join(seen)}, "
        f"but the plugin cannot say: {error}",
        code="KDL-PLG-008",
        context={"plugin": plugin.name, "distribution": plugin.distribution.name, "evidence": list(seen)},
        suggestions=[
            *([remedy] if remedy else []),
            'or name the platform: kindling.initialize("local") or KINDLING_PLATFORM=local',
        ],
    )
    told.__cause__ = cause
    return told
