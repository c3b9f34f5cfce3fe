"""The five distributions as strangers get them: built, unpacked, installed into empty environments, and tried."""

from __future__ import annotations

import email.message
import email.parser
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import kindling

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = ["kindling-core", "kindling-local", "kindling-fabric", "kindling-synapse", "kindling-databricks"]
VERSION = kindling.__version__
#: What images of clusters have installed and must keep: old and new pydantic, old frames, a click of its year.
CLUSTERS = {
    "an older image": ["click==8.1.7", "PyYAML==6.0.1", "packaging==23.2", "pydantic==1.10.13", "numpy==1.23.5",
                       "pandas==1.5.3", "typing-extensions==4.7.1", "requests==2.31.0"],
    "a newer image": ["click==8.1.8", "PyYAML==6.0.2", "packaging==24.2", "pydantic==2.10.6", "numpy==2.1.3",
                      "pandas==2.2.3", "typing-extensions==4.12.2", "requests==2.32.3"],
}  # fmt: skip

#: Spark is published as sources of half a gigabyte, which would have to be unpacked to learn these few lines.
SPARK = """
[[dependency-metadata]]
name = "pyspark"
requires-dist = [
    "py4j",
    "grpcio; extra == 'connect'", "grpcio-status; extra == 'connect'", "googleapis-common-protos; extra == 'connect'",
    "pandas; extra == 'connect'", "pyarrow; extra == 'connect'", "numpy; extra == 'connect'",
]
provides-extra = ["connect"]
"""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("distributions")]


