"""``kindling doctor``: is everything here that is needed, and what to do where it is not."""

from __future__ import annotations

from kindling.cli.diagnosis import BROKEN, NOTE, OK, WARNING, Finding, examine, report, summary
from kindling.cli.options import command as kindling_command
from kindling.cli.output import Output
from kindling.cli.session import Session

_SIGNS = {OK: ("✓", "green"), NOTE: ("·", "blue"), WARNING: ("!", "yellow"), BROKEN: ("✗", "red")}


@kindling_command("doctor")
def command(session: Session) -> int:
    """Check the interpreter, plugins, configuration, extras, Java and folders.

    Each finding comes with a remedy. Exits with 1 where something is broken; an optional part that is not
    installed is not.
    """
    findings = examine(session)
    session.out.result(report(findings), lambda: _text(findings, session.out))
    return 1 if any(finding.state == BROKEN for finding in findings) else 0


def _text(findings: tuple[Finding, ...], out: Output) -> str:
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        sign, colour = _SIGNS[finding.state]
        lines.append(f"{out.style(out.stdout, sign, fg=colour)} {finding.subject:{width}}  {finding.message}")
        if finding.remedy and finding.state != OK:
            lines.append(f"  {'':{width}}  → {finding.remedy}")
    return "\n".join([*lines, summary(findings)])
