"""Checking nodes against settings models: every problem at once, each with its place.

The nodes are walked beside the shape of the model, so that nothing is lost on the way: neither the place of a key
nor the other problems once one is found. Interpolations are resolved here, when the type of the field is known and
only where the value is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from kindling.config import scalars
from kindling.config.composing import compose
from kindling.config.converting import FAILED, convert
from kindling.config.interpolation import Interpolation, InterpolationFailed
from kindling.config.nodes import (
    PLAIN,
    TEXT,
    Map,
    Node,
    Scalar,
    Sequence,
    Source,
    is_null,
    join,
)
from kindling.config.reporting import Reporter as Reporter
from kindling.config.reporting import in_order as in_order
from kindling.config.shapes import (
    AnyShape,
    FieldShape,
    ListShape,
    MapShape,
    ModelShape,
    ScalarShape,
    SectionShape,
    Shape,
    UnionShape,
    shape_of_model,
)
from kindling.config.wording import describe, expectation, inside, one_of, short
from kindling.errors import KindlingError, Problem
from kindling.redaction import is_sensitive, register
from kindling.values import Secret

T = TypeVar("T")


class Checked(Generic[T]):
    """What a check gave.

    Args:
        value: The value, or None where there is an error.
        problems: All that is wrong, in the order of the file; warnings may be among them.
    """

    __slots__ = ("problems", "value")

    def __init__(self, value: T | None, problems: tuple[Problem, ...]) -> None:
        self.value = value
        self.problems = problems

    def __repr__(self) -> str:
        return f"Checked(value={self.value!r}, problems={len(self.problems)})"

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are no warnings."""
        return tuple(problem for problem in self.problems if not problem.is_warning)


def check_text(
    text: str, model: type[T], *, file: str, path: str = "", variables: Interpolation | None = None
) -> Checked[T]:
    """Parse a YAML text and check it against a model.

    Args:
        text: The YAML text.
        model: A frozen dataclass.
        file: Name of the file, for problems.
        path: Path of the text's root, where it is a part of something larger.
        variables: Resolves ``${…}``; None leaves them as they are, as text.

    Returns:
        The value, or all problems.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Retry:
        ...     times: int = 3
        >>> check_text("times: 5", Retry, file="retry.yaml").value
        Retry(times=5)
        >>> print(check_text("tims: 5", Retry, file="retry.yaml").problems[0])
        retry.yaml:1:1  KDL-CFG-004  unknown key 'tims'; did you mean 'times'?
    """
    problems: list[Problem] = []
    node = compose(text, Source("file", file), problems)
    if node is None:
        return Checked(None, tuple(problems))
    return check_node(node, model, path=path, variables=variables, problems=problems)


def check_node(
    node: Map,
    model: type[T],
    *,
    path: str = "",
    variables: Interpolation | None = None,
    problems: list[Problem] | None = None,
    also: Iterable[str] = (),
) -> Checked[T]:
    """Check a map against a model.

    Args:
        node: The map.
        model: A frozen dataclass.
        path: Path of the map.
        variables: Resolves ``${…}``; None leaves them as they are, as text.
        problems: Problems found before, which belong to the same check.
        also: Keys that may stand in the map besides the model's, and are read by somebody else.
    """
    checker = Checker(variables, problems)
    value = checker.model(node, shape_of_model(model), path, also=tuple(also))
    return checker.checked(value)


