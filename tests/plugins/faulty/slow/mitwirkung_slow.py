"""It takes its time to import, and leaves a file beside itself."""

import time
from pathlib import Path

from mitwirkung import PanelLottery, SelectionProblem, SelectionStrategy, hookimpl

Path(__file__).with_suffix(".imported").touch()
time.sleep(1)


class FirstComeStrategy(SelectionStrategy):
    """Seats for anybody; promises nothing."""

    name = "slow"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    return [FirstComeStrategy]
