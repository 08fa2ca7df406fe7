"""What pool and panel are made of, counted once more by hand."""

from __future__ import annotations

from hypothesis import given

from builders import people, plan, small_problems
from mitwirkung.app import solve
from mitwirkung.lottery.composition import compositions
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication


@given(small_problems(households=False))
def test_pool_and_panel_are_counted(problem: SelectionProblem) -> None:
    record = publication(solve(problem, "simple")).draw("seed")
    answers = [problem.answers(person) for person in range(len(problem))]
    found = compositions(record)
    assert [each.feature for each in found] == list(problem.quotas.features)
    for each in found:
        name = each.feature.name
        assert [counts.quota for counts in each.answers] == list(each.feature.quotas)
        for counts in each.answers:
            assert counts.quota is not None
            value = counts.quota.value
            assert counts.pool == sum(answer[name] == value for answer in answers)
            assert counts.panel == sum(answers[i][name] == value for i in record.panel)
        assert sum(counts.panel for counts in each.answers) == problem.seats


def test_people_without_an_answer_come_last_and_only_if_there_are() -> None:
    for blank in (0, 2):
        rows = [{"age": age} for age in ("old", "young", "young", *[""] * blank)]
        applicants = people(*rows, missing={"age": "unconstrained"})
        quotas = plan(age={"young": (0, 3), "old": (0, 3)})
        problem = SelectionProblem(applicants, quotas, seats=2)
        (found,) = compositions(publication(solve(problem, "simple")).draw("seed"))
        counted = [(a.quota.value if a.quota else None, a.pool) for a in found.answers]
        assert counted == [("young", 2), ("old", 1), *([(None, 2)] if blank else [])]
