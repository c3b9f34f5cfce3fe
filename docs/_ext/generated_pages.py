"""Pages that are written by the code they tell about, so that they cannot disagree with it.

A page holds a comment on a line of its own, and the build puts generated Markdown in its place:

* ``<!-- generated: errors -->``: a section for each error code, from ``kindling/explanations``;
* ``<!-- generated: cli -->``: a section for each command, from the commands themselves;
* ``<!-- generated: api MODULE -->``: an entry for each public name of a module, from its docstrings.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import command_pages
from sphinx.util import logging

logger = logging.getLogger(__name__)

MARK = re.compile(r"^<!-- generated: (?P<kind>\w+)(?: (?P<argument>[\w.]+))? -->$", re.MULTILINE)
SECTION = re.compile(r"^## (?P<code>KDL-[A-Z]+-\d+)", re.MULTILINE)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", replace_marks)
    return {"parallel_read_safe": True}


def replace_marks(app: Any, docname: str, source: list[str]) -> None:
    """Put generated text in the place of the marks of one page."""

    def text_of(match: re.Match[str]) -> str:
        if match["kind"] == "errors":
            return errors()
        if match["kind"] == "cli":
            return command_pages.commands()
        if match["kind"] == "api" and match["argument"]:
            return api(match["argument"])
        raise ValueError(f"{docname}: no page is generated from {match[0]}")

    source[0] = MARK.sub(text_of, source[0])


def explanations() -> dict[str, str]:
    """Return the text of each area, by its name, in order."""
    import kindling

    folder = Path(kindling.__path__[0]) / "explanations"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}


def errors() -> str:
    """Return one page with a section for each code, each under an anchor that is the code itself."""
    pages = []
    for text in explanations().values():
        # One level down, for the page has a title of its own. Links say errors.html#KDL-CFG-004.
        anchored = SECTION.sub(r'<a id="\g<code>"></a>\n\n### \g<code>', text)
        pages.append(re.sub(r"^# ", "## ", anchored, count=1, flags=re.MULTILINE))
    return "\n\n".join(pages)


def public_names(module: str) -> list[str]:
    """Return what a module offers, in its own order."""
    return list(getattr(importlib.import_module(module), "__all__", ()))


def api(module: str) -> str:
    """Return an entry for each public name of a module."""
    return "\n\n".join(entry(module, name) for name in public_names(module))


def entry(module: str, name: str) -> str:
    """Return the Markdown that documents one name."""
    try:
        value = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        # A warning, so that one build shows all of them; the build fails on it in the end.
        logger.warning("%s.%s cannot be documented: %s", module, name, error)
        return ""
    home = getattr(value, "__module__", None) or module
    if inspect.isclass(value):
        options = ":members:\n:show-inheritance:"
        directive, target = "autoclass", f"{home}.{value.__qualname__}"
    elif inspect.isroutine(value) and hasattr(value, "__qualname__") and home.startswith("kindling"):
        directive, target, options = "autofunction", f"{home}.{value.__qualname__}", ""
    else:
        directive, target, options = "autodata", f"{module}.{name}", ":no-value:"
    if module != "kindling" and name in public_names("kindling"):
        options = f"{options}\n:no-index:"  # the same object, indexed on the page of `kindling` itself
    body = "\n".join(f"   {line}" for line in options.splitlines())
    return f"## `{name}`\n\n```{{eval-rst}}\n.. {directive}:: {target}\n{body}\n```"
