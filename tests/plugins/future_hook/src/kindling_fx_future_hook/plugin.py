"""Has hooks of a later version beside one of today: one that says so, and one that does not."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="pioneer", opens="kindling_fx_future_hook.execution:open_runner")


@hookimpl(optionalhook=True)
def kindling_storages():
    raise AssertionError("a hook of a later version is never called")


@hookimpl
def kindling_lineage():
    raise AssertionError("a hook of a later version is never called")
