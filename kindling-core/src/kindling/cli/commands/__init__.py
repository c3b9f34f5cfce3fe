"""One module for each command, imported when it is typed.

A module exports ``command``; ``kindling.cli.main`` has its name and its short help:

    from kindling.cli.options import command as kindling_command
    from kindling.cli.session import Session

    @kindling_command("validate")
    @click.argument("folder", required=False)
    def command(session: Session, folder: str | None) -> int | None:
        '''Check the configuration and the apps.'''
        session.out.result({"ok": True}, "ok")
        return None                      # None or 0: success; another number is the exit code

A group's module exports ``command`` too, made by ``kindling.cli.options.group``; its sub-commands' names and short
helps stand in ``kindling.cli.main`` as well, so that ``kindling plugins --help`` imports nothing:

    command = group("plugins")

    @command.command("list")
    def list_(session: Session) -> None: ...
"""
