"""What import-linter cannot see of the architecture."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CORE = ROOT / "kindling-core" / "src" / "kindling"
PLATFORM = re.compile(r"fabric|synapse|databricks|mssparkutils|notebookutils|dbutils", re.IGNORECASE)
#: Rooms where a platform's name would be a condition on the platform, or soon become one.
ROOMS = (
    "apps",
    "jobs",
    "cli",
    "plugins",
    "runs",
    "config",
    "hookspecs.py",
    "framework.py",
    "opening.py",
    "app_runner.py",
)
FILES = sorted(
    path for room in ROOMS for path in ([CORE / room] if room.endswith(".py") else (CORE / room).rglob("*.py"))
    if path.exists()
)  # fmt: skip


def names_and_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each identifier and each string of the code with its line; docstrings are prose and may name anything."""
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CORE).as_posix())
def test_the_core_names_no_platform(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = [f"{path.name}:{line}: {text!r}" for line, text in names_and_texts(tree) if PLATFORM.search(text)]
    assert not named


def test_the_search_finds_a_condition_on_a_platform() -> None:
    tree = ast.parse('"""About fabric."""\nif platform == "databricks":\n    pass\n')
    assert [text for _, text in names_and_texts(tree) if PLATFORM.search(text)] == ["databricks"]


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"util", "utils", "helper", "helpers", "common", "misc", "manager2"}
    paths = [path for path in ROOT.glob("kindling-*/src/**/*") if path.stem in empty]
    assert not paths


def test_each_distribution_is_typed() -> None:
    for source in ROOT.glob("kindling-*/src"):
        package = "kindling" if source.parent.name == "kindling-core" else source.parent.name.replace("-", "_")
        assert (source / package / "py.typed").exists(), package
