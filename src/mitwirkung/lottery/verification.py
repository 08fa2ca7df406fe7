"""Checking a lottery and its draw: publicly, with one's token, or with the city's files.

Nothing here believes what a file claims: whatever can be computed from something else is
computed again and compared. The levels are defined in `docs/reference/lottery-files.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal, Self, TypeVar

from mitwirkung.errors import MitwirkungError, Translate, text_of
from mitwirkung.intake import Applicants
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.certificates import certificate_entry, certified_gap, confirm_cuts
from mitwirkung.lottery.draw import DrawRecord, public_record
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import (
    Publication,
    arrange,
    derived_key,
    load,
    private_file,
    rebuild_lottery_file,
)
from mitwirkung.lottery.quotas import QuotaPlan

F = TypeVar("F", bound=files.StrictFile)
T = TypeVar("T")

Level = Literal["public", "token", "private"]

_HEX = re.compile(r"[0-9a-f]{64}")
MOST_REASONS = 20


@dataclass(frozen=True)
class Check:
    """One thing that was checked: its code, and a reason for each difference found."""

    code: str
    reasons: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.reasons

    def describe(self, translate: Translate = str) -> str:
        """What was checked, and what differs."""
        text = text_of(self.code, self.params, translate)
        return text if self.ok else f"{text}: {'; '.join(self.reasons)}"


@dataclass(frozen=True)
class Verification:
    """What a verification found; true if nothing differs.

    Attributes:
        level: the highest level that was checked.
        anchored: a commitment from outside was given, and is that of the lottery file.
        committed: the lottery file fixed the seed's wording before it existed; None if the
            files are too broken to tell.
        checks: everything checked, in order.
    """

    level: Level
    anchored: bool
    committed: bool | None
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.ok)

    def __bool__(self) -> bool:
        return not self.failed

    def describe(self, translate: Translate = str) -> str:
        """All checks, a line each, and the result."""
        lines = [
            f"{'[ok]' if check.ok else '[!!]'} {check.describe(translate)}" for check in self.checks
        ]
        lines.append(text_of(self._result(), {"level": translate(self.level)}, translate))
        if self.committed is not None:
            code = "verified-committed" if self.committed else "verified-uncommitted"
            lines.append(text_of(code, {}, translate))
        return "\n".join(lines)

    def _result(self) -> str:
        if not self:
            return "verified-not"
        return "verified-anchored" if self.anchored else "verified-not-anchored"


@dataclass(frozen=True)
class Receipt:
    """What an applicant holds: the token, the answers, and the handles of the lot's other members.

    `positions` are those of the applicant's answers in the class, as stated on the receipt.
    """

    token: str
    features: Mapping[str, str | None]
    mates: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()

    @classmethod
    def from_data(cls, token: str, data: Any) -> Self:
        """From JSON: the features object alone, or `{"features", "mates", "positions"}`.

        Raises:
            ValueError: it is neither.
        """
        if not isinstance(data, dict):
            raise ValueError("a receipt is a JSON object")
        if not isinstance(data.get("features"), dict):
            data = {"features": data}
        features, mates = data["features"], data.get("mates", [])
        positions = data.get("positions", [])
        texts = [
            *mates,
            *positions,
            *(answer for answer in features.values() if answer is not None),
        ]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("answers, mates and positions are texts")
        return cls(token, features, tuple(mates), tuple(positions))


def verify(
    lottery: bytes,
    record: bytes,
    *,
    commitment: str | None = None,
    receipt: Receipt | None = None,
    private: bytes | None = None,
    private_record: bytes | None = None,
    applicants: Applicants | None = None,
    quotas: QuotaPlan | None = None,
    key: bytes | None = None,
) -> Verification:
    """Check a draw as far as the given files allow.

    Args:
        lottery, record: the bytes of `lottery.json` and `record-public.json`.
        commitment: C as it was seen published before the draw.
        receipt: for the token level.
        private, private_record: the bytes of `lottery-private.json` and `record.json`.
        applicants, quotas: the inputs, to be compared with the private files. Without the private
            file they are enough beside the private record, and the key if there was one.
        key: the content of the key file.
    """
    checks: list[Check] = []
    level: Level = "public"
    committed = None
    public = _parsed(files.LotteryFile, lottery, "check-lottery-form", checks)
    if public is not None:
        checks += lottery_checks(public)
        checks += commitment_checks(public, commitment)
        seed_source = _parsed(files.PublicRecordFile, record, "check-record-form", checks)
        if seed_source is not None and _sound(checks):
            drawn = _attempt("check-draw", checks, lambda: public_record(public, seed_source.seed))
            if drawn is not None:
                committed = drawn.committed
                reasons = _differences(drawn.content, record)
                checks.append(Check("check-draw", reasons))
            if receipt is not None:
                level = "token"
                checks += token_checks(public, drawn, receipt)
        if private is not None or private_record is not None:
            level = "private"
            seed = None if seed_source is None else seed_source.seed
            checks += _private_checks(
                public, private, private_record, seed, applicants, quotas, key
            )
    anchored = commitment is not None and encoding.sha256_hex(lottery) == commitment.strip().lower()
    return Verification(level, anchored, committed, tuple(checks))


def commitment_checks(public: files.LotteryFile, commitment: str | None) -> list[Check]:
    """Whether the lottery file is the one that was seen before the draw."""
    if commitment is None:
        return []
    found = public.digest
    reasons = () if commitment.strip().lower() == found else (f"the file's commitment is {found}",)
    return [Check("check-commitment", reasons)]


def lottery_checks(public: files.LotteryFile) -> list[Check]:
    """The inner order of `lottery.json`: what its form alone does not say."""
    return [
        Check("check-pool", tuple(_pool_flaws(public))),
        Check("check-classes", tuple(_class_flaws(public))),
        Check("check-vectors", tuple(_vector_flaws(public))),
        Check("check-facts", tuple(_fact_flaws(public))),
    ]


def _pool_flaws(public: files.LotteryFile) -> Iterable[str]:
    pool = public.pool
    yield from _hex_list_flaws(pool.leaves, "pool.leaves")
    if len(pool.leaves) != pool.people:
        yield f"pool.people is {pool.people}, but there are {len(pool.leaves)} leaves"
    if encoding.pool_digest(pool.leaves) != pool.digest:
        yield "pool.digest is not that of the leaves"


def _hex_list_flaws(texts: Sequence[str], name: str) -> Iterable[str]:
    if not all(_HEX.fullmatch(text) for text in texts):
        yield f"{name}: not all are 64 lowercase hexadecimal digits"
    if any(a >= b for a, b in pairwise(texts)):
        yield f"{name}: not sorted, or one comes twice"


def _class_flaws(public: files.LotteryFile) -> Iterable[str]:
    lots = [lot for each in public.classes for lot in each.lots]
    for number, each in enumerate(public.classes, start=1):
        yield from _hex_list_flaws(each.lots, f"classes[{number}].lots")
        numbered = tuple(str(i + 1) for i in range(len(each.positions)))
        if each.positions not in (numbered, ("any",), ("all",)):
            yield f"classes[{number}].positions are not 1, 2, ... or any or all"
    firsts = [each.lots[0] for each in public.classes]
    if firsts != sorted(firsts):
        yield "classes are not sorted by their first lot"
    if len(set(lots)) != len(lots):
        yield "a lot is in two classes"
    if len(lots) != public.pool.lots:
        yield f"pool.lots is {public.pool.lots}, but the classes list {len(lots)}"
    if public.strategy.features:
        people = sum(len(each.lots) * len(each.positions) for each in public.classes)
        if people != public.pool.people:
            yield f"pool.people is {public.pool.people}, but the positions hold {people}"
    elif len(public.classes) != 1 or public.classes[0].positions != ("any",):
        yield "a strategy that looks at no feature has one class with the position any"


def _vector_flaws(public: files.LotteryFile) -> Iterable[str]:
    total = sum(vector.weight for vector in public.vectors)
    if total != encoding.WEIGHT_TOTAL:
        yield f"weights add up to {total}, not to {encoding.WEIGHT_TOTAL}"
    keys = []
    order = [{name: i for i, name in enumerate(each.positions)} for each in public.classes]
    for number, vector in enumerate(public.vectors, start=1):
        key = []
        taken: dict[int, int] = {}
        for number_of_class, position, count in vector.seats:
            known = 1 <= number_of_class <= len(order)
            if not known or position not in order[number_of_class - 1]:
                yield f"vectors[{number}] names class {number_of_class}, position {position!r}"
                return
            if count < 1:
                yield f"vectors[{number}] has a number below 1"
            key.append((number_of_class, order[number_of_class - 1][position], count))
            taken[number_of_class] = taken.get(number_of_class, 0) + count
        places = [place[:2] for place in key]
        if any(a >= b for a, b in pairwise(places)):
            yield f"vectors[{number}].seats are not sorted, or a place comes twice"
        if sum(taken.values()) != public.seats:
            yield f"vectors[{number}] seats {sum(taken.values())} instead of {public.seats}"
        if any(count > len(public.classes[c - 1].lots) for c, count in taken.items()):
            yield f"vectors[{number}] seats more lots of a class than it has"
        keys.append(key)
    if any(a >= b for a, b in pairwise(keys)):
        yield "vectors are not sorted, or two are equal"


def _fact_flaws(public: files.LotteryFile) -> Iterable[str]:
    try:
        Facts(attempt=public.attempt, previous=public.previous)
    except ValueError:
        yield "attempt and previous do not fit"
    expected = public.counts.expected_pool()
    if expected is not None and expected != public.pool.people:
        yield f"counts leave {expected} people, the pool has {public.pool.people}"
    names = [feature.name for feature in public.quotas.features]
    values = [[quota.value for quota in feature.quotas] for feature in public.quotas.features]
    if any(listed != sorted(set(listed)) for listed in (names, *values)):
        yield "quotas are not sorted, or one comes twice"
    if any(not 0 <= q.min <= q.max for feature in public.quotas.features for q in feature.quotas):
        yield "a quota's minimum is greater than its maximum"
    strategy = public.strategy
    for listed in (strategy.promises, strategy.features):
        if list(listed) != sorted(set(listed)):
            yield "promises and features of the strategy are not sorted"
    if not set(strategy.features) <= set(names):
        yield "the strategy looks at a feature without quotas"
    promised = "leximin" in strategy.promises
    form = r"[0-9]+\.[0-9]{12}" if promised else "not promised"
    if not re.fullmatch(form, strategy.certificate.gap) or promised != (
        strategy.certificate.optimal is True
    ):
        yield "the certificate does not fit the promises"


def token_checks(
    public: files.LotteryFile, drawn: files.PublicRecordFile | None, receipt: Receipt
) -> list[Check]:
    """I was in the pool with these answers, in this class, with this chance; do I have a seat?"""
    if not re.fullmatch("[0-9a-f]{32}", receipt.token):
        return [Check("check-token", ("a token is 32 lowercase hexadecimal digits",))]
    mine = encoding.handle(receipt.token)
    lot = encoding.lot_handle((mine, *receipt.mates))
    found = [
        (number, each) for number, each in enumerate(public.classes, start=1) if lot in each.lots
    ]
    if not found:
        reason = "no lot of the lottery is made of this token and these mates"
        return [Check("check-token", (reason,))]
    ((number, lot_class),) = found
    checks = [Check("check-token-class", params={"number": number, "lots": len(lot_class.lots)})]
    features = encoding.canonical_json(dict(receipt.features)).decode()
    leaf = encoding.leaf(receipt.token, lot_class.lots[0], features)
    missing = () if leaf in public.pool.leaves else ("these answers are not in the pool",)
    checks.append(Check("check-leaf", missing))
    unknown = set(receipt.positions) - set(lot_class.positions)
    if unknown:
        return [*checks, Check("check-positions", ("the class does not have these positions",))]
    chance = receipt_chance(public, number, receipt)
    checks.append(Check("check-chance", params={"chance": encoding.decimal_text(chance)}))
    if drawn is not None:
        seats = [seat.position for seat in drawn.seats if seat.lot == lot]
        if not seats:
            checks.append(Check("check-no-seat"))
        elif _holds(public, drawn, lot_class, lot, mine, receipt, seats[0]):
            checks.append(Check("check-my-seat", params={"position": seats[0]}))
        else:
            checks.append(Check("check-lot-seat", params={"position": seats[0]}))
    return checks


def receipt_chance(public: files.LotteryFile, number: int, receipt: Receipt) -> Fraction:
    """The chance of one member of a lot in class `number`, from the public weights."""
    lot_class = public.classes[number - 1]
    any_member = lot_class.positions == ("any",)
    positions = set(lot_class.positions if any_member else receipt.positions)
    positions = positions or set(lot_class.positions)
    total = sum(
        vector.weight * count
        for vector in public.vectors
        for c, position, count in vector.seats
        if c == number and position in positions
    )
    sharing = len(receipt.mates) + 1 if any_member else len(positions)
    return Fraction(total, encoding.WEIGHT_TOTAL * len(lot_class.lots) * sharing)


def _holds(
    public: files.LotteryFile,
    drawn: files.PublicRecordFile,
    lot_class: files.ClassEntry,
    lot: str,
    mine: str,
    receipt: Receipt,
    position: str,
) -> bool:
    """Whether the seat of my lot is surely mine.

    With equal answers in one lot it depends on which mates share them; the receipt does not say
    so, unless all members do.
    """
    members = sorted((mine, *receipt.mates))
    if position == "all":
        return True
    if position == "any":
        order = sorted(members, key=lambda m: encoding.rank(drawn.lottery, drawn.seed, lot, m))
        return order[0] == mine
    if len(members) == 1 or receipt.positions == (position,):
        return True
    if position in receipt.positions and len(receipt.positions) == len(members):
        order = sorted(
            receipt.positions, key=lambda p: encoding.rank(drawn.lottery, drawn.seed, lot, p)
        )
        return members[order.index(position)] == mine
    return False


def _private_checks(
    public: files.LotteryFile,
    private: bytes | None,
    private_record: bytes | None,
    seed: str | None,
    applicants: Applicants | None,
    quotas: QuotaPlan | None,
    key: bytes | None,
) -> list[Check]:
    checks: list[Check] = []
    record = None
    if private_record is not None:
        record = _parsed(files.RecordFile, private_record, "check-private-record-form", checks)
    if private is not None:
        held = _parsed(files.PrivateFile, private, "check-private-form", checks)
    elif record is not None and applicants is not None and quotas is not None:
        held = _attempt(
            "check-inputs",
            checks,
            lambda: _rebuilt_private(public, record, applicants, quotas, key),
        )
    else:
        held = None
        checks.append(Check("check-private-form", ("it is missing, and so are the inputs",)))
    if held is None:
        return checks
    published = _attempt("check-inputs", checks, lambda: load(public, held))
    if published is None:
        return checks
    if private is not None and applicants is not None and quotas is not None:
        checks.append(_inputs_check(published, applicants, quotas))
    checks += publication_checks(published, key)
    if private_record is not None and seed is not None and all(check.ok for check in checks):
        rebuilt = DrawRecord.of(published, seed).private
        reasons = _differences(rebuilt.content, private_record)
        checks.append(Check("check-private-record", reasons))
    return checks


def _rebuilt_private(
    public: files.LotteryFile,
    record: files.RecordFile,
    applicants: Applicants,
    quotas: QuotaPlan,
    key: bytes | None,
) -> files.PrivateFile:
    """The private file made anew from the inputs, the key and the record's proof."""
    household = record.intake.household
    problem = SelectionProblem(applicants, quotas, seats=public.seats, household=household)
    secret = derived_key(problem) if key is None else key
    tokens = [encoding.token_from_key(secret, public.event, person) for person in problem.ids]
    bare = PanelLottery(problem, (), [(1, {(0, 0): problem.seats})], record.certificate.proof)
    return private_file(bare, tokens, public.digest, "derived" if key is None else "file")


