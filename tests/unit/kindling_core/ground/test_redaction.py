"""No form of a secret that is promised to be masked gets through."""

from __future__ import annotations

import base64
import html
import json
import string
import threading
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kindling import redaction
from kindling.redaction import MASK, forget_all, is_sensitive, redact, redact_value, register
from kindling.values import Secret

LETTERS = string.ascii_letters + string.digits
#: What keys, passwords and signatures are made of, and what encoders treat in their own ways.
SECRETS = st.one_of(
    st.text(LETTERS + "+/=", min_size=8, max_size=90),
    st.text(LETTERS + string.punctuation + " ", min_size=8, max_size=40),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=8, max_size=30),
    st.binary(min_size=8, max_size=64).map(lambda raw: base64.b64encode(raw).decode()),
)
AROUND = st.text(LETTERS + " .,:;{}[]\n", max_size=20)


@pytest.fixture(autouse=True)
def _nothing_registered() -> None:
    forget_all()


def readable_forms(secret: str) -> dict[str, str]:
    """Every promised form that can be read as it stands."""
    raw = secret.encode()
    return {
        "itself": secret,
        "repr": repr(secret)[1:-1],
        "ascii": ascii(secret)[1:-1],
        "JSON": json.dumps(secret)[1:-1],
        "JSON, all letters": json.dumps(secret, ensure_ascii=False)[1:-1],
        "JSON, upper case": json.dumps(secret)[1:-1].replace("\\u00e", "\\u00E"),
        "URL": quote(raw),
        "URL, nothing left": quote(raw, safe=""),
        "URL, lower case": _lower(quote(raw, safe="")),
        "URL, plus": quote_plus(raw),
        "URL, form": urlencode({"k": secret})[2:],
        "URL, as JavaScript": quote(raw, safe="!'()*"),
        "URL, as encodeURI": quote(raw, safe=";,/?:@&=+$!'()*#"),
        "URL, as requests": quote(raw, safe="!#$&'()*+,/:;=?@[]"),
        "URL, equals left": quote(raw, safe="="),
        "HTML": html.escape(secret),
        "HTML, text": html.escape(secret, quote=False),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
    }


def _lower(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(secret=SECRETS, before=AROUND, after=AROUND)
def test_every_readable_form_is_masked(secret: str, before: str, after: str) -> None:
    forget_all()
    register(secret)
    for form, text in readable_forms(secret).items():
        shown = redact(f"<{before}|{text}|{after}>")
        assert MASK in shown, form
        assert text not in shown, form


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(secret=SECRETS, before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_is_masked_at_every_alignment(secret: str, before: bytes, after: bytes) -> None:
    forget_all()
    register(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + secret.encode() + after).decode()
        shown = redact(text)
        assert MASK in shown
        # What is left at the ends are the characters that mix with the neighbours: they do not give the secret back.
        left = shown.replace(MASK, "")
        assert len(left) <= len(before) * 4 // 3 + len(after) * 4 // 3 + 8


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(secrets=st.lists(SECRETS, min_size=2, max_size=5, unique=True))
def test_none_of_several_secrets_is_left(secrets: list[str]) -> None:
    forget_all()
    for secret in secrets:
        register(secret)
    shown = redact(" and ".join(secrets))
    assert not any(secret in shown for secret in secrets if secret not in "*** and ***")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(secret=SECRETS, text=st.text(max_size=60))
def test_a_text_without_the_secret_is_left_alone(secret: str, text: str) -> None:
    forget_all()
    register(secret)
    forms = {*readable_forms(secret).values(), *redaction._encodings(secret)}
    if not any(form in text for form in forms):
        assert redact(text) == text


def test_a_secret_inside_another_is_masked_with_it() -> None:
    register("abcdefgh")
    register("abcdefgh-ijklmnop")
    assert redact("key abcdefgh-ijklmnop, part abcdefgh") == "key ***, part ***"


@pytest.mark.parametrize("secret", ["", "a", "abc"])
def test_what_is_too_short_is_not_registered(secret: str) -> None:
    register(secret)
    assert redact("abc a b c") == "abc a b c"


def test_a_short_secret_is_masked_as_it_stands_and_not_in_base64() -> None:
    register("pass")
    assert redact("the pass, the %70ass") == "the ***, the %70ass"
    # "pass" in base64 is "cGFzcw": six characters that also begin other words.
    assert redact("cGFzc3dvcmQ") == "cGFzc3dvcmQ"


def test_data_is_masked_by_value_and_by_the_name_of_its_key() -> None:
    register("hunter22!")
    data = {
        "password": "anything",
        "note": "uses hunter22!",
        "list": ["hunter22!", ("x", {"hunter22!": 1})],
        "rows": 3,
        "none": None,
        "token": None,
        "flag": True,
        "object": Secret("another-one"),
    }
    assert redact_value(data) == {
        "password": "***",
        "note": "uses ***",
        "list": ["***", ["x", {"***": 1}]],
        "rows": 3,
        "none": None,
        "token": None,
        "flag": True,
        "object": "***",
    }


def test_a_secret_of_digits_is_masked_as_a_number_too() -> None:
    register("8675309123")
    assert redact_value({"a": 8675309123, "b": [8675309123.5, 12]}) == {"a": "***", "b": ["***", 12]}


def test_data_in_a_circle_is_masked_and_comes_to_an_end() -> None:
    register("hunter22!")
    circle: dict[str, object] = {"value": "hunter22!"}
    circle["self"] = circle
    assert "hunter22!" not in json.dumps(redact_value(circle))


@pytest.mark.parametrize(
    "key",
    [
        "password", "Password", "DB_PASSWORD", "dbPassword", "accountKey", "AccountKey", "ACCOUNT_KEY", "account-key",
        "account.key", "client_secret", "clientSecret", "token", "accessToken", "X-Api-Key", "apiKey", "apikey",
        "API_KEY", "connection_string", "ConnectionString", "Authorization", "sas", "SAS_TOKEN", "sas-token",
        "AWS_SECRET_ACCESS_KEY", "mytoken", "credentials", "passphrase", "storage_key", "AZURE_STORAGE_KEY", "pwd",
    ],
)  # fmt: skip
def test_keys_that_hold_secrets(key: str) -> None:
    assert is_sensitive(key)


@pytest.mark.parametrize(
    "key",
    [
        "secret_name", "secretName", "SECRET_NAME", "key_vault_name", "token_url", "password_file", "credential_id",
        "account", "name", "key", "keys", "primary_key", "partition_by", "kansas", "texas", "secret_version", "",
        "auth_mode", "authorization_url", "sort_key", "max_tokens", "keyboard", "tokenizer", "path", "day",
    ],
)  # fmt: skip
def test_keys_that_hold_none(key: str) -> None:
    assert not is_sensitive(key)


def test_threads_may_register_while_others_redact() -> None:
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set():
                redact("some text with nothing in it")
        except BaseException as error:  # noqa: BLE001 - because the test's own thread raises it
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200):
        register(f"secret number {number}")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert redact("secret number 17!") == "***!"
