"""The optimisation engine: exact optimal lotteries over quotas, their proof, and what makes quotas
impossible."""

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
from mitwirkung.lottery.engine.goal import Goal, Leximin
from mitwirkung.lottery.engine.goldilocks import Goldilocks
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.maximin import Maximin
from mitwirkung.lottery.engine.nash import Nash
from mitwirkung.lottery.engine.optimum import LotteryNotProven, Optimum, leximin, optimise
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.realise import Lottery, realise
from mitwirkung.lottery.engine.relaxation import relax

__all__ = [
    "SAME",
    "TOLERANCE",
    "Certificate",
    "CertificateError",
    "Conflict",
    "Cut",
    "Goal",
    "Goldilocks",
    "Leximin",
    "Lottery",
    "LotteryNotProven",
    "Maximin",
    "Nash",
    "NoPanel",
    "Optimum",
    "Polytope",
    "SolverError",
    "Stage",
    "confirm_cuts",
    "exact_chances",
    "find_conflict",
    "gap",
    "leximin",
    "optimise",
    "realise",
    "relax",
]
