"""Every code block of the documentation and of the READMEs runs, in the order of its page.

* ``python`` runs; the blocks of a page share one namespace, and a ``>>>`` session is compared like a doctest;
* ``console``: what stands after ``$ `` is typed into a shell; ``# exits 1`` at its end is the code to expect;
* a block whose first line is ``# file: NAME``, or whose header says ``title="NAME"``, becomes that file;
* ``yaml``, ``json`` and ``toml`` without a name are at least parsed; ``text`` is only looked at.

A page starts in an empty folder of its own and goes on where it stands: ``cd`` and ``export`` hold until its end.
``<!-- not run: reason -->`` on the line before leaves one block out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", ".github/*.md", "docs/**/*.md", "kindling-*/README.md")
    for path in ROOT.glob(pattern)
    if "_build" not in path.parts
)
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,}|:{3,})(?P<info>[^\n`]*)$")
TITLE = re.compile(r"""title=["']([^"']+)["']""")
FIRST_LINE = re.compile(r"^(?:#|//|--) file: (\S+)\s*$")
NOT_RUN = re.compile(r"^\s*<!-- not run: (.+?) -->\s*$")
SHOWN_ONLY = {"text", "", "html", "diff", "mermaid", "sql"}


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    line: int
    title: str = ""
    not_run: str = ""


def blocks_of(page: str) -> list[Block]:
    """Return the fenced blocks of a Markdown page; directives like ``{toctree}`` are not code."""
    lines = page.splitlines()
    blocks, index = [], 0
    while index < len(lines):
        opening = FENCE.match(lines[index])
        if opening is None or opening["ticks"].startswith(":"):
            index += 1
            continue
        start, indent = index, len(opening["indent"])
        closing = re.compile(rf"^ *{opening['ticks'][0]}{{{len(opening['ticks'])},}} *$")
        index += 1
        body = []
        while index < len(lines) and not closing.match(lines[index]):
            body.append(lines[index][indent:])
            index += 1
        index += 1
        info = opening["info"].strip()
        if info.startswith("{"):
            continue
        title = TITLE.search(info)
        named = FIRST_LINE.match(body[0]) if body else None
        before = NOT_RUN.match(lines[start - 1]) if start else None
        blocks.append(
            Block(
                language=info.split()[0] if info else "",
                text="\n".join(body) + "\n",
                line=start + 1,
                title=title[1] if title else named[1] if named else "",
                not_run=before[1] if before else "",
            )
        )
    return blocks


def steps_of(blocks: list[Block]) -> list[dict[str, object]]:
    """Return what a reader does, in order: write files, run Python, type commands."""
    steps: list[dict[str, object]] = []
    for block in blocks:
        if block.not_run:
            continue
        if block.title:
            steps.append({"do": "write", "line": block.line, "path": block.title, "text": block.text})
        elif block.language in ("python", "py", "pycon"):
            steps.append({"do": "python", "line": block.line, "text": block.text})
        elif block.language == "console":
            for offset, command, status in commands_of(block.text):
                steps.append({"do": "type", "line": block.line + offset, "command": command, "status": status})
        elif block.language in ("yaml", "json", "toml"):
            steps.append({"do": "parse", "line": block.line, "language": block.language, "text": block.text})
        elif block.language not in SHOWN_ONLY:
            raise ValueError(f"line {block.line}: nothing is known about blocks of the kind {block.language!r}")
    return steps


def commands_of(text: str) -> list[tuple[int, str, int]]:
    """Return the commands of a console block: line in the block, command, expected exit code."""
    found: list[tuple[int, str, int]] = []
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        if lines[index].startswith("$ "):
            start, command = index, lines[index][2:]
            while command.endswith("\\") and index + 1 < len(lines):
                index += 1
                command = command[:-1] + lines[index].removeprefix(">").strip()
            expected = re.search(r"\s+# exits (\d+)\s*$", command)
            found.append(
                (start + 1, command[: expected.start()] if expected else command, int(expected[1]) if expected else 0)
            )
        index += 1
    return found


def read(steps: list[dict[str, object]], page: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Follow the steps of a page in a process of its own, so that nothing of it stays in the tests' process."""
    reader = Path(__file__).with_name("page_reader.py")
    place = folder / "reader"
    place.mkdir()
    (folder / "steps.json").write_text(json.dumps(steps), encoding="utf-8")
    command = [sys.executable, str(reader), str(folder / "steps.json"), page]
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "100"}
    return subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the pages' commands are typed into bash")
@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_the_page_runs(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    steps = steps_of(blocks_of(text))
    if not steps:
        return
    done = read(steps, page, tmp_path)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-12000:]}"


def test_blocks_are_found_with_their_names_and_their_reasons() -> None:
    page = '# T\n\n```yaml title="a.yaml"\nx: 1\n```\n<!-- not run: asks a network -->\n```console\n$ curl x\n```\n'
    named, left_out = blocks_of(page)
    assert (named.title, named.language, named.line) == ("a.yaml", "yaml", 3)
    assert left_out.not_run == "asks a network"
    assert [step["do"] for step in steps_of([named, left_out])] == ["write"]


def test_a_command_may_expect_its_exit_code_and_go_over_lines() -> None:
    assert commands_of("$ kindling x  # exits 2\nout\n$ a \\\n> b\n") == [(1, "kindling x", 2), (3, "a b", 0)]


@pytest.mark.parametrize(
    "text",
    ["```console\n$ false\n```\n", "```python\n1/0\n```\n", "```python\n>>> 1 + 1\n3\n```\n", "```yaml\na: [\n```\n"],
    ids=["command", "python", "session", "yaml"],
)
def test_a_failing_block_fails_its_page_and_names_the_line(text: str, tmp_path: Path) -> None:
    done = read(steps_of(blocks_of(text)), "page.md", tmp_path)
    assert done.returncode == 1
    assert re.search(r"^page\.md:\d+: ", done.stderr, re.MULTILINE)


def test_a_page_goes_on_where_its_shell_stands(tmp_path: Path) -> None:
    text = '```console\n$ mkdir d && cd d\n$ export ANSWER=42\n```\n```text title="in.txt"\nhi\n```\n'
    text += "```python\nfrom pathlib import Path\nassert Path('in.txt').exists() and Path.cwd().name == 'd'\n```\n"
    text += '```console\n$ test "$ANSWER" = 42 && test -f in.txt\n```\n'
    done = read(steps_of(blocks_of(text)), "page.md", tmp_path)
    assert done.returncode == 0, done.stderr
