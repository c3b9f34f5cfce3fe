"""The reference of the command line, written from the commands themselves."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import click

logger = logging.getLogger(__name__)


def commands() -> str:
    """Return a section for each command: its usage, what it does, its arguments and options."""
    from kindling.cli.main import main_group

    return "\n\n".join(_sections(main_group(), click.Context(main_group(), info_name="kindling"), level=2))


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    from kindling.cli.options import CommonOption

    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    title = f"{'#' * level} `{context.command_path}`"
    parts = [title, f"```text\n{usage}\n```", _prose(command.help or "")]
    options = [each for each in command.get_params(context) if isinstance(each, click.Option) and not each.hidden]
    if context.parent is None:
        parts.append(f"Common options, before or after the name of every command:\n\n{_table(options, context)}")
    elif own := [each for each in options if not isinstance(each, CommonOption) and "--help" not in each.opts]:
        parts.append(_table(own, context))
    yield "\n\n".join(part for part in parts if part)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            try:
                child = command.get_command(context, name)
            except ImportError as error:
                # A warning, so that one build shows all of them; the build fails on it in the end.
                logger.warning("kindling %s cannot be documented: %s", name, error)
                continue
            if child is not None:
                yield from _sections(child, click.Context(child, info_name=name, parent=context), min(level + 1, 4))


def _table(options: list[click.Option], context: click.Context) -> str:
    lines = ["| option | |", "|---|---|"]
    for option in options:
        record = option.get_help_record(context)
        if record is not None:
            names, text = (part.replace("|", "\\|").replace("\n", " ") for part in record)
            lines.append(f"| `{names}` | {text} |")
    return "\n".join(lines)


def _prose(text: str) -> str:
    """Return a help text as Markdown; what click keeps as it is written stays so."""
    paragraphs = []
    for paragraph in text.replace("\r", "").split("\n\n"):
        kept, lines = "\b" in paragraph, paragraph.replace("\b\n", "").replace("\b", "").strip("\n")
        if kept:
            paragraphs.append(f"```text\n{lines}\n```")
        else:
            paragraphs.append(re.sub(r"([<>*_$])", r"\\\1", " ".join(lines.split())))
    return "\n\n".join(paragraphs).strip()