def _inputs_check(published: Publication, applicants: Applicants, quotas: QuotaPlan) -> Check:
    problem = published.problem
    try:
        given = SelectionProblem(
            applicants, quotas, seats=problem.seats, household=problem.household
        )
    except MitwirkungError as error:
        return Check("check-inputs", (str(error),))
    reasons = []
    if given.ids != problem.ids:
        mine, theirs = set(problem.ids), set(given.ids)
        reasons.append(
            f"{len(mine - theirs)} people of the lottery are not in the applications, "
            f"{len(theirs - mine)} of the applications are not in the lottery"
        )
    else:
        differ = sum(problem.answers(i) != given.answers(i) for i in range(len(problem.ids)))
        if differ:
            reasons.append(f"{differ} people have other answers in the applications")
        elif sorted(given.lots) != sorted(problem.lots):
            reasons.append("the households are others")
    if not reasons and given.digest != problem.digest:
        reasons.append("the quotas are others")
    return Check("check-inputs", tuple(reasons))


def publication_checks(published: Publication, key: bytes | None = None) -> list[Check]:
    """The public file against the private one: pseudonyms, classes, promises, certificate."""
    public, private = published.public, published.private
    problem, lottery = published.problem, published.lottery
    checks = []
    reasons = [] if private.lottery == public.digest else ["it is of another lottery file"]
    if private.portfolio_seed != problem.digest:
        reasons.append("portfolio_seed is not the hash of the problem")
    if (private.key == "file") != (public.pseudonyms == "protected"):
        reasons.append("the key does not fit the pseudonyms")
    if sorted(problem.ids) != [entry.id for entry in private.applicants]:
        reasons.append("the applicants are not sorted by id")
    rebuilt_private = private_file(lottery, published.tokens, private.lottery, private.key)
    reasons += [
        place
        for place in _differences(rebuilt_private.content, private.content)
        if place != "portfolio_seed"
    ]
    checks.append(Check("check-private-fields", tuple(reasons)))
    secret = derived_key(problem) if private.key == "derived" else key
    if secret is not None:
        expected = [encoding.token_from_key(secret, public.event, i) for i in problem.ids]
        wrong = expected != list(published.tokens)
        checks.append(Check("check-key", ("tokens are not made with this key",) if wrong else ()))
    rebuilt = rebuild_lottery_file(
        arrange(lottery, published.handles),
        published.tokens,
        quotas={name: getattr(public.quotas, name) for name in ("source", "date", "method")},
        **{name: getattr(public, name) for name in _STATED},
    )
    differing = _differences(rebuilt.content, public.content)
    checks.append(Check("check-lottery-of-people", differing))
    if "quotas" in public.strategy.promises:
        checks.append(Check("check-quotas", tuple(_quota_flaws(lottery))))
    if "leximin" in public.strategy.promises:
        checks.append(_certificate_check(published))
    return checks


