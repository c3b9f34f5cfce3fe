"""``kindling explain``: what an error code means, without a network."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from kindling import explanations
from kindling.cli.options import command as kindling_command
from kindling.cli.output import Output
from kindling.cli.session import Session
from kindling.errors import UsageError
from kindling.explanations import Explanation


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    every = [explanation for area in explanations.areas() for explanation in explanations.read_area(area)]
    return [CompletionItem(each.code, help=each.title) for each in every if each.code.startswith(incomplete.upper())]


@kindling_command("explain")
@click.argument("code", required=False, shell_complete=_complete)
def command(session: Session, code: str | None) -> None:
    """Say what an error code means and how to recover.

    CODE is a code (KDL-CFG-004, or cfg-4) or an area (CFG). Without it, the areas are listed.
    """
    out = session.out
    if code is None:
        rows = [(area, title, len(explanations.read_area(area))) for area, title in explanations.areas().items()]
        out.table(["area", "about", "codes"], rows)
        return
    if code.upper().removeprefix("KDL-") in explanations.areas():
        entries = explanations.read_area(code.upper().removeprefix("KDL-"))
        out.table(["code", "title"], [(each.code, each.title) for each in entries])
        return
    found = explanations.find(code)
    if found is None:
        raise _unknown(code)
    data = {"code": found.code, "title": found.title, "text": found.text}
    if out.is_terminal:
        _render(found, out)
    else:
        out.result(data, f"{found.code} · {found.title}\n\n{found.text}")


def _render(explanation: Explanation, out: Output) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(file=out.stdout)
    console.print(f"[bold]{explanation.code} · {explanation.title}[/bold]\n", highlight=False)
    console.print(Markdown(explanation.text))


def _unknown(code: str) -> UsageError:
    from difflib import get_close_matches

    every = [each.code for area in explanations.areas() for each in explanations.read_area(area)]
    nearest = get_close_matches(explanations.normalized(code), every, n=3, cutoff=0.6)
    suggestions = [f"the nearest: {', '.join(nearest)}"] if nearest else []
    return UsageError(
        f"there is no error code {code!r}",
        code="KDL-CLI-007",
        suggestions=[*suggestions, "all areas: kindling explain"],
    )
