"""What ships keeps the contract of sources; bad ones are told what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from mitwirkung.errors import SourceRefused
from mitwirkung.lottery.sources import (
    DiceSource,
    DigitsSource,
    NumbersSource,
    RandomnessSource,
    SourceSettings,
    TextSource,
)
from mitwirkung.testing import RandomnessSourceKit


class TestNumbers(RandomnessSourceKit):
    drawn = ("44 3 11 17 28 41", "03, 11, 17, 28, 41, 44", "Lotto: 3 11 17 28 41 44")

    def make(self) -> NumbersSource:
        return NumbersSource({"event": "Lotto", "count": 6, "highest": 49})

    def test_a_set_is_sorted(self) -> None:
        assert {self.make().seed(drawn) for drawn in self.drawn} == {"Lotto: 3 11 17 28 41 44"}


class TestOneBall(RandomnessSourceKit):
    drawn = ("7", "999")

    def make(self) -> NumbersSource:
        return NumbersSource({"event": "Urne", "count": 1, "lowest": 0, "highest": 999})


class TestDigits(RandomnessSourceKit):
    drawn = ("4711006", "4 7 1 1 0 0 6", "471 1006")

    def make(self) -> DigitsSource:
        return DigitsSource({"event": "Spiel 77", "count": 7})

    def test_digits_keep_their_order(self) -> None:
        assert {self.make().seed(drawn) for drawn in self.drawn} == {"Spiel 77: 4711006"}


class TestDice(RandomnessSourceKit):
    drawn = ("6 1 3", "613", "6, 1, 3")

    def make(self) -> DiceSource:
        return DiceSource({"event": "red, white, blue", "count": 3})

    def test_dice_keep_their_order(self) -> None:
        assert {self.make().seed(drawn) for drawn in self.drawn} == {"red, white, blue: 6 1 3"}


class TestText(RandomnessSourceKit):
    drawn = ("9 11 4 37", "DAX 9: 4 11 37")

    def make(self) -> TextSource:
        return TextSource({"template": "DAX {digits 1}: {numbers 3 of 1-40}"})


@pytest.mark.parametrize(
    ("kind", "settings", "key"),
    [
        (NumbersSource, {"event": "Lotto", "count": 6}, "highest"),
        (DigitsSource, {"event": "a {brace}", "count": 6}, "event"),
        (DigitsSource, {"event": " ", "count": 6}, "event"),
        (DiceSource, {"event": "W", "count": 0}, "count"),
        (DiceSource, {"event": "W", "count": 3, "side": 6}, "sides"),
        (TextSource, {}, "template"),
    ],
)
def test_wrong_settings_are_refused(
    kind: type[RandomnessSource], settings: dict[str, Any], key: str
) -> None:
    with pytest.raises(SourceRefused, match=key):
        kind(settings)


class CoinSource(RandomnessSource):
    name = "coin"
    times = 0

    def template(self) -> str:
        type(self).times += 1
        return f"{self.times} coins {{numbers 1 of 0-1}}"

    def seed(self, drawn: str) -> str:
        return drawn or "heads"


class Careless(RandomnessSourceKit):
    __test__ = False
    drawn = ("heads",)

    def make(self) -> CoinSource:
        return CoinSource()


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("test_it_declares_what_it_is", "needs a docstring"),
        ("test_its_template_is_one", "another when asked again"),
        ("test_what_was_drawn_becomes_a_seed_that_fits", "does not fit"),
        ("test_nonsense_is_refused", "raise UnfitSeed"),
    ],
)
def test_a_bad_source_is_told_what_is_wrong(test: str, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        getattr(Careless(), test)()


def test_loose_settings_are_noticed() -> None:
    class Loose(SourceSettings, extra="allow"):
        pass

    class LooseSource(CoinSource):
        Settings = Loose

    class TestLoose(Careless):
        __test__ = False

        def make(self) -> LooseSource:
            return LooseSource()

    with pytest.raises(AssertionError, match="extra='forbid'"):
        TestLoose().test_its_settings_refuse_unknown_keys()


def test_a_test_of_the_kit_is_not_replaced_silently() -> None:
    with pytest.raises(TypeError, match="replaces a test of the kit"):
        type("Sly", (RandomnessSourceKit,), {"test_its_template_is_one": lambda self: None})
