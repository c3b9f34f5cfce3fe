"""The quickstart's pipeline against the same by hand: pandas for the work, delta-rs for the tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kindling.quickstart.dataset import QuickstartError, data_files
from kindling.quickstart.project import place_data, write_project

pytestmark = pytest.mark.benchmark

#: Compared with somebody who writes it by hand, and keeps no record, checks nothing and draws no report.
LIMIT = 0.8
ROUNDS = 5

BY_HAND = """
import pandas as pd
from deltalake import write_deltalake

def write(frame, table):
    write_deltalake("by-hand/" + table, frame, mode="overwrite", schema_mode="overwrite")

flights = pd.read_csv("data/raw/flights.csv", na_values=["NA"], parse_dates=["time_hour"])
airlines = pd.read_csv("data/raw/airlines.csv")
weather = pd.read_csv("data/raw/weather.csv", na_values=["NA"], parse_dates=["time_hour"])
write(flights, "bronze/flights")
write(airlines, "bronze/airlines")
write(weather, "bronze/weather")

silver = flights.drop_duplicates().merge(airlines, on="carrier").merge(
    weather.drop_duplicates(["origin", "time_hour"])[["origin", "time_hour", "visib", "precip", "wind_speed"]],
    on=["origin", "time_hour"], how="left", indicator="known",
)
silver["weather"] = "fair"
silver.loc[silver.wind_speed >= 20, "weather"] = "strong wind"
silver.loc[silver.precip > 0, "weather"] = "rain"
silver.loc[silver.visib < 2, "weather"] = "fog or snow"
silver.loc[silver.known == "left_only", "weather"] = "not known"
silver["scheduled_at"] = silver.time_hour + pd.to_timedelta(silver.minute, unit="min")
silver["flight"] = silver.carrier + " " + silver.flight.astype(str)
silver["cancelled"] = silver.dep_time.isna()
silver["late"] = silver.dep_delay >= 15
silver = silver.sort_values(["scheduled_at", "flight"])
write(silver[["scheduled_at", "hour", "origin", "dest", "flight", "name", "tailnum", "cancelled", "dep_delay",
              "weather", "late"]], "silver/flights")

gold = silver.groupby(["origin", "name", "hour", "weather"], as_index=False).agg(
    flights=("flight", "size"), cancelled=("cancelled", "sum"), departed=("dep_delay", "count"),
    late=("late", "sum"), delay_minutes=("dep_delay", "sum"),
)
write(gold, "gold/delays")
assert len(flights) == len(silver) == gold.flights.sum() == 336_776
"""

BY_KINDLING = """
import kindling

with kindling.initialize("local", project=".") as framework:
    assert framework.apps.run_app("flights")["flights"] == 336_776
"""


def test_the_quickstarts_pipeline_is_not_slower_than_by_hand(
    tmp_path: Path, here: Any, race: Any, within: Any, table: Any
) -> None:
    try:
        files = data_files(Path(os.environ["KINDLING_TEST_CACHE"]) / "quickstart")
    except QuickstartError as error:
        pytest.skip(f"the data cannot be fetched here: {error.message}")
    write_project(tmp_path)
    place_data(files, tmp_path)
    runners = {
        "kindling": here.runs("-c", BY_KINDLING, folder=tmp_path),
        "by hand": here.runs("-c", BY_HAND, folder=tmp_path),
    }
    last: dict[str, float] = {}

    def ratio() -> float:
        last.update(race(runners, rounds=ROUNDS))
        return last["kindling"] / last["by hand"]

    measured = within(LIMIT, ratio)
    table.add("quickstart's pipeline, a process", last["kindling"])
    table.add("the same by pandas and delta-rs", last["by hand"])
    table.add("ratio", measured, "by pandas and delta-rs", f"<= {LIMIT}", unit="x")
    assert measured <= LIMIT
