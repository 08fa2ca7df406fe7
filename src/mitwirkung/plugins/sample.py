"""A commented sample of `mitwirkung.toml`, made from the settings models of all strategies."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from mitwirkung.lottery.strategy import SelectionStrategy, is_secret
from mitwirkung.messages import Translate
from mitwirkung.settings import DEFAULT_STRATEGY, ENVIRONMENT_KEY


def sample_settings(
    strategies: Mapping[str, type[SelectionStrategy]], translate: Translate = str
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
    ]
    for name, strategy in strategies.items():
        fields = strategy.Settings.model_fields
        if fields:
            lines += ["", f"# {t(summary(strategy))}", f"[selection.{name}]"]
        for key, field in fields.items():
            lines += _setting(name, key, field, t)
    lines += [
        "",
        "[plugins]",
        f"# {t('Distributions or entry points that are never imported; * is all of them.')}",
        "# block = []",
    ]
    return "\n".join(lines) + "\n"


def _setting(strategy: str, key: str, field: FieldInfo, t: Translate) -> Iterator[str]:
    if field.description:
        yield from (f"# {line}" for line in t(field.description).splitlines())
    if is_secret(field):
        variable = f"mitwirkung_selection_{strategy}_{key}".upper().replace("-", "_")
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


def summary(strategy: type[SelectionStrategy]) -> str:
    """What a strategy is, in one line: the first of its docstring."""
    return inspect.cleandoc(strategy.__doc__ or strategy.name).splitlines()[0]
