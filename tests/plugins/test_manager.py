"""Built-ins come through the door that everybody uses."""

from types import ModuleType

import pluggy
import pytest

from builders import town
from mitwirkung.errors import UnknownStrategy
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy
from mitwirkung.plugins.hookspecs import hookimpl
from mitwirkung.plugins.manager import PluginManager


class FirstComeStrategy(SelectionStrategy):
    name = "first-come"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


def plugin(hook: str = "register_selection_strategies") -> ModuleType:
    module = ModuleType("a_plugin")

    def register() -> list[type[SelectionStrategy]]:
        return [FirstComeStrategy]

    register.__name__ = hook
    setattr(module, hook, hookimpl(register))
    return module


def test_what_ships() -> None:
    shipped = ["goldilocks", "leximin", "maximin", "nash", "pots", "simple"]
    assert list(PluginManager().strategies()) == shipped


def test_a_plugin_adds_a_strategy_to_its_manager_alone() -> None:
    manager = PluginManager()
    manager.register(plugin(), name="mine")
    lottery = manager.strategy("first-come").solve(town())
    assert lottery.strategy is not None
    assert lottery.strategy.name == "first-come"
    with pytest.raises(UnknownStrategy, match="goldilocks, leximin, maximin, nash, pots, simple"):
        PluginManager().strategy("first-come")


def test_a_hook_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(pluggy.PluginValidationError, match="register_selection_strategy"):
        PluginManager().register(plugin("register_selection_strategy"), name="mine")
