"""Calls sys.exit while it is imported, as a script that was made a plugin does."""

import sys

sys.exit(3)
