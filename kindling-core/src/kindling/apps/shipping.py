"""An app's modules on Spark's workers, which are other processes, on other machines.

A standalone app, as a job is, has modules with plain names: they are shipped as an archive (``pyFiles``), and functions
refer to them by name. The modules of an app that shares this process have private names that no worker knows: they are
pickled by value.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zipfile import ZipFile

#: Zip files know no earlier time. One time for all makes the same files the same archive.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_SKIPPED: Final = frozenset(("__pycache__", "node_modules"))


# The name and the folders of the app that is this process's own.
_standalone: ContextVar[tuple[str, tuple[Path, ...]] | None] = ContextVar("kindling_standalone_app", default=None)
_done: set[tuple[int, str]] = set()


@contextmanager
def standalone(name: str, roots: Sequence[Path]) -> Iterator[None]:
    """Say that this process is a standalone app's, for the length of a ``with`` block.

    Args:
        name: The app's name.
        roots: The folders that hold its modules.
    """
    token = _standalone.set((name, tuple(roots)))
    try:
        yield
    finally:
        _standalone.reset(token)


def ship(session: Any) -> None:
    """Make the modules of the app that is running known to the workers of a Spark session. Repeatable.

    Args:
        session: The session, classic or Connect.
    """
    if "kindling.apps.importer" in sys.modules:
        from kindling.apps.importer import register_for_pickling

        register_for_pickling()
    app = _standalone.get()
    if app is None:
        return
    import atexit
    import shutil
    import tempfile

    # Spark reads it as long as the session lives, and the session ends with this process.
    folder = Path(tempfile.mkdtemp(prefix="kindling-pyfiles-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    archive = make_archive(*app, folder)
    if archive is None or (id(session), archive.name) in _done:
        return
    _done.add((id(session), archive.name))
    _add(session, archive)


def make_archive(name: str, roots: Sequence[Path], folder: Path) -> Path | None:
    """Write the modules of an app into an archive that Python can import from.

    The same files give the same archive, byte for byte, and its name says so.

    Args:
        name: The app's name.
        roots: The folders that hold its modules; of two files with one name the first root's is taken.
        folder: Where to write it.

    Returns:
        The archive, or None where the app has no modules.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> _ = (root / "prices.py").write_text("VAT = 19")
        >>> make_archive("shop", [root], root).suffix
        '.zip'
    """
    import hashlib
    from zipfile import ZIP_DEFLATED, ZipFile

    files: dict[str, Path] = {}
    for root in roots:
        for path in _modules(root):
            files.setdefault(path.relative_to(root).as_posix(), path)
    if not files:
        return None
    digest = hashlib.sha256()
    for inside, path in sorted(files.items()):
        content = path.read_bytes()
        digest.update(f"{inside}\0{len(content)}\0".encode() + content)
    archive = folder / f"{name}-{digest.hexdigest()[:12]}.zip"
    with ZipFile(archive, "w", ZIP_DEFLATED) as target:
        # Python finds a folder without an __init__.py only where the archive names the folder itself.
        folders = {f"{parent.as_posix()}/" for inside in files for parent in list(PurePosixPath(inside).parents)[:-1]}
        for inside in sorted([*files, *folders]):
            _write(target, inside, files[inside].read_bytes() if inside in files else b"")
    return archive


def _modules(root: Path) -> Iterator[Path]:
    """Iterate over the modules below a folder, and over the data that lies beside those of a package."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir():
            if path.name.isidentifier():
                inside = list(_modules(path))
                if any(one.suffix == ".py" for one in inside):
                    yield from inside
                    yield from (
                        one
                        for one in sorted(path.iterdir())
                        if one.is_file() and one.suffix not in (".py", ".pyc") and not one.name.startswith(".")
                    )
        elif path.suffix == ".py":
            yield path


def _write(target: ZipFile, name: str, content: bytes) -> None:
    from zipfile import ZIP_DEFLATED, ZipInfo

    entry = ZipInfo(name, _EPOCH)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o40755 << 16 | 0x10 if name.endswith("/") else 0o644 << 16
    target.writestr(entry, content)


def _add(session: Any, archive: Path) -> None:
    if "connect" not in type(session).__module__:
        session.sparkContext.addPyFile(str(archive))
        return
    try:
        session.addArtifacts(str(archive), pyfile=True)
    except Exception as error:  # noqa: BLE001 - because servers that run Python in this process need no archive and refuse it
        logging.getLogger("kindling.apps").debug("the session takes no archive of modules: %s", error)
