"""The context: by key and by attribute, never hiding what an app can rely on."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kindling.apps.context import AppContext, ContextAttributeError
from kindling.apps.definition import RESERVED_NAMES, AppDefinition
from kindling.apps.loader import LoadedApp
from kindling.errors import AppExecutionError


def make(**keywords: Any) -> AppContext:
    app = LoadedApp(AppDefinition("orders", entry_point="main.py"), Path("apps/orders"), "dev")
    return AppContext(app, logger=logging.getLogger("kindling.test"), run_id="r1", **keywords)


def test_everything_reads_by_key_and_by_attribute() -> None:
    context = make(framework="fw", config="cfg", parameters={"day": 1}, platform="fabric", open_spark=lambda: "spark")
    context.keep_setup({"db": "connected"})

    for name, value in {
        "framework": "fw", "config": "cfg", "day": 1, "db": "connected", "spark": "spark", "platform": "fabric",
        "environment": "dev", "app": "orders", "run_id": "r1", "folder": Path("apps/orders"),
        "parameters": {"day": 1}, "setup": {"db": "connected"}, "cancelled": False, "remaining_seconds": None,
    }.items():  # fmt: skip
        assert getattr(context, name) == value
        assert context[name] == value


def test_it_is_a_mapping() -> None:
    context = make(parameters={"day": 1})

    assert isinstance(context, Mapping)
    assert "day" in context
    assert "night" not in context
    assert context.get("night", 7) == 7
    assert {"framework", "logger", "config", "parameters", "day"} <= set(context)
    assert len(context) == len(list(context))


def test_spark_is_opened_when_it_is_first_asked_for_and_not_before() -> None:
    opened = []
    context = make(open_spark=lambda: opened.append(1) or "session")

    assert "spark" in context
    repr(context), dir(context), list(context), context.get("day")
    assert opened == []
    assert context.spark == "session"
    assert opened == [1]


def test_an_attribute_error_from_inside_spark_is_not_taken_for_a_missing_name() -> None:
    def fail() -> Any:
        raise AttributeError("'JavaPackage' object is not callable")

    with pytest.raises(AttributeError, match="JavaPackage"):
        _ = make(open_spark=fail).spark


@pytest.mark.parametrize("ask", [lambda context: context.dya, lambda context: context["dya"]])
def test_what_is_missing_is_said_with_what_there_is(ask: Any) -> None:
    with pytest.raises(ContextAttributeError) as caught:
        ask(make(parameters={"day": 1}))

    assert isinstance(caught.value, (AttributeError, KeyError))
    assert "has no 'dya'; it has framework, logger" in str(caught.value)
    assert caught.value.suggestions == ("did you mean 'day'?",)
    assert caught.value.code == "KDL-APP-022"


def test_hasattr_and_copies_work() -> None:
    context = make(parameters={"day": 1})

    assert hasattr(context, "day")
    assert not hasattr(context, "night")
    assert copy.copy(context).day == 1


def test_an_app_may_keep_things_but_not_hide_what_is_there() -> None:
    context = make(parameters={"day": 1})
    context["cache"] = {}
    context.seen = 3

    assert (context.cache, context["seen"]) == ({}, 3)
    for name in ("spark", "day", "framework", "report_progress"):
        with pytest.raises(AppExecutionError, match="cannot be kept") as caught:
            context[name] = 1
        assert caught.value.code == "KDL-APP-023"


def test_setup_may_return_anything() -> None:
    context = make()
    context.keep_setup([1, 2])

    assert context.setup == [1, 2]
    with pytest.raises(AppExecutionError, match="'logger' cannot be kept"):
        context.keep_setup({"logger": 1})


def test_every_name_of_the_context_is_reserved() -> None:
    public = {name for name in dir(AppContext) if not name.startswith("_")} | set(make())

    assert public <= RESERVED_NAMES | {"spark"}


def test_neither_values_nor_spark_are_in_its_repr() -> None:
    context = make(parameters={"api_token": "hunter2"})

    assert "hunter2" not in repr(context)
    assert "api_token" in repr(context)


@pytest.mark.parametrize(
    ("arguments", "keywords", "reported"),
    [
        ((0.5,), {}, {"fraction": 0.5}),
        ((0.25, "reading"), {}, {"fraction": 0.25, "message": "reading"}),
        ((), {"done": 3, "total": 12}, {"fraction": 0.25, "done": 3, "total": 12}),
        ((), {"done": 5}, {"done": 5}),
        ((), {"message": "still here"}, {"message": "still here"}),
        ((), {"done": 0, "total": 0}, {"fraction": 1.0, "done": 0, "total": 0}),
        ((), {"done": 13, "total": 12}, {"fraction": 1.0, "done": 13, "total": 12}),
    ],
)
def test_progress_is_a_fraction_or_a_count(arguments: Any, keywords: Any, reported: Any) -> None:
    reports: list[Mapping[str, Any]] = []

    make(report=reports.append).report_progress(*arguments, **keywords)

    assert reports == [reported]


@pytest.mark.parametrize(
    "keywords", [{"fraction": 2}, {"fraction": -0.1}, {"fraction": 0.5, "done": 1}, {"done": -1, "total": 2}]
)
def test_numbers_that_make_no_fraction_are_refused(keywords: Any) -> None:
    with pytest.raises(ValueError, match=r"fraction|negative"):
        make().report_progress(**keywords)
