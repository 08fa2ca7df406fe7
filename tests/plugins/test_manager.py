"""Built-ins and a program's own plugins come through the door that everybody uses."""

from __future__ import annotations

from importlib.metadata import version
from types import ModuleType
from typing import Any

import pytest

from builders import town
from mitwirkung.app import Mitwirkung, solve
from mitwirkung.errors import (
    NameConflict,
    PluginFailed,
    StrategyFailed,
    StrategyRefused,
    UnknownStrategy,
)
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy, StrategySettings
from mitwirkung.plugins.hookspecs import hookimpl
from mitwirkung.plugins.manager import PluginManager

SHIPPED = ["goldilocks", "leximin", "maximin", "nash", "pots", "simple"]


class FirstComeStrategy(SelectionStrategy):
    """Seats for anybody; promises nothing."""

    name = "first-come"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


def plugin(
    *strategies: Any, hook: str = "register_selection_strategies", result: Any = None
) -> ModuleType:
    module = ModuleType("a_plugin")

    def register() -> Any:
        return list(strategies) if result is None else result

    register.__name__ = hook
    setattr(module, hook, hookimpl(register))
    return module


def alone(*modules: ModuleType) -> Mitwirkung:
    """An installation that looks at no installed plugin."""
    return Mitwirkung(plugins=modules, environ={"MITWIRKUNG_BLOCK_PLUGINS": "*"})


def test_what_ships() -> None:
    assert list(alone().strategies()) == SHIPPED
    builtin = alone().plugins()[0]
    assert (builtin.distribution, builtin.version) == ("mitwirkung", version("mitwirkung"))


def test_a_program_adds_a_strategy_to_its_installation_alone() -> None:
    app = alone(plugin(FirstComeStrategy))
    lottery = app.solve(town(), "first-come")
    assert lottery.strategy is not None
    assert lottery.strategy.name == "first-come"
    assert "first-come" in app.strategies()
    with pytest.raises(UnknownStrategy, match="leximin"):
        alone().solve(town(), "first-come")


def test_an_unknown_name_comes_with_the_nearest() -> None:
    with pytest.raises(UnknownStrategy, match="did you mean 'leximin'") as caught:
        solve(town(), "leximn")
    assert isinstance(caught.value, LookupError)
    assert set(SHIPPED) <= set(caught.value.params["available"])


def test_a_hook_that_does_not_exist_is_an_error_with_the_nearest() -> None:
    with pytest.raises(PluginFailed, match="did you mean 'register_selection_strategies'"):
        alone(plugin(FirstComeStrategy, hook="register_selection_strategy"))


def test_a_hook_with_an_argument_that_does_not_exist_is_an_error() -> None:
    module = ModuleType("a_plugin")

    @hookimpl
    def register_selection_strategies(colour: str) -> list[Any]:
        return [colour]

    module.register_selection_strategies = register_selection_strategies  # type: ignore[attr-defined]
    with pytest.raises(PluginFailed, match="colour") as caught:
        alone(module)
    assert caught.value.code == "plugin-hook-arguments"


def test_a_name_that_ships_cannot_be_taken() -> None:
    taken = type("Taken", (FirstComeStrategy,), {"name": "simple"})
    with pytest.raises(NameConflict, match="'builtin' of mitwirkung, 'a_plugin' of a_plugin"):
        alone(plugin(taken))


