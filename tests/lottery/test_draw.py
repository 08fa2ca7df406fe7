"""The draw is a function of the lottery file and the seed; it keeps what the chances promise."""

import hashlib
from collections import Counter
from fractions import Fraction
from math import log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import feasible_panels, people, plan, town
from mitwirkung.app import solve
from mitwirkung.lottery.draw import chances_entry, public_record, seated_people
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import Publication, publication
from mitwirkung.lottery.randomness import UnfitSeed
from mitwirkung.testing import problems

SEED = {
    "source": "lotto",
    "template": "Lotto 6 aus 49 vom 2026-12-05: {numbers 6 of 1-49}",
    "earliest": "2026-12-05T19:25:00+01:00",
    "latest": "2026-12-06T12:00:00+01:00",
    "fallback": "Lotto 6 aus 49 vom 2026-12-09: {numbers 6 of 1-49}",
}
GOOD = "Lotto 6 aus 49 vom 2026-12-05: 3 11 17 28 41 44"


def redone_by_hand(public: LotteryFile, seed: str) -> list[tuple[str, str]]:
    """The draw once more, as the specification tells it, with nothing but hashlib."""

    def sha(*fields: str) -> str:
        return hashlib.sha256("".join(f"{f}\n" for f in fields).encode()).hexdigest()

    c = hashlib.sha256(public.content).hexdigest()
    r = int(sha("mitwirkung-draw-1", c, seed)[:12], 16)
    vectors = iter(public.vectors)
    vector = next(vectors)
    reached = vector.weight
    while reached <= r:
        vector = next(vectors)
        reached += vector.weight
    seats = []
    for number, entry in enumerate(public.classes, start=1):
        ranked = sorted(entry.lots, key=lambda lot: sha("mitwirkung-rank-1", c, seed, lot))
        for c_number, position, count in vector.seats:
            if c_number == number:
                seats += [(lot, position) for lot in ranked[:count]]
                ranked = ranked[count:]
    return seats


@given(problems(feasible=True), st.text("abc äß", min_size=1).map(str.strip).filter(bool))
@settings(deadline=None, max_examples=60)
def test_the_draw_is_what_the_specification_says(problem: SelectionProblem, seed: str) -> None:
    published = publication(solve(problem))
    record = public_record(published.public, seed)
    assert [(s.lot, s.position) for s in record.seats] == redone_by_hand(published.public, seed)


@given(problems(feasible=True), st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_whoever_is_drawn_makes_a_feasible_panel(problem: SelectionProblem, seed: int) -> None:
    record = publication(solve(problem)).draw(str(seed))
    assert record.panel in feasible_panels(problem)
    assert record.ids == tuple(problem.ids[person] for person in record.panel)


def frequencies(published: Publication, draws: int) -> Counter[int]:
    seated: Counter[int] = Counter()
    for number in range(draws):
        seated.update(seated_people(published, public_record(published.public, f"seed {number}")))
    return seated


@pytest.mark.parametrize("strategy", ["leximin", "simple"])
def test_twenty_thousand_seeds_seat_everyone_as_often_as_promised(strategy: str) -> None:
    draws = 20_000
    published = publication(solve(town(), strategy))
    seated = frequencies(published, draws)
    # Hoeffding's bound, all people together wrong with probability below 1e-9
    bound = sqrt(log(2 * len(town()) / 1e-9) / (2 * draws))
    for person, chance in enumerate(published.lottery.exact_chances):
        assert abs(seated[person] / draws - float(chance)) < bound
    assert sum(seated.values()) == draws * town().seats


@pytest.mark.parametrize("strategy", ["leximin", "simple"])
def test_no_two_of_a_couple_are_drawn_where_all_are_couples(strategy: str) -> None:
    """People drawn by their answers alone, not as lots, would be two of one home in most draws."""
    rows = [{"sex": sex, "home": str(home)} for home in range(20) for sex in ("f", "m")]
    quotas = plan(sex={"f": (4, 6), "m": (4, 6)})
    problem = SelectionProblem(people(*rows), quotas, seats=10, household=["home"])
    published = publication(solve(problem, strategy))
    lot_of = {person: lot for lot, members in enumerate(problem.lots) for person in members}
    for number in range(300):
        panel = published.draw(f"seed {number}").panel
        assert len({lot_of[person] for person in panel}) == 10


def test_members_with_equal_answers_are_seated_equally_often() -> None:
    problem = town()
    seated = frequencies(publication(solve(problem)), 4_000)
    (twins,) = [
        lot
        for lot in problem.lots
        if len(lot) == 2 and len({problem.profile_of[i] for i in lot}) == 1
    ]
    first, second = (seated[person] for person in twins)
    assert min(first, second) > 0
    assert abs(first - second) < 6 * sqrt(first + second)


@pytest.mark.parametrize("seed", [GOOD, "Lotto 6 aus 49 vom 2026-12-09: 1 2 3 4 5 49"])
def test_a_seed_that_fits_what_was_fixed_is_committed(seed: str) -> None:
    facts = Facts.model_validate({"seed": SEED})
    assert publication(solve(town(), "simple"), facts).draw(seed).committed


@pytest.mark.parametrize(
    "seed", ["Lotto 6 aus 49 vom 2026-12-05: 11 3 17 28 41 44", "something else"]
)
def test_another_wording_than_the_one_that_was_fixed_is_refused(seed: str) -> None:
    published = publication(solve(town(), "simple"), Facts.model_validate({"seed": SEED}))
    with pytest.raises(UnfitSeed) as caught:
        published.draw(seed)
    assert caught.value.code == "seed-does-not-fit"
    assert not publication(solve(town(), "simple")).draw(seed).committed


@pytest.mark.parametrize("left_out", ["template", "earliest", "latest", "fallback"])
def test_whatever_is_not_stated_makes_a_record_uncommitted(left_out: str) -> None:
    stated = {key: text for key, text in SEED.items() if key != left_out}
    facts = Facts.model_validate({"seed": stated})
    assert not publication(solve(town(), "simple"), facts).draw(GOOD).committed


def test_a_lottery_made_with_its_seed_is_uncommitted() -> None:
    facts = Facts.model_validate({"seed": SEED})
    published = publication(solve(town(), "simple"), facts, seed_known=True)
    assert not published.draw(GOOD).committed


@pytest.mark.parametrize("seed", ["", " ", "a ", " a", "a\nb", "a\tb", "\x00", "\ud800"])
def test_an_unfit_seed_is_refused(seed: str) -> None:
    with pytest.raises(UnfitSeed):
        publication(solve(town(), "simple")).draw(seed)


def test_equally_written_seeds_draw_the_same() -> None:
    published = publication(solve(town(), "simple"))
    assert published.draw("Sträße").public == published.draw("Stra\u0308ße").public


def test_summary_of_chances() -> None:
    record = publication(solve(town(), "simple")).draw("x")
    chances = [float(c) for c in record.publication.lottery.exact_chances]
    n, mean = len(chances), sum(chances) / len(chances)
    gini = sum(abs(a - b) for a in chances for b in chances) / (2 * n * n * mean)
    entry = record.private.chances
    assert float(entry.gini) == pytest.approx(gini, abs=1e-11)
    geometric = 1.0
    for chance in chances:
        geometric *= chance ** (1 / n)
    assert float(entry.geometric_mean) == pytest.approx(geometric, abs=1e-11)
    assert (entry.min, entry.max) == ("0.166666666667", "0.500000000000")
    assert chances_entry([Fraction(1, 2), Fraction(0)]).geometric_mean == "0.000000000000"
