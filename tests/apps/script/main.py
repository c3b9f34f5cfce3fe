"""Script style: top to bottom, with framework and logger at hand; the global result is the result."""
# ruff: noqa: F821 - Kindling puts framework and logger there

from words import greeting

logger.info("saying %s", greeting)
result = {"said": greeting, "project": framework.project_root.name}
