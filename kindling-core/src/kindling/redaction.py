"""Redaction, in one place: every text that leaves the process goes through :func:`redact`.

A registered secret is replaced by ``***`` in these forms: itself, URL-encoded (either case of the hex digits, whichever
of its special characters an encoder leaves as they are), JSON-escaped, as Python and HTML escape it, hexadecimal, and,
if it has eight characters or more, base64 and base64url at all three alignments. Not promised: a secret split over two
records or lines, encoded twice, hashed, or of fewer than four characters; the bytes that a key in base64 stands for.

Registered are the secrets that are known by value. :func:`is_sensitive` covers what is known by name only.
"""

from __future__ import annotations

import base64
import functools
import itertools
import re
import threading
from collections.abc import Iterator, Mapping

MASK = "***"
#: Shorter ones are not registered: masking every "1" would make each text unreadable and protect nothing.
SHORTEST = 4
#: Shorter ones are not looked for in base64: a few characters of it are in any text.
SHORTEST_IN_BASE64 = 8
#: How deep plain data is followed; below, and so in a circle, its text is masked as a whole.
_DEEPEST = 60

_known: dict[str, _Known] = {}
_ordered: tuple[_Known, ...] = ()
_lock = threading.Lock()

# No encoder that is promised changes these (RFC 3986: unreserved).
_UNCHANGED = re.compile(r"[A-Za-z0-9_.~-]+")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_ESCAPED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}

_SENSITIVE_WORDS = frozenset(
    {
        "password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets", "token", "apikey", "credential",
        "credentials", "authorization", "sas", "sig", "api_key", "account_key", "access_key", "private_key",
        "shared_key", "storage_key", "encryption_key", "connection_string", "sas_token",
    }
)  # fmt: skip
_SENSITIVE_ENDS = ("password", "passwd", "secret", "token", "apikey", "credential", "credentials")
#: What a key ends in that says something about a secret, and is none.
_HARMLESS_ENDS = ("name", "url", "uri", "file", "path", "id", "timeout", "mode", "type", "version", "count", "length")
_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class _Known:
    """A secret, ready to be looked for.

    A part of it that no encoder changes stands in all its readable forms alike. Looking for that part first is what
    makes this cheap: most texts hold no secret.
    """

    __slots__ = ("_pattern", "_secret", "anchor", "encoded")

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._pattern: re.Pattern[str] | None = None
        longest = max(_UNCHANGED.findall(secret), key=len, default="")
        self.anchor: str = longest if len(longest) >= SHORTEST else ""
        self.encoded = tuple(sorted(set(_encodings(secret)), key=len, reverse=True))

    def replace(self, text: str) -> str:
        if self._pattern is None:
            self._pattern = re.compile("".join(map(_forms_of, self._secret)))
        return self._pattern.sub(MASK, text)


def register(secret: str) -> None:
    """Mask ``secret`` from now on, in every form named above.

    Args:
        secret: The secret's text. Fewer than four characters are not registered.
    """
    global _ordered
    if len(secret) < SHORTEST or secret in _known:
        return
    with _lock:
        _known[secret] = _Known(secret)
        # Longest first: a secret that contains another one is masked whole.
        _ordered = tuple(_known[text] for text in sorted(_known, key=len, reverse=True))


def is_needed() -> bool:
    """Whether any secret is registered, so that a text may hold one."""
    return bool(_ordered)


def forget_all() -> None:
    """Empty the table. For tests only: a process never needs to unlearn a secret."""
    global _ordered
    with _lock:
        _known.clear()
        _ordered = ()


def redact(text: str) -> str:
    """Return ``text`` with every registered secret replaced by ``***``.

    Args:
        text: Any text on its way out.

    Returns:
        The text, unchanged where it holds no secret.

    Example:
        >>> register("s3cret/k+y==")
        >>> redact("https://host/?sig=s3cret%2fk%2By%3D%3D&x=1")
        'https://host/?sig=***&x=1'
    """
    for known in _ordered:
        if known.anchor in text:
            text = known.replace(text)
        for form in known.encoded:
            if form in text:
                text = text.replace(form, MASK)
    return text


