"""Seats that fall free: against what is still missing, nobody twice, chained and verified."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from brute_force import leximin_over_panels
from builders import examples, feasible_panels, instance, people, plan, small_problems
from mitwirkung.app import solve, verify_record
from mitwirkung.cli import cli
from mitwirkung.errors import InputError
from mitwirkung.folders import report_files
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.folder import read_draw, read_lottery, read_record
from mitwirkung.lottery.folding import fold_types
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import ReplacementRefused, publication
from mitwirkung.lottery.replacement import GAVE_UP, HAS_SEAT, read_freed, replacement_problem
from mitwirkung.lottery.verification import verify
from mitwirkung.lottery.wishes import HOUSEHOLD, Wishes

KEY = b"k" * 32


def draw(problem: SelectionProblem, seed: str = "a seed", **options: Any) -> DrawRecord:
    return publication(solve(problem, **options), key=KEY).draw(seed)


@cache
def city() -> DrawRecord:
    return draw(instance("city_300", ["address1", "zip"]))


def gone(record: DrawRecord, count: int, reason: str = "declined") -> dict[str, str]:
    return dict.fromkeys(record.ids[:count], reason)


def answers(record: DrawRecord) -> dict[str, dict[str, str | None]]:
    problem = record.publication.problem
    return {who: problem.answers(i) for i, who in enumerate(problem.ids)}


# --- the problem -------------------------------------------------------------------------------


def test_the_quotas_are_those_less_who_keeps_a_seat() -> None:
    rows = [{"sex": s} for s in "ffffmmmm"]
    record = draw(SelectionProblem(people(*rows), plan(sex={"f": (2, 2), "m": (2, 3)}), seats=4))
    women = [who for who in record.ids if answers(record)[who]["sex"] == "f"]
    again = replacement_problem(record, freed={women[0]: "ill"})
    assert again.seats == 1
    quota = {q.value: (q.min, q.max) for q in again.quotas.features[0].quotas}
    assert quota == {"f": (1, 1), "m": (0, 1)}
    assert not set(record.ids) & set(again.ids)
    assert set(solve(again).chances.values()) == {0.0, 0.5}


def test_nobody_of_a_household_of_a_seated_person() -> None:
    record = city()
    problem = record.publication.problem
    freed = gone(record, 5)
    again = replacement_problem(record, freed=freed)
    kept = set(record.ids) - set(freed)
    homes = [{problem.ids[i] for i in lot} for lot in problem.lots if len(lot) > 1]
    neighbours = {who for home in homes if home & kept for who in home - kept - set(freed)}
    assert neighbours
    assert not neighbours & set(again.ids)
    assert {who for who, reason in again.refused.items() if reason == HOUSEHOLD} == neighbours
    declined = {who for home in homes if home & set(freed) for who in home - set(freed)}
    assert declined - neighbours <= set(again.ids)


@given(problem=small_problems(wishes=True), data=st.data())
@examples(100)
def test_it_is_that_of_brute_force(problem: SelectionProblem, data: st.DataObject) -> None:
    if not feasible_panels(problem):
        return
    record = draw(problem)
    gave_up = data.draw(st.sets(st.sampled_from(record.ids), min_size=1, max_size=2))
    again = replacement_problem(record, freed=dict.fromkeys(sorted(gave_up), "declined"))
    kept = set(record.ids) - gave_up
    assert not set(again.ids) & set(record.ids)
    assert again.replaces is not None
    candidates = panels_beside(problem, kept, set(record.ids), again.seats)
    if again.replaces.unfilled:
        assert again.seats + again.replaces.unfilled == len(gave_up)
        assert not panels_beside(problem, kept, set(record.ids), again.seats + 1)
    if not candidates:
        with pytest.raises((InfeasibleQuotas, TooFewApplicants)):
            solve(again)
        return
    off = [deviation(problem, kept | panel) for panel in candidates]
    loosened = again.replaces.loosened if again.replaces else ()
    assert bool(loosened) == (min(off) > 0)
    lottery = solve(again)
    if not loosened:
        good = [panel for panel, missed in zip(candidates, off, strict=True) if not missed]
        numbers = [[again.ids.index(who) for who in sorted(panel)] for panel in good]
        expected = leximin_over_panels(numbers, len(again))
        assert np.allclose([float(q) for q in lottery.exact_chances], expected, atol=1e-6)
    new = draw(again, "another seed")
    assert set(new.ids) in candidates
    wide = {(q.feature, q.value): q for q in loosened}
    spread = sum(
        (wide[f.name, q.value].min - q.min) + (q.max - wide[f.name, q.value].max)
        for f in again.quotas.features
        for q in f.quotas
        if (f.name, q.value) in wide
    )
    assert spread == min(off)


def panels_beside(
    problem: SelectionProblem, kept: set[str], had: set[str], seats: int
) -> list[set[str]]:
    """Sets of people who could fill so many seats: households and companions hold, quotas not."""
    ids = problem.ids
    together = {lot for kind in problem.kinds if kind.together for lot in kind.lots}
    lots = [({ids[i] for i in lot}, n in together) for n, lot in enumerate(problem.lots)]
    found = []
    for panel in itertools.combinations([w for w in ids if w not in had], seats):
        new = set(panel)
        for lot, whole in lots:
            inside = new & lot
            if whole and inside and inside != lot - had:
                break
            if not whole and (len(inside) > 1 or (inside and kept & lot)):
                break
        else:
            found.append(new)
    return found


def deviation(problem: SelectionProblem, panel: Iterable[str]) -> int:
    """How many seats a whole panel is off the quotas, all together."""
    members = [problem.answers(problem.ids.index(who)) for who in panel]
    off = 0
    for feature in problem.features:
        for quota in feature.quotas:
            held = sum(member[feature.name] == quota.value for member in members)
            off += max(0, quota.min - held) + max(0, held - quota.max)
    return off


def test_what_cannot_be_met_is_loosened_least_and_said() -> None:
    rows = [{"sex": s, "age": a} for s, a in ["fo", "fy", "my", "my", "my", "my"]]
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (1, 2), "m": (1, 2)}, age={"o": (1, 1), "y": (2, 2)}),
        seats=3,
    )
    record = draw(problem)
    again = replacement_problem(record, freed={"p0": "moved away"})
    assert [w.code for w in again.warnings] == ["replacement-loosened"] * len(again.warnings)
    published = publication(solve(again))
    replaces = published.public.replaces
    assert replaces is not None
    assert replaces.kept == 2
    assert [(q.feature, q.value, q.min, q.max) for q in replaces.loosened] == [
        ("age", "o", 1, 1),
        ("age", "y", 0, 0),
    ]
    assert len(published.draw("later").ids) == 1


def test_seats_stay_empty_where_nobody_is_left_for_them(tmp_path: Path) -> None:
    rows = [{"sex": s, "home": h} for s, h in ["f1", "m2", "f3", "m4", "f5", "m6", "m6"]]
    problem = SelectionProblem(
        people(*rows), plan(sex={"f": (2, 2), "m": (2, 2)}), seats=4, household=["home"]
    )
    first = draw(problem)
    freed = dict.fromkeys(first.ids[:3], "ill")
    again = replacement_problem(first, freed=freed)
    left = len({who for who in again.ids if who not in ("p5", "p6")}) + ("p5" in again.ids)
    assert again.seats == left == 2
    (warning, *_) = again.warnings
    assert warning.code == "replacement-unfilled"
    assert warning.params == {"free": 3, "people": 2, "unfilled": 1}
    solve(problem).publish(tmp_path / "one", key=KEY).draw("a seed")
    solve(again).publish(tmp_path / "two").draw("two")
    second = read_record(tmp_path / "two")
    public = second.publication.public
    assert public.replaces is not None
    assert (public.replaces.kept, public.seats, public.replaces.unfilled) == (1, 2, 1)
    assert "nobody else was left" in report_files(second)["report.html"].decode()
    found = verify_record(tmp_path / "two", before=[tmp_path / "one"], key=KEY)
    assert found, str(found)

    # Next time those who stayed in the pool are none: there is nobody to draw.
    third = replacement_problem([first, second], freed={second.ids[0]: "ill"})
    assert third.seats == 2
    with pytest.raises(TooFewApplicants):
        solve(third)


def test_whoever_lives_with_somebody_seated_is_not_left() -> None:
    rows = [{"sex": "f", "home": h} for h in "1123"]
    problem = SelectionProblem(people(*rows), plan(sex={"f": (0, 9)}), seats=3, household=["home"])
    first = draw(problem)
    home = next(who for who in first.ids if who in ("p0", "p1"))
    with pytest.raises(TooFewApplicants):  # the household of somebody who keeps a seat
        solve(replacement_problem(first, freed={who: "ill" for who in first.ids if who != home}))
    again = replacement_problem(first, freed=dict.fromkeys(first.ids, "ill"))
    assert again.replaces is not None
    assert (again.seats, again.replaces.unfilled, len(again.ids)) == (1, 2, 1)


# --- several rounds ----------------------------------------------------------------------------


def test_a_second_replacement_follows_from_both_draws(tmp_path: Path) -> None:
    first = city()
    second = draw(replacement_problem(first, freed=gone(first, 4)), "two")
    freed = {second.ids[0]: "expired", first.ids[10]: "ill"}
    problem = replacement_problem([first, second], freed=freed)
    assert problem.seats == 2
    assert problem.refused[first.ids[0]] == GAVE_UP + "declined"
    assert problem.refused[second.ids[0]] == GAVE_UP + "expired"
    assert problem.refused[second.ids[1]] == HAS_SEAT
    assert not {*first.ids, *second.ids} & set(problem.ids)
    assert problem.replaces is not None
    assert problem.replaces.record == second.public.digest
    assert problem.replaces.kept == first.publication.problem.seats - 2
    with pytest.raises(InputError):
        replacement_problem([second, first], freed=freed)
    with pytest.raises(InputError):
        replacement_problem(second, freed={second.ids[0]: "expired"})
    with pytest.raises(InputError, match="no seat"):
        replacement_problem([first, second], freed={first.ids[0]: "declined"})


def test_companions_who_are_more_than_the_free_seats_wait() -> None:
    rows = [{"sex": "f", "with": w} for w in ["", "", "", "", "x", "x", "x", "x"]]
    problem = SelectionProblem(
        people(*rows), plan(sex={"f": (0, 9)}), seats=4, wishes=Wishes(companions="with")
    )
    record = next(
        record
        for number in itertools.count()
        if "p4" not in (record := draw(problem, f"seed {number}")).ids
    )
    with pytest.raises(TooFewApplicants):
        solve(replacement_problem(record, freed={"p0": "ill"}))


# --- files -------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A draw and two replacements, on disk."""
    problem = instance("city_300", ["address1", "zip"])
    paths = tmp_path / "one", tmp_path / "two", tmp_path / "three"
    facts = Facts(event="Dialog")
    solve(problem).publish(paths[0], key=KEY, facts=facts).draw("one")
    records = [read_record(paths[0])]
    for number, path in enumerate(paths[1:], start=2):
        freed = dict.fromkeys(records[-1].ids[:2], "declined")
        again = replacement_problem(records, freed=freed)
        solve(again).publish(path).draw(str(number))
        records.append(read_record(path))
    return paths


