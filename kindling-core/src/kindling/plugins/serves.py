"""The index: what a plugin says it serves, read without importing it.

Each name in the entry-point group ``kindling.serves`` is one statement; its value repeats the plugin's value, so
that the host knows whose statement it is. ``docs/explanation/plugin-discovery.md`` has the whole grammar.
"""

from __future__ import annotations

from collections.abc import Iterable

from kindling.contracts.version import INDEX_GROUP, KINDLING_PLUGIN_API, KINDLING_PLUGIN_API_MINIMUM
from kindling.frozen import dataclass
from kindling.plugins.metadata import EntryPoint

#: A kind of thing, and the name of one: ``("platform", "acme")``.
Claim = tuple[str, str]

#: The kinds of things that can be asked for, by the word that begins a name in the index, with the word for people.
PLATFORM, CONNECTION, SCHEME, AUTH, SECRET = "platform", "connection", "scheme", "auth", "secret"
WORDS = {PLATFORM: "platform", CONNECTION: "storage", SCHEME: "scheme", AUTH: "auth", SECRET: "secrets"}


@dataclass(frozen=True)
class Index:
    """What the index of one plugin says.

    Args:
        present: Whether there is one at all.
        api: Numbers of the plugin API it is made for.
        claims: ``(kind, name)`` of what it serves.
        variables: Environment variables that are evidence for its platform.
        modules: Modules that are evidence for its platform.
        unknown: Statements that this version of the core does not understand; a later one may.
    """

    present: bool = False
    api: tuple[int, ...] = ()
    claims: frozenset[Claim] = frozenset()
    variables: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_compatible(self) -> bool:
        """Whether one of its API numbers is served; without a number the oldest is meant."""
        return not self.api or any(KINDLING_PLUGIN_API_MINIMUM <= number <= KINDLING_PLUGIN_API for number in self.api)

    @property
    def has_evidence(self) -> bool:
        """Whether it names evidence for a platform."""
        return bool(self.variables or self.modules)


def read_index(entry_points: Iterable[EntryPoint], value: str) -> Index:
    """Return the index of the plugin whose entry point has ``value``.

    Args:
        entry_points: All entry points of its distribution.
        value: The plugin's own value.

    Example:
        >>> index = read_index([EntryPoint("kindling.serves", "platform.acme", "kindling_acme.plugin")],
        ...                    "kindling_acme.plugin")
        >>> sorted(index.claims)
        [('platform', 'acme')]
    """
    names = [point.name for point in entry_points if point.group == INDEX_GROUP and _same(point.value, value)]
    api: list[int] = []
    claims: set[Claim] = set()
    variables: list[str] = []
    modules: list[str] = []
    unknown: list[str] = []
    for name in names:
        kind, _, rest = name.partition(".")
        if kind == "api" and rest.isdecimal():
            api.append(int(rest))
        elif kind in WORDS and rest:
            claims.add((kind, rest))
        elif name.startswith("evidence.env.") and rest[4:]:
            variables.append(rest[4:])
        elif name.startswith("evidence.module.") and rest[7:]:
            modules.append(rest[7:])
        else:
            unknown.append(name)
    return Index(
        present=bool(names),
        api=tuple(sorted(api)),
        claims=frozenset(claims),
        variables=tuple(variables),
        modules=tuple(modules),
        unknown=tuple(unknown),
    )


def describe_claims(claims: Iterable[Claim]) -> tuple[str, ...]:
    """Return claims in words, in the order in which lists show them.

    Schemes are left out where a storage stands beside them: its type says more.

    Example:
        >>> describe_claims([("scheme", "s3"), ("connection", "s3"), ("platform", "emr")])
        ('platform emr', 'storage s3')
    """
    collected = sorted(set(claims), key=lambda claim: (list(WORDS).index(claim[0]), claim[1]))
    has_storage = any(kind == CONNECTION for kind, _ in collected)
    return tuple(f"{WORDS[kind]} {name}" for kind, name in collected if not (kind == SCHEME and has_storage))


def _same(value: str, other: str) -> bool:
    return value.replace(" ", "").partition("[")[0] == other.replace(" ", "").partition("[")[0]


def disagreement(indexed: Iterable[Claim], served: Iterable[Claim]) -> str:
    """Return in words where an index and the hooks disagree, empty where they agree.

    Example:
        >>> disagreement([("platform", "moon")], [])
        'its index says platform moon, which its hooks do not yield'
    """
    said, done = set(indexed), set(served)
    parts = []
    if missing := _in_words(said - done):
        parts.append(f"its index says {missing}, which its hooks do not yield")
    if extra := _in_words(done - said):
        parts.append(f"its hooks yield {extra}, which its index lacks")
    return "; ".join(parts)


def _in_words(claims: Iterable[Claim]) -> str:
    return ", ".join(f"{WORDS[kind]} {name}" for kind, name in sorted(claims))
