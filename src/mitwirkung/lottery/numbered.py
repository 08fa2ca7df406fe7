"""Numbered panels: m equally likely panels, for a draw by balls or dice, close to exact chances.

A seat is (lot, position): lots are numbered through all classes in the order of the file, the
first is 1. Here a position names one member: in a class with the position `any` it is the number
of the member in the order of handles, and members with equal answers hold their positions in the
order of the class's list. (Flanigan, Kehne, Procaccia, "Fair Sortition Made Transparent", 2021.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, chain

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import encoding
from mitwirkung.lottery.arrangement import lot_handles, position_names
from mitwirkung.lottery.panels import LotClass, PanelLottery, Seats
from mitwirkung.lottery.rules import PANEL_COUNTS
from mitwirkung.messages import Reason

Seat = tuple[int, str]
Panel = tuple[Seat, ...]
"""Seats in the order of their lots."""

Holders = Mapping[Seat, tuple[int, ...]]
"""Who takes a seat: indexes into `problem.ids`."""

Sharing = tuple[tuple[str, tuple[int, ...]], ...]
"""Positions of one lot that have equal chances, each with who holds it."""


class PanelsRefused(MitwirkungError, ValueError):
    """So many numbered panels cannot be made."""


def check_panel_count(panels: int) -> None:
    """Refuse too few or too many.

    Raises:
        PanelsRefused: fewer than 10, or more than 10,000.
    """
    least, most = PANEL_COUNTS
    if not least <= panels <= most:
        raise PanelsRefused("panels-count", found=panels, least=least, most=most)


def numbered_panels(
    lottery: PanelLottery, handles: Sequence[str], panels: int
) -> tuple[Panel, ...]:
    """The numbered panels of an arranged lottery, in the order of their numbers.

    Vectors are taken by herding and swaps; inside a class each seat goes to the lot, and in it to
    the member, that had the fewest so far, ties by a generator that the problem seeds.

    Args:
        lottery: in the order of the file (see `publication.arrange`).
        handles: one per person, in the order of `problem.ids`.
        panels: how many, 10 to 10,000.

    Raises:
        PanelsRefused: see `check_panel_count`.
    """
    check_panel_count(panels)
    dealer = _Dealer(lottery, handles)
    found = [
        dealer.panel(vector) for vector, times in _taken(lottery, panels) for _ in range(times)
    ]
    lots = lots_in_order(lottery, handles)

    def place(panel: Panel) -> str:
        return encoding.panel_hash((lots[number - 1], position) for number, position in panel)

    return tuple(sorted(found, key=place))


def lots_in_order(lottery: PanelLottery, handles: Sequence[str]) -> tuple[str, ...]:
    """The handles of all lots of an arranged lottery: lot 1 is the first."""
    handle_of = lot_handles(lottery.problem, handles)
    return tuple(handle_of[lot] for each in lottery.classes for lot in each.lots)


def holders(lottery: PanelLottery, handles: Sequence[str]) -> dict[Seat, tuple[int, ...]]:
    """Who takes each seat that a numbered panel can have."""
    return {
        (first + i, name): people
        for lot_class, first in _with_first_lot(lottery)
        for i, lot in enumerate(lot_class.lots)
        for sharing in _members(lottery, lot_class, lot, handles)
        for name, people in sharing
    }


def panel_counts(panels: Iterable[Panel], held: Holders) -> Counter[int]:
    """On how many panels each person is."""
    seats = Counter(chain.from_iterable(panels))
    counts: Counter[int] = Counter()
    for seat, number in seats.items():
        for person in held[seat]:
            counts[person] += number
    return counts


def panel_chances(panels: Sequence[Panel], held: Holders, people: int) -> tuple[Fraction, ...]:
    """Everyone's chance when each panel is equally likely, in the order of `problem.ids`."""
    counts = panel_counts(panels, held)
    return tuple(Fraction(counts[person], len(panels)) for person in range(people))


def largest_deviation(found: Sequence[Fraction], exact: Sequence[Fraction]) -> str:
    """By how much a chance differs from the exact one at most: twelve decimals."""
    return encoding.decimal_text(max(abs(a - b) for a, b in zip(found, exact, strict=True)))


def panel_flaws(
    panels: Sequence[Panel], held: Holders, lottery: PanelLottery, quotas: bool
) -> Iterator[str]:
    """Panels that hold a seat that nobody can take, or break a quota if these are promised."""
    problem = lottery.problem
    answers = [problem.profiles[profile] for profile in problem.profile_of]
    limits = [
        (column, feature.name, quota)
        for column, feature in enumerate(problem.features)
        for quota in feature.quotas
    ]
    for number, panel in enumerate(panels):
        label = encoding.panel_label(number, len(panels))
        unknown = [seat for seat in panel if seat not in held]
        if unknown:
            yield Reason("panel {label} seats nobody at {seat}", label=label, seat=str(unknown[0]))
            continue
        people = [person for seat in panel for person in held[seat]]
        if len(people) != problem.seats:
            yield Reason(
                "panel {label} seats {seated} instead of {seats}",
                label=label,
                seated=len(people),
                seats=problem.seats,
            )
        if quotas:
            counts = Counter(chain.from_iterable(enumerate(answers[person]) for person in people))
            for column, name, quota in limits:
                seated = counts[column, quota.value]
                if not quota.min <= seated <= quota.max:
                    yield Reason(
                        "panel {label} seats {seated} of {name}: {value}",
                        label=label,
                        seated=seated,
                        name=name,
                        value=quota.value,
                    )


