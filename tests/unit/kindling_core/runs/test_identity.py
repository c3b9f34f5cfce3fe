"""Run ids sort by time and are never the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, datetime, timezone

import pytest

from kindling.runs import identity
from kindling.runs.identity import date_of, is_run_id, new_run_id, time_of
from kindling.testing.storage import in_threads


def test_ids_sort_in_the_order_in_which_they_are_made() -> None:
    ids = [new_run_id() for _ in range(5000)]  # many within each millisecond
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_sort_where_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_run_id()
    earlier = time.time_ns() - 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: earlier)
    ids = [first, *(new_run_id() for _ in range(3000))]  # more than a millisecond has room for
    assert ids == sorted(set(ids))


def test_ids_of_threads_differ() -> None:
    made = in_threads(*[lambda: [new_run_id() for _ in range(2000)]] * 4)
    ids = [each for some in made for each in some]  # type: ignore[attr-defined]
    assert len(set(ids)) == 8000


def test_ids_of_processes_differ() -> None:
    program = "from kindling.runs.identity import new_run_id; print(*(new_run_id() for _ in range(2000)))"
    children = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    ids = [each for child in children for each in child.communicate(timeout=60)[0].split()]
    assert len(set(ids)) == 6000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_makes_ids_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # Everything that a child inherits is as in its parent; only what is random tells them apart.
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    new_run_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_run_id().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    assert is_run_id(theirs)
    assert theirs not in [new_run_id() for _ in range(100)]


def test_an_id_says_when_it_was_made() -> None:
    before = datetime.now(timezone.utc)
    made = time_of(new_run_id())
    assert abs((made - before).total_seconds()) < 5
    assert date_of("20240229t235959999-00aaaaaaaa") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    ["", "last", "20261121", "../20261121t113105123-00k3v9x2ab", "20261121T113105123-00k3v9x2ab",
     "20261399t113105123-00k3v9x2ab", "20230229t113105123-00k3v9x2ab", "20261121t113105123-00k3v9x2ab/..",
     "20261121t113105123-00k3v9x2ab\n", "20261121t113105123-"],
)  # fmt: skip
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_run_id(text)
    with pytest.raises(ValueError, match=r"run id|range|month"):
        time_of(text)


def test_an_id_is_short_and_safe_in_file_names_and_urls() -> None:
    assert set(new_run_id()) <= set("0123456789abcdefghijklmnopqrstuvwxyz-")
    assert len(new_run_id()) == len("20261121t113105123-00k3v9x2ab")


def test_making_an_id_is_cheap() -> None:
    new_run_id()
    start = time.perf_counter()
    for _ in range(1000):
        new_run_id()
    assert time.perf_counter() - start < 1, "a thousandth of a second each is a hundred times what it takes"
    assert identity._PER_MILLISECOND == 1024
