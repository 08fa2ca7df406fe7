"""Alternates ahead: a lottery for people who step in when others drop out, before it happens.

How likely somebody is to drop out is estimated from their answers. From it follows which alternates
keep the panel nearest to its quotas on average (Assos, Baharav, Flanigan, Procaccia 2025); how many
of them give which answer is what their lottery has to meet exactly. Who they are is drawn like any
panel: by leximin among all who have no seat.

Companions drop out together, and stand by together or not at all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import tagged_hash
from mitwirkung.lottery.feasibility import seatable
from mitwirkung.lottery.leximin import LeximinStrategy
from mitwirkung.lottery.problem import Ahead, Replaces, SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.replacement import (
    SeatsSoFar,
    excluded_from,
    problem_without,
    with_bounds,
    within_reach,
)
from mitwirkung.names import clean
from mitwirkung.tables import Source, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCENARIOS = 20
MOST_SIMULATED = 14
"""Alternates of which `simulate_dropouts` tries every choice of those who come."""


@dataclass(frozen=True)
class Dropout:
    """How likely people are to drop out.

    A person's probability is the common ``rate`` times, for each answer in ``answers`` (feature to
    answer to rate), how much likelier than the common rate it makes it; at most 1.

    Raises:
        ValueError: a rate is not between 0 and 1, or the common one is 0.
    """

    rate: Fraction
    answers: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rates = [rate for each in self.answers.values() for rate in each.values()]
        if not 0 < self.rate <= 1 or not all(0 <= rate <= 1 for rate in rates):
            raise ValueError("a drop-out rate lies between 0 and 1, the common one above 0")

    def of(self, answers: Mapping[str, str | None]) -> Fraction:
        """The probability that somebody with these answers drops out."""
        chance = self.rate
        for feature, rates in self.answers.items():
            chance *= rates.get(answers.get(feature) or "", self.rate) / self.rate
        return min(Fraction(1), chance)


def read_dropout(
    rate: str,
    source: Source | None = None,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Dropout:
    """Rates from a text such as `0.1` or `1/10`, and a table `feature,value,rate` of answers.

    Raises:
        InputError: with everything that is wrong.
        TypeError: the source is of no kind that can be read.
    """
    errors: list[Finding] = []

    def read(text: str, **place: Any) -> Fraction:
        try:
            found = Fraction(text.strip().replace(",", "."))
        except (ValueError, ZeroDivisionError):
            found = Fraction(-1)
        if not 0 <= found <= 1:
            errors.append(Finding("dropout-rate", {}, **place))
        return found

    common = read(rate)
    if common == 0:
        errors.append(Finding("dropout-rate"))
    answers: dict[str, dict[str, Fraction]] = {}
    if source is not None:
        table = read_table(source, encoding=encoding, sheet=sheet)
        errors += table.errors
        places = [table.find(name) for name in ("feature", "value", "rate")]
        columns = [place for place in places if place is not None]
        if table.columns and len(columns) < len(places):
            errors.append(Finding("dropout-columns", {}, table.file))
        elif table.columns:
            for row, cells in table.rows:
                feature, value, text = (clean(cells[place]) for place in columns)
                answers.setdefault(feature, {})[value] = read(text, file=table.file, row=row)
    if errors:
        raise InputError.of(errors)
    return Dropout(common, answers)


def dropout_from_past(
    people: Iterable[tuple[Mapping[str, str | None], bool]], features: Sequence[str]
) -> Dropout:
    """Rates from past events: for each person the answers, and whether they dropped out.

    Rates of answers are shrunk to the common rate as if one more person with that rate had given
    each of them, so that few people do not make rates of 0 or 1.

    Raises:
        ValueError: nobody dropped out, or there is nobody.
    """
    seen = list(people)
    gone = sum(dropped for _, dropped in seen)
    if not gone:
        raise ValueError("nobody dropped out, so no rate can be estimated")
    rate = Fraction(gone, len(seen))
    rates: dict[str, dict[str, Fraction]] = {}
    for feature in features:
        everyone = Counter(answers.get(feature) for answers, _ in seen)
        left = Counter(answers.get(feature) for answers, dropped in seen if dropped)
        rates[feature] = {
            answer: (left[answer] + rate) / (count + 1)
            for answer, count in sorted(everyone.items(), key=lambda pair: pair[0] or "")
            if answer is not None
        }
    return Dropout(rate, rates)


def alternates_problem(
    records: DrawRecord | Sequence[DrawRecord],
    *,
    number: int,
    dropout: Dropout,
    scenarios: int = SCENARIOS,
) -> SelectionProblem:
    """The problem of drawing alternates for a panel; solve, publish and draw it like any other.

    Its quotas are exact: how many alternates give which answer in a set that is best on average
    over the scenarios. These are drawn with the digest of the record as their seed.

    Args:
        records: the draw; with replacements all of them, in their order.
        number: how many alternates.
        dropout: how likely people are to drop out.
        scenarios: how many scenarios are looked at.

    Raises:
        InputError: fewer people are left than alternates are wanted, no companions and single
            people are as many together, or the records do not follow each other.
    """
    import numpy as np

    from mitwirkung.lottery.engine.alternates import Lots, Scenarios, choose, filling

    chain = [records] if isinstance(records, DrawRecord) else list(records)
    seated, excluded = excluded_from(SeatsSoFar.after(chain), {}, number)
    problem = chain[0].publication.problem
    known = {(f.name, q.value) for f in problem.features for q in f.quotas}
    wrong = [
        Finding("dropout-unknown", {"available": list(problem.quotas.names)})
        for feature, rates in dropout.answers.items()
        for value in rates
        if (feature, value) not in known
    ]
    if wrong:
        raise InputError.of(wrong)
    pool = problem_without(problem, problem.quotas, max(number, 1), excluded)
    most = seatable(pool)
    if not 1 <= number <= most:
        raise InputError.of([Finding("alternates-number", {"number": number, "most": most})])
    quotas = [(f.name, q.value) for f in problem.features for q in f.quotas]
    bounds = {(f.name, q.value): (q.min, q.max) for f in problem.features for q in f.quotas}
    low, high = zip(*(bounds[place] for place in quotas), strict=True)
    panel = [problem.answers(problem.ids.index(who)) for who in seated]
    held = np.array([[each[name] == value for name, value in quotas] for each in panel])
    chances = np.array([float(dropout.of(each)) for each in panel])
    rng = np.random.default_rng(int(tagged_hash("mitwirkung-alternates-1", [_digest(chain)]), 16))
    stays = _together(rng.random((scenarios, len(panel))) >= chances, problem, seated)
    left = np.array([held[each].sum(axis=0) for each in stays], np.int64)
    free = (~stays).sum(axis=1).astype(np.int64)
    columns = [feature.name for feature in pool.features]
    places = [(columns.index(name), value) for name, value in quotas]
    come = Counter[tuple[int, ...]]()  # the profiles that come with a lot: one of a household
    for kind in pool.kinds:
        come[kind.profiles if kind.together else kind.profiles[:1]] += len(kind.lots)
    types = sorted(come, key=lambda profiles: (len(profiles), profiles))
    given = [[[pool.profiles[p][c] == value for c, value in places] for p in t] for t in types]
    lots = Lots(
        np.array([np.sum(each, axis=0) for each in given], np.int64),
        np.array(list(map(len, types)), np.int64),
        np.array([come[profiles] for profiles in types], np.int64),
    )
    if filling(lots, number) is None:
        raise InputError.of([Finding("alternates-companions", {"number": number})])
    limits = (np.array(low, np.int64), np.array(high, np.int64))
    chosen = choose(lots, number, Scenarios(left, free, *limits))
    wanted = (chosen.numbers[:, None] * lots.answers).sum(axis=0).tolist()
    exact = {place: (count, count) for place, count in zip(quotas, wanted, strict=True)}
    plan = with_bounds(problem.quotas, exact)
    found = problem_without(problem, plan, number, excluded)
    first = chain[0].publication
    found.replaces = Replaces(
        record=_digest(chain),
        kept=len(seated),
        loosened=(),
        event=first.public.event,
        tokens=dict(zip(problem.ids, first.tokens, strict=True)),
        key=first.private.key,
        ahead=Ahead(scenarios, str(dropout.rate), _texts(dropout)),
    )
    found.warnings = ()
    return found


def _together(
    stays: NDArray[np.bool_], problem: SelectionProblem, seated: Sequence[str]
) -> NDArray[np.bool_]:
    """Who of the ``seated`` stays in each scenario, (S, people): companions drop out together."""
    place = {who: i for i, who in enumerate(seated)}
    for kind in problem.kinds:
        for lot in kind.lots if kind.together else ():
            party = [place[who] for i in problem.lots[lot] if (who := problem.ids[i]) in place]
            stays[:, party] = stays[:, party].all(axis=1, keepdims=True)
    return stays


def _digest(chain: Sequence[DrawRecord]) -> str:
    return chain[-1].public.digest


def _texts(dropout: Dropout) -> dict[str, dict[str, str]]:
    return {
        feature: {answer: str(rate) for answer, rate in rates.items()}
        for feature, rates in dropout.answers.items()
    }


def dropout_of(ahead: Ahead) -> Dropout:
    """The rates as they were published."""
    answers = {
        feature: {answer: Fraction(rate) for answer, rate in rates.items()}
        for feature, rates in ahead.answers.items()
    }
    return Dropout(Fraction(ahead.rate), answers)


def simulate_dropouts(
    record: DrawRecord,
    alternates: Sequence[str],
    *,
    dropout: Dropout,
    rounds: int = 500,
    seed: int = 0,
) -> float:
    """How many seats a panel is off its quotas on average, after the best replacement. A seat that
    stays empty because only companions are left counts as one off in each feature.

    Args:
        record: the panel.
        alternates: ids of people who step in, at most 14 (companions count as one); as many come as
            seats fell free.
        dropout: how likely people are to drop out.
        rounds: how often this is tried.
        seed: of the tries.

    Raises:
        ValueError: there are more than 14 alternates.
    """
    import numpy as np

    problem = record.publication.problem
    person_of = {who: person for person, who in enumerate(problem.ids)}
    parties = {
        problem.ids[i]: lot
        for kind in problem.kinds
        if kind.together
        for lot in kind.lots
        for i in problem.lots[lot]
    }
    groups: dict[int | str, list[str]] = {}
    for who in alternates:
        groups.setdefault(parties.get(who, who), []).append(who)
    if len(groups) > MOST_SIMULATED:
        raise ValueError(f"at most {MOST_SIMULATED} alternates can be simulated")
    quotas = [(f.name, q.value) for f in problem.features for q in f.quotas]
    low = np.array([q.min for f in problem.features for q in f.quotas])
    high = np.array([q.max for f in problem.features for q in f.quotas])

    def counted(ids: Iterable[str]) -> list[list[int]]:
        given = [problem.answers(person_of[who]) for who in ids]
        return [[int(answers[name] == value) for name, value in quotas] for answers in given]

    panel = np.array(counted(record.ids))
    given = [problem.answers(person_of[who]) for who in record.ids]
    chances = np.array([float(dropout.of(answers)) for answers in given])
    # Every choice of those who come: how many, and what they add to each quota.
    choices = np.zeros((1, len(quotas)), np.int64)
    sizes = np.zeros(1, np.int64)
    for group in groups.values():
        choices = np.concatenate([choices, choices + np.sum(counted(group), axis=0)])
        sizes = np.concatenate([sizes, sizes + len(group)])
    rng = np.random.default_rng(seed)
    off = 0
    for _ in range(rounds):
        (stays,) = _together(rng.random((1, len(panel))) >= chances, problem, record.ids)
        comes = min(len(alternates), int((~stays).sum()))
        # Single people fill every seat; whether companions do depends on who they are.
        able = sizes <= comes if len(groups) < len(alternates) else sizes == comes
        held = panel[stays].sum(axis=0) + choices[able]
        missed = (np.maximum(low - held, 0) + np.maximum(held - high, 0)).sum(axis=1)
        off += int((missed + len(problem.features) * (comes - sizes[able])).min())
    return off / rounds


@dataclass(frozen=True)
class Rules:
    """Seats off the quotas on average after drop-outs, by the number of alternates and by how they
    are found: `chosen` by drop-out, or `proportional`, a small panel with quotas to scale."""

    numbers: tuple[int, ...]
    chosen: tuple[float, ...]
    proportional: tuple[float, ...]
    rounds: int


def compare_alternates(
    record: DrawRecord,
    *,
    numbers: Sequence[int],
    dropout: Dropout,
    rounds: int = 300,
    draws: int = 5,
) -> Rules:
    """Chosen alternates beside those of the simple rule, in a simulation of who drops out.

    For each number and rule the alternates' lottery is solved by leximin and drawn ``draws`` times;
    each time ``rounds`` drop-outs are tried, other ones than those that the choice was made with.

    Raises:
        InputError, InfeasibleQuotas: alternates cannot be drawn.
    """
    found: dict[str, list[float]] = {"chosen": [], "proportional": []}
    for number in numbers:
        if not number:
            off = simulate_dropouts(record, (), dropout=dropout, rounds=rounds * draws)
            for each in found.values():
                each.append(off)
            continue
        problems = {
            "chosen": alternates_problem(record, number=number, dropout=dropout),
            "proportional": proportional_problem(record, number),
        }
        for rule, problem in problems.items():
            published = publication(LeximinStrategy().solve(problem))
            off = sum(
                simulate_dropouts(
                    record,
                    published.draw(f"draw {i}").ids,
                    dropout=dropout,
                    rounds=rounds,
                    seed=i + 1,
                )
                for i in range(draws)
            )
            found[rule].append(off / draws)
    return Rules(
        tuple(numbers), tuple(found["chosen"]), tuple(found["proportional"]), rounds * draws
    )


def proportional_problem(record: DrawRecord, number: int) -> SelectionProblem:
    """The simple rule: alternates are a small panel, whose quotas are those of the panel to scale.

    Where nobody can meet them any more they are loosened as little as possible.
    """
    _, excluded = excluded_from(SeatsSoFar.after([record]), {}, number)
    problem = record.publication.problem
    share = Fraction(number, problem.seats)
    scaled = {
        (f.name, q.value): (math.floor(q.min * share), math.ceil(q.max * share))
        for f in problem.features
        for q in f.quotas
    }
    plan = with_bounds(problem.quotas, scaled)
    found = problem_without(problem, plan, number, excluded)
    plan, loosened = within_reach(found)
    return problem_without(problem, plan, number, excluded) if loosened else found
