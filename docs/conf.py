"""How Sphinx makes the documentation site: `sphinx-build docs site` from the root of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from uncertainty import __version__

project = "uncertainty"
author = "the uncertainty developers"
project_copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    # Our own, in docs/extensions.
    "api_reference",
    "mathml",
    "navigation",
]
exclude_patterns = ["extensions", "figures"]

# Formulas are written as on code hosts, and links may end in the #name of a heading as they do there.
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4

# Docstrings say types and shapes in words. Names in single backticks are links where they are public names of ours.
default_role = "py:obj"
smartquotes = False  # where kind="mean" is written without backticks, it is still code
autodoc_typehints = "none"
autosummary_generate = False
numpydoc_show_class_members = False
python_maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"uncertainty {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
