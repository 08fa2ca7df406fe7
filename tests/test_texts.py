"""German is complete, keeps every placeholder, and holds nothing that is said nowhere."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from mitwirkung import access
from mitwirkung.applications import STATES
from mitwirkung.cli import event, event_applications
from mitwirkung.cli import messages as cli_messages
from mitwirkung.cli.plugins import HEADS, KINDS
from mitwirkung.demo import FILES
from mitwirkung.duplicates import REASONS
from mitwirkung.errors import Finding, InputError, MitwirkungError
from mitwirkung.events import PHASES
from mitwirkung.forms.entry import PART_LABELS
from mitwirkung.lottery.certificates import CERTIFICATE_REASONS
from mitwirkung.lottery.verification import Level
from mitwirkung.messages import TEXTS
from mitwirkung.names import NOT_STATED
from mitwirkung.notifications import call_list
from mitwirkung.notifications.message import Outcome
from mitwirkung.occasions import OCCASIONS
from mitwirkung.outbox import MESSAGE_STATES
from mitwirkung.people import CHANNELS, PURPOSES
from mitwirkung.plugins.manager import PluginManager
from mitwirkung.plugins.plugin import Status
from mitwirkung.plugins.sample import summary
from mitwirkung.registration import UNFIT_AGE
from mitwirkung.replies import ANSWERS, DONE
from mitwirkung.reports.explaining import CAUSES
from mitwirkung.reports.wording import SENTENCES
from mitwirkung.retention import MILESTONES
from mitwirkung.settings import Sender
from mitwirkung.texts import LANGUAGES, translator

PACKAGE = Path(str(resources.files("mitwirkung")))
SPEAKERS = {"t", "say", "line", "translate", "wrong_call", "Reason"}
"""Functions whose first argument is a text of the catalogue."""


def catalogue() -> Catalog:
    with (PACKAGE / "translations" / "de.po").open("rb") as file:
        return read_po(file, locale="de", abort_invalid=True)


def loose() -> Iterator[str]:
    """Texts that stand where they are said."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield from said_in(node)
    for path in sorted(PACKAGE.rglob("*.j2")):
        with path.open("rb") as file:
            for _, _, found, _ in babel_extract(file, sorted(SPEAKERS), [], {}):
                yield found if isinstance(found, str) else str((found or [None])[0])


def said_in(function: ast.FunctionDef) -> Iterator[str]:
    """Texts that a function says, as they are or by a name that it gave them."""
    named: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                named.setdefault(ast.unparse(target), set()).add(str(node.value.value))
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and node.args and speaker(node.func) in SPEAKERS:
            text = node.args[0]
            if isinstance(text, ast.Constant):
                yield str(text.value)
            elif isinstance(text, ast.Name):
                yield from named.get(text.id, ())


def speaker(function: ast.expr) -> str:
    """The last name of `t`, `page.t` and `_texts()`."""
    if isinstance(function, ast.Call):
        return speaker(function.func)
    return ast.unparse(function).rpartition(".")[2]


def spoken() -> set[str]:
    chosen = {text for sentences in SENTENCES for text in sentences.values()}
    return {
        *TEXTS.values(),
        *loose(),
        *chosen,
        *FILES.values(),
        *get_args(Level),
        *get_args(Status),
        *HEADS,
        *event.HEADS,
        *event_applications.HEADS,
        *cli_messages.HEADS,
        *cli_messages.RECIPIENTS,
        *(text for _, text in cli_messages.SAID),
        *Outcome,
        *call_list.CALL_OUTCOMES.values(),
        *call_list.WHEN.values(),
        *call_list.HEADS,
        *(str(field.description) for field in Sender.model_fields.values()),
        *OCCASIONS.values(),
        *MESSAGE_STATES.values(),
        *ANSWERS.values(),
        *DONE.values(),
        *PART_LABELS.values(),
        *REASONS,
        *KINDS,
        *CAUSES.values(),
        *CERTIFICATE_REASONS,
        *PURPOSES.values(),
        *CHANNELS.values(),
        *STATES.values(),
        *PHASES.values(),
        *access.HEADINGS.values(),
        UNFIT_AGE,
        *MILESTONES.values(),
        *in_the_sample(),
        NOT_STATED,
    }


def in_the_sample() -> Iterator[str]:
    """What the sample of the settings says of the strategies, backends and channels that ship."""
    shipped = PluginManager({"*": "this test"})
    shown = (shipped.strategies(), shipped.backends(), shipped.channels())
    for plugin in [each for kind in shown for each in kind.values()]:
        fields = plugin.Settings.model_fields.values()
        if fields:
            yield summary(plugin)
        yield from (str(field.description) for field in fields)


def placeholders(text: str) -> set[tuple[str, str | None]]:
    parsed = string.Formatter().parse(text)
    return {(name, conversion) for _, name, _, conversion in parsed if name is not None}


GERMAN = {str(message.id): message for message in catalogue() if message.id}


def german(text: str) -> str:
    return str(GERMAN[text].string or "")


def test_every_text_has_a_german_one() -> None:
    missing = {text for text in spoken() if text not in GERMAN or not german(text)}
    assert not missing


def test_every_german_text_is_said_somewhere() -> None:
    assert not set(GERMAN) - spoken()


def test_nothing_is_fuzzy_or_obsolete() -> None:
    assert not [message.id for message in GERMAN.values() if message.fuzzy]
    assert not catalogue().obsolete


@pytest.mark.parametrize("text", sorted(GERMAN))
def test_placeholders_are_the_same(text: str) -> None:
    assert placeholders(german(text)) == placeholders(text)


def test_braces_that_are_no_placeholders_stay_doubled() -> None:
    text = TEXTS["template-no-placeholder"]
    error = MitwirkungError("template-no-placeholder", template="ohne")
    assert "{numbers 6 of 1-49}" in error.describe(translator("de"))
    assert text.count("{{") == german(text).count("{{")


def test_languages() -> None:
    assert LANGUAGES == ("en", "de")
    assert translator("en")("Seats") == "Seats"
    assert translator("de")("Seats") == "Plätze"
    assert translator("de")("never said") == "never said"


def test_unknown_language_says_what_there_is() -> None:
    with pytest.raises(LookupError, match="en, de"):
        translator("xx")


def test_an_input_error_in_german() -> None:
    finding = Finding("id-twice", {"first": 2}, file="bewerbungen.csv", row=7, column="ID")
    assert InputError.of([finding]).describe(translator("de")) == (
        "1 Fehler in den Eingaben, es wurde nichts geschrieben:\n"
        "- bewerbungen.csv, Zeile 7, Spalte 'ID': "
        "Dieselbe Kennung steht in Zeile 2. Jede Kennung darf nur einmal vorkommen."
    )
