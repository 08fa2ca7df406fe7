"""Lots, classes and positions in the order of handles: as they are published."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mitwirkung.lottery import encoding
from mitwirkung.lottery.panels import LotClass, PanelLottery
from mitwirkung.lottery.problem import Label, SelectionProblem

Place = tuple[int, int]
"""A class and a position in it, indexes from 0."""


def lot_handles(problem: SelectionProblem, handles: Sequence[str]) -> tuple[str, ...]:
    """The handle of every lot, in the order of `problem.lots`."""
    return tuple(encoding.lot_handle(handles[i] for i in members) for members in problem.lots)


def arrange(lottery: PanelLottery, handles: Sequence[str]) -> PanelLottery:
    """The same lottery with lots, classes and positions in the order of handles.

    Never by features: the order of a published file must not tell anything about answers.
    """
    classes, place = arranged_classes(lottery.problem, lottery.classes, handles)
    vectors = [
        (Fraction(weight), {place[c, position]: number for c, position, number in vector})
        for weight, vector in zip(lottery.weights, lottery.vectors, strict=True)
    ]
    arranged = PanelLottery(
        lottery.problem, lottery.features, vectors, lottery.certificate, classes=classes
    )
    return arranged if lottery.strategy is None else arranged.signed(lottery.strategy)


def arranged_classes(
    problem: SelectionProblem, classes: Sequence[LotClass], handles: Sequence[str]
) -> tuple[tuple[LotClass, ...], dict[Place, Place]]:
    """Classes by their smallest lot handle, positions by the first lot's handles.

    Returns:
        The classes, and where each place of the given classes is found in them.
    """
    handle_of = lot_handles(problem, handles)
    sorted_lots = [tuple(sorted(each.lots, key=handle_of.__getitem__)) for each in classes]
    order = sorted(range(len(classes)), key=lambda number: handle_of[sorted_lots[number][0]])
    arranged = []
    place: dict[Place, Place] = {}
    for new, old in enumerate(order):
        before = classes[old]
        place[old, 0] = (new, 0)
        labels: tuple[Label, ...] = ()
        if before.labels:
            features = tuple(name for name, _ in before.labels[0])
            members = sorted(problem.lots[sorted_lots[old][0]], key=handles.__getitem__)
            labels = tuple(problem.label(problem.profile_of[i], features) for i in members)
        after = LotClass(sorted_lots[old], labels, before.people, before.must)
        arranged.append(after)
        for label in () if before.together else labels:
            both = zip(before.positions_of(label), after.positions_of(label), strict=True)
            place.update({(old, i): (new, j) for i, j in both})
    return tuple(arranged), place


def position_names(lot_class: LotClass) -> tuple[str, ...]:
    """The names of a class's positions in the files."""
    if lot_class.together:
        return ("all",)
    return tuple(str(i + 1) for i in range(lot_class.positions)) if lot_class.labels else ("any",)
