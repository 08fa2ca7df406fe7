"""Who must be seated, who must not, and who comes together: inside the optimum, and counted."""

from __future__ import annotations

import csv
import json
import pickle
import runpy
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brute_force import goldilocks_over_panels, leximin_over_panels, nash_over_panels
from builders import assert_promises_hold, examples, feasible_panels, people, plan, small_problems
from mitwirkung.app import solve, verify_record
from mitwirkung.errors import InputError, StrategyRefused
from mitwirkung.lottery.contents import lottery_content
from mitwirkung.lottery.encoding import canonical_json, panel_hash, token_from_key
from mitwirkung.lottery.facts import Counts, Facts
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.folder import read_lottery
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo
from mitwirkung.lottery.problem import SelectionProblem, check_problem
from mitwirkung.lottery.publication import CountsRefused, LotteryRefused, publication
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.rules import lottery_checks
from mitwirkung.lottery.sortition_files import check_panels
from mitwirkung.lottery.verification import verify
from mitwirkung.lottery.wishes import COMPANION, HOUSEHOLD, Wishes, read_wishes

SCRIPT = Path(__file__).parents[2] / "docs" / "verify.py"

REPOSITORY = Path(__file__).parent.parent.parent
OPTIMISING = ("leximin", "maximin", "nash", "goldilocks")
EVERY = (*OPTIMISING, "simple")
each_strategy = pytest.mark.parametrize("strategy", EVERY)


def village(**declared: Any) -> SelectionProblem:
    """Six seats for twenty people: couples with a shared entry in `with`, homes of two."""
    rows = [
        {
            "sex": "fm"[i % 2],
            "age": "abc"[i % 3],
            "with": f"pair {i // 2}" if 6 <= i < 12 else "",
            "home": f"home {i // 2}" if i < 4 else "",
        }
        for i in range(20)
    ]
    quotas = plan(sex={"f": (2, 4), "m": (2, 4)}, age={"a": (1, 3), "b": (1, 3), "c": (1, 3)})
    wishes = Wishes(**{"companions": "with", **declared})
    return SelectionProblem(people(*rows), quotas, seats=6, household=["home"], wishes=wishes)


WISHED: dict[str, Any] = {
    "must": {"p0": "chairs the meeting", "p6": "expert"},
    "must_not": {"p8": "member of the council", "p19": "too young"},
}


# --- the optimum -------------------------------------------------------------------------------


@given(problem=small_problems(wishes=True))
@examples(150)
def test_leximin_is_that_of_brute_force_over_all_panels(problem: SelectionProblem) -> None:
    panels = feasible_panels(problem)
    if not panels:
        with pytest.raises((InfeasibleQuotas, TooFewApplicants)):
            solve(problem)
        return
    lottery = solve(problem)
    assert_promises_hold(lottery)
    found = [float(chance) for chance in lottery.exact_chances]
    expected = leximin_over_panels(panels, len(problem))
    assert np.allclose(sorted(found), sorted(expected), atol=1e-6)
    assert sum(lottery.exact_chances) == problem.seats
    record = publication(lottery).draw("a seed")
    assert record.panel in panels
    assert record.verify()


@pytest.mark.parametrize("strategy", ["nash", "goldilocks"])
@given(problem=small_problems(wishes=True, most=8))
@examples(40)
def test_other_goals_are_those_of_brute_force(strategy: str, problem: SelectionProblem) -> None:
    panels = feasible_panels(problem)
    if not panels:
        return
    seated = np.zeros((len(problem), len(panels)))
    for column, panel in enumerate(panels):
        seated[list(panel), column] = 1
    chances = np.array([float(q) for q in solve(problem, strategy).exact_chances])
    possible = seated.max(axis=1) > 0
    mine, seated = chances[possible], seated[possible]
    if strategy == "nash":
        found = float(np.exp(np.log(mine).mean()))
        assert found == pytest.approx(nash_over_panels(seated), rel=1e-6)
    else:
        equal = problem.seats / len(problem)
        found = float(mine.max() / equal + equal / mine.min())
        assert found == pytest.approx(goldilocks_over_panels(seated, equal, 1.0), rel=1e-6)


