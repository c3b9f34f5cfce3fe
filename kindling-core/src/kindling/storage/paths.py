"""Paths of a storage: what is one, and how it stands in a URI."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from kindling.errors import InvalidPath

# Control characters (C0, DEL, C1), surrogates (no UTF-8 has them), and the backslash, which is a separator to some.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\\\\]")

#: What stands unquoted in the path of a URI (RFC 3986: pchar without `%`), and the slash between names.
_SAFE = "/!$&'()*,;=:@"

_WINDOWS_REFUSED = re.compile('[<>:"|?*]')
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)


def check_path(path: str, *, allow_empty: bool = False) -> str:
    """Return ``path`` if it is one: names with ``/`` between.

    Args:
        path: A path below a storage's root.
        allow_empty: Whether the empty text, the root, is allowed.

    Raises:
        InvalidPath: KDL-STO-006: an empty name, ``.``, ``..``, a backslash, a control character; says which.

    Example:
        >>> check_path("bronze/sales 2024#1.csv")
        'bronze/sales 2024#1.csv'
        >>> check_path("../etc/passwd")
        Traceback (most recent call last):
        ...
        kindling.errors.InvalidPath: '../etc/passwd' is not a path of a storage: '..' would leave the folder
    """
    if not isinstance(path, str):
        raise TypeError(f"a path is a str, not {type(path).__name__}")
    if not path:
        if allow_empty:
            return path
        raise invalid_path(path, "it is empty")
    found = _REFUSED.search(path)
    if found is not None:
        character = found.group()
        if character == "\\":
            raise invalid_path(path, "it has a backslash", "write `/` between names, on Windows too")
        kind = "a surrogate" if character >= "\ud800" else "a control character"
        raise invalid_path(path, f"it has {kind}, U+{ord(character):04X}")
    for name in path.split("/"):
        if not name:
            where = "begins" if path.startswith("/") else "ends" if path.endswith("/") else "has an empty name"
            reason = f"it {where} with `/`" if where != "has an empty name" else "it has an empty name, `//`"
            raise invalid_path(path, reason, "leave the slash away")
        if name == ".":
            raise invalid_path(path, "it has a name `.`", "leave it away")
        if name == "..":
            raise invalid_path(path, "'..' would leave the folder", "name the file from the storage's root on")
    return path


def check_windows_names(path: str) -> str:
    """Return ``path`` if Windows can hold files of its names.

    Raises:
        InvalidPath: KDL-STO-006: a device's name (``CON``), one of ``<>:"|?*``, a blank or a dot at an end.

    Example:
        >>> check_windows_names("data/aux.csv")
        Traceback (most recent call last):
        ...
        kindling.errors.InvalidPath: 'data/aux.csv' is not a path of a storage: on Windows 'aux' is a device
    """
    for name in path.split("/"):
        found = _WINDOWS_REFUSED.search(name)
        if found is not None:
            raise invalid_path(path, f"a name on Windows cannot have {found.group()!r}")
        if name[-1] in " .":
            raise invalid_path(path, f"a name on Windows cannot end in {name[-1]!r}")
        device = name.split(".", 1)[0].rstrip(" ")
        if device.lower() in _WINDOWS_DEVICES:
            raise invalid_path(path, f"on Windows {device!r} is a device")
    return path


def invalid_path(path: str, reason: str, suggestion: str | None = None) -> InvalidPath:
    """Return the error for a path that is none, or that a storage cannot hold."""
    return InvalidPath(
        f"{path!r} is not a path of a storage: {reason}",
        context={"path": path, "reason": reason},
        suggestions=[suggestion] if suggestion else (),
    )


def quote_path(path: str) -> str:
    """Return a path as it stands in a URI.

    Example:
        >>> quote_path("a b/50%#1.csv"), quote_path("größe.csv")
        ('a%20b/50%25%231.csv', 'gr%C3%B6%C3%9Fe.csv')
    """
    return quote(path, safe=_SAFE)


def path_below(uri: str, root_uri: str) -> str | None:
    """Return the path of a URI in the storage whose root has the other URI; None where it is not below it.

    Args:
        uri: A full URI.
        root_uri: What ``storage.uri()`` returns.

    Raises:
        InvalidPath: KDL-STO-006, the URI has a query or a fragment (an unquoted ``#``), or its path is not one.

    Example:
        >>> path_below("memory://scratch/a%20b.txt", "memory://scratch")
        'a b.txt'
    """
    root = root_uri if root_uri.endswith("/") else root_uri + "/"
    if uri in (root, root[:-1]):
        return ""
    if not uri.startswith(root):
        return None
    rest = uri[len(root) :]
    for mark in "#?":
        if mark in rest:
            raise invalid_path(uri, f"a URI with an unquoted `{mark}`", f"write `%{ord(mark):02X}` for `{mark}`")
    return check_path(unquote(rest.rstrip("/"), errors="strict"), allow_empty=True)


def scheme_of(uri: str) -> str:
    """Return the scheme of a URI in lower case; empty where it has none.

    Example:
        >>> scheme_of("ABFSS://c@a.dfs.core.windows.net/x"), scheme_of("data/x.csv")
        ('abfss', '')
    """
    return urlsplit(uri).scheme if "://" in uri else ""
