"""What each error code means and how to recover: one Markdown file for each area, one section for each code.

``kindling explain`` reads them offline; the errors' page of the documentation is made from the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Explanation:
    """The section of one code.

    Args:
        code: ``KDL-AREA-NNN``.
        title: The heading behind the code.
        text: What it means and how to recover, in Markdown.
    """

    code: str
    title: str
    text: str


def areas() -> dict[str, str]:
    """Return the areas with the headings of their files.

    Example:
        >>> areas()["CLI"]
        'The command line'
    """
    found = {}
    for file in sorted(_FOLDER.glob("*.md")):
        with file.open(encoding="utf-8") as lines:
            found[file.stem] = next(lines, "").lstrip("# ").strip()
    return found


def read_area(area: str) -> tuple[Explanation, ...]:
    """Return all explanations of an area, in the order of its file.

    Args:
        area: Name of the area, for example ``CFG``.

    Returns:
        Nothing where there is no such area.

    Example:
        >>> read_area("CLI")[0].title
        'Wrong use of a command'
    """
    file = _FOLDER / f"{area}.md"
    return tuple(_sections(file.read_text(encoding="utf-8"))) if file.is_file() else ()


def find(code: str) -> Explanation | None:
    """Return the explanation of a code, or None.

    Args:
        code: As somebody types it: in any case, with or without ``KDL-``.

    Example:
        >>> find("cli-002").title
        'Unknown command'
    """
    full = normalized(code)
    area = full.split("-")[1] if full.count("-") == 2 else ""
    return next((explanation for explanation in read_area(area) if explanation.code == full), None)


def normalized(code: str) -> str:
    """Return a code as it is written in full.

    Example:
        >>> normalized("cfg-4"), normalized("KDL-CFG-004")
        ('KDL-CFG-004', 'KDL-CFG-004')
    """
    parts = code.strip().upper().removeprefix("KDL-").split("-")
    if len(parts) == 2 and parts[1].isdigit():
        return f"KDL-{parts[0]}-{int(parts[1]):03}"
    return code.strip().upper()


def _sections(text: str) -> Iterator[Explanation]:
    for section in ("\n" + text).split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        code, _, title = heading.partition(" · ")
        yield Explanation(code.strip(), title.strip(), body.strip())
