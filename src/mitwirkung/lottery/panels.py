"""What every strategy returns: classes of interchangeable lots, and weighted vectors of seats."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mitwirkung.display import Displayed, DisplayTable
from mitwirkung.lottery.encoding import WEIGHT_TOTAL, whole_weights
from mitwirkung.lottery.problem import Label, SelectionProblem
from mitwirkung.messages import Reason

if TYPE_CHECKING:
    from mitwirkung.lottery.facts import Facts
    from mitwirkung.lottery.folder import PublishedLottery

Seats = tuple[tuple[int, int, int], ...]
"""One vector: (class, position, number of lots), indexes from 0, ascending, numbers positive."""

_NUMBER = itemgetter(2)  # of lots


@dataclass(frozen=True)
class LotClass:
    """Lots that are interchangeable in a lottery.

    `lots` are indexes into `SelectionProblem.lots`. `labels` holds one label per position: in
    each lot the members' answers, as far as the strategy looks at them, are these. No labels
    mean the single position `any`: any one member of the lot.

    Companions are seated all or none: a lot takes as many seats as it has `people`, and its single
    position is `all`; the labels are those of its members. All lots of a class that `must` be
    seated are seated in every vector.
    """

    lots: tuple[int, ...]
    labels: tuple[Label, ...]
    people: int = 1
    must: bool = False

    @property
    def together(self) -> bool:
        """Whether its lots are companions."""
        return self.people > 1

    @property
    def positions(self) -> int:
        """How many positions the class has."""
        return 1 if self.together else len(self.labels) or 1

    def positions_of(self, label: Label) -> list[int]:
        """The positions that members with these answers share; none where all share the only
        one."""
        if self.together:
            return []
        return [i for i, other in enumerate(self.labels) if other == label]

    def seated_at(self, position: int) -> tuple[Label, ...]:
        """The answers of those who are seated when a lot has a seat at this position."""
        return self.labels if self.together else self.labels[position : position + 1]


@dataclass(frozen=True)
class StrategyInfo:
    """Which strategy made a lottery, and what it promised: published with it."""

    name: str
    version: str
    settings: Mapping[str, Any]
    promises: tuple[str, ...]


class PanelLottery(Displayed):
    """A distribution over panels, in the one form that every strategy has.

    Args:
        problem: what the lottery is for.
        features: names of the features that the strategy looks at, the same for every lot. They
            make the classes: see `lot_classes`. None of them: one class of all lots.
        vectors: pairs of a weight (any positive number) and either a mapping from
            (class, position) to a number of seats or the same as `Seats`; equal vectors are merged.
        certificate: the strategy's proof of its optimum as plain data, if it promises one.

    Attributes:
        classes: the lots by their answers to `features`.
        vectors: the distinct vectors, sorted.
        weights: one whole number per vector, at least 1, that add up to 16^12.
        strategy: who made it; set when a strategy is asked to `solve`.

    Raises:
        ValueError: an unknown feature, or a vector that does not seat `problem.seats` people, or
            seats more lots of a class than it has.
    """

    strategy: StrategyInfo | None = None

    def __init__(
        self,
        problem: SelectionProblem,
        features: Iterable[str],
        vectors: Iterable[tuple[float | Fraction, Mapping[tuple[int, int], int] | Seats]],
        certificate: Mapping[str, Any] | None = None,
        *,
        classes: Sequence[LotClass] | None = None,
    ) -> None:
        self.problem = problem
        self.features = tuple(sorted(features))
        # publication puts the same classes into the order of handles
        self.classes = lot_classes(problem, self.features) if classes is None else tuple(classes)
        self.certificate = certificate
        merged: dict[Seats, float | Fraction] = {}
        for weight, seats in vectors:
            if not weight > 0:
                raise ValueError(Reason("a weight must be greater than 0"))
            vector = seats if isinstance(seats, tuple) else _as_seats(seats)
            known = merged.get(vector)
            merged[vector] = weight if known is None else Fraction(known) + Fraction(weight)
        ordered = sorted(merged.items())
        shares = whole_weights([weight for _, weight in ordered])
        self.vectors: tuple[Seats, ...] = tuple(
            vector for (vector, _), share in zip(ordered, shares, strict=True) if share
        )
        self.weights = tuple(share for share in shares if share)
        self._check_vectors()

    def _check_vectors(self) -> None:
        if not self.vectors:
            raise ValueError(Reason("a lottery needs at least one vector"))
        room = [len(lot_class.lots) for lot_class in self.classes]
        # Most entries stand in many vectors: each is looked at once.
        entries = set(chain.from_iterable(self.vectors))
        for number_of_class, position, number in entries:
            known = 0 <= number_of_class < len(room)
            if not known or not 0 <= position < self.classes[number_of_class].positions:
                raise ValueError(Reason("a vector names a position that its class does not have"))
            if not 1 <= number <= room[number_of_class]:
                raise ValueError(
                    Reason("a vector seats more lots of a class than there are, or none")
                )
        shared = any(lot_class.positions > 1 for lot_class in self.classes)
        people = [lot_class.people for lot_class in self.classes]
        together = max(people) > 1
        for vector in self.vectors:
            if together:
                seated = sum(people[c] * number for c, _, number in vector)
            else:
                seated = sum(map(_NUMBER, vector))
            if seated != self.problem.seats:
                raise ValueError(
                    Reason(
                        "a vector seats {seated} instead of {seats}",
                        seated=seated,
                        seats=self.problem.seats,
                    )
                )
            if not shared:
                continue
            taken = Counter[int]()
            for number_of_class, _, number in vector:
                taken[number_of_class] += number
            if any(number > room[i] for i, number in taken.items()):
                raise ValueError(Reason("a vector seats more lots of a class than there are"))

    def publish(
        self,
        folder: str | Path,
        *,
        facts: Facts | None = None,
        key: bytes | None = None,
        panels: int | None = None,
        force: bool = False,
    ) -> PublishedLottery:
        """Write `lottery.json`, `lottery-private.json` and `receipts.csv` into a folder.

        Args:
            folder: made if it is not there.
            facts: what the organiser states, published with the lottery.
            key: the content of the key file that protects pseudonyms, at least 32 bytes.
            panels: so many numbered panels, 10 to 10,000, for a draw by balls or dice.
            force: replace another lottery in the folder.

        Raises:
            FolderOccupied: the folder holds something else.
            KeyRefused, CountsRefused, PanelsRefused, UnfitTemplate: see `publication`.
        """
        from mitwirkung.lottery.folder import write_publication
        from mitwirkung.lottery.publication import publication

        return write_publication(
            publication(self, facts, key=key, panels=panels), Path(folder), force=force
        )

    def signed(self, strategy: StrategyInfo) -> Self:
        """The same lottery with the strategy that made it."""
        other = copy.copy(self)
        other.strategy = strategy
        return other

    @cached_property
    def position_chances(self) -> tuple[tuple[Fraction, ...], ...]:
        """Per class, per position: the chance that a lot of the class is seated there."""
        totals = [[0] * lot_class.positions for lot_class in self.classes]
        for weight, vector in zip(self.weights, self.vectors, strict=True):
            for number_of_class, position, number in vector:
                totals[number_of_class][position] += weight * number
        return tuple(
            tuple(Fraction(total, WEIGHT_TOTAL * len(lot_class.lots)) for total in row)
            for lot_class, row in zip(self.classes, totals, strict=True)
        )

    @cached_property
    def exact_chances(self) -> tuple[Fraction, ...]:
        """Everyone's chance of a seat as an exact fraction, in the order of `problem.ids`.

        Members with equal answers share the chances of their positions; in a class with the
        position `any` the members share that of the lot, and companions all have it.
        """
        chances = [Fraction(0)] * len(self.problem)
        for lot_class, by_position in zip(self.classes, self.position_chances, strict=True):
            shared = {
                label: _mean([by_position[i] for i in lot_class.positions_of(label)])
                for label in (() if lot_class.together else lot_class.labels)
            }
            for lot in lot_class.lots:
                members = self.problem.lots[lot]
                for person in members:
                    if lot_class.together:
                        chances[person] = by_position[0]
                    elif shared:
                        chances[person] = shared[self.label_of(person)]
                    else:
                        chances[person] = by_position[0] / len(members)
        return tuple(chances)

    @cached_property
    def chances(self) -> dict[str, float]:
        """Id to chance of a seat, between 0 and 1."""
        return {
            person: float(chance)
            for person, chance in zip(self.problem.ids, self.exact_chances, strict=True)
        }

    def label_of(self, person: int) -> Label:
        """The person's answers as far as the strategy looks at them."""
        return self.problem.label(self.problem.profile_of[person], self.features)

    def __len__(self) -> int:
        return len(self.vectors)

    def _display(self) -> DisplayTable:
        from mitwirkung.lottery.display import chances_table

        return chances_table(self)

    def _summary(self) -> str:
        low, high = min(self.exact_chances), max(self.exact_chances)
        return (
            f"{self.problem.seats} seats for {len(self.problem)} people, "
            f"{len(self)} vectors, chances {float(low):.4f} to {float(high):.4f}"
        )


