"""Finding an app and loading its definition, from the project or from a storage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kindling.apps.app_yaml import read_definition
from kindling.apps.definition import FILE_NAME, AppDefinition, name_fault
from kindling.errors import AppConfigError, AppExecutionError, Category, Location, Problem, UnsupportedOperation
from kindling.frozen import dataclass

if TYPE_CHECKING:
    from kindling.apps.artifacts import FetchedApp

#: The folder of a project that holds its apps.
APPS_FOLDER: Final = "apps"


@dataclass(frozen=True)
class LoadedApp:
    """An app that is ready to be executed.

    Args:
        definition: What ``app.yaml`` says.
        folder: The folder on this machine that holds the app's files; absolute.
        environment: The environment whose overlay was applied.
        source_uri: Where the files were fetched from, for an app out of a storage; None for a folder.
        warnings: What ``app.yaml`` could say better.
        origin: Where it is from, in words.
    """

    definition: AppDefinition
    folder: Path
    environment: str
    source_uri: str | None = None
    warnings: tuple[Problem, ...] = ()
    origin: str = ""

    @property
    def name(self) -> str:
        """The app's name."""
        return self.definition.name

    @property
    def entry_point(self) -> Path:
        """The file that is executed; absolute."""
        if self.definition.entry_point is None:
            raise not_built(self.definition)
        return self.folder.joinpath(*self.definition.entry_point.split("/"))

    def source_name(self, path: Path) -> str:
        """Return how tracebacks name a file of the app: its place in the storage it came from, else its path.

        Args:
            path: A file in ``folder``.
        """
        if self.source_uri is None:
            return str(path)
        return f"{self.source_uri.rstrip('/')}/{path.relative_to(self.folder).as_posix()}"


