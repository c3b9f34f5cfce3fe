"""``kindling init``: a new project, a new app."""

from __future__ import annotations

from pathlib import Path

import click

from kindling.cli.options import group
from kindling.cli.scaffolding import check_name, create
from kindling.cli.session import Session
from kindling.errors import Category, KindlingError

command = group("init")


@command.command("project")
@click.argument("folder", type=click.Path(path_type=Path))
def project(session: Session, folder: Path) -> None:
    """Make the folder of a new project, with an app, its test, and a file for each environment.

    FOLDER is the new folder; its last part becomes the project's name. Nothing is overwritten.
    """
    name = folder.name
    check_name(name, "a project")
    files = create("project", folder, {"name": name})
    _report(session, "project", name, folder, files, f"cd {folder} && kindling run hello")


@command.command("app")
@click.argument("name")
def app(session: Session, name: str) -> None:
    """Add an app to this project: the folder apps/NAME with its app.yaml and main.py.

    Nothing is overwritten.
    """
    check_name(name, "an app")
    folder = _project_folder(session) / "apps" / name
    files = create("app", folder, {"name": name})
    _report(session, "app", name, folder, files, f"kindling run {name} --param day=2024-05-01")


def _project_folder(session: Session) -> Path:
    if session.options.config is not None:
        return Path(session.options.config).parent
    from kindling.config.loading import find_project

    found = find_project()
    if found is None:
        raise KindlingError(
            "there is no kindling.yaml here or in a folder above, so there is no project to add an app to",
            code="KDL-CLI-010",
            category=Category.NOT_FOUND,
            suggestions=["kindling init project NAME, then cd NAME", "or name the project by --config FILE"],
        )
    return found


def _report(session: Session, what: str, name: str, folder: Path, files: tuple[Path, ...], following: str) -> None:
    shown = folder
    if folder.is_absolute() and folder.is_relative_to(Path.cwd()):
        shown = folder.relative_to(Path.cwd())
    lines = [f"✓ {what} {name}", *(f"  {shown / file}" for file in files), f"  next: {following}"]
    data = {
        what: name,
        "folder": str(folder.resolve()),
        "files": [file.as_posix() for file in files],
        "next": following,
    }
    session.out.result(data, "\n".join(lines))
