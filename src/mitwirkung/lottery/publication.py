"""From a lottery to its published form: pseudonyms, classes by handle, one commitment."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.certificates import certificate_entry, certified_gap
from mitwirkung.lottery.facts import Counts, Facts
from mitwirkung.lottery.panels import LotClass, PanelLottery, StrategyInfo
from mitwirkung.lottery.problem import Label, SelectionProblem, quotas_data
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.randomness import UnfitSeed, check_outcomes, is_stated, parse_template
from mitwirkung.lottery.rules import lottery_checks, quota_flaws, wish_flaws
from mitwirkung.names import NOT_STATED

if TYPE_CHECKING:
    from mitwirkung.lottery.draw import DrawRecord
    from mitwirkung.lottery.numbered import Holders, Panel


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
        from mitwirkung.lottery.numbered import holders

        return holders(self.lottery, self.handles)

    @cached_property
    def chances(self) -> tuple[Fraction, ...]:
        """Everyone's chance in this draw, in the order of `problem.ids`: with numbered panels the
        share of panels that hold them, otherwise the exact chance of the lottery."""
        if self.public.panels is None:
            return self.lottery.exact_chances
        from mitwirkung.lottery.numbered import panel_chances

        return panel_chances(self.public.panels, self.holders, len(self.problem))

    def seed_from(self, drawn: str, *, fallback: bool = False) -> str:
        """The seed that the numbers drawn make, in the wording that the lottery fixed.

        Args:
            drawn: as it was drawn; the numbers of a lottery are sorted, digits and dice never.
            fallback: the fallback was drawn, not the template.

        Raises:
            UnfitSeed: they are not what the template asks for, or there is none.
        """
        source = self.public.seed
        template = source.fallback if fallback else source.template
        if not is_stated(template):
            raise UnfitSeed("seed-without-template")
        return parse_template(template).fill(drawn)

    def draw(self, seed: str) -> DrawRecord:
        """The panel that this lottery and the public seed make.

        Raises:
            UnfitSeed: the seed is blank or holds control characters, or the lottery fixed another
                wording.
        """
        from mitwirkung.lottery.draw import DrawRecord

        return DrawRecord.of(self, seed)


def publication(
    lottery: PanelLottery,
    facts: Facts | None = None,
    *,
    key: bytes | None = None,
    panels: int | None = None,
    seed_known: bool = False,
) -> Publication:
    """Give a lottery its published form.

    Args:
        lottery: as a strategy's `solve` returned it.
        facts: what the organiser states.
        key: the secret content of the key file, at least 32 bytes; without one the key is derived
            from the applications, and the file says that pseudonyms are not protected.
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
    facts = facts_of(problem, facts)
    if lottery.strategy is None:
        raise ValueError("only a lottery that a strategy solved can be published")
    check_statements(problem, facts, key, panels)
    before = problem.replaces
    if before is not None:
        tokens = tuple(before.tokens[person] for person in problem.ids)
    else:
        secret = key if key is not None else derived_key(problem)
        tokens = tuple(encoding.token_from_key(secret, facts.event, who) for who in problem.ids)
    protected = key is not None if before is None else before.protected
    handles = tuple(map(encoding.handle, tokens))
    arranged = arrange(lottery, handles)
    numbered = None
    if panels is not None:
        from mitwirkung.lottery.numbered import numbered_panels

        numbered = numbered_panels(arranged, handles, panels)
    public = _lottery_file(
        arranged, lottery.strategy, tokens, facts, protected, seed_known, numbered
    )
    kind = "file" if protected else "derived" if before is None else "before"
    private = private_file(problem, lottery.certificate, tokens, public.digest, kind)
    published = Publication(arranged, tokens, public, private)
    _hold_to_rules(published)
    return published


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
        raise LotteryRefused("lottery-refused", name=name, reason="; ".join(flaws[:5]))


