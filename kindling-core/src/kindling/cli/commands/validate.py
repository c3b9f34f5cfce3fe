"""``kindling validate``: everything that can be known without running, all at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kindling.cli.options import command as kindling_command
from kindling.cli.session import Session
from kindling.errors import AppExecutionError, ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from kindling.apps.loader import AppLoader


@kindling_command("validate")
@click.argument("apps", metavar="[APP]...", nargs=-1)
@click.option("--platform", metavar="NAME", help="Check that the apps run on this platform.")
def command(session: Session, apps: tuple[str, ...], platform: str | None) -> int:
    """Check the configuration and the apps of this project.

    Without APP all of them are checked; an APP is a name in the project or the path of a folder. Nothing is run
    and nothing is written: files are read, Python files are compiled, and what the apps require is compared with
    what is installed. Exits with 1 where something is wrong; warnings alone are not.
    """
    environment, root, found = _check_configuration(session)
    from kindling.apps.loader import AppLoader
    from kindling.apps.validator import AppValidator

    loader = AppLoader(root, environment)
    folders = [_find(loader, app) for app in apps] if apps else list(loader.folders())
    if not folders and not (root / "kindling.yaml").is_file() and session.options.config is None:
        raise UsageError(
            f"there is no project in {root}: neither kindling.yaml nor apps",
            suggestions=["go to a project's folder", "make one: kindling init project shop"],
        )
    validator = AppValidator(
        environment=environment, platform=platform, project=root, known_platforms=session.host.platform_names()
    )
    for folder in folders:
        found.extend(validator.validate(folder).problems)
    if not apps:
        found.extend(_stray_folders(loader))
    return session.out.problems(found)


def _check_configuration(session: Session) -> tuple[str, Path, list[Problem]]:
    from kindling.config.loading import find_project

    try:
        config = session.config()
    except ConfigError as error:
        # The apps are checked all the same: all mistakes at once is what this command is for.
        import os

        environment = session.options.environment or os.environ.get("KINDLING_ENVIRONMENT") or "dev"
        return environment, find_project() or Path.cwd(), list(error.problems)
    return config.environment, config.root, [*config.warnings, *config.check()]


def _find(loader: AppLoader, app: str) -> Path:
    try:
        return loader.find(app)
    except AppExecutionError:
        # `kindling validate apps/orders` and the shell's completion of it both mean the folder.
        folder = loader.folder / Path(app).name
        if Path(app).parent.name == loader.folder.name and folder.is_dir():
            return folder
        raise


def _stray_folders(loader: AppLoader) -> Iterator[Problem]:
    """Find folders beside the apps that have Python files and no app.yaml: an app whose definition was forgotten."""
    from kindling.apps.loader import missing_definition, shown_path

    known = set(loader.folders())
    entries = sorted(loader.folder.iterdir()) if loader.folder.is_dir() else []
    for entry in entries:
        if entry.is_dir() and entry not in known and not entry.name.startswith((".", "_")) and any(entry.glob("*.py")):
            yield missing_definition(shown_path(entry / "app.yaml", loader.project))
