"""How Sphinx builds these pages: `nox -s pages`."""

from importlib.metadata import version as installed

project = "mitwirkung"
copyright = "the mitwirkung authors, MIT licence"
version = release = installed("mitwirkung")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
exclude_patterns = ["decisions/README.md"]
html_theme = "furo"
html_title = "mitwirkung"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
suppress_warnings = ["ref.python"]
napoleon_custom_sections = [("Class attributes", "params_style")]