def test_large_groups_with_few_fitting_panels_are_exact_too() -> None:
    """Groups of three and four, and quotas that only some combinations of them can meet."""
    rows = [
        {"sex": s, "age": a, "with": w}
        for s, a, w in [
            *(("f", "a", "x"), ("f", "b", "x"), ("m", "a", "x")),
            *(("m", "b", "y"), ("m", "b", "y"), ("f", "a", "y"), ("f", "b", "y")),
            *(("m", "a", "z"), ("m", "b", "z"), ("f", "b", "z")),
            *(("f", "a", ""), ("m", "a", ""), ("m", "b", ""), ("f", "b", "")),
        ]
    ]
    quotas = plan(sex={"f": (3, 3), "m": (3, 3)}, age={"a": (2, 3), "b": (3, 4)})
    problem = SelectionProblem(people(*rows), quotas, seats=6, wishes=Wishes(companions="with"))
    found = sorted(float(q) for q in solve(problem).exact_chances)
    expected = sorted(leximin_over_panels(feasible_panels(problem), len(problem)))
    assert found == pytest.approx(expected, abs=1e-6)


@each_strategy
def test_wishes_hold_in_every_vector_and_every_draw(strategy: str) -> None:
    problem = village(**WISHED)
    lottery = solve(problem, strategy)
    chance = lottery.chances
    assert all(chance[who] == 1 for who in ("p0", "p6", "p7"))
    assert not {"p1", "p8", "p9", "p19"} & set(chance)
    published = publication(lottery)
    for number in range(40):
        seated = set(published.draw(f"seed {number}").ids)
        assert len(seated) == 6
        assert seated >= {"p0", "p6", "p7"}
        assert ("p10" in seated) == ("p11" in seated)
        assert len(seated & {"p2", "p3"}) <= 1


def test_households_together_are_companions() -> None:
    problem = village(household_rule="together")
    lots = [tuple(sorted(problem.ids[i] for i in lot)) for lot in problem.lots]
    assert {lot for lot in lots if len(lot) > 1} == {
        *(("p0", "p1"), ("p2", "p3"), ("p6", "p7"), ("p8", "p9"), ("p10", "p11"))
    }
    chance = solve(problem).chances
    assert chance["p0"] == chance["p1"] > 0


def test_a_household_and_companions_elsewhere_join_to_one_group() -> None:
    rows = [{"sex": "f", "home": h, "with": w} for h, w in [("A", ""), ("A", "x"), ("B", "x")]]
    rows += [{"sex": "f", "home": "", "with": ""}] * 3
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (0, 3)}),
        seats=3,
        household=["home"],
        wishes=Wishes(companions="with", household_rule="together"),
    )
    assert max(map(len, problem.lots)) == 3
    assert set(solve(problem).chances.values()) == {0.5}


# --- simple and pots ---------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from(["", "", "", "a", "b", "c", "d"]), min_size=2, max_size=14),
    st.integers(1, 6),
)
@examples(150)
def test_simple_gives_every_lot_the_same_chance(parties: list[str], seats: int) -> None:
    applicants, quotas = (
        people(*({"sex": "f", "with": w} for w in parties)),
        plan(sex={"f": (0, 9)}),
    )
    wishes = Wishes(companions="with")
    if check_problem(applicants, quotas, seats=seats, wishes=wishes):
        return
    problem = SelectionProblem(applicants, quotas, seats=seats, wishes=wishes)
    singles = sum(len(lot) == 1 for lot in problem.lots)
    try:
        lottery = solve(problem, "simple")
    except TooFewApplicants:
        assert len(problem) < seats
        return
    except StrategyRefused:
        chance = Fraction(seats, len(problem))
        few = min(singles * chance, singles * (1 - chance))
        assert few < max(map(len, problem.lots))  # too few to make up for one group more or less
        return
    exact = Fraction(seats, len(problem))
    assert all(abs(q - exact) < Fraction(1, 10**9) for q in lottery.exact_chances)
    assert len(publication(lottery).draw("s").panel) == seats


def test_pots_refuse_what_they_cannot_do() -> None:
    for problem in (village(), village(companions=None, must={"p0": "expert"})):
        with pytest.raises(StrategyRefused, match=r"households|companions"):
            solve(problem, "pots", settings={"features": ["sex"]})
    rows = [{"sex": s, "with": w} for s, w in [("f", "x"), ("m", "x"), ("f", ""), ("m", "")]]
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (0, 2), "m": (0, 2)}),
        seats=2,
        wishes=Wishes(companions="with"),
    )
    with pytest.raises(StrategyRefused) as caught:
        solve(problem, "pots")
    assert caught.value.code == "strategy-wishes"


