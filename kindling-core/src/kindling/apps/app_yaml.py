"""Reading ``app.yaml`` and its overlay into an :class:`AppDefinition`."""

# Annotations are values here, not texts: checking a file needs them, and would have to evaluate each.
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from kindling import frozen
from kindling.apps.definition import (
    FILE_NAME,
    UNSET,
    AppDefinition,
    ParameterDefinition,
    name_fault,
    parameter_name_fault,
)
from kindling.config.checking import check_node
from kindling.config.composing import compose
from kindling.config.fields import Duration, setting
from kindling.config.nodes import Map, Scalar, Source, is_null, join, location, merge
from kindling.errors import Location, Problem

UNREADABLE = "KDL-APP-006"
KINDS = "KDL-APP-007"
NOT_BUILT = "KDL-APP-008"
BAD_NAME = "KDL-APP-010"
BAD_PARAMETER = "KDL-APP-016"
BAD_VERSION = "KDL-APP-026"

_KINDS = ("entry_point", "pipeline", "workflow")


# Neither compared nor printed: what a dataclass is not asked to make costs no start-up.
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ParameterFile:
    """A parameter as ``app.yaml`` writes it."""

    type: Literal["string", "integer", "number", "boolean", "date", "datetime", "list"] = setting(
        default="string", doc="Its type."
    )
    default: Any = setting(default=None, doc="Its value where none is given.")  # noqa: RUF009 - a field's description
    required: bool = setting(default=False, doc="Whether a run without it is refused.")
    choices: tuple[Any, ...] = setting(default=(), doc="The only values it may have.")
    description: str = setting(default="", doc="What it is for.")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AppFile:
    """``app.yaml`` as it is written: the model that it is checked against, and of its JSON Schema."""

    name: str | None = setting(default=None, doc="Name of the app: that of its folder.", example="orders")
    version: str | None = setting(default=None, doc="Version of the app (PEP 440).", example="1.4.0")
    description: str = setting(default="", doc="What it does, in a sentence.")
    entry_point: str | None = setting(default=None, doc="File that is executed.", example="main.py")
    pipeline: str | None = setting(default=None, doc="FILE#NAME of a pipeline.", example="pipelines.yaml#daily")
    workflow: str | None = setting(default=None, doc="MODULE:NAME of a workflow.", example="flows:daily")
    platforms: tuple[str, ...] = setting(default=(), doc="The platforms it supports; all without it.")
    parameters: Mapping[str, ParameterFile] = setting(default_factory=dict, doc="Its parameters by name.")
    job: Mapping[str, Any] = setting(default_factory=dict, doc="Settings of the job that it is deployed as.")
    locked: bool = setting(default=False, doc="Whether it runs with locked dependencies only.")
    restricted: bool = setting(default=False, doc="Whether it runs with restricted rights.")
    lazy: bool = setting(default=False, doc="Whether its dependencies are fetched when first imported.")
    executable: tuple[str, ...] = setting(default=(), doc="Files that are marked executable in a package.")
    time_limit: Duration | None = setting(  # noqa: RUF009 - a field's description
        default=None, doc="How long a run may take.", minimum=0.001, example="2h"
    )


