"""A configuration as it was loaded: its sections as settings, checked when they are used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kindling.config.checking import Checked, Checker, in_order
from kindling.config.interpolation import Interpolation
from kindling.config.model import ProjectConfig
from kindling.config.nodes import Map, Node, Scalar, Source, is_null, join
from kindling.config.sections import Section
from kindling.config.shapes import shape_of_model
from kindling.config.wording import one_of
from kindling.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from kindling.config.origins import Origin

T = TypeVar("T")

FILE_NAME = "kindling.yaml"
#: Keys of a platform's section that are the framework's, whatever its plugin takes.
PLATFORM_KEYS = ("artifacts",)
#: Keys of a connection that are the framework's, whatever its type takes.
CONNECTION_KEYS = ("type", "auth_mode")


class SectionModels(Protocol):
    """What the configuration asks of the plugin host: the models of sections that plugins own."""

    def platform(self, name: str) -> type | None:
        """Return the settings model of a platform; None where it is unknown or its plugin is broken."""

    def connection(self, type_name: str) -> type | None:
        """Return the settings model of a connection type; None where it is unknown or its plugin is broken."""

    def auth_modes(self, type_name: str) -> tuple[str, ...]:
        """Return the auth modes that a type of connection takes, the default first; none where it is not known."""

    def auth_model(self, mode: str) -> type | None:
        """Return the settings of an auth mode, which stand among the keys of a connection; None where not known."""

    def connection_types(self) -> tuple[str, ...]:
        """Return the connection types that plugins serve, by name."""

    def platform_names(self) -> tuple[str, ...]:
        """Return the platforms that plugins serve, by name."""


def connection_models(sections: SectionModels, type_name: str) -> tuple[type, ...]:
    """Return all models whose keys may stand in a connection of a type: its storage's, and those of its auth modes.

    Args:
        sections: Gives the models.
        type_name: The connection type.
    """
    storage = sections.connection(type_name)
    if storage is None:
        return ()
    found = [storage, *(sections.auth_model(mode) for mode in sections.auth_modes(type_name))]
    return tuple(dict.fromkeys(model for model in found if model is not None))


class LoadedConfig:
    """A configuration as it was loaded.

    Args:
        root: The project's folder.
        file: The base file, or None where there is none.
        environment: Name of the environment.
        config: The configuration, typed.
        tree: The same as nodes, before interpolation.
        variables: Resolves ``${…}``.
        sections: Gives the models of sections.
    """

    def __init__(
        self,
        *,
        root: Path,
        file: Path | None,
        environment: str,
        config: ProjectConfig,
        tree: Map,
        variables: Interpolation,
        sections: SectionModels | None,
    ) -> None:
        self.root = root
        self.file = file
        self.environment = environment
        self.config = config
        self.tree = tree
        self.variables = variables
        #: What is not wrong enough to stop for.
        self.warnings: tuple[Problem, ...] = ()
        #: Options that it was loaded with and that no file holds: a child process loads the same by them.
        self.opened_with: Mapping[str, Any] = {}
        self._sections = sections

    @property
    def sections(self) -> SectionModels | None:
        """Who gives the models of sections."""
        return self._sections

    def ask(self, sections: SectionModels) -> None:
        """Take the models of sections from somewhere else than until now.

        Args:
            sections: Gives the models.
        """
        self._sections = sections

    def __repr__(self) -> str:
        return f"<configuration of {self.file or self.root}, environment {self.environment}>"

    def platform(self, name: str, model: type[T]) -> T:
        """Return the section of a platform, as its settings; the defaults where there is none.

        Args:
            name: Name of the platform.
            model: The platform's settings dataclass.

        Raises:
            ConfigError: The section does not hold; with all its problems.
        """
        section = self.config.platforms.get(name)
        if section is None:
            return self._absent(join("platforms", name)).build(model)
        return section.build(model, also=PLATFORM_KEYS)

    def connection(self, name: str, model: type[T] | None = None) -> Any:
        """Return a connection as its settings.

        Args:
            name: Name of the connection.
            model: Its settings dataclass. Without it: the one of its ``type``, and plain data where nobody knows it.

        Raises:
            ConfigError: There is no such connection (KDL-CFG-019), or it does not hold.
        """
        section = self._connection_section(name)
        models = self._models_of(section, model)
        if not models:
            return section.data()
        return section.build_together(models, also=CONNECTION_KEYS)[0]

    def connection_auth(self, name: str) -> tuple[str, Any] | None:
        """Return the auth mode of a connection and the settings of that mode.

        Args:
            name: Name of the connection.

        Returns:
            The mode, ``auth_mode:`` or its type's default, and an instance of the mode's settings, None where it has
            none; or None where the type knows no modes.

        Raises:
            ConfigError: There is no such connection, or it does not hold.
        """
        section = self._connection_section(name)
        mode = self._auth_mode(section)
        if mode is None or self._sections is None:
            return None
        model = self._sections.auth_model(mode)
        if model is None:
            return mode, None
        models = [*self._models_of(section, None)]
        return mode, section.build_together(models, also=CONNECTION_KEYS)[models.index(model)]

    def _connection_section(self, name: str) -> Section:
        section = self.config.connections.get(name)
        if section is not None:
            return section
        from kindling.config.suggesting import did_you_mean

        known = list(self.config.connections)
        suggestion = did_you_mean(name, known) or (
            f"known: {', '.join(known)}" if known else f"add it under connections: in {FILE_NAME}"
        )
        where = self._where("connections")
        raise ConfigError([Problem("KDL-CFG-019", f"there is no connection {name!r}", where, suggestion=suggestion)])

    def _auth_mode(self, section: Section) -> str | None:
        modes = self._sections.auth_modes(section.type_name or "") if self._sections is not None else ()
        return section.text("auth_mode") or (modes[0] if modes else None)

    def _models_of(self, section: Section, model: type | None) -> tuple[type, ...]:
        """Return the models whose keys stand together in a connection: its storage's, and its auth mode's."""
        if self._sections is None:
            return () if model is None else (model,)
        chosen = model or self._sections.connection(section.type_name or "")
        if chosen is None:
            return ()
        mode = self._auth_mode(section)
        auth = self._sections.auth_model(mode) if mode is not None else None
        return (chosen,) if auth is None or auth is chosen else (chosen, auth)

    def section(self, path: str, model: type[T]) -> T:
        """Return any part of the configuration as a model's instance; its defaults where the part is not there.

        Args:
            path: Keys with dots between: ``runs``, ``platforms.fabric``.
            model: A frozen dataclass.

        Raises:
            ConfigError: The part does not hold; with all its problems.
        """
        node: Node | None = self.tree
        for key in path.split("."):
            node = node.items.get(key) if type(node) is Map else None
        if node is None or (type(node) is Scalar and node.is_null):
            return self._absent(path).build(model)
        checker = Checker(self.variables)
        value = checker.value(node, shape_of_model(model), path)
        checked: Checked[T] = checker.checked(value)
        if checked.value is None:
            raise ConfigError(checked.problems)
        return checked.value

    def check(self, use: Collection[str] = ("*",)) -> tuple[Problem, ...]:
        """Check sections against the models of their plugins.

        Args:
            use: Paths: ``platforms.fabric``, ``connections``, ``*`` for all.

        Returns:
            All problems; none where it holds, or where nobody knows the models.
        """
        problems: list[Problem] = []
        if "*" in use and self.config.vars is not None:
            checker = Checker(self.variables)
            checker.plain(self.config.vars.node, "vars")
            problems.extend(checker.problems)
        for kind, entries in (("platforms", self.config.platforms), ("connections", self.config.connections)):
            for name, section in entries.items():
                if "*" in use or kind in use or section.path in use or f"{kind}.{name}" in use:
                    problems.extend(self._check_section(kind, name, section))
        return in_order(problems)

    def _check_section(self, kind: str, name: str, section: Section) -> tuple[Problem, ...]:
        known = self._sections
        if known is None:
            return ()
        if kind == "platforms":
            if name not in (names := known.platform_names()):
                return self._not_served(section, f"no installed plugin serves the platform {name!r}", name, names)
            model = known.platform(name)
            models: tuple[type, ...] = () if model is None else (model,)
            also: tuple[str, ...] = PLATFORM_KEYS
        else:
            type_name, wrong = self._connection_type(section, known.connection_types())
            wrong = wrong or self._check_auth_mode(section, known.auth_modes(type_name))
            if wrong:
                return wrong
            models = self._models_of(section, None)
            also = CONNECTION_KEYS
        return section.check_together(models, also=also).problems if models else ()

    def _not_served(self, section: Section, message: str, name: str, known: tuple[str, ...]) -> tuple[Problem, ...]:
        """Return a warning: the section stays unchecked, and who uses it gets an error then."""
        from kindling.config.suggesting import did_you_mean

        where = self._where(section.path)
        suggestion = did_you_mean(name, known) or "it is not checked; kindling plugins list shows what is installed"
        return (Problem("KDL-CFG-026", message, where, suggestion=suggestion, is_warning=True),)

    def _check_auth_mode(self, section: Section, modes: tuple[str, ...]) -> tuple[Problem, ...]:
        node = section.node.items.get("auth_mode")
        if type(node) is not Scalar or node.is_null:
            return ()
        checker = Checker(self.variables)
        path = join(section.path, "auth_mode")
        scalar = checker.resolved(node, path)
        if scalar is not None and (scalar.reference is not None or (modes and scalar.text not in modes)):
            checker.unknown_type(scalar, path, modes)
        return tuple(checker.problems)

    def _connection_type(self, section: Section, known: tuple[str, ...]) -> tuple[str, tuple[Problem, ...]]:
        """Return the type of a connection, or what is wrong with it."""
        path = join(section.path, "type")
        checker = Checker(self.variables)
        node = section.node.items.get("type")
        if node is None or is_null(node):
            place = self.tree_place(section.path)
            checker.report("KDL-CFG-006", place, path, f"missing key 'type' in {section.path}", one_of(known))
        elif type(node) is not Scalar:
            checker.unfit(node, path, one_of(known))
        else:
            scalar = checker.resolved(node, path)
            if scalar is not None:
                if scalar.reference is None and scalar.text in known:
                    return scalar.text, ()
                from kindling.config.suggesting import nearest

                if scalar.reference is None and nearest(scalar.text, known) is None:
                    # Its plugin may be installed where it is used: what cannot be known here is no error.
                    message = f"no installed plugin serves the connection type {scalar.text!r}"
                    return "", self._not_served(section, message, scalar.text, known)
                checker.unknown_type(scalar, path, known)
        return "", tuple(checker.problems)

    def origins(self) -> Iterator[Origin]:
        """Iterate over the values of the configuration, each with where it came from; secrets masked."""
        from kindling.config.origins import origins

        return origins(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain data for people to see, interpolated as far as can be, secrets masked."""
        from kindling.config.origins import to_dict

        return to_dict(self)

    def tree_place(self, path: str) -> tuple[Source, int, int]:
        """Return where a key stands, or the nearest map around it."""
        node: Node = self.tree
        place = (self.tree.source, self.tree.line, self.tree.column)
        for key in path.split("."):
            if type(node) is not Map or key not in node.items:
                break
            place = node.place(key)
            node = node.items[key]
        return place

    def _where(self, path: str) -> Location | None:
        source, line, column = self.tree_place(path)
        return Location(source.name, line or None, column or None, path) if source.kind == "file" else None

    def _absent(self, path: str) -> Section:
        source, line, column = self.tree_place(path)
        return Section(Map({}, {}, source, line, column), path, self.variables)
