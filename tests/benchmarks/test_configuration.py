"""Reading a configuration costs little more than parsing its YAML."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kindling.config.checking import check_text
from kindling.config.loading import load_config

pytestmark = pytest.mark.benchmark

SMALL = """project: shop
artifacts: abfss://artifacts@shopdata.dfs.core.windows.net/kindling
platforms:
  fabric: {workspace: Shop-Dev, lakehouse: main}
connections:
  bronze: {type: local, path: ./data/bronze}
  silver: {type: local, path: "${HOME:-.}/silver"}
"""


@dataclass(frozen=True, kw_only=True)
class Item:
    name: str
    size: int
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Items:
    items: tuple[Item, ...]


def in_turns(one: Callable[[], Any], other: Callable[[], Any], times: int) -> tuple[float, float]:
    """Return the medians of two, in seconds, which took turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for run, seconds in zip((one, other), found, strict=True):
            gc.collect()
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    return statistics.median(found[0]), statistics.median(found[1])


def test_a_small_project_is_loaded_in_little_more_than_its_yaml_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "kindling.yaml").write_text(SMALL)
    ours, parsing = in_turns(
        lambda: load_config(tmp_path, environ={"HOME": "/home/ada"}),
        lambda: yaml.load((tmp_path / "kindling.yaml").read_text(), Loader=yaml.SafeLoader),
        40,
    )
    print(f"loaded in {ours * 1e3:.2f} ms, parsed by PyYAML in {parsing * 1e3:.2f} ms")
    assert ours < 1.5 * parsing


def test_ten_thousand_values_are_checked_in_less_time_than_pyyaml_reads_them() -> None:
    text = "items:\n" + "".join(f"  - {{name: n{n}, size: {n}, tags: [a, b]}}\n" for n in range(1_250))
    ours, parsing = in_turns(
        lambda: check_text(text, Items, file="items.yaml"),
        lambda: yaml.load(text, Loader=yaml.SafeLoader),
        5,
    )
    print(f"checked in {ours * 1e3:.1f} ms, read by PyYAML in {parsing * 1e3:.1f} ms")
    checked = check_text(text, Items, file="items.yaml")
    assert checked.value is not None
    assert len(checked.value.items) == 1_250
    assert ours < parsing


def test_ten_thousand_mistakes_are_named_in_bounded_time() -> None:
    good = "items:\n" + "".join(f"  - {{name: n{n}, size: {n}, tags: [a, b]}}\n" for n in range(1_250))
    bad = "items:\n" + "".join(f"  - {{nam: {n}, size: x{n}, tags: [1, no]}}\n" for n in range(1_250))
    wrong, right = in_turns(
        lambda: check_text(bad, Items, file="items.yaml"), lambda: check_text(good, Items, file="items.yaml"), 3
    )
    print(f"with 5,000 mistakes {wrong * 1e3:.0f} ms, without {right * 1e3:.0f} ms")
    assert len(check_text(bad, Items, file="items.yaml").problems) == 5_000
    assert wrong < 40 * right
