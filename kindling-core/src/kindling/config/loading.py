"""Loading the configuration of a project: files, overlay, environment variables, options; laid on each other.

What stands higher wins: the command line, then environment variables, then the overlay, then the base file. Maps
merge, lists replace, ``null`` removes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kindling.config.checking import Checked, Checker, check_node, in_order
from kindling.config.composing import MAXIMUM_SIZE, compose
from kindling.config.interpolation import Interpolation
from kindling.config.model import ENVIRONMENT_PATTERN, ProjectConfig
from kindling.config.nodes import TEXT, Map, Node, Scalar, Source, is_null, join, merge
from kindling.config.sections import Section
from kindling.config.shapes import shape_of_model
from kindling.config.variables import apply_environment, apply_options
from kindling.config.wording import one_of
from kindling.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from kindling.config.origins import Origin

T = TypeVar("T")

FILE_NAME = "kindling.yaml"
DEFAULT_ENVIRONMENT = "dev"
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


def find_project(start: Path | None = None) -> Path | None:
    """Return the nearest folder with a ``kindling.yaml``, from ``start`` upwards.

    Args:
        start: Folder to begin in. Without it: the working directory.
    """
    folder = (start or Path.cwd()).absolute()
    for candidate in (folder, *folder.parents):
        if os.path.isfile(candidate / FILE_NAME):  # noqa: PTH113 - takes no detour over exceptions
            return candidate
    return None


def load_config(
    start: Path | None = None,
    *,
    file: Path | None = None,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = None,
    sections: SectionModels | None = None,
    use: Collection[str] | None = None,
) -> LoadedConfig:
    """Load and check the configuration of a project.

    Sections of platforms and connections are checked when they are used, or here where ``use`` names them.

    Args:
        start: Where to look for ``kindling.yaml``, upwards. Without it: the working directory.
        file: The base file itself; its overlay lies beside it.
        environment: Name of the environment. Without it: ``KINDLING_ENVIRONMENT``, else ``environment:`` of the base
            file, else ``dev``.
        variables: Values for ``${var.…}``, as of ``--var``.
        environ: Environment variables; without it, those of the process.
        env_file: A file of environment variables; without it, the one that ``env_file:`` names. What is set in the
            environment itself wins.
        sections: Gives the models of sections.
        use: Paths of the sections to check now: ``platforms.fabric``, ``connections``, ``*`` for all.

    Returns:
        The configuration. Without a ``kindling.yaml``: the defaults, and what variables set.

    Raises:
        ConfigError: It does not hold; with all problems, each with its place.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "kindling.yaml").write_text("project: shop\\nengine: pandas\\n")
        >>> load_config(folder, environ={"KINDLING_ENGINE": "spark"}).config.engine
        'spark'
    """
    loader = _Loader(os.environ if environ is None else environ)
    loaded = loader.load(start, file, environment, variables or {}, env_file, sections)
    problems = [*loader.problems]
    if (configure := getattr(sections, "configure", None)) is not None:
        # Before any plugin is imported: what is disabled must not be.
        plugins = loaded.config.plugins
        configure(disable=plugins.disable, allow=plugins.allow, strict=plugins.strict, prefer=plugins.prefer)
    if use is not None and not any(not problem.is_warning for problem in problems):
        problems.extend(loaded.check(use))
    if any(not problem.is_warning for problem in problems):
        raise ConfigError(in_order(problems))
    loaded.warnings = in_order(problems)
    return loaded


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


class _Loader:
    """One loading: what is read on the way, and what is wrong with it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.process_environ = environ
        self.environ = environ
        self.details: dict[str, str] = {}
        self.problems: list[Problem] = []

    def load(
        self,
        start: Path | None,
        file: Path | None,
        environment: str | None,
        variables: Mapping[str, str],
        env_file: Path | None,
        sections: SectionModels | None,
    ) -> LoadedConfig:
        root, base_file, shown = self.find(start, file)
        base = self.read(base_file, shown) if base_file is not None else Map({}, {}, Source("default", "defaults"))
        if env_file is None and self.environ.get("KINDLING_ENV_FILE"):
            env_file = Path(self.environ["KINDLING_ENV_FILE"])
        if env_file is not None:
            self.read_env_file(env_file, str(env_file), is_asked_for=True)
        else:
            self.read_named_env_file(base, root)
        name = self.environment_name(environment, base)
        tree = base
        if base_file is not None:
            overlay = self.overlay(base_file, shown, name)
            if overlay is not None:
                if env_file is None:
                    self.read_named_env_file(overlay, root)
                tree = merge(base, overlay)
        keys = shape_of_model(ProjectConfig).fields
        tree = apply_environment(tree, self.environ, keys, self.problems, details=self.details)
        tree = apply_options(tree, variables)
        tree = self.fix_environment(tree, environment, name)
        return self.check(tree, root, base_file, name, sections)

    def check(
        self, tree: Map, root: Path, file: Path | None, environment: str, sections: SectionModels | None
    ) -> LoadedConfig:
        values = tree.items.get("vars")
        interpolation = Interpolation(self.environ, values if type(values) is Map else None)
        found = len(self.problems)
        checked = check_node(tree, ProjectConfig, variables=interpolation)
        self.problems[found:] = checked.problems
        return LoadedConfig(
            root=root,
            file=file,
            environment=environment,
            config=checked.value or ProjectConfig(environment=environment),
            tree=tree,
            variables=interpolation,
            sections=sections,
        )

    # Files

    def find(self, start: Path | None, file: Path | None) -> tuple[Path, Path | None, str]:
        """Return the project's folder, the base file, and the file's name for people."""
        if file is not None:
            return file.absolute().parent, file, str(file)
        folder = find_project(start)
        if folder is not None:
            return folder, folder / FILE_NAME, FILE_NAME
        root = (start or Path.cwd()).absolute()
        for wrong in ("kindling.yml", "Kindling.yaml", "kindling.json", "kindling.toml"):
            if (root / wrong).is_file():
                self.problems.append(
                    Problem(
                        "KDL-CFG-018",
                        f"the configuration is not read from {wrong}",
                        Location(wrong),
                        FILE_NAME,
                        f"rename it to {FILE_NAME}, or pass --config {wrong}",
                    )
                )
                break
        return root, None, FILE_NAME

    def read(self, file: Path, shown: str) -> Map:
        """Return what a YAML file holds; an empty map where it cannot be read."""
        source = Source("file", shown)
        empty = Map({}, {}, source, 1, 1)
        text = self.read_text(file, shown)
        if text is None:
            return empty
        return compose(text, source, self.problems) or empty

    def read_text(self, file: Path, shown: str) -> str | None:
        try:
            with file.open("rb") as stream:
                raw = stream.read(MAXIMUM_SIZE + 1)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problems.append(Problem("KDL-CFG-018", f"the file cannot be read: {reason}", Location(shown)))
            return None
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            from kindling.config.encodings import explain_encoding

            self.problems.append(explain_encoding(raw, error, shown))
            return None

    def overlay(self, base_file: Path, shown: str, environment: str) -> Map | None:
        """Return the overlay of an environment, where there is one beside the base file."""
        if not _is_environment(environment):
            return None
        file = base_file.with_name(f"{base_file.stem}.{environment}{base_file.suffix}")
        if not file.is_file():
            self.note_near_overlay(base_file, environment)
            return None
        shown = shown[: len(shown) - len(base_file.name)] + file.name
        return self.read(file, shown)

    def note_near_overlay(self, base_file: Path, environment: str) -> None:
        """Warn where an environment has no overlay and one of nearly its name has."""
        if environment == DEFAULT_ENVIRONMENT:
            return
        prefix, suffix = base_file.stem + ".", base_file.suffix
        try:
            beside = [entry.name for entry in base_file.absolute().parent.iterdir()]
        except OSError:
            return
        names = [
            name[len(prefix) : -len(suffix) or None]
            for name in beside
            if name.startswith(prefix) and name.endswith(suffix) and name != base_file.name
        ]
        if not names:
            return
        from kindling.config.suggesting import did_you_mean

        if suggestion := did_you_mean(environment, names):
            self.problems.append(
                Problem(
                    "KDL-CFG-024",
                    f"the environment {environment!r} has no overlay",
                    Location(base_file.name),
                    suggestion=suggestion,
                    is_warning=True,
                )
            )

    def read_named_env_file(self, layer: Map, root: Path) -> None:
        """Read the file that ``env_file:`` of a layer names."""
        node = layer.items.get("env_file")
        if type(node) is not Scalar or node.is_null:
            return
        scalar = Checker(Interpolation(self.environ)).resolved(node, "env_file")
        if scalar is None or scalar.reference is not None:
            return  # the check of the whole says what is wrong
        self.read_env_file(root / scalar.text, scalar.text, is_asked_for=False, node=node)

    def read_env_file(self, file: Path, shown: str, *, is_asked_for: bool, node: Scalar | None = None) -> None:
        """Take over the variables of a file, below those that are set."""
        from kindling.config.env_file import parse_env_file

        if not is_asked_for and not file.exists():
            # Committed in the configuration, while the file itself is not: so it is on every build machine.
            assert node is not None
            place = Location(node.source.name, node.line or None, node.column or None, "env_file")
            self.problems.append(
                Problem(
                    "KDL-CFG-018",
                    f"there is no file {shown}",
                    place,
                    suggestion="create it, or remove env_file",
                    is_warning=True,
                )
            )
            return
        text = self.read_text(file, shown)
        if text is None:
            return
        found = parse_env_file(text, shown, self.problems)
        # In place of what a file of a lower layer gave, as any value of an overlay.
        self.details = {name: shown for name in found if name not in self.process_environ}
        self.environ = {**found, **self.process_environ}

    # The environment's name

    def environment_name(self, asked: str | None, base: Map) -> str:
        """Return the name: asked for, ``KINDLING_ENVIRONMENT``, the base file's, ``dev``."""
        name = asked or self.environ.get("KINDLING_ENVIRONMENT")
        if name:
            if not _is_environment(name):
                self.problems.append(
                    Problem(
                        "KDL-CFG-024",
                        f"{name!r} is no name of an environment"
                        + ("" if asked else " (from environment variable KINDLING_ENVIRONMENT)"),
                        expected="letters, digits, '.', '_' and '-', such as dev or prod",
                    )
                )
            return name
        node = base.items.get("environment")
        if type(node) is Scalar and not node.is_null:
            scalar = Checker(Interpolation(self.environ)).resolved(node, "environment")
            if scalar is not None and scalar.reference is None and scalar.text:
                return scalar.text
        return DEFAULT_ENVIRONMENT

    def fix_environment(self, tree: Map, asked: str | None, name: str) -> Map:
        """Make ``environment`` of the tree what was chosen; an overlay cannot choose another one."""
        node = tree.items.get("environment")
        if not _is_environment(name):
            return tree
        if type(node) is Scalar and not node.is_null and node.text == name:
            return tree
        if type(node) is Scalar and node.source.kind == "file" and asked is None and "$" not in node.text:
            where = Location(node.source.name, node.line, node.column, "environment")
            self.problems.append(
                Problem(
                    "KDL-CFG-024",
                    f"the overlay of {name!r} chooses the environment {node.text!r}",
                    where,
                    f"no key environment, or {name}",
                )
            )
        source = Source("option", "--env") if asked is not None else Source("default", "default")
        chosen = Scalar(name, TEXT, source)
        return merge(tree, Map({"environment": chosen}, {"environment": (source, 0, 0)}, source))


def _is_environment(name: str) -> bool:
    import re

    return re.fullmatch(ENVIRONMENT_PATTERN, name) is not None
