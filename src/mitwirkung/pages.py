"""Web pages from the templates that ship beside the modules: what is put into them is escaped."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template


@cache
def page_template(folder: str, name: str) -> Template:
    """The template of this name in a folder of the package, `reports`, say.

    It may include others of its folder. A name that is not given to it is an error.
    """

    def source(wanted: str) -> str:
        return (resources.files("mitwirkung") / folder / wanted).read_text("utf-8")

    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
