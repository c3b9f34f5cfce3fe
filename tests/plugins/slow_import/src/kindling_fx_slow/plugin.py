"""Takes a second to import, as one that imports its SDK at the top does."""

import time

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl

time.sleep(1.0)


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="glacier", opens="kindling_fx_slow.execution:open_runner")
