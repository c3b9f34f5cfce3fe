"""Where the files of one user are kept between projects: one answer for each system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
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
    environ = os.environ if environ is None else environ
    if named := environ.get("KINDLING_CACHE_DIR"):
        root = Path(named).expanduser()
    elif sys.platform == "win32":
        root = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "kindling" / "Cache"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "kindling"
    else:
        # The specification says that a relative XDG path is to be passed over.
        xdg = environ.get("XDG_CACHE_HOME", "")
        root = (Path(xdg) if xdg.startswith("/") else Path.home() / ".cache") / "kindling"
    # abspath and not resolve: a link stays a link, as its owner wanted it.
    return Path(os.path.abspath(root), *parts)  # noqa: PTH100
