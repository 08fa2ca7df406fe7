"""What all panels of the optimum have in common is fixed before panels are sought."""

from __future__ import annotations

import numpy as np
import pytest

from mitwirkung.lottery.engine import leximin, relax
from mitwirkung.lottery.engine.face import minimal_face, onto_equalities
from polytopes import make

# A sits on every panel by a quota of their own, D on none; of B and C two sit, at most one of them
# a C. That quota is tight at the optimum, the one of B is not.
POLYTOPE = make(3, [1, 2, 8, 5], [[3], [0], [1], [2]], [0, 0, 0, 1], [2, 1, 0, 1])
CHANCES = np.array([1.0, 1 / 2, 1 / 8, 0.0])


def test_tight_quotas_become_equalities_and_certain_people_drop_out() -> None:
    relaxed = relax(POLYTOPE)
    assert relaxed is not None
    assert relaxed.chances == pytest.approx(CHANCES, abs=1e-12)
    face = minimal_face(POLYTOPE, relaxed.chances)
    assert face.polytope is not None
    assert face.always.tolist() == [0]
    assert face.types.tolist() == [1, 2]
    assert face.polytope.seats == 2
    assert face.polytope.lower.tolist() == [0, 1, 0, 0]
    assert face.polytope.upper.tolist() == [2, 1, 0, 0]
    assert face.target == pytest.approx([1, 1], abs=1e-12)
    assert face.whole(np.array([[0, 1], [0, 0]], np.int32)).tolist() == [[0, 1, 2], [0, 1, 1]]


def test_a_quota_that_only_rounding_holds_off_its_bound_is_tight() -> None:
    face = minimal_face(POLYTOPE, CHANCES + np.array([-1e-10, 1e-10, -1e-10, 1e-11]))
    assert face.polytope is not None
    assert face.polytope.lower.tolist() == [0, 1, 0, 0]
    assert face.types.tolist() == [1, 2]
    assert face.target.sum() == pytest.approx(2, abs=1e-14)
    assert face.target[1] == pytest.approx(1, abs=1e-14)


def test_a_quota_that_is_not_tight_stays_as_it_is() -> None:
    face = minimal_face(POLYTOPE, np.array([1.0, 0.55, 0.9 / 8, 0.0]))
    assert face.polytope is not None
    assert face.polytope.lower.tolist() == [0, 0, 0, 0]
    assert face.polytope.upper.tolist() == [2, 1, 0, 0]


def test_every_panel_of_the_optimum_lies_on_the_face() -> None:
    panels = leximin(POLYTOPE, seed=1).panels
    assert all(panel[0] == 0 and panel.tolist().count(2) == 1 for panel in panels)


def test_the_target_meets_equalities_to_rounding() -> None:
    polytope = make(5, [4, 6, 6, 4], [[0, 2], [0, 3], [1, 2], [1, 3]], [2, 3, 2, 3], [2, 3, 2, 3])
    rough = np.array([0.8, 1.2, 1.2, 1.8]) * (1 + 1e-7 * np.array([1, -2, 3, 1]))
    exact = onto_equalities(polytope, rough)
    assert polytope.counts(exact) == pytest.approx([2, 3, 2, 3], abs=1e-13)
    assert exact == pytest.approx(rough, abs=1e-6)


def test_one_panel_is_left_where_every_chance_is_0_or_1() -> None:
    face = minimal_face(POLYTOPE, np.array([1.0, 1.0, 0.0, 0.0]))
    assert face.polytope is None
    assert face.always.tolist() == [0, 1, 1]
