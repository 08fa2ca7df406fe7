"""Panels by chains: feasible, the same for the same seed, and found where chains could stall."""

from __future__ import annotations

import numpy as np
import pytest

from builders import instance
from mitwirkung.lottery.engine import Polytope, relax
from mitwirkung.lottery.engine.face import minimal_face
from mitwirkung.lottery.engine.polytope import seats_per_type, tidy
from mitwirkung.lottery.engine.sampling import sample_panels
from mitwirkung.lottery.folding import fold_types
from polytopes import make


def on_its_face(polytope: Polytope) -> tuple[Polytope, np.ndarray]:
    """The problem as the sampler meets it, and its target."""
    relaxed = relax(polytope)
    assert relaxed is not None
    face = minimal_face(polytope, relaxed.chances)
    assert face.polytope is not None
    return face.polytope, face.target


def ten_features() -> Polytope:
    """800 people who differ in ten features with quotas of one seat, none of them easy to move
    alone."""
    rng = np.random.default_rng(10)
    widths = np.array([2, 2, 2, 3, 3, 3, 4, 4, 5, 6])
    starts = np.cumsum([0, *widths[:-1]])
    odds = [rng.dirichlet(np.full(width, 6.0)) for width in widths]
    answers = np.stack([rng.choice(len(odd), 800, p=odd) for odd in odds], axis=1) + starts
    rows, sizes = np.unique(answers, axis=0, return_counts=True)
    due = 40 * np.concatenate(odds)
    lower, upper = np.floor(due).astype(int), np.ceil(due).astype(int)
    return make(40, sizes.tolist(), rows.tolist(), lower.tolist(), upper.tolist())


@pytest.mark.parametrize("name", ["fix_150", "city_300", "syn_cca"])
def test_all_panels_are_feasible_distinct_and_in_order(name: str) -> None:
    polytope, target = on_its_face(fold_types(instance(name)).polytope)
    panels = sample_panels(polytope, target, 2 * polytope.types, np.random.default_rng(1))
    assert len(panels) > polytope.types
    assert polytope.feasible(panels).all()
    assert tidy(panels).tolist() == panels.tolist()
    again = sample_panels(polytope, target, 2 * polytope.types, np.random.default_rng(1))
    assert again.tolist() == panels.tolist()


@pytest.mark.parametrize("name", ["fix_150", "city_300", "syn_cca"])
def test_their_mean_follows_the_target(name: str) -> None:
    polytope, target = on_its_face(fold_types(instance(name)).polytope)
    panels = sample_panels(polytope, target, 2 * polytope.types, np.random.default_rng(1))
    mean = seats_per_type(panels, polytope.types).mean(axis=0)
    assert np.abs(mean - target).max() < 0.1


def test_chains_do_not_stall_at_ten_features() -> None:
    """With a steeper penalty, or a tilt that is not clipped, next to none gets through."""
    polytope, target = on_its_face(ten_features())
    wanted = 2 * polytope.types
    panels = sample_panels(polytope, target, wanted, np.random.default_rng(2))
    assert len(panels) > 0.9 * wanted


def test_people_on_no_panel_do_not_hold_up_the_others() -> None:
    """The tilt towards those who are behind their target is clipped: it cannot be followed here."""
    whole = fold_types(instance("city_300")).polytope
    polytope, target = on_its_face(whole)
    rows = np.column_stack([polytope.rows, np.full(polytope.types, polytope.row_count + 1)])
    outsider = np.full(rows.shape[1], polytope.row_count + 1)
    outsider[-1] = polytope.row_count
    # "No row" was the number of rows, which is one more now.
    rows[rows == polytope.row_count] = polytope.row_count + 1
    wider = Polytope(
        polytope.seats,
        np.append(polytope.sizes, 5),
        np.vstack([rows, outsider]).astype(np.int32),
        np.append(polytope.lower, 0),
        np.append(polytope.upper, 0),
    )
    aim = np.append(target * (1 - 2 / polytope.seats), 2.0)
    wanted = 4 * wider.types
    panels = sample_panels(wider, aim, wanted, np.random.default_rng(4))
    assert wider.feasible(panels).all()
    assert len(panels) > 0.9 * wanted


def test_where_there_is_no_panel_the_search_ends() -> None:
    # The fractional point is a half of each; whole people fit in no way.
    rows = [[0, 1], [0, 2], [1, 2], [3, 3]]
    polytope = make(2, [1, 1, 1, 1], rows, [1, 1, 1], [1, 1, 1])
    target = np.array([0.5, 0.5, 0.5, 0.5])
    panels = sample_panels(polytope, target, 50, np.random.default_rng(3))
    assert panels.shape == (0, 2)
