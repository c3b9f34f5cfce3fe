"""Secrets show themselves only when asked; run states have one vocabulary."""

import copy
import json
import pickle

import pytest

from kindling.values import RunState, Secret


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, "%s".__mod__, "{:>5}".format])
def test_a_secret_never_shows_itself(show):
    assert "hunter22" not in show(Secret("hunter22"))
    assert "***" in show(Secret("hunter22"))


def test_a_secret_is_read_only_by_asking():
    assert Secret("hunter22").reveal() == "hunter22"


def test_a_secret_cannot_be_pickled_or_written_as_json():
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret("hunter22"))
    with pytest.raises(TypeError):
        json.dumps(Secret("hunter22"))


def test_secrets_compare_by_value_and_only_with_secrets():
    assert Secret("hunter22") == Secret("hunter22")
    assert Secret("hunter22") != Secret("hunter23")
    assert Secret("hunter22") != "hunter22"
    assert len({Secret("hunter22"), Secret("hunter22")}) == 1


def test_copies_of_a_secret_are_itself():
    secret = Secret("hunter22")
    assert copy.deepcopy({"key": secret})["key"] is secret
    assert copy.copy(secret) is secret


def test_an_empty_secret_is_false_and_only_text_is_one():
    assert not Secret("")
    with pytest.raises(TypeError, match="not int"):
        Secret(4711)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["running", "Running", "RUNNING"])
def test_states_compare_and_are_made_without_regard_to_case(word):
    assert word == RunState.RUNNING
    assert RunState(word) is RunState.RUNNING
    assert word + "x" != RunState.RUNNING


def test_states_are_hashed_as_they_are_written():
    assert {"RUNNING": 1}[RunState.RUNNING] == 1
    assert f"{RunState.TIMED_OUT} {RunState.FAILED!s}" == "TIMED_OUT FAILED"
    assert json.dumps({"state": RunState.SKIPPED}) == '{"state": "SKIPPED"}'


def test_every_state_but_pending_and_running_is_final():
    assert [state.value for state in RunState if not state.is_final] == ["PENDING", "RUNNING"]


def test_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="Deduped"):
        RunState("Deduped")
