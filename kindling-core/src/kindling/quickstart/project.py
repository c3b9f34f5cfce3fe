"""Writing the quickstart's project: into a new folder, or again into one that was made so before.

The file ``kindling.yaml`` is written first, and its first line says who made it. So whoever stops in between, or runs
the quickstart a second time, finds a folder that is known as the quickstart's own; files that were changed since are
kept.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kindling.atomic import TemporaryFile, is_reserved, write_atomically
from kindling.errors import Category
from kindling.quickstart.dataset import QuickstartError

_TEMPLATE = Path(__file__).parents[1] / "templates" / "quickstart"
_SUFFIX = ".template"
_FIRST = "kindling.yaml"
_ORIGIN = "# Made by `kindling quickstart`."


@dataclass(frozen=True)
class ProjectFiles:
    """What writing the project did.

    Args:
        folder: The project's folder.
        written: Files that are as the quickstart has them, relative to the folder.
        kept: Files that somebody changed; they were left alone.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]


def write_project(folder: Path) -> ProjectFiles:
    """Write the project's files, except its data.

    Args:
        folder: A folder that is not there, is empty, or was made by the quickstart before.

    Raises:
        QuickstartError: KDL-QST-002, there is something else.
        OSError: The folder cannot be written.
    """
    _check_free(folder)
    written, kept = [], []
    files = template_files()
    for name in sorted(files, key=lambda name: (name != _FIRST, name)):
        path = folder / name
        if path.exists() and path.read_bytes() != files[name]:
            kept.append(name)
            continue
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, files[name])
        written.append(name)
    return ProjectFiles(folder, tuple(written), tuple(kept))


def place_data(files: Sequence[Path], folder: Path) -> None:
    """Put the data files into the project's ``data/raw``, unpacked; each is whole or not there.

    Args:
        files: The files; of a ZIP file its only member.
        folder: The project's folder.
    """
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for file in files:
        if file.suffix != ".zip":
            write_atomically(raw / file.name, file.read_bytes())
            continue
        with zipfile.ZipFile(file) as archive, TemporaryFile(str(raw)) as target:
            with archive.open(archive.infolist()[0]) as source:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
            target.replace(str(raw / file.stem))


def template_files() -> dict[str, bytes]:
    """Return the project's files: content by path."""
    found = {}
    for file in _TEMPLATE.rglob(f"*{_SUFFIX}"):
        relative = file.relative_to(_TEMPLATE)
        name = relative.name.removesuffix(_SUFFIX)
        name = name.removeprefix("dot") if name.startswith("dot.") else name
        # The same bytes on every system, however the file came here.
        found[relative.with_name(name).as_posix()] = file.read_text("utf-8").encode()
    return found


def _check_free(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise _occupied(folder, "there is a file of that name")
    if not folder.exists() or all(is_reserved(entry.name) for entry in folder.iterdir()):
        return
    try:
        made_here = (folder / _FIRST).read_text("utf-8").startswith(_ORIGIN)
    except (OSError, UnicodeDecodeError):
        made_here = False
    if not made_here:
        raise _occupied(folder, "it holds other files")


def _occupied(folder: Path, reason: str) -> QuickstartError:
    return QuickstartError(
        f"the quickstart is not made in {folder}: {reason}, and nothing is overwritten",
        code="KDL-QST-002",
        category=Category.CONFLICT,
        suggestions=["name a new folder: kindling quickstart FOLDER"],
    )
