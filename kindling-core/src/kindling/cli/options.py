"""The options that every command takes, before or after its name, and the decorators that make a command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import click


class CommonOptions(SimpleNamespace):
    """What was said by the common options. Not a dataclass: making one costs a millisecond at every start.

    Attributes:
        output: ``text`` or ``json``.
        debug: Whether errors show their traceback.
        environment: Name of the environment, or None for the configuration's own.
        config: Configuration file, or None for the project's ``kindling.yaml``.
        env_file: File of environment variables to read, or None for what the configuration names.
        variables: ``--var`` by name.
        verbosity: How often ``-v`` was given.
    """

    output: str
    debug: bool
    environment: str | None
    config: str | None
    env_file: str | None
    variables: dict[str, str]
    verbosity: int

    def __init__(self, **said: Any) -> None:
        defaults = {
            "output": "text",
            "debug": False,
            "environment": None,
            "config": None,
            "env_file": None,
            "variables": {},
            "verbosity": 0,
        }
        super().__init__(**{**defaults, **said})


class CommonOption(click.Option):
    """An option that every command takes. Help lists these after the command's own."""


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what was given, and only that: the place after the command's name wins over the place before it."""
    options = context.find_object(CommonOptions)
    assert options is not None
    assert parameter.name is not None
    if value is None or value is False or value == 0 or value == ():
        return
    if parameter.name == "variables":
        options.variables.update(_pairs(context, parameter, value))
    elif parameter.name == "verbosity":
        options.verbosity += value
    else:
        setattr(options, parameter.name, value)


def _pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE", ctx=context, param=parameter)
        pairs[name.strip()] = value
    return pairs


def _common(*names: str, **attributes: Any) -> CommonOption:
    return CommonOption(names, expose_value=False, callback=_store, **attributes)


def common_parameters() -> list[click.Parameter]:
    """Return new objects of the common options, in the order in which help lists them."""
    return [
        _common("-e", "--env", "environment", metavar="NAME", help="Environment: dev, test, staging, prod, …"),
        _common("-t", "--target", "environment", metavar="NAME", hidden=True),
        _common("--config", "config", metavar="FILE", help="Configuration file instead of kindling.yaml."),
        _common("--env-file", "env_file", metavar="FILE", help="File of environment variables to read."),
        _common("--var", "variables", metavar="K=V", multiple=True, help="Value for ${var.K}; may be repeated."),
        _common("-o", "--output", "output", type=click.Choice(["text", "json"]), help="Format of the output."),
        _common("-v", "--verbose", "verbosity", count=True, help="Say more; twice for everything."),
        _common("--debug", "debug", is_flag=True, help="Show the traceback of an error."),
    ]


def _write_options(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    own: list[tuple[str, str]] = []
    common: list[tuple[str, str]] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            (common if isinstance(parameter, CommonOption) else own).append(record)
    for title, records in (("Options", own), ("Common options", common)):
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def _help_option() -> click.Option:
    """Return ``--help``. click's own asks gettext for its text, which imports locale and looks for files."""

    def show(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            click.echo(context.get_help(), color=context.color)
            context.exit()

    return click.Option(
        ["--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show this message and exit.",
    )


class KindlingCommand(click.Command):
    """A command whose help lists its own options first, then the common ones."""

    _own_help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help``, made once."""
        if self._own_help is None:
            self._own_help = _help_option()
        return self._own_help

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in two sections."""
        _write_options(self, ctx, formatter)


class KindlingGroup(click.Group):
    """A group of commands; its own ``command`` decorator is :func:`command`."""

    _own_help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help``, made once."""
        if self._own_help is None:
            self._own_help = _help_option()
        return self._own_help

    def command(  # type: ignore[override]
        self, name: str, **attributes: Any
    ) -> Callable[[Callable[..., int | None]], click.Command]:
        """Make a sub-command that takes a Session first and has the common options."""

        def decorate(function: Callable[..., int | None]) -> click.Command:
            made = command(name, **attributes)(function)
            self.add_command(made)
            return made

        return decorate

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in two sections, then the commands."""
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a function that becomes a click command, and give it a Session first."""
    from kindling.cli.session import Session

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        context = click.get_current_context()
        options = context.find_object(CommonOptions)
        assert options is not None
        session = Session(options)
        context.call_on_close(session.close)
        return function(session, *arguments, **keywords)

    for parameter in reversed(common_parameters()):
        # click collects a function's parameters here; decorators add to its end, and click turns it round.
        call.__dict__.setdefault("__click_params__", []).insert(0, parameter)
    return call


def command(name: str, **attributes: Any) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a command: it takes a Session first, then its own arguments and options, and has the common options.

    Args:
        name: Name of the command.
        attributes: What ``click.command`` takes besides.
    """

    def decorate(function: Callable[..., int | None]) -> click.Command:
        return click.command(name, cls=KindlingCommand, **attributes)(common_options(function))

    return decorate


def group(name: str, **attributes: Any) -> KindlingGroup:
    """Make an empty group of commands, to be filled by its ``command`` decorator."""
    return KindlingGroup(name, **attributes)
