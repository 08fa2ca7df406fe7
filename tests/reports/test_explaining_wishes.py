"""Explanations where people come together, must be seated, are left out, or panels are numbered."""

from __future__ import annotations

from builders import people, plan
from mitwirkung.app import solve
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.wishes import Wishes
from mitwirkung.reports.explaining import explain
from mitwirkung.reports.fairness import shut_out_by_quotas

ROWS = [
    {"sex": "f", "age": "old", "with": "A"},
    {"sex": "m", "age": "old", "with": "A"},
    {"sex": "f", "age": "old", "with": "B"},
    {"sex": "m", "age": "old", "with": "B"},
    {"sex": "m", "age": "old", "with": "B"},
    *[{"sex": "fm"[i % 2], "age": "young" if i % 3 else "old", "with": ""} for i in range(12)],
    {"sex": "x", "age": "old", "with": "C"},
    {"sex": "x", "age": "old", "with": "C"},
]


def problem(**wishes: object) -> SelectionProblem:
    quotas = plan(sex={"f": (2, 3), "m": (2, 3), "x": (0, 1)}, age={"old": (0, 3), "young": (0, 5)})
    declared = Wishes(companions="with", **wishes)  # type: ignore[arg-type]
    return SelectionProblem(people(*ROWS), quotas, seats=5, wishes=declared)


def test_limits_are_counted_in_seats() -> None:
    lottery = solve(problem())
    told = [
        limit
        for who in lottery.problem.ids
        for limit in (explain(lottery, who).own + explain(lottery, who).others)
    ]
    assert told
    limits = {(f.name, q.value): (q.min, q.max) for f in lottery.problem.features for q in f.quotas}
    for limit in told:
        assert limit.limit in limits[limit.feature, limit.value or ""]


def test_companions_without_a_chance_are_explained() -> None:
    lottery = solve(problem())
    assert not lottery.exact_chances[lottery.problem.ids.index("p17")]
    group = shut_out_by_quotas(lottery.problem, [lottery.problem.ids.index("p17")], certain=True)
    assert group.groups[0].limits
    text = explain(lottery, "p17").text("en")
    assert "none" in text
    assert "together or not at all" in text


def test_who_must_and_who_must_not() -> None:
    lottery = solve(problem(must={"p5": "speaks for the youth"}, must_not={"p6": "moved away"}))
    assert "speaks for the youth" in explain(lottery, "p5").text("de")
    out = explain(lottery, "p6")
    assert out.chance == 0
    assert "moved away" in out.text("en")
    assert "moved away" in out.as_data()["text"]["de"]


def test_numbered_panels_are_what_counts() -> None:
    made = publication(solve(problem()), key=b"k" * 32, panels=20)
    seen = 0
    for who, share in zip(made.problem.ids, made.chances, strict=True):
        found = explain(made, who)
        assert found.panels == (share * 20, 20)
        assert explain(made.lottery, who).panels is None
        if 0 < share < 1:
            seen += 1
            assert f"on {share * 20} of 20" in found.text("en")
    assert seen


def test_the_household_rule_is_said_as_it_is() -> None:
    rows = [{"sex": "fm"[i % 2], "home": f"h{i // 2}"} for i in range(8)]
    quotas = plan(sex={"f": (1, 3), "m": (1, 3)})
    for rule, said in (("at most one", "At most one person"), ("together", "Those who come")):
        wishes = Wishes(household_rule=rule)  # type: ignore[arg-type]
        held = SelectionProblem(people(*rows), quotas, seats=4, household=["home"], wishes=wishes)
        text = explain(solve(held), "p0").text("en")
        assert said in text
        assert ("At most one person" in text) == (rule == "at most one")
