"""What must hold inside of a lottery: in its public file, and in what its strategy promises.

A lottery is held to these rules before it is published, and again whenever it is verified.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.optima import OPTIMA, promised_optimum
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.randomness import UnfitTemplate, check_outcomes, is_stated
from mitwirkung.messages import Reason, Translate, reason_of, said, text_of

CHECKABLE = (
    MitwirkungError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,  # the solver's, and endless recursion
)
"""What a file can bring about when it is checked; to verification each of them is a difference."""

PROMISES = frozenset({"quotas", "households", *OPTIMA})
"""What a strategy can promise; a promise that nobody can check is worth nothing."""

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Check:
    """One thing that was checked: its code, and a reason for each difference found.

    A reason is a `messages.Reason`, which can be said in every language, or names a place in a
    file. A check that was left out, because something for it was not given, says so: `skipped`.
    """

    code: str
    reasons: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    skipped: bool = False

    @property
    def ok(self) -> bool:
        return not self.reasons

    def describe(self, translate: Translate = str) -> str:
        """What was checked, and what differs."""
        text = self.title(translate)
        return text if self.ok else f"{text}: {said(self.reasons, translate)}"

    def title(self, translate: Translate = str) -> str:
        """What was checked."""
        return text_of(self.code, self.params, translate)


PANEL_COUNTS = (10, 10_000)
"""How many numbered panels there can be, at least and at most."""


def lottery_checks(public: files.LotteryFile) -> list[Check]:
    """The inner order of `lottery.json`: what its form alone does not say."""
    return [
        Check("check-pool", tuple(_pool_flaws(public))),
        Check("check-classes", tuple(_class_flaws(public))),
        Check("check-vectors", tuple(_vector_flaws(public))),
        *([] if public.draw == "hash" else [Check("check-panels", tuple(_panel_flaws(public)))]),
        Check("check-facts", tuple(_fact_flaws(public))),
    ]


def _pool_flaws(public: files.LotteryFile) -> Iterable[str]:
    pool = public.pool
    yield from _hex_list_flaws(pool.leaves, "pool.leaves")
    if len(pool.leaves) != pool.people:
        yield Reason(
            "pool.people is {people}, but there are {count} leaves",
            people=pool.people,
            count=len(pool.leaves),
        )
    if encoding.pool_digest(pool.leaves) != pool.digest:
        yield Reason("pool.digest is not that of the leaves")


def _hex_list_flaws(texts: Sequence[str], name: str) -> Iterable[str]:
    if not all(_HEX.fullmatch(text) for text in texts):
        yield Reason("{name}: not all are 64 lowercase hexadecimal digits", name=name)
    if any(a >= b for a, b in pairwise(texts)):
        yield Reason("{name}: not sorted, or one comes twice", name=name)


def _class_flaws(public: files.LotteryFile) -> Iterable[str]:
    lots = [lot for each in public.classes for lot in each.lots]
    for number, each in enumerate(public.classes, start=1):
        yield from _hex_list_flaws(each.lots, f"classes[{number}].lots")
        numbered = tuple(str(i + 1) for i in range(len(each.positions)))
        if each.positions not in (numbered, ("any",), ("all",)):
            yield Reason(
                "classes[{number}].positions are not 1, 2, ... or any or all", number=number
            )
        if (each.people > 1) != (each.positions == ("all",)):
            yield Reason(
                "classes[{number}] has lots of {people} people at other positions than all",
                number=number,
                people=each.people,
            )
    firsts = [each.lots[0] for each in public.classes]
    if firsts != sorted(firsts):
        yield Reason("classes are not sorted by their first lot")
    if len(set(lots)) != len(lots):
        yield Reason("a lot is in two classes")
    if len(lots) != public.pool.lots:
        yield Reason(
            "pool.lots is {lots}, but the classes list {count}",
            lots=public.pool.lots,
            count=len(lots),
        )
    if public.strategy.features:
        people = sum(len(each.lots) * len(each.positions) * each.people for each in public.classes)
        if people != public.pool.people:
            yield Reason(
                "pool.people is {people}, but the positions hold {held}",
                people=public.pool.people,
                held=people,
            )
    else:
        wished = [(each.people, each.must) for each in public.classes]
        if len(set(wished)) < len(wished) or any(
            each.positions not in (("any",), ("all",)) for each in public.classes
        ):
            yield Reason("a strategy that looks at no feature has one class with the position any")
    seated = sum(len(each.lots) * each.people for each in public.classes if each.must)
    stated = public.counts.must_include
    reasons = {} if isinstance(stated, str) else stated
    if seated > sum(count for reason, count in reasons.items() if is_stated(reason)):
        yield Reason(
            "{seated} people must be seated, but counts.must_include does not say why",
            seated=seated,
        )


def _vector_flaws(public: files.LotteryFile) -> Iterable[str]:
    total = sum(vector.weight for vector in public.vectors)
    if total != encoding.WEIGHT_TOTAL:
        yield Reason(
            "weights add up to {total}, not to {expected}",
            total=total,
            expected=encoding.WEIGHT_TOTAL,
        )
    keys = []
    order = [{name: i for i, name in enumerate(each.positions)} for each in public.classes]
    musts = {c: len(each.lots) for c, each in enumerate(public.classes, start=1) if each.must}
    for number, vector in enumerate(public.vectors, start=1):
        key = []
        taken: dict[int, int] = {}
        for number_of_class, position, count in vector.seats:
            known = 1 <= number_of_class <= len(order)
            if not known or position not in order[number_of_class - 1]:
                yield Reason(
                    "vectors[{number}] names class {of_class}, position {position!r}",
                    number=number,
                    of_class=number_of_class,
                    position=position,
                )
                return
            if count < 1:
                yield Reason("vectors[{number}] has a number below 1", number=number)
            key.append((number_of_class, order[number_of_class - 1][position], count))
            taken[number_of_class] = taken.get(number_of_class, 0) + count
        places = [place[:2] for place in key]
        if any(a >= b for a, b in pairwise(places)):
            yield Reason(
                "vectors[{number}].seats are not sorted, or a place comes twice", number=number
            )
        seated = sum(count * public.classes[c - 1].people for c, count in taken.items())
        if seated != public.seats:
            yield Reason(
                "vectors[{number}] seats {seated} instead of {seats}",
                number=number,
                seated=seated,
                seats=public.seats,
            )
        if any(taken.get(c, 0) != lots for c, lots in musts.items()):
            yield Reason("vectors[{number}] leaves out somebody who must be seated", number=number)
        if any(count > len(public.classes[c - 1].lots) for c, count in taken.items()):
            yield Reason("vectors[{number}] seats more lots of a class than it has", number=number)
        keys.append(key)
    if any(a >= b for a, b in pairwise(keys)):
        yield Reason("vectors are not sorted, or two are equal")


def _panel_flaws(public: files.LotteryFile) -> Iterable[str]:
    """What is wrong in the list of numbered panels, as far as public files tell."""
    panels = public.panels or ()
    least, most = PANEL_COUNTS
    if not least <= len(panels) <= most:
        yield Reason(
            "there are {count} panels, not {least} to {most}",
            count=len(panels),
            least=least,
            most=most,
        )
    lots = [
        (lot, each.positions, members)
        for each in public.classes
        for members in [_most_members(public, each.positions)]
        for lot in each.lots
    ]
    people = [each.people for each in public.classes for _ in each.lots]
    wished = [each.must for each in public.classes for _ in each.lots]
    must = {lot for lot, seated in enumerate(wished, start=1) if seated}
    hashes = []
    for number, panel in enumerate(panels):
        label = encoding.panel_label(number, len(panels))
        if not all(0 < lot <= len(lots) and _has(*lots[lot - 1][1:], name) for lot, name in panel):
            yield Reason("panel {label} names a lot or a position that there is not", label=label)
            return
        if any(a[0] >= b[0] for a, b in pairwise(panel)):
            yield Reason("panel {label} is not sorted, or a lot comes twice", label=label)
        seated = sum(people[lot - 1] for lot, _ in panel)
        if seated != public.seats:
            yield Reason(
                "panel {label} seats {seated} instead of {seats}",
                label=label,
                seated=seated,
                seats=public.seats,
            )
        if not must <= {lot for lot, _ in panel}:
            yield Reason("panel {label} leaves out somebody who must be seated", label=label)
        hashes.append(encoding.panel_hash((lots[lot - 1][0], name) for lot, name in panel))
    if any(a > b for a, b in pairwise(hashes)):
        yield Reason("panels are not sorted by their hashes")
    if not re.fullmatch(r"0\.[0-9]{12}", public.deviation or ""):
        yield Reason("the largest deviation is not stated")
    elif panels and _deviation(public) > Fraction(public.deviation or "") + Fraction(1, 10**12):
        yield Reason("a chance deviates by more than is stated")


def _has(positions: Sequence[str], members: int, name: str) -> bool:
    """Whether a class with these positions and at most so many members in a lot can have this one
    on a numbered panel."""
    if positions == ("any",):
        return re.fullmatch("[1-9][0-9]{0,8}", name) is not None and int(name) <= members
    return name in positions


def _most_members(public: files.LotteryFile, positions: Sequence[str]) -> int:
    """How many people a lot has at most who are on numbered panels at different times.

    With the position `any` nobody says how many live in a lot: no more than are left of the pool
    when every other lot has as few as it can.
    """
    if positions != ("any",):
        return len(positions)
    least = sum(len(each.lots) * each.people for each in public.classes)
    return 1 + max(0, public.pool.people - least)


def _deviation(public: files.LotteryFile) -> Fraction:
    """By how much a chance deviates at least, as far as anybody sees: a lot's share of the panels
    is the sum of its members' chances, so one of them deviates by its share of the difference."""
    weights = Counter[int]()
    for vector in public.vectors:
        for number_of_class, _, count in vector.seats:
            weights[number_of_class] += vector.weight * count
    panels = public.panels or ()
    seats = Counter(lot for panel in panels for lot, _ in panel)
    largest, first = Fraction(0), 1
    for number, each in enumerate(public.classes, start=1):
        exact = Fraction(weights[number], encoding.WEIGHT_TOTAL * len(each.lots))
        counts = [seats[lot] for lot in range(first, first + len(each.lots))]
        ends = [Fraction(count, len(panels)) for count in (min(counts), max(counts))]
        members = _most_members(public, each.positions)
        largest = max(largest, *(abs(end - exact) / members for end in ends))
        first += len(each.lots)
    return largest


