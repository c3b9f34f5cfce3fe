"""Every hook has a page with its exact signature, and tests of its name."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from kindling import hookspecs
from kindling.plugins.loading import HOOKS

PAGES = Path(__file__).resolve().parents[4] / "docs" / "reference" / "hooks"
SPECIFIED = sorted(name for name, member in vars(hookspecs).items() if hasattr(member, "kindling_spec"))


@pytest.mark.parametrize("name", SPECIFIED)
def test_it_has_a_page_with_its_exact_signature(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    signature = f"{name}{inspect.signature(getattr(hookspecs, name))}".replace("'", "")
    assert f"```text\n{signature}\n```" in page
    assert page.startswith(f"# {name}\n")
    assert f"def {name}(" in page, "an example implements it"


@pytest.mark.parametrize("name", SPECIFIED)
def test_its_page_is_in_the_index(name: str) -> None:
    assert f"({name}.md)" in (PAGES / "index.md").read_text(encoding="utf-8")


def test_there_is_no_page_of_a_hook_that_is_not_there() -> None:
    assert sorted(page.stem for page in PAGES.glob("kindling_*.md")) == SPECIFIED


@pytest.mark.parametrize("name", SPECIFIED)
def test_it_has_a_test_of_its_name(name: str) -> None:
    tests = (Path(__file__).parent / "test_hooks.py").read_text(encoding="utf-8")
    assert re.search(rf"^def test_{name}_", tests, re.MULTILINE)


@pytest.mark.parametrize("name", SPECIFIED)
def test_it_takes_no_arguments_and_says_what_it_returns_and_raises(name: str) -> None:
    function = getattr(hookspecs, name)
    assert not inspect.signature(function).parameters
    for section in ("Returns:", "Raises:", "Example:"):
        assert section in (function.__doc__ or "")


def test_the_host_calls_exactly_the_hooks_that_are_specified() -> None:
    assert sorted(HOOKS) == SPECIFIED
