"""From a module to a plugin in use; whatever goes wrong is kept with its reason.

A plugin stops neither the library nor other plugins: only Ctrl-C is let through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pluggy

from mitwirkung.errors import PluginFailed
from mitwirkung.lottery.strategy import SelectionStrategy, declaration_flaws
from mitwirkung.names import nearest
from mitwirkung.plugins import hookspecs
from mitwirkung.plugins.plugin import Plugin

FAULTS = (Exception, SystemExit)
"""What a plugin may raise without stopping anybody; some programs exit when they are imported."""


def load(plugin: Plugin) -> Plugin:
    """Import the module of an installed plugin and register it; a failed one says why."""
    try:
        return register(_import(plugin), plugin)
    except PluginFailed as failure:
        return replace(plugin, status="failed", failure=failure)


def register(module: ModuleType, plugin: Plugin) -> Plugin:
    """Register a module with pluggy and call its hooks.

    Each plugin has hooks of its own: pluggy stops at the first implementation that raises, and
    nobody is to stop anybody else.

    Returns:
        The plugin with its hooks and what it contributes.

    Raises:
        PluginFailed: it implements no hook, or one that does not exist, or one of them failed.
    """
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    hooks.add_hookspecs(hookspecs)
    available = hook_names()
    try:
        implemented = tuple(_implemented(hooks, module))
        if not implemented:
            raise PluginFailed("plugin-without-hook", plugin=plugin.described, available=available)
        hooks.register(module)
        hooks.check_pending()
    except pluggy.PluginValidationError as error:
        raise _refused(implemented, available, plugin, error) from error
    except FAULTS as error:
        if isinstance(error, PluginFailed):
            raise
        raise _failed("plugin-import", plugin, error) from error  # attributes that are computed
    contributed = _call(hooks.hook.register_selection_strategies, plugin)
    strategies = _checked(contributed, "register_selection_strategies", plugin)
    return replace(plugin, hooks=implemented, strategies=strategies)


def hook_names() -> list[str]:
    """The hooks that there are, sorted."""
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    return [name for name in dir(hookspecs) if hooks.parse_hookspec_opts(hookspecs, name)]


def _import(plugin: Plugin) -> ModuleType:
    if ":" in plugin.module:
        raise PluginFailed("plugin-not-module", plugin=plugin.described, value=plugin.module)
    try:
        return import_module(plugin.module)
    except FAULTS as error:
        raise _failed("plugin-import", plugin, error) from error


def _implemented(hooks: pluggy.PluginManager, module: ModuleType) -> Iterable[str]:
    for name in dir(module):
        options = hooks.parse_hookimpl_opts(module, name)
        if options is not None:
            yield options["specname"] or name


def _call(hook: pluggy.HookCaller, plugin: Plugin) -> list[Any]:
    """What a hook of a plugin returns; nothing if the plugin does not implement it."""
    if not hook.get_hookimpls():
        return []
    try:
        batches = hook()
        if not batches:
            raise TypeError("it returned None")
        return [one for batch in batches for one in batch]
    except FAULTS as error:
        raise _failed("plugin-hook-raised", plugin, error, hook=hook.name) from error


def _checked(
    contributed: list[Any], hook: str, plugin: Plugin
) -> tuple[type[SelectionStrategy], ...]:
    flaws = [flaw for strategy in contributed for flaw in declaration_flaws(strategy)]
    if not flaws:
        named = Counter(strategy.name for strategy in contributed)
        flaws = [f"{name!r} comes twice" for name, times in sorted(named.items()) if times > 1]
    if flaws:
        reason = "; ".join(flaws)
        raise PluginFailed("plugin-hook-result", plugin=plugin.described, hook=hook, reason=reason)
    return tuple(contributed)


def _refused(
    implemented: Iterable[str], available: list[str], plugin: Plugin, error: Exception
) -> PluginFailed:
    """Why pluggy refuses a module: no such hook, or no such argument of it."""
    for hook in implemented:
        if hook in available:
            continue
        params: dict[str, Any] = {"hook": hook, "available": available}
        meant = nearest(hook, available)
        if meant is None:
            return PluginFailed("plugin-hook-unknown", plugin=plugin.described, **params)
        params["nearest"] = meant
        return PluginFailed("plugin-hook-unknown-nearest", plugin=plugin.described, **params)
    return _failed("plugin-hook-arguments", plugin, error)


def _failed(code: str, plugin: Plugin, error: BaseException, **params: str) -> PluginFailed:
    told = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":").rstrip(".")
    return PluginFailed(code, plugin=plugin.described, error=told, **params)
