"""One of its hooks raises; the other is right, and is not used either: half a plugin is none."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    return [ExecutionBackend(platform="quake", opens="kindling_fx_hook_raises.execution:open_runner")]


@hookimpl
def kindling_storage():
    raise RuntimeError("the ground shakes")