def _with_first_lot(lottery: PanelLottery) -> Iterator[tuple[LotClass, int]]:
    """The classes, each with the number of its first lot."""
    sizes = [len(lot_class.lots) for lot_class in lottery.classes]
    return zip(lottery.classes, accumulate(sizes, initial=1), strict=False)


def _groups(lot_class: LotClass) -> list[list[int]]:
    """The positions of a class, those of equal answers together."""
    if not lot_class.labels or lot_class.together:
        return [[0]]
    return [lot_class.positions_of(label) for label in dict.fromkeys(lot_class.labels)]


def _members(
    lottery: PanelLottery, lot_class: LotClass, lot: int, handles: Sequence[str]
) -> list[Sharing]:
    """Who of a lot holds which position, a list for each of `_groups`."""
    people = sorted(lottery.problem.lots[lot], key=handles.__getitem__)
    names = position_names(lot_class)
    if names == ("all",):
        return [(("all", tuple(people)),)]
    if names == ("any",):
        return [tuple((str(i), (person,)) for i, person in enumerate(people, start=1))]
    found: list[Sharing] = []
    for group in _groups(lot_class):
        label = lot_class.labels[group[0]]
        own = [person for person in people if lottery.label_of(person) == label]
        pairs = zip(group, own, strict=True)
        found.append(tuple((names[position], (person,)) for position, person in pairs))
    return found


def _taken(lottery: PanelLottery, panels: int) -> Iterator[tuple[Seats, int]]:
    """The vectors that are taken, each with how often."""
    import numpy as np

    from mitwirkung.lottery.engine import equal_panels

    cell: dict[tuple[int, int], int] = {}
    sizes: list[int] = []
    for number, lot_class in enumerate(lottery.classes):
        for group in _groups(lot_class):
            cell.update({(number, position): len(sizes) for position in group})
            sizes.append(len(lot_class.lots) * len(group))
    portfolio = np.zeros((len(lottery.vectors), len(sizes)), np.int64)
    due = [0] * len(sizes)
    for row, (weight, vector) in enumerate(zip(lottery.weights, lottery.vectors, strict=True)):
        for number, position, count in vector:
            portfolio[row, cell[number, position]] += count
            due[cell[number, position]] += weight * count
    mean = np.array([total / encoding.WEIGHT_TOTAL for total in due])
    taken = equal_panels(portfolio, mean, np.array(sizes, np.int64), panels).tolist()
    return ((vector, n) for vector, n in zip(lottery.vectors, taken, strict=True) if n)


class _Dealer:
    """Gives the seats of vectors to lots and members, as evenly as can be.

    The lots of a class wait in a queue for each group of positions. Once all had a seat they queue
    up anew, in another order: otherwise the same people would meet on all their panels.
    """

    def __init__(self, lottery: PanelLottery, handles: Sequence[str]) -> None:
        import numpy as np

        self._rng = np.random.default_rng(int(lottery.problem.digest, 16))
        self._members = [
            [_members(lottery, each, lot, handles) for lot in each.lots] for each in lottery.classes
        ]
        self._first = [first for _, first in _with_first_lot(lottery)]
        self._group = [
            {position: i for i, group in enumerate(_groups(each)) for position in group}
            for each in lottery.classes
        ]
        self._queues: list[list[list[int]]] = [[[] for _ in _groups(c)] for c in lottery.classes]
        self._held: Counter[Seat] = Counter()

    def panel(self, vector: Seats) -> Panel:
        """One more panel."""
        wanted: dict[int, Counter[int]] = {}
        for number, position, count in vector:
            wanted.setdefault(number, Counter())[self._group[number][position]] += count
        return tuple(sorted(seat for c, groups in wanted.items() for seat in self._deal(c, groups)))

    def _deal(self, number: int, groups: Mapping[int, int]) -> Iterator[Seat]:
        """Seats of one class, each in another lot."""
        members = self._members[number]
        taken: set[int] = set()
        for group, count in groups.items():
            for lot in self._next(number, group, count, taken):
                sharing = members[lot][group]
                seats = [(self._first[number] + lot, name) for name, _ in sharing]
                seat = min(seats, key=self._held.__getitem__) if len(seats) > 1 else seats[0]
                self._held[seat] += 1
                yield seat

    def _next(self, number: int, group: int, count: int, taken: set[int]) -> list[int]:
        """The first lots of a queue that have no seat on this panel; they are `taken` then."""
        queue, size = self._queues[number][group], len(self._members[number])
        chosen: list[int] = []
        passed = 0
        while len(chosen) < count:
            if passed == len(queue):
                queue += [0] if size == 1 else self._rng.permutation(size).tolist()
            if queue[passed] in taken:
                passed += 1
                continue
            lot = queue.pop(passed)
            taken.add(lot)
            chosen.append(lot)
        return chosen
