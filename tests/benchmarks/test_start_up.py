"""How long a command takes before it does its work: ratios to what no Python program can avoid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]

#: `--version` against an empty Python; the next two against a script that only imports click and pluggy; a run
#: against a script that imports click, pluggy and yaml, reads one YAML file and runs one Python file.
VERSION, HELP, LIST, RUN = 2.0, 1.25, 1.4, 1.6
#: Milliseconds that 300 distributions on the path may add to each.
ADDED = 8.0
#: Milliseconds of each further run in one process.
REPEATED = 3.0

COMMANDS = {"--version": ("--version",), "--help": ("--help",), "plugins list": ("plugins", "list")}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "two.py").write_text("import click\nimport pluggy\n", encoding="utf-8")
    (folder / "three.py").write_text(
        "import click\nimport pluggy\nimport yaml\n"
        "with open('app.yaml', encoding='utf-8') as file:\n    yaml.safe_load(file)\n"
        "import runpy\nrunpy.run_path('main.py')\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one empty app."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "kindling.yaml").write_text("project: bench\n", encoding="utf-8")
    app = folder / "apps" / "empty"
    app.mkdir(parents=True)
    (app / "app.yaml").write_text("name: empty\nversion: 1.0.0\nentry_point: main.py\n", encoding="utf-8")
    (app / "main.py").write_text("", encoding="utf-8")
    return folder


@pytest.mark.parametrize("plugins", [0, 20])
@pytest.mark.parametrize(
    ("name", "limit"), [("--version", VERSION), ("--help", HELP), ("plugins list", LIST)], ids=lambda value: str(value)
)
def test_a_command_starts_about_as_fast_as_python_lets_it(
    name: str, limit: float, plugins: int, lean: Any, twenty_plugins: Path, scripts: Path, race: Any, within: Any,
    table: Any,
) -> None:  # fmt: skip
    environment = lean.on_path(twenty_plugins) if plugins else lean
    if name == "--version":
        against, baseline = "python -c pass", environment.runs("-c", "pass")
    else:
        against, baseline = "import click, pluggy", environment.runs(str(scripts / "two.py"))

    def attempt() -> float:
        medians = race({"baseline": baseline, "kindling": environment.types(*COMMANDS[name])})
        table.add(f"kindling {name}, {plugins} plugins", medians["kindling"])
        return float(medians["kindling"] / medians["baseline"])

    ratio = within(limit, attempt)
    table.add(f"kindling {name}, {plugins} plugins", ratio, against, f"≤ {limit} ×", unit="×")
    assert ratio <= limit


@pytest.mark.parametrize("name", COMMANDS)
def test_300_distributions_on_the_path_add_little(
    name: str, lean: Any, twenty_plugins: Path, three_hundred_distributions: Path, race: Any, within: Any, table: Any
) -> None:
    few = lean.on_path(twenty_plugins)
    many = lean.on_path(twenty_plugins, three_hundred_distributions)

    def attempt() -> float:
        medians = race({"few": few.types(*COMMANDS[name]), "many": many.types(*COMMANDS[name])})
        return float(medians["many"] - medians["few"])

    added = within(ADDED, attempt)
    table.add(f"kindling {name}, 300 distributions more", added, "20 plugins only", f"≤ {ADDED} ms")
    assert added <= ADDED


def test_an_empty_app_runs_about_as_fast_as_a_script(
    lean: Any, project: Path, scripts: Path, race: Any, within: Any, table: Any
) -> None:
    app = project / "apps" / "empty"

    def attempt() -> float:
        medians = race(
            {
                "script": lean.runs(str(scripts / "three.py"), folder=app),
                "kindling": lean.types("run", "empty", folder=project),
            }
        )
        table.add("kindling run, an empty app", medians["kindling"])
        return float(medians["kindling"] / medians["script"])

    ratio = within(RUN, attempt)
    against = "import click, pluggy, yaml; read YAML; run a file"
    table.add("kindling run, an empty app", ratio, against, f"≤ {RUN} ×", unit="×")
    assert ratio <= RUN


def test_further_runs_in_one_process_cost_little(lean: Any, project: Path, within: Any, table: Any) -> None:
    code = """
import statistics, time
import kindling
with kindling.initialize("local") as framework:
    times = []
    for _ in range(60):
        start = time.perf_counter()
        framework.apps.run("empty")
        times.append(time.perf_counter() - start)
print(statistics.median(times[10:]) * 1000)
"""

    def attempt() -> float:
        done = subprocess.run(
            [lean.python, "-c", code], cwd=project, env=dict(lean.variables), capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    took = within(REPEATED, attempt)
    table.add("each further run in one process", took, "", f"≤ {REPEATED} ms")
    assert took <= REPEATED


def test_importing_kindling_loads_nothing_heavy() -> None:
    heavy = ("pydantic", "rich", "click", "pandas", "pyarrow", "pyspark", "azure", "requests", "pluggy", "yaml")
    code = f"import sys, kindling; sys.exit(repr([name for name in {heavy!r} if name in sys.modules]) )"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"