def test_all_of_it_verifies(folders: tuple[Path, Path, Path]) -> None:
    one, two, three = folders
    for folder, before in ((two, [one]), (three, [one, two])):
        found = verify_record(folder, before=before, key=KEY)
        assert found, str(found)
        assert not any(check.skipped for check in found.checks)
        codes = {check.code for check in found.checks}
        assert codes >= {"check-replaces", "check-replacement", "check-portfolio", "check-key"}
    public = verify_record(three / "record-public.json", before=[one, two])
    assert public
    assert "check-replaces" in {check.code for check in public.checks}
    alone = verify_record(three)
    assert alone
    assert "check-replaces-missing" in {check.code for check in alone.checks if check.skipped}
    assert read_lottery(three).publication.public.event == "Dialog"


def test_draws_that_do_not_follow_each_other_are_seen(folders: tuple[Path, Path, Path]) -> None:
    one, two, three = folders
    for folder, before in ((three, [one]), (three, [two, one]), (two, [one, two]), (one, [two])):
        found = verify_record(folder, before=before)
        assert not found
        assert found.failed[0].code == "check-replaces"


def lots_of(folder: Path) -> list[list[str]]:
    return [each["lots"] for each in json.loads((folder / "lottery.json").read_text())["classes"]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x, one: x["replaces"].update(record="0" * 64), "does not follow"),
        (lambda x, one: x["replaces"].update(kept=1), "fill up to"),
        (lambda x, one: x.pop("replaces"), "fills no seats of another draw"),
        (lambda x, one: x.update(event="Other"), "another event"),
        (lambda x, one: x["classes"].append({"lots": [one], "positions": ["1"]}), "had a seat"),
    ],
)
def test_each_lie_about_the_draw_before_is_seen(
    folders: tuple[Path, Path, Path], change: Any, reason: str
) -> None:
    one, two, _ = folders
    seated = json.loads((one / "record-public.json").read_text())["seats"][0]["lot"]
    data = json.loads((two / "lottery.json").read_text())
    change(data, seated)
    LotteryFile.from_bytes(canonical_json(data))
    record = (two / "record-public.json").read_bytes()
    found = verify(canonical_json(data), record, before=[read_draw(one)])
    assert not found
    assert reason in found.describe()


