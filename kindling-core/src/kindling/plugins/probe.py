"""The child's side of checking a plugin: load it, and say what came of it.

The process that lists plugins imports none of them: a plugin may take long, end the process or bring it down. It
starts one process for each, which ends here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from kindling.plugins.distributions import Distribution
    from kindling.plugins.metadata import EntryPoint

#: Set in the child's environment, so that a plugin that lists plugins while imported starts no further children.
PROBE_VARIABLE = "KINDLING_PLUGIN_PROBE"


def main(request: Mapping[str, Any]) -> NoReturn:
    """Examine a plugin, write the answer as JSON to standard output, and end the process at once.

    Args:
        request: As ``kindling.plugins.checking`` sends it.
    """
    # Only the answer may reach the pipe: what the plugin or a C library prints goes where errors go.
    pipe = os.dup(1)
    os.dup2(2, 1)
    task = verify if request.get("verify") else examine
    answer = json.dumps(task(request)).encode()
    with os.fdopen(pipe, "wb") as stream:
        stream.write(answer)
    sys.stderr.flush()
    # Not sys.exit: threads that the plugin has started and does not end would keep the process.
    os._exit(0)


def examine(request: Mapping[str, Any]) -> dict[str, Any]:
    """Load one plugin and return what came of it, as plain data.

    Args:
        request: ``entry_point`` and ``distribution`` as mappings of their fields, ``index`` as a list of claims and
            ``indexed``.

    Returns:
        The fields of a Verdict, and ``claims``.
    """
    from kindling.plugins.failures import LoadFailure
    from kindling.plugins.loading import claims_of, in_words, load
    from kindling.plugins.serves import disagreement
    from kindling.plugins.verdicts import time_of_sources

    entry_point, distribution = _asked(request)
    answer: dict[str, Any] = {"state": "available", "error": "", "remedy": "", "notes": [], "claims": []}
    try:
        loaded = load(entry_point, distribution)
    except LoadFailure as failure:
        state = "incompatible" if failure.incompatible else "broken"
        answer.update(state=state, error=failure.error, remedy=failure.remedy)
    except BaseException as error:  # noqa: BLE001 - because this process exists to find out what it raises
        answer.update(state="broken", error=in_words(error), remedy=f"report it to the authors of {distribution.name}")
    else:
        claims = claims_of(loaded.backends)
        indexed = {(kind, name) for kind, name in request["index"]}
        answer.update(
            claims=sorted(claims),
            notes=[f"its hook {name} belongs to a later version of Kindling" for name in loaded.later],
        )
        if request["indexed"] and (told := disagreement(indexed, claims)):
            answer.update(error=told, remedy=f"see: kindling plugins verify {entry_point.name}")
    if distribution.editable:
        answer["sources"] = time_of_sources(_sources(entry_point.module))
    return answer


def verify(request: Mapping[str, Any]) -> list[dict[str, str]]:
    """Check one plugin against the contract, and return the checks as plain data.

    Args:
        request: As for ``examine``.
    """
    from dataclasses import asdict

    from kindling.plugins import verification

    entry_point, distribution = _asked(request)
    return [asdict(check) for check in verification.verify(entry_point, distribution)]


def _asked(request: Mapping[str, Any]) -> tuple[EntryPoint, Distribution]:
    from kindling.plugins.distributions import Distribution
    from kindling.plugins.metadata import EntryPoint

    # Named tuples travel as JSON lists.
    distribution = Distribution(*request["distribution"])
    entry_points = tuple(EntryPoint(*point) for point in distribution.entry_points)
    requires = tuple(distribution.requires)
    return EntryPoint(*request["entry_point"]), distribution._replace(entry_points=entry_points, requires=requires)


def _sources(module: str) -> list[str]:
    """Return the files of the plugin's own package that were imported, or that import would look at first."""
    import importlib.util
    from contextlib import suppress

    package = module.partition(".")[0]
    files = {
        str(found.__file__)
        for name, found in list(sys.modules.items())
        if name.partition(".")[0] == package and getattr(found, "__file__", None)
    }
    # The package's folder too: a module that was missing may be written now.
    files |= {os.path.dirname(file) for file in files}  # noqa: PTH120 - texts in, texts out
    for name in (package, module):
        with suppress(Exception):  # looking for a broken plugin's module imports its package again
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin:
                files |= {spec.origin, os.path.dirname(spec.origin)}  # noqa: PTH120 - as above
    return sorted(files)[:100]
