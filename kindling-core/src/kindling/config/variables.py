"""Environment variables that set keys of the configuration, and ``--var``.

``KINDLING_CONNECTIONS__BRONZE__ACCOUNT`` sets ``connections.bronze.account``. Only names that start with a key of the
configuration count: ``KINDLING_RUN_ID`` is nobody's mistake. Variables have no case to speak of, so existing keys are
found without regard to case and to ``-`` against ``_``; a new key is written in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kindling.config.nodes import TEXT, Map, Node, Scalar, Source, join, merge
from kindling.errors import Problem
from kindling.redaction import is_sensitive

PREFIX = "KINDLING_"
#: Variables with a name of their own for a key, because job definitions and other programs know them by it.
ALIASES = {"KINDLING_ARTIFACTS_PATH": "KINDLING_ARTIFACTS"}


def apply_environment(
    tree: Map,
    environ: Mapping[str, str],
    keys: Iterable[str],
    problems: list[Problem],
    *,
    details: Mapping[str, str] | None = None,
) -> Map:
    """Return the tree with what environment variables set.

    Args:
        tree: The configuration from files. Not changed.
        environ: Environment variables by name.
        keys: Keys of the configuration.
        problems: What is wrong is appended here.
        details: More about the source of a variable by its name: the file that it was read from.
    """
    known = {key.upper() for key in keys}
    chosen: list[tuple[list[str], str, str]] = []
    for name, value in environ.items():
        if not name.upper().startswith(PREFIX) or not value:
            continue  # an empty variable counts as one that is not set
        upper = name.upper()
        full = ALIASES.get(upper, upper)
        if full != upper and environ.get(full):
            continue
        segments = full.removeprefix(PREFIX).split("__")
        if segments[0] in known:
            chosen.append((segments, name, value))
    if not chosen:
        return tree
    source = Source("variable", PREFIX + "…")
    over = Map({}, {}, source)
    for segments, name, value in sorted(chosen, key=lambda item: (len(item[0]), item[1])):
        origin = Source("variable", name, (details or {}).get(name, ""))
        if "" in segments[1:]:
            problems.append(
                Problem(
                    "KDL-CFG-021",
                    f"the environment variable {name} has an empty part",
                    expected=f"{PREFIX}KEY__KEY, two underscores between the keys",
                )
            )
            continue
        _set(over, tree, segments, _value_node(value, segments, origin), origin, problems)
    return merge(tree, over)


def _value_node(value: str, segments: list[str], source: Source) -> Node:
    if value.lstrip()[:1] == "{" and not value.lstrip().startswith("{{"):
        from kindling.config.outside import json_to_node

        made = json_to_node(value, source)
        if type(made) is Map:
            return made
    return Scalar(value, TEXT, source, is_hidden=is_sensitive(segments[-1]))


def _set(over: Map, tree: Map, segments: list[str], node: Node, source: Source, problems: list[Problem]) -> None:
    """Put a node into ``over``, under the keys that ``tree`` has for the segments."""
    below: Node | None = tree
    target = over
    rest = segments
    path = ""
    while True:
        candidates = dict.fromkeys([*(below.items if type(below) is Map else ()), *target.items])
        key, used, rivals = _find_key(candidates, rest)
        if rivals:
            problems.append(
                Problem(
                    "KDL-CFG-021",
                    f"the environment variable {source.name} may mean {' or '.join(join(path, k) for k in rivals)}",
                    expected="keys that differ in more than case, '-' and '_'",
                )
            )
            return
        path = join(path, key)
        rest = rest[used:]
        if not rest:
            existing = target.items.get(key)
            if type(existing) is Map and type(node) is Map:
                node = merge(existing, node, path)
            target.items[key] = node
            target.places[key] = (source, 0, 0)
            return
        inner = target.items.get(key)
        if type(inner) is not Map:
            inner = Map({}, {}, source)
            target.items[key] = inner
            target.places[key] = (source, 0, 0)
        target = inner
        below = below.items.get(key) if type(below) is Map else None


def _find_key(candidates: Iterable[str], segments: list[str]) -> tuple[str, int, list[str]]:
    """Return the key that the first segments mean, how many they are, and rivals where it cannot be told."""
    forms: dict[str, list[str]] = {}
    for key in candidates:
        forms.setdefault(_form(key), []).append(key)
    for used in range(len(segments), 0, -1):
        found = forms.get(_form("__".join(segments[:used])))
        if found is not None:
            if len(found) == 1:
                return found[0], used, []
            exact = [key for key in found if key == "__".join(segments[:used]).lower()]
            return (exact[0], used, []) if exact else (found[0], used, found)
    return segments[0].lower(), 1, []


def _form(key: str) -> str:
    return key.upper().replace("-", "_").replace(".", "_").replace(" ", "_")


def apply_options(tree: Map, variables: Mapping[str, str]) -> Map:
    """Return the tree with what ``--var`` sets under ``vars``.

    Args:
        tree: The configuration so far. Not changed.
        variables: Texts by name; a dot in a name goes one map deeper.
    """
    if not variables:
        return tree
    top = Source("option", "--var")
    over = Map({}, {}, top)
    for name, text in variables.items():
        source = Source("option", f"--var {name}")
        target = over
        path = ["vars", *name.split(".")]
        for key in path[:-1]:
            inner = target.items.get(key)
            if type(inner) is not Map:
                inner = Map({}, {}, source)
                target.items[key] = inner
                target.places[key] = (source, 0, 0)
            target = inner
        target.items[path[-1]] = Scalar(text, TEXT, source, is_hidden=is_sensitive(path[-1]))
        target.places[path[-1]] = (source, 0, 0)
    return merge(tree, over)
