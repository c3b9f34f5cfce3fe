"""Whether an entry point is written in one of the two styles, told from its text alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from kindling.apps.definition import EntryStyle
from kindling.apps.entry import style_of


@dataclass(frozen=True)
class StyleFault:
    """Why an entry point is in neither style.

    Args:
        message: The reason, in a sentence.
        line: The line that shows it.
        column: The column, counted from 1.
    """

    message: str
    line: int | None = None
    column: int | None = None


def style_fault(source: bytes) -> StyleFault | None:
    """Say why an entry point is in neither style, or None.

    Args:
        source: The file's content.

    Raises:
        SyntaxError: it does not compile.

    Example:
        >>> style_fault(b"def main(context): ..."), style_fault(b"result = 1")
        (None, None)
        >>> style_fault(b"def setup(context): ...").message
        'it defines setup but no main'
    """
    tree = ast.parse(source)
    if style_of(tree) is EntryStyle.LIFECYCLE:
        main = next((node for node in tree.body if _is_function(node, "main")), None)
        return None if main is None else _signature_fault(main)
    if any(_does_something(node) for node in tree.body):
        return None
    parts = [name for name in ("setup", "teardown") if any(_is_function(node, name) for node in tree.body)]
    if parts:
        return StyleFault(f"it defines {' and '.join(parts)} but no main")
    return StyleFault("it defines no main(context), and does nothing when it is executed")


def _is_function(node: ast.stmt, name: str) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name


def _signature_fault(main: ast.stmt) -> StyleFault | None:
    assert isinstance(main, (ast.FunctionDef, ast.AsyncFunctionDef))
    if main.decorator_list:
        return None  # what it takes is known when it runs
    arguments = main.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    keywords = [
        name for name, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    if len(required) <= 1 and not keywords:
        return None
    names = ", ".join(name.arg for name in [*required, *keywords])
    message = f"main({names}) cannot be called with the context alone"
    return StyleFault(message, main.lineno, main.col_offset + 1)


def _does_something(node: ast.stmt) -> bool:
    """Whether executing a statement has an effect beyond defining a function or a class, or importing."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)):
        return False
    return not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