def test_somebody_left_out_of_the_pool_is_seen(folders: tuple[Path, Path, Path]) -> None:
    """The city leaves one of the unseated out, and makes up a reason."""
    one = folders[0]
    first = read_record(one)
    honest = replacement_problem(first, freed=gone(first, 2))
    victim = next(who for who in honest.ids if who not in honest.must)
    wishes = Wishes(must_not={**honest.refused, victim: "has a seat"})
    problem = SelectionProblem(
        honest.applicants, honest.quotas, seats=2, household=honest.household, wishes=wishes
    )
    problem.replaces = honest.replaces
    published = publication(solve(problem))
    record = published.draw("two")
    found = verify(
        published.public.content,
        record.public.content,
        private=published.private.content,
        before=[read_draw(one)],
    )
    assert [check.code for check in found.failed] == ["check-replacement"]


def test_without_a_key_the_tokens_stay_those_of_the_first_lottery(tmp_path: Path) -> None:
    problem = instance("city_300", ["address1", "zip"])
    first = solve(problem).publish(tmp_path / "one").draw("one")
    again = replacement_problem(first, freed=gone(first, 3))
    published = solve(again).publish(tmp_path / "two")
    published.draw("two")
    tokens = dict(zip(problem.ids, first.publication.tokens, strict=True))
    before = dict(zip(first.publication.problem.ids, first.publication.tokens, strict=True))
    assert tokens == before
    for who, token in zip(
        published.publication.problem.ids, published.publication.tokens, strict=True
    ):
        assert before[who] == token
    found = verify_record(tmp_path / "two", before=[tmp_path / "one"])
    assert found, str(found)


