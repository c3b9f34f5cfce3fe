"""Files that are not UTF-8, in words that help. Imported only where there is one."""

from __future__ import annotations

from kindling.errors import Location, Problem


def explain_encoding(raw: bytes, error: UnicodeDecodeError, file: str) -> Problem:
    """Return the problem of a file that is not UTF-8.

    Args:
        raw: Its bytes.
        error: What decoding raised.
        file: Its name.
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Problem("KDL-CFG-013", "the file is UTF-16", Location(file), "UTF-8", "save it as UTF-8 in your editor")
    before = raw[: error.start]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    return Problem(
        "KDL-CFG-013",
        f"the byte 0x{raw[error.start]:02x} is not UTF-8",
        Location(file, before.count(b"\n") + 1, column),
        "UTF-8",
        "save the file as UTF-8 in your editor",
    )
