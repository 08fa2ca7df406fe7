"""Its hook raises."""

from mitwirkung import hookimpl


@hookimpl
def register_selection_strategies() -> list[object]:
    raise ZeroDivisionError("the hook is broken")
