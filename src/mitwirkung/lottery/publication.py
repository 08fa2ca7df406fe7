"""From a lottery to its published form: pseudonyms, classes by handle, one commitment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.arrangement import arrange, lot_handles
from mitwirkung.lottery.certificates import certified_gap
from mitwirkung.lottery.entries import lottery_file, private_file
from mitwirkung.lottery.facts import Counts, Facts
from mitwirkung.lottery.numbered import (
    Holders,
    check_panel_count,
    holders,
    numbered_panels,
    panel_chances,
    panel_flaws,
)
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import PROTECTED, SelectionProblem, TokenSource
from mitwirkung.lottery.randomness import UnfitSeed, check_outcomes, is_stated, parse_template
from mitwirkung.lottery.rules import lottery_checks, quota_flaws, wish_flaws
from mitwirkung.messages import reason_of
from mitwirkung.names import NOT_STATED

if TYPE_CHECKING:
    from mitwirkung.lottery.draw import DrawRecord


class KeyRefused(MitwirkungError, ValueError):
    """The key file cannot protect anybody."""


class CountsRefused(MitwirkungError, ValueError):
    """The organiser's counts do not add up to the pool."""


class ReplacementRefused(MitwirkungError, ValueError):
    """A lottery that fills seats again is not one of the event whose seats they are."""


class LotteryRefused(MitwirkungError, ValueError):
    """A lottery does not keep what its strategy promises, so it is not published."""


@dataclass(frozen=True, eq=False, repr=False)
class Publication:
    """A lottery with pseudonyms: what stands in `lottery.json` and `lottery-private.json`.

    Attributes:
        lottery: classes, positions and vectors in the order of the file.
        tokens: one per person, in the order of `problem.ids`.
        public, private: the two files.
    """

    lottery: PanelLottery
    tokens: tuple[str, ...]
    public: files.LotteryFile
    private: files.PrivateFile

    def __repr__(self) -> str:
        people = self.public.pool.people
        return f"<Publication: {people} people, commitment {self.commitment}>"

    @property
    def problem(self) -> SelectionProblem:
        return self.lottery.problem

    @cached_property
    def commitment(self) -> str:
        """C: the SHA-256 of the bytes of `lottery.json`."""
        return self.public.digest

    @cached_property
    def handles(self) -> tuple[str, ...]:
        """One per person, in the order of `problem.ids`."""
        return tuple(map(encoding.handle, self.tokens))

    @cached_property
    def lot_handles(self) -> tuple[str, ...]:
        """One per lot, in the order of `problem.lots`."""
        return lot_handles(self.problem, self.handles)

    @cached_property
    def holders(self) -> Holders:
        """Who takes each seat that a numbered panel can have."""
        return holders(self.lottery, self.handles)

    @cached_property
    def chances(self) -> tuple[Fraction, ...]:
        """Everyone's chance in this draw, in the order of `problem.ids`: with numbered panels the
        share of panels that hold them, otherwise the exact chance of the lottery."""
        if self.public.panels is None:
            return self.lottery.exact_chances
        return panel_chances(self.public.panels, self.holders, len(self.problem))

    def seed_from(self, drawn: str, *, fallback: bool = False) -> str:
        """The seed that the numbers drawn make, in the wording that the lottery fixed.

        Args:
            drawn: as it was drawn; the numbers of a lottery are sorted, digits and dice never.
            fallback: the fallback was drawn, not the template.

        Raises:
            UnfitSeed: they are not what the template asks for, or there is none.
        """
        return seed_from(self.public, drawn, fallback=fallback)

    def draw(self, seed: str) -> DrawRecord:
        """The panel that this lottery and the public seed make.

        Raises:
            UnfitSeed: the seed is blank or holds control characters, or the lottery fixed another
                wording.
        """
        from mitwirkung.lottery.draw import DrawRecord

        return DrawRecord.of(self, seed)


def seed_from(public: files.LotteryFile, drawn: str, *, fallback: bool = False) -> str:
    """See `Publication.seed_from`."""
    template = public.seed.fallback if fallback else public.seed.template
    if not is_stated(template):
        raise UnfitSeed("seed-without-template")
    return parse_template(template).fill(drawn)


