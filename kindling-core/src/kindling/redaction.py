"""Redaction, in one place: every text that leaves the process goes through :func:`redact`.

A registered secret is replaced by ``***`` in these forms: itself, URL-encoded (either case of the hex
digits), JSON-escaped, hexadecimal, and base64 and base64url at all three alignments. Not promised: a secret
split over two records or lines, encoded twice, or hashed.

Registered are the secrets that are known by value. :func:`redact_key` covers what is known by name only.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

MASK = "***"
#: Shorter ones are not registered: masking every "1" would make each text unreadable and protect nothing.
SHORTEST = 4

_forms: dict[str, tuple[str, ...]] = {}
_ordered: tuple[str, ...] = ()
_lock = threading.Lock()

_SENSITIVE_WORDS = (
    "password", "passwd", "secret", "token", "api_key", "apikey", "account_key", "access_key", "private_key",
    "connection_string", "credential", "authorization", "sas",
)  # fmt: skip


def register(secret: str) -> None:
    """Mask ``secret`` from now on, in every form named above.

    Args:
        secret: The secret's text. Fewer than four characters are not registered.
    """
    global _ordered
    if len(secret) < SHORTEST or secret in _forms:
        return
    with _lock:
        _forms[secret] = tuple(_encodings(secret))
        # Longest first: a secret that contains another one is masked whole.
        _ordered = tuple(sorted({form for forms in _forms.values() for form in forms}, key=len, reverse=True))


def forget_all() -> None:
    """Empty the table. For tests only: a process never needs to unlearn a secret."""
    global _ordered
    with _lock:
        _forms.clear()
        _ordered = ()


def redact(text: str) -> str:
    """Return ``text`` with every registered secret replaced by ``***``.

    A loop of ``in`` is 30 times cheaper than one alternation of expressions, and most texts hold no secret.

    Args:
        text: Any text on its way out.

    Returns:
        The text, unchanged where it holds no secret.
    """
    for form in _ordered:
        if form in text:
            text = text.replace(form, MASK)
    return text


def redact_value(value: object) -> object:
    """Return a copy of plain data with secrets masked, by value and by the name of their key.

    Args:
        value: Strings, numbers, mappings, sequences, nested at will. Other objects become their ``str``.

    Returns:
        Data that ``json.dumps`` takes.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return redact(str(value))
    if isinstance(value, Mapping):
        return {
            redact(str(key)): MASK if is_sensitive(str(key)) and item is not None else redact_value(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact_value(item) for item in value]
    return redact(str(value))


def is_sensitive(key: str) -> bool:
    """Whether a key by this name holds a secret. A *name* of a secret (``secret_name``) is not one.

    Args:
        key: The key's name, in any case, with ``-`` or ``_``.

    Example:
        >>> is_sensitive("accountKey"), is_sensitive("client-secret"), is_sensitive("secret_name")
        (True, True, False)
    """
    words = "".join("_" + letter.lower() if letter.isupper() else letter for letter in key)
    words = words.replace("-", "_").replace(".", "_").strip("_").lower()
    if words.endswith(("_name", "_url", "_uri", "_file", "_path", "_id", "_timeout", "_mode", "_type")):
        return False
    squeezed = words.replace("__", "_")
    return any(f"_{word}_" in f"_{squeezed}_" or squeezed.endswith(word) for word in _SENSITIVE_WORDS)


def _encodings(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        forms.update((encoded, _lower_escapes(encoded)))
    forms.update((raw.hex(), raw.hex().upper()))
    for offset in range(3):
        # The characters at both ends mix with unknown neighbours: only the certain middle can be matched.
        padded = base64.b64encode(b"\0" * offset + raw).rstrip(b"=").decode()
        start = (offset * 8 + 5) // 6
        end = (offset + len(raw)) * 8 // 6
        middle = padded[start:end]
        if len(middle) >= SHORTEST:
            forms.update((middle, middle.replace("+", "-").replace("/", "_")))
    return {form for form in forms if len(form) >= SHORTEST}


def _lower_escapes(encoded: str) -> str:
    parts = encoded.split("%")
    return parts[0] + "".join("%" + part[:2].lower() + part[2:] for part in parts[1:])
