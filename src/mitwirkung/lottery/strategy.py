"""What a selection strategy is: it sets the odds and never picks."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from mitwirkung.errors import Finding, StrategyRefused
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.progress import Watch
from mitwirkung.lottery.rules import PROMISES
from mitwirkung.settings import PLUGIN_NAME, PluginSettings
from mitwirkung.toml_files import model_findings

RESERVED = ("use",)
"""`use` is a key beside the strategies' sections in the settings."""


class StrategySettings(PluginSettings):
    """Base of every strategy's settings: frozen, unknown keys refused.

    They are published, so they hold no floats: canonical JSON has none. Secrets (`SecretStr`) are
    left out of what is published; a lottery must not depend on them.
    """

    def published(self) -> dict[str, Any]:
        """The settings as plain data, as they stand in `lottery.json`.

        Raises:
            TypeError: canonical JSON cannot hold them.
        """
        secret = {name for name, field in type(self).model_fields.items() if is_secret(field)}
        data = self.model_dump(mode="json", exclude=secret)
        canonical_json(data)
        return data


class SelectionStrategy(ABC):
    """Turns a `SelectionProblem` into a `PanelLottery`.

    A strategy is a function of the problem and its settings: no clock, no randomness of its own
    (seed a generator with `problem.digest` where one is needed), no personal data.

    Class attributes:
        name: how the strategy is asked for.
        version: changes whenever the same problem may give another lottery.
        promises: what verification holds it to: `quotas`, `households`, and one optimum
            (`leximin`, `maximin`, `nash`, `goldilocks`), for which it hands over a certificate.
        Settings: its settings, a frozen pydantic model.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    promises: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[StrategySettings]] = StrategySettings

    def __init__(self, settings: dict[str, Any] | None = None, progress: Watch | None = None):
        data = settings or {}
        try:
            self.settings = self.Settings.model_validate(data)
        except ValidationError as error:
            found = model_findings(error, self.Settings, data=data)
            raise StrategyRefused.of_settings(self.name, found) from None
        try:
            self.settings.published()
        except (TypeError, ValueError) as error:
            finding = Finding("strategy-settings-public", {"reason": str(error)})
            raise StrategyRefused.of_settings(self.name, [finding]) from None
        self.progress = progress or Watch()

    @abstractmethod
    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        """The lottery over panels of `problem`.

        Raises:
            InfeasibleQuotas: where the strategy promises quotas and they cannot be met.
        """

    def solve(self, problem: SelectionProblem) -> PanelLottery:
        """The lottery, signed with the strategy's name, version, settings and promises."""
        info = StrategyInfo(
            name=self.name,
            version=self.version,
            settings=self.settings.published(),
            promises=tuple(sorted(self.promises)),
        )
        return self.lottery(problem).signed(info)


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is a secret, or may hold one anywhere inside."""
    return _mentions_secret(field.annotation)


def _mentions_secret(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return any(is_secret(field) for field in kind.model_fields.values())
    origin = get_origin(kind) or kind  # Secret[str] has the origin Secret
    if isinstance(origin, type) and issubclass(origin, (Secret, SecretStr, SecretBytes)):
        return True
    return any(map(_mentions_secret, get_args(kind)))


def declaration_flaws(strategy: object) -> Iterable[str]:
    """What is wrong with a strategy as it is declared; nothing is made or solved."""
    if not (isinstance(strategy, type) and issubclass(strategy, SelectionStrategy)):
        yield f"{strategy!r} is no class of SelectionStrategy"
        return
    where = strategy.__qualname__
    if inspect.isabstract(strategy):
        missing = ", ".join(sorted(strategy.__abstractmethods__))
        yield f"{where} does not define {missing}"
    name: object = getattr(strategy, "name", None)
    if not (isinstance(name, str) and PLUGIN_NAME.fullmatch(name)) or name in RESERVED:
        yield f"{where}.name is not a word like 'first-come', or is reserved"
    version: object = strategy.version
    if not (isinstance(version, str) and version.strip()):
        yield f"{where}.version is no text"
    promises: object = strategy.promises
    if not isinstance(promises, (frozenset, set)):
        yield f"{where}.promises is no frozenset of texts"
        return
    unknown = sorted(map(str, promises - PROMISES))
    if unknown:
        known = ", ".join(sorted(PROMISES))
        yield f"{where}.promises names {', '.join(unknown)}; what can be checked is {known}"
    settings: object = strategy.Settings
    if not (isinstance(settings, type) and issubclass(settings, StrategySettings)):
        yield f"{where}.Settings is no class of StrategySettings"
        return
    config = settings.model_config
    if not config.get("frozen") or config.get("extra") != "forbid":
        yield f"{where}.Settings is not frozen, or allows unknown keys"
