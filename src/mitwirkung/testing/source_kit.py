"""The conformance kit for sources of randomness: subclass it, and pytest checks the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mitwirkung.errors import SourceRefused
from mitwirkung.lottery.encoding import text_bytes
from mitwirkung.lottery.randomness import UnfitSeed, check_seed, parse_template
from mitwirkung.lottery.rules import PANEL_COUNTS
from mitwirkung.lottery.sources import RandomnessSource, source_flaws
from mitwirkung.testing.kit import demand, hold_to_kit


class RandomnessSourceKit:
    """What every source of randomness has to keep, as tests. Subclass it in a test module::

        class TestSuperSix(RandomnessSourceKit):
            drawn = ("123456 654321",)

            def make(self):
                return SuperSixSource()

    A test can be overridden only as a declared expected failure, as in `SelectionStrategyKit`.

    Class attributes:
        drawn: what somebody might enter after the draw, each in another way.

    Raises:
        TypeError: a subclass replaces a test of the kit without declaring it.
    """

    drawn: ClassVar[Sequence[str]] = ()

    __test__ = False  # pytest runs the subclasses, not the kit where it is imported

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        hold_to_kit(cls, RandomnessSourceKit)

    def make(self) -> RandomnessSource:
        """A new source with its settings. The one thing to write, beside `drawn`."""
        raise NotImplementedError(f"{type(self).__qualname__} needs a method make(self)")

    def test_it_declares_what_it_is(self) -> None:
        """Name, settings and docstring are there."""
        source = type(self.make())
        flaws = [*source_flaws(source)]
        if not (source.__doc__ or "").strip():
            flaws.append(f"{source.__qualname__} needs a docstring on what is drawn")
        demand(not flaws, "; ".join(flaws))

    def test_its_settings_refuse_unknown_keys(self) -> None:
        """A misspelt setting is noticed."""
        source = self.make()
        settings = {**source.settings.model_dump(mode="json"), "no_such_key": 1}
        try:
            type(source)(settings)
        except SourceRefused as refusal:
            demand("no_such_key" in str(refusal), f"refused for another reason: {refusal}")
        else:
            raise AssertionError("an unknown key in the settings is accepted: keep extra='forbid'")

    def test_its_template_is_one(self) -> None:
        """The wording can be published, is the same whenever asked for, and leaves something
        open."""
        text = self.make().template()
        template = parse_template(text)
        demand(text == self.make().template(), "the template is another when asked again")
        demand(check_seed(text) == text, "the template is not in NFC")
        demand(
            template.outcomes >= PANEL_COUNTS[0],
            f"only {template.outcomes} outcomes: not enough for any draw",
        )

    def test_what_was_drawn_becomes_a_seed_that_fits(self) -> None:
        """In whatever way it is entered, and always the same one."""
        demand(bool(self.drawn), "name in `drawn` what somebody might enter after the draw")
        template = parse_template(self.make().template())
        for drawn in self.drawn:
            seed = self.make().seed(drawn)
            demand(template.fits(seed), f"{seed!r} does not fit {template.text!r}")
            demand(check_seed(seed) == seed, f"{seed!r} cannot be drawn with")
            demand(text_bytes(seed) == text_bytes(self.make().seed(drawn)), "it changes")

    def test_a_seed_stays_what_it_is(self) -> None:
        """Entering the whole seed is right too."""
        for drawn in self.drawn:
            seed = self.make().seed(drawn)
            demand(self.make().seed(seed) == seed, f"{seed!r} becomes another seed")

    def test_nonsense_is_refused(self) -> None:
        """What was not drawn becomes no seed."""
        for nonsense in ("", " ", "nonsense", "1e9", "-1", "1 2 3 " * 500):
            try:
                seed = self.make().seed(nonsense)
            except UnfitSeed:
                continue
            raise AssertionError(f"{nonsense!r} becomes the seed {seed!r}; raise UnfitSeed")