class Checker(Reporter):
    """Walks nodes beside shapes and gathers problems.

    Args:
        variables: Resolves ``${…}``; None leaves them as they are, as text.
        problems: The list that problems are appended to.
    """

    def __init__(self, variables: Interpolation | None, problems: list[Problem] | None = None) -> None:
        super().__init__(problems)
        self.variables = variables

    def checked(self, value: Any) -> Checked[Any]:
        """Return the outcome: the value only where there is no error."""
        failed = value is FAILED or any(not problem.is_warning for problem in self.problems)
        return Checked(None if failed else value, in_order(self.problems))

    # Walking

    def value(self, node: Node, shape: Shape, path: str, field: FieldShape | None = None) -> Any:
        """Return the value of a node, or a mark that it failed."""
        if type(node) is Scalar:
            scalar = self.resolved(node, path)
            if scalar is None:
                return FAILED
            node = scalar
        kind = type(shape)
        if kind is ScalarShape:
            return self.scalar(node, shape, path, field)  # type: ignore[arg-type]
        if kind is AnyShape:
            return self.plain(node, path)
        if kind is ModelShape:
            map_node = self.as_map(node, path, field)
            return FAILED if map_node is None else self.model(map_node, shape, path)  # type: ignore[arg-type]
        if kind is MapShape:
            return self.map_value(node, shape, path, field)  # type: ignore[arg-type]
        if kind is ListShape:
            return self.list_value(node, shape, path, field)  # type: ignore[arg-type]
        if kind is UnionShape:
            return self.union(node, shape, path, field)  # type: ignore[arg-type]
        map_node = self.as_map(node, path, field)
        if map_node is None:
            return FAILED
        from kindling.config.sections import Section

        return Section(map_node, path, self.variables)

    def resolved(self, scalar: Scalar, path: str) -> Scalar | None:
        """Return a scalar with its interpolations resolved, or None where they cannot be."""
        if self.variables is None or "$" not in scalar.text or scalar.reference is not None:
            return scalar
        try:
            return self.variables.resolve(scalar)
        except InterpolationFailed as failed:
            for mistake in failed.mistakes:
                column = scalar.column
                if scalar.style is PLAIN and "\n" not in scalar.text:
                    column += mistake.offset
                self.report(
                    mistake.code,
                    (scalar.source, scalar.line, column),
                    path,
                    f"{mistake.message}, in {path}" if path else mistake.message,
                    mistake.expected,
                    mistake.suggestion,
                )
            return None

    def model(self, node: Map, shape: ModelShape, path: str, *, also: tuple[str, ...] = ()) -> Any:
        """Return the dataclass that a map stands for."""
        given: dict[str, Any] = {}
        fields = shape.fields
        failed = False
        unknown: list[str] = []
        for key, child in node.items.items():
            field = fields.get(key)
            if field is None:
                if key not in also:
                    unknown.append(key)
                continue
            if type(child) is Scalar and child.is_null:
                continue  # null removes: as if the key were not there
            inner = f"{path}.{key}" if path else key
            value = self.value(child, field.shape, inner, field)
            if value is not FAILED and field.setting.has_limits and not self.holds(value, child, field, inner):
                value = FAILED
            if value is FAILED:
                failed = True
            given[field.name] = value
        claimed = self.unknown_keys(node, unknown, [*fields, *also], path) if unknown else ()
        for key, field in fields.items():
            if field.is_required and field.name not in given:
                failed = True
                if key not in claimed:
                    self.missing(node, field, path)
        if failed or unknown:
            return FAILED
        return self.make(node, shape, given, path)

    def make(self, node: Map, shape: ModelShape, given: dict[str, Any], path: str) -> Any:
        """Make the dataclass, and let it check what lies between its fields."""
        place = (node.source, node.line, node.column)
        try:
            made = shape.model(**given)
        except (ValueError, TypeError, KindlingError) as error:
            self.report("KDL-CFG-022", place, path, f"{path or 'the file'} does not hold: {error}")
            return FAILED
        rules: Callable[[], Iterable[tuple[str, str, str]]] | None = getattr(made, "__check__", None)
        if rules is None:
            return made
        failed = False
        for key, message, suggestion in rules():
            failed = True
            inner = join(path, key) if key else path
            self.report("KDL-CFG-022", node.place(key) if key else place, inner, message, "", suggestion)
        return FAILED if failed else made

    def list_value(self, node: Node, shape: ListShape, path: str, field: FieldShape | None) -> Any:
        """Return the list that a node stands for."""
        if type(node) is Scalar and node.style is TEXT and node.reference is None:
            made = self.text_to_list(node, path)
            if made is None:
                return FAILED
            node = made
        if type(node) is not Sequence:
            return self.unfit(node, path, "a list", field)
        values = []
        failed = False
        for index, child in enumerate(node.items):
            value = self.value(child, shape.item, f"{path}[{index}]", field)
            failed = failed or value is FAILED
            values.append(value)
        if failed:
            return FAILED
        try:
            return shape.make(values)
        except TypeError:  # a set of what cannot be hashed
            return self.unfit(node, path, "a list of single values", field)

    def map_value(self, node: Node, shape: MapShape, path: str, field: FieldShape | None) -> Any:
        """Return the map with free keys that a node stands for."""
        map_node = self.as_map(node, path, field)
        if map_node is None:
            return FAILED
        values: dict[str, Any] = {}
        failed = False
        for key, child in map_node.items.items():
            if type(child) is Scalar and child.is_null:
                continue
            value = self.value(child, shape.value, join(path, key), field)
            failed = failed or value is FAILED
            values[key] = value
        return FAILED if failed else values

    def union(self, node: Node, shape: UnionShape, path: str, field: FieldShape | None) -> Any:
        """Return the value by the one shape that fits the node's form."""
        if type(node) is Map and shape.models:
            return self.tagged(node, shape, path)
        wanted: tuple[type, ...] = (
            (ScalarShape, AnyShape)
            if type(node) is Scalar
            else (ListShape, AnyShape)
            if type(node) is Sequence
            else (ModelShape, MapShape, SectionShape, AnyShape)
        )
        fitting = [other for other in shape.others if type(other) in wanted]
        if not fitting and type(node) is Scalar and node.style is TEXT:
            fitting = list(shape.others)
        for other in fitting[:-1]:
            attempt = Checker(self.variables)
            value = attempt.value(node, other, path, field)
            if value is not FAILED:
                return value
        if not fitting or (len(fitting) > 1 and self._fails(node, fitting[-1], path, field)):
            return self.unfit(node, path, expectation(shape), field)
        return self.value(node, fitting[-1], path, field)

    def _fails(self, node: Node, shape: Shape, path: str, field: FieldShape | None) -> bool:
        return Checker(self.variables).value(node, shape, path, field) is FAILED

    def tagged(self, node: Map, shape: UnionShape, path: str) -> Any:
        """Return the model that the discriminator chooses."""
        key = shape.discriminator
        chosen = node.items.get(key)
        if chosen is None or is_null(chosen):
            models = {id(model): model for model in shape.models.values()}.values()
            default = [model for model in models if not model.fields[key].is_required]
            if len(default) == 1:
                return self.model(node, default[0], path)
            self.report(
                "KDL-CFG-006",
                (node.source, node.line, node.column),
                path,
                f"missing key {key!r}{inside(path)}",
                one_of(shape.models),
            )
            return FAILED
        inner = join(path, key)
        if type(chosen) is not Scalar:
            return self.unfit(chosen, inner, one_of(shape.models))
        scalar = self.resolved(chosen, inner)
        if scalar is None:
            return FAILED
        model = shape.models.get(scalar.text)
        if model is None or scalar.reference is not None:
            self.unknown_type(scalar, inner, shape.models)
            return FAILED
        return self.model(node, model, path)

    def scalar(self, node: Node, shape: ScalarShape, path: str, field: FieldShape | None) -> Any:
        """Return the value of a scalar, typed."""
        if type(node) is not Scalar:
            return self.unfit(node, path, expectation(shape), field)
        if shape.kind == "secret" or (field is not None and field.is_hidden):
            register(node.text)
            if node.reference is None and shape.kind == "secret" and node.style is not PLAIN:
                return Secret(node.text)
        if node.reference is not None:
            if shape.kind == "choice":
                return self.unfit(node, path, expectation(shape), field)
            return node.reference
        kind: str
        if node.style is PLAIN:
            kind, value = scalars.resolve_plain(node.text)
            if kind == "ambiguous":
                return self.ambiguous(node, shape, path, value, field)
            if kind == "text" and shape.kind == "text":
                return value
        else:
            kind, value = "text", node.text
        made = convert(kind, value, node, shape)
        return self.unfit(node, path, expectation(shape), field, shape) if made is FAILED else made

    def plain(self, node: Node, path: str) -> Any:
        """Return a node as plain data, typed by what is written."""
        if type(node) is Scalar:
            if is_sensitive(path.rpartition(".")[2]):
                register(node.text)
            if node.reference is not None:
                return node.reference
            if node.style is not PLAIN:
                return node.text
            kind, value = scalars.resolve_plain(node.text)
            if kind == "ambiguous":
                return self.ambiguous(node, None, path, value, None)
            return value
        failed = False
        if type(node) is Sequence:
            items = [self.value(child, _ANY, f"{path}[{index}]") for index, child in enumerate(node.items)]
            return FAILED if any(item is FAILED for item in items) else items
        assert type(node) is Map
        values: dict[str, Any] = {}
        for key, child in node.items.items():
            if type(child) is Scalar and child.is_null:
                continue
            value = values[key] = self.value(child, _ANY, join(path, key))
            failed = failed or value is FAILED
        return FAILED if failed else values

    # Text from where there are no lists and maps

    def as_map(self, node: Node, path: str, field: FieldShape | None) -> Map | None:
        """Return a node as a map; a text from outside YAML may be one in JSON."""
        if type(node) is Map:
            return node
        if type(node) is Scalar and node.style is TEXT and node.text.lstrip()[:1] == "{":
            from kindling.config.outside import json_to_node

            made = json_to_node(node.text, node.source)
            if type(made) is Map:
                return made
        self.unfit(node, path, "a map: lines of 'key: value'", field)
        return None

    def text_to_list(self, node: Scalar, path: str) -> Sequence | None:
        """Return a text from outside YAML as a list: JSON where it begins with ``[``, else split at commas."""
        if node.text.lstrip()[:1] == "[":
            from kindling.config.outside import json_to_node

            made = json_to_node(node.text, node.source)
            if type(made) is not Sequence:
                self.unfit(node, path, "a list in JSON, or values with commas between")
                return None
            return made
        texts = [part.strip() for part in node.text.split(",")]
        items: list[Node] = [
            Scalar(part, TEXT, node.source, node.line, node.column, via=node.via, is_hidden=node.is_hidden)
            for part in texts
            if part
        ]
        return Sequence(items, node.source, node.line, node.column)

    # Limits

    def holds(self, value: Any, node: Node, field: FieldShape, path: str) -> bool:
        """Check a value against the limits of its field; references to secrets are checked when they are opened."""
        from kindling.config.limits import broken_limit

        broken = broken_limit(value, field.setting)
        if broken is None:
            return True
        what, expected = broken
        is_hidden = field.is_hidden or (type(node) is Scalar and node.is_hidden)
        resolved = self.resolved(node, path) if type(node) is Scalar else None
        shown = "not allowed" if is_hidden else short(str(what)) if what is not None else describe(resolved or node)
        self.report("KDL-CFG-007", (node.source, node.line, node.column), path, f"{path} is {shown}", expected)
        return False


_ANY = AnyShape()
