"""How Sphinx builds this documentation. Warnings are errors: ``python3 dev.py docs``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import kindling  # noqa: E402

project = "Kindling"
author = "The Kindling contributors"
copyright = "The Kindling contributors"
version = release = kindling.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "generated_pages",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_ext", "examples"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "attrs_inline"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autoclass_content = "class"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Attributes are documented where they are declared; a second entry from the docstring would be a duplicate.
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"Kindling {version}"
html_copy_source = False
pygments_style = "friendly"
