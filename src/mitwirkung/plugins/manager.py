"""A plugin manager of one's own: nothing is registered globally."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pluggy

from mitwirkung.errors import MitwirkungError, UnknownStrategy
from mitwirkung.lottery.strategy import Progress, SelectionStrategy
from mitwirkung.plugins import builtin, hookspecs


class StrategyNameTwice(MitwirkungError, ValueError):
    """Two plugins register a strategy of one name; none of them is chosen silently."""


class PluginManager:
    """Knows the selection strategies by name."""

    def __init__(self) -> None:
        self._hooks = pluggy.PluginManager(hookspecs.PROJECT)
        self._hooks.add_hookspecs(hookspecs)
        self.register(builtin, name="mitwirkung")

    def register(self, module: Any, *, name: str) -> None:
        """Add a plugin: a module with hook implementations.

        Raises:
            pluggy.PluginValidationError: it implements a hook that does not exist.
        """
        self._hooks.register(module, name=name)
        self._hooks.check_pending()

    def strategies(self) -> Mapping[str, type[SelectionStrategy]]:
        """All strategies by name, sorted.

        Raises:
            StrategyNameTwice: two plugins claim one name.
        """
        contributed = self._hooks.hook.register_selection_strategies()
        listed = [strategy for batch in contributed for strategy in batch]
        found = {strategy.name: strategy for strategy in listed}
        for strategy in listed:
            if found[strategy.name] is not strategy:
                raise StrategyNameTwice("strategy-name-twice", name=strategy.name)
        return dict(sorted(found.items()))

    def strategy(
        self,
        name: str,
        settings: dict[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> SelectionStrategy:
        """The strategy of that name, and no other.

        Raises:
            UnknownStrategy: there is none; lists what there is.
            StrategyRefused: the settings are wrong.
        """
        available = self.strategies()
        if name not in available:
            raise UnknownStrategy.named(name, list(available))
        return available[name](settings, progress)
