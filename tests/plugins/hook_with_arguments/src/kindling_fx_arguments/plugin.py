"""Its hook asks for an argument. Hooks take none, ever."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution(config):
    yield ExecutionBackend(platform="needy", opens="kindling_fx_arguments.execution:open_runner")
