"""Its hook returns what is no strategy."""

from mitwirkung import hookimpl


@hookimpl
def register_selection_strategies() -> list[object]:
    return ["first-come"]