def numbered_flaws(published: Publication) -> list[str]:
    """Numbered panels that do not keep what the strategy promises."""
    if published.public.panels is None:
        return []
    from mitwirkung.lottery.numbered import panel_flaws

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
    """
    if panels is not None:
        from mitwirkung.lottery.numbered import check_panel_count

        check_panel_count(panels)
    for template in (facts.seed.template, facts.seed.fallback):
        if is_stated(template):
            check_outcomes(template, panels)
    if key is not None and len(key) < encoding.MIN_KEY_BYTES:
        raise KeyRefused("key-too-short", needed=encoding.MIN_KEY_BYTES, found=len(key))
    facts = facts_of(problem, facts)
    expected = published_counts(problem, facts.counts).expected_pool()
    if expected is not None and expected != len(problem):
        raise CountsRefused("counts-do-not-add-up", expected=expected, pool=len(problem))


def facts_of(problem: SelectionProblem, stated: Facts | None) -> Facts:
    """The facts; where seats are filled again, with the event and the counts that follow from it.

    Raises:
        ReplacementRefused: they name another event.
    """
    facts = stated or Facts()
    if problem.replaces is None:
        return facts
    event = problem.replaces.event
    if facts.event not in (NOT_STATED, event):
        raise ReplacementRefused("replacement-event", event=event)
    pool = Counts(received=len(problem) + len(problem.refused), refused={}, merged=0, late=0)
    return facts.model_copy(update={"event": event, "counts": pool})


def published_counts(problem: SelectionProblem, stated: Counts) -> Counts:
    """The organiser's counts, and to them what the wishes do: each person by its reason."""
    counts = {"refused": problem.refused, "must_include": problem.must}
    changed = {}
    for name, reasons in counts.items():
        before = getattr(stated, name)
        if reasons:
            total = Counter({} if before == NOT_STATED else before) + Counter(reasons.values())
            changed[name] = dict(sorted(total.items()))
    return stated.model_copy(update=changed)


def derived_key(problem: SelectionProblem) -> bytes:
    """The key where there is no key file: a digest of the applications, guessable by design."""
    people = [
        encoding.canonical_json([identifier, problem.answers(person)]).decode()
        for person, identifier in enumerate(problem.ids)
    ]
    return encoding.tagged_hash("mitwirkung-key-1", sorted(people)).encode()


def lot_handles(problem: SelectionProblem, handles: Sequence[str]) -> tuple[str, ...]:
    """The handle of every lot, in the order of `problem.lots`."""
    return tuple(encoding.lot_handle(handles[i] for i in members) for members in problem.lots)


Place = tuple[int, int]
"""A class and a position in it, indexes from 0."""


def arrange(lottery: PanelLottery, handles: Sequence[str]) -> PanelLottery:
    """The same lottery with lots, classes and positions in the order of handles.

    Never by features: the order of a published file must not tell anything about answers.
    """
    classes, place = arranged_classes(lottery.problem, lottery.classes, handles)
    vectors = [
        (Fraction(weight), {place[c, position]: number for c, position, number in vector})
        for weight, vector in zip(lottery.weights, lottery.vectors, strict=True)
    ]
    arranged = PanelLottery(
        lottery.problem, lottery.features, vectors, lottery.certificate, classes=classes
    )
    return arranged if lottery.strategy is None else arranged.signed(lottery.strategy)


def arranged_classes(
    problem: SelectionProblem, classes: Sequence[LotClass], handles: Sequence[str]
) -> tuple[tuple[LotClass, ...], dict[Place, Place]]:
    """Classes by their smallest lot handle, positions by the first lot's handles.

    Returns:
        The classes, and where each place of the given classes is found in them.
    """
    handle_of = lot_handles(problem, handles)
    sorted_lots = [tuple(sorted(each.lots, key=handle_of.__getitem__)) for each in classes]
    order = sorted(range(len(classes)), key=lambda number: handle_of[sorted_lots[number][0]])
    arranged = []
    place: dict[Place, Place] = {}
    for new, old in enumerate(order):
        before = classes[old]
        place[old, 0] = (new, 0)
        labels: tuple[Label, ...] = ()
        if before.labels:
            features = tuple(name for name, _ in before.labels[0])
            members = sorted(problem.lots[sorted_lots[old][0]], key=handles.__getitem__)
            labels = tuple(problem.label(problem.profile_of[i], features) for i in members)
        after = LotClass(sorted_lots[old], labels, before.people, before.must)
        arranged.append(after)
        for label in () if before.together else labels:
            both = zip(before.positions_of(label), after.positions_of(label), strict=True)
            place.update({(old, i): (new, j) for i, j in both})
    return tuple(arranged), place


