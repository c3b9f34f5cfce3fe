"""How a command line is understood: common options, lazy commands, misuse, exit codes."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from types import ModuleType

import click
import pytest

from kindling.__main__ import main
from kindling.cli.main import COMMANDS, Entry, main_group
from kindling.cli.options import CommonOptions
from kindling.cli.options import command as kindling_command
from kindling.cli.session import Session

seen: list[CommonOptions] = []


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A command `probe` that notes its options; tests replace `work` to let it do something."""
    module = ModuleType("kindling.cli.commands.probe")

    @kindling_command("probe")
    @click.argument("words", nargs=-1)
    def command(session: Session, words: tuple[str, ...]) -> int | None:
        """Note the options."""
        seen.append(session.options)
        return module.work(session, words)  # type: ignore[no-any-return]

    module.command = command  # type: ignore[attr-defined]
    module.work = lambda session, words: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(COMMANDS, "probe", Entry("Note the options"))  # type: ignore[arg-type]
    seen.clear()
    return module


GIVEN = ["-o", "json", "-e", "prod", "--config", "c.yaml", "--env-file", "x.env", "--var", "a=1=2", "-v", "--debug"]


@pytest.mark.parametrize("arguments", [[*GIVEN, "probe"], ["probe", *GIVEN], [*GIVEN[:4], "probe", *GIVEN[4:]]])
def test_common_options_may_stand_before_and_after_the_command(probe: ModuleType, arguments: list[str]) -> None:
    assert main(arguments) == 0
    assert seen == [
        CommonOptions(
            output="json",
            debug=True,
            environment="prod",
            config="c.yaml",
            env_file="x.env",
            variables={"a": "1=2"},
            verbosity=1,
        )
    ]


def test_what_stands_after_the_command_wins_and_variables_add_up(probe: ModuleType) -> None:
    main(["-e", "dev", "--var", "a=1", "--var", "b=1", "probe", "-t", "prod", "--var", "b=2"])
    assert seen[0].environment == "prod"
    assert seen[0].variables == {"a": "1", "b": "2"}


def test_target_is_another_name_of_env(probe: ModuleType) -> None:
    main(["probe", "--target", "staging"])
    assert seen[0].environment == "staging"


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), (4, 4)])
def test_a_command_says_its_exit_code(probe: ModuleType, returned: int | None, code: int) -> None:
    probe.work = lambda session, words: returned
    assert main(["probe"]) == code


def test_an_interrupted_command_ends_with_130_after_closing_its_session(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = []
    monkeypatch.setattr(Session, "close", lambda self: closed.append(self))

    def interrupted(session: Session, words: tuple[str, ...]) -> None:
        raise KeyboardInterrupt

    probe.work = interrupted
    assert main(["probe"]) == 130
    assert len(closed) == 1
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_goes_away_is_no_error_to_report(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(session: Session, words: tuple[str, ...]) -> None:
        raise BrokenPipeError

    probe.work = gone
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert main(["probe"]) == 1
    sys.stdout.close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["plugin", "list"], "KDL-CLI-002", "did you mean 'plugins'?"),
        (["runs", "lst"], "KDL-CLI-002", "did you mean 'list'"),
        (["validat"], "KDL-CLI-002", "did you mean 'validate'?"),
        (["--versio"], "KDL-CLI-003", "did you mean '--version'?"),
        (["probe", "--debg"], "KDL-CLI-003", "did you mean '--debug'?"),
        (["probe", "-o", "yaml"], "KDL-CLI-004", "'yaml'"),
        (["probe", "--var", "x"], "KDL-CLI-004", "NAME=VALUE"),
        (["probe", "--config"], "KDL-CLI-001", "--config"),
        (["explain", "a", "b"], "KDL-CLI-001", "kindling explain --help"),
        (["init", "app"], "KDL-CLI-005", "NAME"),
    ],
)
def test_misuse_ends_with_2_and_says_what_would_be_right(
    probe: ModuleType, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str, said: str
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert code in captured.err
    assert said in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("arguments", [["-o", "json", "runs", "lst"], ["runs", "lst", "--output=json"]])
def test_misuse_is_data_with_json_wherever_it_was_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "KDL-CLI-002"


@pytest.mark.parametrize("arguments", [[], ["plugins"]])
def test_a_group_alone_is_misuse_and_answered_by_its_help(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Commands:" in captured.err


def test_the_version_is_told_alone_and_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    from kindling import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kindling {__version__}\n"
    assert main(["-o", "json", "--version"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": __version__}
    assert main(["--version", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": __version__}


def test_the_version_is_told_before_click_is_imported() -> None:
    code = "import sys; from kindling.__main__ import main; main(['--version']); sys.exit('click' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_help_imports_no_command() -> None:
    code = """
import sys
from kindling.__main__ import main
for arguments in (["--help"], ["plugins", "--help"], ["runs", "--help"]):
    main(arguments)
unwanted = ("kindling.cli.commands.", "kindling.plugins", "pluggy", "rich", "yaml")
loaded = [name for name in sys.modules if name.startswith(unwanted)]
sys.exit(repr(loaded) if loaded else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_every_command_of_the_table_is_there_with_the_same_sub_commands() -> None:
    top = main_group()
    context = click.Context(top, obj=CommonOptions())
    for name, entry in COMMANDS.items():
        made = top.get_command(context, name)
        assert made is not None
        for child in entry.commands:
            assert isinstance(made, click.Group)
            assert made.get_command(context, child) is not None, f"{name} {child}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_ends_a_real_process_with_130() -> None:
    code = """
import sys, time
from kindling.cli.commands import explain
def wait(*arguments):
    print("ready", flush=True)
    time.sleep(60)
explain.explanations.areas = wait
from kindling.__main__ import main
sys.exit(main(["explain"]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert child.returncode == 130
    assert errors == "interrupted\n"


def test_characters_that_the_terminal_lacks_become_question_marks() -> None:
    code = "import sys; from kindling.__main__ import main; sys.exit(main(['explain', 'cli-1', '--var', '✓']))"
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    child = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert child.returncode == 2
    assert b"Traceback" not in child.stderr