def _fact_flaws(public: files.LotteryFile) -> Iterable[str]:
    if public.draw == "hash" and (public.panels is not None or public.deviation is not None):
        yield Reason("panels are numbered, but the draw is not by number")
    panels = None if public.panels is None else len(public.panels)
    for template in (public.seed.template, public.seed.fallback):
        if is_stated(template):
            try:
                check_outcomes(template, panels)
            except UnfitTemplate as error:
                yield reason_of(error)
    try:
        Facts(attempt=public.attempt, previous=public.previous)
    except ValueError:
        yield Reason("attempt and previous do not fit")
    expected = public.counts.expected_pool()
    if expected is not None and expected != public.pool.people:
        yield Reason(
            "counts leave {expected} people, the pool has {people}",
            expected=expected,
            people=public.pool.people,
        )
    names = [feature.name for feature in public.quotas.features]
    values = [[quota.value for quota in feature.quotas] for feature in public.quotas.features]
    if any(listed != sorted(set(listed)) for listed in (names, *values)):
        yield Reason("quotas are not sorted, or one comes twice")
    if any(not 0 <= q.min <= q.max for feature in public.quotas.features for q in feature.quotas):
        yield Reason("a quota's minimum is greater than its maximum")
    strategy = public.strategy
    for listed in (strategy.promises, strategy.features):
        if list(listed) != sorted(set(listed)):
            yield Reason("promises and features of the strategy are not sorted")
    if not set(strategy.features) <= set(names):
        yield Reason("the strategy looks at a feature without quotas")
    unknown = set(strategy.promises) - PROMISES
    if unknown:
        yield Reason(
            "nobody knows how to check the promise {names}", names=", ".join(sorted(unknown))
        )
    optimum = promised_optimum(strategy.promises)
    if optimum and not set(strategy.promises) >= {"quotas", "households"}:
        yield Reason("{optimum} is promised without quotas and households", optimum=optimum)
    if len(set(strategy.promises) & set(OPTIMA)) > 1:
        yield Reason("more than one optimum is promised")
    form = r"[0-9]+\.[0-9]{12}" if optimum else "not promised"
    if not re.fullmatch(form, strategy.certificate.gap) or (optimum is None) == (
        strategy.certificate.optimal is True
    ):
        yield Reason("the certificate does not fit the promises")