def position_names(lot_class: LotClass) -> tuple[str, ...]:
    """The names of a class's positions in the files."""
    if lot_class.together:
        return ("all",)
    return tuple(str(i + 1) for i in range(lot_class.positions)) if lot_class.labels else ("any",)


def features_text(problem: SelectionProblem, person: int) -> str:
    """A person's answers as canonical JSON: what the leaf commits to, and the receipt says."""
    return encoding.canonical_json(problem.answers(person)).decode()


def leaves(lottery: PanelLottery, tokens: Sequence[str], handle_of: Sequence[str]) -> list[str]:
    """Every applicant's leaf, sorted."""
    problem = lottery.problem
    return sorted(
        encoding.leaf(tokens[person], handle_of[lot_class.lots[0]], features_text(problem, person))
        for lot_class in lottery.classes
        for lot in lot_class.lots
        for person in problem.lots[lot]
    )


def _lottery_file(
    lottery: PanelLottery,
    strategy: StrategyInfo,
    tokens: Sequence[str],
    facts: Facts,
    protected: bool,
    seed_known: bool,
    panels: Sequence[Panel] | None,
) -> files.LotteryFile:
    try:
        gap = certified_gap(lottery, strategy.promises)
    except (ValueError, LookupError, TypeError) as error:
        raise LotteryRefused("lottery-refused", name=strategy.name, reason=str(error)) from error
    provenance = lottery.problem.quotas.provenance
    quotas = {
        name: stated if stated != NOT_STATED else getattr(provenance, name)
        for name, stated in facts.quotas.model_dump().items()
    }
    if changes := lottery.problem.quotas.changes:
        # Whatever is stated, a change is published.
        method = [] if quotas["method"] == NOT_STATED else [quotas["method"]]
        quotas["method"] = "; ".join([*method, changes])
    return rebuild_lottery_file(
        lottery,
        tokens,
        organiser=facts.organiser,
        event=facts.event,
        place=facts.place,
        attempt=facts.attempt,
        previous=facts.previous,
        counts=published_counts(lottery.problem, facts.counts),
        pseudonyms="protected" if protected else "not protected",
        strategy=files.StrategyEntry(
            name=strategy.name,
            version=strategy.version,
            settings=dict(strategy.settings),
            promises=strategy.promises,
            features=lottery.features,
            certificate=certificate_entry(gap),
        ),
        quotas=quotas,
        panels=panels,
        seed=files.SeedEntry(**facts.seed.model_dump(), known=seed_known),
        replacement=facts.replacement,
        replaces=replaces_entry(lottery.problem),
        software=software(),
    )


def rebuild_lottery_file(
    lottery: PanelLottery,
    tokens: Sequence[str],
    *,
    quotas: Mapping[str, str],
    panels: Sequence[Panel] | None = None,
    **stated: object,
) -> files.LotteryFile:
    """`lottery.json` of an arranged lottery: verification builds it again from the private file.

    `stated` are the keys that the applications and the lottery do not determine.
    """
    problem = lottery.problem
    handles = tuple(map(encoding.handle, tokens))
    handle_of = lot_handles(problem, handles)
    pool = leaves(lottery, tokens, handle_of)
    names = [position_names(lot_class) for lot_class in lottery.classes]
    return files.LotteryFile.model_validate(
        {
            **stated,
            "pool": {
                "people": len(problem),
                "lots": len(problem.lots),
                "leaves": tuple(pool),
                "digest": encoding.pool_digest(pool),
            },
            "seats": problem.seats,
            "quotas": quotas_entry(problem.quotas, quotas),
            "classes": tuple(
                files.ClassEntry(
                    lots=tuple(handle_of[lot] for lot in lot_class.lots),
                    positions=names[number],
                    people=lot_class.people,
                    must=lot_class.must,
                )
                for number, lot_class in enumerate(lottery.classes)
            ),
            "vectors": tuple(
                files.VectorEntry(
                    seats=tuple((c + 1, names[c][position], n) for c, position, n in vector),
                    weight=weight,
                )
                for weight, vector in zip(lottery.weights, lottery.vectors, strict=True)
            ),
            **({} if panels is None else _numbered_keys(lottery, handles, panels)),
        }
    )


