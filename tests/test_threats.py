"""Each way of cheating that `docs/explanation/threats.md` names, and that it is seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from builders import people, plan, town
from mitwirkung.app import solve, verify_record
from mitwirkung.folders import draw_folder, give_up_folder
from mitwirkung.lottery.draw import public_record
from mitwirkung.lottery.encoding import canonical_json, panel_hash
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import CountsRefused, Publication, publication
from mitwirkung.lottery.randomness import UnfitSeed, UnfitTemplate
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.verification import Verification, verify

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "threats.md"
KEY = b"thirty-two bytes, and some more of it"
SEED = {
    "template": "Lotto 6 aus 49 vom 2026-12-05: {numbers 6 of 1-49}",
    "earliest": "2026-12-05T19:25:00+01:00",
    "latest": "2026-12-06T12:00:00+01:00",
    "fallback": "Lotto 6 aus 49 vom 2026-12-09: {numbers 6 of 1-49}",
}
DRAWN = "Lotto 6 aus 49 vom 2026-12-05: 3 11 17 28 41 44"


def published(key: bytes = KEY, panels: int | None = None, **facts: Any) -> Publication:
    stated = Facts.model_validate({"event": "Dialog", "seed": SEED, **facts})
    return publication(solve(town()), stated, key=key, panels=panels)


def failed(found: Verification) -> dict[str, str]:
    return {check.code: "; ".join(check.reasons) for check in found.failed}


def forged(public: LotteryFile, **update: Any) -> LotteryFile:
    return LotteryFile.from_bytes(canonical_json({**json.loads(public.content), **update}))


def drawn(public: LotteryFile, seed: str = DRAWN) -> bytes:
    return public_record(public, seed).content


def test_another_key_after_the_seed() -> None:
    """Pseudonyms decide ties, so keys could be tried until the right people win."""
    before, after = published(), published(b"another key of at least 32 bytes!")
    found = verify(after.public.content, drawn(after.public), commitment=before.commitment)
    assert set(failed(found)) == {"check-commitment"}


def test_a_lottery_made_after_the_seed() -> None:
    """Back-dated paper: whatever it says inside, nobody has seen its commitment before."""
    late = published()
    found = verify(late.public.content, drawn(late.public))
    assert found
    assert not found.anchored
    assert "not anchored" in found.describe()


def test_another_order_of_rows_or_another_version_changes_nothing_or_the_commitment() -> None:
    rows = [{"id": f"p{i}", "sex": "fm"[i % 2]} for i in range(6)]

    def made(order: Iterable[dict[str, str]]) -> Publication:
        problem = SelectionProblem(people(*order), plan(sex={"f": (1, 2), "m": (1, 2)}), seats=3)
        return publication(solve(problem), key=KEY)

    assert made(rows).commitment == made(rows[::-1]).commitment
    other = forged(made(rows).public, software={"mitwirkung": "9.9"})
    assert other.digest != made(rows).commitment


def test_choosing_among_equally_good_lotteries() -> None:
    """Two ways to seat two of four with equal chances; the strategy makes one of them."""
    names = ("a", "b", "c", "d")
    problem = SelectionProblem(
        people(*({"who": name} for name in names)),
        plan(who=dict.fromkeys(names, (0, 1))),
        seats=2,
    )
    pairs = {"honest": ((0, 1), (2, 3)), "chosen": ((0, 2), (1, 3))}
    made = {
        name: PanelLottery(
            problem, ["who"], [(1, {(i, 0): 1, (j, 0): 1}) for i, j in vectors]
        ).signed(StrategyInfo("pairs", "1", {}, ()))
        for name, vectors in pairs.items()
    }
    assert made["honest"].exact_chances == made["chosen"].exact_chances
    for name, code in (("honest", "check-portfolio"), ("chosen", "check-portfolio-other")):
        one = publication(made[name], key=KEY)
        record = one.draw("x")
        files = {"private": one.private.content, "private_record": record.private.content}
        found = verify(
            one.public.content,
            record.public.content,
            key=KEY,
            solve=lambda problem: made["honest"],
            **files,
        )
        assert code in {check.code for check in found.checks}


def test_choosing_among_numbered_panels() -> None:
    """One panel ten times in the list: in public it looks right, at the private level it is not."""
    one = published(panels=100, seed={})
    panels = sorted(one.public.panels or ())
    lots = [lot for each in one.public.classes for lot in each.lots]
    favoured = sorted(
        [panels[0]] * 10 + panels[10:], key=lambda q: panel_hash((lots[n - 1], p) for n, p in q)
    )
    listed = [list(map(list, panel)) for panel in favoured]
    other = forged(one.public, panels=listed, deviation="0.900000000000")
    assert verify(other.content, drawn(other))
    private = canonical_json({**json.loads(one.private.content), "lottery": other.digest})
    assert "check-lottery-of-people" in failed(verify(other.content, drawn(other), private=private))


def test_drawing_again_until_it_pleases(tmp_path: Path) -> None:
    """The first draw is hidden; whoever has seen its record or its commitment shows it."""
    lottery = solve(town(), "simple")
    lottery.publish(tmp_path / "hidden", facts=Facts(event="Dialog"), key=KEY)
    draw_folder(tmp_path / "hidden", "first seed")
    again = Facts(event="Dialog", place="elsewhere")
    lottery.publish(tmp_path / "again", facts=again, key=KEY)
    draw_folder(tmp_path / "again", "second seed")
    found = verify_record(tmp_path / "again", key=KEY, previous=[tmp_path / "hidden"])
    assert "2 different lotteries of attempt 1" in failed(found)["check-attempts-single"]


def test_giving_up_without_a_trace(tmp_path: Path) -> None:
    lottery = solve(town(), "simple")
    first, third = tmp_path / "first", tmp_path / "third"
    lottery.publish(first, facts=Facts(event="Dialog"), key=KEY)
    given_up = give_up_folder(first, "Rain")
    facts = Facts(event="Dialog", attempt=3, previous=given_up.digest)
    lottery.publish(third, facts=facts, key=KEY)
    draw_folder(third, "x")
    found = verify_record(third, key=KEY, previous=[first])
    assert failed(found) == {"check-chain": "attempt 2 is missing"}


@pytest.mark.parametrize(
    "seed",
    [
        DRAWN.replace("vom", "am"),
        DRAWN.replace("3 11", "11 3"),
        DRAWN.replace("12-05", "12-06"),
        DRAWN + " ",
        "3 11 17 28 41 44",
    ],
)
def test_choosing_the_wording_of_the_seed(seed: str) -> None:
    one = published()
    with pytest.raises(UnfitSeed):
        one.draw(seed)
    record = canonical_json({**json.loads(drawn(one.public)), "seed": seed})
    assert "check-draw" in failed(verify(one.public.content, record))


def test_choosing_the_fallback_afterwards() -> None:
    one = published()
    other = forged(
        one.public, seed={**SEED, "fallback": "Mine: {digits 7}", "source": "x", "known": False}
    )
    found = verify(other.content, drawn(other, "Mine: 1234567"), commitment=one.commitment)
    assert set(failed(found)) == {"check-commitment"}
    # The stated fallback counts only if nothing was drawn; whether that is so stands in no file.
    for seed, told in ((DRAWN, False), (DRAWN.replace("-05", "-09"), True)):
        found = verify(one.public.content, drawn(one.public, seed))
        assert found
        assert ("of the FALLBACK" in found.describe()) == told
        assert not told or SEED["latest"] in found.describe()


@pytest.mark.parametrize(
    "template", ["Dice: {digits 3}", "Dice: {dice 3 of 6}", "{numbers 3 of 1-49}"]
)
def test_a_seed_with_so_few_outcomes_that_all_can_be_tried(template: str) -> None:
    with pytest.raises(UnfitTemplate):
        published(seed={**SEED, "template": template})


def test_sorting_the_dice() -> None:
    dice = {**SEED, "template": "Dice: {digits 3}"}
    one = published(panels=1000, seed=dice)
    assert one.seed_from("7 1 4") == "Dice: 714"
    other = one.draw("Dice: 147").public.content
    witnessed = one.draw("Dice: 714").public.content
    assert other != witnessed
    cheat = canonical_json({**json.loads(other), "seed": "Dice: 714"})
    assert "check-draw" in failed(verify(one.public.content, cheat))


def test_a_seat_for_somebody_else() -> None:
    one = published()
    record = json.loads(drawn(one.public))
    lots = {lot for each in one.public.classes for lot in each.lots}
    record["seats"][0]["lot"] = min(lots - {seat["lot"] for seat in record["seats"]})
    assert "check-draw" in failed(verify(one.public.content, canonical_json(record)))


def test_other_answers_than_those_on_the_receipt() -> None:
    """An applicant is put into a group with smaller chances: the leaf is not in the pool."""
    one = published()
    answers = dict(one.problem.answers(0))
    answers["sex"] = "m" if answers["sex"] == "f" else "f"
    receipt = Receipt(one.tokens[0], answers)
    found = verify(one.public.content, drawn(one.public), receipt=receipt)
    assert "check-leaf" in failed(found)


def test_leaving_somebody_out() -> None:
    one = published()
    receipt = Receipt("0" * 32, one.problem.answers(0))
    found = verify(one.public.content, drawn(one.public), receipt=receipt)
    assert "check-token" in failed(found)


def test_refusing_or_merging_without_counting_it() -> None:
    with pytest.raises(CountsRefused):
        published(counts={"received": 14, "refused": {"late": 1}, "merged": 0, "late": 0})
    one = published(counts={"received": 13, "refused": {"late": 1}, "merged": 0, "late": 0})
    counts = {**json.loads(one.public.content)["counts"], "received": 20}
    other = forged(one.public, counts=counts)
    assert "check-facts" in failed(verify(other.content, drawn(other)))


def test_quotas_tuned_to_the_pool() -> None:
    """Other quotas than those published make another file; and they stand there with their date."""
    one = published(quotas={"date": "2026-11-02"})
    assert one.public.quotas.date == "2026-11-02"
    quotas = json.loads(one.public.content)["quotas"]
    quotas["features"][0]["quotas"][0]["max"] -= 1
    other = forged(one.public, quotas=quotas)
    private = canonical_json({**json.loads(one.private.content), "lottery": other.digest})
    found = verify(other.content, drawn(other), private=private, commitment=one.commitment)
    assert {"check-commitment", "check-lottery-of-people"} <= set(failed(found))


def test_members_of_one_household_both_seated() -> None:
    one = published()
    document = json.loads(one.public.content)
    vector = document["vectors"][0]
    vector["seats"][0][2] += 50
    other = forged(one.public, vectors=document["vectors"])
    assert "check-vectors" in failed(verify(other.content, drawn(other)))


def test_the_page_names_every_test_and_no_other() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text("utf-8")))
    here = {name for name in globals() if name.startswith("test_")}
    assert named == here - {"test_the_page_names_every_test_and_no_other"}