class Loose(StrategySettings, extra="allow"):
    pass


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        (FirstComeStrategy(), "is no class"),
        (type("Nameless", (SelectionStrategy,), {"lottery": FirstComeStrategy.lottery}), "name"),
        (type("Spaced", (FirstComeStrategy,), {"name": "First Come"}), "name"),
        (type("Reserved", (FirstComeStrategy,), {"name": "use"}), "reserved"),
        (type("Unversioned", (FirstComeStrategy,), {"version": 2}), "version"),
        (type("Promising", (FirstComeStrategy,), {"promises": frozenset({"luck"})}), "luck"),
        (type("Spelled", (FirstComeStrategy,), {"promises": "quotas"}), "frozenset"),
        (type("Unpromising", (FirstComeStrategy,), {"promises": None}), "frozenset"),
        (type("Loosened", (FirstComeStrategy,), {"Settings": Loose}), "unknown keys"),
        (type("Unset", (FirstComeStrategy,), {"Settings": dict}), "StrategySettings"),
        (type("Abstract", (SelectionStrategy,), {"name": "abstract"}), "define lottery"),
    ],
)
def test_what_a_hook_returns_is_looked_at(strategy: Any, reason: str) -> None:
    with pytest.raises(PluginFailed, match=reason):
        alone(plugin(strategy))


def test_one_plugin_cannot_use_a_name_twice_or_return_nothing() -> None:
    other = type("Other", (FirstComeStrategy,), {})
    with pytest.raises(PluginFailed, match="'first-come' comes twice"):
        alone(plugin(FirstComeStrategy, other))
    with pytest.raises(PluginFailed, match="not iterable"):
        alone(plugin(result=7))

    def nothing() -> None:
        return None

    module = ModuleType("a_plugin")
    nothing.__name__ = "register_selection_strategies"
    module.register_selection_strategies = hookimpl(nothing)  # type: ignore[attr-defined]
    with pytest.raises(PluginFailed, match="it returned None"):
        alone(module)


def test_two_installations_do_not_know_each_other() -> None:
    assert "first-come" in manager_with(plugin(FirstComeStrategy)).strategies()
    assert "first-come" not in PluginManager({"*": "test"}).strategies()


def manager_with(module: ModuleType) -> PluginManager:
    manager = PluginManager({"*": "test"})
    manager.register(module, name="mine")
    return manager


class BreakingStrategy(FirstComeStrategy):
    """It raises."""

    name = "breaking"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        raise KeyError(problem.ids[0])


def test_a_strategy_that_breaks_is_an_error_without_personal_data() -> None:
    with pytest.raises(StrategyFailed, match="of a_plugin failed with KeyError") as error:
        alone(plugin(BreakingStrategy)).solve(town(), "breaking")
    assert "p0" not in str(error.value)
    assert isinstance(error.value.__cause__, KeyError)


class LeavingStrategy(FirstComeStrategy):
    """It ends the program, as if all were done."""

    name = "leaving"

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        raise SystemExit(0)


class BrokenStrategy(FirstComeStrategy):
    """It cannot even be made."""

    name = "broken"

    def __init__(self, *arguments: Any) -> None:
        raise KeyError("a person")


def test_a_strategy_cannot_end_the_program_nor_break_when_it_is_made() -> None:
    app = alone(plugin(LeavingStrategy, BrokenStrategy))
    with pytest.raises(StrategyFailed, match="SystemExit"):
        app.solve(town(), "leaving")
    with pytest.raises(StrategyFailed, match="KeyError") as caught:
        app.solve(town(), "broken")
    assert "a person" not in str(caught.value)


def test_an_error_with_a_sentence_of_the_plugin_is_told() -> None:
    assert str(StrategyRefused("No {districts}")) == "No {districts}"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_a_hook_that_raises_what_cannot_even_be_told_is_an_error() -> None:
    def hook() -> None:
        raise Unspeakable

    module = ModuleType("a_plugin")
    hook.__name__ = "register_selection_strategies"
    module.register_selection_strategies = hookimpl(hook)  # type: ignore[attr-defined]
    with pytest.raises(PluginFailed, match="failed: Unspeakable"):
        alone(module)


def test_a_hook_wrapper_is_refused() -> None:
    def hook() -> Any:
        return (yield)

    module = ModuleType("a_plugin")
    hook.__name__ = "register_selection_strategies"
    module.register_selection_strategies = hookimpl(wrapper=True)(hook)  # type: ignore[attr-defined]
    with pytest.raises(PluginFailed, match="hook wrapper"):
        alone(module)
