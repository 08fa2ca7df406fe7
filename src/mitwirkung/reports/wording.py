"""The report in words of one language: sentences, numbers and dates as people write them.

English sentences are the keys of the catalogues in `translations/`. What stands in the template is
not repeated here: here are the sentences that are chosen by what the report says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from babel.dates import format_date
from babel.lists import format_list

from mitwirkung.reports.model import (
    Difference,
    FeatureTable,
    Limit,
    NeverGroup,
    Report,
    Share,
    ValueRow,
)
from mitwirkung.reports.words import Words
from mitwirkung.texts import moment_text

PROMISES = {
    "quotas": "Every panel that can be drawn meets all quotas.",
    "households": "At most one person of a household is on the panel.",
    "leximin": (
        "The smallest chance of all applicants is as large as the quotas allow, then the next "
        "smallest, and so on (leximin). A mathematical proof of it is on file."
    ),
    "maximin": (
        "The smallest chance of all who could be on a panel is as large as the quotas allow "
        "(maximin). A mathematical proof of it is on file. Among equally good lotteries the next "
        "smallest chance decides, and so on; that is not part of the proof."
    ),
    "nash": (
        "The product of the chances of all who could be on a panel is as large as the quotas allow "
        "(Nash welfare). A mathematical proof of it is on file."
    ),
    "goldilocks": (
        "The largest chance is kept low and the smallest high at the same time: the sum of two "
        "ratios, of the largest chance to the equal chance of all and, times {gamma}, of the equal "
        "chance to the smallest, is as small as the quotas allow (Goldilocks). Whoever could be on "
        "no panel is left out of it. A mathematical proof of it is on file. Among equally good "
        "lotteries the next smallest chance decides, and so on; that is not part of the proof."
    ),
}

COMPANIONS = "Those who come together are seated together or not at all."

REPLACEMENT = {
    "seats": (
        "{seats} seats had fallen free after an earlier draw; {kept} people kept theirs. "
        "The quotas here are what was still missing. That draw's record has the digest {record}."
    ),
    "ahead": (
        "These are alternates: {seats} people stand by for the panel of an earlier draw, on which "
        "{kept} people have a seat. The quotas here say how many of them give which answer. That "
        "draw's record has the digest {record}."
    ),
    "unfilled": (
        "{unfilled} more seats that were free stay empty: nobody else was left who could have one."
    ),
    "loosened": (
        "{feature}: {value}: {min} to {max} were missing; as whoever was left could not meet all "
        "of what was missing, this was loosened."
    ),
}

REASONS = {
    "maximum-zero": "The quota of this answer has the maximum 0.",
    "minimums-fill": "The minimums of the other answers to the same question take all seats.",
    "quotas-together": (
        "Given who applied, these limits together leave no seat for these people; without any one "
        "of them there could have been one:"
    ),
    "no-panel": (
        "No panel that meets all quotas can hold these people. Which quotas together are the "
        "reason was not examined for this group."
    ),
    "passed-over": (
        "The quotas are not known to be the reason: the strategy gives these people no seat."
    ),
    "no-seat": (
        "Seats are shared out among groups of people with equal answers. This group is too small, "
        "or its quota too low, to get one."
    ),
}

LIMITS = {
    "min": "{feature}: {value}: at least {limit} seats",
    "max": "{feature}: {value}: at most {limit} seats",
}

PANEL_DIFFERENCES = {
    "population": (
        "{feature}: {value}: {seats} of {all} seats; by its share of the population it would be "
        "about {expected}."
    ),
    "quota middle": (
        "{feature}: {value}: {seats} of {all} seats; the middle of the quota is {expected}."
    ),
}

POOL_DIFFERENCES = {
    "population": "{feature}: {value}: {found} of the pool, {reference} of the population",
    "quota middle": (
        "{feature}: {value}: {found} of the pool, {reference} in the middle of the quota"
    ),
}

SENTENCES = (
    {**PROMISES, "companions": COMPANIONS},
    REPLACEMENT,
    REASONS,
    LIMITS,
    PANEL_DIFFERENCES,
    POOL_DIFFERENCES,
)
"""Sentences that are chosen by a code; all others stand where they are said."""

NEVER_SHOWN = 40
"""So many groups without a chance stand on the page; `report.json` holds all."""


def limits_in_words(limits: Iterable[Limit], households: bool, words: Words) -> list[str]:
    """Sides of quotas, and "one seat per household" if that is among the limits, one each."""
    found = [
        words.t(
            LIMITS[limit.bound],
            feature=limit.feature,
            value=words.stated(limit.value),
            limit=words.number(limit.limit),
        )
        for limit in limits
    ]
    if households:
        found.append(words.t("at most one seat per household"))
    return found


class Wording(Words):
    """Everything the template says about a report in one language."""

    def __init__(self, language: str, report: Report) -> None:
        super().__init__(language)
        self.report = report
        self.name = self._locale.get_language_name(language) or language
        self.never_shown = NEVER_SHOWN

    # --- numbers ---------------------------------------------------------------------------------

    def chance(self, value: str) -> str:
        """A chance as a percentage, with as many decimals as tell chances apart."""
        return self.percent(value, self.report.chances.decimals)

    def chance_range(self, low: str, high: str) -> str:
        """Chances from a smallest to a largest one; one where both look the same."""
        first, last = self.chance(low), self.chance(high)
        return first if first == last else self.t("{low} to {high}", low=first, high=last)

    def part(self, number: int, of: int) -> str:
        """So many of so many as a whole percentage."""
        return self.percent(Fraction(number, of))

    def share(self, share: Share) -> str:
        """A share of people as a whole percentage."""
        return self.percent(share.exact)

    def points(self, value: str) -> str:
        """Percentage points with their sign, rounded to whole ones."""
        rounded = round(Fraction(value))
        return ("+" if rounded > 0 else "") + self.number(rounded)

    def several(self, items: Iterable[str]) -> str:
        """A list in a sentence."""
        return str(format_list(list(items), locale=self._locale))

    # --- dates -----------------------------------------------------------------------------------

    def day(self, text: str) -> str:
        """An ISO date as people write it; any other text as it is."""
        try:
            return str(format_date(date.fromisoformat(text), "long", locale=self._locale))
        except ValueError:
            return self.stated(text)

    def moment(self, text: str) -> str:
        """An ISO time with its offset as people write it; any other text as it is."""
        return self.stated(moment_text(text, self.language))

    # --- what stands in the tables ---------------------------------------------------------------

    def is_slight(self, row: ValueRow) -> bool:
        """Whether the panel differs from its reference by less than one seat."""
        return row.panel_points is None or abs(Fraction(row.panel_points)) < self.seat_points

    def reasons(self, counts: dict[str, int] | str) -> str:
        """Counts by reason in a line."""
        if isinstance(counts, str):
            return self.stated(counts)
        if not counts:
            return self.number(0)
        listed = "; ".join(f"{reason}: {self.number(n)}" for reason, n in sorted(counts.items()))
        return f"{self.number(sum(counts.values()))} ({listed})"

    def count(self, count: int | str) -> str:
        """A count, or that it is not stated."""
        return self.stated(count) if isinstance(count, str) else self.number(count)

    def promises(self) -> list[str]:
        """What the strategy promises, a sentence each."""
        strategy = self.report.head.strategy
        gamma = strategy.settings.get("gamma", "")
        said = [PROMISES[name] for name in PROMISES if name in strategy.promises]
        unknown = [name for name in strategy.promises if name not in PROMISES]
        if self.report.head.companions:
            if not self.report.head.households:
                said = [text for text in said if text != PROMISES["households"]]
            said.append(COMPANIONS)
        return [*(self.t(text, gamma=gamma) for text in said), *unknown]

    def replaces(self) -> list[str]:
        """What the lottery fills, a sentence each; none where it is not a replacement."""
        head = self.report.head
        if head.replaces is None:
            return []
        said = [
            self.t(
                REPLACEMENT["seats" if head.replaces.ahead is None else "ahead"],
                seats=self.number(head.seats),
                kept=self.number(head.replaces.kept),
                record=head.replaces.record,
            )
        ]
        if head.replaces.unfilled:
            unfilled = self.number(head.replaces.unfilled)
            said.append(self.t(REPLACEMENT["unfilled"], unfilled=unfilled))
        said += [
            self.t(
                REPLACEMENT["loosened"],
                feature=each.feature,
                value=self.stated(each.value),
                min=self.number(each.min),
                max=self.number(each.max),
            )
            for each in head.replaces.loosened
        ]
        return said

    def looked_at(self) -> str:
        """Which features the lottery looked at."""
        names = [table.name for table in self.report.features if table.seen]
        if not names:
            return self.t(
                "It looks at no feature: every lot (a single person, or a household) has the same "
                "chance."
            )
        if len(names) == len(self.report.features):
            return self.t("It looks at all features: {features}.", features=self.several(names))
        return self.t(
            "It looks at {features} only. The other features are shown for comparison.",
            features=self.several(names),
        )

    def reason(self, group: NeverGroup) -> str:
        """Why a group never had a chance."""
        return self.t(REASONS[group.reason])

    def limits(self, group: NeverGroup) -> list[str]:
        """The limits that shut a group out, one each."""
        return limits_in_words(group.limits, group.households, self)

    # --- pictures: positions in per cent of the width --------------------------------------------

    def scale(self, table: FeatureTable) -> Fraction:
        """The share that is as long as the whole bar of a feature: its largest one."""
        shares = [Fraction(1, 100)]
        for row in table.values:
            shares += [row.pool.exact, row.panel.exact]
            shares += [each.exact for each in (row.population, row.reference) if each]
            if row.reference and row.max is not None:
                shares.append(min(Fraction(row.max, self.report.head.seats), Fraction(1)))
        return max(shares)

    def length(self, part: Fraction | str, whole: Fraction | str) -> str:
        """How long a bar is, as a CSS percentage."""
        length = min(Fraction(part) / Fraction(whole), Fraction(1)) if Fraction(whole) else 0
        return f"{round(length * 1000) / 10:g}%"

    def spread(self, low: str, high: str, whole: str) -> str:
        """How long the way from one chance to another is."""
        return self.length(Fraction(high) - Fraction(low), whole)

    def band(self, row: ValueRow, scale: Fraction) -> tuple[str, str] | None:
        """Where the quota lies: left end and width; None where it limits nothing."""
        if row.min is None or row.max is None or self.quota(row) == self.t("no limit"):
            return None
        seats = self.report.head.seats
        low = Fraction(row.min, seats)
        high = min(Fraction(row.max, seats), scale)
        return self.length(low, scale), self.length(max(high - low, Fraction(0)), scale)

    # --- sentences -------------------------------------------------------------------------------

    @property
    def has_population(self) -> bool:
        return len(self.unknown_features) < len(self.report.features)

    @property
    def has_quota_middle(self) -> bool:
        return bool(self.unknown_features)

    @property
    def feature_names(self) -> list[str]:
        return [table.name for table in self.report.features]

    @property
    def unknown_features(self) -> list[str]:
        """Features whose distribution in the population is not known."""
        tables = self.report.features
        return [table.name for table in tables if table.compared_with == "quota middle"]

    @property
    def quota_count(self) -> int:
        """How many quotas there are."""
        return sum(row.within is not None for table in self.report.features for row in table.values)

    @property
    def seat_points(self) -> Fraction:
        """One seat in percentage points."""
        return Fraction(100, self.report.head.seats)

    @property
    def software(self) -> str:
        """Names and versions of what made the lottery."""
        return ", ".join(
            f"{name} {found}" for name, found in sorted(self.report.head.software.items())
        )

    def panel_difference(self, each: Difference) -> str:
        """A difference of the panel in seats."""
        expected = Fraction(each.expected)
        half = each.compared_with == "quota middle" and expected.denominator > 1
        return self.t(
            PANEL_DIFFERENCES[each.compared_with],
            feature=each.feature,
            value=self.stated(each.value),
            seats=self.number(each.found.number),
            all=self.number(each.found.of),
            expected=self.number(expected, 1 if half else 0),
        )

    def pool_difference(self, each: Difference) -> str:
        """A difference of the pool in per cent."""
        return self.t(
            POOL_DIFFERENCES[each.compared_with],
            feature=each.feature,
            value=self.stated(each.value),
            found=self.share(each.found),
            reference=self.share(each.reference),
        )

    def free_answers(self) -> list[str]:
        """Answers that no quota limits have an easier way in; said where the lottery looks."""
        chances = {
            (group.name, each.value): each
            for group in self.report.chances.groups
            for each in group.values
        }
        return [
            self.t(
                "{feature}: {value}: {people} people in the pool. No quota limits this answer, "
                "which can make it easier to get a seat. Their mean chance was {chance}, that of "
                "all people {mean}.",
                feature=table.name,
                value=self.answer(row.value),
                people=self.number(row.pool.number),
                chance=self.chance(chances[table.name, row.value].mean),
                mean=self.chance(self.report.chances.mean),
            )
            for table in self.report.features
            if table.seen
            for row in table.values
            if row.free and row.pool.number
        ]

    def committed(self) -> str:
        """Whether the seed was fixed beforehand, as far as the files alone can tell."""
        if self.report.head.committed:
            return self.t(
                "Yes: the lottery file fixes its wording, its time and a fallback, and the seed "
                "fits them. That the file was public before the seed, only the comparison of the "
                "commitment C shows."
            )
        if self.report.head.source.known:
            return self.t(
                "No: the seed was known when the lottery was made. This draw does not show that "
                "the seed was not chosen."
            )
        return self.t(
            "No: the lottery file does not fix wording, time and fallback of the seed completely, "
            "or the seed does not fit them. This draw does not show that the seed was not chosen."
        )
