"""What must never be in the tree: secrets, addresses of registries, traces of somebody's own machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        return []
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


FILES = _files()
pytestmark = pytest.mark.skipif(not FILES, reason="not a git clone: there is no list of the tree")

#: Put together here, so that this file does not hold what it looks for.
REGISTRIES = [
    "pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "repo1." + "maven.org",
    "repo.maven." + "apache.org", "proxy." + "golang.org", "index." + "crates.io", "deb." + "debian.org",
]  # fmt: skip
SECRETS = {
    "a private key": "-----BEGIN " + r"(?:[A-Z]+ )*PRIVATE KEY-----",
    "a storage key": r"AccountKey=" + r"(?!Eby8)[A-Za-z0-9+/]{60,}==",
    "a token of a code host": r"\b(?:gh[pousr]_|github_" + r"pat_)[A-Za-z0-9_]{30,}",
    "a key of a cloud": r"\bAKIA" + r"[0-9A-Z]{16}\b",
    "a token of a workspace": r"\bdapi" + r"[0-9a-f]{32}\b",
    "a web token": r"\beyJ[A-Za-z0-9_-]{20,}\." + r"eyJ[A-Za-z0-9_-]{20,}\.",
}
#: Folders of the machine on which somebody develops, and what they may be named in.
OWN_FOLDERS = re.compile(r"(?<![\w.])/(?:work|root|Users/\w+|home/\w+)" + r"/(?!.*example)[\w.]+")


def texts() -> list[tuple[str, str]]:
    """Return each text file of the tree."""
    found = []
    for path in FILES:
        try:
            found.append((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # an image or an archive
    return found


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_registry(host: str) -> None:
    assert not [name for name, text in texts() if host in text]


@pytest.mark.parametrize("what", sorted(SECRETS))
def test_no_file_holds_a_secret(what: str) -> None:
    pattern = re.compile(SECRETS[what])
    assert not [name for name, text in texts() if pattern.search(text)]


def test_the_search_for_secrets_finds_one() -> None:
    assert re.search(SECRETS["a token of a workspace"], "token: dapi" + "0123456789abcdef" * 2)
    assert re.search(SECRETS["a private key"], "-----BEGIN " + "RSA PRIVATE KEY-----")


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    """Tests may invent such folders; sources, pages and settings have no reason to."""
    found = [
        f"{name}: {match[0]}"
        for name, text in texts()
        if not name.startswith("tests/")
        for match in [OWN_FOLDERS.search(text)]
        if match
    ]
    assert not found


def test_only_the_ci_script_looks_outside_the_clone() -> None:
    outside = "../" + "shared"
    assert [name for name, text in texts() if outside in text] in ([".ci/run"], [])


def test_no_lock_file_with_addresses_is_committed() -> None:
    names = {path.name for path in FILES}
    assert not names & {"uv.lock", "poetry.lock", "package-lock.json", "Pipfile.lock"}


def test_files_stay_small() -> None:
    large = {path.name: path.stat().st_size for path in FILES if path.stat().st_size > 500_000}
    assert not large, "data is made by tests or fetched by name, not committed"
