"""All commands by name. Only the one that was typed is imported; help needs none of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from kindling.cli.options import CommonOptions, KindlingGroup, common_parameters

PROGRAM = "kindling"


class Entry:
    """A command that is not imported yet.

    Args:
        help: One line, without a full stop.
        module: Its module; without it, ``kindling.cli.commands.<name>``.
        commands: Sub-commands with their one-line helps, where it is a group.
    """

    __slots__ = ("commands", "help", "module")

    def __init__(self, help: str, module: str = "", commands: Mapping[str, str] | None = None) -> None:
        self.help = help
        self.module = module
        self.commands: Mapping[str, str] = commands or {}


#: In the order in which help lists them: what a newcomer needs stands first.
COMMANDS: Mapping[str, Entry] = {
    "quickstart": Entry("Make a small project with real data and run it"),
    "init": Entry(
        "Start a project or an app",
        commands={"project": "Make the folder of a new project", "app": "Add an app to this project"},
    ),
    "validate": Entry("Check the configuration and the apps"),
    "run": Entry("Run an app here"),
    "runs": Entry(
        "Look at what ran",
        commands={"list": "List runs, newest first", "show": "Show one run", "logs": "Print the log of a run"},
    ),
    "plugins": Entry(
        "Look at what is installed",
        commands={
            "list": "List the plugins and what they serve",
            "show": "Show one plugin",
            "verify": "Check a plugin against the contract",
        },
    ),
    "config": Entry(
        "Look at the configuration",
        commands={"show": "Print the configuration as it holds", "schema": "Print its JSON Schema"},
    ),
    "explain": Entry("Say what an error code means"),
    "doctor": Entry("Check this machine, each finding with a remedy"),
    "completion": Entry("Print the completion script of a shell"),
}


class LazyGroup(KindlingGroup):
    """A group that knows its commands by name and imports the one that is asked for."""

    def __init__(self, name: str, entries: Mapping[str, Entry], module: str = "", **attributes: Any) -> None:
        super().__init__(name, no_args_is_help=False, params=common_parameters(), **attributes)
        self.entries = entries
        self.module = module

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what was typed; nothing at all is misuse, answered by the help."""
        if not args and not ctx.resilient_parsing:
            click.echo(self.get_help(ctx), err=True)
            ctx.exit(2)
        rest = super().parse_args(ctx, args)
        if ctx.params.pop("version", False) and not ctx.resilient_parsing:
            # Here and not in a callback: -o may stand behind it.
            _print_version(ctx)
        return rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return the lazy group of that name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module = entry.module or self.module or f"kindling.cli.commands.{cmd_name}"
        if entry.commands:
            children = {name: Entry(text) for name, text in entry.commands.items()}
            return LazyGroup(cmd_name, children, module, help=f"{entry.help}.", short_help=entry.help)
        from importlib import import_module

        command: click.Command = import_module(module).command
        if self.module:
            assert isinstance(command, click.Group)
            return command.commands[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed, or suggest the nearest ones."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing and not name.startswith("-"):
            raise UnknownCommand(name, self.entries, ctx)
        if command is None:
            return super().resolve_command(ctx, args)
        return name, command, args[1:]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete names from the table, importing none."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=entry.help) for name, entry in self.entries.items() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


class UnknownCommand(click.UsageError):
    """A command by that name does not exist."""

    def __init__(self, name: str, known: Mapping[str, Entry], ctx: click.Context) -> None:
        super().__init__(f"there is no command {ctx.command_path + ' ' + name!r}", ctx=ctx)
        self.name = name
        self.known = list(known)


def main_group() -> LazyGroup:
    """Return the top of the command line.

    Example:
        >>> sorted(main_group().entries)[:2]
        ['completion', 'config']
    """
    top = LazyGroup(
        PROGRAM,
        COMMANDS,
        help="Write a data app once; run it, unchanged, on a laptop and on every platform that a plugin brings.",
        epilog="kindling COMMAND --help says more. An error's code is explained by: kindling explain CODE",
    )
    top.params.append(click.Option(["--version"], is_flag=True, help="Print the version."))
    return top


def _print_version(context: click.Context) -> None:
    from kindling import __version__
    from kindling.cli.output import Output

    options = context.find_object(CommonOptions)
    assert options is not None
    Output(options.output).result({"version": __version__}, f"kindling {__version__}")
    context.exit(0)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and print what goes wrong.

    Args:
        arguments: What was typed after ``kindling``.

    Returns:
        The exit code.
    """
    _allow_any_character()
    options = CommonOptions()
    top = main_group()
    if "_KINDLING_COMPLETE" in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(top, {"obj": options}, PROGRAM, "_KINDLING_COMPLETE", os.environ["_KINDLING_COMPLETE"])
    try:
        with top.make_context(PROGRAM, list(arguments), obj=options, terminal_width=_help_width()) as context:
            result = top.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise
    except BrokenPipeError:
        # The reader went away (`kindling runs list | head -1`). Nothing may be written any more, not even at exit.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - has to outlive this function
        return 1
    except Exception as error:  # noqa: BLE001 - because this is the outermost guard: all that is left is to print it
        from kindling.cli.output import Output

        output = options.output if options.output != "text" else _output_typed(arguments)
        return Output(output, debug=options.debug or "--debug" in arguments).error(error)
    return result if isinstance(result, int) else 0


def _help_width() -> int:
    """Return how wide help may be: the terminal less a margin, 80 columns at most.

    click would ask shutil, whose import is 4 ms for its compressions.
    """
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and int(columns) else 0
    if not width:
        try:
            width = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 80
        except (OSError, ValueError):
            width = 80
    return max(min(width or 80, 80) - 2, 50)


def _output_typed(arguments: Sequence[str]) -> str:
    """Find ``-o json`` where the command line could not be parsed to its end."""
    text = "\0".join(arguments)
    return "json" if any(form in text for form in ("-o\0json", "-ojson", "--output\0json", "--output=json")) else "text"


def _allow_any_character() -> None:
    """Print a ``?`` rather than fail where the terminal's encoding lacks a character (cp1252 lacks ``✓``)."""
    for stream in (sys.stdout, sys.stderr):
        if (getattr(stream, "encoding", None) or "utf-8").lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
