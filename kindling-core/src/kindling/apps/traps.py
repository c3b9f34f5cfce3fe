"""File names that work on one system and fail on another, or that hide what the app means to import."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from kindling.errors import Location, Problem

#: Two names that some systems cannot tell apart, and a module that hides another.
INDISTINGUISHABLE: Final = "KDL-APP-020"
HIDES: Final = "KDL-APP-021"

#: A file that looks like one that is read, and is not.
OVERLOOKED: Final = "KDL-APP-027"

#: What Kindling reads beside ``app.yaml``, and how people call it by mistake.
_MISNOMERS: Final = {
    "requirement.txt": "requirements.txt",
    "requirements.text": "requirements.txt",
    "reqs.txt": "requirements.txt",
    "lake-req.txt": "lake-reqs.txt",
    "lake_reqs.txt": "lake-reqs.txt",
    "lake-requirements.txt": "lake-reqs.txt",
    "lakereqs.txt": "lake-reqs.txt",
}

#: Folders that belong to tools, not to the app.
_SKIPPED: Final = frozenset({"__pycache__", "node_modules"})


def app_files(folder: Path) -> Iterator[Path]:
    """Iterate over the files of an app, sorted: hidden ones, caches and virtual environments are passed over.

    Args:
        folder: The app's folder.
    """
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not (Path(root) / name / "pyvenv.cfg").is_file()
        )
        yield from (Path(root) / name for name in sorted(files) if not name.startswith("."))


def check_names(folder: Path, files: Iterable[Path], shown: str = "") -> Iterator[Problem]:
    """Find names that fall together on systems that do not tell case or composition apart.

    Args:
        folder: The app's folder.
        files: Its files.
        shown: How messages call the folder.
    """
    seen: dict[str, str] = {}
    for path in files:
        name = path.relative_to(folder).as_posix()
        key = unicodedata.normalize("NFC", name).casefold()
        other = seen.setdefault(key, name)
        if other != name:
            yield Problem(
                INDISTINGUISHABLE,
                f"{name!r} and {other!r} are one file on Windows and macOS",
                Location(f"{shown}/{name}" if shown else name),
                suggestion="rename one of them",
                is_warning=True,
            )


def check_overlooked(folder: Path, shown: str = "") -> Iterator[Problem]:
    """Find files that are meant to be read and are not, because they are called a little differently.

    Args:
        folder: The app's folder.
        shown: How messages call it.
    """
    read = {*_MISNOMERS.values(), "app.yaml"}
    for entry in sorted(folder.iterdir()):
        lower = entry.name.lower()
        right = lower if lower in read and entry.name != lower else _MISNOMERS.get(lower, "")
        parts = lower.split(".")
        if (
            parts[0] == "app"
            and parts[-1] in ("yml", "yaml")
            and (parts[-1] == "yml" or not entry.name.startswith("app."))
        ):
            right = ".".join(["app", *entry.name.split(".")[1:-1], "yaml"])
        if right and right != entry.name and entry.is_file():
            yield Problem(
                OVERLOOKED,
                f"{entry.name!r} is not read",
                Location(f"{shown}/{entry.name}" if shown else entry.name),
                suggestion=f"rename it to {right!r}",
                is_warning=True,
            )


def check_hidden_modules(folder: Path, shown: str = "") -> Iterator[Problem]:
    """Find modules at the top of an app that hide one of Python's own, or Kindling.

    Args:
        folder: The app's folder.
        shown: How messages call it.
    """
    for entry in sorted(folder.iterdir()):
        is_package = entry.is_dir() and (entry / "__init__.py").is_file()
        if not is_package and entry.suffix != ".py":
            continue
        if entry.stem in sys.stdlib_module_names or entry.stem == "kindling":
            owner = "Kindling" if entry.stem == "kindling" else "Python's own module of that name"
            yield Problem(
                HIDES,
                f"{entry.name!r} hides {owner}",
                Location(f"{shown}/{entry.name}" if shown else entry.name),
                suggestion="rename it, or libraries that need the other one fail in strange ways",
                is_warning=True,
            )
