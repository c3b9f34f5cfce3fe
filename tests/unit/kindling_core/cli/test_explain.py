"""`kindling explain` reads the explanations that lie beside the code."""

from __future__ import annotations

import json
import re

import pytest

from kindling import explanations
from kindling.__main__ import main


def test_a_code_is_explained_with_the_way_to_recover(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "KDL-CLI-002"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("KDL-CLI-002 · Unknown command\n\n")
    assert "How to recover." in text
    assert "KDL-CLI-003" not in text


@pytest.mark.parametrize("typed", ["kdl-cli-002", "CLI-002", "cli-2", " KDL-CLI-2 "])
def test_a_code_may_be_typed_short(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", typed]) == 0
    assert capsys.readouterr().out.startswith("KDL-CLI-002")


def test_an_explanation_is_data_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "CLI-2", "-o", "json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert (explained["code"], explained["title"]) == ("KDL-CLI-002", "Unknown command")


def test_without_a_code_the_areas_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "-o", "json"]) == 0
    areas = {row["area"]: row for row in json.loads(capsys.readouterr().out)}
    assert areas["CLI"]["about"] == "The command line"
    assert areas["CLI"]["codes"] == len(explanations.read_area("CLI"))


def test_an_area_lists_its_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "cli"]) == 0
    assert re.search(r"^KDL-CLI-002 +Unknown command$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("typed", ["KDL-CLI-999", "KDL-CLX-002", "nonsense", "../../../etc/passwd", "KDL-../x-1"])
def test_an_unknown_code_is_misuse_and_names_the_nearest(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", typed]) == 2
    errors = capsys.readouterr().err
    assert "KDL-CLI-007" in errors
    if typed.startswith("KDL-CL"):
        assert "the nearest: KDL-CLI-" in errors


def test_a_terminal_gets_the_text_without_its_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kindling.cli.output import Output

    monkeypatch.setattr(Output, "is_terminal", property(lambda self: True))
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["explain", "CLI-2"]) == 0
    text = capsys.readouterr().out
    assert "How to recover." in text
    assert "**" not in text
    assert "`" not in text


def test_every_area_has_a_heading_and_every_section_a_title_and_a_remedy() -> None:
    for area, title in explanations.areas().items():
        assert title, area
        codes = [each.code for each in explanations.read_area(area)]
        assert codes, f"{area}.md explains nothing"
        assert len(codes) == len(set(codes)), f"{area}.md explains a code twice"
        for each in explanations.read_area(area):
            assert re.fullmatch(rf"KDL-{area}-\d{{3}}", each.code), f"{area}.md: {each.code}"
            assert each.title, each.code
            assert "**How to recover.**" in each.text, each.code
