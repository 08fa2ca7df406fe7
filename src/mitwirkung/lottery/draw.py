"""The draw: a function of the published lottery and the public seed, and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Self

from mitwirkung.display import Displayed, DisplayTable
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.randomness import (
    UnfitSeed,
    check_seed,
    draws_number,
    fits_either,
    is_stated,
    parse_template,
)
from mitwirkung.lottery.roster import roster_of
from mitwirkung.messages import Reason

if TYPE_CHECKING:
    from mitwirkung.lottery.verification import Verification


def is_committed(public: files.LotteryFile) -> bool:
    """Whether the lottery file fixed the seed's source and wording before it existed."""
    source = public.seed
    stated = is_stated(source.template, source.earliest, source.latest, source.fallback)
    return stated and not source.known


def public_record(public: files.LotteryFile, seed: str) -> files.PublicRecordFile:
    """`record-public.json`: the drawn vector or numbered panel, and every seat.

    Raises:
        UnfitSeed: the seed is blank or holds control characters, or the lottery fixed another
            wording.
    """
    seed = check_seed(seed)
    commitment = public.digest
    committed = is_committed(public)
    source = public.seed
    if committed and not fits_either(seed, source.template, source.fallback):
        raise UnfitSeed("seed-does-not-fit", template=source.template, fallback=source.fallback)
    if public.panels is not None:
        drawn = drawn_panel(public, seed)
        handles = [lot for each in public.classes for lot in each.lots]
        return files.PublicRecordFile(
            event=public.event,
            attempt=public.attempt,
            lottery=commitment,
            seed=seed,
            committed=committed,
            number=encoding.panel_label(drawn, len(public.panels)),
            seats=tuple(
                files.SeatEntry(lot=handles[lot - 1], position=position)
                for lot, position in public.panels[drawn]
            ),
        )
    number = encoding.draw_number(commitment, seed)
    drawn = drawn_vector(public, int(number, 16))
    seats = []
    wanted: dict[int, list[tuple[str, int]]] = {}
    for number_of_class, position, count in public.vectors[drawn].seats:
        wanted.setdefault(number_of_class - 1, []).append((position, count))
    for number_of_class in sorted(wanted):
        lots = public.classes[number_of_class].lots
        ranked = iter(sorted(lots, key=lambda lot: encoding.rank(commitment, seed, lot)))
        for position, count in wanted[number_of_class]:
            seats += [files.SeatEntry(lot=next(ranked), position=position) for _ in range(count)]
    return files.PublicRecordFile(
        event=public.event,
        attempt=public.attempt,
        lottery=commitment,
        seed=seed,
        committed=committed,
        number=number,
        vector=drawn + 1,
        seats=tuple(seats),
    )


def drawn_panel(public: files.LotteryFile, seed: str) -> int:
    """The numbered panel (from 0) that a seed draws: its own number where the template has one
    outcome for each panel, otherwise in proportion to the hash of commitment and seed."""
    panels = len(public.panels or ())
    for text in (public.seed.template, public.seed.fallback):
        if is_stated(text):
            template = parse_template(text)
            if draws_number(template, panels) and template.fits(seed):
                return template.number(seed)
    hashed = int(encoding.draw_number(public.digest, seed), 16)
    return hashed * panels // int(encoding.WEIGHT_TOTAL)


def drawn_vector(public: files.LotteryFile, number: int) -> int:
    """The first vector (from 0) at which the running sum of weights is greater than `number`."""
    reached = 0
    for index, vector in enumerate(public.vectors):
        reached += vector.weight
        if reached > number:
            return index
    raise ValueError(Reason("the weights do not add up to 16^12"))


