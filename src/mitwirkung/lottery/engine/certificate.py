"""The proof that no fairer lottery exists, in whole numbers that anybody can check.

Every stage of leximin leaves multipliers on the rows of the problem. Whole multipliers, whatever
they are, give an inequality ``sum(a[t] * x[t]) <= b`` that every panel meets: each row holds
between its bounds, the number of seats is given, nobody sits twice. The certificate holds such
multipliers; `gap` rebuilds the inequalities and reads from them how much any chance could still
rise. No number of the solver is believed.

The claim for a type ``t`` with chance ``q[t]``: in a lottery in which everybody else keeps the
chance they have, or at least ``q[t]`` if they have more, all people of type ``t`` together have at
most ``gap`` seats more on average than now, and so nobody of them a chance of more than ``q[t] +
gap``. With a gap of 0 this is leximin. The gap counts seats, not chances: a tolerance for each
chance would add up over thousands of people to seats that could be given away. "More" means more
by over `SAME`: published weights are whole numbers, which parts equal chances by a hair.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.integer import highest, panel_model
from mitwirkung.lottery.engine.polytope import Polytope

TOLERANCE = Fraction(1, 10**8)
"""The largest gap that counts as an optimum, in seats."""

SAME = Fraction(1, 10**9)
"""Chances that differ by no more are equal."""

LARGEST_CUT = 2**31
"""Beyond it the doubles of the integer programme that confirms a cut would not tell one apart."""

Pairs = tuple[tuple[int, int], ...]


class CertificateError(ValueError):
    """The certificate is malformed, incomplete or does not belong to the problem."""


@dataclass(frozen=True)
class Cut:
    """``sum(c * x[t] for t, c in coefficients) <= bound`` for every panel that meets each of the
    first ``given`` cuts with equality; c > 0.

    Given none, it holds for every panel.
    """

    coefficients: Pairs
    bound: int
    given: int = 0

    def largest(self) -> int:
        """The largest coefficient."""
        return max(c for _, c in self.coefficients)


@dataclass(frozen=True)
class Stage:
    """The types whose chances a stage proves, and its multipliers.

    Attributes:
        types: the types.
        rows: (row, multiplier); a positive one uses the row's upper bound, a negative one the
            lower.
        seats: multiplier of the number of seats, of either sign.
        caps: (type, multiplier >= 0) of ``x[type] <= size``.
        cuts: (cut number, multiplier >= 0).
    """

    types: tuple[int, ...]
    rows: Pairs = ()
    seats: int = 0
    caps: Pairs = ()
    cuts: Pairs = ()


@dataclass(frozen=True)
class Certificate:
    """Stages that together hold each type once, and the cuts they use."""

    stages: tuple[Stage, ...]
    cuts: tuple[Cut, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain data of dictionaries, lists and whole numbers (some beyond 2**53)."""
        return {
            "stages": [
                {
                    "types": list(stage.types),
                    "rows": [list(pair) for pair in stage.rows],
                    "seats": stage.seats,
                    "caps": [list(pair) for pair in stage.caps],
                    "cuts": [list(pair) for pair in stage.cuts],
                }
                for stage in self.stages
            ],
            "cuts": [
                {
                    "coefficients": [list(pair) for pair in cut.coefficients],
                    "bound": cut.bound,
                    **({"given": cut.given} if cut.given else {}),
                }
                for cut in self.cuts
            ],
        }

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Certificate:
        """The certificate that `as_data` wrote.

        Raises:
            CertificateError: if the data has another shape.
        """
        try:
            stages = tuple(
                Stage(
                    types=tuple(_whole(t) for t in stage["types"]),
                    rows=_pairs(stage["rows"]),
                    seats=_whole(stage["seats"]),
                    caps=_pairs(stage["caps"]),
                    cuts=_pairs(stage["cuts"]),
                )
                for stage in data["stages"]
            )
            cuts = tuple(
                Cut(_pairs(cut["coefficients"]), _whole(cut["bound"]), _whole(cut.get("given", 0)))
                for cut in data["cuts"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CertificateError("the certificate has an unknown shape") from error
        return Certificate(stages, cuts)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("whole number expected")
    return value


def _pairs(values: Iterable[Sequence[object]]) -> Pairs:
    pairs = []
    for first, second in values:
        pairs.append((_whole(first), _whole(second)))
    return tuple(pairs)


@dataclass(frozen=True, eq=False)
class Expected:
    """The seats each type has on average, exactly: ``seats[t] / unit``, for ``sizes[t]`` people."""

    seats: list[int]
    unit: int
    sizes: list[int]

    @staticmethod
    def from_chances(polytope: Polytope, chances: Sequence[Fraction]) -> Expected:
        """What each type has when ``chances[t]`` is that of one of its people."""
        sizes = polytope.sizes.tolist()
        pairs = [
            (q.numerator * size, q.denominator) for q, size in zip(chances, sizes, strict=True)
        ]
        unit = math.lcm(*{below // math.gcd(above, below) for above, below in pairs})
        return Expected([above * unit // below for above, below in pairs], unit, sizes)


def exact_chances(
    polytope: Polytope, panels: NDArray[np.int32], weights: Sequence[int]
) -> list[Fraction]:
    """The chance of one person of each type, exactly, when panel i has ``weights[i]`` of their sum.

    Args:
        polytope: the problem.
        panels: (N, seats).
        weights: N whole numbers >= 0, not all 0; their sum times the seats is below 2**63.
    """
    total = np.zeros(polytope.types, np.int64)
    np.add.at(total, panels, np.array(weights, np.int64)[:, None])
    everything = sum(weights)
    return [
        Fraction(seats, everything * size)
        for seats, size in zip(total.tolist(), polytope.sizes.tolist(), strict=True)
    ]


def gap(polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]) -> Fraction:
    """How many seats a type could still gain without taking anybody with a lower or equal chance
    below their own.

    Args:
        polytope: the problem.
        certificate: the proof; its cuts are taken for granted here, see `confirm_cuts`.
        chances: the chance of one person of each type, as from `exact_chances`.

    Returns:
        The largest possible gain over all types, in seats on average. The lottery is leximin
        within `TOLERANCE` if the gap is.

    Raises:
        CertificateError: if the certificate does not cover each type once, names what does not
            exist, has a multiplier of a forbidden sign, or if the chances are not those of any
            lottery on the quotas.
    """
    check_coverage(polytope, certificate)
    expected = check_chances(polytope, chances)
    cuts = for_every_panel(certificate.cuts, polytope.seats)
    worst = Fraction(0)
    for number, stage in enumerate(certificate.stages):
        try:
            rise = stage_gap(polytope, stage, cuts, expected)
        except CertificateError as error:
            raise CertificateError(f"stage {number}: {error}") from None
        worst = max(worst, rise)
    return worst


def check_coverage(polytope: Polytope, certificate: Certificate) -> None:
    """Whether stages and cuts are well-formed, and each type is in one stage.

    Raises:
        CertificateError: if not.
    """
    seen = [0] * polytope.types
    for number, stage in enumerate(certificate.stages):
        if not stage.types:
            raise CertificateError(f"stage {number} proves no type")
        for t in stage.types:
            if not 0 <= t < polytope.types or seen[t]:
                raise CertificateError(
                    f"stage {number} names type {t} that is unknown or proven before"
                )
            seen[t] = 1
    if not all(seen):
        raise CertificateError(f"no stage proves type {seen.index(0)}")
    for number, cut in enumerate(certificate.cuts):
        types = [t for t, _ in cut.coefficients]
        known = all(0 <= t < polytope.types and c > 0 for t, c in cut.coefficients)
        if not known or not types or len(set(types)) < len(types):
            raise CertificateError(f"cut {number} is malformed")
        if not 0 <= cut.bound <= LARGEST_CUT or cut.largest() * polytope.seats > LARGEST_CUT:
            raise CertificateError(f"cut {number} is malformed")
        if not 0 <= cut.given <= number:
            raise CertificateError(f"cut {number} is given what comes after it")


def check_chances(polytope: Polytope, chances: Sequence[Fraction]) -> Expected:
    """The expected seats, if they can be those of a lottery over panels that meet the rows on
    average.

    Raises:
        CertificateError: if not.
    """
    if len(chances) != polytope.types:
        raise CertificateError("there must be one chance for each type")
    if not all(0 <= q.numerator <= q.denominator for q in chances):
        raise CertificateError("a chance lies outside 0 to 1")
    expected = Expected.from_chances(polytope, chances)
    slack = math.floor(TOLERANCE * expected.unit)
    if abs(sum(expected.seats) - polytope.seats * expected.unit) > slack:
        raise CertificateError("the chances do not fill the seats")
    held = [0] * polytope.row_count
    rows, types, values = (numbers.tolist() for numbers in polytope.entries())
    for row, t, value in zip(rows, types, values, strict=True):
        held[row] += int(value) * expected.seats[t]
    for r, (low, high) in enumerate(
        zip(polytope.lower.tolist(), polytope.upper.tolist(), strict=True)
    ):
        if not low * expected.unit - slack <= held[r] <= high * expected.unit + slack:
            raise CertificateError(f"the chances do not meet row {r}")
    return expected


def stage_gap(
    polytope: Polytope, stage: Stage, cuts: Sequence[Cut], expected: Expected
) -> Fraction:
    """The largest possible gain of a type of the stage, in seats on average.

    Raises:
        CertificateError: see `inequality`.
    """
    a, b = inequality(polytope, stage, cuts)
    seats, sizes, unit = expected.seats, expected.sizes, expected.unit
    # Fractions are slow, whole numbers are not: of types of one size those with the fewest seats
    # count.
    fewest: dict[int, int] = {}
    for t in stage.types:
        fewest[sizes[t]] = min(seats[t], fewest.get(sizes[t], seats[t]))
    level = min(Fraction(held, size) for size, held in fewest.items())
    same = level + SAME * unit
    low = {size: same.numerator * size // same.denominator for size in set(sizes)}
    # What the others keep: their chance, or the stage's lowest if theirs is higher. Where a[t] < 0
    # we only know x <= size.
    bound, above = b * unit, 0
    for coefficient, held, size in zip(a, seats, sizes, strict=True):
        if coefficient < 0:
            bound -= coefficient * size * unit
        elif held <= low[size]:
            bound -= coefficient * held
        else:
            above += coefficient * size
    # What the bound leaves over. Below zero, the chances themselves are too high to be true, by as
    # much.
    left = abs(bound - above * level) / unit
    # Of types with one coefficient the one with the most room gains most.
    room: dict[int, int] = {}
    for t in stage.types:
        coefficient = max(a[t], 0)
        room[coefficient] = max(sizes[t] * unit - seats[t], room.get(coefficient, 0))
    rises = [
        min(Fraction(most, unit), left / coefficient) if coefficient else Fraction(most, unit)
        for coefficient, most in room.items()
    ]
    return max(rises)


def inequality(polytope: Polytope, stage: Stage, cuts: Sequence[Cut]) -> tuple[list[int], int]:
    """The inequality ``sum(a[t] * x[t]) <= b`` that the stage's multipliers make of the problem:
    (a, b).

    Raises:
        CertificateError: if a multiplier belongs to nothing or has a forbidden sign.
    """
    multiplier = [0] * (polytope.row_count + 1)
    b = stage.seats * polytope.seats
    for row, y in stage.rows:
        if not 0 <= row < polytope.row_count or multiplier[row]:
            raise CertificateError(f"row {row} is unknown or named twice")
        multiplier[row] = y
        b += y * int(polytope.upper[row] if y > 0 else polytope.lower[row])
    a = _row_multipliers(polytope, multiplier, stage.seats)
    for t, y in stage.caps:
        if not 0 <= t < polytope.types or y < 0:
            raise CertificateError(f"the cap of type {t} is unknown or negative")
        a[t] += y
        b += y * int(polytope.sizes[t])
    for index, y in stage.cuts:
        if not 0 <= index < len(cuts) or y < 0:
            raise CertificateError(f"cut {index} is unknown or negative")
        for t, coefficient in cuts[index].coefficients:
            a[t] += y * coefficient
        b += y * cuts[index].bound
    return a, b


def _row_multipliers(polytope: Polytope, multiplier: list[int], seats: int) -> list[int]:
    """Per type the sum of the multipliers of its rows and of ``seats``, exactly."""
    most = 1 if polytope.values is None else int(polytope.values.max(initial=1))
    fits = abs(seats) + most * sum(map(abs, multiplier)) < 2**63
    numbers = np.array(multiplier, np.int64 if fits else object)[polytope.rows]
    if polytope.values is not None:
        numbers = numbers * polytope.values
    total: list[int] = (numbers.sum(axis=1) + seats).tolist()
    return total


def for_every_panel(cuts: Sequence[Cut], seats: int) -> tuple[Cut, ...]:
    """The cuts as inequalities that hold whether a panel meets earlier ones with equality or not.

    A panel that does not is at least 1 below one of them, since all numbers are whole; and no
    panel is further above a bound than ``seats`` times the largest coefficient. So it is enough to
    add the earlier inequalities that many times.
    """
    whole: list[Cut] = []
    # The sums of the first so many of them.
    sums: list[tuple[dict[int, int], int]] = [({}, 0)]
    for cut in cuts:
        above = max(0, cut.largest() * seats - cut.bound)
        earlier, earlier_bound = sums[cut.given]
        coefficients = {t: above * c for t, c in earlier.items() if above}
        for t, c in cut.coefficients:
            coefficients[t] = coefficients.get(t, 0) + c
        bound = cut.bound + above * earlier_bound
        whole.append(Cut(tuple(sorted(coefficients.items())), bound))
        total, total_bound = sums[-1]
        total = {t: total.get(t, 0) + coefficients.get(t, 0) for t in total | coefficients}
        sums.append((total, total_bound + bound))
    return tuple(whole)


def confirm_cuts(polytope: Polytope, certificate: Certificate) -> None:
    """Prove each cut again by an integer programme over the panels it speaks of.

    Raises:
        CertificateError: if a panel breaks a cut.
        SolverError: if HiGHS gives no answer.
    """
    cuts = certificate.cuts
    for number, cut in enumerate(cuts):
        given = [(earlier.coefficients, earlier.bound) for earlier in cuts[: cut.given]]
        model = panel_model(polytope, given=given)
        if highest(model, cut.coefficients)[0] > cut.bound:
            raise CertificateError(f"cut {number} does not hold for every panel")
