"""Its hook is not decorated: pluggy would pass over it without a word."""

from kindling.contracts import ExecutionBackend


def kindling_execution():
    yield ExecutionBackend(platform="bare", opens="kindling_fx_undecorated.execution:open_runner")
