"""What an organiser declares about people: who must have a seat, who gets none, who comes together.

Everything declared is part of the problem before it is solved, so that an optimum is one under
these wishes. How many people a reason concerns is published; who they are is not.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mitwirkung.errors import Finding, InputError
from mitwirkung.names import clean, fold
from mitwirkung.tables import Source, read_table

HouseholdRule = Literal["at most one", "together"]

COMPANION = "comes with somebody to whom this applies"
"""The reason that is counted for the companions of somebody who must, or must not, be seated."""

HOUSEHOLD = "lives with somebody who has a seat"
"""The reason that is counted for the household of somebody who must be seated."""

MUST = ("must", "muss")
MUST_NOT = ("must not", "darf nicht")
_COLUMNS = ("id", "seat", "reason")


@dataclass(frozen=True, repr=False)
class Wishes:
    """What is declared about people of the pool.

    Attributes:
        must: id to reason: who is seated in any case.
        must_not: id to reason: who applied and is refused. They are not part of the pool.
        companions: a column of the applicants; people with the same entry are seated all or none,
            a blank cell makes no companions.
        household_rule: of a household `at most one` is seated, or all of it `together`, or nobody.
        file, rows: where `must` and `must_not` were read: the row of each id.
    """

    must: Mapping[str, str] = field(default_factory=dict)
    must_not: Mapping[str, str] = field(default_factory=dict)
    companions: str | None = None
    household_rule: HouseholdRule = "at most one"
    file: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Wishes: {len(self.must)} must, {len(self.must_not)} must not be seated>"


def read_wishes(
    source: Source,
    *,
    companions: str | None = None,
    household_rule: HouseholdRule = "at most one",
    encoding: str | None = None,
    sheet: str | None = None,
) -> Wishes:
    """Who must and who must not be seated, from a table `id,seat,reason`.

    `seat` is `must` or `must not` (or `muss`, `darf nicht`). The reason is published with the
    number of people whom it concerns, so it names nobody.

    Raises:
        InputError: with every error of every row; it holds no personal data.
        TypeError: the source is of no kind that can be read.
    """
    wishes, errors = collect_wishes(
        source,
        companions=companions,
        household_rule=household_rule,
        encoding=encoding,
        sheet=sheet,
    )
    if errors:
        raise InputError.of(errors)
    return wishes


def collect_wishes(
    source: Source,
    *,
    companions: str | None = None,
    household_rule: HouseholdRule = "at most one",
    encoding: str | None = None,
    sheet: str | None = None,
) -> tuple[Wishes, tuple[Finding, ...]]:
    """Like `read_wishes`, but what could be read, only fit for looking for more errors if there are
    any; and these.

    Raises:
        TypeError: the source is of no kind that can be read.
    """
    table = read_table(source, encoding=encoding, sheet=sheet)
    errors = list(table.errors)
    places = [table.find(name) for name in _COLUMNS]
    missing = [n for n, place in zip(_COLUMNS, places, strict=True) if place is None]
    if table.columns and missing:
        errors.append(Finding("wish-columns", {"missing": missing}, table.file))
    declared: dict[str, dict[str, str]] = {"must": {}, "must not": {}}
    rows: dict[str, int] = {}
    if table.columns and not missing:
        for row, cells in table.rows:
            who, seat, reason = (clean(cells[place]) for place in places if place is not None)
            if who in rows:
                errors.append(Finding("wish-twice", {"first": rows[who]}, table.file, row))
            elif fold(seat) in MUST:
                declared["must"][who] = reason
            elif fold(seat) in MUST_NOT:
                declared["must not"][who] = reason
            else:
                params = {"available": [*MUST, *MUST_NOT]}
                errors.append(Finding("wish-seat", params, table.file, row))
            rows.setdefault(who, row)
    wishes = Wishes(
        declared["must"], declared["must not"], companions, household_rule, table.file, rows
    )
    return wishes, tuple(errors)


@dataclass(frozen=True)
class Grouping:
    """The rows of the applicants as lots, under the wishes.

    Attributes:
        lots: the rows of each lot, in the order of their first rows; refused ones are in none.
        together: per lot, whether all of its people are seated or none; at most one if not.
        must: row to reason.
        refused: row to reason.
    """

    lots: tuple[tuple[int, ...], ...]
    together: tuple[bool, ...]
    must: Mapping[int, str]
    refused: Mapping[int, str]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def group(
    ids: Sequence[str],
    addresses: Sequence[tuple[str, ...] | None],
    companions: Sequence[str] | None,
    wishes: Wishes,
    seats: int,
    place: tuple[str | None, Sequence[int]],
) -> Grouping:
    """Lots of people, who of them is seated in any case, and who is left out.

    Args:
        ids: one per row of the applicants.
        addresses: of each row; equal ones are a household, None is nobody else's.
        companions: the cell of each row in the column of companions, if one is declared.
        wishes: what is declared.
        seats: size of the panel.
        place: file and row numbers of the applicants, for errors.
    """
    if wishes == Wishes() and companions is None and not any(addresses):
        # Everybody is drawn alone: nothing to look into.
        return Grouping(tuple((i,) for i in range(len(ids))), (False,) * len(ids), {}, {}, (), ())
    return _Grouper(ids, addresses, companions, wishes, seats, place).grouping()


class _Grouper:
    def __init__(
        self,
        ids: Sequence[str],
        addresses: Sequence[tuple[str, ...] | None],
        companions: Sequence[str] | None,
        wishes: Wishes,
        seats: int,
        place: tuple[str | None, Sequence[int]],
    ) -> None:
        self.wishes, self.seats = wishes, seats
        self.file, self.row_numbers = place
        self.errors: list[Finding] = []
        self.warnings: list[Finding] = []
        self.row_of = {identifier: i for i, identifier in enumerate(ids)}
        self.count = len(ids)
        households = _equal(addresses)
        parties = _equal([fold(cell) or None for cell in companions or ()])
        self._warn_alone(parties)
        self.together = _Union(self.count)
        self.households: list[list[int]] = []
        linked = [rows for rows in parties if len(rows) > 1]
        if wishes.household_rule == "together":
            linked += households
        else:
            self.households = [rows for rows in households if len(rows) > 1]
        for rows in linked:
            for other in rows[1:]:
                self.together.join(rows[0], other)

    def grouping(self) -> Grouping:
        must, refused = self._declared("must"), self._declared("must_not")
        for i in sorted(must.keys() & refused.keys()):
            self._error("wish-both", i)
        parties = self.together.groups()
        for rows in parties:
            self._spread(rows, must)
            self._spread(rows, refused)
            apart = len(rows) > 1 and rows[0] in must and rows[0] in refused
            if apart:
                self._error("companions-both", rows[0])
        for rows in self.households:
            self._keep_one(rows, must, refused)
        for rows in parties:  # companions of somebody who lives with a seated person
            self._spread(rows, refused)
        kept = [[i for i in rows if i not in refused] for rows in parties]
        shared = [[i for i in rows if i not in refused] for rows in self.households]
        parties, homes = ([rows for rows in each if len(rows) > 1] for each in (kept, shared))
        lots = self._lots(parties, homes, refused)
        seated = len(must.keys() - refused.keys())
        if seated > self.seats:
            self.errors.append(Finding("must-too-many", {"count": seated, "seats": self.seats}))
        return Grouping(
            lots=tuple(rows for rows, _ in lots),
            together=tuple(together for _, together in lots),
            must=must,
            refused=refused,
            errors=tuple(self.errors),
            warnings=tuple(self.warnings),
        )

    def _declared(self, name: Literal["must", "must_not"]) -> dict[int, str]:
        """Row to reason; unknown ids and reasons that cannot be published are errors."""
        found = {}
        for number, (identifier, text) in enumerate(getattr(self.wishes, name).items(), start=1):
            reason = clean(text)
            row = self.wishes.rows.get(identifier)
            place = (self.wishes.file, row)
            params = {"declared": name.replace("_", " "), "number": number}
            if not reason:
                self.errors.append(Finding("wish-reason-blank", params, *place))
            elif any(unicodedata.category(c) in ("Cc", "Cs") for c in reason):
                self.errors.append(Finding("wish-reason-line", params, *place))
            if clean(identifier) not in self.row_of:
                self.errors.append(Finding("wish-id-unknown", params, *place))
            else:
                found[self.row_of[clean(identifier)]] = reason
        return found

    def _spread(self, rows: Sequence[int], reasons: dict[int, str]) -> None:
        """What applies to one of the people who come together applies to all of them."""
        if any(i in reasons for i in rows):
            for i in rows:
                reasons.setdefault(i, COMPANION)

    def _keep_one(
        self, rows: Sequence[int], must: Mapping[int, str], refused: dict[int, str]
    ) -> None:
        """Who lives with somebody who must be seated has no seat to win."""
        seated = [i for i in rows if i in must and i not in refused]
        if len(seated) > 1:
            self._error("must-household", seated[1])
        if seated:
            for i in rows:
                if i not in must:
                    refused.setdefault(i, HOUSEHOLD)

    def _lots(
        self,
        parties: Iterable[list[int]],
        households: Iterable[list[int]],
        refused: Mapping[int, str],
    ) -> list[tuple[tuple[int, ...], bool]]:
        lot_of: dict[int, tuple[tuple[int, ...], bool]] = {}
        for rows in parties:
            if len(rows) > self.seats:
                params = {"count": len(rows), "seats": self.seats}
                self._error("companions-too-many", rows[0], params)
            lot_of.update(dict.fromkeys(rows, (tuple(rows), True)))
        for rows in households:
            with_others = [i for i in rows if i in lot_of]
            if with_others:
                self._error("companions-household", with_others[0])
            lot_of.update(dict.fromkeys(rows, (tuple(rows), False)))
        kept = [i for i in range(self.count) if i not in refused]
        return list(dict.fromkeys(lot_of.get(i, ((i,), False)) for i in kept))

    def _error(self, code: str, i: int, params: Mapping[str, int] | None = None) -> None:
        self.errors.append(Finding(code, params or {}, self.file, self.row_numbers[i]))

    def _warn_alone(self, parties: Iterable[list[int]]) -> None:
        alone = [self.row_numbers[rows[0]] for rows in parties if len(rows) == 1]
        if alone:
            params = {"count": len(alone), "column": self.wishes.companions}
            self.warnings.append(Finding("companion-alone", params, self.file, alone[0]))


def _equal(keys: Sequence[object | None]) -> list[list[int]]:
    groups: dict[object, list[int]] = {}
    for i, key in enumerate(keys):
        if key is not None:
            groups.setdefault(key, []).append(i)
    return list(groups.values())


class _Union:
    """Groups that are joined until nothing is shared by two of them."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def join(self, a: int, b: int) -> None:
        first, second = sorted((self._root(a), self._root(b)))
        self.parent[second] = first

    def _root(self, i: int) -> int:
        while self.parent[i] != i:
            self.parent[i] = i = self.parent[self.parent[i]]
        return i

    def groups(self) -> list[list[int]]:
        """All groups, each ascending, by their first member."""
        return _equal([self._root(i) for i in range(len(self.parent))])


def counted(reasons: Iterable[str]) -> dict[str, int]:
    """Reason to number of people."""
    return dict(sorted(Counter(reasons).items()))
