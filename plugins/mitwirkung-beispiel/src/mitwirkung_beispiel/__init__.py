"""A plugin of mitwirkung: the selection strategy `catch-up`."""

from __future__ import annotations

from mitwirkung import SelectionStrategy, hookimpl
from mitwirkung_beispiel.catch_up import CatchUpStrategy


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    """What this plugin adds."""
    return [CatchUpStrategy]
