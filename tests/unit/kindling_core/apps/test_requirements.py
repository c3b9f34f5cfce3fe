"""requirements.txt and lake-reqs.txt: read as pip reads them, every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from kindling.apps.requirements import Line, contradictions, parse_requirement, read_requirements, satisfiable
from kindling.errors import Location


def read(folder: Path, text: str, name: str = "requirements.txt") -> tuple[list[str], list[str]]:
    (folder / name).write_text(text, encoding="utf-8")
    found = read_requirements(folder)
    return [f"{line.location} {line.requirement}" for line in found.lines], [str(one) for one in found.problems]


def test_comments_blanks_hashes_and_continued_lines_are_understood(tmp_path: Path) -> None:
    lines, problems = read(
        tmp_path,
        "# data\n\npandas >= 2 # fine\n  url @ https://x/y#sha256=ab\n"
        'numpy[all]>=1 \\\n    ; python_version >= "3" \\\n    --hash=sha256:00\n'
        "click==8.1 --hash=sha256:ab --hash=sha256:cd\n",
    )

    assert problems == []
    assert [line.replace("url @", "url@") for line in lines] == [
        "requirements.txt:3:1 pandas>=2",
        "requirements.txt:4:3 url@ https://x/y#sha256=ab",
        'requirements.txt:5:1 numpy[all]>=1; python_version >= "3"',
        "requirements.txt:8:1 click==8.1",
    ]


def test_both_files_are_read(tmp_path: Path) -> None:
    read(tmp_path, "pandas\n")
    lines, _ = read(tmp_path, "corp-lake~=1.0\n", "lake-reqs.txt")

    assert lines == ["requirements.txt:1:1 pandas", "lake-reqs.txt:1:1 corp-lake~=1.0"]


def test_included_files_are_read_and_constraints_marked(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("-c ../limits.txt\npandas\n")
    (tmp_path / "limits.txt").write_text("numpy<3\n")
    read(tmp_path, "-r more/base.txt\n--requirement=more/base2.txt\n")

    found = read_requirements(tmp_path, "apps/x")

    assert [(str(line.location), line.is_constraint) for line in found.lines] == [
        ("apps/x/more/../limits.txt:1:1", True),
        ("apps/x/more/base.txt:2:1", False),
    ]
    assert [str(problem) for problem in found.problems] == [
        "apps/x/requirements.txt:2:1  KDL-APP-012  there is no file more/base2.txt"
    ]


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("pandas=>2", "1:7", "did you mean 'pandas>=2'?"),
        ("requests=1.0", "1:9", "did you mean 'requests==1.0'?"),
        ("foo bar", "1:5", "malformed requirement 'foo bar'"),
        ("  a[b>1", "1:6", "malformed"),
        ("x; python_version >", "1:20", "malformed"),
        ("./local.whl", "1:1", "a bare path is no requirement"),
        ("https://x/y.whl", "1:1", "write NAME @ https://x/y.whl"),
        ("-e .", "1:1", "an editable requirement cannot be packed"),
        ("-r ../out.txt", "1:1", "outside of the app's folder"),
        ("-r requirements.txt", "1:1", "includes itself"),
        ("--bogus 1", "1:1", "unknown option '--bogus'"),
    ],
)
def test_a_malformed_line_is_placed_and_explained(tmp_path: Path, line: str, place: str, said: str) -> None:
    _, [problem] = read(tmp_path, line + "\n")

    assert problem.startswith(f"requirements.txt:{place}  KDL-APP-012  ")
    assert said in problem


def test_an_option_for_the_index_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("--index-url=https://user:pass@x/simple\n")

    [problem] = read_requirements(tmp_path).problems

    assert problem.is_warning
    assert "pass" not in str(problem)


def test_all_mistakes_of_a_file_come_at_once(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "a=1\nb>=1\nc d\n")

    assert [problem.split(" ")[0] for problem in problems] == ["requirements.txt:1:2", "requirements.txt:3:3"]


def test_a_file_that_is_not_utf8_is_said_and_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"ok\n\xff\xfe\n")
    (tmp_path / "lake-reqs.txt").write_bytes(b"\xef\xbb\xbflake\n")

    found = read_requirements(tmp_path)

    assert [str(problem) for problem in found.problems] == [
        "requirements.txt:2  KDL-APP-012  the file is not UTF-8; save it as UTF-8"
    ]
    assert [line.requirement.name for line in found.lines] == ["lake"]


@pytest.mark.parametrize(
    "specifiers",
    [
        ">=2,<3", "==1.*,>=1.5", "~=2.2,<2.3", ">1.0,<1.0.1", "==1.0+local", "!=0,<0.0.1", "===anytext",
        "!=1.0,!=2.0,>=1.0,<=3", ">1.0,<2.0.dev0", ">=1!0", "<1", "!=1.*,>=1,<3", "==1.0.post1",
    ],
)  # fmt: skip
def test_specifiers_that_some_version_satisfies(specifiers: str) -> None:
    assert satisfiable(SpecifierSet(specifiers))


@pytest.mark.parametrize(
    "specifiers",
    [
        ">=3,<2",
        ">=1.0a1,<1.0",
        "==1.*,>=2",
        "~=2.2,<2.2",
        "!=1.0,==1.0",
        ">=1.0,<1.0",
        ">=1!2,<2",
        "<0",
        "==1,==2",
        ">2,<=2",
    ],
)
def test_specifiers_that_no_version_satisfies(specifiers: str) -> None:
    assert not satisfiable(SpecifierSet(specifiers))


def test_a_contradiction_names_both_lines_and_leaves_out_what_does_not_apply() -> None:
    def line(text: str, number: int) -> Line:
        return Line(parse_requirement(text), Location("requirements.txt", number, 1))

    lines = [line("NumPy>3", 1), line("numpy<2", 2), line("b>3; python_version<'3'", 3), line("b<2", 4)]

    assert [str(problem) for problem in contradictions(lines)] == [
        "requirements.txt:2:1  KDL-APP-014  no version of numpy satisfies numpy<2 "
        "together with NumPy>3 (requirements.txt:1:1)"
    ]