def quota_flaws(lottery: PanelLottery) -> Iterable[str]:
    """Vectors that break a quota; what the promise `quotas` is held to."""
    features = lottery.problem.features
    if lottery.features != tuple(feature.name for feature in features):
        yield Reason("the strategy promises quotas but does not look at every feature")
        return
    limits = {(f.name, quota.value): (quota.min, quota.max) for f in features for quota in f.quotas}
    for number, vector in enumerate(lottery.vectors, start=1):
        counts = dict.fromkeys(limits, 0)
        for number_of_class, position, count in vector:
            for label in lottery.classes[number_of_class].seated_at(position):
                for answer in label:
                    if answer in counts:
                        counts[answer] += count
        for (name, value), (low, high) in limits.items():
            if not low <= counts[name, value] <= high:
                yield Reason(
                    "vector {number} seats {counts} of {name}: {value}",
                    number=number,
                    counts=counts[name, value],
                    name=name,
                    value=value,
                )


def wish_flaws(lottery: PanelLottery) -> Iterable[str]:
    """Vectors in which somebody has no seat who must have one; every strategy is held to it."""
    must = {c: len(each.lots) for c, each in enumerate(lottery.classes) if each.must}
    for number, vector in enumerate(lottery.vectors, start=1) if must else ():
        taken = Counter[int]()
        for number_of_class, _, count in vector:
            taken[number_of_class] += count
        if any(taken[c] != lots for c, lots in must.items()):
            yield Reason("vector {number} leaves out somebody who must be seated", number=number)
