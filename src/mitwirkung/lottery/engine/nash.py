"""Nash: the product of all chances as large as possible.

The chances are found by prices, see `market`, and are unique. The proof is the inequality of
Flanigan, Goelz, Gupta, Hennig and Procaccia (Nature 596, 2021, supplementary information): if the
sum of ``1 / p`` over the members of any panel is at most the number of people, ``p`` is optimal.
For the ratio of two geometric means is at most the arithmetic mean of the ratios ``q / p``, and
for every lottery ``q`` that is the mean of those sums divided by the number of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from mitwirkung.lottery.engine.certificate import Certificate, CertificateError, Cut
from mitwirkung.lottery.engine.goal import Bound, Goal, proofs_of_absence, seatable
from mitwirkung.lottery.engine.market import Market
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import Relaxed, relax
from mitwirkung.lottery.engine.system import System

_DIGITS = 10**30


class Nash(Goal):
    """The geometric mean of the chances of all who can be seated as large as possible."""

    def relax(self, polytope: Polytope, cuts: tuple[Cut, ...] = ()) -> Relaxed | None:
        fair = relax(polytope, cuts)
        if fair is None:
            return None
        market = Market(System(polytope, cuts, seatable(fair)))
        prices = market.exact_prices(market.rounded_prices())
        cost = market.system.prices(prices)
        chances = np.zeros(polytope.types)
        chances[market.system.types] = market.chances(cost)
        proof = market.system.proof(prices, np.maximum(market.equal - cost, 0.0))
        return Relaxed(chances, (*proofs_of_absence(fair), proof))

    def gap(
        self, polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]
    ) -> Fraction:
        """By which part the geometric mean of the chances could be higher at most.

        The inequality, divided so that its right side is the number of people, should count a
        person of chance p with 1 / p. Where it counts less, "no more seats than people" makes up
        for it, at the expense of the gap. Rounded up by less than 1e-30 for each type.
        """
        bound = Bound(polytope, certificate, chances)
        if bound.b <= 0:
            raise CertificateError("the last stage bounds nothing")
        missing = 0
        for t in bound.types:
            short = 1 / chances[t] - Fraction(bound.people * bound.a[t], bound.b)
            if short > 0:
                missing -= -short.numerator * bound.sizes[t] * _DIGITS // short.denominator
        return Fraction(missing, bound.people * _DIGITS)
