"""Strategies that promise an optimum: what they reach, and what verification holds them to."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from brute_force import goldilocks_over_panels, leximin_over_panels, nash_over_panels
from builders import examples, feasible_panels, instance, people, plan, small_problems, town
from mitwirkung.app import solve
from mitwirkung.errors import StrategyRefused
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.files import LotteryFile, PrivateFile
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.optima import OPTIMA, goal_of, promised_optimum
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import LotteryRefused, publication
from mitwirkung.lottery.rules import PROMISES
from mitwirkung.lottery.verification import Verification, verify

NEW = ("goldilocks", "maximin", "nash")
each_new = pytest.mark.parametrize("strategy", NEW)
each_optimum = pytest.mark.parametrize("strategy", sorted(OPTIMA))


def quarter(*, couple: bool = True) -> SelectionProblem:
    """Three seats; A and the four B fill one quota, A and the four C another; twenty D.

    The goals disagree about A. A couple of a B and a D, if wished, get one seat at most.
    """
    rows = [{"one": "in", "two": "in"}]
    rows += [{"one": "in", "two": "out"}] * 4 + [{"one": "out", "two": "in"}] * 4
    rows += [{"one": "out", "two": "out"}] * 20
    homes = ["", *["home"] * couple, *[""] * (23 - couple), *["home"] * couple]
    homes += [""] * (len(rows) - len(homes))
    quota = {"in": (1, 3), "out": (0, 3)}
    return SelectionProblem(
        people(*({**row, "home": home} for row, home in zip(rows, homes, strict=True))),
        plan(one=quota, two=quota),
        seats=3,
        household=["home"],
    )


# --- what they reach ---------------------------------------------------------------------------


def seated_by(problem: SelectionProblem) -> np.ndarray:
    """Everybody's seat on every panel, (people, panels)."""
    panels = feasible_panels(problem)
    seated = np.zeros((len(problem), len(panels)))
    for column, panel in enumerate(panels):
        seated[list(panel), column] = 1
    return seated


@each_new
@given(problem=small_problems())
@examples(80)
def test_it_is_that_of_brute_force_over_all_panels(
    strategy: str, problem: SelectionProblem
) -> None:
    seated = seated_by(problem)
    if not seated.size:
        with pytest.raises((InfeasibleQuotas, TooFewApplicants)):
            solve(problem, strategy)
        return
    chances = np.array([float(q) for q in solve(problem, strategy).exact_chances])
    possible = seated.max(axis=1) > 0
    assert (chances[~possible] == 0).all()
    mine, seated = chances[possible], seated[possible]
    equal = problem.seats / len(problem)
    if strategy == "maximin":
        best = leximin_over_panels(feasible_panels(problem), len(problem))
        assert sorted(chances) == pytest.approx(sorted(best), abs=1e-6)
    elif strategy == "nash":
        found = float(np.exp(np.log(mine).mean()))
        assert found == pytest.approx(nash_over_panels(seated), rel=1e-6)
        assert (seated.T @ (1 / mine) <= len(mine) * (1 + 1e-8)).all()
    else:
        found = float(mine.max() / equal + equal / mine.min())
        assert found == pytest.approx(goldilocks_over_panels(seated, equal, 1.0), rel=1e-6)


@each_new
def test_equal_people_have_equal_chances(strategy: str) -> None:
    lottery = solve(town(), strategy)
    chances: dict[object, set[Fraction]] = {}
    for lot in town().lots:
        for person in lot:
            mates = tuple(town().profile_of[other] for other in lot)
            key = (town().profile_of[person], mates)
            chances.setdefault(key, set()).add(lottery.exact_chances[person])
    assert all(len(found) == 1 for found in chances.values())


@each_new
def test_no_two_of_one_household(strategy: str) -> None:
    problem = instance("city_300", ["address1", "zip"])
    assert any(len(lot) > 1 for lot in problem.lots)
    lottery = solve(problem, strategy)
    for vector in lottery.vectors:
        taken: dict[int, int] = {}
        for number, _, seats in vector:
            taken[number] = taken.get(number, 0) + seats
        assert all(n <= len(lottery.classes[c].lots) for c, n in taken.items())


def test_maximin_is_the_lottery_of_leximin_with_a_shorter_proof() -> None:
    fair, least = solve(quarter(), "leximin"), solve(quarter(), "maximin")
    assert (least.vectors, least.weights) == (fair.vectors, fair.weights)
    assert fair.certificate is not None
    assert least.certificate is not None
    assert len(canonical_json(least.certificate)) < len(canonical_json(fair.certificate))


@each_new
def test_infeasible_quotas_are_told_in_words(strategy: str) -> None:
    problem = SelectionProblem(
        people(*[{"sex": "f"}] * 3, *[{"sex": "m"}] * 3),
        plan(sex={"f": (3, 3), "m": (2, 3)}),
        seats=4,
    )
    with pytest.raises(InfeasibleQuotas, match="sex: m: at least 2 seats"):
        solve(problem, strategy)


