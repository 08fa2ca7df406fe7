"""A plugin of mitwirkung: the selection strategy `catch-up`."""

from __future__ import annotations

from mitwirkung import SelectionStrategy, hookimpl
from mitwirkung_beispiel.catch_up import CatchUpStrategy

__all__ = ["CatchUpStrategy", "register_selection_strategies"]


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    """What this plugin adds."""
    return [CatchUpStrategy]
