"""The command line: parse, call, print.

Importing makes objects by the ten thousands and drops none, and the garbage collector would look through all of them,
over and over: a fortieth of the time of a short command. So it rests while a command starts, and an app's code finds it
as Python sets it.
"""

import gc

_usual = gc.get_threshold()


def rest_collector() -> None:
    """Let the garbage collector come a hundred times less often, until :func:`wake_collector`."""
    gc.set_threshold(100 * _usual[0], *_usual[1:])


def wake_collector(*, freeze: bool = False) -> None:
    """Let the garbage collector come as usual.

    Args:
        freeze: Let it pass over what is there already, because it stays to the end.
    """
    if freeze:
        gc.freeze()
    gc.set_threshold(*_usual)
