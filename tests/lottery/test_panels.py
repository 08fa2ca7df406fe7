"""The one form of a lottery: classes, vectors, whole weights, exact chances."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import people, plan, town
from mitwirkung.lottery.encoding import WEIGHT_TOTAL, whole_weights
from mitwirkung.lottery.panels import PanelLottery, lot_classes
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.testing import problems


@given(st.lists(st.fractions(min_value="1/1000", max_value=1000), min_size=1, max_size=50))
def test_weights_become_whole_and_add_up(weights: list[Fraction]) -> None:
    whole = whole_weights(weights)
    total = sum(weights)
    assert sum(whole) == WEIGHT_TOTAL
    assert all(
        abs(share - weight * WEIGHT_TOTAL / total) < 1
        for share, weight in zip(whole, weights, strict=True)
    )


def test_equal_weights_differ_by_one_at_most_and_the_earlier_get_more() -> None:
    whole = whole_weights([Fraction(1)] * 3)
    assert whole == [WEIGHT_TOTAL // 3 + 1, WEIGHT_TOTAL // 3, WEIGHT_TOTAL // 3]


def couples() -> SelectionProblem:
    """A single, a couple with different answers, equal twins and a household of three."""
    rows = [
        ("f", ""),
        ("f", "c"),
        ("m", "c"),
        ("m", "t"),
        ("m", "t"),
        *[("f", "3")] * 2,
        ("m", "3"),
    ]
    return SelectionProblem(
        people(*({"sex": s, "home": h} for s, h in rows)),
        plan(sex={"f": (0, 2), "m": (0, 2)}),
        seats=2,
        household=["home"],
    )


def test_chances_of_couples_twins_and_households_of_three() -> None:
    problem = couples()
    classes = lot_classes(problem, ["sex"])
    described = [tuple(answer for ((_, answer),) in c.labels) for c in classes]
    assert described == [("f",), ("f", "f", "m"), ("f", "m"), ("m", "m")]
    single, three, couple, twins = range(4)
    half = Fraction(1, 2)
    lottery = PanelLottery(
        problem,
        ["sex"],
        [(half, {(couple, 0): 1, (twins, 0): 1}), (half, {(couple, 1): 1, (three, 0): 1})],
    )
    assert lottery.classes[single].positions == 1
    assert dict(zip(problem.ids, lottery.exact_chances, strict=True)) == {
        "p0": 0,
        "p1": half,
        "p2": half,
        "p3": half / 2,
        "p4": half / 2,
        "p5": half / 2,
        "p6": half / 2,
        "p7": 0,
    }


def test_in_one_class_of_all_lots_the_members_share_the_chance_of_the_lot() -> None:
    problem = couples()
    lottery = PanelLottery(problem, (), [(1, {(0, 0): 2})])
    assert sum(lottery.exact_chances) == 2
    assert lottery.chances["p0"] == 0.5
    assert lottery.chances["p1"] == 0.25
    assert lottery.exact_chances[5] == Fraction(1, 6)


def test_equal_vectors_are_merged_and_sorted() -> None:
    problem = couples()
    one, other = {(0, 0): 1, (3, 1): 1}, {(0, 0): 1, (2, 0): 1}
    lottery = PanelLottery(
        problem, ["sex"], [(0.25, one), (0.5, other), (0.25, {**one, (1, 0): 0})]
    )
    assert lottery.vectors == (((0, 0, 1), (2, 0, 1)), ((0, 0, 1), (3, 1, 1)))
    assert lottery.weights == (WEIGHT_TOTAL // 2, WEIGHT_TOTAL // 2)


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        ({(0, 0): 1}, "seats 1 instead of 2"),
        ({(2, 0): 1, (2, 1): 1}, "more lots of a class"),
        ({(0, 1): 2}, "position"),
        ({(2, 0): 3, (2, 1): -1}, "more lots of a class"),
    ],
)
def test_a_vector_that_no_panel_has_is_refused(
    vector: dict[tuple[int, int], int], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        PanelLottery(couples(), ["sex"], [(1, vector)])


def test_a_lottery_without_vectors_or_with_an_unknown_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one vector"):
        PanelLottery(couples(), ["sex"], [])
    with pytest.raises(ValueError, match="height"):
        lot_classes(couples(), ["height"])


@given(problems())
def test_with_all_features_the_classes_are_the_kinds(problem: SelectionProblem) -> None:
    classes = lot_classes(problem, problem.quotas.names)
    assert [c.lots for c in classes] == [kind.lots for kind in problem.kinds]


@given(problems(), st.data())
def test_every_lot_is_in_one_class_and_equal_people_have_equal_labels(
    problem: SelectionProblem, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(problem.quotas.names), unique=True))
    classes = lot_classes(problem, names)
    assert sorted(lot for c in classes for lot in c.lots) == list(range(len(problem.lots)))
    for c in classes:
        for lot in c.lots:
            labels = [
                problem.label(problem.profile_of[i], sorted(names)) for i in problem.lots[lot]
            ]
            assert not c.labels or sorted(map(repr, labels)) == sorted(map(repr, c.labels))


def test_repr_shows_numbers_only() -> None:
    text = repr(PanelLottery(town(), (), [(1, {(0, 0): 4})]))
    assert text == "<PanelLottery: 4 seats for 12 people, 1 vectors, chances 0.1667 to 0.5000>"
