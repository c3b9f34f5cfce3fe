"""New projects and apps: the templates filled in, and put in place all at once or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from kindling.errors import Category, KindlingError, UsageError

BAD_NAME = "KDL-CLI-008"
ALREADY_THERE = "KDL-CLI-009"

_TEMPLATES = Path(__file__).parents[1] / "templates"
_SUFFIX = ".template"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}\Z")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: these are devices on Windows, with any ending.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10))}


def check_name(name: str, what: str) -> None:
    """Refuse a name that cannot be a folder on three systems, and part of a URL and of a module's name.

    Args:
        name: The name as typed.
        what: What it shall name, for the message.

    Raises:
        UsageError: KDL-CLI-008, with a name near it that would do.

    Example:
        >>> check_name("orders", "an app")
    """
    if not _NAME.match(name):
        near = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_0123456789")[:63]
        raise UsageError(
            f"{name!r} is no name for {what}: a letter first, then letters, digits, '_' and '-', at most 63",
            code=BAD_NAME,
            suggestions=[f"{near!r} would do"] if _NAME.match(near) else [],
        )
    if name.lower() in _DEVICES:
        raise UsageError(f"{name!r} is no name for {what}: it is a device on Windows", code=BAD_NAME)


def create(template: str, target: Path, values: Mapping[str, str]) -> tuple[Path, ...]:
    """Fill in a template and put it at ``target``, whole or not at all; nothing is overwritten.

    The files are written beside the target under a hidden name, which is then renamed: whoever stops in between
    leaves no half project behind.

    Args:
        template: Name of the template's folder.
        target: The new folder. It may exist only if it is empty.
        values: What replaces ``{{name}}`` for each name.

    Returns:
        The files, relative to ``target``, sorted.

    Raises:
        KindlingError: KDL-CLI-009, something is there.
        OSError: The folder cannot be written.
    """
    if os.path.lexists(target) and not _is_empty_folder(target):
        raise _already_there(target)
    anchor = target.parent
    while not anchor.exists():
        anchor = anchor.parent
    unfinished = anchor / f".{target.name}.{os.urandom(4).hex()}.new"
    try:
        files = tuple(sorted(_write(template, unfinished, values)))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rmdir()  # Windows renames onto nothing, not even onto an empty folder
        try:
            unfinished.rename(target)
        except OSError as error:
            if target.exists():
                raise _already_there(target) from error
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return files


def _write(template: str, folder: Path, values: Mapping[str, str]) -> Iterator[Path]:
    source = _TEMPLATES / template
    for file in sorted(source.rglob(f"*{_SUFFIX}")):
        relative = file.relative_to(source)
        name = relative.name.removesuffix(_SUFFIX)
        if name.startswith("dot."):
            name = name.removeprefix("dot")
        text = file.read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace("{{" + key + "}}", value)
        made = folder / relative.with_name(name)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text, encoding="utf-8", newline="\n")
        yield made.relative_to(folder)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _already_there(target: Path) -> KindlingError:
    return KindlingError(
        f"{target} is there already, and nothing is overwritten",
        code=ALREADY_THERE,
        category=Category.CONFLICT,
        suggestions=["choose another name, or move what is there"],
    )
