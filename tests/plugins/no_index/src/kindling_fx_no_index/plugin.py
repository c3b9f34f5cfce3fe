"""Has no index: it is right, and found only by importing it."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl

__all__ = ["kindling_execution"]


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="nomad", opens="kindling_fx_no_index.execution:open_runner")