def _numbered_keys(
    lottery: PanelLottery, handles: Sequence[str], panels: Sequence[Panel]
) -> dict[str, object]:
    """The keys of `lottery.json` that only numbered panels have."""
    from mitwirkung.lottery.numbered import holders, largest_deviation, panel_chances

    found = panel_chances(panels, holders(lottery, handles), len(lottery.problem))
    deviation = largest_deviation(found, lottery.exact_chances)
    return {"draw": "number", "panels": tuple(panels), "deviation": deviation}


def replaces_entry(problem: SelectionProblem) -> files.ReplacesEntry | None:
    """Which draw's seats are filled again, as it is published."""
    before = problem.replaces
    if before is None:
        return None
    return files.ReplacesEntry(
        record=before.record,
        kept=before.kept,
        loosened=tuple(files.LoosenedEntry(**asdict(each)) for each in before.loosened),
        ahead=None if before.ahead is None else files.AheadEntry(**asdict(before.ahead)),
    )


def quotas_entry(plan: QuotaPlan, provenance: Mapping[str, str]) -> files.QuotasEntry:
    """The quotas as they are published, in canonical order."""
    features = tuple(
        files.FeatureEntry(
            name=feature["name"],
            quotas=tuple(files.QuotaEntry(**quota) for quota in feature["quotas"]),
        )
        for feature in quotas_data(plan)
    )
    return files.QuotasEntry(**provenance, features=features)


def private_file(
    problem: SelectionProblem,
    certificate: Mapping[str, Any] | None,
    tokens: Sequence[str],
    commitment: str,
    key: str,
) -> files.PrivateFile:
    """`lottery-private.json` of a lottery with this certificate."""
    applicants = problem.applicants
    columns = list(applicants.columns.items())
    return files.PrivateFile.model_validate(
        {
            "lottery": commitment,
            "intake": {
                "id_column": applicants.id_column,
                "household": problem.household,
                "wishes": wishes_entry(problem),
                "missing": dict(applicants.missing),
                "columns": tuple(applicants.columns),
                "mapping": applicants.mapping,
            },
            "applicants": tuple(
                files.ApplicantEntry(
                    id=identifier,
                    token=token,
                    columns={name: cells[i] for name, cells in columns},
                )
                for identifier, token, i in zip(problem.ids, tokens, problem.order, strict=True)
            ),
            "quotas": _plan_entry(problem.quotas),
            "key": key,
            "portfolio_seed": problem.digest,
            "certificate": None if certificate is None else dict(certificate),
        }
    )


def wishes_entry(problem: SelectionProblem) -> files.WishesEntry | None:
    """What was declared about people; None where nothing was."""
    entry = files.WishesEntry(
        must=problem.must,
        refused=problem.refused,
        companions=problem.companions,
        household_rule=problem.household_rule,
    )
    return None if entry == files.WishesEntry() else entry


def _plan_entry(plan: QuotaPlan) -> files.PlanEntry:
    population = plan.population or {}
    return files.PlanEntry(
        features=tuple(
            files.FullFeatureEntry(
                name=feature.name,
                quotas=tuple(
                    files.FullQuotaEntry(**q.model_dump(exclude={"reason"})) for q in feature.quotas
                ),
            )
            for feature in plan.features
        ),
        provenance=files.ProvenanceEntry(**plan.provenance.model_dump()),
        population={name: dict(counts) for name, counts in population.items()} or None,
    )


def software() -> dict[str, str]:
    """Names and versions of what made a lottery."""
    found = {"python": platform.python_version()}
    for name in ("mitwirkung", "numpy", "highspy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = NOT_STATED
    return found
