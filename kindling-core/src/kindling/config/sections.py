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
        from kindling.config.checking import Checker

        node = self.node.items.get("type")
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
        from kindling.config.checking import check_node

        checked = check_node(self.node, model, path=self.path, variables=self._variables, also=also)
        if checked.value is None:
            raise ConfigError(checked.problems)
        return checked.value

    def __getitem__(self, key: str) -> Any:
        return self.data()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data())

    def __len__(self) -> int:
        return len(self.data())

    def __repr__(self) -> str:
        return f"<section {self.path}: {', '.join(self.node.items)}>"
