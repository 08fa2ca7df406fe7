"""What the engine says of a certificate can be said in German: every sentence of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import mitwirkung.lottery.engine as engine
from mitwirkung.lottery.certificates import CERTIFICATE_REASONS, certificate_reason
from mitwirkung.texts import translator

GERMAN = translator("de")


def sentences_of_the_engine() -> Iterator[str]:
    """Every text of a `CertificateError`, with 7 for each number."""
    for path in Path(str(engine.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "CertificateError":
                (text,) = node.args
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts
                )


def test_every_sentence_of_the_engine_is_known() -> None:
    found = set(sentences_of_the_engine()) - {"stage 7: 7"}
    known = {re.sub(r"{\w+}", "7", template) for template in CERTIFICATE_REASONS}
    assert len(found) > 10
    assert found == known


def test_it_is_said_in_german() -> None:
    for text in sentences_of_the_engine():
        reason = certificate_reason(ValueError(text))
        assert reason in (text, "stage 7: an error came up: 7")
        assert reason.describe(GERMAN) != text
    nested = certificate_reason(ValueError("stage 3: row 12 is unknown or named twice"))
    assert nested == "stage 3: row 12 is unknown or named twice"
    assert nested.describe(GERMAN) == "Stufe 3: Zeile 12 ist unbekannt oder zweimal genannt"


def test_other_errors_keep_their_words() -> None:
    assert certificate_reason(KeyError("gamma")) == "an error came up: 'gamma'"
