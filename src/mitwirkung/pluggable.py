"""What plugins contribute: classes with a name and settings, made when they are asked for."""

from __future__ import annotations

import inspect
from abc import ABC
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import ValidationError

from mitwirkung.errors import RefusedSettings
from mitwirkung.settings import PLUGIN_NAME, PluginSettings
from mitwirkung.toml_files import model_findings


class Pluggable(ABC):
    """Base of strategies, sources and backends: a name, and settings that are checked.

    Class attributes:
        name: how it is asked for.
        Settings: its settings, a frozen pydantic model.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[PluginSettings]] = PluginSettings
    _refusal: ClassVar[type[RefusedSettings]]

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        data = dict(settings or {})
        try:
            self.settings = self.Settings.model_validate(data)
        except ValidationError as error:
            found = model_findings(error, self.Settings, data=data)
            raise self._refusal.of_settings(self.name, found) from None


def class_flaws(
    given: object,
    base: type[Pluggable],
    settings: type[PluginSettings],
    *,
    example: str,
    reserved: Collection[str] = (),
) -> Iterator[str]:
    """What is wrong with a class as it is declared; nothing is made.

    Args:
        base, settings: what it and its settings have to be classes of.
        example: a name that would be right.
        reserved: names that it cannot have.
    """
    if not (isinstance(given, type) and issubclass(given, base)):
        yield f"{given!r} is no class of {base.__name__}"
        return
    where = given.__qualname__
    if inspect.isabstract(given):
        yield f"{where} does not define {', '.join(sorted(given.__abstractmethods__))}"
    name: object = getattr(given, "name", None)
    if not (isinstance(name, str) and PLUGIN_NAME.fullmatch(name)) or name in reserved:
        yield f"{where}.name is not a word like {example!r}{', or is reserved' if reserved else ''}"
    own: object = given.Settings
    if not (isinstance(own, type) and issubclass(own, settings)):
        yield f"{where}.Settings is no class of {settings.__name__}"
    elif not own.model_config.get("frozen") or own.model_config.get("extra") != "forbid":
        yield f"{where}.Settings is not frozen, or allows unknown keys"