# --- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_gamma", "kept"),
    [(2, "2"), ("1/2", "1/2"), ("0.5", "1/2"), (0.25, "1/4"), ("4/2", "2"), ("1", "1")],
)
def test_gamma_is_kept_in_lowest_terms(given_gamma: object, kept: str) -> None:
    lottery = solve(town(), "goldilocks", settings={"gamma": given_gamma})
    assert lottery.strategy is not None
    assert lottery.strategy.settings == {"gamma": kept}
    assert publication(lottery).draw("x").verify()


@pytest.mark.parametrize(
    "gamma", [0, -1, "0", "1/0", "-1/2", "much", "", True, None, 1e300, "nan", "1e9", ["1"]]
)
def test_gamma_must_be_a_ratio_above_0(gamma: object) -> None:
    with pytest.raises(StrategyRefused, match=r"gamma: .*greater than 0"):
        solve(town(), "goldilocks", settings={"gamma": gamma})


@pytest.mark.parametrize("strategy", ["maximin", "nash"])
def test_other_settings_are_refused(strategy: str) -> None:
    with pytest.raises(StrategyRefused, match="gamma"):
        solve(town(), strategy, settings={"gamma": "1"})


# --- promises ----------------------------------------------------------------------------------


def test_every_optimum_is_a_promise_that_can_be_checked() -> None:
    assert {"quotas", "households"} | set(OPTIMA) == PROMISES
    assert promised_optimum(["households", "nash", "quotas"]) == "nash"
    assert promised_optimum(["households"]) is None
    assert goal_of(["quotas"], {}) is None
    with pytest.raises(KeyError, match="gamma"):
        goal_of(["goldilocks"], {})
    with pytest.raises(ValueError, match="ratio"):
        goal_of(["goldilocks"], {"gamma": "0.5"})


@each_optimum
def test_a_plugin_that_promises_an_optimum_is_held_to_it(strategy: str) -> None:
    """Its lottery keeps the quotas, but seats one woman of two and one man of four alike."""
    problem = SelectionProblem(
        people(*[{"sex": "f"}] * 2, *[{"sex": "m"}] * 4),
        plan(sex={"f": (0, 2), "m": (0, 2)}),
        seats=2,
    )
    honest = solve(problem, strategy)
    assert honest.strategy is not None
    lottery = PanelLottery(problem, ["sex"], [(1, {(0, 0): 1, (1, 0): 1})], honest.certificate)
    with pytest.raises(LotteryRefused, match="gap"):
        publication(lottery.signed(honest.strategy))
    bare = PanelLottery(problem, ["sex"], [(1, {(0, 0): 1, (1, 0): 1})])
    with pytest.raises(LotteryRefused, match="no certificate"):
        publication(bare.signed(honest.strategy))
    modest = replace(honest.strategy, promises=("households", "quotas"))
    assert publication(bare.signed(modest)).draw("x").verify()


# --- verification ------------------------------------------------------------------------------


@cache
def drawn(strategy: str) -> DrawRecord:
    return publication(solve(quarter(), strategy), Facts()).draw("a seed")


def bytes_of(record: DrawRecord) -> dict[str, bytes]:
    return {
        "lottery": record.publication.public.content,
        "record": record.public.content,
        "private": record.publication.private.content,
        "private_record": record.private.content,
    }


def checked(contents: dict[str, bytes]) -> Verification:
    rest = dict(contents)
    return verify(rest.pop("lottery"), rest.pop("record"), **rest)


def forged(strategy: str, public: Any = None, private: Any = None) -> dict[str, bytes]:
    """The files of somebody who changed lottery or certificate before the draw, and made all
    digests anew."""
    documents = [
        json.loads(drawn(strategy).publication.public.content),
        json.loads(drawn(strategy).publication.private.content),
    ]
    for change, document in zip((public, private), documents, strict=True):
        if change is not None:
            change(document)
    lottery = LotteryFile.from_bytes(canonical_json(documents[0]))
    files = PrivateFile.from_bytes(canonical_json({**documents[1], "lottery": lottery.digest}))
    return bytes_of(DrawRecord.of(load(lottery, files), "a seed"))


def reason(contents: dict[str, bytes]) -> str:
    """Why the certificate is refused, where nothing else is wrong."""
    (check,) = checked(contents).failed
    assert check.code == "check-certificate"
    return check.describe()


@each_optimum
def test_an_honest_draw_verifies_and_says_which_optimum(strategy: str) -> None:
    result = drawn(strategy).verify()
    assert result, result.describe()
    assert result.level == "private"
    assert f"the certificate proves the optimum: {strategy}" in result.describe()
    assert checked(forged(strategy))


