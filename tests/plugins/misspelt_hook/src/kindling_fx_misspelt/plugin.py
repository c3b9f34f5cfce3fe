"""The name of its hook is misspelt: pluggy would pass over it without a word."""

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_excution():
    yield ExecutionBackend(platform="typo", opens="kindling_fx_misspelt.execution:open_runner")
