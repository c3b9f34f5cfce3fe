"""Prints while it is imported and in its hook, in Python and beneath it; and is right otherwise."""

import os

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl

print("parrot: hello from the module")
if "KINDLING_PLUGIN_PROBE" in os.environ:
    os.write(1, b"parrot: hello from beneath Python\n")


@hookimpl
def kindling_execution():
    print("parrot: hello from the hook")
    yield ExecutionBackend(platform="parrot", opens="kindling_fx_prints.execution:open_runner")