def publication(
    lottery: PanelLottery,
    facts: Facts | None = None,
    *,
    key: bytes | None = None,
    tokens: Mapping[str, str] | None = None,
    panels: int | None = None,
    seed_known: bool = False,
) -> Publication:
    """Give a lottery its published form.

    Args:
        lottery: as a strategy's `solve` returned it.
        facts: what the organiser states.
        key: the secret content of the key file, at least 32 bytes; without one the key is derived
            from the applications, and the file says that pseudonyms are not protected.
        tokens: id to the token that the applicant was given, in place of a key: each 128 random
            bits as 32 hexadecimal digits.
        panels: so many numbered panels, 10 to 10,000, are drawn from; None: the vectors.
        seed_known: the draw happens in the same breath, so nothing is committed.

    Raises:
        KeyRefused: the key is too short.
        CountsRefused: the stated counts do not add up.
        PanelsRefused: too few or too many numbered panels.
        UnfitTemplate: the seed's template or fallback has too few outcomes for the draw.
        LotteryRefused: the strategy broke what it promises.
        ReplacementRefused: the facts name another event than that whose seats are filled.
        ValueError: the lottery is not signed by a strategy.
    """
    problem = lottery.problem
    if lottery.strategy is None:
        raise ValueError("only a lottery that a strategy solved can be published")
    check_statements(problem, facts or Facts(), key, panels)
    facts = facts_of(problem, facts)
    kind, issued = _tokens(problem, facts.event, key, tokens)
    handles = tuple(map(encoding.handle, issued))
    arranged = arrange(lottery, handles)
    try:
        gap = certified_gap(arranged, lottery.strategy.promises)
    except (ValueError, LookupError, TypeError) as error:
        name = lottery.strategy.name
        raise LotteryRefused("lottery-refused", name=name, reason=reason_of(error)) from error
    public = lottery_file(
        arranged,
        issued,
        facts,
        gap=gap,
        protected=kind in PROTECTED,
        seed_known=seed_known,
        panels=None if panels is None else numbered_panels(arranged, handles, panels),
    )
    private = private_file(problem, lottery.certificate, issued, public.digest, kind)
    published = Publication(arranged, issued, public, private)
    _hold_to_rules(published)
    return published


def _tokens(
    problem: SelectionProblem, event: str, key: bytes | None, given: Mapping[str, str] | None
) -> tuple[TokenSource, tuple[str, ...]]:
    """Where tokens come from, and one per person in the order of `problem.ids`."""
    before = problem.replaces
    if before is not None:
        kind: TokenSource = before.key if before.key in PROTECTED else "before"
        return kind, tuple(before.tokens[who] for who in problem.ids)
    if given is not None:
        return "issued", tuple(given[who] for who in problem.ids)
    secret = key if key is not None else derived_key(problem)
    made = (encoding.token_from_key(secret, event, who) for who in problem.ids)
    return "derived" if key is None else "file", tuple(made)


def _hold_to_rules(published: Publication) -> None:
    """Nothing is published that would not verify."""
    public = published.public
    flaws = [reason for check in lottery_checks(public) for reason in check.reasons]
    if "quotas" in public.strategy.promises:
        flaws += quota_flaws(published.lottery)
    flaws += wish_flaws(published.lottery)
    flaws += numbered_flaws(published)
    if flaws:
        name = public.strategy.name
        raise LotteryRefused("lottery-refused", name=name, reason=flaws[:5])


def numbered_flaws(published: Publication) -> list[str]:
    """Numbered panels that do not keep what the strategy promises."""
    if published.public.panels is None:
        return []
    promised = "quotas" in published.public.strategy.promises
    held, lottery = published.holders, published.lottery
    return list(panel_flaws(published.public.panels, held, lottery, promised))


def check_statements(
    problem: SelectionProblem, facts: Facts, key: bytes | None, panels: int | None = None
) -> None:
    """Refuse a key, counts or a seed with which no lottery of this problem can be published.

    Raises:
        KeyRefused: the key is too short.
        CountsRefused: the stated counts do not add up to the pool.
        PanelsRefused: too few or too many numbered panels.
        UnfitTemplate: the seed's template or fallback has too few outcomes for the draw.
        ReplacementRefused: the facts name another event than that whose seats are filled.
    """
    if panels is not None:
        check_panel_count(panels)
    for template in (facts.seed.template, facts.seed.fallback):
        if is_stated(template):
            check_outcomes(template, panels)
    if key is not None and len(key) < encoding.MIN_KEY_BYTES:
        raise KeyRefused("key-too-short", needed=encoding.MIN_KEY_BYTES, found=len(key))
    expected = facts_of(problem, facts).counts.expected_pool()
    if expected is not None and expected != len(problem):
        raise CountsRefused("counts-do-not-add-up", expected=expected, pool=len(problem))


def facts_of(problem: SelectionProblem, stated: Facts | None) -> Facts:
    """The facts as they are published: to the organiser's counts comes what the wishes do, each
    person by its reason. Where seats are filled again, event and counts follow from that.

    Raises:
        ReplacementRefused: they name another event than that whose seats are filled.
    """
    facts = stated or Facts()
    if problem.replaces is not None:
        event = problem.replaces.event
        if facts.event not in (NOT_STATED, event):
            raise ReplacementRefused("replacement-event", event=event)
        pool = Counts(received=len(problem) + len(problem.refused), refused={}, merged=0, late=0)
        facts = facts.model_copy(update={"event": event, "counts": pool})
    reasons = {"refused": problem.refused, "must_include": problem.must}
    changed = {}
    for name, reasons_of in reasons.items():
        before = getattr(facts.counts, name)
        if reasons_of:
            total = Counter({} if before == NOT_STATED else before) + Counter(reasons_of.values())
            changed[name] = dict(sorted(total.items()))
    return facts.model_copy(update={"counts": facts.counts.model_copy(update=changed)})


def derived_key(problem: SelectionProblem) -> bytes:
    """The key where there is no key file: a digest of the applications, guessable by design."""
    people = [
        encoding.canonical_json([identifier, problem.answers(person)]).decode()
        for person, identifier in enumerate(problem.ids)
    ]
    return encoding.tagged_hash("mitwirkung-key-1", sorted(people)).encode()
