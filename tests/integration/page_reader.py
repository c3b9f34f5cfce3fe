"""Follows one page of the documentation as its reader would: ``page_reader.py STEPS.json PAGE``.

Runs in the folder where the reader stands. Ends with 1, and the page's line, at the first step that does not hold.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import json
import os
import subprocess
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

Step = dict[str, Any]

#: What a shell leaves for the next one: where it stands, and what it exported.
REMEMBER = '__status=$?; { pwd; export -p; } > "$READER_STATE"; exit $__status'


class Reader:
    """Somebody who types one page from top to bottom."""

    def __init__(self, page: str, state: Path) -> None:
        self.page = page
        self.state = state
        self.exported = ""
        # The page's own __main__: pickling and dataclasses look names up there.
        self.module = types.ModuleType("__main__")
        self.module.__file__ = page
        sys.modules["__main__"] = self.module

    def write(self, step: Step) -> None:
        """Make the file that a block shows."""
        path = Path(step["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step["text"], encoding="utf-8")

    def parse(self, step: Step) -> None:
        """Check that data is written as its language wants it."""
        try:
            _parser(step["language"])(step["text"])
        except Exception as error:  # noqa: BLE001 - because each parser has errors of its own, and all mean the same here
            self.fail(step, f"does not parse: {error}")

    def python(self, step: Step) -> None:
        """Run Python in the namespace of the page; a ``>>>`` session is compared with what it shows."""
        if step["text"].lstrip().startswith(">>>"):
            self._session(step)
            return
        try:
            # Line numbers of a traceback are those of the page.
            source = "\n" * step["line"] + step["text"]
            code = compile(source, self.page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            result = eval(code, self.module.__dict__)
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except BaseException:  # noqa: BLE001 - because a block may also try to end the process
            traceback.print_exc()
            self.fail(step, "the block raised")

    def _session(self, step: Step) -> None:
        namespace = self.module.__dict__
        test = doctest.DocTestParser().get_doctest(step["text"], namespace, self.page, self.page, step["line"])
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=sys.stderr.write, clear_globs=False)
        namespace.update(test.globs)
        if runner.failures:
            self.fail(step, "the session says something else")

    def type(self, step: Step) -> None:
        """Type a command into a shell that stands where the one before stood."""
        script = f"{self.exported}\n{step['command']}\n{REMEMBER}"
        environment = {**os.environ, "READER_STATE": str(self.state)}
        done = subprocess.run(
            ["bash", "-c", script], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode != step["status"]:
            sys.stderr.write(done.stdout[-4000:] + done.stderr[-8000:])
            self.fail(step, f"`{step['command']}` ended with {done.returncode}, not {step['status']}")
        if self.state.exists():
            folder, _, self.exported = self.state.read_text(encoding="utf-8").partition("\n")
            os.chdir(folder)

    def fail(self, step: Step, message: str) -> NoReturn:
        """End, and say where."""
        print(f"{self.page}:{step['line']}: {message}", file=sys.stderr)
        sys.exit(1)


def _parser(language: str) -> Callable[[str], object]:
    if language == "json":
        return json.loads
    if language == "yaml":
        import yaml

        return lambda text: list(yaml.safe_load_all(text))
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads


def main(steps: Path, page: str) -> None:
    """Follow all steps."""
    reader = Reader(page, steps.with_name("state"))
    for step in json.loads(steps.read_text(encoding="utf-8")):
        getattr(reader, step["do"])(step)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
