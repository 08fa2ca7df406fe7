"""The problem as the engine sees it: how many people of each type may sit on one panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.linear import sums


@dataclass(frozen=True, eq=False)
class Polytope:
    """Panels over types of interchangeable people.

    A panel gives ``x[t]`` seats to type ``t``, with ``0 <= x[t] <= sizes[t]`` and ``sum(x) ==
    seats``; in each row ``r`` the seats of the types that count in it lie between ``lower[r]`` and
    ``upper[r]``. Quotas and household classes are both rows. A *panel* is written as the ascending
    list of the types of its seats, so that many panels are an array of shape (N, seats).

    Companions are seated all or none: a type of lots of ``units[t]`` people each has ``x[t]`` seats
    in multiples of it. Its people may have different answers, so that one of its seats counts only
    in part in a row; to stay whole, all bounds and counts are then given in parts of a seat, and
    ``values`` says how many parts a seat counts.

    Attributes:
        seats: people on a panel, at least 1.
        sizes: (T,) people per type, each at least 1.
        rows: (T, F) the rows a type counts in, each row at most once; the value R means "no row".
        lower: (R,) fewest seats per row.
        upper: (R,) most seats per row.
        units: (T,) people per lot, a divisor of the size; None where all lots are single people.
        values: (T, F) what one seat counts in each of ``rows``, for single people always the same;
            None where there are no units.

    Raises:
        ValueError: if shapes or values do not fit together. Contradictory bounds are no error here.
    """

    seats: int
    sizes: NDArray[np.int64]
    rows: NDArray[np.int32]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    units: NDArray[np.int64] | None = None
    values: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.sizes.ndim != 1 or self.rows.ndim != 2 or len(self.rows) != len(self.sizes):
            raise ValueError("sizes must have shape (T,) and rows shape (T, F)")
        if self.lower.ndim != 1 or self.lower.shape != self.upper.shape:
            raise ValueError("lower and upper must both have shape (R,)")
        if self.seats < 1 or (self.sizes < 1).any():
            raise ValueError("seats and every size must be at least 1")
        if self.rows.size and (self.rows.min() < 0 or self.rows.max() > len(self.lower)):
            raise ValueError("rows must hold numbers from 0 to R, where R stands for no row")
        ordered = np.sort(self.rows, axis=1)
        if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] < len(self.lower))).any():
            raise ValueError("a type may count only once in a row")
        if (self.units is None) != (self.values is None):
            raise ValueError("units and values belong together")
        if self.units is not None and (self.sizes % self.units).any():
            raise ValueError("every size must be a multiple of its unit")
        if self.values is not None and self.values.shape != self.rows.shape:
            raise ValueError("values must have the shape of rows")

    @property
    def types(self) -> int:
        """The number of types, T."""
        return len(self.sizes)

    @property
    def row_count(self) -> int:
        """The number of rows, R."""
        return len(self.lower)

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """The matrix rows x types where it is not 0: rows, types and values of its entries, by
        type."""
        types, columns = np.nonzero(self.rows < self.row_count)
        if self.values is None:
            values = np.ones(len(types))
        else:
            values = self.values[types, columns].astype(np.float64)
        return self.rows[types, columns].astype(np.int64), types.astype(np.int64), values

    def part(
        self,
        types: NDArray[np.int64],
        seats: int,
        lower: NDArray[np.int64],
        upper: NDArray[np.int64],
    ) -> Polytope:
        """The same over some ``types`` and with other seats and bounds.

        With single people alone, rows count in whole seats again.
        """
        sizes, rows = self.sizes[types], self.rows[types]
        if self.units is None or self.values is None:
            return Polytope(seats, sizes, rows, lower, upper)
        units, values = self.units[types], self.values[types]
        if (units > 1).any():
            return Polytope(seats, sizes, rows, lower, upper, units, values)
        parts = int(values.max(initial=1))
        return Polytope(seats, sizes, rows, -(-lower // parts), upper // parts)

    def counts(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Row sums (R,) of seats per type ``x`` (T,). Always summed in the same order."""
        rows, types, values = self.entries()
        return sums(rows, values * x[types], self.row_count)

    def row_counts(self, panels: NDArray[np.int32]) -> NDArray[np.int32]:
        """What the ``panels`` (N, seats) count in each row, (N, R); counted with integers."""
        counts_in = np.zeros((self.types, self.row_count + 1), np.int32)
        np.put_along_axis(counts_in, self.rows, 1 if self.values is None else self.values, axis=1)
        rows = np.zeros((len(panels), self.row_count + 1), np.int32)
        for seat in panels.T:
            rows += counts_in.take(seat, axis=0)
        return rows[:, :-1]

    def feasible(self, panels: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of the ``panels`` (N, seats) meet every row and every size; counted with
        integers."""
        n = len(panels)
        if panels.shape[1] != self.seats:
            return np.zeros(n, np.bool_)
        held = seats_per_type(panels, self.types)
        fits: NDArray[np.bool_] = np.all(held <= self.sizes, axis=1)
        if self.units is not None:
            fits &= np.all(held % self.units == 0, axis=1)
        rows = self.row_counts(panels)
        fits &= np.all((rows >= self.lower) & (rows <= self.upper), axis=1)
        return fits


def seats_per_type(panels: NDArray[np.integer[Any]], types: int) -> NDArray[np.int64]:
    """Seats of each type on each panel, (N, T), from ``panels`` (N, seats)."""
    n = len(panels)
    cells = (np.arange(n, dtype=np.int64)[:, None] * types + panels).ravel()
    return np.bincount(cells, minlength=n * types).reshape(n, types)


def examples(panels: NDArray[np.integer[Any]], types: int) -> NDArray[np.intp]:
    """(T,) The number of one of the ``panels`` (N, seats) that seats the type; -1 if none does."""
    example = np.full(types, -1)
    for seat in panels.T:
        example[seat] = np.arange(len(panels))
    return example


def panel_from_seats(x: NDArray[np.int64]) -> NDArray[np.int32]:
    """One panel (1, seats) from its seats per type (T,)."""
    return np.repeat(np.arange(len(x), dtype=np.int32), x)[None, :]


def tidy(panels: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same panels in canonical form: seats ascending, each panel once, in lexicographic
    order."""
    if not len(panels):
        return panels
    # Whole numbers whose highest byte stands first compare as their bytes do.
    ordered = np.sort(panels, axis=1).astype(">u4")
    width = 4 * panels.shape[1]
    lines = ordered.tobytes()
    unique = sorted({lines[i : i + width] for i in range(0, len(lines), width)})
    return np.frombuffer(b"".join(unique), ">u4").reshape(-1, panels.shape[1]).astype(np.int32)
