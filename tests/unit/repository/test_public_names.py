"""Each public name is documented with an example, and each example runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PUBLIC = ["kindling", "kindling.contracts", "kindling.testing"]
NAMES = [(module, name) for module in PUBLIC for name in getattr(importlib.import_module(module), "__all__", ())]
MODULES = sorted(
    ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
    for source in ROOT.glob("kindling-*/src")
    for path in source.rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8") and "templates" not in path.parts
)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_public_name_has_a_docstring_with_an_example(module: str, name: str) -> None:
    value = getattr(importlib.import_module(module), name)
    if getattr(value, "__module__", "").partition(".")[0] != "kindling":
        return  # a constant or an alias: told about beside its assignment
    text = inspect.getdoc(value) or ""
    assert text, f"{module}.{name} has no docstring"
    assert "Example" in text, f"{module}.{name} has no example"
    assert ">>>" in text, f"the example of {module}.{name} does not run"


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_offers_what_it_lists_and_imports_it_lazily(module: str) -> None:
    imported = importlib.import_module(module)
    assert set(imported.__all__) <= set(dir(imported))
    with pytest.raises(AttributeError, match="no_such_name"):
        imported.no_such_name


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=flags)
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module)):
        runner.run(test, out=said.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(said)
