"""``kindling completion``: the script that teaches a shell to complete Kindling's commands."""

from __future__ import annotations

import click

from kindling.cli.options import command as kindling_command
from kindling.cli.session import Session

VARIABLE = "_KINDLING_COMPLETE"

#: Where each shell's users put it.
_ADVICE = {
    "bash": 'eval "$(kindling completion bash)"     # in ~/.bashrc',
    "zsh": 'eval "$(kindling completion zsh)"      # in ~/.zshrc',
    "fish": "kindling completion fish | source      # in ~/.config/fish/config.fish",
}


@kindling_command("completion")
@click.argument("shell", type=click.Choice(sorted(_ADVICE)))
def command(session: Session, shell: str) -> None:
    """Print the completion script of a shell.

    SHELL is one of these, and the script goes where its line says:

    \b
    bash   eval "$(kindling completion bash)"     in ~/.bashrc
    zsh    eval "$(kindling completion zsh)"      in ~/.zshrc
    fish   kindling completion fish | source      in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    top = click.get_current_context().find_root().command
    script = kind(top, {}, "kindling", VARIABLE).source()
    session.out.result({"shell": shell, "script": script}, f"# {_ADVICE[shell]}\n{script}")
