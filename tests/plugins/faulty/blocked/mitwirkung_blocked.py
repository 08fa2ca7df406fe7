"""It leaves a file beside itself when it is imported, to be found out."""

from pathlib import Path

from mitwirkung import PanelLottery, SelectionProblem, SelectionStrategy, hookimpl

Path(__file__).with_suffix(".imported").touch()


class FirstComeStrategy(SelectionStrategy):
    """Seats for anybody; promises nothing."""

    name = "blocked"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    return [FirstComeStrategy]
