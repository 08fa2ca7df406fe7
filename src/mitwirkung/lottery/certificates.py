"""How far a lottery can be from the optimum that its strategy promises, in exact arithmetic."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.files import CertificateEntry
from mitwirkung.lottery.optima import goal_of
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.messages import Reason, reason_of


class OptimumNotProven(MitwirkungError, RuntimeError):
    """The optimum that a strategy promises could not be proven, so there is no lottery."""


NOT_PROMISED: Literal["not promised"] = "not promised"


def certified_gap(lottery: PanelLottery, promises: tuple[str, ...]) -> Fraction | None:
    """The gap that the lottery's certificate proves; None if no optimum is promised.

    How much better any lottery could be, in the unit of the promised optimum: see
    `docs/reference/lottery-files.md`.

    Raises:
        ValueError: there is no certificate, or it leaves a gap above the tolerance.
        KeyError: a setting is missing that the optimum depends on.
    """
    goal = goal_of(promises, {} if lottery.strategy is None else lottery.strategy.settings)
    if goal is None:
        return None
    if lottery.certificate is None:
        raise ValueError(Reason("there is no certificate"))
    from mitwirkung.lottery.engine import TOLERANCE, Certificate
    from mitwirkung.lottery.folding import fold_types

    types = fold_types(lottery.problem)
    certificate = Certificate.from_data(lottery.certificate)
    left = goal.gap(types.polytope, certificate, types.chances(lottery))
    if left > TOLERANCE:
        raise ValueError(Reason("the certificate leaves a gap of {gap}", gap=decimal_text(left)))
    return left


def confirm_cuts(lottery: PanelLottery) -> None:
    """Prove anew whatever an integer programme contributed to the certificate.

    Raises:
        ValueError: a panel breaks an inequality of the certificate.
    """
    if not lottery.certificate or not lottery.certificate.get("cuts"):
        return
    from mitwirkung.lottery import engine
    from mitwirkung.lottery.folding import fold_types

    types = fold_types(lottery.problem)
    engine.confirm_cuts(types.polytope, engine.Certificate.from_data(lottery.certificate))


CERTIFICATE_REASONS = (
    "the certificate has an unknown shape",
    "stage {number} proves no type",
    "stage {number} names type {type} that is unknown or proven before",
    "no stage proves type {type}",
    "cut {number} is malformed",
    "cut {number} is given what comes after it",
    "cut {number} is unknown or negative",
    "cut {number} does not hold for every panel",
    "there must be one chance for each type",
    "a chance lies outside 0 to 1",
    "the chances do not fill the seats",
    "the chances do not meet row {row}",
    "row {row} is unknown or named twice",
    "the cap of type {type} is unknown or negative",
    "somebody who may be on a panel has no chance",
    "stage {number} does not show that type {type} is on no panel",
    "the last stage bounds nothing",
)
"""What the engine, which knows numbers and no languages, says of a certificate."""


def certificate_reason(error: Exception) -> Reason:
    """Why a certificate does not prove what it should, in a way that can be said in every
    language."""
    text = str(error)
    within = re.fullmatch(r"stage (\d+): (.+)", text)
    if within:
        reason = certificate_reason(ValueError(within[2]))
        return Reason("stage {number}: {reason}", number=within[1], reason=reason)
    for template in CERTIFICATE_REASONS:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>-?\\d+)", re.escape(template))
        found = re.fullmatch(pattern, text)
        if found:
            return Reason(template, **found.groupdict())
    return reason_of(error)


def certificate_entry(gap: Fraction | None) -> CertificateEntry:
    """The certificate as it is published: whether optimal, and the gap rounded up."""
    if gap is None:
        return CertificateEntry(optimal=NOT_PROMISED, gap=NOT_PROMISED)
    step = Fraction(1, 10**12)
    return CertificateEntry(optimal=True, gap=decimal_text(-(-gap // step) * step))
