"""Maximin: the smallest chance as large as possible.

The chances are those of leximin, which is how ties are broken: of all lotteries with the largest
smallest chance that one whose next smallest is largest, and so on. But the certificate claims no
more than the name says, and is short: one inequality, the first of leximin's stages, says that no
panel gives certain groups more than so many seats. Shared out among them, that is the largest
chance which all of them can have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from mitwirkung.lottery.engine.certificate import Certificate, Cut
from mitwirkung.lottery.engine.goal import Bound, Goal, proofs_of_absence, seatable
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import Relaxed, relax


class Maximin(Goal):
    """The smallest chance of all who can be seated as large as possible."""

    leximin_is_best = True

    def relax(self, polytope: Polytope, cuts: tuple[Cut, ...] = ()) -> Relaxed | None:
        relaxed = relax(polytope, cuts)
        if relaxed is None:
            return None
        absent = proofs_of_absence(relaxed)
        first = replace(relaxed.stages[len(absent)], types=seatable(relaxed))
        return replace(relaxed, stages=(*absent, first))

    def of_leximin(self, certificate: Certificate) -> Certificate:
        # Stages whose cut has the bound 0 leave no seat for their types.
        stages, cuts = certificate.stages, certificate.cuts
        absent = [s for s in stages if s.cuts and cuts[s.cuts[0][0]].bound == 0]
        first, *others = stages[len(absent) :]
        types = sorted(first.types + tuple(t for stage in others for t in stage.types))
        return Certificate((*absent, replace(first, types=tuple(types))), cuts)

    def gap(
        self, polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]
    ) -> Fraction:
        """How many seats, on average, it would take to raise everybody to the largest smallest
        chance that the certificate leaves possible. If it leaves less than there is, as many are
        too many."""
        bound = Bound(polytope, certificate, chances)
        shared = bound.seats(1)
        level = min(Fraction(1), Fraction(bound.slack, shared)) if shared else Fraction(1)
        smallest = min(chances[t] for t in bound.types)
        if smallest >= level:
            return (smallest - level) * bound.people
        low = [t for t in bound.types if chances[t] < level]
        return sum(((level - chances[t]) * bound.sizes[t] for t in low), Fraction(0))

    def highest_minimum(self, relaxed: Relaxed) -> float | None:
        return float(relaxed.chances.min())
