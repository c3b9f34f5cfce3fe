"""The command ``kindling``, and ``python -m kindling``.

Only the shortest way stands here: a bare ``--version`` is answered before click is imported, because programs
ask for it at every start and it should cost no more than Python itself.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # type checkers take it for true; importing typing costs more than all that is done here

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a shell expects of a process that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: What was typed after ``kindling``. Without it, the process's own.

    Returns:
        The exit code: 0 success, 1 the work failed, 2 misuse, 4 authentication needed, 130 interrupted.

    Example:
        >>> main(["--version"])
        kindling 0.1.0
        0
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if typed == ["--version"]:
        from kindling import __version__

        sys.stdout.write(f"kindling {__version__}\n")
        return 0
    from kindling.cli import rest_collector, wake_collector

    rest_collector()
    try:
        from kindling.cli.main import run

        return run(typed)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        wake_collector()


if __name__ == "__main__":
    sys.exit(main())
