"""A commented sample of `mitwirkung.toml`, made from the settings models of all plugins."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from mitwirkung.lottery.strategy import SelectionStrategy, is_secret
from mitwirkung.messages import Translate
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.settings import (
    DEFAULT_BACKEND,
    DEFAULT_CHANNELS,
    DEFAULT_STRATEGY,
    ENVIRONMENT_KEY,
    ERASURES_FILE,
    Sender,
)
from mitwirkung.storage.backend import StorageBackend

MASTER_KEY_VARIABLE = "MITWIRKUNG_MASTER_KEY"


def sample_settings(
    strategies: Mapping[str, type[SelectionStrategy]],
    backends: Mapping[str, type[StorageBackend]],
    channels: Mapping[str, type[NotificationChannel]],
    translate: Translate = str,
) -> str:
    """A TOML file in which every setting stands behind a `#`, with its default and its meaning.

    It can be loaded as it is, and then changes nothing.
    """
    t = translate
    lines = [
        f"# {t('Settings of mitwirkung. What stands behind a # is the default.')}",
        "",
        "[selection]",
        f"# {t('The strategy where none is named. There are:')} {', '.join(strategies)}",
        f"# use = {_toml(DEFAULT_STRATEGY)}",
        *_sections("selection", strategies, t),
        "",
        "[storage]",
        f"# {t('Where events are kept. There are:')} {', '.join(backends)}",
        f"# use = {_toml(DEFAULT_BACKEND)}",
        f"# {t('Protects the keys of personal data. Make one with: openssl rand -hex 32')}",
        f'# master_key = {{ "{ENVIRONMENT_KEY}" = "{MASTER_KEY_VARIABLE}" }}',
        f"# {t('Where erasures are noted; never restored with a backup.')}",
        f"# erasures = {_toml(ERASURES_FILE)}",
        *_sections("storage", backends, t),
        "",
        "[notifications]",
        f"# {t('The channels in the order in which they are tried. There are:')} "
        f"{', '.join(channels)}",
        f"# use = {_toml(list(DEFAULT_CHANNELS))}",
        f"# {t('A folder with templates of your own; they go before those that ship.')}",
        f"# templates = ...   {t('may be left out')}",
        f"# {t('Where people answer online, with {event} and {token} in it.')}",
        f"# reply = ...   {t('may be left out')}",
        "",
        f"# {t('Who writes, as every message says it.')}",
        "[notifications.sender]",
        *_settings_of("notifications.sender", Sender, t),
        *_sections("notifications", channels, t),
        "",
        "[plugins]",
        f"# {t('Distributions or entry points that are never imported; * is all of them.')}",
        "# block = []",
    ]
    return "\n".join(lines) + "\n"


def _sections(
    heading: str,
    plugins: Mapping[str, type[SelectionStrategy]]
    | Mapping[str, type[StorageBackend]]
    | Mapping[str, type[NotificationChannel]],
    t: Translate,
) -> Iterator[str]:
    """The section of each plugin that has settings."""
    for name, plugin in plugins.items():
        if plugin.Settings.model_fields:
            yield from ("", f"# {t(summary(plugin))}", f"[{heading}.{name}]")
            yield from _settings_of(f"{heading}.{name}", plugin.Settings, t)


def _settings_of(section: str, model: type[BaseModel], t: Translate) -> Iterator[str]:
    for key, field in model.model_fields.items():
        yield from _setting(section, key, field, t)


def _setting(section: str, key: str, field: FieldInfo, t: Translate) -> Iterator[str]:
    if field.description:
        yield from (f"# {line}" for line in t(field.description).splitlines())
    if is_secret(field):
        variable = re.sub("[-.]", "_", f"mitwirkung_{section}_{key}".upper())
        yield f'# {key} = {{ "{ENVIRONMENT_KEY}" = "{variable}" }}'
    elif field.is_required():
        yield f"# {key} = ...   {t('has to be set')}"
    elif (default := _default(field)) is None:
        yield f"# {key} = ...   {t('may be left out')}"
    else:
        yield f"# {key} = {default}"


def _default(field: FieldInfo) -> str | None:
    """The default as TOML; None if it has no form there."""
    try:
        return _toml(to_jsonable_python(field.get_default(call_default_factory=True)))
    except ValueError:  # it depends on other settings, or is or holds null
        return None


def _toml(value: Any) -> str:
    """A value as TOML: what a published setting can be, on one line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if value is None:
        raise ValueError("TOML has no null")
    return json.dumps(value, ensure_ascii=False)


def summary(
    plugin: type[SelectionStrategy] | type[StorageBackend] | type[NotificationChannel],
) -> str:
    """What a strategy, a backend or a channel is, in one line: the first of its docstring."""
    return inspect.cleandoc(plugin.__doc__ or plugin.name).splitlines()[0]
