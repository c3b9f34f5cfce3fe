"""Claims the name and the platform of the good plugin."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="orbit", opens="kindling_fx_same_name.execution:open_runner")
