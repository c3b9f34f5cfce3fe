"""Who serves what was asked for: the rounds of asking, clashes, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from kindling.errors import PluginError, UnsupportedOperation
from kindling.plugins import serves
from kindling.plugins.failures import LoadFailure
from kindling.plugins.snapshot import Plugin
from kindling.plugins.switches import Switches

#: Who answers, with what.
Answer = tuple[Plugin, Any]


class Question:
    """One question to the plugins: who serves this?

    The core's own are asked first, then those whose index names it, then the one whose name it is, then those without
    an index, and only then all others. Who comes later is imported only where those before have no answer.

    Args:
        kind: ``platform``, ``connection``, ``scheme``, ``auth`` or ``secret``.
        name: The name of one.
        family: Class of the descriptor that is wanted.
        what: What that gives, in words, for messages.
    """

    def __init__(self, kind: str, name: str, family: type[Any], what: str) -> None:
        self.kind = kind
        self.name = name
        self.family = family
        self.what = what

    @property
    def asked(self) -> str:
        """What was asked for, in words."""
        return f"{serves.WORDS[self.kind]} {self.name!r}"

    @property
    def key(self) -> str:
        """What was asked for, in the words of the index."""
        return f"{self.kind}.{self.name}"

    @property
    def claim(self) -> serves.Claim:
        """What was asked for, as indexes and descriptors claim it."""
        return self.kind, self.name

    def ask(self, plugins: Sequence[Plugin], switches: Switches) -> list[Answer]:
        """Return who serves it, at least one.

        Args:
            plugins: All that are installed.
            switches: Which of them may be used, and who is preferred.

        Raises:
            PluginError: KDL-PLG-002 to 006 and 013, nobody does.
            UnsupportedOperation: KDL-PLG-020, somebody does, without the family that is wanted.
        """
        usable = [plugin for plugin in plugins if not plugin.reason_against(switches)]
        preferred = switches.prefer.get(self.key)
        if preferred is not None:
            usable = [plugin for plugin in usable if preferred in plugin.names]
        failed: list[tuple[Plugin, LoadFailure]] = []
        without: list[Plugin] = []
        for round_ in self._rounds(usable):
            found: list[Answer] = []
            for plugin in _once_each_module(round_):
                try:
                    backends = plugin.load().backends
                except LoadFailure as failure:
                    if switches.strict:
                        raise broken(
                            plugin, failure, f"plugin {plugin.name!r}", {"strict": True}
                        ) from failure.__cause__
                    failed.append((plugin, failure))
                    continue
                mine = [backend for backend in backends if self._serves(backend)]
                right = [(plugin, backend) for backend in mine if isinstance(backend, self.family)]
                found.extend(right)
                if mine and not right:
                    without.append(plugin)
            if found:
                self._warn_of(failed)
                return found
        raise self._why_nobody(plugins, switches, failed, without)

    def decide(self, answers: Sequence[Answer]) -> Answer:
        """Return the one who serves it.

        Args:
            answers: From :meth:`ask`, perhaps narrowed down.

        Raises:
            PluginError: KDL-PLG-007, several do.
        """
        if len({id(plugin) for plugin, _ in answers}) > 1:
            titles = sorted(plugin.title for plugin, _ in answers)
            first, last = answers[0][0].distribution.name, answers[-1][0].distribution.name
            raise PluginError(
                f"{self.asked} is served by {' and by '.join(titles)}",
                code="KDL-PLG-007",
                context={"asked": self.key, "plugins": titles},
                suggestions=[
                    f"decide in kindling.yaml: plugins: {{prefer: {{{self.key}: {first}}}}}",
                    f"or disable one: KINDLING_DISABLE_PLUGINS={last}",
                ],
            )
        return answers[0]

    def _rounds(self, plugins: Sequence[Plugin]) -> Iterator[list[Plugin]]:
        """Yield who is asked, in turn; the next are asked only where those before do not serve it."""
        asked: set[int] = set()
        questions: tuple[Callable[[Plugin], bool], ...] = (
            lambda plugin: plugin.built_in and self.claim in plugin.index.claims,
            lambda plugin: self.claim in plugin.index.claims,
            self._bears_its_name,
            lambda plugin: not plugin.index.present,
            lambda plugin: True,
        )
        for question in questions:
            chosen = [plugin for plugin in plugins if id(plugin) not in asked and question(plugin)]
            asked.update(id(plugin) for plugin in chosen)
            if chosen:
                yield chosen

    def _bears_its_name(self, plugin: Plugin) -> bool:
        return self.kind == serves.PLATFORM and plugin.name == self.name

    def _serves(self, backend: Any) -> bool:
        from kindling.plugins.loading import claims_of

        return self.claim in claims_of([backend])

    def _warn_of(self, failed: list[tuple[Plugin, LoadFailure]]) -> None:
        if failed:
            import logging

            logger = logging.getLogger("kindling.plugins")
            for plugin, failure in failed:
                logger.warning("%s is passed over for %s: %s", plugin.title, self.asked, failure.error)

    def _why_nobody(
        self,
        plugins: Sequence[Plugin],
        switches: Switches,
        failed: list[tuple[Plugin, LoadFailure]],
        without: list[Plugin],
    ) -> PluginError | UnsupportedOperation:
        """Return what says best why nobody serves it: the first of these that holds."""
        context: dict[str, Any] = {"asked": self.key}
        if without:
            return UnsupportedOperation(
                f"the plugin {without[0].title} has no {self.what} for {self.asked}",
                context={**context, "plugin": without[0].name},
                suggestions=["install a version of the plugin that has it, where there is one"],
            )
        for plugin, failure in failed:
            if self.claim in plugin.index.claims or self._bears_its_name(plugin):
                return broken(plugin, failure, self.asked, context)
        for plugin in plugins:
            reason = plugin.reason_against(switches)
            if reason and (self.claim in plugin.index.claims or self._bears_its_name(plugin)):
                return PluginError(
                    f"{self.asked} is served by the plugin {plugin.title}, and {reason}",
                    code="KDL-PLG-006",
                    context={**context, "plugin": plugin.name},
                    suggestions=[switches.remedy(reason)],
                )
        for plugin in plugins:
            if self.claim in plugin.index.claims and plugin.loaded is not None:
                return PluginError(
                    f"the index of the plugin {plugin.title} says that it serves {self.asked}, and its hooks do not",
                    code="KDL-PLG-013",
                    context={**context, "plugin": plugin.name},
                    suggestions=[f"see: kindling plugins verify {plugin.name}"],
                )
        return self._unknown(plugins, switches, failed, context)

    def _unknown(
        self,
        plugins: Sequence[Plugin],
        switches: Switches,
        failed: list[tuple[Plugin, LoadFailure]],
        context: dict[str, Any],
    ) -> PluginError:
        from kindling.plugins.remedies import install_hint

        known = names_claimed([plugin for plugin in plugins if not plugin.reason_against(switches)], self.kind)
        preferred = switches.prefer.get(self.key)
        if preferred is None:
            message = f"no installed plugin serves {self.asked}"
        else:
            message = f"{self.asked} is to be served by {preferred}, which does not serve it"
        if known:
            message += f"; there is {', '.join(known)}"
        suggestions = nearest(self.name, known)
        if self.kind == serves.PLATFORM and (hint := install_hint(self.name)):
            suggestions.insert(0, hint)
        if failed:
            suggestions.append(
                f"it may be served by a plugin that does not load: {', '.join(plugin.name for plugin, _ in failed)}"
            )
        return PluginError(
            message,
            code="KDL-PLG-002" if self.kind == serves.PLATFORM else "KDL-PLG-003",
            context={**context, "known": list(known)},
            suggestions=[*suggestions, "see: kindling plugins list"],
        )


def broken(plugin: Plugin, failure: LoadFailure, asked: str, context: dict[str, Any]) -> PluginError:
    """Return the error of a plugin that is there and does not load; not to be taken for one that is missing."""
    state = "incompatible" if failure.incompatible else "broken"
    error = PluginError(
        f"{asked} is served by the plugin {plugin.title}, which is installed but {state}: {failure.error}",
        code="KDL-PLG-005" if failure.incompatible else "KDL-PLG-004",
        context={**context, "plugin": plugin.name, "distribution": plugin.distribution.name, "state": state},
        suggestions=[failure.remedy] if failure.remedy else [],
    )
    # What the plugin raised itself, for the traceback with --debug.
    error.__cause__ = failure.__cause__
    return error


def names_claimed(plugins: Iterable[Plugin], kind: str) -> tuple[str, ...]:
    """Return the names of one kind that plugins claim, by their hooks where they are loaded, else by their index."""
    return tuple(sorted({name for plugin in plugins for claimed, name in plugin.claims if claimed == kind}))


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return a suggestion where one of the known names resembles what was typed."""
    from difflib import get_close_matches

    return [f"did you mean {match!r}?" for match in get_close_matches(name, list(known), n=1, cutoff=0.6)]


def _once_each_module(plugins: Iterable[Plugin]) -> list[Plugin]:
    """Return the plugins without those that are one already named, by a second name."""
    first: dict[tuple[str, str], Plugin] = {}
    for plugin in plugins:
        first.setdefault((plugin.distribution.folder or plugin.distribution.name, plugin.entry_point.value), plugin)
    return list(first.values())
