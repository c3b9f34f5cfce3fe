"""Reading entry points and headers of installed distributions."""

from __future__ import annotations

import pytest

from kindling.plugins.metadata import EntryPoint, MetadataError, parse_entry_points, parse_headers


def test_reads_our_groups_and_passes_over_the_others() -> None:
    content = b"""
# a comment
[console_scripts]
this line = is nobody's business: even = if
it would be none of ours
[kindling]
acme = kindling_acme.plugin ; comments are not a thing here
[ kindling.serves ]
platform.acme=kindling_acme.plugin
[kindlings]
other = other
"""
    content = content.replace(b" ; comments are not a thing here", b"")
    assert parse_entry_points(content, "kindling") == (
        EntryPoint("kindling", "acme", "kindling_acme.plugin"),
        EntryPoint("kindling.serves", "platform.acme", "kindling_acme.plugin"),
    )


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf[kindling]\r\na = b\r\n", b"[kindling]\n\n; x\na=b"])
def test_byte_order_marks_windows_lines_and_both_comments_are_fine(content: bytes) -> None:
    assert parse_entry_points(content, "kindling") == (EntryPoint("kindling", "a", "b"),)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[kindling]\nacme\n", "line 2: 'acme' is not 'name = module'"),
        (b"[kindling]\nacme =\n", "line 2"),
        (b"[kindling\nacme = x\n", "line 1: '[kindling' is no section"),
        (b"[kindling]\nacme = \xff\n", "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(content: bytes, told: str) -> None:
    with pytest.raises(MetadataError, match=r"entry_points\.txt") as caught:
        parse_entry_points(content, "kindling")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("value", "module", "attribute"),
    [
        ("kindling_acme.plugin", "kindling_acme.plugin", None),
        ("kindling_acme.plugin:Plugin", "kindling_acme.plugin", "Plugin"),
        ("kindling_acme : a.b [extra]", "kindling_acme", "a.b"),
    ],
)
def test_a_value_names_a_module_and_perhaps_an_attribute(value: str, module: str, attribute: str | None) -> None:
    point = EntryPoint("kindling", "acme", value)
    assert (point.module, point.attribute) == (module, attribute)


@pytest.mark.parametrize("value", ["not a module", "a/b.py", ".a", ""])
def test_a_value_that_names_no_module_is_an_error(value: str) -> None:
    with pytest.raises(MetadataError, match="names no module"):
        _ = EntryPoint("kindling", "acme", value).module


def test_headers_end_at_the_first_empty_line_and_continued_lines_are_passed_over() -> None:
    headers = parse_headers(
        b"Name: kindling-acme\nVersion: 2.0\nSummary: one\n two: three\nRequires-Dist: kindling-core<0.2,>=0.1\n"
        b"Requires-Dist: acme-sdk; extra == 'sdk'\nProvides-Extra: sdk\n\nVersion: 9\n"
    )
    assert (headers.name, headers.version, headers.extras) == ("kindling-acme", "2.0", ("sdk",))
    assert headers.requires == ("kindling-core<0.2,>=0.1", "acme-sdk; extra == 'sdk'")