def _as_seats(seats: Mapping[tuple[int, int], int]) -> Seats:
    return tuple(sorted((c, p, number) for (c, p), number in seats.items() if number))


def lot_classes(problem: SelectionProblem, features: Iterable[str]) -> tuple[LotClass, ...]:
    """The lots grouped by their members' answers to some features, in canonical order.

    With all features these are the kinds of the problem. With none there is one class whose
    single position is `any`. Lots about which something else is declared are apart: companions, and
    those that must be seated.

    Raises:
        ValueError: a name that is no feature.
    """
    names = tuple(sorted(features))
    unknown = set(names) - {feature.name for feature in problem.features}
    if unknown:
        raise ValueError(Reason("no such feature: {names}", names=", ".join(sorted(unknown))))
    if len(set(names)) < len(names):
        raise ValueError(Reason("a feature is named twice"))
    if not names:
        return _featureless(problem)
    if len(names) == len(problem.features):
        everything = [tuple(zip(names, answers, strict=True)) for answers in problem.profiles]
        return tuple(
            LotClass(
                kind.lots,
                tuple(everything[profile] for profile in kind.profiles),
                len(kind.profiles) if kind.together else 1,
                kind.must,
            )
            for kind in problem.kinds
        )
    labels = [problem.label(profile, names) for profile in range(len(problem.profiles))]
    distinct = sorted(set(labels), key=_label_key)
    rank = {label: i for i, label in enumerate(distinct)}
    of_profile = [rank[label] for label in labels]
    grouped: dict[tuple[tuple[int, ...], int, bool], list[int]] = {}
    for kind in problem.kinds:
        key = tuple(sorted(of_profile[profile] for profile in kind.profiles))
        people = len(kind.profiles) if kind.together else 1
        grouped.setdefault((key, people, kind.must), []).extend(kind.lots)
    return tuple(
        LotClass(tuple(sorted(lots)), tuple(distinct[i] for i in key), people, must)
        for (key, people, must), lots in sorted(grouped.items())
    )


def _featureless(problem: SelectionProblem) -> tuple[LotClass, ...]:
    grouped: dict[tuple[int, bool], list[int]] = {}
    for kind in problem.kinds:
        people = len(kind.profiles) if kind.together else 1
        grouped.setdefault((people, kind.must), []).extend(kind.lots)
    return tuple(
        LotClass(tuple(sorted(lots)), (), people, must)
        for (people, must), lots in sorted(grouped.items())
    )


def _mean(chances: Sequence[Fraction]) -> Fraction:
    return sum(chances, Fraction(0)) / len(chances)


def _label_key(label: Label) -> tuple[tuple[str, bool, str], ...]:
    return tuple((name, answer is not None, answer or "") for name, answer in label)
