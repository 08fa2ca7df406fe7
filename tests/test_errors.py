"""Every error has a code with a text, a fitting builtin, and survives pickling."""

import pickle
import re
import string
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import mitwirkung
from mitwirkung.errors import Finding, InputError, MitwirkungError
from mitwirkung.messages import TEXTS
from mitwirkung.texts import translator

SOURCES = sorted(Path(mitwirkung.__file__).parent.rglob("*.py"))
for module in walk_packages(mitwirkung.__path__, "mitwirkung."):
    if not module.name.endswith("__main__"):
        import_module(module.name)


# Codes such as f"clash-{bound}".
MADE_CODES = [
    re.compile(re.sub(r"\{[^}]*\}", "[a-z]+", found))
    for path in SOURCES
    for found in re.findall(
        r'f"([a-z]*\{[\w.]+\}-[a-z-]+|[a-z-]+-\{[^"]*\})"', path.read_text("utf-8")
    )
]


def all_errors(kind: type[MitwirkungError] = MitwirkungError) -> list[type[MitwirkungError]]:
    return [found for child in kind.__subclasses__() for found in [child, *all_errors(child)]]


def parameters(text: str) -> dict[str, str]:
    return {name: f"<{name}>" for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_an_error_is_also_a_builtin_and_pickles(kind: type[MitwirkungError]) -> None:
    builtins = {base for base in kind.__mro__ if base.__module__ == "builtins"}
    assert builtins - {Exception, BaseException, object}
    if issubclass(kind, InputError):
        error: MitwirkungError = kind.of([Finding("seed-blank", {}, file="a.csv", row=3)])
    else:
        error = kind("seed-blank", anything=[1, "two"])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.code, again.params) == (error.code, error.params)


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_code_speaks_both_languages_and_pickles(code: str) -> None:
    error = MitwirkungError(code, **parameters(TEXTS[code]))
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.params, str(again)) == (code, error.params, str(error))
    german = again.describe(translator("de"))
    assert german
    for name in parameters(TEXTS[code]):
        assert f"<{name}>" in str(error)
        assert f"<{name}>" in german


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_text_can_be_filled_in_and_is_used(code: str) -> None:
    text = TEXTS[code].format(**parameters(TEXTS[code]))
    assert text == text.strip()
    quoted = re.compile(f"[\"']{code}[\"']")
    plugins = Path(__file__).parents[1].glob("plugins/*/src/**/*.py")  # our backends' errors too
    everywhere = [*SOURCES, *plugins]
    beside_its_text = sum(len(quoted.findall(path.read_text("utf-8"))) for path in everywhere) - 1
    assert beside_its_text or any(made.fullmatch(code) for made in MADE_CODES)


def test_every_code_in_the_sources_has_a_text() -> None:
    pattern = re.compile(
        r'(?:Finding|Check|error|Unfit\w+|\w+Refused|cls)\(\s*"([a-z]+(?:-[a-z]+)+)"'
    )
    found = {code for path in SOURCES for code in pattern.findall(path.read_text("utf-8"))}
    assert len(found) > 30
    assert found - set(TEXTS) == set()
