"""The README tells the truth: its code runs, what it quotes is there, its commands work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).parents[1]
CORE = PLUGIN.parents[1]
README = (PLUGIN / "README.md").read_text("utf-8")


def blocks(*languages: str) -> list[str]:
    """The code in these languages, from top to bottom."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [code for language, code in found if language in languages]


def quoted(block: str) -> tuple[str, str] | None:
    """The file that a block says it is from, and what stands there; None if it is from none."""
    found = re.fullmatch(r"# from (\S+)\n(.*)", block, re.DOTALL)
    return (found[1], found[2]) if found else None


def test_the_python_runs_from_top_to_bottom() -> None:
    own = [block for block in blocks("python") if not quoted(block)]
    assert len(own) > 3
    names: dict[str, Any] = {}
    for code in own:
        exec(compile(code, "<README of the plugin>", "exec"), names)


@pytest.mark.parametrize(
    ("file", "code"), [found for block in blocks("python", "toml") if (found := quoted(block))]
)
def test_what_is_quoted_stands_in_the_file(file: str, code: str) -> None:
    assert code in (PLUGIN / file).read_text("utf-8")


@pytest.mark.parametrize("file", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_what_is_linked_is_there(file: str) -> None:
    assert (PLUGIN / file).is_file()


def test_the_commands_lead_from_an_empty_folder_to_a_wheel(tmp_path: Path) -> None:
    """As an author types them, the core's wheel lying where pip finds it."""
    wheels, folder = tmp_path / "wheels", tmp_path / "folder"
    folder.mkdir()
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(CORE))
    subprocess.run([sys.executable, *build], check=True)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_COMPILE": "no",  # pip reads this one the other way round: do not compile
        "PIP_QUIET": "1",
        "MITWIRKUNG_LANGUAGE": "en",
    }
    done = subprocess.run(
        ["bash", "-euxc", "".join(blocks("bash"))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search("stadtteile +.*mitwirkung-.* +active", done.stdout)
    assert "Verified at the private level" in done.stdout
    dist = folder / "mitwirkung-stadtteile" / "dist"
    assert [path.name for path in sorted(dist.iterdir())] == [
        "mitwirkung_stadtteile-0.1.0-py3-none-any.whl",
        "mitwirkung_stadtteile-0.1.0.tar.gz",
    ]
