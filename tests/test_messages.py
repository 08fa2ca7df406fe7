"""Reasons without a code: English as a text, and German on request."""

from __future__ import annotations

import json
import pickle

from mitwirkung.errors import Finding, InputError, MitwirkungError
from mitwirkung.messages import Reason, reason_of, said, text_of
from mitwirkung.texts import translator

GERMAN = translator("de")


def test_a_reason_is_its_english_sentence() -> None:
    reason = Reason("draw {number} was given up", number=2)
    assert reason == "draw 2 was given up"
    assert "draw 2" in reason
    assert json.dumps({"why": reason}) == '{"why": "draw 2 was given up"}'
    assert reason.describe(GERMAN) == "Ziehung 2 wurde aufgegeben"


def test_it_is_pickled_whole() -> None:
    inner = Reason("draw {number} was given up", number=2)
    reason = Reason("lottery {number}: {reason}", number=1, reason=inner)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(reason, protocol))
        assert again == reason
        assert again.describe(GERMAN) == "Lotterie 1: Ziehung 2 wurde aufgegeben"


def test_reasons_within_errors_are_said_in_their_language() -> None:
    reasons = [Reason("a lot is in two classes"), "pool.people"]
    error = MitwirkungError("files-do-not-fit", reason=reasons)
    assert str(error) == (
        "The files of the lottery do not belong together: a lot is in two classes; pool.people."
    )
    assert "ein Los ist in zwei Klassen; pool.people" in error.describe(GERMAN)
    assert said(reasons, GERMAN) == "ein Los ist in zwei Klassen; pool.people"
    assert text_of("check-tables", {"names": ["a", "b"]}) == (
        "the tables are those of the draw (a, b)"
    )


def test_why_an_error_was_raised() -> None:
    known = InputError.of([Finding("id-blank", row=2)])
    assert reason_of(known) == str(known)
    assert reason_of(known).describe(GERMAN) == known.describe(GERMAN)
    ours = ValueError(Reason("there is no certificate"))
    assert reason_of(ours).describe(GERMAN) == "es gibt keinen Nachweis"
    assert reason_of(KeyError("lottery.json")) == "an error came up: 'lottery.json'"
    assert reason_of(ValueError()).describe(GERMAN) == "es kam zu einem Fehler: ValueError"
