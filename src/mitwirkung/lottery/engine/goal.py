"""What a lottery can be optimal for, and what the proofs of all such optima have in common.

A goal says which chances are best over fractional panels, and how multipliers on the rows of the
problem prove that no lottery does better. Panels that reach those chances are found by
`optimum.optimise` in the same way for every goal.

Nobody can give a chance to people whom no panel seats. So the certificates of all goals but
leximin, which needs no exception, have two parts: first stages whose inequalities leave no seat
for certain types, then one stage that bounds what everybody else can have.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import (
    Certificate,
    CertificateError,
    Cut,
    Expected,
    Stage,
    check_chances,
    check_coverage,
    for_every_panel,
    gap,
    inequality,
)
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import Relaxed, StageProof, relax
from mitwirkung.lottery.engine.rounding import fine_stage, short_stage, whole_stage

NOBODY = 1e-9
"""A relaxation that gives a type no larger chance has no panel for it: people are whole."""


class Goal(ABC):
    """What a lottery is to be optimal for.

    Class attributes:
        leximin_is_best: whether leximin's chances are, and so its proof can be turned into one of
            this goal: see `of_leximin`.
    """

    leximin_is_best: ClassVar[bool] = False

    @abstractmethod
    def relax(self, polytope: Polytope, cuts: tuple[Cut, ...] = ()) -> Relaxed | None:
        """The best chances over all fractional panels that also meet ``cuts``, and the multipliers
        that prove it; None if there is no fractional panel.

        Raises:
            SolverError: if HiGHS gives no usable answer.
        """

    @abstractmethod
    def gap(
        self, polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]
    ) -> Fraction:
        """How much better any lottery could be than one with these chances, in the goal's own
        unit; an optimum if at most `TOLERANCE`. Cuts are taken for granted.

        Raises:
            CertificateError: if the certificate proves nothing about this problem.
        """

    def certify(
        self,
        polytope: Polytope,
        relaxed: Relaxed,
        cuts: tuple[Cut, ...],
        chances: Sequence[Fraction],
    ) -> tuple[Certificate, Fraction]:
        """The proof in whole numbers, short or exact, whichever leaves these realised chances the
        smaller gap; and that gap."""
        *absent, last = relaxed.stages
        expected = Expected.from_chances(polytope, chances)
        stages = [whole_stage(polytope, proof, cuts, expected) for proof in absent]
        exact = Certificate((*stages, fine_stage(last, cuts)), cuts)
        rounded = short_stage(last)
        left = self.gap(polytope, exact, chances)
        if rounded is None:
            return exact, left
        short = Certificate((*stages, rounded), cuts)
        left_by_short = self.gap(polytope, short, chances)
        return (short, left_by_short) if left_by_short <= left else (exact, left)

    def of_leximin(self, certificate: Certificate) -> Certificate:
        """What a proof of leximin over whole panels proves for this goal."""
        return certificate

    def highest_minimum(self, relaxed: Relaxed) -> float | None:
        """No lottery has a smallest chance above this; None if the goal does not tell."""
        return None


class Leximin(Goal):
    """The smallest chance as large as possible, then the next smallest, and so on."""

    leximin_is_best = True

    def relax(self, polytope: Polytope, cuts: tuple[Cut, ...] = ()) -> Relaxed | None:
        return relax(polytope, cuts)

    def gap(
        self, polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]
    ) -> Fraction:
        """How many seats a type could gain on average: see `certificate.gap`."""
        return gap(polytope, certificate, chances)

    def certify(
        self,
        polytope: Polytope,
        relaxed: Relaxed,
        cuts: tuple[Cut, ...],
        chances: Sequence[Fraction],
    ) -> tuple[Certificate, Fraction]:
        # Mostly all short ones are exact, so that there is nothing to choose.
        stages = tuple(short_stage(each) or fine_stage(each, cuts) for each in relaxed.stages)
        certificate = Certificate(stages, cuts)
        left = gap(polytope, certificate, chances)
        if left:
            expected = Expected.from_chances(polytope, chances)
            stages = tuple(whole_stage(polytope, each, cuts, expected) for each in relaxed.stages)
            certificate = Certificate(stages, cuts)
            left = gap(polytope, certificate, chances)
        return certificate, left

    def highest_minimum(self, relaxed: Relaxed) -> float | None:
        return float(relaxed.chances.min())


def seatable(relaxed: Relaxed) -> NDArray[np.int64]:
    """The types that leximin gives a chance: all that sit on any fractional panel."""
    return np.flatnonzero(relaxed.chances > NOBODY)


def proofs_of_absence(relaxed: Relaxed) -> tuple[StageProof, ...]:
    """The stages of leximin that leave no seat for their types."""
    return tuple(p for p in relaxed.stages if relaxed.chances[p.types].max() <= NOBODY)


class Bound:
    """The inequality ``sum(a[t] * x[t]) <= b`` of a certificate's last stage.

    It is checked first that the types of all other stages are on no panel, and that everybody else
    has a chance.

    Attributes:
        types: those who can be seated.
        sizes: (T,) people per type.
        people: how many can be seated.
        a, b: the inequality; it holds for every panel, and so on average.

    Raises:
        CertificateError: if the certificate does not cover each type once, names what does not
            exist, has a multiplier of a forbidden sign, does not prove that those without a chance
            are on no panel, or if the chances are not those of any lottery on the quotas.
    """

    def __init__(
        self, polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]
    ) -> None:
        check_coverage(polytope, certificate)
        check_chances(polytope, chances)
        *absent, last = certificate.stages
        cuts = for_every_panel(certificate.cuts, polytope.seats)
        self.sizes: list[int] = polytope.sizes.tolist()
        for number, stage in enumerate(absent):
            self._check_absence(polytope, stage, cuts, number)
        self.types = sorted(last.types)
        if not all(chances[t] > 0 for t in self.types):
            raise CertificateError("somebody who may be on a panel has no chance")
        self.people: int = sum(self.sizes[t] for t in self.types)
        self.a, self.b = inequality(polytope, last, cuts)

    def _check_absence(
        self, polytope: Polytope, stage: Stage, cuts: Sequence[Cut], number: int
    ) -> None:
        """Whether the stage's inequality leaves less than one whole seat for each of its types."""
        a, b = inequality(polytope, stage, cuts)
        most = b + sum(-c * size for c, size in zip(a, self.sizes, strict=True) if c < 0)
        for t in stage.types:
            if a[t] <= most:
                raise CertificateError(f"stage {number} does not show that type {t} is on no panel")

    def seats(self, sign: int) -> int:
        """The people who can be seated, each times what they count in the inequality, as far as
        that has this sign; not negative."""
        return sum(max(0, sign * self.a[t]) * self.sizes[t] for t in self.types)

    @property
    def slack(self) -> int:
        """``b`` and as much as anybody who counts negatively can add to it: what the others
        have."""
        return self.b + self.seats(-1)