def test_a_replacement_is_of_the_same_event() -> None:
    record = city()
    problem = replacement_problem(record, freed=gone(record, 1))
    with pytest.raises(ReplacementRefused):
        publication(solve(problem), Facts(event="Another"))


# --- errors ------------------------------------------------------------------------------------


def test_every_error_is_told_at_once() -> None:
    record = city()
    stranger = next(w for w in record.publication.problem.ids if w not in record.ids)
    with pytest.raises(InputError) as caught:
        replacement_problem(record, freed={stranger: "ill", record.ids[0]: " "})
    found = [(f.code, f.row) for f in caught.value.findings]
    assert found == [("freed-not-seated", 1), ("freed-reason-blank", 2)]
    assert stranger not in str(caught.value)
    with pytest.raises(InputError, match="nothing to fill"):
        replacement_problem(record, freed={})


def test_who_gave_up_is_read_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "freed.csv"
    path.write_text("id,reason\np1,declined\np2,expired\n", "utf-8")
    assert read_freed(path) == {"p1": "declined", "p2": "expired"}
    path.write_text("id,reason\np1,declined\np1,expired\n", "utf-8")
    with pytest.raises(InputError, match="row 3"):
        read_freed(path)
    path.write_text("name\nx\n", "utf-8")
    with pytest.raises(InputError, match="id, reason"):
        read_freed(path)


def test_errors_of_who_gave_up_name_file_row_and_column(tmp_path: Path) -> None:
    record = city()
    stranger = next(w for w in record.publication.problem.ids if w not in record.ids)
    path = tmp_path / "frei.csv"
    path.write_text(f"ID;Reason\n\n{record.ids[0]};\n{stranger};ill\n", "utf-8")
    with pytest.raises(InputError) as caught:
        replacement_problem(record, freed=read_freed(path))
    places = [(f.code, f.file, f.row, f.column) for f in caught.value.findings]
    assert places == [
        ("freed-reason-blank", "frei.csv", 3, "Reason"),
        ("freed-not-seated", "frei.csv", 4, "ID"),
    ]
    assert "frei.csv, row 4, column 'ID': This person has no seat" in str(caught.value)
    assert stranger not in str(caught.value)
    assert repr(read_freed(path)) == "<Freed: 2 people>"


def test_the_command_line_tells_all_errors_of_that_file_at_once(tmp_path: Path) -> None:
    rows = [{"sex": s} for s in "ffffmmmm"]
    problem = SelectionProblem(people(*rows), plan(sex={"f": (2, 2), "m": (2, 2)}), seats=4)
    record = solve(problem).publish(tmp_path / "one").draw("a seed")
    path = tmp_path / "frei.csv"
    rows = [f"{record.ids[0]},ill", f"{record.ids[0]},ill", "nobody,ill", f"{record.ids[1]},"]
    path.write_text("\n".join(["id,reason", *rows]) + "\n", "cp1252")
    called = ["replace", str(tmp_path / "one"), "--freed", str(path), "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(cli, [*called, "--language", "de"])
    assert done.exit_code == 2
    assert "frei.csv, Zeile 3, Spalte 'id': Diese Person steht schon in Zeile 2." in done.output
    assert "Zeile 4, Spalte 'id': Diese Person hat keinen Platz" in done.output
    assert "Zeile 5, Spalte 'reason': Der Grund fehlt" in done.output
    path.write_bytes(b"id,reason\n" + f"{record.ids[0]},möchte nicht\n".encode("cp1252"))
    assert CliRunner().invoke(cli, called).exit_code == 2
    done = CliRunner().invoke(cli, [*called, "--encoding", "windows-1252"])
    assert done.exit_code == 0, done.output


def test_it_takes_only_types_that_are_left() -> None:
    record = city()
    again = replacement_problem(record, freed=gone(record, 2))
    assert fold_types(again).polytope.sizes.sum() == len(again)
