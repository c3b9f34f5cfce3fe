"""Each error code that the sources name has its section, and each section a code that is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(path for path in ROOT.glob("kindling-*/src/**/*.py"))
AREAS = sorted((ROOT / "kindling-core/src/kindling/explanations").glob("*.md"))
CODE = re.compile(r"\bKDL-[A-Z]{3}-\d{3}\b")
HEADING = re.compile(r"^## (?P<code>\S+) · (?P<title>\S.*)$", re.MULTILINE)


def sections() -> dict[str, str]:
    """Return the text of each section by its code."""
    found: dict[str, str] = {}
    for area in AREAS:
        for part in re.split(r"^(?=## )", area.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            heading = HEADING.match(part)
            assert heading, f"{area.name}: not a heading of the form `## KDL-CFG-004 · Unknown key`: {part[:60]!r}"
            assert heading["code"] not in found, f"{heading['code']} is explained twice"
            found[heading["code"]] = part
    return found


def named_in_sources() -> dict[str, str]:
    """Return each code that the sources name, with one of the places."""
    found: dict[str, str] = {}
    for path in SOURCES:
        for code in CODE.findall(path.read_text(encoding="utf-8")):
            found.setdefault(code, path.relative_to(ROOT).as_posix())
    return found


def test_each_code_in_the_sources_is_explained() -> None:
    missing = {code: place for code, place in named_in_sources().items() if code not in sections()}
    assert not missing


def test_each_explained_code_is_one_that_the_sources_name() -> None:
    assert not sorted(set(sections()) - set(named_in_sources()))


@pytest.mark.parametrize("code", sorted(sections()))
def test_a_section_says_what_it_means_and_how_to_recover(code: str) -> None:
    text = sections()[code]
    meaning, found, recovery = text.partition("**How to recover.**")
    assert found, f"{code} does not say how to recover"
    assert len(meaning.splitlines()) > 2, f"{code} does not say what it means"
    assert len(meaning.split("\n", 1)[1].split()) >= 5
    assert len(recovery.split()) >= 4


def test_a_section_stands_in_the_file_of_its_area() -> None:
    for area in AREAS:
        for heading in HEADING.finditer(area.read_text(encoding="utf-8")):
            assert heading["code"].startswith(f"KDL-{area.stem}-"), f"{heading['code']} stands in {area.name}"
