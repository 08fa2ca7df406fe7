"""It implements a hook that does not exist."""

from mitwirkung import hookimpl


@hookimpl
def register_selection_strategy() -> list[object]:
    return []
