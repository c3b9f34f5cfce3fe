"""Whether an app's entry point is a Python file in its folder, under exactly that name on every system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from kindling.errors import Location, Problem

BAD_ENTRY_POINT: Final = "KDL-APP-009"


def check_entry_point(folder: Path, entry_point: str, location: Location) -> Problem | None:
    """Say what is wrong with an entry point, or None.

    Args:
        folder: The app's folder.
        entry_point: As written in ``app.yaml``.
        location: Where it is written.

    Example:
        >>> check_entry_point(Path("."), "../main.py", Location("app.yaml", 2)).message
        "entry_point '../main.py' leaves the app's folder"
    """

    def wrong(message: str, suggestion: str = "") -> Problem:
        return Problem(BAD_ENTRY_POINT, message, location, suggestion=suggestion)

    shown = f"entry_point {entry_point!r}"
    if not entry_point.strip():
        return wrong("entry_point is empty", "name a file, for example main.py")
    if "\\" in entry_point:
        return wrong(f"{shown} has a backslash", f"did you mean {entry_point.replace(chr(92), '/')!r}?")
    if entry_point.startswith(("/", "~")) or re.match(r"[A-Za-z]:", entry_point):
        return wrong(f"{shown} is not relative to the app's folder", "write it from the folder of app.yaml on")
    parts = [part for part in entry_point.split("/") if part not in ("", ".")]
    if ".." in parts:
        return wrong(f"{shown} leaves the app's folder")
    if any(ord(letter) < 32 for letter in entry_point):
        return wrong(f"{shown} has a control character")
    if "/".join(parts) != entry_point:
        return wrong(f"{shown} is not written plainly", f"did you mean {'/'.join(parts)!r}?")
    place = folder
    for part in parts:
        problem = _step(place, part, shown)
        if problem is not None:
            return wrong(*problem)
        place = place / part
    if place.is_dir():
        inside = "main.py" if (place / "main.py").is_file() else "__main__.py"
        hint = f"did you mean '{entry_point}/{inside}'?" if (place / inside).is_file() else "name a file in it"
        return wrong(f"{shown} is a folder", hint)
    if not place.is_file():
        return wrong(f"{shown} is not a regular file")
    if place.suffix != ".py":
        hints = {
            ".ipynb": "export the notebook: jupyter nbconvert --to script",
            ".yaml": "a pipeline is named by 'pipeline'",
            ".yml": "a pipeline is named by 'pipeline'",
        }
        return wrong(f"{shown} is not a Python file (.py)", hints.get(place.suffix.lower(), ""))
    if not place.resolve().is_relative_to(folder.resolve()):
        return wrong(f"{shown} is a link that leaves the app's folder", "copy the file: the folder is what is packed")
    return None


def _step(place: Path, part: str, shown: str) -> tuple[str, str] | None:
    """Look for one name in a folder by comparing it with the folder's entries, not by asking for the path.

    Windows and macOS find ``Main.py`` under ``main.py``, and macOS finds ``é`` however it is composed: the app
    would work there and fail on a cluster.
    """
    names = [entry.name for entry in place.iterdir()] if place.is_dir() else []
    if part in names:
        return None
    for name in names:
        if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", part):
            return (f"{shown} and the file's name are composed of different characters that look alike",
                    f"rename the file to {part!r} by typing it anew")  # fmt: skip
        if name.casefold() == part.casefold():
            return f"{shown} differs from the file {name!r} in upper and lower case", f"write {name!r}"
    from difflib import get_close_matches

    near = get_close_matches(part, names, n=1, cutoff=0.6)
    python_files = sorted(name for name in names if name.endswith(".py"))
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif python_files:
        hint = "the folder has " + ", ".join(python_files[:5])
    else:
        hint = f"make the file {part!r}" if part.endswith(".py") else ""
    return f"{shown} does not exist", hint
