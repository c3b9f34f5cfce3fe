"""The nearest right word. Imported only where there is an error: difflib costs as much as a small configuration."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` most likely means, or None.

    Case, ``-`` and ``_`` do not count; otherwise the words must be nearly the same.

    Args:
        word: What was written.
        known: What is known.

    Example:
        >>> nearest("enviroment", ["environment", "engine"]), nearest("authMode", ["auth_mode"])
        ('environment', 'auth_mode')
        >>> nearest("zzz", ["environment"]) is None
        True
    """
    from difflib import get_close_matches

    by_form: dict[str, str] = {}
    for candidate in known:
        by_form.setdefault(_form(candidate), candidate)
    form = _form(word[:200])
    if form in by_form:
        return by_form[form]
    # In a short word one wrong letter is a third of it.
    matches = get_close_matches(form, by_form, n=1, cutoff=0.72 if len(form) > 4 else 0.6)
    return by_form[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or an empty text where nothing is near."""
    found = nearest(word, known)
    return f"did you mean {found!r}?" if found is not None else ""


def _form(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter not in "-_ ")
