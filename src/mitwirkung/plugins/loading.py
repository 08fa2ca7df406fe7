"""From a module to a plugin in use; whatever goes wrong is kept with its reason.

A plugin stops neither the library nor other plugins: only Ctrl-C is let through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pluggy

from mitwirkung.errors import PluginFailed
from mitwirkung.lottery.sources import source_flaws
from mitwirkung.lottery.strategy import declaration_flaws
from mitwirkung.names import nearest
from mitwirkung.notifications.channel import channel_flaws
from mitwirkung.plugins import hookspecs
from mitwirkung.plugins.plugin import Plugin
from mitwirkung.storage.backend import backend_flaws


def load(plugin: Plugin) -> Plugin:
    """Import the module of an installed plugin and register it; a failed one says why."""
    try:
        return register(_import(plugin), plugin)
    except PluginFailed as failure:
        return replace(plugin, status="failed", failure=failure)


@contextmanager
def isolated(code: str, plugin: Plugin, **params: str) -> Iterator[None]:
    """Whatever the plugin raises in here, `SystemExit` too, becomes a `PluginFailed` of this code.

    Only Ctrl-C is let through.
    """
    try:
        yield
    except (PluginFailed, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _failed(code, plugin, error, **params) from error


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
    with isolated("plugin-import", plugin):  # a module may compute its attributes
        implemented = tuple(_implemented(hooks, module))
    if not implemented:
        raise PluginFailed("plugin-without-hook", plugin=plugin.described, available=available)
    try:
        with isolated("plugin-hook-arguments", plugin):
            hooks.register(module)
            hooks.check_pending()
    except PluginFailed as failure:
        raise _refused(implemented, available, plugin, failure) from failure.__cause__
    strategies = _contributed(hooks.hook.register_selection_strategies, declaration_flaws, plugin)
    sources = _contributed(hooks.hook.register_randomness_sources, source_flaws, plugin)
    backends = _contributed(hooks.hook.register_storage_backends, backend_flaws, plugin)
    channels = _contributed(hooks.hook.register_notification_channels, channel_flaws, plugin)
    return replace(
        plugin,
        hooks=implemented,
        strategies=strategies,
        sources=sources,
        backends=backends,
        channels=channels,
    )


def hook_names() -> list[str]:
    """The hooks that there are, sorted."""
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    return [name for name in dir(hookspecs) if hooks.parse_hookspec_opts(hookspecs, name)]


def _import(plugin: Plugin) -> ModuleType:
    if ":" in plugin.module:
        raise PluginFailed("plugin-not-module", plugin=plugin.described, value=plugin.module)
    with isolated("plugin-import", plugin):
        return import_module(plugin.module)


def _implemented(hooks: pluggy.PluginManager, module: ModuleType) -> Iterable[str]:
    for name in dir(module):
        options = hooks.parse_hookimpl_opts(module, name)
        if options is None:
            continue
        if options["wrapper"] or options["hookwrapper"]:
            raise TypeError(f"{name} is a hook wrapper; plugins are called alone, so it wraps none")
        if not options["optionalhook"] or hasattr(hookspecs, name):
            yield options["specname"] or name


def _call(hook: pluggy.HookCaller) -> list[Any]:
    """What a hook of a plugin returns; nothing if the plugin does not implement it."""
    if not hook.get_hookimpls():
        return []
    batches = hook()
    if not batches:
        raise TypeError("it returned None")
    return [one for batch in batches for one in batch]


def _contributed(
    hook: pluggy.HookCaller, flaws_of: Callable[[object], Iterable[str]], plugin: Plugin
) -> tuple[Any, ...]:
    """What a plugin contributes through a hook, if it is well declared."""
    with isolated("plugin-hook-raised", plugin, hook=hook.name):
        return _checked(_call(hook), flaws_of, hook.name, plugin)


def _checked(
    contributed: list[Any],
    flaws_of: Callable[[object], Iterable[str]],
    hook: str,
    plugin: Plugin,
) -> tuple[Any, ...]:
    flaws = [flaw for one in contributed for flaw in flaws_of(one)]
    if not flaws:
        named = Counter(one.name for one in contributed)
        flaws = [f"{name!r} comes twice" for name, times in sorted(named.items()) if times > 1]
    if flaws:
        reason = "; ".join(flaws)
        raise PluginFailed("plugin-hook-result", plugin=plugin.described, hook=hook, reason=reason)
    return tuple(contributed)


def _refused(
    implemented: Iterable[str], available: list[str], plugin: Plugin, failure: PluginFailed
) -> PluginFailed:
    """Why pluggy refuses a module: no such hook, or no such argument of it."""
    unknown = [hook for hook in implemented if hook not in available]
    if not unknown:
        return failure
    params: dict[str, Any] = {"hook": unknown[0], "available": available}
    meant = nearest(unknown[0], available)
    if meant is None:
        return PluginFailed("plugin-hook-unknown", plugin=plugin.described, **params)
    params["nearest"] = meant
    return PluginFailed("plugin-hook-unknown-nearest", plugin=plugin.described, **params)


def _failed(code: str, plugin: Plugin, error: BaseException, **params: str) -> PluginFailed:
    try:
        text = str(error)
    except Exception:  # an exception of a plugin may be broken as well
        text = ""
    told = " ".join(f"{type(error).__name__}: {text}".split()).removesuffix(":").rstrip(".")
    return PluginFailed(code, plugin=plugin.described, error=told, **params)