def test_a_strategy_that_leaves_out_who_must_be_seated_is_not_published() -> None:
    problem = SelectionProblem(
        people(*[{"sex": "f"}] * 4),
        plan(sex={"f": (0, 4)}),
        seats=2,
        wishes=Wishes(must={"p0": "expert"}),
    )
    rest = next(c for c, kind in enumerate(problem.kinds) if not kind.must)
    lottery = PanelLottery(problem, ["sex"], [(1, {(rest, 0): 2})])
    with pytest.raises(LotteryRefused, match="must be seated"):
        publication(lottery.signed(StrategyInfo("mine", "1", {}, ())))


# --- what is published -------------------------------------------------------------------------


def test_reasons_are_counted_and_nobody_is_named(tmp_path: Path) -> None:
    problem = village(**WISHED)
    stated = Facts(counts=Counts(received=25, merged=1, late=2, refused={"too young": 2}))
    published = solve(problem).publish(tmp_path / "dialog", facts=stated, key=b"k" * 32)
    counts = published.publication.public.counts
    assert counts.must_include == {"chairs the meeting": 1, COMPANION: 1, "expert": 1}
    assert counts.refused == {
        HOUSEHOLD: 1,
        COMPANION: 1,
        "member of the council": 1,
        "too young": 3,
    }
    assert counts.expected_pool() == len(problem) == 16
    public = (tmp_path / "dialog" / "lottery.json").read_text()
    assert not any(f'"{who}"' in public for who in problem.ids)
    with pytest.raises(CountsRefused):
        publication(solve(problem), Facts(counts=stated.counts.model_copy(update={"late": 0})))


def test_the_refused_leave_nothing_but_their_id_and_reason(tmp_path: Path) -> None:
    problem = village(**WISHED)
    solve(problem).publish(tmp_path / "dialog")
    private = json.loads((tmp_path / "dialog" / "lottery-private.json").read_text())
    assert "p19" not in {entry["id"] for entry in private["applicants"]}
    assert private["intake"]["wishes"]["refused"]["p19"] == "too young"


def test_without_wishes_the_files_are_as_before() -> None:
    problem = SelectionProblem(people(*[{"sex": "f"}] * 4), plan(sex={"f": (0, 4)}), seats=2)
    content = lottery_content(publication(solve(problem)))
    assert b"wishes" not in content["lottery-private.json"]
    assert b'"must":' not in content["lottery.json"]
    assert b'"people":1' not in content["lottery.json"]


@each_strategy
def test_all_levels_verify(tmp_path: Path, strategy: str) -> None:
    problem = village(**WISHED)
    published = solve(problem, strategy).publish(tmp_path / "dialog", key=b"k" * 32)
    record = published.draw("a seed")
    again = verify_record(
        tmp_path / "dialog",
        commitment=published.commitment,
        applicants=problem.applicants,
        quotas=problem.quotas,
        key=b"k" * 32,
    )
    assert again, str(again)
    assert again.level == "private"
    read = read_lottery(tmp_path / "dialog").publication
    assert read.problem.must == problem.must
    assert read.problem.refused == problem.refused
    assert read.draw("a seed").ids == record.ids
    with (tmp_path / "dialog" / "receipts.csv").open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    for who in record.ids:
        token = token_from_key(b"k" * 32, "not stated", who)
        mine = verify_record(
            tmp_path / "dialog" / "record-public.json", receipt=Receipt.from_row(token, [rows[who]])
        )
        assert mine, str(mine)
    (tmp_path / "mine.json").write_text(
        json.dumps(
            {
                "features": json.loads(rows["p6"]["features"]),
                "mates": rows["p6"]["mates"].split(),
                "positions": rows["p6"]["positions"].split(),
            }
        )
    )
    call = [
        sys.executable,
        REPOSITORY / "docs/verify.py",
        tmp_path / "dialog",
        "--token",
        rows["p6"]["token"],
        "--features",
        tmp_path / "mine.json",
    ]
    plain = subprocess.run(call, capture_output=True, text=True, check=False)
    assert plain.returncode == 0, plain.stdout
    assert "1.000000000000 (1)" in plain.stdout
    assert "position all" in plain.stdout


