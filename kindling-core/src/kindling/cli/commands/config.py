"""``kindling config``: the configuration as it holds, and its JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kindling.cli.options import group
from kindling.cli.session import Session

if TYPE_CHECKING:
    from kindling.config.loading import LoadedConfig

command = group("config")


@command.command("show")
@click.option("--origins", "with_origins", is_flag=True, help="Say of each value where it came from.")
@click.argument("path", required=False, default="")
def show(session: Session, with_origins: bool, path: str) -> int:
    """Print the configuration as it holds: all layers on each other, interpolated, secrets masked.

    PATH shows a part of it, for example connections.bronze.
    """
    loaded = session.config()
    origins = [origin for origin in loaded.origins() if _is_below(origin.path, path)]
    if path and not origins:
        raise _nothing_at(loaded, path)
    problems = [*loaded.warnings, *loaded.check()]
    if with_origins:
        session.out.table(
            ("key", "value", "from"),
            [(origin.path, _as_text(origin.value), origin.origin) for origin in origins],
            data=[{"key": origin.path, "value": origin.value, "from": origin.origin} for origin in origins],
        )
    else:
        data = _part(loaded.to_dict(), path)
        session.out.result(data, lambda: _as_yaml(data))
    for problem in problems:
        session.out.note(("warning: " if problem.is_warning else "") + str(problem))
    return 1 if any(not problem.is_warning for problem in problems) else 0


@command.command("schema")
@click.option("--app", "of_app", is_flag=True, help="The schema of app.yaml instead.")
def schema(session: Session, of_app: bool) -> None:
    """Print the JSON Schema of kindling.yaml, for editors, with what the installed plugins add.

    A plugin that is broken adds nothing: its section takes anything then.
    """
    if of_app:
        from kindling.apps.app_yaml import AppFile
        from kindling.config.schema import json_schema

        session.out.result(json_schema(AppFile, title="app.yaml"))
        return
    from kindling.config.document import schema_of_project

    session.out.result(schema_of_project(session.host))


def _is_below(key: str, path: str) -> bool:
    return not path or key == path or key.startswith((path + ".", path + "["))


def _part(data: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        data = data[key] if isinstance(data, dict) and key in data else None
    return data


def _nothing_at(loaded: LoadedConfig, path: str) -> Exception:
    from kindling.config.suggesting import did_you_mean
    from kindling.errors import UsageError

    known = {origin.path for origin in loaded.origins()}
    known |= {key.rpartition(".")[0] for key in known}
    suggestion = did_you_mean(path, sorted(known))
    return UsageError(
        f"there is nothing at {path!r} in the configuration",
        code="KDL-CFG-019",
        suggestions=[suggestion] if suggestion else ["kindling config show prints all of it"],
    )


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


def _as_yaml(data: Any) -> str:
    import yaml

    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=False)
