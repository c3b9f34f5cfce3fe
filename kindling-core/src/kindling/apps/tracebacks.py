"""Tracebacks as users see them: the app's frames, without the machinery that called them."""

from __future__ import annotations

import os
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from kindling import redaction
from kindling.errors import Location
from kindling.frozen import dataclass

if TYPE_CHECKING:
    from kindling.apps.executor import ExecutableApp

_PACKAGE = str(Path(__file__).parent) + os.sep
_MACHINERY = ("<frozen importlib", "<frozen runpy")


@dataclass(frozen=True)
class Place:
    """A line of the app.

    Args:
        file: The file as tracebacks show it.
        line: The line, from 1; 0 where it is not known.
        function: Name of the function.
    """

    file: str
    line: int
    function: str


def trim(error: BaseException) -> None:
    """Take the frames of Kindling's own machinery out of an error and of all that it came from.

    Frames of libraries that the app called stay, Kindling's other parts among them: they say what the app did.

    Args:
        error: The error; its tracebacks are changed.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _without_machinery(one.__traceback__)
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def places(error: BaseException, app: ExecutableApp) -> list[Place]:
    """Return the lines of the app that an error came through, the outermost first.

    Args:
        error: The error. A syntax error is where the app's file has it.
        app: The app.
    """
    found: list[Place] = []
    entry = error.__traceback__
    root = os.path.dirname(app.source_name(app.folder / "x"))  # noqa: PTH120 - it may be a URI
    inside = (root + "/", root + os.sep)
    while entry is not None:
        code = entry.tb_frame.f_code
        if code.co_filename.startswith(inside):
            found.append(Place(code.co_filename, entry.tb_lineno or 0, code.co_name))
        entry = entry.tb_next
    if isinstance(error, SyntaxError) and str(error.filename).startswith(inside):
        found.append(Place(str(error.filename), error.lineno or 0, "<module>"))
    return found


def location(error: BaseException, app: ExecutableApp, base: Path | None) -> Location | None:
    """Return the innermost line of the app that an error came through.

    Args:
        error: The error.
        app: The app.
        base: The folder that file names are told relative to, where they are in it.
    """
    lines = places(error, app)
    if not lines:
        return None
    last = lines[-1]
    return Location(shown(last.file, base), last.line or None)


def described(error: BaseException, app: ExecutableApp, base: Path | None) -> list[str]:
    """Return the app's lines in an error's traceback as text, the outermost first, secrets masked.

    Args:
        error: The error.
        app: The app.
        base: As for :func:`location`.
    """
    import linecache

    lines: list[str] = []
    for place in places(error, app):
        source = linecache.getline(place.file, place.line).strip()
        text = f"{shown(place.file, base)}:{place.line} in {place.function}"
        lines.append(redaction.redact(f"{text}: {source}" if source else text))
    return lines


def shown(file: str, base: Path | None) -> str:
    """Return a file's name as the user would type it in a folder."""
    if base is None:
        return file
    try:
        return Path(file).relative_to(base).as_posix()
    except ValueError:
        return file


def _without_machinery(entry: TracebackType | None) -> TracebackType | None:
    # Rebuilt from the end: `tb_next` of a frame that stays has to point past those that go.
    frames: list[TracebackType] = []
    while entry is not None:
        frames.append(entry)
        entry = entry.tb_next
    kept: TracebackType | None = None
    for one in reversed(frames):
        if not _is_machinery(one.tb_frame):
            if one.tb_next is not kept:
                one.tb_next = kept
            kept = one
    return kept


def _is_machinery(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith((_PACKAGE, *_MACHINERY))


def note(error: BaseException, text: str) -> None:
    """Add a note to an error where Python has notes (3.11).

    Args:
        error: The error.
        text: The note.
    """
    add: Any = getattr(error, "add_note", None)
    if add is not None:
        add(redaction.redact(text))