def test_the_private_file_and_the_key_can_be_replaced_by_the_inputs(tmp_path: Path) -> None:
    problem = village(**WISHED)
    published = solve(problem).publish(tmp_path / "dialog")
    record = published.draw("a seed")
    found = verify(
        published.publication.public.content,
        record.public.content,
        private_record=record.private.content,
        applicants=problem.applicants,
        quotas=problem.quotas,
    )
    assert found, str(found)


def changed(published: Any, change: Any) -> LotteryFile:
    data = json.loads(published.public.content)
    change(data)
    return LotteryFile.from_bytes(canonical_json(data))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x: x["counts"].update(must_include="not stated"), "check-facts"),
        (lambda x: [c.pop("must", None) for c in x["classes"]], "check-lottery-of-people"),
        (lambda x: [c.pop("people", None) for c in x["classes"]], "check-vectors"),
        (lambda x: x["counts"]["refused"].pop("too young"), "check-wishes"),
        (lambda x: x["counts"]["must_include"].update(expert=0, friend=1), "check-wishes"),
    ],
)
def test_seats_given_in_secret_are_seen(change: Any, code: str) -> None:
    published = publication(solve(village(**WISHED)))
    record = published.draw("a seed")
    public = changed(published, change)
    found = verify(public.content, record.public.content, private=published.private.content)
    assert not found
    flaws = [check.code for check in found.failed]
    assert code in flaws or "check-classes" in flaws or "check-pool" in flaws


def test_another_wish_than_the_published_one_is_seen() -> None:
    published = publication(solve(village(**WISHED)))
    data = json.loads(published.private.content)
    data["intake"]["wishes"]["must"].pop("p0")
    record = published.draw("a seed")
    found = verify(published.public.content, record.public.content, private=canonical_json(data))
    assert not found


# --- errors ------------------------------------------------------------------------------------


def codes(error: InputError) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.row) for finding in error.findings]


def test_every_contradiction_is_told_at_once() -> None:
    rows = [
        {"sex": "f", "home": "A", "with": ""},
        {"sex": "f", "home": "A", "with": ""},
        {"sex": "f", "home": "B", "with": "x"},
        {"sex": "f", "home": "B", "with": ""},
        {"sex": "f", "home": "", "with": "x"},
        {"sex": "f", "home": "", "with": "y"},
        {"sex": "f", "home": "", "with": "y"},
        {"sex": "f", "home": "", "with": "z"},
        {"sex": "f", "home": "", "with": "z"},
        {"sex": "f", "home": "", "with": "z"},
        {"sex": "f", "home": "", "with": ""},
    ]
    wishes = Wishes(
        must={"p0": "a", "p1": "b", "p5": "c", "p10": "c", "nobody": "d"},
        must_not={"p6": "e", "p0": " ", "p9": "two\nlines"},
        companions="with",
    )
    with pytest.raises(InputError) as caught:
        SelectionProblem(
            people(*rows), plan(sex={"f": (0, 2)}), seats=1, household=["home"], wishes=wishes
        )
    found = {code for code, _ in codes(caught.value)}
    assert found == {
        "wish-id-unknown",
        "wish-reason-blank",
        "wish-reason-line",
        "wish-both",
        "companions-both",
        "companions-household",
        "companions-too-many",
        "must-too-many",
    }
    everything = str(caught.value) + repr(caught.value)
    assert "nobody" not in everything
    assert pickle.loads(pickle.dumps(caught.value)).findings == caught.value.findings


def test_two_of_a_household_cannot_both_be_seated() -> None:
    with pytest.raises(InputError) as caught:
        village(must={"p0": "expert", "p1": "expert"})
    assert codes(caught.value) == [("must-household", 2)]
    both = village(must={"p0": "expert", "p1": "expert"}, household_rule="together")
    assert set(both.must) == {"p0", "p1"}


def test_columns_and_rules_that_do_not_fit() -> None:
    quotas = plan(sex={"f": (0, 1)})
    wishes = Wishes(companions="friend", household_rule="together")
    found = check_problem(people({"sex": "f"}), quotas, seats=1, wishes=wishes)
    assert {f.code for f in found} == {"companions-column-unknown", "household-rule-no-columns"}


