"""What a selection strategy is: it sets the odds and never picks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from mitwirkung.errors import StrategyRefused
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo
from mitwirkung.lottery.problem import SelectionProblem

Progress = Callable[[str, float], None]
"""Told the name of a step and the share of it that is done, between 0 and 1."""


class StrategySettings(BaseModel):
    """Base of every strategy's settings: frozen, unknown keys refused.

    They are published, so they hold no floats: canonical JSON has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


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

    def __init__(self, settings: dict[str, Any] | None = None, progress: Progress | None = None):
        try:
            self.settings = self.Settings.model_validate(settings or {})
        except ValidationError as error:
            reasons = [
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise StrategyRefused(
                "strategy-settings", name=self.name, reason="; ".join(reasons)
            ) from None
        try:
            canonical_json(self.settings.model_dump(mode="json"))
        except TypeError as error:
            raise StrategyRefused("strategy-settings", name=self.name, reason=str(error)) from None
        self.progress: Progress = progress or (lambda step, share: None)

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
            settings=self.settings.model_dump(mode="json"),
            promises=tuple(sorted(self.promises)),
        )
        return self.lottery(problem).signed(info)