@dataclass(frozen=True, eq=False, repr=False)
class DrawRecord(Displayed):
    """What a draw did: the public record, and who it seats.

    Attributes:
        publication: the lottery that was drawn.
        public: `record-public.json`.
        panel: indexes into `problem.ids` of the people seated, ascending.
    """

    publication: Publication
    public: files.PublicRecordFile
    panel: tuple[int, ...]

    @classmethod
    def of(cls, publication: Publication, seed: str) -> Self:
        public = public_record(publication.public, seed)
        return cls(publication, public, seated_people(publication, public))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the panel, sorted."""
        return tuple(self.publication.problem.ids[person] for person in self.panel)

    @property
    def committed(self) -> bool:
        return self.public.committed

    @cached_property
    def private(self) -> files.RecordFile:
        """`record.json`."""
        publication, public = self.publication, self.public
        lottery = publication.public
        chances = publication.chances
        return files.RecordFile(
            lottery=publication.commitment,
            private=publication.private.digest,
            public=public.digest,
            event=public.event,
            attempt=public.attempt,
            seats=lottery.seats,
            strategy=files.StrategyName(
                name=lottery.strategy.name,
                version=lottery.strategy.version,
                settings=lottery.strategy.settings,
            ),
            pool=files.PoolSummary(size=lottery.pool.people, digest=lottery.pool.digest),
            pseudonyms=lottery.pseudonyms,
            quotas=lottery.quotas,
            intake=publication.private.intake,
            seed=public.seed,
            committed=public.committed,
            vector=public.vector,
            numbered=numbered_entry(lottery, public),
            panel=self.ids,
            chances=chances_entry(chances),
            certificate=files.ProofEntry(
                **lottery.strategy.certificate.model_dump(), proof=publication.private.certificate
            ),
            software=lottery.software,
        )

    def verify(self, *, commitment: str | None = None, key: bytes | None = None) -> Verification:
        """Check everything about this draw at the private level, from the bytes of its files.

        Args:
            commitment: C as it was published before the draw.
            key: the content of the key file, to check the tokens too.
        """
        from mitwirkung.lottery.verification import verify

        return verify(
            self.publication.public.content,
            self.public.content,
            commitment=commitment,
            private=self.publication.private.content,
            private_record=self.private.content,
            key=key,
        )

    def _display(self) -> DisplayTable:
        from mitwirkung.lottery.display import draw_table

        return draw_table(self)

    def _summary(self) -> str:
        kind = "committed" if self.committed else "uncommitted"
        return f"{len(self.panel)} seats, {kind}, seed {self.public.seed!r}"


def numbered_entry(
    lottery: files.LotteryFile, drawn: files.PublicRecordFile
) -> files.NumberedEntry | None:
    """What a record says of numbered panels; None if there are none."""
    if lottery.panels is None or lottery.deviation is None:
        return None
    return files.NumberedEntry(
        panels=len(lottery.panels), panel=drawn.number, deviation=lottery.deviation
    )


def seated_people(publication: Publication, public: files.PublicRecordFile) -> tuple[int, ...]:
    """Who takes the seats of a public record: indexes into `problem.ids`, ascending."""
    place = {who: person for person, who in enumerate(publication.problem.ids)}
    return tuple(place[who] for who in roster_of(publication).seated(public))


def chances_entry(chances: Sequence[Fraction]) -> files.ChancesEntry:
    """Smallest and greatest chance, Gini coefficient and geometric mean, twelve decimals."""
    return files.ChancesEntry(
        min=encoding.decimal_text(min(chances)),
        max=encoding.decimal_text(max(chances)),
        gini=encoding.decimal_text(gini(chances)),
        geometric_mean=geometric_mean(chances),
    )


def gini(chances: Sequence[Fraction]) -> Fraction:
    """The Gini coefficient of the chances: 0 if all are equal (Gini 1912), exact."""
    n = len(chances)
    counted = _counted(chances)
    weighted, before = Fraction(0), 0
    for value, count in counted:
        # people ranked before+1 .. before+count have this value
        weighted += value * (count * (2 * before + count))
        before += count
    total = sum(value * count for value, count in counted)
    return weighted / (n * total) - 1


def geometric_mean(chances: Sequence[Fraction]) -> str:
    """The geometric mean with twelve decimals, computed in decimals: the same on every machine."""
    counted = _counted(chances)
    if not counted[0][0]:
        return encoding.decimal_text(Fraction(0))
    with localcontext() as context:
        context.prec = 40
        logs = Decimal(0)
        for value, count in counted:
            logs += (Decimal(value.numerator) / Decimal(value.denominator)).ln() * count
        mean = (logs / len(chances)).exp()
    return encoding.decimal_text(Fraction(mean))


def _counted(values: Sequence[Fraction]) -> list[tuple[Fraction, int]]:
    counts: dict[Fraction, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts.items())
