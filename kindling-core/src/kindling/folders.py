"""Where the files of one user are kept between projects: one answer for each system."""
# Texts and not paths: importing pathlib costs more than all of this.
# ruff: noqa: PTH100, PTH111, PTH118

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def cache_folder(*parts: str, environ: Mapping[str, str] | None = None) -> Path:
    """Return the user's folder for what can be fetched or computed again. It is not created.

    ``KINDLING_CACHE_DIR`` wins; else ``$XDG_CACHE_HOME`` or ``~/.cache`` on Linux, ``~/Library/Caches`` on macOS
    and ``%LOCALAPPDATA%`` on Windows, each with ``kindling`` below it.

    Args:
        *parts: Folders below it.
        environ: The environment variables; without it, the process's.

    Returns:
        An absolute path.

    Example:
        >>> cache_folder("jars", environ={"KINDLING_CACHE_DIR": "/var/cache/kindling"}).as_posix()
        '/var/cache/kindling/jars'
    """
    from pathlib import Path

    return Path(cache_path(*parts, environ=environ))


def cache_path(*parts: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the same as text, without the 3 ms that ``pathlib`` takes to import.

    Args:
        *parts: As in :func:`cache_folder`.
        environ: As in :func:`cache_folder`.

    Example:
        >>> cache_path("jars", environ={"KINDLING_CACHE_DIR": "/var/cache/kindling"}).endswith("jars")
        True
    """
    environ = os.environ if environ is None else environ
    if named := environ.get("KINDLING_CACHE_DIR"):
        root = os.path.expanduser(named)
    elif sys.platform == "win32":
        root = os.path.join(environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local"), "kindling", "Cache")
    elif sys.platform == "darwin":
        root = os.path.expanduser("~/Library/Caches/kindling")
    else:
        # The specification says that a relative XDG path is to be passed over.
        xdg = environ.get("XDG_CACHE_HOME", "")
        root = os.path.join(xdg if xdg.startswith("/") else os.path.expanduser("~/.cache"), "kindling")
    # abspath and not resolve: a link stays a link, as its owner wanted it.
    return os.path.join(os.path.abspath(root), *parts)
