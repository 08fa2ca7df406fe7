"""Who watches a lottery while it is made: told how far it is, and free to stop it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

from mitwirkung.errors import MitwirkungError


@dataclass(frozen=True)
class Step:
    """How far a lottery is.

    Attributes:
        stage: the name of what is being done.
        share: the part of it that is done, from 0 to 1.
        bound: no lottery gives everybody a chance above this, as the solver found; None while that
            is not known, and always for `nash` and `goldilocks`, which aim at something else.
        gap: the best lottery so far leaves nobody more than this chance below what is aimed at;
            None while there is none.
    """

    stage: str
    share: float
    bound: float | None = None
    gap: float | None = None


Progress = Callable[[Step], None]
"""Told each step. What it raises never disturbs the lottery."""

Stop = Callable[[], bool]
"""Asked many times a second; True ends the lottery with `LotteryStopped`, and so does an error in
it, which is the cause then."""


class LotteryStopped(MitwirkungError, RuntimeError):
    """Somebody stopped the making of a lottery, so there is none; says what is proven so far."""


class Watch:
    """What a strategy reports to: it is called with a stage and a share, and passes them on.

    Attributes:
        bound: see `Step`; the last one that was told.
    """

    def __init__(self, progress: Progress | None = None, stop: Stop | None = None) -> None:
        self._progress, self._stop = progress, stop
        self.bound: float | None = None

    def __call__(
        self, stage: str, share: float, *, bound: float | None = None, gap: float | None = None
    ) -> None:
        """Tell a step; a bound stays known in those that follow.

        Raises:
            LotteryStopped: if the lottery is to stop.
        """
        if bound is not None:
            self.bound = bound
        if self._progress is not None:
            with contextlib.suppress(Exception):
                self._progress(Step(stage, share, self.bound, gap))
        self.check()

    def check(self) -> None:
        """Ask whether to stop, without telling anything.

        Raises:
            LotteryStopped: if the lottery is to stop.
        """
        if self._stop is None:
            return
        try:
            stop = self._stop()
        except Exception as error:
            raise self.stopped() from error
        if stop:
            raise self.stopped()

    def stopped(self) -> LotteryStopped:
        """The error that says what is proven so far."""
        if self.bound is None:
            return LotteryStopped("lottery-stopped")
        # Rounded up, with room for the tolerance of the solver: rounded down it would not be true.
        above = math.ceil(self.bound * 10**6 + 1e-3) / 10**6
        return LotteryStopped("lottery-stopped-bound", bound=f"{min(above, 1.0):.6f}")
