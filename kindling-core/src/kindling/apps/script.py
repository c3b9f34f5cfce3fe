"""Script style: executed top to bottom, with ``framework``, ``logger`` and ``context`` among the globals."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from kindling.apps.importer import AppImporter, AppSourceLoader, show_source

if TYPE_CHECKING:
    from kindling.apps.context import AppContext
    from kindling.apps.entry import EntryPoint


class ScriptNamespace:
    """The globals of one run of a script in this process.

    The globals of ``__main__`` are seen by the script and not modified by it. It is a module of the app, so that
    classes of the script can be pickled and their type hints resolved. When the next run of the script begins, it is
    kept only as long as something that the script made.

    Args:
        importer: The app's importer.
        entry: The script.
    """

    def __init__(self, importer: AppImporter, entry: EntryPoint) -> None:
        self._importer = importer
        self._entry = entry

    def execute(self, context: AppContext) -> dict[str, Any]:
        """Execute the script and return its globals.

        Args:
            context: Gives ``framework`` and ``logger``.
        """
        importer, entry = self._importer, self._entry
        module = ModuleType(importer.next_script_name())
        names = module.__dict__
        seen = _main_globals()
        names.update(seen)
        names.update(
            framework=context.framework,
            logger=context.logger,
            context=context,
            __builtins__=importer.builtins,
            __file__=str(importer.entry_point),
            __package__=importer.package,
            __loader__=AppSourceLoader(module.__name__, str(importer.entry_point), importer),
        )
        importer.begin_script(module)
        assert importer.entry_point is not None
        show_source(entry.shown, importer.entry_point)
        try:
            exec(entry.code, names)
        finally:
            # What the script never names would only keep the notebook's data alive.
            used = set(_names(entry.code))
            for name, value in seen.items():
                if name not in used and names.get(name) is value:
                    del names[name]
        return names


def _main_globals() -> dict[str, Any]:
    main = sys.modules.get("__main__")
    names = dict(vars(main)) if main is not None else {}
    return {name: value for name, value in names.items() if name != "result" and not name.startswith("__")}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
