"""Types for the engine: equal answers and equal households make one, and a household one row."""

from __future__ import annotations

from builders import people, plan, town
from mitwirkung.lottery.folding import fold_types
from mitwirkung.lottery.problem import SelectionProblem


def test_equal_answers_in_equal_households_are_one_type() -> None:
    """Couples of a woman and a man, women who live together, and the same people alone."""
    rows = [{"sex": sex, "home": f"couple {i}"} for i in range(3) for sex in ("f", "m")]
    rows += [{"sex": "f", "home": f"flat {i}"} for i in range(2) for _ in range(2)]
    rows += [{"sex": "f", "home": ""}] * 4 + [{"sex": "m", "home": ""}] * 5
    quotas = plan(sex={"f": (2, 3), "m": (1, 4)})
    apart = fold_types(SelectionProblem(people(*rows), quotas, seats=5))
    assert apart.polytope.sizes.tolist() == [11, 8]
    types = fold_types(SelectionProblem(people(*rows), quotas, seats=5, household=["home"]))
    # f alone, two f in one home, f and m of couples, m alone; of three couples three may sit.
    assert sorted(types.polytope.sizes.tolist()) == [3, 3, 4, 4, 5]
    assert types.polytope.lower.tolist() == [2, 1, 0, 0]
    assert types.polytope.upper.tolist() == [3, 4, 2, 3]
    held = types.polytope.counts(types.polytope.sizes.astype(float)).tolist()
    assert held == [11.0, 8.0, 4.0, 6.0]


def test_there_is_one_row_for_all_equal_households() -> None:
    types = fold_types(town())
    several = [kind for kind in town().kinds if len(kind.profiles) > 1]
    assert types.polytope.row_count == len(types.quotas) + len(several)
    most = types.polytope.upper[len(types.quotas) :].tolist()
    assert most == [len(kind.lots) for kind in several]
