"""The index: what a plugin says it serves."""

from __future__ import annotations

from kindling.plugins.metadata import EntryPoint
from kindling.plugins.serves import describe_claims, disagreement, read_index

MODULE = "kindling_acme.plugin"


def index_of(*names: str, value: str = MODULE) -> object:
    return read_index([EntryPoint("kindling.serves", name, value) for name in names], MODULE)


def test_all_kinds_of_statements_are_read() -> None:
    index = read_index(
        [
            EntryPoint("kindling.serves", name, MODULE)
            for name in (
                "api.1", "api.2", "platform.acme", "scheme.s3", "connection.s3", "auth.keys", "secret.vault",
                "evidence.env.ACME_HOME", "evidence.module.acme.runtime",
            )
        ],
        MODULE,
    )  # fmt: skip
    assert index.api == (1, 2)
    assert index.claims == {
        ("platform", "acme"), ("scheme", "s3"), ("connection", "s3"), ("auth", "keys"), ("secret", "vault"),
    }  # fmt: skip
    assert (index.variables, index.modules, index.unknown) == (("ACME_HOME",), ("acme.runtime",), ())
    assert index.is_compatible


def test_what_a_later_version_may_understand_is_kept_apart() -> None:
    index = read_index(
        [
            EntryPoint("kindling.serves", name, MODULE)
            for name in ("api.one", "lineage.acme", "platform.", "evidence.x")
        ],
        MODULE,
    )
    assert index.unknown == ("api.one", "lineage.acme", "platform.", "evidence.x")
    assert (index.api, index.claims) == ((), frozenset())


def test_statements_of_another_plugin_of_the_distribution_are_not_its_own() -> None:
    assert index_of("platform.acme", value="kindling_acme.other") == read_index([], MODULE)
    assert index_of("platform.acme", value="kindling_acme.plugin [sdk]") == index_of("platform.acme")


def test_only_numbers_beyond_are_incompatible() -> None:
    def compatible(*numbers: int) -> bool:
        points = [EntryPoint("kindling.serves", f"api.{number}", MODULE) for number in numbers]
        return read_index(points, MODULE).is_compatible

    assert compatible()
    assert compatible(1)
    assert compatible(1, 7)
    assert not compatible(2)
    assert not compatible(0)


def test_schemes_are_shown_only_where_no_storage_says_more() -> None:
    assert describe_claims([("scheme", "s3"), ("scheme", "s3a")]) == ("scheme s3", "scheme s3a")
    assert describe_claims([("auth", "keys"), ("scheme", "s3"), ("connection", "s3"), ("platform", "emr")]) == (
        "platform emr",
        "storage s3",
        "auth keys",
    )


def test_a_disagreement_names_both_sides() -> None:
    assert disagreement([("platform", "a")], [("platform", "a")]) == ""
    assert disagreement([("platform", "moon")], [("platform", "mars")]) == (
        "its index says platform moon, which its hooks do not yield; "
        "its hooks yield platform mars, which its index lacks"
    )
