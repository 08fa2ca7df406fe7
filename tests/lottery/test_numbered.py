"""Numbered panels: each keeps what is promised, and chances stay close to the exact ones."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import examples, feasible_panels, instance, people, plan, town
from mitwirkung.app import solve, verify_record
from mitwirkung.lottery import encoding
from mitwirkung.lottery.certificates import certificate_entry, certified_gap
from mitwirkung.lottery.contents import lottery_content, record_content
from mitwirkung.lottery.draw import public_record
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile, PrivateFile
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.numbered import (
    PanelsRefused,
    largest_deviation,
    numbered_panels,
    panel_chances,
)
from mitwirkung.lottery.panel_list import panel_list, short_handles
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import Publication, publication
from mitwirkung.lottery.randomness import UnfitSeed, UnfitTemplate
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.rules import Check, lottery_checks
from mitwirkung.lottery.verification import verify
from mitwirkung.testing import problems

KEY = b"thirty-two bytes, and some more of it"
SEED = {
    "source": "three ten-sided dice",
    "template": "Dice: {digits 3}",
    "earliest": "2026-12-05T18:00:00+01:00",
    "latest": "2026-12-05T20:00:00+01:00",
    "fallback": "Lotto: {numbers 6 of 1-49}",
}
FAR = "0.900000000000"
DICE = {**SEED, "template": "Dice: {dice 3 of 6}"}


def numbered(
    problem: SelectionProblem, panels: int, strategy: str = "leximin", **seed: str
) -> Publication:
    facts = Facts.model_validate({"seed": seed})
    return publication(solve(problem, strategy), facts, key=KEY, panels=panels)


def counted(published: Publication) -> Counter[int]:
    panels = published.public.panels or ()
    return Counter(
        person for panel in panels for seat in panel for person in published.holders[seat]
    )


@given(problems(feasible=True), st.sampled_from([10, 27, 100]))
@settings(deadline=None, parent=examples(25))
def test_every_panel_meets_all_quotas_and_households(problem: SelectionProblem, m: int) -> None:
    published = numbered(problem, m)
    feasible = set(feasible_panels(problem))
    panels = published.public.panels or ()
    assert len(panels) == m
    for panel in panels:
        people = tuple(sorted(p for seat in panel for p in published.holders[seat]))
        assert people in feasible


@given(problems(feasible=True), st.sampled_from(["leximin", "simple"]), st.sampled_from([10, 100]))
@settings(deadline=None, parent=examples(25))
def test_deviations_are_exact(problem: SelectionProblem, strategy: str, m: int) -> None:
    published = numbered(problem, m, strategy)
    counts, exact = counted(published), published.lottery.exact_chances
    chances = [Fraction(counts[person], m) for person in range(len(problem))]
    assert list(published.chances) == chances
    assert sum(chances) == problem.seats
    largest = max(abs(a - b) for a, b in zip(chances, exact, strict=True))
    assert published.public.deviation == encoding.decimal_text(largest)
    record = published.draw("a seed")
    table = list(csv.DictReader(io.StringIO(record_content(record)["chances.csv"].decode())))
    for person, row in enumerate(table):
        assert row["chance"] == encoding.decimal_text(chances[person])
        assert row["exact"] == encoding.decimal_text(exact[person])
        assert row["deviation"] == encoding.decimal_text(chances[person] - exact[person])


@given(problems(feasible=True))
@settings(deadline=None, parent=examples(12))
def test_more_panels_come_closer(problem: SelectionProblem) -> None:
    """Herding keeps the seats of each type within a bound that does not grow with m."""
    few, many = (Fraction(numbered(problem, m).public.deviation or "") for m in (100, 2000))
    assert many <= few + Fraction(1, 2000)
    assert many <= Fraction(len(problem), 2000)


@pytest.mark.parametrize("strategy", ["leximin", "simple"])
def test_members_of_one_lot_take_turns(strategy: str) -> None:
    published = numbered(town(), 1000, strategy)
    counts, exact = counted(published), published.lottery.exact_chances
    for members in published.problem.lots:
        for one in members:
            for other in members:
                if exact[one] == exact[other]:
                    assert abs(counts[one] - counts[other]) <= 6
    assert max(abs(Fraction(counts[i], 1000) - exact[i]) for i in range(12)) < Fraction(5, 1000)


@pytest.mark.parametrize("household", [[], ["address1", "zip"]])
def test_a_thousand_panels_of_a_city_are_close(household: list[str]) -> None:
    problem = instance("city_1000", household)
    published = numbered(problem, 1000, **SEED)
    assert Fraction(published.public.deviation or "") < Fraction(5, 1000)
    assert len(counted(published)) == len(problem)  # nobody is on no panel
    record = published.draw("Dice: 417")
    assert record.public.number == "417"
    assert len(record.panel) == problem.seats
    assert record.verify(key=KEY)


def test_pots_are_dealt_evenly() -> None:
    problem = instance("fix_150")
    made = solve(problem, "pots", settings={"features": list(problem.quotas.names[:2])})
    published = publication(made, key=KEY, panels=100)
    counts = counted(published)
    for lot_class in published.lottery.classes:
        in_class = [counts[problem.lots[lot][0]] for lot in lot_class.lots]
        assert max(in_class) - min(in_class) <= 1


def test_the_same_problem_makes_the_same_panels() -> None:
    made = numbered(town(), 100).public.content
    assert numbered(town(), 100).public.content == made
    published = numbered(town(), 100)
    again = numbered_panels(published.lottery, published.handles, 100)
    assert again == published.public.panels


def test_panels_are_sorted_by_their_hash() -> None:
    public = numbered(town(), 50).public
    lots = [lot for each in public.classes for lot in each.lots]
    hashes = [
        encoding.tagged_hash("mitwirkung-panel-1", [x for n, p in panel for x in (lots[n - 1], p)])
        for panel in public.panels or ()
    ]
    assert hashes == sorted(hashes)


@pytest.mark.parametrize("m", [0, 9, 10_001, -5])
def test_too_few_or_too_many_panels_are_refused(m: int) -> None:
    with pytest.raises(PanelsRefused, match="10 to 10000"):
        numbered(town(), m)


@pytest.mark.parametrize(
    ("m", "template"), [(1000, "{digits 4}"), (216, "{digits 3}"), (120, "{numbers 3 of 1-10}")]
)
def test_a_template_has_as_many_outcomes_as_there_are_panels(m: int, template: str) -> None:
    with pytest.raises(UnfitTemplate) as caught:
        numbered(town(), m, **{**SEED, "template": template})
    assert caught.value.code == "template-outcomes-panels"
    with pytest.raises(UnfitTemplate):
        publication(solve(town()), Facts.model_validate({"seed": SEED}))  # nothing is numbered


# ------------------------------------------------------------------------------------- the draw


def test_dice_and_digits_are_the_number() -> None:
    digits, dice = numbered(town(), 1000, **SEED), numbered(town(), 216, **DICE)
    for number in (0, 7, 215):
        seed = f"Dice: {number:03d}"
        assert digits.draw(seed).public.number == f"{number:03d}"
        first, rest = divmod(number, 36)
        second, third = divmod(rest, 6)
        drawn = dice.draw(f"Dice: {first + 1} {second + 1} {third + 1}").public
        assert drawn.number == f"{number:03d}"
        lots = [lot for each in dice.public.classes for lot in each.lots]
        seats = [(lots[n - 1], p) for n, p in (dice.public.panels or ())[number]]
        assert [(seat.lot, seat.position) for seat in drawn.seats] == seats


def test_the_fallback_is_hashed() -> None:
    public = numbered(town(), 1000, **SEED).public
    seed = "Lotto: 3 11 17 28 41 44"
    r = int(encoding.tagged_hash("mitwirkung-draw-1", (public.digest, seed))[:12], 16)
    assert public_record(public, seed).number == f"{r * 1000 // 16**12:03d}"


def test_another_wording_is_refused() -> None:
    public = numbered(town(), 1000, **SEED).public
    for seed in ("417", "Dice: 4 1 7", "Dice: 1000", "Lotto: 11 3 17 28 41 44"):
        with pytest.raises(UnfitSeed) as caught:
            public_record(public, seed)
        assert caught.value.code == "seed-does-not-fit"


def test_what_is_drawn_gets_the_wording_of_the_lottery() -> None:
    published = numbered(town(), 1000, **SEED)
    assert published.seed_from("4 1 7") == published.seed_from("417") == "Dice: 417"
    lotto = published.seed_from("44 3 11 17 28 41", fallback=True)
    assert lotto == "Lotto: 3 11 17 28 41 44"
    with pytest.raises(UnfitSeed) as caught:
        numbered(town(), 1000).seed_from("417")
    assert caught.value.code == "seed-without-template"


# -------------------------------------------------------------------------------- verification


def script() -> ModuleType:
    path = Path(__file__).parents[2] / "docs" / "verify.py"
    spec = importlib.util.spec_from_file_location("verify_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = [
    ("leximin", 1000, SEED, "Dice: 007"),
    ("leximin", 216, DICE, "Dice: 1 6 2"),
    ("leximin", 100, {}, "any text"),
    ("simple", 1000, SEED, "Lotto: 1 2 3 4 5 6"),
]


@pytest.mark.parametrize(("strategy", "m", "source", "seed"), CASES)
def test_all_levels_and_the_script_agree(
    strategy: str, m: int, source: dict[str, str], seed: str
) -> None:
    published = numbered(town(), m, strategy, **source)
    record = published.draw(seed)
    assert record.verify(commitment=published.commitment, key=KEY)
    lottery, drawn = published.public.content, record.public.content
    assert all(holds for _, holds in script().rules_of(json.loads(lottery)))
    assert script().rebuild_record(lottery, seed) == drawn
    content = {**lottery_content(published), **record_content(record)}
    receipts = list(csv.DictReader(io.StringIO(content["receipts.csv"].decode())))
    seated, record_of = set(), json.loads(drawn)
    for person, row in enumerate(receipts):
        receipt = Receipt.from_row(row["token"], receipts)
        found = verify(lottery, drawn, receipt=receipt)
        assert found, found.describe()
        codes = {check.code: check.params for check in found.checks}
        chance = encoding.decimal_text(published.chances[person])
        assert codes["check-chance-panels"]["chance"] == chance == row["chance"]
        if "check-my-seat" in codes:
            seated.add(person)
        data = {"features": dict(receipt.features), "mates": list(receipt.mates)}
        data["positions"] = list(receipt.positions)
        told = list(script().check_token(json.loads(lottery), record_of, row["token"], data))
        assert f"{float(published.chances[person]):.12f}" in told[1]
    assert seated == set(record.panel)


def test_a_receipt_with_the_position_of_a_mate_too_proves_nothing() -> None:
    published = numbered(town(), 20)
    record = published.draw("x")
    lottery, drawn = published.public.content, record.public.content
    rows = list(csv.DictReader(io.StringIO(lottery_content(published)["receipts.csv"].decode())))
    couples = [each.lots[0] for each in published.public.classes if len(each.positions) == 2]
    seen = 0
    for row in rows:
        mine = [encoding.handle(row["token"]), *row["mates"].split()]
        if encoding.lot_handle(mine) not in couples:
            continue
        seen += 1
        data = {"features": json.loads(row["features"]), "mates": mine[1:], "positions": ["1", "2"]}
        assert not verify(lottery, drawn, receipt=Receipt.from_data(row["token"], data))
        with pytest.raises(ValueError, match="positions"):
            list(script().check_token(json.loads(lottery), json.loads(drawn), row["token"], data))
    assert seen >= 2


def changed(public: LotteryFile, **update: object) -> LotteryFile:
    return LotteryFile.from_bytes(canonical_json({**json.loads(public.content), **update}))


def test_a_panel_that_breaks_a_rule_is_seen() -> None:
    published = numbered(town(), 100)
    panels = json.loads(published.public.content)["panels"]
    other = [[list(seat) for seat in panel] for panel in panels]
    broken: list[tuple[str, dict[str, object]]] = [
        ("sorted by their hashes", {"panels": panels[::-1]}),
        ("not 10 to", {"panels": panels[:5]}),
        ("seats 3", {"panels": [panels[0][:3], *panels[1:]]}),
        ("a lot comes twice", {"panels": [[panels[0][0], *panels[0][:3]], *panels[1:]]}),
        ("that there is not", {"panels": [[[999, "1"], *panels[0][1:]], *panels[1:]]}),
        ("that there is not", {"panels": [[[1, "9"], *panels[0][1:]], *panels[1:]]}),
        ("more than is stated", {"deviation": "0.000000000000"}),
        ("not stated", {"deviation": "none"}),
        ("not by number", {"draw": "hash"}),
        ("not 10 to", {"panels": []}),
    ]
    assert other == panels
    for reason, update in broken:
        found = lottery_checks(changed(published.public, **update))
        assert any(reason in why for check in found for why in check.reasons), (reason, found)
    document = json.loads(published.public.content)
    document["panels"][0][0][1] = "9"
    assert ("panels name positions", False) in script().rules_of(document)


def test_the_private_level_sees_panels_against_the_quotas_or_another_choice() -> None:
    """The worst that an insider can do to public files that are in good order."""
    published = numbered(town(), 100)
    good = record_content(published.draw("x"))
    panels = sorted(published.public.panels or ())
    lots = [lot for each in published.public.classes for lot in each.lots]

    def place(panel: tuple[tuple[int, str], ...]) -> str:
        return encoding.panel_hash((lots[n - 1], p) for n, p in panel)

    favoured = panels[0]
    swapped = sorted([favoured] * 10 + panels[10:], key=place)
    forged = changed(
        published.public, panels=[list(map(list, p)) for p in swapped], deviation="0.9" + "0" * 11
    )
    record = public_record(forged, "x")
    assert verify(forged.content, record.content)  # in public the list is in order
    private = json.loads(published.private.content)
    private["lottery"] = forged.digest
    found = verify(
        forged.content,
        record.content,
        private=canonical_json(private),
        private_record=good["record.json"],
    )
    assert not found
    assert any(check.code == "check-lottery-of-people" for check in found.failed)


def test_panels_against_quotas_are_seen_at_the_private_level() -> None:
    published = numbered(town(), 100)
    panels = [list(map(list, panel)) for panel in published.public.panels or ()]
    sizes = [
        (i + 1, c)
        for i, c in enumerate(
            each.positions for each in published.public.classes for _ in each.lots
        )
    ]
    women = [
        seat
        for seat, people in published.holders.items()
        if all(published.problem.answers(p)["sex"] == "f" for p in people)
    ]
    chosen: dict[int, list[object]] = {}
    for lot, position in women:
        chosen.setdefault(lot, [lot, position])
    assert len(chosen) >= 4
    assert sizes
    panels[0] = sorted(list(chosen.values())[:4])  # type: ignore[type-var]
    lots = [lot for each in published.public.classes for lot in each.lots]
    panels.sort(key=lambda panel: encoding.panel_hash((lots[n - 1], p) for n, p in panel))
    forged = changed(published.public, panels=panels, deviation=FAR)
    private = json.loads(published.private.content)
    private["lottery"] = forged.digest
    found = verify(
        forged.content, public_record(forged, "x").content, private=canonical_json(private)
    )
    (check,) = [check for check in found.failed if check.code == "check-numbered"]
    assert "seats 4 of sex: f" in check.reasons[0]


def chosen_panels(published: Publication, **update: object) -> LotteryFile:
    """One panel ten times, with a true deviation: as an insider would do it."""
    found = published.public.panels or ()
    lots = [lot for each in published.public.classes for lot in each.lots]
    chosen = sorted(
        [found[0]] * 10 + list(found[10:]),
        key=lambda panel: encoding.panel_hash((lots[n - 1], p) for n, p in panel),
    )
    chances = panel_chances(chosen, published.holders, len(published.problem))
    deviation = largest_deviation(chances, published.lottery.exact_chances)
    panels = [list(map(list, panel)) for panel in chosen]
    return changed(published.public, panels=panels, deviation=deviation, **update)


@pytest.mark.parametrize("strategy", ["leximin", None])
def test_chosen_panels_are_seen_with_and_without_the_strategy(strategy: str | None) -> None:
    published = numbered(town(), 20)

    def found(forged: LotteryFile) -> dict[str, Check]:
        private = {**json.loads(published.private.content), "lottery": forged.digest}
        verified = verify(
            forged.content,
            public_record(forged, "x").content,
            private=canonical_json(private),
            solve=None if strategy is None else lambda problem: solve(problem, strategy),
        )
        return {check.code: check for check in verified.checks}

    forged = chosen_panels(published)
    assert found(forged)["check-panels-again"].reasons == ("made again, they are others",)
    assert forged.deviation in found(forged)["check-numbered"].title()
    software = {**published.public.software, "numpy": "1.0"}
    check = found(chosen_panels(published, software=software))["check-panels-other"]
    assert check.skipped
    assert "NOT decided" in check.title()
    assert str(forged.deviation) in check.title()
    honest = found(changed(published.public, software=software))
    assert honest["check-panels-again"].ok  # the version does not matter where they are the same
    assert ("check-portfolio-no-strategy" in honest) == (strategy is None)


def test_a_weight_moved_by_one_does_not_hide_chosen_panels() -> None:
    """The vectors are others then, and so the lottery that is made again decides nothing."""
    published = numbered(town(), 20)
    vectors = json.loads(published.public.content)["vectors"]
    vectors[0]["weight"] += 1
    vectors[1]["weight"] -= 1
    forged = chosen_panels(published, vectors=vectors)
    read = {**json.loads(published.private.content), "lottery": forged.digest}
    lottery = load(forged, PrivateFile.from_bytes(canonical_json(read))).lottery
    entry = certificate_entry(certified_gap(lottery, forged.strategy.promises)).model_dump()
    strategy = {**forged.strategy.model_dump(mode="json"), "certificate": entry}
    forged = changed(forged, strategy=strategy)
    verified = verify(
        forged.content,
        public_record(forged, "x").content,
        private=canonical_json({**read, "lottery": forged.digest}),
        solve=solve,
    )
    assert [check.code for check in verified.failed] == ["check-panels-again"]


def hidden_friend(problem: SelectionProblem, strategy: str, panels: list[object]) -> list[str]:
    """What is found in public where these panels are said not to deviate at all."""
    document = json.loads(numbered(problem, 10, strategy).public.content)
    lots = [lot for each in document["classes"] for lot in each["lots"]]
    document["panels"] = sorted(
        panels, key=lambda panel: encoding.panel_hash((lots[n - 1], p) for n, p in panel)
    )
    document["deviation"] = "0.000000000000"
    public = LotteryFile.from_bytes(canonical_json(document))
    return [why for check in lottery_checks(public) for why in check.reasons]


def test_a_friend_on_every_panel_deviates_in_public() -> None:
    singles = SelectionProblem(people(*[{"sex": "f"}] * 20), plan(sex={"f": (0, 20)}), seats=4)
    panels = [[[1, "1"], *([n, "1"] for n in range(2 + i, 5 + i))] for i in range(10)]
    assert hidden_friend(singles, "simple", panels) == ["a chance deviates by more than is stated"]
    couples = SelectionProblem(
        people(*[{"sex": "fm"[i % 2], "home": f"h{i // 2}"} for i in range(24)]),
        plan(sex={"f": (2, 2), "m": (2, 2)}),
        seats=4,
        household=["home"],
    )
    panels = [[[1, "1"], [2 + i % 9, "1"], [11, "2"], [12, "2"]] for i in range(10)]
    assert hidden_friend(couples, "leximin", panels) == ["a chance deviates by more than is stated"]


def test_a_member_that_no_lot_can_have_is_on_no_panel() -> None:
    singles = SelectionProblem(people(*[{"sex": "f"}] * 20), plan(sex={"f": (0, 20)}), seats=4)
    panels = [[[n, "2"] for n in range(1 + i, 5 + i)] for i in range(10)]
    (flaw,) = [why for why in hidden_friend(singles, "simple", panels) if "panel" in why]
    assert "that there is not" in flaw


# ------------------------------------------------------------------------------------ the files


def test_the_list_names_every_panel_in_short_and_nobody() -> None:
    published = numbered(instance("fix_150"), 216, **DICE)
    page = panel_list(published.public).decode()
    short = short_handles(published.public)
    assert len(set(short.values())) == len(short)
    assert page.count('<section class="panel"') == 216
    assert "<h2>000 (1 1 1)</h2>" in page
    assert "<h2>215 (6 6 6)</h2>" in page
    assert published.commitment in page
    assert 'lang="de"' in page
    assert 'lang="en"' in page
    lots = [lot for each in published.public.classes for lot in each.lots]
    assert " ".join(short[lots[n - 1]] for n, _ in (published.public.panels or ())[7]) in page
    assert not any(token in page for token in published.tokens)
    with pytest.raises(ValueError, match="no numbered panels"):
        panel_list(publication(solve(town())).public)


def test_the_list_has_numbers_as_its_languages_write_them() -> None:
    published = numbered(instance("fix_150"), 1000)
    public = published.public
    page = panel_list(public).decode()
    english, german = page.split('<section class="panel"')[0].split('<section class="intro"')[1:]
    whole, decimals = (public.deviation or "").split(".")
    assert "<p>1.000 Auswahlen von je " in german
    assert f": {whole},{decimals}</p>" in german
    assert "<p>1,000 panels of " in english
    assert page.count('<a href="#p') == 20
    assert '<a href="#p950">950</a>' in page
    assert 'id="p950"' in page
    assert f": {public.deviation}</p>" in english


def test_the_list_keeps_a_lot_and_its_member_on_one_line_and_times_readable() -> None:
    published = numbered(town(), 1000, **SEED)
    page = panel_list(published.public).decode()
    short = short_handles(published.public)
    lots = [lot for each in published.public.classes for lot in each.lots]
    positions = {(lot, name) for panel in published.public.panels or () for lot, name in panel}
    alone = {
        lot for each in published.public.classes if each.positions == ("1",) for lot in each.lots
    }
    shared = [(lots[n - 1], name) for n, name in positions if lots[n - 1] not in alone]
    assert shared
    assert all(f"<span>{short[lot]}-{name}</span>" in page for lot, name in shared)
    assert "Not before December 5, 2026, 6:00" in page
    assert "Nicht vor 5. Dezember 2026, 18:00 (UTC+01:00)" in page
    assert "<nav>" not in panel_list(numbered(town(), 10).public).decode()


def test_the_folder_holds_the_list_and_verifies(tmp_path: Path) -> None:
    facts = Facts.model_validate({"seed": SEED})
    folder = tmp_path / "dialog"
    published = solve(town()).publish(folder, facts=facts, key=KEY, panels=1000)
    assert (folder / "panels.html").stat().st_mode & 0o044
    published.draw(published.seed_from("0 0 7"))
    assert verify_record(folder, key=KEY)
    (folder / "panels.html").write_text("another list")
    found = verify_record(folder, key=KEY)
    assert [check.reasons for check in found.failed] == [("panels.html",)]
    solve(town()).publish(folder, facts=Facts(), force=True)
    assert not (folder / "panels.html").exists()
