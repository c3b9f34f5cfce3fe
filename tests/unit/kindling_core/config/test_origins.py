"""Where each value came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Project
else:
    Project = Any

BASE = """project: shop
vars: {region: eu, zone: "${var.region}-1"}
artifacts: ./${var.region}
connections:
  bronze: {type: local, path: "${DATA}", list: [1, 2]}
  silver: {type: local, path: x}
"""
OVERLAY = "connections:\n  bronze: {list: [3]}\n  silver: null\n"


def where(project: Project, **keywords: Any) -> dict[str, str]:
    return {origin.path: origin.origin for origin in project.load(**keywords).origins()}


def test_each_value_names_its_file_line_and_column_or_its_variable_or_option(project: Project) -> None:
    project.write("kindling.yaml", BASE)
    project.write("kindling.prod.yaml", OVERLAY)
    project.write("vars.env", "DATA=./d\n")
    found = where(
        project,
        environment="prod",
        environ={"KINDLING_ENGINE": "spark", "KINDLING_CONNECTIONS__BRONZE__PATH": "${DATA}"},
        variables={"region": "us"},
        env_file=project.folder / "vars.env",
    )
    assert found == {
        "project": "kindling.yaml:1:10",
        "environment": "--env",
        "artifacts": "kindling.yaml:3:12 ← var.region",
        "connections.bronze.type": "kindling.yaml:5:18",
        "connections.bronze.path": (
            "environment variable KINDLING_CONNECTIONS__BRONZE__PATH ← environment variable DATA"
        ),
        "connections.bronze.list": "kindling.prod.yaml:2:18",
        "engine": "environment variable KINDLING_ENGINE",
        "vars.region": "--var region",
        "vars.zone": "kindling.yaml:2:26 ← var.region",
    }


def test_a_variable_from_a_file_names_the_file(project: Project) -> None:
    project.write(".env", "KINDLING_ENGINE=spark\n")
    found = where(project, text="env_file: .env\n")
    assert found["engine"] == "environment variable KINDLING_ENGINE (.env)"


def test_defaults_are_shown_as_such(project: Project) -> None:
    found = where(project, text="project: shop\n")
    assert found == {"project": "kindling.yaml:1:10", "environment": "default", "artifacts": "default"}


def test_the_environment_names_who_chose_it(project: Project) -> None:
    assert where(project, text="environment: prod\n")["environment"] == "kindling.yaml:1:14"
    found = where(project, environ={"KINDLING_ENVIRONMENT": "test"})
    assert found["environment"] == "environment variable KINDLING_ENVIRONMENT"


def test_what_cannot_be_resolved_is_shown_as_it_is_written(project: Project) -> None:
    loaded = project.load("connections: {a: {type: local, path: '${NOPE}'}}\n")
    values = {origin.path: origin.value for origin in loaded.origins()}
    assert values["connections.a.path"] == "${NOPE}"
    assert loaded.to_dict()["connections"] == {"a": {"type": "local", "path": "${NOPE}"}}


def test_values_keep_their_kind_and_keys_with_dots_are_quoted(project: Project) -> None:
    loaded = project.load("plugins: {strict: true, prefer: {scheme.s3: emr}}\nruns: {keep: 5, rate: 1.5, no: 007}\n"
                          .replace(", no: 007", ""))  # fmt: skip
    values = {origin.path: origin.value for origin in loaded.origins()}
    assert values["plugins.strict"] is True
    assert values["runs.keep"] == 5
    assert values['plugins.prefer["scheme.s3"]'] == "emr"
    assert loaded.to_dict()["runs"] == {"keep": 5, "rate": 1.5}


def test_the_data_has_the_defaults_and_nothing_that_is_empty(project: Project) -> None:
    assert project.load("engine: spark\n").to_dict() == {
        "project": "",
        "environment": "dev",
        "artifacts": ".kindling/artifacts",
        "engine": "spark",
    }
