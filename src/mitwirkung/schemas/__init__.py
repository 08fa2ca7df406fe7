"""JSON Schemas (draft 2020-12) of the files that the library writes, and of those people write.

They are made by `tools/make_schemas.py` from the models that read the files. A table is described
as the list of its rows, each an object of texts.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from mitwirkung.errors import MitwirkungError
from mitwirkung.names import nearest

_ENDING = ".schema.json"


class UnknownSchema(MitwirkungError, LookupError):
    """No file of that name is described; the error lists those that are."""


def schema_names() -> tuple[str, ...]:
    """The files that are described: `lottery.json`, `panel.csv`, ..."""
    found = (item.name for item in resources.files(__name__).iterdir())
    return tuple(sorted(n.removesuffix(_ENDING) for n in found if n.endswith(_ENDING)))


def schema(name: str) -> dict[str, Any]:
    """The schema of a file, by the file's name.

    Raises:
        UnknownSchema: no such file is described.
    """
    names = schema_names()
    if name not in names:
        meant = nearest(name, names)
        code = "schema-unknown" if meant is None else "schema-unknown-nearest"
        raise UnknownSchema(code, name=name, available=list(names), nearest=meant)
    text = (resources.files(__name__) / f"{name}{_ENDING}").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
