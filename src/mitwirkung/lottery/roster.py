"""The roster of a lottery: who would take each seat of its lots, without anybody's answers.

A draw names lots and positions. Who that is follows from the members of each lot, by handle, and
from which of them have equal answers; what the answers are is not needed. So the roster can be kept
when answers are erased, and the draw still finds its people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.arrangement import position_names
from mitwirkung.lottery.numbered import lots_in_order
from mitwirkung.lottery.publication import Publication

ALL, ANY = "all", "any"

Group = tuple[tuple[str, ...], tuple[str, ...]]
"""Positions of a lot, and the handles of the members who share them, both in their order."""


@dataclass(frozen=True)
class Roster:
    """Who stands behind the lots.

    Attributes:
        people: handle to id.
        lots: lot handle to its groups. A position `all` is taken by all members, `any` by one of
            them by rank; of several positions the members share, each takes one, by rank.
        numbered: whether positions are those of numbered panels, where each is one member's.
    """

    people: Mapping[str, str]
    lots: Mapping[str, tuple[Group, ...]]
    numbered: bool = False

    def __repr__(self) -> str:
        return f"<Roster: {len(self.people)} people, {len(self.lots)} lots>"

    def seated(self, record: files.PublicRecordFile) -> tuple[str, ...]:
        """The ids of the people whom a draw seats, sorted; in the place of who was removed their
        handle."""
        taken = (
            handle
            for seat in record.seats
            for handle in self._holders(seat.lot, seat.position, record)
        )
        return tuple(sorted(self.people.get(handle, handle) for handle in taken))

    def _holders(self, lot: str, position: str, record: files.PublicRecordFile) -> Iterable[str]:
        names, members = next(group for group in self.lots[lot] if position in group[0])
        if position == ALL or len(members) == 1:
            return members
        if position == ANY:
            return [min(members, key=_rank(record, lot))]
        if self.numbered:
            return [members[names.index(position)]]
        return [members[sorted(names, key=_rank(record, lot)).index(position)]]

    def without(self, people: Collection[str]) -> Roster:
        """The roster of which nothing leads to some people any more."""
        left = {handle: who for handle, who in self.people.items() if who not in people}
        return Roster(left, self.lots, self.numbered)

    def as_data(self) -> dict[str, Any]:
        """The roster as plain data; see `from_data`."""
        return {
            "people": dict(self.people),
            "lots": {
                lot: [list(map(list, group)) for group in of] for lot, of in self.lots.items()
            },
            "numbered": self.numbered,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The roster that `as_data` gave."""
        lots = {
            lot: tuple((tuple(names), tuple(members)) for names, members in groups)
            for lot, groups in data["lots"].items()
        }
        return cls(dict(data["people"]), lots, data["numbered"])


def _rank(record: files.PublicRecordFile, lot: str) -> Any:
    return lambda name: encoding.rank(record.lottery, record.seed, lot, name)


def roster_of(publication: Publication) -> Roster:
    """The roster of a published lottery."""
    problem, handles = publication.problem, publication.handles
    people = {handles[person]: who for person, who in enumerate(problem.ids)}
    if publication.public.panels is not None:
        return Roster(people, dict(_numbered(publication)), numbered=True)
    return Roster(people, dict(_by_rank(publication)))


def _by_rank(publication: Publication) -> Iterator[tuple[str, tuple[Group, ...]]]:
    lottery, handles = publication.lottery, publication.handles
    for lot_class in lottery.classes:
        names = position_names(lot_class)
        for lot in lot_class.lots:
            members = sorted(publication.problem.lots[lot], key=handles.__getitem__)
            found: dict[tuple[str, ...], list[str]] = {}
            for person in members:
                mine = names
                if lot_class.labels and not lot_class.together:
                    mine = tuple(names[i] for i in lot_class.positions_of(lottery.label_of(person)))
                found.setdefault(mine, []).append(handles[person])
            yield (
                publication.lot_handles[lot],
                tuple((group, tuple(sharing)) for group, sharing in found.items()),
            )


def _numbered(publication: Publication) -> Iterator[tuple[str, tuple[Group, ...]]]:
    lots = lots_in_order(publication.lottery, publication.handles)
    found: dict[str, list[Group]] = {}
    for (number, name), people in publication.holders.items():
        handles = tuple(publication.handles[person] for person in people)
        found.setdefault(lots[number - 1], []).append(((name,), handles))
    return ((lot, tuple(groups)) for lot, groups in found.items())
