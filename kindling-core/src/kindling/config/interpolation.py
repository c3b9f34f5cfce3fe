"""``${…}`` in values: environment variables, variables of the project, references to secrets.

It works on scalars, after YAML is parsed and before the value is typed; what it inserts is never read as YAML again.

=======================  ==================================================================
``${NAME}``              the environment variable NAME; also ``${env:NAME}``
``${NAME:-text}``        the same, and ``text`` where it is not set or empty
``${var.region}``        a value under ``vars:``, or of ``--var region=…``
``${secret:vault/key}``  a secret, opened when it is used; ``@version`` may follow
``$${``                  the two characters ``${``
=======================  ==================================================================

They nest: ``${var.${env:STAGE}.account}``, ``${secret:${var.vault}/key}``, ``${A:-${B}}``.
"""

from __future__ import annotations

from collections.abc import Mapping

from kindling.config.nodes import TEXT, Map, Node, Scalar, Sequence, Source
from kindling.config.references import SecretReference
from kindling.frozen import dataclass, replace
from kindling.redaction import is_sensitive, register

#: Characters that one value may grow to. Variables that use variables twice double at each step.
MAXIMUM_LENGTH = 1_000_000
_MAXIMUM_DEPTH = 32


@dataclass(frozen=True)
class Mistake:
    """What is wrong with an interpolation.

    Args:
        code: Stable code.
        message: What is wrong.
        expected: What would have been right.
        suggestion: What to do about it.
        offset: Where in the scalar's text.
    """

    code: str
    message: str
    expected: str = ""
    suggestion: str = ""
    offset: int = 0


class InterpolationFailed(Exception):
    """A value could not be interpolated.

    Args:
        mistakes: At least one.
    """

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(mistakes[0].message)
        self.mistakes = mistakes


@dataclass(frozen=True)
class _Expression:
    body: tuple[str | _Expression, ...]
    default: tuple[str | _Expression, ...] | None
    offset: int


@dataclass(frozen=True)
class _Resolved:
    """Text and names of secrets in turn, and what is known about it."""

    parts: tuple[str, ...]
    via: str = ""
    is_hidden: bool = False


