"""What a selection strategy is: it sets the odds and never picks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from mitwirkung.errors import Finding, StrategyRefused
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.progress import Watch
from mitwirkung.lottery.rules import PROMISES
from mitwirkung.pluggable import Pluggable, class_flaws
from mitwirkung.settings import PluginSettings

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


class SelectionStrategy(Pluggable):
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

    version: ClassVar[str] = "1"
    promises: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[StrategySettings]] = StrategySettings
    settings: StrategySettings
    _refusal = StrategyRefused

    def __init__(self, settings: Mapping[str, Any] | None = None, progress: Watch | None = None):
        super().__init__(settings)
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
    yield from class_flaws(
        strategy, SelectionStrategy, StrategySettings, example="first-come", reserved=RESERVED
    )
    if not (isinstance(strategy, type) and issubclass(strategy, SelectionStrategy)):
        return
    where = strategy.__qualname__
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
