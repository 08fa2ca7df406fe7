"""docs/plugins.md names every hook with its arguments, and every hook has a test."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from mitwirkung.lottery.rules import PROMISES
from mitwirkung.plugins import hookspecs
from mitwirkung.plugins.loading import hook_names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")


def documented() -> dict[str, list[str]]:
    found = re.findall(r"^### `(\w+)\(([^)]*)\)`$", PAGE, flags=re.MULTILINE)
    return {name: [each.strip() for each in given.split(",") if each] for name, given in found}


def implemented_in(folder: Path) -> set[str]:
    """Functions marked with @hookimpl."""
    return {
        node.name
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator) == "hookimpl" for decorator in node.decorator_list)
    }


def test_the_page_has_every_hook_with_its_arguments_and_no_other() -> None:
    specified = {
        name: list(inspect.signature(getattr(hookspecs, name)).parameters) for name in hook_names()
    }
    assert specified
    assert documented() == specified


def test_every_hook_has_an_example_in_its_docstring() -> None:
    for name in hook_names():
        assert f"def {name}(" in (inspect.getdoc(getattr(hookspecs, name)) or "")


def test_every_hook_is_implemented_by_what_ships_and_by_a_plugin_in_the_tests() -> None:
    shipped = implemented_in(ROOT / "src" / "mitwirkung" / "plugins")
    tested = implemented_in(ROOT / "tests" / "plugins" / "faulty" / "good")
    assert set(hook_names()) <= shipped
    assert set(hook_names()) <= tested


def test_the_page_names_the_errors_and_promises_that_there_are() -> None:
    import mitwirkung

    named = set(re.findall(r"`([A-Z]\w+(?:Refused|Failed|Applicants|Quotas))", PAGE))
    assert named <= set(dir(mitwirkung))
    assert {f'"{promise}"' for promise in ("quotas", "households")} <= set(
        re.findall(r'"\w+"', PAGE)
    )
    assert {"quotas", "households"} <= PROMISES