class Interpolation:
    """Resolves ``${…}``.

    Args:
        environ: Environment variables by name.
        variables: Values of ``${var.…}``: a map node of a configuration, or texts by name.

    Example:
        >>> from kindling.config.nodes import PLAIN, Scalar, Source
        >>> interpolation = Interpolation({"STAGE": "dev"}, {"account": "shop${STAGE}"})
        >>> interpolation.resolve(Scalar("abfss://x@${var.account}", PLAIN, Source("file", "kindling.yaml"))).text
        'abfss://x@shopdev'
    """

    def __init__(self, environ: Mapping[str, str], variables: Map | Mapping[str, str] | None = None) -> None:
        self._environ = environ
        if isinstance(variables, Map):
            self._variables = variables
        else:
            source = Source("option", "--var")
            items: dict[str, Node] = {
                name: Scalar(text, TEXT, source, is_hidden=is_sensitive(name))
                for name, text in (variables or {}).items()
            }
            self._variables = Map(items, dict.fromkeys(items, (source, 0, 0)), source)
        self._memory: dict[str, Scalar] = {}
        self._failed: dict[str, InterpolationFailed] = {}
        self._opening: list[str] = []
        #: Names of the environment variables that were asked for.
        self.used: set[str] = set()

    def resolve(self, scalar: Scalar) -> Scalar:
        """Return the scalar with its interpolations resolved; itself where it has none.

        Args:
            scalar: A value as it was read.

        Raises:
            InterpolationFailed: Something it names is missing, or it is malformed; with all that is.
        """
        text = scalar.text
        if "${" not in text:
            return scalar
        pieces = _parse(text)
        if len(pieces) == 1 and isinstance(pieces[0], _Expression):
            found = self._evaluate_whole(pieces[0])
            if isinstance(found, Scalar):
                made = Scalar(found.text, found.style, scalar.source, scalar.line, scalar.column)
                made.reference, made.via, made.is_hidden = found.reference, found.via, found.is_hidden
                made.is_hidden = made.is_hidden or scalar.is_hidden
                return made
            resolved = found
        else:
            resolved = self._join(pieces)
        made = Scalar("", TEXT, scalar.source, scalar.line, scalar.column)
        made.via = resolved.via
        made.is_hidden = resolved.is_hidden or scalar.is_hidden
        if len(resolved.parts) > 1:
            made.reference = SecretReference(resolved.parts)
            made.text = str(made.reference)
        else:
            made.text = resolved.parts[0]
        return made

    def _join(self, pieces: tuple[str | _Expression, ...]) -> _Resolved:
        parts, via, is_hidden, length = [""], "", False, 0
        mistakes: list[Mistake] = []
        for piece in pieces:
            if isinstance(piece, str):
                parts[-1] += piece
                length += len(piece)
                continue
            try:
                resolved = self._evaluate(piece)
            except InterpolationFailed as failed:
                # Each once: variables that use failing variables twice would double them at each step.
                known = {mistake.message for mistake in mistakes}
                mistakes.extend(mistake for mistake in failed.mistakes if mistake.message not in known)
                continue
            via = via or resolved.via
            is_hidden = is_hidden or resolved.is_hidden
            parts[-1] += resolved.parts[0]
            parts.extend(resolved.parts[1:])
            length += sum(map(len, resolved.parts))
            if length > MAXIMUM_LENGTH:
                raise InterpolationFailed(
                    Mistake("KDL-CFG-016", f"the value grows beyond {MAXIMUM_LENGTH:,} characters", offset=piece.offset)
                )
        if mistakes:
            raise InterpolationFailed(*mistakes)
        return _Resolved(tuple(parts), via, is_hidden)

    def _evaluate_whole(self, expression: _Expression) -> Scalar | _Resolved:
        """Evaluate an expression that is the whole value: a variable then gives its own scalar, style included."""
        name = self._body(expression)
        if name.startswith("var."):
            found = self._variable(name, expression)
            if found is not None:
                return found
        return self._named(name, expression)

    def _evaluate(self, expression: _Expression) -> _Resolved:
        return self._named(self._body(expression), expression)

    def _body(self, expression: _Expression) -> str:
        resolved = self._join(expression.body)
        if len(resolved.parts) > 1:
            raise InterpolationFailed(
                Mistake(
                    "KDL-CFG-015",
                    "a secret stands inside the name of another interpolation",
                    "a name that is known before secrets are opened",
                    offset=expression.offset,
                )
            )
        return resolved.parts[0].strip()

    def _named(self, name: str, expression: _Expression) -> _Resolved:
        if name.startswith("secret:"):
            return self._secret(name, expression)
        if name.startswith("var."):
            scalar = self._variable(name, expression)
            if scalar is None:
                assert expression.default is not None
                return self._join(expression.default)
            parts = scalar.reference.parts if scalar.reference is not None else (scalar.text,)
            return _Resolved(parts, scalar.via, scalar.is_hidden)
        variable = name.removeprefix("env:").strip()
        if not _is_name(variable):
            raise InterpolationFailed(_not_understood(name, expression))
        self.used.add(variable)
        value = self._environ.get(variable)
        if value is None or (value == "" and expression.default is not None):
            if expression.default is not None:
                return self._join(expression.default)
            raise InterpolationFailed(self._missing_environment(variable, expression))
        is_hidden = is_sensitive(variable)
        if is_hidden:
            register(value)
        return _Resolved((value,), f"environment variable {variable}", is_hidden)

    def _secret(self, name: str, expression: _Expression) -> _Resolved:
        store, slash, key = name.removeprefix("secret:").strip().partition("/")
        if (
            not slash
            or not key
            or any(letter.isspace() or letter in "${}" for letter in store + key)
            or not store.replace("-", "_").replace(".", "_").isidentifier()
            or key.startswith("@")
            or key.endswith("@")
        ):
            raise InterpolationFailed(
                Mistake(
                    "KDL-CFG-015",
                    f"${{{name}}} names no secret",
                    "${secret:store/name} or ${secret:store/name@version}",
                    offset=expression.offset,
                )
            )
        if expression.default is not None:
            raise InterpolationFailed(
                Mistake("KDL-CFG-015", f"${{{name}:-…}} gives a secret a default", "a secret without one",
                        offset=expression.offset)
            )  # fmt: skip
        return _Resolved(("", f"{store}/{key}", ""))

    def _variable(self, name: str, expression: _Expression) -> Scalar | None:
        """Return a variable's scalar, resolved; None where it is missing and the expression has a default."""
        path = name.removeprefix("var.").strip()
        known = self._memory.get(path)
        if known is not None:
            return known
        if path in self._failed:
            # Remembered too, or the work would double at each step.
            raise InterpolationFailed(
                *(replace(mistake, offset=expression.offset) for mistake in self._failed[path].mistakes)
            )
        if path in self._opening:
            cycle = " → ".join(f"var.{step}" for step in [*self._opening[self._opening.index(path) :], path])
            raise InterpolationFailed(
                Mistake("KDL-CFG-016", f"variables refer to each other in a circle: {cycle}", "an end of it",
                        offset=expression.offset)
            )  # fmt: skip
        node = self._find(path)
        if node is None or (type(node) is Scalar and node.is_null):
            if expression.default is not None:
                return None
            raise InterpolationFailed(self._missing_variable(path, expression))
        if type(node) is not Scalar:
            kind = "a list" if type(node) is Sequence else "a map"
            raise InterpolationFailed(
                Mistake("KDL-CFG-015", f"${{var.{path}}} is {kind}", "a single value", offset=expression.offset)
            )
        if len(self._opening) >= _MAXIMUM_DEPTH:
            raise InterpolationFailed(
                Mistake("KDL-CFG-016", "variables refer to variables too deeply", f"at most {_MAXIMUM_DEPTH} steps",
                        offset=expression.offset)
            )  # fmt: skip
        self._opening.append(path)
        try:
            resolved = self.resolve(node)
        except InterpolationFailed as failed:
            self._failed[path] = failed
            raise
        finally:
            self._opening.pop()
        is_hidden = resolved.is_hidden or is_sensitive(path.rpartition(".")[2])
        if is_hidden and resolved.reference is None:
            register(resolved.text)
        made = Scalar(
            resolved.text,
            resolved.style,
            node.source,
            node.line,
            node.column,
            reference=resolved.reference,
            via=f"var.{path}" + (f", {resolved.via}" if resolved.via else ""),
            is_hidden=is_hidden,
        )
        self._memory[path] = made
        return made

    def _find(self, path: str) -> Node | None:
        node: Node | None = self._variables
        for key in path.split("."):
            if type(node) is not Map:
                return None
            node = node.items.get(key)
        return node

    def _missing_environment(self, name: str, expression: _Expression) -> Mistake:
        from kindling.config.suggesting import did_you_mean

        return Mistake(
            "KDL-CFG-014",
            f"the environment variable {name} is not set",
            suggestion=did_you_mean(name, self._environ)
            or f"set it, name a file with it in env_file, or give a default: ${{{name}:-…}}",
            offset=expression.offset,
        )

    def _missing_variable(self, path: str, expression: _Expression) -> Mistake:
        from kindling.config.suggesting import did_you_mean

        names = [f"var.{name}" for name in _paths(self._variables)]
        return Mistake(
            "KDL-CFG-014",
            f"the variable var.{path} is not defined",
            suggestion=did_you_mean(f"var.{path}", names)
            or f"define it under vars: in kindling.yaml, or pass --var {path}=…",
            offset=expression.offset,
        )


