"""Goldilocks: no chance too large and none too small.

Baharav, Flanigan, "Fair, Manipulation-Robust, and Transparent Sortition", EC 2024 (arXiv
2406.15009).
"""

from __future__ import annotations

import re
from fractions import Fraction

from pydantic import field_validator

from mitwirkung.lottery.optima import ratio
from mitwirkung.lottery.optimising import OptimisingStrategy
from mitwirkung.lottery.strategy import StrategySettings

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}|/0*[1-9][0-9]{0,8})?")


class GoldilocksSettings(StrategySettings):
    """How the two ends are weighed; a ratio is kept, and published, in lowest terms."""

    gamma: str = "1"
    """How much the smallest chance counts beside the largest, above 0: `2`, `1/2`, `0.5`."""

    @field_validator("gamma", mode="before")
    @classmethod
    def _in_lowest_terms(cls, value: object) -> str:
        text = str(value)
        if _NUMBER.fullmatch(text):
            text = str(Fraction(text))
        ratio(text)
        return text


class GoldilocksStrategy(OptimisingStrategy):
    """No chance too large and none too small, under quotas, at most one seat per household.

    It has the least sum of largest chance / equal chance and gamma times equal chance / smallest
    chance.

    People whom no panel can seat are left out of the smallest chance. Ties are broken by leximin:
    the next smallest chance as large as possible, with nobody above the largest. The certificate
    proves the sum, not how ties were broken.
    """

    name = "goldilocks"
    promises = frozenset({"quotas", "households", "goldilocks"})
    Settings = GoldilocksSettings
