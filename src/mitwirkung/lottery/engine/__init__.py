"""The optimisation engine: exact leximin lotteries over quotas, their proof, and what makes quotas
impossible."""

from mitwirkung.lottery.engine.certificate import (
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
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.optimum import LotteryNotProven, Optimum, leximin
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.realise import Lottery, realise
from mitwirkung.lottery.engine.relaxation import relax

__all__ = [
    "TOLERANCE",
    "Certificate",
    "CertificateError",
    "Conflict",
    "Cut",
    "Lottery",
    "LotteryNotProven",
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
    "realise",
    "relax",
]