@each_optimum
def test_a_changed_multiplier_is_refused(strategy: str) -> None:
    def change(private: Any) -> None:
        stage = private["certificate"]["stages"][0]
        stage["seats"] = stage["seats"] * 2 + 3

    assert reason(forged(strategy, private=change))


@each_optimum
def test_changed_weights_are_refused(strategy: str) -> None:
    def change(public: Any) -> None:
        vectors = public["vectors"]
        weights = sorted(range(len(vectors)), key=lambda i: vectors[i]["weight"])
        low, high = vectors[weights[0]], vectors[weights[-1]]
        low["weight"], high["weight"] = high["weight"], low["weight"]

    failed = [check.code for check in checked(forged(strategy, public=change)).failed]
    assert failed == ["check-certificate"]


@each_new
def test_the_certificate_of_another_strategy_is_refused(strategy: str) -> None:
    for other in sorted(OPTIMA):
        proof = json.loads(drawn(other).publication.private.content)["certificate"]
        if other != strategy:
            contents = forged(strategy, private=lambda x, proof=proof: x.update(certificate=proof))
            assert reason(contents)


@each_optimum
def test_no_certificate_is_refused(strategy: str) -> None:
    contents = forged(strategy, private=lambda x: x.update(certificate=None))
    assert "there is no certificate" in reason(contents)


@each_optimum
def test_another_gap_is_refused(strategy: str) -> None:
    def change(public: Any) -> None:
        public["strategy"]["certificate"]["gap"] = "0.000000009999"

    assert "it proves a gap of" in reason(forged(strategy, public=change))


def test_another_gamma_is_refused() -> None:
    record = publication(solve(quarter(), "goldilocks"), Facts()).draw("a seed")
    document = json.loads(record.publication.public.content)
    for settings_, words in (({"gamma": "9"}, "gap"), ({"gamma": "0.5"}, "ratio"), ({}, "gamma")):
        document["strategy"]["settings"] = settings_
        public = LotteryFile.from_bytes(canonical_json(document))
        private = json.loads(record.publication.private.content)
        files = PrivateFile.from_bytes(canonical_json({**private, "lottery": public.digest}))
        assert words in reason(bytes_of(DrawRecord.of(load(public, files), "a seed")))


def test_gamma_decides_about_chances() -> None:
    small = solve(quarter(couple=False), "goldilocks").exact_chances
    large = solve(quarter(couple=False), "goldilocks", settings={"gamma": 9}).exact_chances
    assert float(max(small)) == pytest.approx(0.2, abs=1e-9)
    assert float(max(large)) == pytest.approx(180**0.5 * 3 / 29 - 1, abs=1e-9)
    assert min(small) < min(large)


@pytest.mark.parametrize(
    "promises",
    [
        ["nash"],
        ["nash", "quotas"],
        ["goldilocks", "households"],
        ["households", "leximin", "maximin", "quotas"],
    ],
)
def test_half_or_double_promises_are_refused(promises: list[str]) -> None:
    contents = forged("nash", public=lambda x: x["strategy"].update(promises=promises))
    assert "check-facts" in [check.code for check in checked(contents).failed]


def test_calling_one_optimum_by_the_name_of_another_is_refused() -> None:
    lottery = publication(solve(quarter(), "nash"), Facts())
    assert lottery.lottery.strategy is not None
    for other in ("leximin", "maximin"):
        promises = ("households", other, "quotas")
        signed = lottery.lottery.signed(replace(lottery.lottery.strategy, promises=promises))
        with pytest.raises(LotteryRefused):
            publication(signed)


def made_again(record: DrawRecord, strategy: str) -> Verification:
    return verify(
        record.publication.public.content,
        record.public.content,
        private=record.publication.private.content,
        private_record=record.private.content,
        solve=lambda problem: solve(problem, strategy),
    )


@each_new
def test_made_again_it_is_the_same(strategy: str) -> None:
    result = made_again(drawn(strategy), strategy)
    assert result
    assert "check-portfolio" in [check.code for check in result.checks]


def test_whoever_breaks_ties_otherwise_is_found_out_by_making_it_again() -> None:
    """As large a smallest chance, and so proven; but not what the strategy does with the rest."""
    problem = instance("fix_150")
    honest, other = solve(problem, "maximin"), solve(problem, "goldilocks")
    assert min(other.exact_chances) == pytest.approx(min(honest.exact_chances))
    assert max(other.exact_chances) < max(honest.exact_chances) / 2
    other.certificate = honest.certificate
    assert honest.strategy is not None
    record = publication(other.signed(honest.strategy), Facts()).draw("a seed")
    assert record.verify()
    (check,) = made_again(record, "maximin").failed
    assert check.code == "check-portfolio"
    assert "people have another chance" in check.describe()
