"""Descriptors check themselves when they are made."""

import pytest

from kindling.contracts import (
    AuthBackend,
    ExecutionBackend,
    JobBackend,
    Level,
    SecretBackend,
    StorageBackend,
    Support,
)
from kindling.errors import PluginError

OPENS = "kindling_acme.things:open_thing"


@pytest.mark.parametrize(
    "make",
    [
        lambda: StorageBackend(name="S3", schemes=("s3",), opens=OPENS),
        lambda: StorageBackend(name="s3", schemes="s3", opens=OPENS),
        lambda: StorageBackend(name="s3", schemes=["s3"], opens=OPENS),
        lambda: StorageBackend(name="s3", schemes=("s3://",), opens=OPENS),
        lambda: StorageBackend(name="s3", schemes=("s3",), hosts=("https://host",), opens=OPENS),
        lambda: StorageBackend(name="s3", schemes=("s3",), auth_modes=("A b",), opens=OPENS),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens="kindling_acme.things"),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens=print),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens=OPENS, settings="Settings"),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens=OPENS, summary="two\nlines"),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens=OPENS, capabilities=["copy"]),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens=OPENS, capabilities={"copy": True}),
        lambda: StorageBackend(name="s3", schemes=("s3",), opens=OPENS, capabilities={"Copy It": Support(Level.FULL)}),
        lambda: AuthBackend(mode="", opens=OPENS),
        lambda: SecretBackend(name=None, opens=OPENS),
        lambda: JobBackend(platform="a b", artifact_schemes=("s3",), opens=OPENS),
        lambda: JobBackend(platform="emr", artifact_schemes=("s3",), opens=OPENS, shim="shim.py"),
        lambda: ExecutionBackend(platform="emr", opens=OPENS, detect="detect"),
        lambda: ExecutionBackend(platform="emr", opens=OPENS, simulator=":x"),
        lambda: Support("full"),
        lambda: Support(Level.PARTIAL),
        lambda: Support(Level.UNSUPPORTED, "  "),
    ],
)
def test_a_mistake_is_refused_naming_field_value_and_what_was_expected(make):
    with pytest.raises(PluginError, match="expected") as caught:
        make()
    assert caught.value.code == "KDL-PLG-010"
    assert caught.value.context["field"]


def test_what_is_not_declared_is_unsupported():
    backend = JobBackend(
        platform="emr",
        artifact_schemes=("s3",),
        opens=OPENS,
        capabilities={"retries": Support(Level.PARTIAL, "counted per run")},
    )
    assert backend.support("retries") == Support(Level.PARTIAL, "counted per run")
    assert backend.support("schedule").level is Level.UNSUPPORTED
    assert "schedule" in backend.support("schedule").reason


def test_a_descriptor_cannot_be_changed_through_what_it_was_made_from():
    capabilities = {"retries": Support(Level.FULL)}
    backend = JobBackend(platform="emr", artifact_schemes=("s3",), opens=OPENS, capabilities=capabilities)
    capabilities.clear()
    assert "retries" in backend.capabilities
    with pytest.raises(TypeError):
        backend.capabilities["retries"] = Support(Level.FULL)  # type: ignore[index]


def test_equal_descriptors_are_one_key():
    one, other = (AuthBackend(mode="aws", opens=OPENS, capabilities={"x": Support(Level.FULL)}) for _ in range(2))
    assert {one: 1}[other] == 1
