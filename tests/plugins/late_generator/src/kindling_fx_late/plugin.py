"""Its hook is a generator that raises after its first descriptor: when it is called, nothing happens yet."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="tide", opens="kindling_fx_late.execution:open_runner")
    raise OSError("the tide is out")
