"""Hypothesis strategies: applicants, quotas, problems and lotteries, with texts that are hard.

They shrink to few people with plain answers. Nobody in them is real.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product

from hypothesis import strategies as st

from mitwirkung.intake import Applicants, MissingPolicy, read_applicants
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo, lot_classes
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan
from mitwirkung.names import clean, fold
from mitwirkung.testing.specimens import HOUSEHOLD, ID, Features, checked

MOST_SEATS = 5

# What breaks programs that take a text for something else: a separator, markup, a formula, a
# format, a path, another spelling of the same letter, two letters in one.
_HARD = (
    "Müller-Lüdenscheidt",
    "<b>&amp;</b>",
    'Hof "Zur Post", 2. Stock',
    "=SUM(A1)",
    "{name} %s",
    "O'Neill; 50 %",
    "two  blanks",
    "Straße",
    "../~\\",
    "İ ǆ ﬁ",
    "漢字",
    "🏳️‍🌈",
    "null",
    "0",
)
_LETTERS = "abzÄöß<>&\"'`,;:{}%=+-@#|\\/ .0é漢😀\u0301\u00a0\u200d"

_PLAIN = ("a", "b", "c", "d", "e", "f")


@cache
def _texts(*plain: str) -> st.SearchStrategy[str]:
    """Texts that may name something: plain ones, hard ones, and any mixture of letters."""
    letters = st.lists(st.sampled_from(_LETTERS), min_size=1, max_size=6)
    mixed = letters.map("".join).map(clean).filter(fold)
    return st.sampled_from([*plain, *map(clean, _HARD)]) | mixed


@cache
def _feature_tables(most: int = 3) -> st.SearchStrategy[Features]:
    """One to three features with two or three values each."""
    values = st.lists(_texts(*_PLAIN), min_size=2, max_size=3, unique_by=fold).map(tuple)
    names = _texts("sex", "age", "place").filter(lambda name: fold(name) not in (ID, HOUSEHOLD))
    named = st.lists(
        st.tuples(names, values), min_size=1, max_size=most, unique_by=lambda pair: fold(pair[0])
    )
    return named.map(lambda pairs: dict(pairs))


def _spelled(values: Sequence[str]) -> list[str]:
    """The values, and then as other people write them."""
    others = [
        spelling
        for value in values
        for spelling in (unicodedata.normalize("NFD", value), value.upper(), f"  {value} ")
        if spelling != value and fold(spelling) == fold(value)
    ]
    return [*values, *others]


@st.composite
def applicants(
    draw: st.DrawFn,
    features: Features | None = None,
    *,
    households: bool = True,
    missing: Mapping[str, MissingPolicy] | None = None,
    least: int = 1,
    most: int = 9,
) -> Applicants:
    """Applicants with the columns `id`, `household` and one for each feature.

    Args:
        features: name to values; any if not given.
        households: some share one; else everybody lives alone and the column is blank.
        missing: what a missing answer means, for the features that may lack one.
        least, most: how many people.
    """
    features = draw(_feature_tables()) if features is None else checked(features)
    policies = missing or {}
    cells = [_texts(*(f"p{i}" for i in range(most)))]
    for name, values in features.items():
        missed = [] if policies.get(name, "refuse") == "refuse" else ["", " "]
        cells.append(st.sampled_from([*_spelled(values), *missed]))
    cells.append(st.sampled_from(["", "", "A", "a ", "B", "Straße 1, <b>"] if households else [""]))
    people = st.lists(
        st.tuples(*cells), min_size=least, max_size=most, unique_by=lambda row: row[0]
    )
    names = (ID, *features, HOUSEHOLD)
    rows = [dict(zip(names, row, strict=True)) for row in draw(people)]
    return read_applicants(rows, id=ID, missing=policies)


@st.composite
def quota_plans(
    draw: st.DrawFn, features: Features | None = None, *, most: int = MOST_SEATS
) -> QuotaPlan:
    """Quotas for some features, each from 0 to `most` seats; whether they fit together is luck."""
    features = draw(_feature_tables()) if features is None else checked(features)
    limits = {}
    for name, value in _answers(features):
        low = draw(st.sampled_from([0, 0, 0, 1, 1, 2]).filter(lambda seats: seats <= most))
        limits[name, value] = low, min(most, low + draw(st.integers(0, 3)))
    return _plan(features, limits)


@st.composite
def problems(
    draw: st.DrawFn,
    features: Features | None = None,
    *,
    feasible: bool | None = None,
    households: bool = True,
    missing: bool = True,
    most: int = 9,
) -> SelectionProblem:
    """Small problems: up to `most` people, up to five seats, one to three features.

    Args:
        features: name to values; any if not given.
        feasible: True makes quotas that at least one panel meets, False quotas that provably
            none does, although there are people enough for the seats. None: anything, perhaps
            more seats than households.
        households: some people share one, and at most one of them is seated.
        missing: some features may lack answers (`own value` or `unconstrained`).
    """
    features = draw(_feature_tables()) if features is None else checked(features)
    policies = draw(_policies(features)) if missing else {}
    least = min(most, draw(st.sampled_from([1, 2, 4, 5])))  # alone, people are too often one or two
    pool = draw(
        applicants(features, households=households, missing=policies, least=least, most=most)
    )
    household = [HOUSEHOLD] if households else []
    if feasible is None:
        plan = draw(quota_plans(features))
        seats = draw(st.integers(1, min(len(pool), MOST_SEATS)))
        return SelectionProblem(pool, plan, seats=seats, household=household)
    # Any quotas tell who lives together; the quotas themselves are then made for these people.
    open_to_all = _plan(features, {answer: (0, len(pool)) for answer in _answers(features)})
    people = SelectionProblem(pool, open_to_all, seats=1, household=household)
    order = draw(st.permutations(range(len(people.lots))))
    lots = order[: draw(st.integers(1, min(len(order), MOST_SEATS)))]
    panel = [draw(st.sampled_from(people.lots[lot])) for lot in lots]
    limits = {}
    for answer, count in _counts(people, panel, features).items():
        least = draw(st.integers(0, count))
        limits[answer] = least, draw(st.integers(count, count + 2))
    if not feasible:
        clash = draw(st.sampled_from(list(_clashes(people, features, len(panel)))))
        for answer, least in clash.items():
            limits[answer] = least, max(least, limits[answer][1])
    plan = _plan(features, limits)
    return SelectionProblem(pool, plan, seats=len(panel), household=household)


@st.composite
def lotteries(draw: st.DrawFn, problem: SelectionProblem | None = None) -> PanelLottery:
    """Any lottery that has the right form: some features, panels and weights, as they come.

    It is signed by nobody in particular and promises nothing, so it can be published and drawn.

    Args:
        problem: with lots enough for its seats; any if not given.
    """
    if problem is None:
        problem = draw(problems(feasible=True))
    names = draw(st.lists(st.sampled_from(problem.quotas.names), unique=True))
    classes = lot_classes(problem, names)
    class_of = {lot: number for number, each in enumerate(classes) for lot in each.lots}
    vectors = []
    for _ in range(draw(st.integers(1, 5))):
        lots = draw(st.permutations(range(len(problem.lots))))[: problem.seats]
        seats: Counter[tuple[int, int]] = Counter()
        for number in map(class_of.__getitem__, lots):
            seats[number, draw(st.integers(0, classes[number].positions - 1))] += 1
        vectors.append((draw(st.integers(1, 9)), seats))
    signature = StrategyInfo(name="any", version="1", settings={}, promises=())
    return PanelLottery(problem, names, vectors).signed(signature)


# --- quotas -------------------------------------------------------------------------------------

Answer = tuple[str, str]
"""A feature and one of its values."""


def _answers(features: Features) -> list[Answer]:
    return [(name, value) for name, values in features.items() for value in values]


def _plan(features: Features, limits: Mapping[Answer, tuple[int, int]]) -> QuotaPlan:
    def quota(name: str, value: str) -> Quota:
        low, high = limits[name, value]
        return Quota(value=value, min=low, max=high)

    return QuotaPlan(
        features=tuple(
            Feature(name=name, quotas=tuple(quota(name, value) for value in values))
            for name, values in features.items()
        )
    )


def _policies(features: Features) -> st.SearchStrategy[dict[str, MissingPolicy]]:
    policies: tuple[MissingPolicy, ...] = ("refuse", "refuse", "own value", "unconstrained")
    return st.fixed_dictionaries({name: st.sampled_from(policies) for name in features})


def _counts(
    people: SelectionProblem, panel: Sequence[int], features: Features
) -> dict[Answer, int]:
    """How many of a panel gave each answer."""
    counts = dict.fromkeys(_answers(features), 0)
    for person in panel:
        for answer in people.answers(person).items():
            if answer in counts:
                counts[answer] += 1
    return counts


def _clashes(
    people: SelectionProblem, features: Features, seats: int
) -> Iterator[dict[Answer, int]]:
    """Minimums that no panel meets, whatever the other quotas are."""

    def lots_with(*wanted: Answer) -> int:
        """Lots with somebody who gave all these answers."""
        fits = [dict(wanted).items() <= people.answers(i).items() for i in range(len(people))]
        return sum(any(fits[i] for i in members) for members in people.lots)

    found = {answer: lots_with(answer) for answer in _answers(features)}
    for answer, lots in found.items():
        yield {answer: lots + 1}  # more than applied
    for name, values in features.items():
        if len(values) > 1:
            yield {(name, values[0]): seats, (name, values[1]): 1}  # more than there are seats
    for one, other in product(found, found):
        if one[0] < other[0]:
            least = {one: min(seats, found[one]), other: min(seats, found[other])}
            if sum(least.values()) - lots_with(one, other) > seats:
                yield least  # those who would count for two quotas are too few
