"""app.yaml and its overlays: read, merged, checked, every mistake with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kindling.apps.app_yaml import overlays, read_definition
from kindling.apps.definition import UNSET


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    folder.mkdir()
    return folder


def problems(app: Path, text: str, environment: str = "dev") -> list[str]:
    write(app, "app.yaml", text)
    return [str(problem) for problem in read_definition(app, environment).problems]


def test_everything_that_can_stand_in_it_arrives_typed(app: Path) -> None:
    write(
        app,
        "app.yaml",
        """
name: orders
version: 1.4.0
description: All orders of a day
entry_point: main.py
platforms: [local, fabric]
parameters:
  day: {type: date, default: 2024-05-01, description: The day}
  size: {type: string, choices: [small, large]}
  n: {type: integer, required: true}
job: {driver_memory: 8g, retries: 2, schedule: {cron: "0 6 * * *"}}
locked: true
executable: [bin/run.sh]
time_limit: 1h30m
""",
    )

    definition = read_definition(app, "dev").definition

    assert definition is not None
    assert (definition.name, definition.version, definition.entry_point) == ("orders", "1.4.0", "main.py")
    assert definition.platforms == ("local", "fabric")
    assert definition.parameters["day"].default == date(2024, 5, 1)
    assert definition.parameters["size"].default is UNSET
    assert definition.parameters["size"].choices == ("small", "large")
    assert definition.parameters["n"].required
    assert definition.job["schedule"] == {"cron": "0 6 * * *"}
    assert definition.locked
    assert definition.time_limit == 5400.0
    assert definition.supports("fabric")
    assert not definition.supports("synapse")


def test_the_entry_point_is_enough_and_the_name_is_the_folders(app: Path) -> None:
    write(app, "app.yaml", "entry_point: main.py\n")

    definition = read_definition(app, "dev").definition

    assert definition is not None
    assert definition.name == "orders"


def test_an_overlay_merges_maps_replaces_lists_and_removes_with_null(app: Path) -> None:
    write(
        app,
        "app.yaml",
        "entry_point: main.py\nplatforms: [local, fabric]\ntime_limit: 2h\n"
        "parameters: {a: {default: x}, b: {default: y}}\n",
    )
    write(app, "app.prod.yaml", "platforms: [fabric]\ntime_limit: null\nparameters: {a: {default: z}, b: null}\n")

    dev, prod = read_definition(app, "dev").definition, read_definition(app, "prod").definition

    assert dev is not None
    assert prod is not None
    assert (dev.platforms, dev.time_limit, dev.parameters["a"].default) == (("local", "fabric"), 7200.0, "x")
    assert (prod.platforms, prod.time_limit, prod.parameters["a"].default) == (("fabric",), None, "z")
    assert list(prod.parameters) == ["a"]
    assert overlays(app) == ["prod"]


def test_a_mistake_in_an_overlay_is_placed_in_the_overlay(app: Path) -> None:
    write(app, "app.dev.yaml", "\nplatfroms: [local]\n")

    assert problems(app, "entry_point: main.py\n") == [
        "app.dev.yaml:2:1  KDL-CFG-004  unknown key 'platfroms'; did you mean 'platforms'?"
    ]


def test_all_mistakes_come_at_once_with_line_and_column(app: Path) -> None:
    found = problems(
        app,
        """name: 1st
version: one
entry_point: main.py
pipeline: p.yaml#daily
parameters:
  spark: {type: string}
  rows: {type: integer, default: many}
  mode: {choices: [full, new], default: old}
  day: {type: date, required: true, default: 2024-05-01}
""",
    )

    assert [line.split("  ")[0:2] for line in found] == [
        ["app.yaml:4:1", "KDL-APP-007"],
        ["app.yaml:4:1", "KDL-APP-008"],
        ["app.yaml:1:7", "KDL-APP-010"],
        ["app.yaml:2:10", "KDL-APP-026"],
        ["app.yaml:6:3", "KDL-APP-016"],
        ["app.yaml:7:34", "KDL-APP-016"],
        ["app.yaml:8:41", "KDL-APP-016"],
        ["app.yaml:9:31", "KDL-APP-016"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: orders\n", "no entry_point, pipeline or workflow"),
        ("entry_point: a.py\nworkflow: m:n\n", "both entry_point and workflow"),
        ("workflow: m:n\n", "workflows are not built"),
        ("pipeline: f#n\n", "pipelines are not built"),
        ("- a\n", "the file holds a list"),
        ("entry_point: [main.py]\n", "entry_point"),
        ("entry_point: main.py\nparameters: {a: {type: text}}\n", "'string'"),
        ("entry_point: main.py\ntime_limit: soon\n", "time_limit"),
        ("entry_point: main.py\nentry_point: b.py\n", "duplicate key"),
        ("entry_point: main.py\nlocked: yes\n", "locked"),
        ("entry_point: main.py\n\tname: x\n", "tab"),
    ],
)
def test_what_cannot_stand_in_it_is_refused(app: Path, text: str, said: str) -> None:
    found = problems(app, text)

    assert any(said in line for line in found), found
    assert read_definition(app, "dev").definition is None


def test_a_misspelt_entry_point_is_one_mistake_and_not_two(app: Path) -> None:
    assert problems(app, "entry_pont: main.py\n") == [
        "app.yaml:1:1  KDL-CFG-004  unknown key 'entry_pont'; did you mean 'entry_point'?"
    ]


def test_a_file_that_is_not_utf8_is_said_with_its_line(app: Path) -> None:
    (app / "app.yaml").write_bytes(b"entry_point: main.py\ndescription: \xe9t\xe9\n")

    assert [str(problem) for problem in read_definition(app, "dev").problems] == [
        "app.yaml:2  KDL-APP-006  the file is not UTF-8; save it as UTF-8"
    ]
