"""The five distributions agree with one another, and each dependency is argued for."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import kindling

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[3]
MEMBERS = ["kindling-core", "kindling-local", "kindling-fabric", "kindling-synapse", "kindling-databricks"]


def project(member: str) -> dict[str, Any]:
    """Return the table ``[project]`` of a distribution."""
    table: dict[str, Any] = tomllib.loads((ROOT / member / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def workspace() -> dict[str, Any]:
    """Return the workspace's own file."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_members_are_these_five() -> None:
    assert workspace()["tool"]["uv"]["workspace"]["members"] == MEMBERS


def test_five_literals_and_the_package_say_one_version() -> None:
    assert {project(member)["version"] for member in MEMBERS} == {kindling.__version__}


def test_siblings_are_required_by_a_range_that_holds_the_version_of_today() -> None:
    version = Version(kindling.__version__)
    names = set(MEMBERS)
    for member in MEMBERS:
        extras = project(member).get("optional-dependencies", {})
        for text in project(member)["dependencies"] + [item for extra in extras.values() for item in extra]:
            requirement = Requirement(text)
            if requirement.name not in names or requirement.name == member:
                continue
            operators = {specifier.operator for specifier in requirement.specifier}
            assert operators == {">=", "<"}, f"{member} requires {text}"
            assert version in requirement.specifier, f"{member} requires {text}"


@pytest.mark.parametrize("member", MEMBERS)
def test_a_distribution_says_what_it_runs_on_and_how_it_may_be_used(member: str) -> None:
    table = project(member)
    assert table["requires-python"] == ">=3.10"
    assert table["license"] == "Apache-2.0"
    for minor in range(10, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in table["classifiers"]
    assert (ROOT / member / "LICENSE").read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert (ROOT / member / "README.md").read_text(encoding="utf-8").startswith(f"# {member}\n")


def test_each_platform_has_an_extra_of_its_name_in_the_core() -> None:
    extras = project("kindling-core")["optional-dependencies"]
    for member in MEMBERS[1:]:
        names = {Requirement(text).name for text in extras[member.removeprefix("kindling-")]}
        assert member in names


def _requirements() -> set[str]:
    groups = workspace()["dependency-groups"]
    texts = [item for group in groups.values() for item in group if isinstance(item, str)]
    for member in MEMBERS:
        table = project(member)
        texts += table["dependencies"]
        texts += [item for extra in table.get("optional-dependencies", {}).values() for item in extra]
        build = tomllib.loads((ROOT / member / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
        texts += build["requires"]
    return {Requirement(text).name for text in texts}


@pytest.mark.parametrize("name", sorted(_requirements()))
def test_each_dependency_is_argued_for(name: str) -> None:
    page = (ROOT / "docs/explanation/dependencies.md").read_text(encoding="utf-8")
    assert re.search(rf"`{re.escape(name)}`", page, re.IGNORECASE), (
        "docs/explanation/dependencies.md says nothing of it"
    )


def test_each_extra_is_described() -> None:
    page = (ROOT / "docs/explanation/dependencies.md").read_text(encoding="utf-8")
    for extra in project("kindling-core")["optional-dependencies"]:
        assert f"`{extra}`" in page


def test_the_pins_hold_a_version_of_everything_and_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(str(pin.specifier).startswith("==") and pin.url is None for pin in pins)
    names = {pin.name.lower().replace("_", "-") for pin in pins}
    assert {name.lower() for name in _requirements() if not name.startswith("kindling-")} <= names
    assert "pyspark-client" not in names
