"""Fixture distributions: really built into wheels, really installed, each time into a folder of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kindling.atomic import locked
from kindling.plugins.host import PluginHost

SOURCES = Path(__file__).resolve().parents[3] / "plugins"
#: All modules of the fixture distributions begin with one of these.
PREFIXES = ("kindling_fx_", "kindling_orbit", "kindling_acme")

_BUILD = """
import os, sys
from hatchling import build
for folder in sys.argv[2:]:
    os.chdir(folder)
    build.build_wheel(os.path.join(sys.argv[1], os.path.basename(folder)))
"""


@pytest.fixture(scope="session")
def wheels(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder for each fixture distribution, in which its wheel lies.

    Built once for all workers and kept between runs, by a hash of the sources.
    """
    cache = getattr(request.config, "cache", None)
    kept = Path(cache.mkdir("fixture-wheels")) if cache is not None else tmp_path_factory.getbasetemp().parent
    folders = sorted(folder for folder in SOURCES.iterdir() if (folder / "pyproject.toml").exists())
    digest = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".toml")):
        digest.update(f"{file.relative_to(SOURCES).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    built = kept / digest.hexdigest()[:16]
    with locked(kept / "build.lock", timeout=120):
        if not built.exists():
            for old in kept.glob("*"):
                if old.is_dir():
                    shutil.rmtree(old)
            unfinished = kept / "unfinished"
            for folder in folders:
                (unfinished / folder.name).mkdir(parents=True)
            command = [sys.executable, "-c", _BUILD, str(unfinished), *map(str, folders)]
            subprocess.run(command, check=True, capture_output=True)
            unfinished.rename(built)
    return built


@pytest.fixture(scope="session")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Install fixture distributions, by the names of their folders, into one folder, and return it.

    With ``fresh=True`` the folder is the caller's own, to be changed.
    """
    from uv import find_uv_bin

    known: dict[tuple[str, ...], Path] = {}

    def install(*names: str, fresh: bool = False) -> Path:
        if not fresh and names in known:
            return known[names]
        site = tmp_path_factory.mktemp("site")
        files = [str(next((wheels / name).glob("*.whl"))) for name in names]
        if files:
            command = [find_uv_bin(), "pip", "install", "--quiet", "--offline", "--no-deps", "--python", sys.executable]
            # Copies and no cache: a test that damages an installed file must not damage anybody else's.
            command += ["--no-cache", "--link-mode", "copy", "--target", str(site)]
            subprocess.run([*command, *files], check=True, capture_output=True)
        if "corrupt_metadata" in names:
            damage(site)
        if not fresh:
            known[names] = site
        return site

    return install


def damage(site: Path) -> None:
    """Do to the metadata of ``kindling-fx-corrupt`` what a crash while writing does: a tail of rubbish."""
    file = next(site.glob("kindling_fx_corrupt-*.dist-info")) / "entry_points.txt"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] + b"\xff\xfe\x00" * 8)


@pytest.fixture
def forget_modules() -> Iterator[None]:
    """Forget the fixture distributions' modules, so that the next test imports its own."""
    yield
    for name in [name for name in sys.modules if name.startswith(PREFIXES)]:
        del sys.modules[name]


@pytest.fixture
def host_of(
    installed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forget_modules: None
) -> Iterator[Callable[..., PluginHost]]:
    """Make a host that sees nothing but the fixture distributions that are named, which this process can import."""
    hosts: list[PluginHost] = []

    def make(*names: str, site: Path | None = None, **keywords: object) -> PluginHost:
        folder = installed(*names) if site is None else site
        monkeypatch.syspath_prepend(str(folder))
        keywords.setdefault("environ", {key: os.environ[key] for key in os.environ if not key.startswith("KINDLING_")})
        host = PluginHost(path=[str(folder)], state=tmp_path / "state", **keywords)  # type: ignore[arg-type]
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.close()
