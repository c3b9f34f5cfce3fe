"""Completion, tried in a real shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kindling.__main__ import main

BIN = Path(sys.executable).parent


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_says_where_it_goes(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"kindling completion {shell}" in script.splitlines()[0]
    assert "_KINDLING_COMPLETE" in script


def complete(line: str) -> set[str]:
    """Press TAB at the end of ``line`` in a bash that has loaded the script as its documentation says."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    commands = f"""
eval "$(kindling completion bash)"
COMP_WORDS=({line})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_kindling_completion kindling
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([bash, "--norc", "-c", commands], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kindling r", {"run", "runs"}),
        ("kindling plugins ''", {"list", "show", "verify"}),
        ("kindling -o j", {"json"}),
        ("kindling explain kdl-cli-00", {f"KDL-CLI-{number:03}" for number in range(1, 10)}),
        ("kindling init --d", {"--debug"}),
    ],
)
def test_bash_completes(line: str, expected: set[str]) -> None:
    assert complete(line) == expected


def test_completing_the_first_word_imports_no_command() -> None:
    code = """
import os, sys
os.environ.update(_KINDLING_COMPLETE="bash_complete", COMP_WORDS="kindling ", COMP_CWORD="1")
from kindling.__main__ import main
main([])
sys.exit(repr([name for name in sys.modules if name.startswith("kindling.cli.commands.")] or 0))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "plain,run" in done.stdout.split()
    assert done.stderr == "0\n"
