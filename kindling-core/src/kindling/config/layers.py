"""The layers of a configuration: found, read and laid on each other, with all that is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kindling.config.checking import Checker, check_node
from kindling.config.composing import MAXIMUM_SIZE, compose
from kindling.config.interpolation import Interpolation
from kindling.config.loaded import FILE_NAME, LoadedConfig, SectionModels
from kindling.config.model import ENVIRONMENT_PATTERN, ProjectConfig
from kindling.config.nodes import TEXT, Map, Scalar, Source, merge
from kindling.config.shapes import shape_of_model
from kindling.config.variables import apply_environment, apply_options
from kindling.errors import Location, Problem

DEFAULT_ENVIRONMENT = "dev"


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


class Layers:
    """One loading: what is read on the way, and what is wrong with it.

    Args:
        environ: Environment variables by name.
    """

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
        """Read all layers and lay them on each other; arguments as of ``load_config``."""
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
        """Check the merged layers against the model of ``kindling.yaml``."""
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
        """Return the text of a file, or None where it cannot be read."""
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
