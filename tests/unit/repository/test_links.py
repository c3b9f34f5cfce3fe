"""Links between the Markdown files of the tree lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "kindling-*/README.md") for path in ROOT.glob(pattern)
    if "_build" not in path.parts
)  # fmt: skip
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^( *)(`{3,}).*?^\1\2`* *$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
#: Published names that stand for what has no address yet.
RESERVED = ("https://kindling.example",)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        target = match[1] or match[2]
        if target.startswith(("https://", "mailto:", "#")):
            continue
        assert not target.startswith("http:"), f"{target} is not encrypted"
        assert (page.parent / target.partition("#")[0]).exists(), f"{target} leads nowhere"


def test_the_readme_shows_both_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "$ python3 dev.py quickstart" in text
    assert "$ python3 dev.py test" in text
