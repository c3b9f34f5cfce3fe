"""Raises ImportError: not because a module is missing, but because a name in one is."""

from json import no_such_name  # noqa: F401
