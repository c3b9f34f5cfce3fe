"""The validator: everything that is wrong with an app, at once, each with its place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kindling.apps.style import style_fault
from kindling.apps.validator import AppValidator, ValidationResult
from kindling.errors import AppConfigError, Problem


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "apps" / "orders"
    folder.mkdir(parents=True)
    (folder / "app.yaml").write_text("name: orders\nentry_point: main.py\n")
    (folder / "main.py").write_text("def main(context):\n    return 1\n")
    return folder


def validate(app: Path, **keywords: object) -> ValidationResult:
    return AppValidator(project=app.parents[1], **keywords).validate(app)  # type: ignore[arg-type]


def lines(result: ValidationResult) -> list[str]:
    return [str(problem) for problem in result.problems]


def test_a_good_app_has_no_problems(app: Path) -> None:
    result = validate(app)

    assert result.is_valid
    assert bool(result)
    assert lines(result) == []
    assert str(result) == "no problems found"
    result.raise_for_errors()


def test_everything_that_is_wrong_comes_at_once_sorted_by_place(app: Path) -> None:
    (app / "app.yaml").write_text("name: orders\nentry_point: mian.py\nparameters: {spark: {}}\n")
    (app / "lib").mkdir()
    (app / "lib" / "a.py").write_text("x = (\n")
    (app / "requirements.txt").write_text("pandas=>2\nno-such-package-anywhere\n")

    result = validate(app)

    assert [line.split("  ")[:2] for line in lines(result)] == [
        ["apps/orders/app.yaml:2:14", "KDL-APP-009"],
        ["apps/orders/app.yaml:3:14", "KDL-APP-016"],
        ["apps/orders/lib/a.py:1:5", "KDL-APP-011"],
        ["apps/orders/requirements.txt:1:7", "KDL-APP-012"],
        ["apps/orders/requirements.txt:2:1", "KDL-APP-013"],
    ]
    assert not result.is_valid
    with pytest.raises(AppConfigError) as caught:
        result.raise_for_errors()
    assert len(caught.value.problems) == 5
    assert result.to_dict()["errors"][0]["line"] == 2


def test_a_folder_without_app_yaml_is_still_looked_through(app: Path) -> None:
    (app / "app.yaml").unlink()
    (app / "main.py").write_text("x = (\n")

    assert [line.split("  ")[:2] for line in lines(validate(app))] == [
        ["apps/orders/app.yaml", "KDL-APP-005"],
        ["apps/orders/main.py:1:5", "KDL-APP-011"],
    ]


def test_no_folder_at_all(tmp_path: Path) -> None:
    assert lines(AppValidator(project=tmp_path).validate(tmp_path / "none")) == [
        "none  KDL-APP-005  there is no such folder"
    ]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("mian.py", "does not exist; did you mean 'main.py'?"),
        ("other", "does not exist"),
        ("lib", "is a folder; did you mean 'lib/main.py'?"),
        ("../main.py", "leaves the app's folder"),
        ("lib/../../x.py", "leaves the app's folder"),
        ("/etc/passwd", "is not relative"),
        ("C:/main.py", "is not relative"),
        ("~/main.py", "is not relative"),
        ("lib\\main.py", "has a backslash; did you mean 'lib/main.py'?"),
        ("./main.py", "is not written plainly; did you mean 'main.py'?"),
        ("Main.py", "differs from the file 'main.py' in upper and lower case"),
        ("notes.ipynb", "is not a Python file (.py); export the notebook"),
        ("' '", "is empty"),
    ],
)
def test_a_bad_entry_point_is_explained(app: Path, entry: str, said: str) -> None:
    (app / "lib").mkdir()
    (app / "lib" / "main.py").write_text("result = 1\n")
    (app / "notes.ipynb").write_text("{}")
    (app / "app.yaml").write_text(f"name: orders\nentry_point: {entry}\n")

    [problem] = lines(validate(app))

    assert problem.startswith("apps/orders/app.yaml:2:14  KDL-APP-009  ")
    assert said in problem


def test_an_entry_point_in_a_subfolder_is_fine(app: Path) -> None:
    (app / "lib").mkdir()
    (app / "lib" / "start.py").write_text("result = 1\n")
    (app / "app.yaml").write_text("name: orders\nentry_point: lib/start.py\n")

    assert lines(validate(app)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_an_entry_point_that_is_a_link_out_of_the_folder_is_refused(app: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("result = 1\n")
    (app / "main.py").unlink()
    (app / "main.py").symlink_to(tmp_path / "outside.py")

    assert "is a link that leaves the app's folder" in lines(validate(app))[0]


def test_names_composed_differently_are_told_apart(app: Path) -> None:
    (app / "entre\u0301e.py").write_text("result = 1\n")
    (app / "app.yaml").write_text("name: orders\nentry_point: entr\u00e9e.py\n", encoding="utf-8")

    found = lines(validate(app))

    # A file system that composes names by itself (macOS) finds the file; every other one must not.
    assert found == [] or "composed of different characters that look alike" in found[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def setup(context): ...\ndef teardown(context): ...\n", "it defines setup and teardown but no main"),
        ('"""Nothing."""\nimport os\n', "does nothing when it is executed"),
        ("", "does nothing when it is executed"),
        ("def helper(): ...\n", "does nothing when it is executed"),
        ("def main(a, b): ...\n", "main(a, b) cannot be called with the context alone"),
        ("def main(context, *, day): ...\n", "main(context, day) cannot be called"),
    ],
)
def test_an_entry_point_in_neither_style(app: Path, source: str, said: str) -> None:
    (app / "main.py").write_text(source)

    [problem] = lines(validate(app))

    assert "KDL-APP-018  neither style of entry point: " in problem
    assert said in problem


@pytest.mark.parametrize(
    "source",
    [
        "result = 1", "print(1)", "def main(): ...", "async def main(context): ...", "from x import main",
        "def main(context, verbose=False): ...", "def f(): ...\nf()", "if __name__ == '__main__':\n    print(1)",
        "def main(*args): ...", "import x\n@x.wrapped\ndef main(a, b): ...",
    ],
)  # fmt: skip
def test_entry_points_in_one_of_the_styles(source: str) -> None:
    assert style_fault(source.encode()) is None


def test_every_overlay_is_checked_not_only_the_one_of_the_environment(app: Path) -> None:
    (app / "app.prod.yaml").write_text("time_limt: 2h\n")
    (app / "app.test.yaml").write_text("entry_point: gone.py\n")

    assert [line.split("  ")[:2] for line in lines(validate(app))] == [
        ["apps/orders/app.prod.yaml:1:1", "KDL-CFG-004"],
        ["apps/orders/app.test.yaml:1:14", "KDL-APP-009"],
    ]


def test_a_platform_that_the_app_does_not_support(app: Path) -> None:
    (app / "app.yaml").write_text("name: orders\nentry_point: main.py\nplatforms: [fabric, databrics]\n")

    open_ended, here = validate(app), validate(app, platform="local")

    assert open_ended.is_valid
    assert [problem.suggestion for problem in open_ended.warnings] == ["did you mean 'databricks'?"]
    assert [str(problem).split("; add")[0] for problem in here.errors] == [
        "apps/orders/app.yaml:3:12  KDL-APP-015  the app does not run on local; it supports fabric, databrics"
    ]
    assert validate(app, known_platforms=("databrics",)).warnings == ()


def test_traps_are_warnings(app: Path) -> None:
    (app / "app.yaml").write_text("name: sales\nentry_point: main.py\n")
    (app / "random.py").write_text("")
    (app / "kindling").mkdir()
    (app / "kindling" / "__init__.py").write_text("")
    (app / "data.csv").write_text("")
    (app / "Data.csv").write_text("")

    result = validate(app)

    assert result.is_valid
    expected = {"KDL-APP-021", "KDL-APP-025"}
    if len(list(app.glob("[dD]ata.csv"))) == 2:
        expected.add("KDL-APP-020")
    assert {problem.code for problem in result.warnings} == expected


def test_what_belongs_to_tools_is_not_looked_at(app: Path) -> None:
    for name in (".git", "__pycache__", "node_modules", "env"):
        (app / name).mkdir()
        (app / name / "broken.py").write_text("(\n")
    (app / "env" / "pyvenv.cfg").write_text("home = /usr\n")

    assert lines(validate(app)) == []


def test_requirements_that_contradict_each_other_and_what_is_not_installed(app: Path) -> None:
    (app / "requirements.txt").write_text("packaging>1\npackaging<0.1\n")
    (app / "lake-reqs.txt").write_text("no-such-lake-wheel==1.*\n")

    found: list[Problem] = list(validate(app).errors)

    assert {problem.code for problem in found} == {"KDL-APP-013", "KDL-APP-014"}
    assert validate(app, check_environment=False).errors[0].code == "KDL-APP-014"


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("app.prod.yml", "app.prod.yaml"), ("requirement.txt", "requirements.txt"),
        ("Requirements.txt", "requirements.txt"), ("lake_reqs.txt", "lake-reqs.txt"),
        ("App.prod.yaml", "app.prod.yaml"),
    ],
)  # fmt: skip
def test_a_file_that_is_called_a_little_differently_is_not_overlooked_in_silence(
    app: Path, name: str, right: str
) -> None:
    (app / name).write_text("")

    assert lines(validate(app)) == [
        f"apps/orders/{name}  KDL-APP-027  {name!r} is not read; rename it to {right!r}",
    ]


def test_app_yml_is_said_to_be_the_wrong_name(app: Path) -> None:
    (app / "app.yaml").rename(app / "app.yml")

    assert [line.split("  ")[:2] for line in lines(validate(app))] == [
        ["apps/orders/app.yaml", "KDL-APP-005"],
        ["apps/orders/app.yml", "KDL-APP-027"],
    ]
