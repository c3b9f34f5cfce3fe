"""Layers: base, overlay, environment variables, the command line; what wins, and how they are laid on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kindling.config.nodes import Map, Node, Scalar, Sequence, Source, merge

if TYPE_CHECKING:
    from .conftest import Project
else:
    Project = Any

BASE = "vars: {who: base}\nartifacts: ${var.who}\n"
OVERLAY = "vars: {who: overlay}\n"


def test_each_layer_wins_over_those_below(project: Project) -> None:
    assert project.load(BASE).config.artifacts == "base"
    project.write("kindling.prod.yaml", OVERLAY)
    assert project.load(environment="prod").config.artifacts == "overlay"
    environ = {"KINDLING_VARS__WHO": "variable"}
    assert project.load(environment="prod", environ=environ).config.artifacts == "variable"
    loaded = project.load(environment="prod", environ=environ, variables={"who": "option"})
    assert loaded.config.artifacts == "option"


def test_maps_merge_lists_replace_and_null_removes(project: Project) -> None:
    project.write(
        "kindling.prod.yaml",
        "plugins: {disable: [c], allow: null}\nconnections: {a: {x: 2}, b: null, c: {type: local}}\nengine: null\n",
    )
    loaded = project.load(
        "engine: spark\nplugins: {disable: [a, b], allow: [x], strict: true}\n"
        "connections: {a: {type: local, x: 1, y: 1}, b: {type: local}}\n",
        environment="prod",
    )
    assert loaded.config.engine is None
    assert loaded.config.plugins.disable == ("c",)
    assert loaded.config.plugins.allow is None
    assert loaded.config.plugins.strict is True
    assert {name: dict(section) for name, section in loaded.config.connections.items()} == {
        "a": {"type": "local", "x": 2, "y": 1},
        "c": {"type": "local"},
    }


def test_an_overlay_may_bring_maps_that_the_base_lacks(project: Project) -> None:
    project.write("kindling.prod.yaml", "connections: {a: {type: local, x: null, y: {z: null, w: 1}}}\n")
    loaded = project.load("project: shop\n", environment="prod")
    assert dict(loaded.config.connections["a"]) == {"type": "local", "y": {"w": 1}}


@pytest.mark.parametrize("empty", ["", "connections:\n", "connections: null\n", "{}\n", "---\n"])
def test_an_overlay_or_a_base_may_be_empty(project: Project, empty: str) -> None:
    project.write("kindling.prod.yaml", "connections: {a: {type: local}}\n")
    assert list(project.load(empty, environment="prod").config.connections) == ["a"]


def test_a_map_and_a_single_value_replace_each_other(project: Project) -> None:
    project.write("kindling.prod.yaml", "vars: {a: 1, b: {c: 2}}\n")
    loaded = project.load("vars: {a: {x: 1}, b: 2}\n", environment="prod")
    assert loaded.config.vars == {"a": 1, "b": {"c": 2}}


def test_a_connection_of_another_type_is_replaced_whole(project: Project) -> None:
    project.write("kindling.dev.yaml", "connections: {bronze: {type: local, path: ./data}}\n")
    loaded = project.load("connections: {bronze: {type: azure_adls, account: shop, container: bronze}}\n")
    assert dict(loaded.config.connections["bronze"]) == {"type": "local", "path": "./data"}


def test_a_connection_whose_type_is_repeated_merges(project: Project) -> None:
    project.write("kindling.dev.yaml", "connections: {bronze: {type: local, path: ./other}}\n")
    loaded = project.load("connections: {bronze: {type: local, path: ./data, x: 1}}\n")
    assert dict(loaded.config.connections["bronze"]) == {"type": "local", "path": "./other", "x": 1}


def test_null_that_removes_what_must_be_there_is_named_in_the_overlay(project: Project) -> None:
    project.write("kindling.prod.yaml", "connections:\n  bronze:\n    path: null\n")
    loaded = project.load("connections: {bronze: {type: local, path: ./data}}\n", environment="prod")

    @dataclass(frozen=True)
    class Local:
        path: str

    with pytest.raises(Exception, match=r"kindling\.prod\.yaml:3:5 .*missing key 'path'.*null removes"):
        loaded.connection("bronze", Local)


def test_problems_of_all_files_come_together(project: Project) -> None:
    project.write("kindling.prod.yaml", "engin: spark\nplugins: {strict: 1}\n")
    assert [line.partition("  ")[0] for line in project.lines("projct: a\nvars: [\n", environment="prod")] == [
        "kindling.yaml:3:1",
        "kindling.prod.yaml:1:1",
        "kindling.prod.yaml:2:19",
    ]


# Environment variables


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("KINDLING_ENGINE", "spark", ("engine", "spark")),
        ("KINDLING_PLUGINS__STRICT", "yes", ("strict", True)),
        ("KINDLING_PLUGINS__DISABLE", "a, b", ("disable", ("a", "b"))),
        ("KINDLING_PLUGINS__DISABLE", '["a"]', ("disable", ("a",))),
        ("KINDLING_PLUGINS", '{"strict": true}', ("strict", True)),
        ("KINDLING_PLUGINS__PREFER", '{"scheme.s3": "emr"}', ("prefer", {"scheme.s3": "emr"})),
        ("KINDLING_ARTIFACTS_PATH", "abfss://a@b/c", ("artifacts", "abfss://a@b/c")),
        ("KINDLING_ARTIFACTS", "./x", ("artifacts", "./x")),
        ("kindling_engine", "spark", ("engine", "spark")),
    ],
)
def test_environment_variables_set_keys_in_the_type_of_their_field(
    project: Project, name: str, text: str, expected: tuple[str, Any]
) -> None:
    config = project.load("project: shop\n", environ={name: text}).config
    key, value = expected
    assert getattr(config, key, None) == value or getattr(config.plugins, key, None) == value


@pytest.mark.parametrize(
    "name", ["KINDLING_RUN_ID", "KINDLING_PROJECT_DIR", "KINDLING_", "KINDLING_DISABLE_PLUGINS", "KINDLINGS_ENGINE",
             "KINDLING_PLATFORM", "ENGINE", "KINDLING__ENGINE", "KINDLING_ENGIN"],
)  # fmt: skip
def test_other_variables_do_not_count(project: Project, name: str) -> None:
    assert project.load("engine: pandas\n", environ={name: "spark"}).config.engine == "pandas"


def test_an_empty_variable_counts_as_not_set(project: Project) -> None:
    assert project.load("engine: pandas\n", environ={"KINDLING_ENGINE": ""}).config.engine == "pandas"


@pytest.mark.parametrize(
    ("name", "connection", "key"),
    [
        ("KINDLING_CONNECTIONS__BRONZE__ACCOUNT", "bronze", "account"),
        ("KINDLING_CONNECTIONS__BRONZE__ACCOUNT", "Bronze", "account"),
        ("KINDLING_CONNECTIONS__RAW_ZONE__ACCOUNT", "raw_zone", "account"),
        ("KINDLING_CONNECTIONS__RAW_ZONE__ACCOUNT", "raw-zone", "account"),
        ("KINDLING_CONNECTIONS__RAW__ZONE__ACCOUNT", "raw__zone", "account"),
        ("KINDLING_CONNECTIONS__BRONZE__ACCOUNT_KEY", "bronze", "account_key"),
        ("KINDLING_CONNECTIONS__BRONZE__ACCOUNTKEY", "bronze", "accountKey"),
    ],
)
def test_existing_names_are_found_without_regard_to_case_and_dashes(
    project: Project, name: str, connection: str, key: str
) -> None:
    text = f"connections:\n  {connection}:\n    type: local\n    {key}: old\n"
    loaded = project.load(text, environ={name: "new"})
    assert dict(loaded.config.connections[connection]) == {"type": "local", key: "new"}
    assert list(loaded.config.connections) == [connection]


def test_a_new_name_is_written_in_lower_case(project: Project) -> None:
    environ = {"KINDLING_CONNECTIONS__GOLD__TYPE": "local", "KINDLING_CONNECTIONS__GOLD__PATH": "./g"}
    assert dict(project.load("project: a\n", environ=environ).config.connections["gold"]) == {
        "type": "local",
        "path": "./g",
    }


def test_two_names_that_a_variable_may_mean_are_a_problem(project: Project) -> None:
    text = "connections: {Raw-Zone: {type: local}, RAW_zone: {type: local}}\n"
    (line,) = project.lines(text, environ={"KINDLING_CONNECTIONS__RAW_ZONE__PATH": "x"})
    assert "KDL-CFG-021" in line
    assert "KINDLING_CONNECTIONS__RAW_ZONE__PATH" in line
    assert "connections.Raw-Zone or connections.RAW_zone" in line


@pytest.mark.parametrize("name", ["KINDLING_CONNECTIONS__", "KINDLING_CONNECTIONS____X", "KINDLING_VARS__A__"])
def test_an_empty_part_of_a_name_is_a_problem(project: Project, name: str) -> None:
    (line,) = project.lines("project: a\n", environ={name: "x"})
    assert "KDL-CFG-021" in line
    assert name in line


def test_a_whole_section_and_one_of_its_keys_go_together(project: Project) -> None:
    environ = {
        "KINDLING_CONNECTIONS__A__PATH": "./new",
        "KINDLING_CONNECTIONS": '{"a": {"type": "local", "path": "./old"}, "b": {"type": "memory"}}',
    }
    connections = project.load("connections: {c: {type: local}}\n", environ=environ).config.connections
    assert dict(connections["a"]) == {"type": "local", "path": "./new"}
    assert list(connections) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("KINDLING_ENGINE", "sprak"), ("KINDLING_PLUGINS__STRICT", "maybe"), ("KINDLING_PROJECT__X", "1"),
     ("KINDLING_CONNECTIONS", "nonsense"), ("KINDLING_PLUGINS__STRCT", "true"), ("KINDLING_VARS", "{not json")],
)  # fmt: skip
def test_a_problem_in_a_variable_names_the_variable(project: Project, name: str, text: str) -> None:
    (problem,) = project.problems("project: shop\n", environ={name: text})
    assert name in str(problem)
    assert problem.location is None


def test_values_of_variables_are_interpolated_as_all_values_are(project: Project) -> None:
    environ = {"KINDLING_ARTIFACTS": "${var.root}/${STAGE}", "STAGE": "dev"}
    assert project.load("vars: {root: r}\n", environ=environ).config.artifacts == "r/dev"


# The command line


def test_a_variable_of_the_command_line_may_be_nested_and_new(project: Project) -> None:
    loaded = project.load("artifacts: ${var.net.region}-${var.x}\n", variables={"net.region": "eu", "x": "1"})
    assert loaded.config.artifacts == "eu-1"


def test_a_variable_of_the_command_line_is_text_until_it_has_a_field(project: Project) -> None:
    loaded = project.load("plugins: {strict: '${var.strict}'}\n", variables={"strict": "yes"})
    assert loaded.config.plugins.strict is True
    assert loaded.config.vars == {"strict": "yes"}


# Merging as such

SOURCE = Source("file", "k")


def nodes() -> st.SearchStrategy[Node]:
    scalars = st.sampled_from(["1", "x", "null"]).map(lambda text: Scalar(text, "plain", SOURCE))
    return st.recursive(
        scalars,
        lambda children: st.one_of(
            st.lists(children, max_size=2).map(lambda items: Sequence(items, SOURCE)),
            maps(children),
        ),
        max_leaves=8,
    )


def maps(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Map]:
    return st.dictionaries(st.sampled_from("abc"), children, max_size=3).map(
        lambda items: Map(dict(items), dict.fromkeys(items, (SOURCE, 1, 1)), SOURCE)
    )


def plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return None if node.is_null else node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items() if plain(item) is not None}


def laid(below: Any, above: Any) -> Any:
    """What laying one on the other means, said in plain data; null is None."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {key: laid(below.get(key), above[key]) if key in above else below[key] for key in {**below, **above}}


def with_nulls(node: Node) -> Any:
    if isinstance(node, Map):
        return {key: with_nulls(item) for key, item in node.items.items()}
    return plain(node)


@given(maps(nodes()), maps(nodes()))
def test_merging_lays_the_upper_layer_on_the_lower_and_changes_neither(lower: Map, upper: Map) -> None:
    before = with_nulls(lower), with_nulls(upper)
    merged = merge(lower, upper)
    assert with_nulls(merged) == laid(*before)
    assert list(merged.items)[: len(lower.items)] == list(lower.items)
    assert set(merged.places) == set(merged.items)
    assert (with_nulls(lower), with_nulls(upper)) == before
