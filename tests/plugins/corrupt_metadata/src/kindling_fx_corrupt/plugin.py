"""Right as it is built. The tests damage its metadata once it is installed, as a crashed disk would."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="shard", opens="kindling_fx_corrupt.execution:open_runner")
