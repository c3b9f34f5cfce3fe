"""The entry point of an app: which of the two styles it is written in, and its code.

**Lifecycle**: the file binds ``main`` at its top level, by ``def``, ``async def`` or ``from … import main``, and does
not call it there itself. ``main`` takes the context, or nothing. An ``if __name__ == "__main__":`` of such a file is
not executed: Kindling calls ``main``.

**Script**: every other file. It is executed top to bottom, its ``if __name__ == "__main__":`` included.
"""

from __future__ import annotations

import ast
from types import CodeType

from kindling.apps.definition import EntryStyle
from kindling.errors import AppConfigError, Location, Problem
from kindling.frozen import dataclass


@dataclass(frozen=True)
class EntryPoint:
    """An entry point, compiled.

    Args:
        style: How it is written.
        code: Its code; whether ``if __name__ == "__main__":`` is taken is decided in it.
        shown: The file name in tracebacks.
    """

    style: EntryStyle
    code: CodeType
    shown: str


_compiled: dict[str, tuple[bytes, EntryPoint]] = {}


def read_entry_point(source: bytes, shown: str) -> EntryPoint:
    """Compile an entry point.

    Args:
        source: The file's content.
        shown: The file name in tracebacks.

    Raises:
        AppConfigError: KDL-APP-011, it is not Python; with line and caret.

    Example:
        >>> read_entry_point(b"def main(context): ...", "main.py").style.value
        'lifecycle'
        >>> read_entry_point(b"result = 1", "main.py").style.value
        'script'
    """
    known = _compiled.get(shown)
    if known is not None and known[0] == source:
        return known[1]
    try:
        tree = ast.parse(source, shown)
        style = style_of(tree)
        _decide_guard(tree, taken=style is EntryStyle.SCRIPT)
        code = compile(tree, shown, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise not_python(error, shown) from None
    entry = EntryPoint(style, code, shown)
    _compiled[shown] = (source, entry)
    return entry


def style_of(tree: ast.Module) -> EntryStyle:
    """Tell in which style a file is written.

    Args:
        tree: The file, parsed.

    Example:
        >>> style_of(ast.parse("async def main(): ...")).value
        'lifecycle'
        >>> style_of(ast.parse("def main(): ...\\nmain()")).value
        'script'
    """
    binds = False
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            binds = binds or statement.name == "main"
        elif isinstance(statement, ast.ImportFrom):
            binds = binds or any((alias.asname or alias.name) == "main" for alias in statement.names)
        elif not _is_guard(statement) and _calls_main(statement):
            return EntryStyle.SCRIPT
    return EntryStyle.LIFECYCLE if binds else EntryStyle.SCRIPT


def not_python(error: SyntaxError | ValueError, shown: str) -> AppConfigError:
    """Return the error for a file that is not Python, with its line and a caret."""
    if not isinstance(error, SyntaxError):  # null bytes, before 3.12
        return AppConfigError([Problem("KDL-APP-011", f"not Python: {error}", Location(shown))])
    column = error.offset if error.offset and error.offset > 0 else None
    detail = ""
    if error.text:
        line = error.text.rstrip("\n")
        stripped = line.lstrip()
        detail = stripped
        if column:
            detail += "\n" + " " * max(column - 1 - (len(line) - len(stripped)), 0) + "^"
    problem = Problem(
        "KDL-APP-011",
        f"{type(error).__name__}: {error.msg}",
        Location(error.filename or shown, error.lineno, column),
        detail=detail,
    )
    return AppConfigError([problem])


def _calls_main(statement: ast.stmt) -> bool:
    """Whether executing a statement of the top level calls ``main``; bodies of functions are not executed."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "main":
            return True
        waiting.extend(ast.iter_child_nodes(node))
    return False


def _is_guard(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return False
    test = statement.test
    sides = [test.left, *test.comparators]
    return (
        len(sides) == 2
        and isinstance(test.ops[0], ast.Eq)
        and any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
        and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
    )


def _decide_guard(tree: ast.Module, *, taken: bool) -> None:
    for statement in tree.body:
        if _is_guard(statement):
            assert isinstance(statement, ast.If)
            statement.test = ast.copy_location(ast.Constant(taken), statement.test)
