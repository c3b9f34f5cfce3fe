"""Imports an SDK that only an extra of its distribution brings."""

import acme_sdk  # noqa: F401

from kindling.contracts import ExecutionBackend
from kindling.hookspecs import hookimpl


@hookimpl
def kindling_execution():
    yield ExecutionBackend(platform="acme", opens="kindling_acme.execution:open_runner")
