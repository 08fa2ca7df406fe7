"""Why a person has this chance: for the answer to a letter, in plain words, about nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.feasibility import in_pool
from mitwirkung.lottery.optima import promised_optimum
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import Label, SelectionProblem
from mitwirkung.messages import TEXTS
from mitwirkung.reports.fairness import shut_out_by_quotas
from mitwirkung.reports.model import Limit, ReasonCode
from mitwirkung.reports.stages import level_of
from mitwirkung.reports.wording import COMPANIONS, REASONS, limits_in_words
from mitwirkung.reports.words import Words

if TYPE_CHECKING:
    from mitwirkung.lottery.publication import Publication

SAME = Fraction(1, 10**9)
"""Chances that differ by no more are equal: whole weights part them by a hair."""

MOST_OTHERS = 5
"""So many limits of other groups are named in the text."""

Cause = Literal[
    "none",
    "certain",
    "equal",
    "leximin",
    "maximin-smallest",
    "maximin-above",
    "nash",
    "goldilocks",
    "group",
    "lots",
    "other",
    "whole",
    "must",
    "refused",
]

CAUSES: dict[Cause, str] = {
    "none": "No panel of this lottery has a place for these answers.",
    "certain": "You are on every panel that this lottery can draw.",
    "equal": "None of the quotas limits it.",
    "leximin": (
        "The lottery makes the smallest chance of all as large as the quotas allow, then the next "
        "smallest, and so on. These limits determine yours: if you had more, somebody whose "
        "chance is no larger would have less."
    ),
    "maximin-smallest": (
        "It is the smallest chance of this lottery, which makes the smallest chance as large as "
        "the quotas allow. These limits determine it."
    ),
    "maximin-above": (
        "The lottery makes the smallest chance as large as the quotas allow; yours is above it. "
        "These limits determine the smallest."
    ),
    "nash": (
        "The lottery makes the product of all chances as large as the quotas allow. These limits "
        "determine how the chances differ."
    ),
    "goldilocks": (
        "The lottery keeps the largest chance low and the smallest high, as far as the quotas "
        "allow. These limits determine how far."
    ),
    "group": (
        "{people} people gave the same answers to {features}. Together they get {seats} seats, "
        "which are drawn among them by lot."
    ),
    "lots": (
        "All have the same chance in this lottery, whatever they answered: {seats} seats for "
        "{lots} lots."
    ),
    "other": "The strategy {name!r} gives it to everybody with these answers.",
    "whole": (
        "The lottery makes the smallest chance of all as large as it can be, then the next "
        "smallest, and so on. As people cannot be divided, there are no panels with which people "
        "like you would have more and nobody whose chance is no larger would have less."
    ),
    "must": "You are seated in any case, for this reason: {why}.",
    "refused": "You are not among those from whom is drawn, for this reason: {why}.",
}


class UnknownPerson(MitwirkungError, LookupError):
    """Somebody was asked about who is not in the lottery."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """One person's chance, and what sets it.

    Attributes:
        answers: to the features of the quotas, in their order.
        chance: exactly, as published.
        equal: seats / people: what everybody would have without quotas.
        cause: how the chance comes about; a key of `CAUSES`.
        own: limits on the person's own answers that set the chance.
        others: limits on other answers that do.
        alike: how many in the pool gave each of the own answers.
        reason: why there is no chance, if there is none.
        household: at most one person of an address gets a seat in this lottery.
        together: the person is seated together with others, or none of them is.
        panels: (on how many of the numbered panels the person is, how many there are), where one of
            these is drawn.
        one_seat: that is among what sets the chance.
        whole: so is that people cannot be divided.
        filled: what the sentence of the cause says in numbers.
    """

    answers: Label
    chance: Fraction
    equal: Fraction
    cause: Cause
    own: tuple[Limit, ...] = ()
    others: tuple[Limit, ...] = ()
    alike: tuple[int, ...] = ()
    reason: ReasonCode | None = None
    household: bool = False
    together: bool = False
    panels: tuple[int, int] | None = None
    one_seat: bool = False
    whole: bool = False
    filled: tuple[tuple[str, Any], ...] = ()

    def __repr__(self) -> str:
        return f"<Explanation: chance {float(self.chance):.4f}, {self.cause}>"

    def __str__(self) -> str:
        return self.text()

    def as_data(self) -> dict[str, Any]:
        """Plain data; chances are decimal texts."""
        return {
            "answers": dict(self.answers),
            "chance": decimal_text(self.chance),
            "equal": decimal_text(self.equal),
            "cause": self.cause,
            "reason": self.reason,
            "own": [limit.model_dump() for limit in self.own],
            "others": [limit.model_dump() for limit in self.others],
            "one_seat_per_household": self.one_seat,
            "text": {language: self.text(language) for language in ("en", "de")},
        }

    def text(self, language: str = "en") -> str:
        """The explanation in English or German, a few lines.

        Raises:
            LookupError: there are no texts in this language.
        """
        words = Words(language)
        answers = "; ".join(f"{name}: {words.answer(value)}" for name, value in self.answers)
        lines = [words.t("Your answers: {answers}.", answers=answers)] if answers else []
        lines.append(self._chance(words))
        filled = {name: words.number(v) if isinstance(v, int) else v for name, v in self.filled}
        lines.append(words.t(CAUSES[self.cause], **filled))
        if self.reason is not None:
            lines.append(words.t(REASONS[self.reason]))
        lines += self._limits(words)
        if self.whole:
            lines.append(words.t("That people cannot be divided is part of the reason."))
        if self.household:
            text = "At most one person of an address gets a seat, however many of them applied."
            lines.append(words.t(text))
        if self.together:
            lines.append(words.t(COMPANIONS))
        return "\n".join(lines)

    def _chance(self, words: Words) -> str:
        decimals = telling_decimals(self.equal) + 1
        if not self.chance:
            return words.t("Your chance of a seat: none.")
        if self.panels is not None:
            on, panels = self.panels
            text = (
                "Your chance of a seat: {percent}, as you are on {on} of {panels} numbered panels "
                "(without these exactly {exact}; if all were equal, {equal})."
            )
            return words.t(
                text,
                percent=words.percent(Fraction(on, panels), decimals),
                on=words.number(on),
                panels=words.number(panels),
                exact=words.number(self.chance, 12),
                equal=words.percent(self.equal, decimals),
            )
        text = "Your chance of a seat: {percent} (exactly {exact}; if all were equal, {equal})."
        return words.t(
            text,
            percent=words.percent(self.chance, decimals),
            exact=words.number(self.chance, 12),
            equal=words.percent(self.equal, decimals),
        )

    def _limits(self, words: Words) -> list[str]:
        lines = []
        for limit, people in zip(self.own, self.alike, strict=True):
            values = {"feature": limit.feature, "value": words.stated(limit.value)}
            pool = words.t(TEXTS["pool-people"], people=words.number(people))
            numbers = {"limit": words.number(limit.limit), "pool": pool}
            lines.append("- " + words.t(TEXTS[f"clash-{limit.bound}"], **values, **numbers))
        shown = limits_in_words(self.others[:MOST_OTHERS], self.one_seat, words)
        lines += [f"- {text}" for text in shown]
        if len(self.others) > MOST_OTHERS:
            more = len(self.others) - MOST_OTHERS
            text = "and {count} limits of other groups"
            if more == 1:
                text = "and one of another group"
            lines.append("- " + words.t(text, count=words.number(more)))
        return lines


def explain(lottery: PanelLottery | Publication, person: str) -> Explanation:
    """Why somebody has the chance that the lottery gives them.

    The quotas that set it are those with a multiplier in the certificate: for leximin, in the stage
    that fixed the chance of people like them. It says how many gave an answer that the person gave
    as well, and nothing about anybody else.

    Args:
        lottery: as solved; or as published (`read_lottery(folder).publication`), then with the
            numbered panels, if there are any.
        person: the id.

    Raises:
        UnknownPerson: there is no such id in the lottery.
    """
    panels = None
    if not isinstance(lottery, PanelLottery):
        numbered = lottery.public.panels
        if numbered is not None and person in lottery.problem.ids:
            share = lottery.chances[lottery.problem.ids.index(person)]
            panels = (int(share * len(numbered)), len(numbered))
        lottery = lottery.lottery
    problem = lottery.problem
    equal = Fraction(problem.seats, len(problem))
    if person in problem.refused:
        why = (("why", problem.refused[person]),)
        return Explanation((), Fraction(0), equal, "refused", filled=why)
    if person not in problem.ids:
        raise UnknownPerson("person-unknown", people=len(problem))
    index = problem.ids.index(person)
    chance = lottery.exact_chances[index]
    given = problem.answers(index)
    answers = tuple((name, given[name]) for name in problem.quotas.names)
    cause, found = _cause(lottery, index, chance)
    limits: tuple[Limit, ...] = found.pop("limits", ())
    own = tuple(limit for limit in limits if given[limit.feature] == limit.value)
    people = in_pool(problem)
    return Explanation(
        answers=answers,
        chance=chance,
        equal=equal,
        cause=cause,
        own=own,
        others=tuple(limit for limit in limits if limit not in own),
        alike=tuple(people[limit.feature, limit.value] for limit in own),
        household=bool(problem.household) and problem.household_rule == "at most one",
        together=any(
            kind.together and any(index in problem.lots[lot] for lot in kind.lots)
            for kind in problem.kinds
        ),
        panels=panels,
        **found,
    )


def _cause(lottery: PanelLottery, person: int, chance: Fraction) -> tuple[Cause, dict[str, Any]]:
    """How the chance comes about, and what more there is to say of it."""
    promises = () if lottery.strategy is None else lottery.strategy.promises
    optimum = promised_optimum(promises)
    if not chance:
        if "quotas" not in promises:
            return "none", {"reason": "no-seat"}
        certain = optimum is not None
        never = shut_out_by_quotas(lottery.problem, [person], certain=certain)
        (group,) = never.groups
        return "none", {
            "reason": group.reason,
            "limits": group.limits,
            "one_seat": group.households,
        }
    if optimum is None or lottery.certificate is None:
        return _by_form(lottery, person)
    who = lottery.problem.ids[person]
    if who in lottery.problem.must:
        return "must", {"filled": (("why", lottery.problem.must[who]),)}
    if chance >= 1 - SAME:
        return "certain", {}
    level = level_of(lottery, person)
    held = {"limits": level.limits, "one_seat": level.households, "whole": level.cuts}
    if optimum == "maximin":
        least = min(each for each in lottery.exact_chances if each)
        return ("maximin-smallest" if chance <= least + SAME else "maximin-above"), held
    if optimum == "leximin":
        if level.limits or level.households:
            return "leximin", held
        return ("whole", {}) if level.cuts else ("equal", held)
    return ("nash" if optimum == "nash" else "goldilocks"), held


def _by_form(lottery: PanelLottery, person: int) -> tuple[Cause, dict[str, Any]]:
    """What can be said of a lottery that proves nothing: seats of the person's group, if they are
    always the same."""
    problem = lottery.problem
    if not lottery.features:
        return "lots", {"filled": (("seats", problem.seats), ("lots", len(problem.lots)))}
    name = "" if lottery.strategy is None else lottery.strategy.name
    if len(lottery.vectors) > 1 or problem.household:
        return "other", {"filled": (("name", name),)}
    (vector,) = lottery.vectors
    number = next(
        number
        for number, lot_class in enumerate(lottery.classes)
        if any(person in problem.lots[lot] for lot in lot_class.lots)
    )
    filled = (
        ("people", len(lottery.classes[number].lots)),
        ("features", ", ".join(_in_order(problem, lottery.features))),
        ("seats", sum(seats for of, _, seats in vector if of == number)),
    )
    return "group", {"filled": filled}


def _in_order(problem: SelectionProblem, features: tuple[str, ...]) -> list[str]:
    return [name for name in problem.quotas.names if name in features]