def _paths(node: Map, prefix: str = "") -> list[str]:
    found = []
    for key, item in node.items.items():
        if type(item) is Map:
            found.extend(_paths(item, f"{prefix}{key}."))
        else:
            found.append(prefix + key)
    return found


def _is_name(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _not_understood(name: str, expression: _Expression) -> Mistake:
    shown = name if len(name) <= 40 else name[:40] + "…"
    return Mistake(
        "KDL-CFG-015",
        f"${{{shown}}} is not understood",
        "${NAME}, ${env:NAME}, ${var.name} or ${secret:store/name}",
        "write $${ for the two characters themselves",
        expression.offset,
    )


def _parse(text: str) -> tuple[str | _Expression, ...]:
    pieces, end, _ = _parse_until(text, 0, 0, is_body=False)
    assert end == len(text)
    return pieces


def _parse_until(
    text: str, start: int, depth: int, *, is_body: bool
) -> tuple[tuple[str | _Expression, ...], int, tuple[str | _Expression, ...] | None]:
    """Parse to the end of the text, or of a body to its ``}``; a ``:-`` splits a body into name and default."""
    if depth > _MAXIMUM_DEPTH:
        raise InterpolationFailed(
            Mistake("KDL-CFG-015", "interpolations are nested too deeply", f"at most {_MAXIMUM_DEPTH} levels",
                    offset=start)
        )  # fmt: skip
    pieces: list[str | _Expression] = []
    name: tuple[str | _Expression, ...] | None = None
    index = begin = start
    length = len(text)
    while index < length:
        letter = text[index]
        if letter == "$" and text.startswith("$${", index):
            pieces.append(text[begin:index] + "${")
            index = begin = index + 3
        elif letter == "$" and text.startswith("${", index):
            if begin < index:
                pieces.append(text[begin:index])
            first, end, second = _parse_until(text, index + 2, depth + 1, is_body=True)
            body, default = (first, None) if second is None else (second, first)
            pieces.append(_Expression(body, default, index))
            index = begin = end
        elif is_body and letter == "}":
            if begin < index:
                pieces.append(text[begin:index])
            return tuple(pieces), index + 1, name
        elif is_body and name is None and letter == ":" and text.startswith(":-", index):
            if begin < index:
                pieces.append(text[begin:index])
            name, pieces = tuple(pieces), []
            index = begin = index + 2
        else:
            index += 1
    if is_body:
        raise InterpolationFailed(
            Mistake("KDL-CFG-015", "an interpolation is not closed", "a '}' after its name",
                    "write $${ for the two characters themselves", max(start - 2, 0))
        )  # fmt: skip
    if begin < length:
        pieces.append(text[begin:])
    return tuple(pieces), length, None
