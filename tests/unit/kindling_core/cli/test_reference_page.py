"""The reference page of the command line names every command and every option."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click
import pytest

from kindling.cli.main import COMMANDS, main_group

DOCS = Path(__file__).resolve().parents[4] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    spec = importlib.util.spec_from_file_location("command_pages", DOCS / "_ext" / "command_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.commands())


def test_the_page_is_generated() -> None:
    assert "<!-- generated: cli -->" in (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")


def test_every_command_has_a_section_with_its_options(page: str) -> None:
    top = main_group()
    context = click.Context(top, info_name="kindling")
    for name, entry in COMMANDS.items():
        command = top.get_command(context, name)
        assert command is not None
        for path in [name, *(f"{name} {child}" for child in entry.commands)]:
            assert f"# `kindling {path}`" in page
        children = [command]
        if isinstance(command, click.Group):
            children += [child for each in entry.commands if (child := command.get_command(context, each))]
        for child in children:
            for parameter in child.params:
                if isinstance(parameter, click.Option) and not parameter.hidden:
                    assert parameter.opts[-1] in page, f"{name}: {parameter.opts}"
                elif isinstance(parameter, click.Argument):
                    assert parameter.human_readable_name.strip("[].") in page
