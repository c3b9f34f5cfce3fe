"""A part of the configuration whose model is known only later, from a plugin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from kindling.config.interpolation import Interpolation
from kindling.config.nodes import Map, Scalar
from kindling.errors import ConfigError

if TYPE_CHECKING:
    from kindling.config.checking import Checked

T = TypeVar("T")


class Section(Mapping[str, Any]):
    """A map of the configuration, unchecked: ``platforms.fabric``, ``connections.bronze``.

    Reads like a dict of plain data; its interpolations are resolved when it is read, so that a variable that is
    missing in a section nobody uses disturbs nobody. :meth:`build` makes it a model's instance.

    Args:
        node: The map.
        path: Its path.
        variables: Resolves ``${…}``.
    """

    is_config_section: ClassVar[bool] = True

    def __init__(self, node: Map, path: str, variables: Interpolation | None = None) -> None:
        self.node = node
        self.path = path
        self._variables = variables
        self._data: dict[str, Any] | None = None

    @property
    def type_name(self) -> str | None:
        """What stands under ``type``, interpolated; None where nothing does or it cannot be told."""
        return self.text("type")

    def text(self, key: str) -> str | None:
        """Return one value as text, interpolated; None where there is none or it cannot be told.

        Args:
            key: A key of this section.
        """
        from kindling.config.checking import Checker

        node = self.node.items.get(key)
        scalar = Checker(self._variables).resolved(node, "") if type(node) is Scalar else None
        return scalar.text if scalar is not None and not scalar.is_null and scalar.reference is None else None

    def data(self) -> dict[str, Any]:
        """Return the section as plain data; secrets by reference stay references.

        Raises:
            ConfigError: An interpolation cannot be resolved, or a value is ambiguous.
        """
        if self._data is None:
            from kindling.config.checking import Checker

            checker = Checker(self._variables)
            checked: Checked[Any] = checker.checked(checker.plain(self.node, self.path))
            if checked.errors:
                raise ConfigError(checked.problems)
            assert checked.value is not None
            self._data = dict(checked.value)
        return self._data

    def build(self, model: type[T], *, also: Iterable[str] = ()) -> T:
        """Check the section against a model and return the model's instance.

        Args:
            model: A frozen dataclass.
            also: Keys that may stand there besides the model's, and are read by somebody else.

        Raises:
            ConfigError: With all problems of the section.
        """
        made: tuple[T, ...] = self.build_together((model,), also=also)
        return made[0]

    def build_together(self, models: Iterable[type[T]], *, also: Iterable[str] = ()) -> tuple[T, ...]:
        """Check the section against models whose keys stand in it side by side, and return their instances.

        Args:
            models: Frozen dataclasses.
            also: Keys that may stand there besides the models', and are read by somebody else.

        Raises:
            ConfigError: With all problems of the section.
        """
        checked = self.check_together(models, also=also)
        if checked.value is None:
            raise ConfigError(checked.problems)
        return checked.value

    def check_together(self, models: Iterable[type[T]], *, also: Iterable[str] = ()) -> Checked[tuple[T, ...]]:
        """Check the section against models whose keys stand in it side by side.

        Args:
            models: Frozen dataclasses.
            also: Keys that may stand there besides the models', and are read by somebody else.
        """
        from kindling.config.checking import Checker
        from kindling.config.shapes import shape_of_model

        checker = Checker(self._variables)
        shapes = [shape_of_model(model) for model in models]
        everybody = (*also, *(key for shape in shapes for key in shape.fields))
        values = tuple(
            checker.model(self.node, shape, self.path, also=everybody if len(shapes) > 1 else tuple(also))
            for shape in shapes
        )
        failed = any(not problem.is_warning for problem in checker.problems)
        return checker.checked(None if failed else values)

    def __getitem__(self, key: str) -> Any:
        return self.data()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data())

    def __len__(self) -> int:
        return len(self.data())

    def __repr__(self) -> str:
        return f"<section {self.path}: {', '.join(self.node.items)}>"
