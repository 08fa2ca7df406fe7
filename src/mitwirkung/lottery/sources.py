"""Where a seed comes from: public events, the wording of their outcome, and their canonical form.

A source writes a template (see `randomness`) before the draw and reads what was drawn after it. The
template stands in the lottery file, so that nobody needs the source to verify a draw.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field, field_validator

from mitwirkung.errors import Finding, SourceRefused
from mitwirkung.lottery.randomness import parse_template
from mitwirkung.names import clean
from mitwirkung.pluggable import Pluggable, class_flaws
from mitwirkung.settings import PluginSettings


class SourceSettings(PluginSettings):
    """Base of every source's settings: frozen, unknown keys refused."""


class RandomnessSource(Pluggable):
    """A public event that decides a seed.

    Class attributes:
        name: how the source is asked for.
        Settings: its settings, a frozen pydantic model.

    Raises:
        SourceRefused: the settings are wrong.
    """

    Settings: ClassVar[type[SourceSettings]] = SourceSettings
    settings: SourceSettings
    _refusal = SourceRefused

    @abstractmethod
    def template(self) -> str:
        """The wording of the seed, with placeholders for what is drawn: `{numbers 6 of 1-49}`,
        `{digits 7}`, `{dice 3 of 6}`. The same whenever it is asked for."""

    def seed(self, drawn: str) -> str:
        """The seed that what was drawn makes: lottery numbers ascending, digits and dice as drawn.

        Raises:
            UnfitSeed: it does not fit the template.
        """
        return parse_template(self.template()).fill(drawn)


class TextSettings(SourceSettings):
    template: str
    """The wording of the seed, with its placeholders."""


class TextSource(RandomnessSource):
    """Any wording, written as a template."""

    name = "text"
    Settings = TextSettings
    settings: TextSettings

    def template(self) -> str:
        return self.settings.template


class EventSettings(SourceSettings):
    event: str
    """What is drawn, where and when: it begins the seed."""

    @field_validator("event")
    @classmethod
    def _without_braces(cls, event: str) -> str:
        if not clean(event) or "{" in event or "}" in event:
            raise ValueError("write a text without braces")
        return clean(event)


class NumbersSettings(EventSettings):
    count: int = Field(ge=1, le=999)
    """How many numbers are drawn."""
    lowest: int = Field(default=1, ge=0, le=999_999_999)
    """The smallest number that can be drawn."""
    highest: int = Field(ge=0, le=999_999_999)
    """The largest number that can be drawn."""


class NumbersSource(RandomnessSource):
    """A set of different numbers, such as a lottery or one ball; always written ascending."""

    name = "numbers"
    Settings = NumbersSettings
    settings: NumbersSettings

    def template(self) -> str:
        asked = self.settings
        return f"{asked.event}: {{numbers {asked.count} of {asked.lowest}-{asked.highest}}}"


class DigitsSettings(EventSettings):
    count: int = Field(ge=1, le=999)
    """How many digits."""


class DigitsSource(RandomnessSource):
    """Digits in the order of the draw, such as Spiel 77 or ten-sided dice; never sorted."""

    name = "digits"
    Settings = DigitsSettings
    settings: DigitsSettings

    def template(self) -> str:
        return f"{self.settings.event}: {{digits {self.settings.count}}}"


class DiceSettings(EventSettings):
    count: int = Field(ge=1, le=999)
    """How many dice, or throws of one."""
    sides: int = Field(default=6, ge=2, le=999_999_999)
    """How many sides a die has; they show 1, 2, ..."""


class DiceSource(RandomnessSource):
    """Dice in an order that is said beforehand, such as red, white, blue; never sorted."""

    name = "dice"
    Settings = DiceSettings
    settings: DiceSettings

    def template(self) -> str:
        asked = self.settings
        return f"{asked.event}: {{dice {asked.count} of {asked.sides}}}"


def source_flaws(source: object) -> Iterable[str]:
    """What is wrong with a source as it is declared; nothing is made."""
    return class_flaws(source, RandomnessSource, SourceSettings, example="spiel-77")


def finding_in(error: SourceRefused, key: str, file: str | None = None) -> list[Finding]:
    """What a source finds in its settings, told by the keys of the file that holds them."""
    found = []
    for finding in error.params.get("findings", [Finding(error.code, error.params)]):
        params = dict(finding.params)
        params["key"] = f"{key}.{params['key']}" if "key" in params else key
        found.append(Finding(finding.code, params, file))
    return found
