"""Whatever stands in the files: a configuration is loaded, or every reason why not is named. Nothing else is raised."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kindling.config.fields import Duration
from kindling.config.loading import load_config
from kindling.errors import ConfigError, Problem
from kindling.values import Secret

EXAMPLES = 20_000 if os.environ.get("KINDLING_CAMPAIGN") else 200
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

SAMPLE = """# A configuration with all that there is.
project: shop
environment: ${STAGE:-dev}
artifacts: abfss://artifacts@${var.account}.dfs.core.windows.net/kindling
env_file: .env
vars: {account: shopdata, nested: {a: &anchor [1, two, 3.5]}, key: '${secret:vault/key}'}
platforms:
  local: {wait: 1h30m, count: 5, names: [a, 'b', "c"]}
connections:
  bronze: &bronze
    type: local
    path: ./data/${STAGE:-dev}
    options: *anchor
  silver: {<<: *bronze, path: "${var.account}/x", secret: "${var.key}"}
plugins:
  disable: [a, b]
  prefer: {scheme.s3: emr}
  strict: false
runs: |
  several
  lines
"""
OVERLAY = "connections: {bronze: {path: null}, gold: {type: memory}}\nplugins: {disable: []}\nengine: spark\n"
ENV_FILE = "A=1\nexport B='two'\nKINDLING_PLUGINS__STRICT=true\n"


@dataclass(frozen=True, kw_only=True)
class Local:
    path: str
    options: list[Any] | None = None
    secret: Secret | None = None


@dataclass(frozen=True, kw_only=True)
class Platform:
    wait: Duration = 0.0
    count: int = 0
    names: tuple[str, ...] = ()
    mode: Literal["a", "b"] = "a"


class Sections:
    def platform(self, name: str) -> type | None:
        return Platform

    def platform_names(self) -> tuple[str, ...]:
        return ("local",)

    def connection(self, type_name: str) -> type | None:
        return Local

    def connection_types(self) -> tuple[str, ...]:
        return ("local", "memory")

    def auth_modes(self, type_name: str) -> tuple[str, ...]:
        return ()

    def auth_model(self, mode: str) -> type | None:
        return None


def load_all(base: bytes, overlay: bytes = b"", env_file: bytes = b"", environ: dict[str, str] | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "kindling.yaml").write_bytes(base)
        (root / "kindling.dev.yaml").write_bytes(overlay)
        (root / ".env").write_bytes(env_file)
        problems: Sequence[Problem] = ()
        try:
            loaded = load_config(root, environ=environ or {}, sections=Sections(), use=["*"])
        except ConfigError as error:
            problems = error.problems
            error.to_dict()
        else:
            list(loaded.origins())
            loaded.to_dict()
        for problem in problems:
            assert problem.code.startswith("KDL-CFG-")
            assert len(str(problem)) < 2000


def test_the_sample_itself_is_right() -> None:
    load_all(SAMPLE.encode(), b"", ENV_FILE.encode())


@fuzzed
@given(st.binary(max_size=60), st.binary(max_size=20), st.binary(max_size=20))
def test_any_bytes(base: bytes, overlay: bytes, env_file: bytes) -> None:
    load_all(b"env_file: .env\n" + base, overlay, env_file)


@fuzzed
@given(st.text(alphabet="ab:-{}[]\"'|>&*!#%@`,?\n\t $${}./~<=0157:no_\u00e4\ufeff", max_size=80))
def test_any_text_of_yamls_own_signs(text: str) -> None:
    load_all(text.encode())
    load_all(b"connections:\n  a:\n    " + text.replace("\n", "\n    ").encode())


PIECES = [
    "\n", "  ", "\t", ":", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "'", '"', "${", "}",
    "null", "no", "007", "1:30", "<<: ", "---\n", "!!x ", "${var.account}", "\x00", "\r",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, text: str) -> bytes:
    data = text
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 12))
        piece = draw(
            st.one_of(
                st.just(""),
                st.sampled_from(PIECES),
                st.just(data[at : at + size] * 2),
            )
        )
        data = data[:at] + piece + data[at + size :]
    return data.encode("utf-8", "surrogatepass")


@fuzzed
@given(mutated(SAMPLE), mutated(OVERLAY), mutated(ENV_FILE))
def test_a_right_configuration_with_something_broken_in_it(base: bytes, overlay: bytes, env_file: bytes) -> None:
    load_all(base, overlay, env_file)


@fuzzed
@given(
    st.dictionaries(
        st.lists(
            st.sampled_from(
                ["CONNECTIONS", "PLATFORMS", "PLUGINS", "VARS", "bronze", "TYPE", "PATH", "X", "", "_", "LOCAL"]
            ),
            min_size=1,
            max_size=4,
        ).map(lambda parts: "KINDLING_" + "__".join(parts)),
        st.one_of(
            st.text(max_size=10).filter(lambda text: "\x00" not in text),
            st.sampled_from(["${X}", "{}", '{"a": {"b": [1, null]}}', "[", "[1]", "null", "local", "${secret:a/b}"]),
        ),
        max_size=4,
    )
)
def test_any_environment_variables(environ: dict[str, str]) -> None:
    load_all(SAMPLE.encode(), OVERLAY.encode(), ENV_FILE.encode(), environ)