def run(*command: str | Path, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it said; a failure shows all of it."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}
    # As pip does: a company's own certificates are the system's.
    environment["UV_SYSTEM_CERTS"] = "1"
    # Nothing of these tests' own environment may be seen by the ones that are made here.
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        environment.pop(name, None)
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check:
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done


def uv(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Run uv and return its standard output."""
    return run(sys.executable, "-m", "uv", *arguments, cwd=cwd).stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the ten files; each wheel was built from the source distribution beside it."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--all-packages", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder,
       cwd=ROOT)  # fmt: skip
    return folder


def wheel(dist: Path, member: str) -> Path:
    """Return the wheel of a distribution."""
    return dist / f"{member.replace('-', '_')}-{VERSION}-py3-none-any.whl"


def metadata(dist: Path, member: str) -> email.message.Message:
    """Return the metadata of a distribution's wheel."""
    with zipfile.ZipFile(wheel(dist, member)) as archive:
        name = f"{member.replace('-', '_')}-{VERSION}.dist-info/METADATA"
        return email.parser.Parser().parsestr(archive.read(name).decode())


def contents(path: Path) -> dict[str, str]:
    """Return the hash of each file in a wheel."""
    with zipfile.ZipFile(path) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_five_wheels_and_five_source_distributions_are_built(dist: Path) -> None:
    expected = {wheel(dist, member).name for member in MEMBERS}
    expected |= {f"{member.replace('-', '_')}-{VERSION}.tar.gz" for member in MEMBERS}
    assert {path.name for path in dist.iterdir() if not path.name.startswith(".")} == expected


def test_a_wheel_from_the_source_distribution_is_the_one_from_the_tree(dist: Path, tmp_path: Path) -> None:
    uv("build", "--quiet", "--wheel", "--all-packages", "--no-build-isolation", "--python", sys.executable,
       "--out-dir", tmp_path, cwd=ROOT)  # fmt: skip
    for member in MEMBERS:
        assert contents(wheel(tmp_path, member)) == contents(wheel(dist, member))


@pytest.mark.parametrize("member", MEMBERS)
def test_a_wheel_holds_its_sources_its_licence_and_nothing_else(dist: Path, member: str) -> None:
    tree = ROOT / member / "src"
    sources = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    sources = {name for name in sources if "__pycache__" not in name}
    names = set(contents(wheel(dist, member)))
    info = f"{member.replace('-', '_')}-{VERSION}.dist-info/"
    assert {name for name in names if not name.startswith(info)} == sources
    assert f"{info}licenses/LICENSE" in names
    assert [name for name in sources if name.endswith("/py.typed")]


@pytest.mark.parametrize("member", MEMBERS)
def test_a_source_distribution_holds_what_it_is_built_from(dist: Path, member: str) -> None:
    name = f"{member.replace('-', '_')}-{VERSION}"
    with tarfile.open(dist / f"{name}.tar.gz") as archive:
        names = set(archive.getnames())
    assert {f"{name}/pyproject.toml", f"{name}/README.md", f"{name}/LICENSE", f"{name}/PKG-INFO"} <= names
    beside = {part.split("/")[1] for part in names if "/" in part}
    assert beside == {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO", "src"} | (beside & {".gitignore"})


@pytest.mark.parametrize("member", MEMBERS)
def test_the_metadata_names_siblings_with_real_ranges(dist: Path, member: str) -> None:
    fields = metadata(dist, member)
    assert fields["Version"] == VERSION
    assert fields["Requires-Python"] == ">=3.10"
    assert fields["License-Expression"] == "Apache-2.0"
    siblings = [
        requirement
        for requirement in map(Requirement, fields.get_all("Requires-Dist", []))
        if requirement.name in MEMBERS and requirement.name != member
    ]
    assert siblings, "the core's extras name the others, and the others require the core"
    for requirement in siblings:
        assert {specifier.operator for specifier in requirement.specifier} == {">=", "<"}
        assert Version(VERSION) in requirement.specifier
        assert requirement.url is None


def environment(folder: Path, interpreter: str = sys.executable) -> Path:
    """Make an empty virtual environment and return its interpreter."""
    uv("venv", "--quiet", "--seed", "--python", interpreter, folder)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python: Path, dist: Path, *arguments: str) -> None:
    """Install into an environment; our own distributions come from the wheels alone."""
    uv("pip", "install", "--quiet", "--python", python, "--find-links", dist, *arguments)


@pytest.mark.network
def test_the_core_with_local_installs_from_the_wheels_and_finds_its_plugin(dist: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "an environment")
    install(python, dist, "-c", str(ROOT / "constraints.txt"), f"kindling-core[local]=={VERSION}")
    assert "No broken requirements found" in run(python, "-m", "pip", "check", cwd=tmp_path).stdout

    code = "from importlib.metadata import entry_points; print([e.value for e in entry_points(group='kindling')])"
    assert run(python, "-c", code, cwd=tmp_path).stdout.strip() == "['kindling_local.plugin']"
    where = run(python, "-c", "import kindling; print(kindling.__file__)", cwd=tmp_path).stdout
    assert str(ROOT) not in where

    command = python.with_name("kindling.exe" if os.name == "nt" else "kindling")
    assert VERSION in run(command, "--version", cwd=tmp_path).stdout
    listed = json.loads(run(command, "plugins", "list", "-o", "json", cwd=tmp_path).stdout)
    plugins = listed if isinstance(listed, list) else listed["plugins"]
    assert {plugin["name"]: plugin["state"] for plugin in plugins}["local"] in ("available", "loaded")

    run(command, "init", "project", "demo", cwd=tmp_path)
    run(command, "validate", cwd=tmp_path / "demo")


@pytest.mark.network
def test_the_core_alone_brings_only_what_its_page_says(dist: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    install(python, dist, f"kindling-core=={VERSION}")
    listed = json.loads(run(python, "-m", "pip", "list", "--format", "json", cwd=tmp_path).stdout)
    names = {item["name"].lower().replace("_", "-") for item in listed} - {"pip", "setuptools", "wheel"}
    direct = {"kindling-core", "click", "pluggy", "pyyaml", "packaging", "rich", "importlib-metadata", "tomli"}
    indirect = {"zipp", "lazy-importer", "markdown-it-py", "mdurl", "pygments", "colorama", "typing-extensions"}
    assert names <= direct | indirect


@pytest.mark.network
def test_the_oldest_versions_that_the_ranges_allow_do_work(dist: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    install(python, dist, "--resolution", "lowest-direct", f"kindling-core=={VERSION}", f"kindling-local=={VERSION}")
    command = python.with_name("kindling.exe" if os.name == "nt" else "kindling")
    run(command, "--help", cwd=tmp_path)
    run(command, "plugins", "list", cwd=tmp_path)
    run(command, "init", "project", "demo", cwd=tmp_path)
    run(command, "validate", cwd=tmp_path / "demo")


def resolve(dist: Path, tmp_path: Path, requirements: Sequence[str], constraints: Sequence[str] = ()) -> set[str]:
    """Return the lines of what a set of requirements resolves to, without installing anything."""
    wanted, bounds, settings = tmp_path / "wanted.in", tmp_path / "bounds.txt", tmp_path / "uv.toml"
    settings.write_text(SPARK, encoding="utf-8")
    wanted.write_text("\n".join(requirements), encoding="utf-8")
    bounds.write_text("\n".join(constraints), encoding="utf-8")
    lines = uv("pip", "compile", "--quiet", "--no-annotate", "--no-header", "--find-links", dist, "--python-version",
               "3.11", "--no-emit-find-links", "--config-file", settings, "-c", bounds,
               wanted).splitlines()  # fmt: skip
    return {line.strip() for line in lines if line.strip()}


def extras() -> list[str]:
    """Return the extras of the core."""
    from importlib.metadata import metadata as installed

    return sorted(installed("kindling-core").get_all("Provides-Extra") or [])


@pytest.mark.network
@pytest.mark.parametrize("extra", [*extras(), ",".join(extras())])
def test_no_extra_brings_two_distributions_of_spark(dist: Path, tmp_path: Path, extra: str) -> None:
    found = {line.partition("==")[0] for line in resolve(dist, tmp_path, [f"kindling-core[{extra}]=={VERSION}"])}
    assert "kindling-core" in found
    assert not {"pyspark", "pyspark-client"} <= found
    assert "pyspark-client" not in found


@pytest.mark.network
@pytest.mark.parametrize("image", CLUSTERS)
def test_the_core_installs_beside_what_a_cluster_ships(dist: Path, tmp_path: Path, image: str) -> None:
    kept = CLUSTERS[image]
    extras_of_platforms = "fabric,synapse,databricks"
    found = resolve(dist, tmp_path, [f"kindling-core[{extras_of_platforms}]=={VERSION}", *kept], kept)
    assert {pin.lower() for pin in kept} <= {line.lower() for line in found}
