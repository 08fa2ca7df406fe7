"""The optimisation engine: exact optimal lotteries over quotas, their proof, and what makes quotas
impossible.

To be read in this order; `docs/explanation/method.md` does it for fifteen people:

- `polytope`: the problem: how many people of each type may sit on a panel.
- `relaxation`: leximin as if people could be divided: the target.
- `face`: what all panels of a lottery with this target have in common.
- `sampling`: many whole panels around the target, by `chains`, or `exchange` where they are rare.
- `several`: the same where companions are seated all or none.
- `weights`: weights under which the mean of the panels is the target.
- `realise`: from the target to panels and weights: face, sampling, weights.
- `certificate`: the proof in whole numbers, and its check in exact arithmetic.
- `rounding`: from the solver's multipliers to whole ones.
- `goal`: what a lottery can be optimal for; `maximin`, `goldilocks` and `nash` are one each, and
  `market` finds the prices of the last.
- `optimum`: all of it: relaxation, panels, weights, proof, and cuts where they are needed.
- `columns`: leximin over whole panels, where they cannot follow; `exact` makes its prices whole.
- `hull`: what is known of all panels, and cuts for many types and other goals; `master` finds the
  best lottery over known panels, `walk` and `integer` a better panel; `listing` finds all of them
  where seats are few.
- `reach`: what panels can be, and what a bound costs.
- `conflict`: quotas that no panel meets together; `elastic` how little of them must give way.
- `numbering`: equally likely panels in place of weighted ones.
- `alternates`: who should stand by, given who may drop out.
- `system`, `linear`, `highs`: tools: the relaxation as one sparse system, conjugate gradients, and
  the door to the solver.
"""

from mitwirkung.lottery.engine.certificate import (
    SAME,
    TOLERANCE,
    Certificate,
    CertificateError,
    Cut,
    Stage,
    confirm_cuts,
    exact_chances,
    gap,
)
from mitwirkung.lottery.engine.conflict import Conflict, NoPanel, find_conflict
from mitwirkung.lottery.engine.elastic import Elastic, Moves, cheapest_moves
from mitwirkung.lottery.engine.goal import Goal, Leximin
from mitwirkung.lottery.engine.goldilocks import Goldilocks
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.integer import has_panel
from mitwirkung.lottery.engine.maximin import Maximin
from mitwirkung.lottery.engine.nash import Nash
from mitwirkung.lottery.engine.numbering import equal_panels
from mitwirkung.lottery.engine.optimum import LotteryNotProven, Optimum, leximin, optimise
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.reach import never_on_a_panel, row_ends, without
from mitwirkung.lottery.engine.realise import Lottery, realise
from mitwirkung.lottery.engine.relaxation import largest_minimum, relax

__all__ = [
    "SAME",
    "TOLERANCE",
    "Certificate",
    "CertificateError",
    "Conflict",
    "Cut",
    "Elastic",
    "Goal",
    "Goldilocks",
    "Leximin",
    "Lottery",
    "LotteryNotProven",
    "Maximin",
    "Moves",
    "Nash",
    "NoPanel",
    "Optimum",
    "Polytope",
    "SolverError",
    "Stage",
    "cheapest_moves",
    "confirm_cuts",
    "equal_panels",
    "exact_chances",
    "find_conflict",
    "gap",
    "has_panel",
    "largest_minimum",
    "leximin",
    "never_on_a_panel",
    "optimise",
    "realise",
    "relax",
    "row_ends",
    "without",
]
