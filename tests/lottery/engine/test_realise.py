"""From chances to panels and weights: how many panels, and what is said where they do not do."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from builders import instance
from mitwirkung.lottery.engine import Polytope, realise, relax
from mitwirkung.lottery.folding import fold_types
from polytopes import WITH_GAP, knotted, make

MODULE = importlib.import_module("mitwirkung.lottery.engine.realise")


def chances_of(polytope: Polytope) -> NDArray[np.float64]:
    relaxed = relax(polytope)
    assert relaxed is not None
    return relaxed.chances


def counting(monkeypatch: pytest.MonkeyPatch, *, first: int | None = None) -> list[int]:
    """How many panels the sampler is asked for, each time; it may hand over few at first."""
    honest = MODULE.sample_panels
    asked: list[int] = []

    def sample(polytope: Polytope, target: Any, wanted: int, *rest: Any, **options: Any) -> Any:
        asked.append(wanted)
        panels = honest(polytope, target, wanted, *rest, **options)
        return panels[:first] if len(asked) == 1 else panels

    monkeypatch.setattr(MODULE, "sample_panels", sample)
    return asked


@pytest.mark.parametrize("name", ["city_300", "fix_150", "syn_cca", "syn_sf_b"])
def test_two_panels_for_each_type_are_enough_at_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.3 for each type were too few for some."""
    polytope = fold_types(instance(name)).polytope
    asked = counting(monkeypatch)
    lottery = realise(polytope, chances_of(polytope), np.random.default_rng(1))
    assert lottery is not None
    assert lottery.realised
    assert len(asked) == 1
    assert asked[0] >= 2 * polytope.types


def test_more_panels_are_added_if_the_first_do_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    polytope = fold_types(instance("fix_150")).polytope
    asked = counting(monkeypatch, first=polytope.types)
    lottery = realise(polytope, chances_of(polytope), np.random.default_rng(1))
    assert len(asked) > 1
    assert lottery is not None
    assert lottery.realised


def test_a_target_on_a_lower_face_of_the_panels_is_reached() -> None:
    """A triangle of types of which any two clash, and three others: one of the triangle on every
    panel is the most there is, though no quota says so. Panels without any must weigh nothing."""
    polytope = make(2, [1, 1, 1, 3], [[0, 1], [1, 2], [0, 2], [3, 3]], [0, 0, 0], [1, 1, 1])
    chances = np.array([1 / 3, 1 / 3, 1 / 3, 1 / 3])
    lottery = realise(polytope, chances, np.random.default_rng(1))
    assert lottery is not None
    assert lottery.realised
    assert lottery.panels.tolist() == [[0, 3], [1, 3], [2, 3]]
    assert lottery.weights == pytest.approx(1 / 3, abs=1e-9)


@pytest.mark.parametrize("seed", WITH_GAP)
def test_what_panels_cannot_follow_is_not_called_realised(seed: int) -> None:
    polytope = knotted(seed)
    lottery = realise(polytope, chances_of(polytope), np.random.default_rng(1))
    assert lottery is None or not lottery.realised


def test_a_target_where_every_chance_is_0_or_1_is_one_panel_or_none() -> None:
    polytope = make(2, [1, 1, 2], [[0], [1], [1]], [1, 1], [1, 1])
    rng = np.random.default_rng(1)
    lottery = realise(polytope, np.array([1.0, 1.0, 0.0]), rng)
    assert lottery is not None
    assert (lottery.panels.tolist(), lottery.weights.tolist()) == ([[0, 1]], [1.0])
    assert realise(polytope, np.array([0.0, 0.0, 1.0]), rng) is None
