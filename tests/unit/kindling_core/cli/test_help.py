"""Help reads well at 80 columns, for every command there is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from kindling.__main__ import main
from kindling.cli.main import COMMANDS

EVERY = [
    (),
    *[(name,) for name in COMMANDS],
    *[(name, child) for name in COMMANDS for child in COMMANDS[name].commands],
]


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_fits_80_columns_and_says_everything(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert not [line for line in lines if len(line) > 80]
    assert lines[0].startswith(" ".join(["Usage: kindling", *words]))
    # What the command does, in at least one full sentence; then all options, none without a help.
    assert re.search(r"\n\n  [A-Z][^\n]*", text)
    assert "Common options:" in text
    for line in lines:
        option = re.match(r"  (-[\w-]+.*)", line)
        if option:
            following = lines[lines.index(line) + 1] if lines.index(line) + 1 < len(lines) else ""
            assert re.search(r"\S {2,}\S", line) or re.match(r" {6,}\S", following), f"{line!r} has no help"


def test_the_top_lists_every_command_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    text = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert f"  {name:12}{entry.help}" in text


def test_short_helps_are_one_line_without_a_full_stop() -> None:
    helps = [entry.help for entry in COMMANDS.values()]
    helps += [text for entry in COMMANDS.values() for text in entry.commands.values()]
    assert [text for text in helps if not re.fullmatch(r"[A-Z][^\n]{5,62}[^.\s]", text)] == []


def test_every_argument_is_explained_in_the_help() -> None:
    from kindling.cli.main import main_group

    def commands(group: click.Group) -> Iterator[click.Command]:
        for name in group.list_commands(click.Context(group)):
            child = group.get_command(click.Context(group), name)
            assert child is not None
            if isinstance(child, click.Group):
                yield from commands(child)
            else:
                yield child

    unexplained = [
        (command.name, parameter.human_readable_name)
        for command in commands(main_group())
        for parameter in command.params
        if isinstance(parameter, click.Argument)
        and parameter.human_readable_name.strip("[].") not in (command.help or "")
    ]
    assert unexplained == []