@frozen.dataclass(frozen=True)
class Reading:
    """What a reading of ``app.yaml`` gave.

    Args:
        definition: The app; None where there are errors.
        problems: Errors and warnings, in the order of the file.
        entry_point: The entry point as written, also where there are errors.
        shown: How messages call the file.
        root: What the file and its overlay say, merged.
    """

    definition: AppDefinition | None
    problems: tuple[Problem, ...] = ()
    entry_point: str | None = None
    shown: str = FILE_NAME
    root: Map | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are no warnings."""
        return tuple(problem for problem in self.problems if not problem.is_warning)

    def location(self, key: str) -> Location:
        """Return where a value stands, or the file where it is not written.

        Args:
            key: A key of the top.
        """
        if self.root is None or key not in self.root.items:
            return Location(self.shown, path=key)
        node = self.root.items[key]
        return location((node.source, node.line, node.column), key) or Location(self.shown, path=key)


def overlays(folder: Path) -> list[str]:
    """Return the environments for which an app has an overlay, sorted.

    Args:
        folder: The app's folder.
    """
    parts = (entry.name.split(".") for entry in folder.iterdir())
    return sorted(part[1] for part in parts if len(part) == 3 and part[0] == "app" and part[2] == "yaml")


def read_definition(folder: Path, environment: str, *, shown: str = FILE_NAME) -> Reading:
    """Read and check ``app.yaml`` of a folder, with ``app.<environment>.yaml`` over it.

    Maps merge, lists replace, null removes.

    Args:
        folder: The app's folder.
        environment: Name of the environment.
        shown: How messages call ``app.yaml``.
    """
    problems: list[Problem] = []
    root = _compose(folder / FILE_NAME, shown, problems)
    overlay = folder / f"app.{environment}.yaml"
    if overlay.is_file():
        over = _compose(overlay, shown.removesuffix(FILE_NAME) + overlay.name, problems)
        if root is not None and over is not None:
            root = merge(root, over)
    if root is None:
        return Reading(None, tuple(problems), shown=shown)
    checked = check_node(root, AppFile, problems=problems)
    found = [*checked.problems, *_check_kinds(root, shown), *_check_names(root, shown, folder.name)]
    parameters: dict[str, ParameterDefinition] = {}
    if checked.value is not None:
        for name, written in checked.value.parameters.items():
            made = _parameter(name, written, root)
            if isinstance(made, ParameterDefinition):
                parameters[name] = made
            else:
                found.extend(made)
    definition = None
    if checked.value is not None and all(problem.is_warning for problem in found):
        definition = _definition(checked.value, folder.name, parameters)
    return Reading(definition, tuple(found), _text(root, "entry_point"), shown, root)


def _compose(path: Path, shown: str, problems: list[Problem]) -> Map | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(
            Problem(UNREADABLE, "the file is not UTF-8", Location(shown, line), suggestion="save it as UTF-8")
        )
        return None
    except OSError as error:
        problems.append(Problem(UNREADABLE, f"the file cannot be read: {error.strerror}", Location(shown)))
        return None
    return compose(text, Source("file", shown), problems)


def _check_kinds(root: Map, shown: str) -> Iterator[Problem]:
    given = [kind for kind in _KINDS if kind in root.items and not is_null(root.items[kind])]
    if not given and not _resembles_kind(root):
        yield Problem(
            KINDS,
            "the app has no entry_point, pipeline or workflow",
            Location(shown),
            suggestion="entry_point: main.py",
        )
    elif len(given) > 1:
        for kind in given[1:]:
            yield Problem(
                KINDS,
                f"the app has both {given[0]} and {kind}",
                location(root.place(kind), kind),
                expected="exactly one of entry_point, pipeline, workflow",
            )
    for kind in given:
        if kind != "entry_point":
            yield Problem(
                NOT_BUILT,
                f"{kind}s are not built in this version of Kindling",
                location(root.place(kind), kind),
                suggestion="name a Python file: entry_point: main.py",
            )


def _resembles_kind(root: Map) -> bool:
    """Whether there is an unknown key that is a kind misspelt: that has been reported, with the right one."""
    from difflib import get_close_matches

    known = AppFile.__dataclass_fields__
    return any(key not in known and get_close_matches(key, _KINDS, cutoff=0.7) for key in root.items)


def _is_plain_version(version: str) -> bool:
    """Whether it is numbers with dots between, as most are: those need no packaging, whose import takes 4 ms."""
    return version.isascii() and all(part.isdecimal() for part in version.split("."))


def _check_names(root: Map, shown: str, folder: str) -> Iterator[Problem]:
    written = _text(root, "name")
    if fault := name_fault(folder if written is None else written):
        place = location(_value_place(root, "name"), "name") if written is not None else Location(shown)
        hint = "rename the folder" if written is None else ""
        yield Problem(BAD_NAME, fault, place, suggestion=hint)
    version = _text(root, "version")
    if version is not None and not _is_plain_version(version):
        from packaging.version import InvalidVersion, Version

        try:
            Version(version)
        except InvalidVersion:
            yield Problem(
                BAD_VERSION,
                f"{version!r} is no version",
                location(_value_place(root, "version"), "version"),
                expected="a version by PEP 440, for example 1.4.0",
            )


def _parameter(name: str, written: ParameterFile, root: Map) -> ParameterDefinition | list[Problem]:
    """Return a parameter with default and choices of its type, or what is wrong with it."""
    from kindling.apps.parameters import fit

    section = root.items["parameters"]
    assert isinstance(section, Map)
    entry = section.items[name]
    path = join("parameters", name)
    problems: list[Problem] = []

    def wrong(key: str, message: str, suggestion: str = "") -> None:
        place = _value_place(entry, key) if key and isinstance(entry, Map) else section.place(name)
        at = location(place, join(path, key) if key else path)
        problems.append(Problem(BAD_PARAMETER, message, at, suggestion=suggestion))

    if fault := parameter_name_fault(name):
        wrong("", fault, "choose another name")
    plain = ParameterDefinition(type=written.type)
    choices = []
    for choice in written.choices:
        try:
            # A list's choices are those of its items, which have no type of their own.
            choices.append(choice if written.type == "list" else fit(choice, plain))
        except ValueError as error:
            wrong("choices", f"choice {choice!r} of parameter {name!r}: {error}")
    default: Any = UNSET
    if written.default is not None:
        try:
            default = fit(written.default, ParameterDefinition(type=written.type, choices=tuple(choices)))
        except ValueError as error:
            wrong("default", f"default of parameter {name!r}: {error}")
        if written.required:
            wrong("required", f"parameter {name!r} is required and has a default: one of the two means nothing")
    if problems:
        return problems
    return ParameterDefinition(
        type=written.type,
        default=default,
        required=written.required,
        choices=tuple(choices),
        description=written.description,
    )


def _definition(written: AppFile, folder: str, parameters: Mapping[str, ParameterDefinition]) -> AppDefinition:
    return AppDefinition(
        name=written.name or folder,
        version=written.version,
        description=written.description,
        entry_point=written.entry_point,
        pipeline=written.pipeline,
        workflow=written.workflow,
        platforms=written.platforms,
        parameters=parameters,
        job=written.job,
        locked=written.locked,
        restricted=written.restricted,
        lazy=written.lazy,
        executable=written.executable,
        time_limit=written.time_limit,
    )


def _text(root: Map, key: str) -> str | None:
    node = root.items.get(key)
    return node.text if isinstance(node, Scalar) and not node.is_null else None


def _value_place(node: Map, key: str) -> tuple[Source, int, int]:
    value = node.items.get(key)
    return node.place(key) if value is None else (value.source, value.line, value.column)