class AppLoader:
    """Loads apps of a project.

    Args:
        project: The project's folder; names are looked up in its ``apps`` folder.
        environment: Decides which overlay is applied.
        find_artifact: Looks an app up in the artifacts root, by its name.
        artifacts_first: Whether the artifacts root comes before the project's folder, as in a job.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "apps" / "hello"
        >>> folder.mkdir(parents=True)
        >>> _ = (folder / "app.yaml").write_text("name: hello\\nentry_point: main.py\\n")
        >>> _ = (folder / "main.py").write_text("result = 1\\n")
        >>> AppLoader(folder.parent.parent).load("hello").definition.entry_point
        'main.py'
    """

    def __init__(
        self,
        project: Path | str = ".",
        environment: str = "dev",
        *,
        find_artifact: Callable[[str], FetchedApp | None] | None = None,
        artifacts_first: bool = False,
    ) -> None:
        self.project = Path(project).absolute()
        self.environment = environment
        self.artifacts_first = artifacts_first
        self._find_artifact = find_artifact
        self._loaded: dict[Path, tuple[tuple[object, ...], LoadedApp]] = {}

    @property
    def folder(self) -> Path:
        """The folder that holds the project's apps."""
        return self.project / APPS_FOLDER

    def names(self) -> list[str]:
        """Return the names of the project's apps, sorted."""
        return [folder.name for folder in self.folders()]

    def folders(self) -> Iterator[Path]:
        """Iterate over the folders of the project's apps, sorted by name."""
        try:
            entries = sorted(self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return
        yield from (entry for entry in entries if (entry / FILE_NAME).is_file())

    def find(self, reference: str | os.PathLike[str]) -> Path:
        """Return the folder of an app.

        Args:
            reference: A name in the project, or a path: a Path, or a text with a separator, as ``./orders``;
                relative to the working directory.

        Raises:
            AppExecutionError: KDL-APP-004, there is no such app; names the nearest.
            UnsupportedOperation: KDL-APP-019, a release is asked for by ``@``.
        """
        text = os.fspath(reference)
        if isinstance(reference, Path) or _is_path(text):
            folder = Path(os.path.abspath(text))  # noqa: PTH100 - resolve() would follow links out of the project
            if folder.name == FILE_NAME and folder.is_file():
                folder = folder.parent
            if not folder.is_dir():
                raise AppExecutionError(
                    f"there is no folder {text!r}", code="KDL-APP-004", category=Category.NOT_FOUND,
                    suggestions=["name the folder that holds app.yaml"],
                )  # fmt: skip
            return folder
        name, at, release = text.partition("@")
        if at:
            raise UnsupportedOperation(
                f"{text!r} asks for the release {release!r} of {name!r}, and this version of Kindling cannot keep "
                "releases yet",
                code="KDL-APP-019",
                suggestions=[f"run the project's folder: kindling run {name}"],
            )
        folder = self.folder / name
        # Asking the folder for its entries, not the file system for the path: on Windows and macOS the path
        # would be found in any case of its letters, and the same command would fail on Linux.
        names = {entry.name for entry in self.folder.iterdir()} if self.folder.is_dir() else set()
        if not name or name not in names or not folder.is_dir():
            raise self._no_such(name)
        return folder

    def load(self, reference: str | os.PathLike[str]) -> LoadedApp:
        """Load an app by name or path.

        Args:
            reference: As for :meth:`find`.

        Raises:
            AppExecutionError: KDL-APP-004, there is no such app.
            AppConfigError: its ``app.yaml`` does not hold; with every problem and its place.
        """
        if self.artifacts_first and (artifact := self._artifact(reference)) is not None:
            return artifact
        try:
            folder = self.find(reference)
        except AppExecutionError as error:
            if error.code != "KDL-APP-004" or self.artifacts_first or (found := self._artifact(reference)) is None:
                raise
            return found
        stamp = (file_stamp(folder / FILE_NAME), file_stamp(folder / f"app.{self.environment}.yaml"))
        known = self._loaded.get(folder)
        if known is not None and known[0] == stamp:
            return known[1]
        app = self._read(folder)
        self._loaded[folder] = (stamp, app)
        return app

    def _artifact(self, reference: str | os.PathLike[str]) -> LoadedApp | None:
        if self._find_artifact is None or not isinstance(reference, str) or _is_path(reference) or "@" in reference:
            return None
        if name_fault(reference):
            return None
        fetched = self._find_artifact(reference)
        if fetched is None:
            return None
        reading = read_definition(fetched.folder, self.environment, shown=f"{fetched.shown}/{FILE_NAME}")
        if reading.definition is None:
            raise AppConfigError(reading.errors)
        return LoadedApp(
            reading.definition,
            fetched.folder,
            self.environment,
            fetched.source_uri,
            reading.problems,
            f"the unreleased folder {fetched.shown}",
        )

    def _read(self, folder: Path) -> LoadedApp:
        shown = shown_path(folder / FILE_NAME, self.project)
        if not (folder / FILE_NAME).is_file():
            raise AppConfigError([missing_definition(shown)])
        reading = read_definition(folder, self.environment, shown=shown)
        if reading.definition is None:
            raise AppConfigError(reading.errors)
        origin = f"the folder {shown_path(folder, self.project)}"
        return LoadedApp(reading.definition, folder, self.environment, None, reading.problems, origin)

    def _no_such(self, name: str) -> AppExecutionError:
        from difflib import get_close_matches

        names = self.names()
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        if near:
            hints = [f"did you mean {near[0]!r}?"]
        elif names:
            hints = ["the project has " + ", ".join(names)]
        else:
            hints = [f"make one: kindling init app {name or 'orders'}"]
        return AppExecutionError(
            f"there is no app {name!r} in {self.folder}", code="KDL-APP-004", category=Category.NOT_FOUND,
            suggestions=hints, context={"app": name, "folder": str(self.folder)},
        )  # fmt: skip


def missing_definition(shown: str) -> Problem:
    """Return the problem of a folder without ``app.yaml``."""
    return Problem(
        "KDL-APP-005", "there is no app.yaml", Location(shown), suggestion="name: …, entry_point: main.py is enough"
    )


def not_built(definition: AppDefinition) -> UnsupportedOperation:
    """Return the error for an app whose kind this version cannot run."""
    kind = "pipeline" if definition.pipeline is not None else "workflow"
    return UnsupportedOperation(
        f"app {definition.name!r} names a {kind}, and this version of Kindling cannot run {kind}s yet",
        code="KDL-APP-008",
        suggestions=["use entry_point: main.py"],
    )


def shown_path(path: Path, base: Path) -> str:
    """Return a path as the user would type it in a folder: relative to it where it is inside."""
    try:
        return path.relative_to(base).as_posix()
    except ValueError:
        return str(path)


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text in (".", "..") or Path(text).is_absolute()


def file_stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells one state of a file from another; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
