"""The only door to the solver HiGHS: models from numpy arrays, one thread, every status looked at.

HiGHS sets up its threads once in a process; a later model that asks for another number comes back
unsolved, without an exception. Every model here asks for one thread before anything else, and an
unsolved model is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

INFINITY: float = highspy.kHighsInf

_STRICT = 1e-10
_DUAL, _PRIMAL = 1, 4  # HiGHS's numbers of the simplex methods
_INTEGER: Mapping[str, float | int] = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-6,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-7,
    "mip_max_nodes": 1_000_000,
}


class SolverError(RuntimeError):
    """HiGHS gave no answer that can be used; the text holds its status."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Linear rows ``lower <= M x <= upper``; M as entries (row, column, value) in any order."""

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    value: NDArray[np.float64]


class _Quiet(highspy.Highs):
    """HiGHS says hello on the standard output when its constructor sets up callbacks."""

    def enableCallbacks(self) -> None:  # noqa: N802  # HiGHS calls it by this name
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Model:
    """A minimisation that stays alive: solve it, change it, and solve it again from where it stood.

    Args:
        cost: (C,) what one unit of each column costs.
        lower: (C,) lower bounds of the columns.
        upper: (C,) upper bounds of the columns.
        rows: the rows.
        integer: whether the columns must be whole numbers.
        presolve: whether HiGHS may simplify first; a model that is solved again and again is faster
            without.
        scaling: whether HiGHS may scale rows and columns; it does so anew at every solve.
        check: called many times a second while HiGHS works; what it raises ends the work and is
            raised by `solve`. So is Ctrl-C, for which Python has no ear inside of HiGHS. None for
            models that take milliseconds.

    Attributes:
        met: the solutions that an integer model met on its way in the last `solve`, each (C,).
        effort: iterations of the simplex method in the last `solve`: the same on every run.
    """

    def __init__(
        self,
        cost: NDArray[np.float64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        rows: Rows,
        *,
        integer: bool = False,
        presolve: bool = True,
        scaling: bool = True,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.columns = len(cost)
        self.integer = integer
        self.check = check
        self.highs = _Quiet()  # type: ignore[no-untyped-call]
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("presolve", "on" if presolve else "off")
        if not scaling:
            self.highs.setOptionValue("simplex_scale_strategy", 0)
        # Bounds that are moved a little to escape from ties must be moved back in the end.
        self.highs.setOptionValue("primal_simplex_bound_perturbation_multiplier", 0.0)
        self._set_tolerances(_STRICT)
        for name, value in _INTEGER.items() if integer else ():
            self.highs.setOptionValue(name, value)
        lp = highspy.HighsLp()
        lp.num_col_ = self.columns
        lp.num_row_ = len(rows.lower)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.row_lower_, lp.row_upper_ = rows.lower, rows.upper
        order = np.lexsort((rows.row, rows.column))
        per_column = np.bincount(rows.column, minlength=self.columns)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.append(0, np.cumsum(per_column)).astype(np.int32)
        lp.a_matrix_.index_ = rows.row[order].astype(np.int32)
        lp.a_matrix_.value_ = rows.value[order]
        if integer:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * self.columns
        if self.highs.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refused the model")
        self._kept: Any = None
        self.met: list[NDArray[np.float64]] = []
        self.effort = 0
        if integer:
            self.highs.cbMipSolution.subscribe(self._meet)

    def _meet(self, event: Any) -> None:
        self.met.append(np.array(event.data_out.mip_solution, np.float64))

    def solve(self, *, primal: bool = False) -> bool:
        """Whether an optimum was found; False says that the model has no solution.

        Where the last solution still meets all rows, the ``primal`` simplex method goes on from
        it; the dual one goes on from where rows were added.

        Raises:
            SolverError: for every other outcome.
        """
        self.met.clear()
        self.highs.setOptionValue("simplex_strategy", _PRIMAL if primal else _DUAL)
        status = self._run()
        if status == highspy.HighsModelStatus.kNotset:
            # Another part of this process set up HiGHS with another number of threads: take what
            # there is.
            self.highs.setOptionValue("threads", 0)
            status = self._run()
        if status == highspy.HighsModelStatus.kUnknown and not self.integer:
            status = self._run_more_patiently()
        if status == highspy.HighsModelStatus.kOptimal:
            return True
        infeasible = highspy.HighsModelStatus.kInfeasible
        # Every model of the engine is bounded, so "unbounded or infeasible" can only be the latter.
        if status in (infeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return False
        raise SolverError(f"HiGHS ended with {self.highs.modelStatusToString(status)}")

    def solve_afresh(self) -> bool:
        """Like `solve`, but forgetting the last basis and with presolve: slower, sturdier."""
        self.highs.clearSolver()
        self.highs.setOptionValue("presolve", "on")
        try:
            return self.solve()
        finally:
            self.highs.setOptionValue("presolve", "off")

    def _run_more_patiently(self) -> highspy.HighsModelStatus:
        """Again from the start, with looser tolerances if need be: on models with nearly equal
        rows the strict ones may be out of reach."""
        self.highs.setOptionValue("simplex_strategy", _DUAL)
        for tolerance in (_STRICT, 1e-9, 1e-8, 1e-7):
            self.highs.clearSolver()
            self._set_tolerances(tolerance)
            status = self._run()
            if status != highspy.HighsModelStatus.kUnknown:
                break
        self._set_tolerances(_STRICT)
        return status

    def _set_tolerances(self, tolerance: float) -> None:
        self.highs.setOptionValue("primal_feasibility_tolerance", tolerance)
        self.highs.setOptionValue("dual_feasibility_tolerance", tolerance)

    def _run(self) -> highspy.HighsModelStatus:
        self._kept = None
        if self.check is None:
            self.highs.run()
        else:
            self._run_under(self.check)
        self.effort = int(self.highs.getInfo().simplex_iteration_count)
        return self.highs.getModelStatus()

    def _run_under(self, check: Callable[[], None]) -> None:
        raised: list[BaseException] = []

        def look(event: Any) -> None:
            # Nothing may be raised through HiGHS.
            if not raised:  # HiGHS takes a while to stop
                try:
                    check()
                except BaseException as error:
                    raised.append(error)
            event.data_in.user_interrupt = bool(raised)

        ear = self.highs.cbMipInterrupt if self.integer else self.highs.cbSimplexInterrupt
        ear.subscribe(look)
        try:
            self.highs.run()
        finally:
            ear.unsubscribe(look)
        if raised:
            raise raised[0]

    def _solution(self) -> Any:
        # HiGHS copies all of it each time.
        if self._kept is None:
            self._kept = self.highs.getSolution()
        return self._kept

    def values(self) -> NDArray[np.float64]:
        """(C,) the solution."""
        return np.array(self._solution().col_value, np.float64)

    def reduced_costs(self) -> NDArray[np.float64]:
        """(C,) cost minus the rows' duals: positive where a column is held at its lower bound."""
        return np.array(self._solution().col_dual, np.float64)

    def duals(self) -> NDArray[np.float64]:
        """Duals of the rows: positive where the lower bound holds, negative where the upper
        does."""
        return np.array(self._solution().row_dual, np.float64)

    def stop_within(self, gap: float) -> None:
        """From now on an integer model may stop this near its optimum, as a part of it."""
        self.highs.setOptionValue("mip_rel_gap", gap)

    def bound(self) -> float:
        """What no solution of an integer model can go below."""
        return float(self.highs.getInfo().mip_dual_bound)

    def set_costs(self, cost: NDArray[np.float64]) -> None:
        """New costs (C,)."""
        self.highs.changeColsCost(self.columns, np.arange(self.columns, dtype=np.int32), cost)

    def set_row_bounds(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        """New bounds for the first ``len(lower)`` rows."""
        count = len(lower)
        rows = np.arange(count, dtype=np.int32)
        # highspy has this method, its stubs do not.
        self.highs.changeRowsBounds(count, rows, lower, upper)  # type: ignore[attr-defined]

    def set_entry(self, row: int, column: int, value: float) -> None:
        """A new matrix entry."""
        self.highs.changeCoeff(row, column, value)

    def set_upper_bounds(self, columns: list[int], upper: list[float]) -> None:
        """New upper bounds of some columns; their lower bounds are 0."""
        count = len(columns)
        numbers = np.array(columns, np.int32)
        self.highs.changeColsBounds(count, numbers, np.zeros(count), np.array(upper, np.float64))

    def add_column(
        self, rows: list[int], values: list[float], *, cost: float = 0.0, upper: float = INFINITY
    ) -> None:
        """One more column between 0 and ``upper``, with these entries."""
        self.highs.addCol(
            cost,
            0.0,
            upper,
            len(rows),
            np.array(rows, np.int32),
            np.array(values, np.float64),
        )
        self.columns += 1

    def add_columns(
        self, starts: NDArray[np.int64], rows: NDArray[np.int64], values: NDArray[np.float64]
    ) -> None:
        """More columns between 0 and infinity that cost nothing; the entries of each begin at its
        place in ``starts``."""
        count = len(starts)
        self.highs.addCols(
            *(count, np.zeros(count), np.zeros(count), np.full(count, INFINITY)),
            *(len(rows), starts.astype(np.int32), rows.astype(np.int32), values),
        )
        self.columns += count

    def drop_last_row(self) -> None:
        """Without the row that was added last."""
        self.highs.deleteRows(1, np.array([self.highs.getNumRow() - 1], np.int32))

    def add_row(
        self, upper: float, columns: list[int], values: list[float], lower: float = -INFINITY
    ) -> None:
        """One more row ``lower <= values . x[columns] <= upper`` below the others."""
        self.highs.addRow(
            lower,
            upper,
            len(columns),
            np.array(columns, np.int32),
            np.array(values, np.float64),
        )
