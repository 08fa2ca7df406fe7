"""The optima that a strategy can promise, and the goal by which the engine measures each.

Strategies are solved for these goals, and certificates are checked by them. Everything about a
goal that is not in its name stands in the strategy's published settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mitwirkung.lottery.engine import Goal

_RATIO = re.compile(r"[1-9][0-9]{0,8}(/[1-9][0-9]{0,8})?")


# numpy and HiGHS come with the engine, and only when a goal is needed.


def _goldilocks(settings: Mapping[str, Any]) -> Goal:
    from mitwirkung.lottery.engine import Goldilocks

    return Goldilocks(ratio(settings["gamma"]))


def _leximin(settings: Mapping[str, Any]) -> Goal:
    from mitwirkung.lottery.engine import Leximin

    return Leximin()


def _maximin(settings: Mapping[str, Any]) -> Goal:
    from mitwirkung.lottery.engine import Maximin

    return Maximin()


def _nash(settings: Mapping[str, Any]) -> Goal:
    from mitwirkung.lottery.engine import Nash

    return Nash()


OPTIMA: Mapping[str, Callable[[Mapping[str, Any]], Goal]] = {
    "goldilocks": _goldilocks,
    "leximin": _leximin,
    "maximin": _maximin,
    "nash": _nash,
}
"""Promise to goal, given the strategy's settings."""


def promised_optimum(promises: Iterable[str]) -> str | None:
    """The optimum among the promises of a strategy; None if it promises none."""
    return next((name for name in sorted(promises) if name in OPTIMA), None)


def goal_of(promises: Iterable[str], settings: Mapping[str, Any]) -> Goal | None:
    """The goal of a strategy with these promises and settings; None if it promises no optimum.

    Raises:
        KeyError, ValueError: a setting that is part of the goal is missing, or not right.
    """
    optimum = promised_optimum(promises)
    return None if optimum is None else OPTIMA[optimum](settings)


def ratio(text: object) -> Fraction:
    """A ratio above 0 as settings have it: a text such as `2` or `1/2`.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(text, str) or not _RATIO.fullmatch(text):
        raise ValueError("a ratio greater than 0 is wanted, such as 2 or 1/2")
    return Fraction(text)
