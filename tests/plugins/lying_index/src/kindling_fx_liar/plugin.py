"""Its index says platform moon; its hooks yield platform mars."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="mars", opens="kindling_fx_liar.execution:open_runner")
