"""How a lottery shows itself in a notebook: everybody's chances as a table with bars."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mitwirkung.lottery.panels import PanelLottery

MOST_ROWS = 20

_BAR = "background:#0f6674;height:0.8em;display:inline-block"


def chances_table(lottery: PanelLottery) -> str:
    """HTML without script: chances from small to large, how many people have them, a bar each.

    Where there are more than twenty different chances they are put together in twenty steps of
    equal width.
    """
    chances = lottery.exact_chances
    steps = _steps(sorted(chances))
    largest = max(chances) or Fraction(1)
    rows = "".join(
        f'<tr><th scope="row">{_range(low, high)}</th><td>{count}</td>'
        f'<td><span style="{_BAR};width:{float(10 * high / largest):.2f}em"></span></td></tr>'
        for low, high, count in steps
    )
    problem = lottery.problem
    caption = f"Chances of {len(problem)} people for {problem.seats} seats"
    head = '<tr><th scope="col">chance</th><th scope="col">people</th><td></td></tr>'
    return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _steps(chances: list[Fraction]) -> list[tuple[Fraction, Fraction, int]]:
    """Smallest and largest chance of each step, and how many people are in it."""
    low, high = chances[0], chances[-1]
    width = (high - low) / MOST_ROWS
    grouped: dict[object, list[Fraction]] = {}
    alike = len({_percent(chance) for chance in chances}) <= MOST_ROWS
    for chance in chances:
        step = _percent(chance) if alike else min(MOST_ROWS - 1, (chance - low) // width)
        grouped.setdefault(step, []).append(chance)
    return [(group[0], group[-1], len(group)) for group in grouped.values()]


def _range(low: Fraction, high: Fraction) -> str:
    ends = dict.fromkeys((_percent(low), _percent(high)))
    return " to ".join(ends)


def _percent(chance: Fraction) -> str:
    return f"{float(100 * chance):.2f} %"
