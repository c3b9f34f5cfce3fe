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


def _methods() -> list[tuple[str, str]]:
    """Return each public method and property of the classes that plugins implement or are given."""
    contracts = importlib.import_module("kindling.contracts")
    roles = [name for name in contracts.__all__ if inspect.isabstract(getattr(contracts, name))]
    roles += ["Context", "HttpClient", "HttpResponse"]
    return [(role, name) for role in roles for name in vars(getattr(contracts, role)) if not name.startswith("_")]


@pytest.mark.parametrize(("role", "name"), _methods())
def test_a_method_of_the_contract_is_documented_with_types_units_and_an_example(role: str, name: str) -> None:
    member = vars(getattr(importlib.import_module("kindling.contracts"), role))[name]
    text = inspect.getdoc(member.fget if isinstance(member, property) else member) or ""
    assert text, f"{role}.{name} has no docstring"
    if isinstance(member, property):
        return  # its name, its type and one line say it all
    arguments = [argument for argument in inspect.signature(member).parameters if argument != "self"]
    for argument in arguments:
        told = f"{argument}:" in text or "Arguments and errors as in" in text or len(arguments) == 1
        assert told, f"{role}.{name} says nothing of {argument}"
    assert ">>>" in text, f"{role}.{name} has no example"


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
