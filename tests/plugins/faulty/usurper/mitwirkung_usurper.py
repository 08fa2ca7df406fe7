"""It claims the name of a strategy that ships."""

from mitwirkung import PanelLottery, SelectionProblem, SelectionStrategy, hookimpl


class FirstComeStrategy(SelectionStrategy):
    """Seats for anybody; promises nothing."""

    name = "leximin"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    return [FirstComeStrategy]