def redact_value(value: object, depth: int = 0) -> object:
    """Return a copy of plain data with secrets masked, by value and by the name of their key.

    Args:
        value: Strings, numbers, mappings, sequences, nested at will. Other objects become their ``str``.
        depth: How deep it is inside what was asked for.

    Returns:
        Data that ``json.dumps`` takes.

    Example:
        >>> redact_value({"rows": 3, "accountKey": "k", "keys": {"DB_PASSWORD": None}})
        {'rows': 3, 'accountKey': '***', 'keys': {'DB_PASSWORD': None}}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        # A secret may be all digits, and have been read as a number.
        return value if not _ordered or redact(text := str(value)) == text else MASK
    if isinstance(value, str):
        return redact(str(value))
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {
                redact(str(key)): MASK if item is not None and is_sensitive(str(key)) else redact_value(item, depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return [redact_value(item, depth + 1) for item in value]
    return redact(str(value))


@functools.lru_cache(maxsize=4096)
def is_sensitive(key: str) -> bool:
    """Whether a key by this name holds a secret. A *name* of a secret (``secret_name``) is not one.

    Args:
        key: The key's name, in any case, with ``-``, ``_`` or ``.``.

    Example:
        >>> is_sensitive("accountKey"), is_sensitive("DB_PASSWORD"), is_sensitive("secret_name")
        (True, True, False)
    """
    words = [word for word in re.split(r"[^a-z0-9]+", _CAPITALS.sub("_", key).lower()) if word]
    if not words or words[-1] in _HARMLESS_ENDS:
        return False
    pairs = {f"{one}_{other}" for one, other in itertools.pairwise(words)}
    return not _SENSITIVE_WORDS.isdisjoint(pairs.union(words)) or words[-1].endswith(_SENSITIVE_ENDS)


def _forms_of(character: str) -> str:
    """Return an expression for one character in all forms in which it may stand in a readable text."""
    if _UNCHANGED.fullmatch(character):
        return re.escape(character)
    number = ord(character)
    raw = character.encode("utf-8", "surrogatepass")
    forms = ["".join(f"%{_either_case(f'{byte:02x}')}" for byte in raw)]
    units = character.encode("utf-16-be", "surrogatepass")
    forms.append(
        "".join(rf"\\u{_either_case(units[at : at + 2].hex())}" for at in range(0, len(units), 2))  # JSON
    )
    forms += [rf"&\#0*{number};", rf"&\#[xX]0*{_either_case(f'{number:x}')};"]
    if character in _HTML:
        forms.append(re.escape(_HTML[character]))
    if character in _ESCAPED:
        forms.append(re.escape(_ESCAPED[character]))
    if character in "\"'\\/":
        forms.append(re.escape("\\" + character))
    if character == " ":
        forms.append(r"\+")
    if number < 0x100:
        forms.append(rf"\\x{_either_case(f'{number:02x}')}")
    elif number > 0xFFFF:
        forms.append(rf"\\U{_either_case(f'{number:08x}')}")
    forms.append(re.escape(character))
    return f"(?:{'|'.join(forms)})"


def _either_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _encodings(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield raw.hex()
    yield raw.hex().upper()
    if len(secret) < SHORTEST_IN_BASE64:
        return
    for offset in range(3):
        # The characters at both ends mix with unknown neighbours: only the certain middle can be matched.
        padded = base64.b64encode(b"\0" * offset + raw).rstrip(b"=").decode()
        start = (offset * 8 + 5) // 6
        end = (offset + len(raw)) * 8 // 6
        middle = padded[start:end]
        yield middle
        yield middle.replace("+", "-").replace("/", "_")