def test_a_companion_who_did_not_apply_is_a_warning() -> None:
    problem = SelectionProblem(
        people({"sex": "f", "with": "x"}, {"sex": "f", "with": ""}),
        plan(sex={"f": (0, 1)}),
        seats=1,
        wishes=Wishes(companions="with"),
    )
    assert [w.code for w in problem.warnings] == ["companion-alone"]
    assert len(problem.lots) == 2


def test_quotas_that_clash_with_who_must_be_seated_are_told_in_words() -> None:
    problem = SelectionProblem(
        people(*[{"sex": "f"}] * 3, *[{"sex": "m"}] * 3),
        plan(sex={"f": (0, 1), "m": (0, 3)}),
        seats=2,
        wishes=Wishes(must={"p0": "expert", "p1": "expert"}),
    )
    with pytest.raises(InfeasibleQuotas, match="a seat for everybody who must have one"):
        solve(problem)


def test_companions_alone_can_make_quotas_impossible() -> None:
    rows = [{"sex": "f", "with": "x"}, {"sex": "f", "with": "x"}, *[{"sex": "m", "with": ""}] * 3]
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (1, 1), "m": (0, 3)}),
        seats=2,
        wishes=Wishes(companions="with"),
    )
    with pytest.raises(InfeasibleQuotas) as caught:
        solve(problem)
    assert caught.value.params["whole"]


# --- files -------------------------------------------------------------------------------------


def test_wishes_are_read_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "wishes.csv"
    path.write_text("id,seat,reason\np0,must,expert\np1,darf nicht,Ratsmitglied\n", "utf-8")
    wishes = read_wishes(path)
    assert (wishes.must, wishes.must_not) == ({"p0": "expert"}, {"p1": "Ratsmitglied"})
    path.write_text("id,seat,reason\np0,must,a\np0,must not,b\np2,maybe,c\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_wishes(path)
    assert codes(caught.value) == [("wish-twice", 3), ("wish-seat", 4)]
    path.write_text("who,seat\np0,must\n", "utf-8")
    with pytest.raises(InputError, match="missing: id, reason"):
        read_wishes(path)


def test_panels_of_other_tools_are_held_to_the_wishes() -> None:
    problem = village(**WISHED)
    good = publication(solve(problem)).draw("s").ids
    assert not check_panels(problem, [good])
    bad = [who for who in good if who not in ("p0", "p7")]
    bad += ["p2", "p10"]
    found = {f.code for f in check_panels(problem, [bad[:6]])}
    assert {"panel-must", "panel-companions"} <= found


def seated_expert(panels: int | None = None) -> dict[str, Any]:
    problem = SelectionProblem(
        people(*[{"sex": "f"}] * 8),
        plan(sex={"f": (0, 3)}),
        seats=3,
        wishes=Wishes(must={"p3": "expert"}),
    )
    content = publication(solve(problem), key=b"k" * 32, panels=panels).public.content
    document: dict[str, Any] = json.loads(content)
    return document


def test_whoever_must_be_seated_is_on_every_numbered_panel() -> None:
    document = seated_expert(10)
    wished = [each.get("must") for each in document["classes"] for _ in each["lots"]]
    lots = [lot for each in document["classes"] for lot in each["lots"]]
    must = 1 + wished.index(True)
    taken = {lot for lot, _ in document["panels"][0]}
    other = min(set(range(1, 9)) - taken)
    document["panels"][0] = [[lot, "1"] for lot in sorted(taken - {must} | {other})]
    document["panels"].sort(key=lambda panel: panel_hash((lots[n - 1], p) for n, p in panel))
    document["deviation"] = "0.900000000000"
    public = LotteryFile.from_bytes(canonical_json(document))
    (flaw,) = [why for check in lottery_checks(public) for why in check.reasons]
    assert flaw.endswith("leaves out somebody who must be seated")
    rules_of = runpy.run_path(str(SCRIPT))["rules_of"]
    broken = [rule for rule, holds in rules_of(document) if not holds]
    assert broken == ["panels seat whoever must be"]


def test_not_stated_is_no_reason_for_a_seat() -> None:
    document = seated_expert()
    document["counts"]["must_include"] = {"not stated": 1}
    public = LotteryFile.from_bytes(canonical_json(document))
    (flaw,) = [why for check in lottery_checks(public) for why in check.reasons]
    assert "does not say why" in flaw