_STATED = (
    "organiser",
    "event",
    "place",
    "attempt",
    "previous",
    "counts",
    "pseudonyms",
    "strategy",
    "seed",
    "replacement",
    "software",
)


def _quota_flaws(lottery: PanelLottery) -> Iterable[str]:
    """Vectors that break a quota; what the promise `quotas` is held to."""
    features = lottery.problem.features
    if lottery.features != tuple(feature.name for feature in features):
        yield "the strategy promises quotas but does not look at every feature"
        return
    limits = {(f.name, quota.value): (quota.min, quota.max) for f in features for quota in f}
    for number, vector in enumerate(lottery.vectors, start=1):
        counts = dict.fromkeys(limits, 0)
        for number_of_class, position, count in vector:
            for answer in lottery.classes[number_of_class].labels[position]:
                if answer in counts:
                    counts[answer] += count
        for (name, value), (low, high) in limits.items():
            if not low <= counts[name, value] <= high:
                yield f"vector {number} seats {counts[name, value]} of {name}: {value}"


def _certificate_check(published: Publication) -> Check:
    from mitwirkung.lottery.engine import TOLERANCE

    stated = published.public.strategy.certificate
    try:
        gap = certified_gap(published.lottery, published.public.strategy.promises)
        confirm_cuts(published.lottery)
    except (ValueError, LookupError, TypeError) as error:
        return Check("check-certificate", (str(error),), {"gap": stated.gap})
    reasons = []
    found = certificate_entry(gap)
    if found != stated:
        reasons.append(f"it proves a gap of {found.gap}")
    if gap is not None and gap > TOLERANCE:
        reasons.append("the gap is greater than the tolerance")
    return Check("check-certificate", tuple(reasons), {"gap": stated.gap})


def _sound(checks: Iterable[Check]) -> bool:
    """Whether the files are well-formed enough to draw again (a wrong commitment is not form)."""
    return all(check.ok or check.code == "check-commitment" for check in checks)


def _parsed(kind: type[F], data: bytes, code: str, checks: list[Check]) -> F | None:
    read = _attempt(code, checks, lambda: kind.from_bytes(data))
    if read is not None:
        checks.append(Check(code))
    return read


def _attempt(code: str, checks: list[Check], act: Callable[[], T]) -> T | None:
    """What `act` returns, or None and a failed check with its reason."""
    try:
        return act()
    except (MitwirkungError, ValueError) as error:
        checks.append(Check(code, (str(error),)))
        return None


def _differences(expected: bytes, found: bytes) -> tuple[str, ...]:
    if expected == found:
        return ()
    places = files.differing_fields(files.json_fields(expected), files.json_fields(found))
    places = places or ["file"]
    rest = len(places) - MOST_REASONS
    return (*places[:MOST_REASONS], *([f"... and {rest} more"] if rest > 0 else []))
