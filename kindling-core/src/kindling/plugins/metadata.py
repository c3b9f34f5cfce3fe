"""Reading what an installed distribution says of itself: ``entry_points.txt`` and the head of ``METADATA``.

The standard library's ``importlib.metadata`` costs 20 ms to import, because it brings ``email`` and ``zipfile``.
The two formats are simple, so that the fast path reads them itself; what it cannot read is reported, not skipped.
Values are named tuples in the modules that listing needs: making a dataclass costs each start three times as much.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kindling.frozen import dataclass

_ENTRY_VALUE = re.compile(r"(?P<module>\w+(\.\w+)*)\s*(:\s*(?P<attribute>\w+(\.\w+)*))?\s*(\[[^\]]*\])?")
_SEPARATORS = re.compile(r"[-_.]+")


class MetadataError(ValueError):
    """A file of a distribution's metadata cannot be read as what it should be."""


class EntryPoint(NamedTuple):
    """One line of ``entry_points.txt``.

    Args:
        group: The section it stands in.
        name: Left of the ``=``.
        value: Right of it: ``module`` or ``module:attribute``.
    """

    group: str
    name: str
    value: str

    @property
    def module(self) -> str:
        """The module that it names.

        Raises:
            MetadataError: the value names none.
        """
        return self._match()["module"]

    @property
    def attribute(self) -> str | None:
        """What it names inside of the module, dotted, or None for the module itself."""
        return self._match()["attribute"]

    def _match(self) -> re.Match[str]:
        match = _ENTRY_VALUE.fullmatch(self.value)
        if match is None:
            raise MetadataError(f"entry point {self.name!r} is {self.value!r}, which names no module")
        return match


@dataclass(frozen=True)
class Headers:
    """The part of ``METADATA`` that the host uses.

    Args:
        name: The distribution's name; empty where the file does not say.
        version: Its version; empty where the file does not say.
        requires: ``Requires-Dist`` lines, unparsed.
        extras: ``Provides-Extra`` lines.
    """

    name: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


def normalize(name: str) -> str:
    """Return a distribution's name in the form that compares (PEP 503).

    Example:
        >>> normalize("Kindling_Acme.Extra")
        'kindling-acme-extra'
    """
    return _SEPARATORS.sub("-", name).lower()


def parse_entry_points(content: bytes, prefix: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of all groups whose name is ``prefix`` or begins with ``prefix.``.

    Args:
        content: The bytes of ``entry_points.txt``.
        prefix: Name of a group.

    Raises:
        MetadataError: the file is not UTF-8, or a line in one of these groups is none.

    Example:
        >>> parse_entry_points(b"[kindling]\\nacme = kindling_acme.plugin\\n", "kindling")
        (EntryPoint(group='kindling', name='acme', value='kindling_acme.plugin'),)
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MetadataError(f"entry_points.txt is not UTF-8: {error.reason} at byte {error.start}") from error
    found: list[EntryPoint] = []
    group = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            if line[-1] != "]":
                raise MetadataError(f"entry_points.txt line {number}: {line!r} is no section")
            group = line[1:-1].strip()
            continue
        if group != prefix and not group.startswith(prefix + "."):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (equals and name and value):
            raise MetadataError(f"entry_points.txt line {number}: {line!r} is not 'name = module'")
        found.append(EntryPoint(group, name, value))
    return tuple(found)


def parse_headers(content: bytes) -> Headers:
    """Return the head of a ``METADATA`` or ``PKG-INFO`` file. What it does not say stays empty.

    Args:
        content: The file's bytes; only those before the first empty line are read.

    Example:
        >>> parse_headers(b"Metadata-Version: 2.4\\nName: kindling-acme\\nVersion: 2.0\\n\\nA text.").version
        '2.0'
    """
    fields: dict[str, list[str]] = {}
    # Cut off before decoding: what follows is often a README of 50 kB.
    head = (
        content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        if b"\r" in content[:200]
        else content.partition(b"\n\n")[0]
    )
    for line in head.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break
        key, colon, value = line.partition(":")
        if colon and not line[0].isspace():
            fields.setdefault(key.strip().lower(), []).append(value.strip())
    return Headers(
        name=fields.get("name", [""])[0],
        version=fields.get("version", [""])[0],
        requires=tuple(fields.get("requires-dist", ())),
        extras=tuple(fields.get("provides-extra", ())),
    )
