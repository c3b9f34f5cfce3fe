"""Runs one app: the file that a job definition names. It works as a module, as a script, and copied elsewhere.

::

    python app_runner.py app [environment] [--environment|-e NAME] [--artifacts-path|-a URI] [--param k=v]
                         [--verbose|-v]

``KINDLING_ENVIRONMENT`` and ``KINDLING_ARTIFACTS_PATH`` say what the arguments do not. The app's result is printed
as JSON. Exit codes: 0 it succeeded, 1 it failed, 2 misuse, 130 interrupted; ``-v`` shows the traceback of a failure.
"""

# Standard library only up to the point where the arguments are understood: a copy of this file has to say what is
# wrong where Kindling itself is not installed.
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

SUCCEEDED, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line.

    Args:
        arguments: What follows the name of the program.

    Returns:
        ``app``, ``environment``, ``artifacts_path``, ``param`` (a list of ``k=v``), ``verbose``.

    Raises:
        SystemExit: 2, it cannot be understood; 0 after ``--help``.

    Example:
        >>> parse_arguments(["orders", "dev", "--param", "day=2024-05-01"]).environment
        'dev'
    """
    parser = argparse.ArgumentParser(
        prog="app_runner", description="Run one app of a Kindling project, as a job does.", allow_abbrev=False
    )
    parser.add_argument("app", help="name of the app, or the path of its folder")
    parser.add_argument("positional_environment", nargs="?", metavar="environment", help="dev, test, prod, …")
    parser.add_argument("--environment", "-e", metavar="NAME", help="the same as an option")
    parser.add_argument("--artifacts-path", "-a", metavar="URI", help="folder or URI of the artifacts root")
    parser.add_argument(
        "--param", "-p", action="append", default=[], metavar="K=V", help="a parameter of the app; may be repeated"
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="say more; show the traceback of a failure")
    found = parser.parse_args(arguments)
    positional = found.positional_environment
    if positional and found.environment and positional != found.environment:
        parser.error(f"the environment is given twice: {positional} and {found.environment}")
    found.environment = found.environment or positional
    del found.positional_environment
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an app and return the exit code.

    Args:
        arguments: What follows the name of the program; without it, ``sys.argv``.

    Example:
        ``main(["orders", "prod", "--param", "day=2024-05-01"])``
    """
    given = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    # As variables, so that whatever else the app starts sees the same.
    said = {"KINDLING_ARTIFACTS_PATH": given.artifacts_path, "KINDLING_ENVIRONMENT": given.environment}
    before = {name: os.environ.get(name) for name in said}
    os.environ.update({name: value for name, value in said.items() if value})
    try:
        return _run_and_report(given)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _run_and_report(given: argparse.Namespace) -> int:
    try:
        import kindling.errors
    except ImportError as error:
        _say(f"app_runner: Kindling is not installed for {sys.executable} ({error})")
        _say('  → pip install "kindling-core"')
        return FAILED
    try:
        return _run(given)
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except kindling.errors.KindlingError as error:
        return _report(error, verbose=given.verbose)


def _run(given: argparse.Namespace) -> int:
    import json

    import kindling
    from kindling.apps.executor import AppExecutor
    from kindling.apps.manager import AppManager
    from kindling.apps.parameters import parse_pairs
    from kindling.runs.record import result_for_record
    from kindling.telemetry.logs import configure

    parameters = parse_pairs(given.param)
    with (
        configure("DEBUG" if given.verbose else "INFO"),
        kindling.initialize(environment=given.environment) as framework,
    ):
        # In this process even with a time limit: on a cluster a child process has no Spark.
        manager = AppManager(framework, executor=AppExecutor(owns_process=True, firm_limits=False))
        manager.loader.artifacts_first = bool(os.environ.get("KINDLING_ARTIFACTS_PATH"))
        run = manager.run(given.app, parameters=parameters)
        if run.result is not None:
            from kindling.redaction import redact_value

            print(json.dumps(redact_value(result_for_record(run.result)), ensure_ascii=False))  # noqa: T201 - the result
    return SUCCEEDED


def _report(error: Any, *, verbose: bool) -> int:
    if verbose:
        import traceback

        from kindling.redaction import redact

        _say(redact("".join(traceback.format_exception(type(error), error, error.__traceback__))))
    _say(f"error: {error.message}" + ("" if error.code in error.message else f"  ({error.code})"))
    for suggestion in error.suggestions:
        _say(f"  → {suggestion}")
    return MISUSED if error.exit_code == MISUSED else FAILED


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - a program's own words


if __name__ == "__main__":
    code = main()
    # Some platforms count any SystemExit as a failure, also one with code 0.
    if code:
        sys.exit(code)
