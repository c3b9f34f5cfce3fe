"""Two entry points name this one module, as after a change of name: pluggy would raise ValueError."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="janus", opens="kindling_fx_two_names.execution:open_runner")
