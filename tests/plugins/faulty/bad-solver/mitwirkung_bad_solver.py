"""Its strategy breaks when it is used."""

from mitwirkung import PanelLottery, SelectionProblem, SelectionStrategy, hookimpl


class BrokenStrategy(SelectionStrategy):
    """It raises, with a name in the text."""

    name = "bad-solver"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        raise KeyError(f"nobody like {problem.ids[0]}")


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    return [BrokenStrategy]
