"""Runs the Python code in README.md and docs/**/*.md: `pytest docs README.md`, or `nox -s docs`.

The blocks of one file run from top to bottom in one namespace, in a temporary working directory
that holds a copy of the files of the example `mitwirkung/examples/dortmund`, so that code may read
and write there. `repository` is the path of this repository. No mark skips a block: code that
should not run is not marked as ```python.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
EXAMPLE = "examples/dortmund"


def _enter(namespace: dict[str, Any]) -> None:
    home = Path.cwd()
    folder = tempfile.TemporaryDirectory(prefix="mitwirkung-docs-")
    namespace["repository"] = ROOT
    namespace["_leave"] = lambda: (os.chdir(home), folder.cleanup())
    with resources.as_file(resources.files("mitwirkung")) as package:
        if (package / EXAMPLE).is_dir():
            ignored = shutil.ignore_patterns("__init__.py", "__pycache__")
            shutil.copytree(package / EXAMPLE, folder.name, ignore=ignored, dirs_exist_ok=True)
    os.chdir(folder.name)


def _leave(namespace: dict[str, Any]) -> None:
    namespace.pop("_leave")()


try:
    from sybil import Sybil
    from sybil.parsers.markdown import PythonCodeBlockParser
except ModuleNotFoundError:  # the other sessions test without it
    pass
else:
    # Two, because sybil's patterns match from the right: README.md is also one of each plugin.
    _how: dict[str, Any] = {
        "parsers": [PythonCodeBlockParser()],
        "setup": _enter,
        "teardown": _leave,
    }
    _readme = Sybil(path=str(ROOT), patterns=["README.md"], excludes=["*/*"], **_how)
    _docs = Sybil(path=str(ROOT / "docs"), patterns=["*.md"], **_how)
    pytest_collect_file = (_readme + _docs).pytest()
