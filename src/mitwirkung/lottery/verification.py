"""Checking a lottery and its draw: publicly, with one's token, or with the city's files.

Nothing here believes what a file claims: whatever can be computed from something else is
computed again and compared. The levels are defined in `docs/reference/lottery-files.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeVar

from mitwirkung.display import WIDTH, Displayed, DisplayTable, wrapped
from mitwirkung.errors import (
    MitwirkungError,
    NameConflict,
    PluginBlocked,
    PluginFailed,
    StrategyFailed,
    StrategyRefused,
    UnknownStrategy,
)
from mitwirkung.intake import Applicants
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.arrangement import arrange
from mitwirkung.lottery.attempts import Attempt, chain_checks, given_up_checks
from mitwirkung.lottery.consistency import differences, publication_checks
from mitwirkung.lottery.contents import lottery_content, record_content
from mitwirkung.lottery.draw import DrawRecord, public_record
from mitwirkung.lottery.entries import private_file, software
from mitwirkung.lottery.loading import load, wishes_of
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem, TokenSource
from mitwirkung.lottery.publication import Publication, derived_key
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.randomness import is_of_fallback
from mitwirkung.lottery.receipts import Receipt, token_checks
from mitwirkung.lottery.replacement_checks import Folder, private_checks, public_checks
from mitwirkung.lottery.rules import CHECKABLE, Check, lottery_checks
from mitwirkung.messages import Reason, Translate, reason_of, text_of
from mitwirkung.names import NOT_STATED

F = TypeVar("F", bound=files.StrictFile)
T = TypeVar("T")

SAME_CHANCES = Fraction(1, 10**6)
"""Seats, moved between all people together: what rounding may do on another machine."""

Solve = Callable[[SelectionProblem], PanelLottery]

CANNOT_BE_USED = (
    UnknownStrategy,
    PluginFailed,
    PluginBlocked,
    NameConflict,
    StrategyRefused,  # a secret that its settings need may be missing here
    StrategyFailed,
)
"""Why a lottery cannot be made again where it is verified; nothing about the draw is wrong then."""

Level = Literal["public", "token", "private"]


@dataclass(frozen=True, repr=False)
class Verification(Displayed):
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
        lines = [f"{_mark(check)} {check.describe(translate)}" for check in self.checks]
        lines.append(self.result(translate))
        if any(check.skipped for check in self.checks):
            lines.append(text_of("verified-skipped", {}, translate))
        lines += self.about_the_seed(translate)
        return "\n".join(lines)

    def result(self, translate: Translate = str) -> str:
        """Whether it holds and at which level, in a sentence."""
        code = "verified-anchored" if self.anchored else "verified-not-anchored"
        params = {"level": translate(self.level)}
        return text_of(code if self else "verified-not", params, translate)

    def about_the_seed(self, translate: Translate = str) -> list[str]:
        """Whether its wording was fixed beforehand: a sentence, or none if that is not known."""
        if self.committed is None:
            return []
        code = "verified-committed" if self.committed else "verified-uncommitted"
        return [text_of(code, {}, translate)]

    def _display(self) -> DisplayTable:
        from mitwirkung.lottery.display import verification_table

        return verification_table(self)

    def __str__(self) -> str:
        """What `describe` says, in lines that fit a terminal."""
        lines = []
        for line in self.describe().splitlines():
            first, *others = wrapped(line, WIDTH - 5)
            lines += [first, *(" " * 5 + other for other in others)]
        return "\n".join(lines)

    def _summary(self) -> str:
        differing = f", {len(self.failed)} checks failed" if self.failed else ""
        return f"{self.result()}{differing}"


def _mark(check: Check) -> str:
    if check.skipped:
        return "[--]"
    return "[ok]" if check.ok else "[!!]"


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
    tables: Mapping[str, bytes] | None = None,
    solve: Solve | None = None,
    given_up: bytes | None = None,
    previous: Sequence[Attempt] = (),
    before: Sequence[Folder] = (),
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
        tables: the bytes of `panel.csv` and its like, to be compared with what they should be.
        solve: the strategy that the lottery names, to make the lottery once more.
        given_up: the bytes of `given-up.json`, if the attempt was given up.
        previous: the public files of earlier attempts, in any order.
        before: of a draw that filled free seats, the files of those before it, the first one first.
    """
    checks: list[Check] = []
    level: Level = "public"
    committed = None
    public = _parsed(files.LotteryFile, lottery, "check-lottery-form", checks)
    drawn = None
    if public is not None:
        _add(checks, "check-lottery-form", lambda: lottery_checks(public))
        checks += commitment_checks(public, commitment)
        seen = _parsed(files.PublicRecordFile, record, "check-record-form", checks)
        if seen is not None and _sound(checks):
            drawn = _attempt("check-draw", checks, lambda: public_record(public, seen.seed))
        if drawn is not None:
            committed = drawn.committed
            checks.append(Check("check-draw", differences(drawn.content, record)))
            if is_of_fallback(drawn.seed, public.seed.template, public.seed.fallback):
                params = {"latest": public.seed.latest}
                checks.append(Check("check-seed-fallback", params=params, skipped=True))
        _add(checks, "check-chain", lambda: chain_checks(public, previous))
        checks += given_up_checks(given_up)
        checks += public_checks(public, before)
        if receipt is not None:
            level = "token"
            _add(checks, "check-token", lambda: token_checks(public, drawn, receipt))
        if private is not None or private_record is not None:
            level = "private"
            city = _City(
                private, private_record, applicants, quotas, key, tables or {}, solve, before
            )
            seed = None if drawn is None else drawn.seed
            _add(checks, "check-private-fields", lambda: _private_checks(public, seed, city))
    anchored = commitment is not None and encoding.sha256_hex(lottery) == commitment.strip().lower()
    return Verification(level, anchored, committed, tuple(checks))


def commitment_checks(public: files.LotteryFile, commitment: str | None) -> list[Check]:
    """Whether the lottery file is the one that was seen before the draw."""
    if commitment is None:
        return []
    found = public.digest
    reasons = (
        ()
        if commitment.strip().lower() == found
        else (Reason("the file's commitment is {found}", found=found),)
    )
    return [Check("check-commitment", reasons)]


@dataclass(frozen=True, repr=False)
class _City:
    """What only the city has."""

    private: bytes | None
    private_record: bytes | None
    applicants: Applicants | None
    quotas: QuotaPlan | None
    key: bytes | None
    tables: Mapping[str, bytes]
    solve: Solve | None
    before: Sequence[Folder]


def _private_checks(public: files.LotteryFile, seed: str | None, city: _City) -> list[Check]:
    checks: list[Check] = []
    record = None
    if city.private_record is not None:
        record = _parsed(files.RecordFile, city.private_record, "check-private-record-form", checks)
    if city.private is not None:
        held = _parsed(files.PrivateFile, city.private, "check-private-form", checks)
    elif record is not None and city.applicants is not None and city.quotas is not None:
        held = _attempt("check-inputs", checks, lambda: _rebuilt_private(public, record, city))
    else:
        held = None
        checks.append(
            Check("check-private-form", (Reason("it is missing, and so are the inputs"),))
        )
    published = None
    if held is not None:
        published = _attempt("check-inputs", checks, lambda: load(public, held))
    if published is None:
        return checks
    if city.private is not None and city.applicants is not None and city.quotas is not None:
        checks.append(_inputs_check(published, city.applicants, city.quotas))
    checks += publication_checks(published, city.key)
    checks += private_checks(published, city.before)
    if seed is None or not all(check.ok for check in checks):
        return checks
    checks.append(_portfolio_check(published, city.solve))
    if published.public.panels is not None:
        checks.append(_panels_check(published))
    rebuilt = DrawRecord.of(published, seed)
    if city.private_record is None:
        checks.append(Check("check-private-record-missing", skipped=True))
    else:
        reasons = differences(rebuilt.private.content, city.private_record)
        checks.append(Check("check-private-record", reasons))
    if city.tables:
        expected = {**lottery_content(published), **record_content(rebuilt)}
        names = sorted(city.tables)
        other = tuple(name for name in names if expected.get(name) != city.tables[name])
        checks.append(Check("check-tables", other, {"names": names}))
    return checks


def _portfolio_check(published: Publication, solve: Solve | None) -> Check:
    """Whether the strategy makes the same vectors again, so that nobody chose among optima.

    On another machine or with other versions the last bits of floating point may differ, and with
    them the panels: then this proves nothing, and says so. The chances may not differ, as long as
    the strategy's version is the same.
    """
    try:
        again = None if solve is None else arrange(solve(published.problem), published.handles)
    except CANNOT_BE_USED:
        again = None
    if again is None:
        name = published.public.strategy.name
        return Check("check-portfolio-no-strategy", params={"name": name}, skipped=True)
    lottery = published.lottery
    if (again.vectors, again.weights) == (lottery.vectors, lottery.weights):
        return Check("check-portfolio")
    if again.strategy is None or lottery.strategy != again.strategy:
        return Check("check-portfolio-version", skipped=True)
    pairs = list(zip(again.exact_chances, lottery.exact_chances, strict=True))
    if sum(abs(here - there) for here, there in pairs) <= SAME_CHANCES:
        return Check("check-portfolio-other", skipped=True)
    others = sum(abs(here - there) > SAME_CHANCES / len(pairs) for here, there in pairs)
    return Check(
        "check-portfolio", (Reason("made again, {count} people have another chance", count=others),)
    )


def _panels_check(published: Publication) -> Check:
    """Whether the vectors of the file make its numbered panels, so that nobody chose among them.

    Another version of numpy may break ties in another way: then other panels prove nothing.
    """
    from mitwirkung.lottery.numbered import numbered_panels

    panels = published.public.panels or ()
    if numbered_panels(published.lottery, published.handles, len(panels)) == panels:
        return Check("check-panels-again")
    there, here = published.public.software.get("numpy", NOT_STATED), software()["numpy"]
    if there == here:
        return Check("check-panels-again", (Reason("made again, they are others"),))
    params = {"deviation": published.public.deviation, "there": there, "here": here}
    return Check("check-panels-other", params=params, skipped=True)


def _rebuilt_private(
    public: files.LotteryFile, record: files.RecordFile, city: _City
) -> files.PrivateFile:
    """The private file made anew from the inputs, the key and the record's proof."""
    if city.key is None and public.pseudonyms == "protected":
        raise ValueError(Reason("the pseudonyms are protected: give the key file"))
    if city.key is None and public.replaces is not None:
        raise ValueError(
            Reason("the pseudonyms are those of the lottery before: give the private file")
        )
    assert city.applicants is not None
    assert city.quotas is not None
    problem = SelectionProblem(
        city.applicants,
        city.quotas,
        seats=public.seats,
        household=record.intake.household,
        wishes=wishes_of(record.intake, refused=True),
    )
    secret = derived_key(problem) if city.key is None else city.key
    tokens = [encoding.token_from_key(secret, public.event, person) for person in problem.ids]
    kind: TokenSource = "derived" if city.key is None else "file"
    return private_file(problem, record.certificate.proof, tokens, public.digest, kind)


def _inputs_check(published: Publication, applicants: Applicants, quotas: QuotaPlan) -> Check:
    problem = published.problem
    # Where seats are filled again, what is missing follows from the draw before.
    plan = quotas if problem.replaces is None else problem.quotas
    try:
        given = SelectionProblem(
            applicants,
            plan,
            seats=problem.seats,
            household=problem.household,
            wishes=wishes_of(published.private.intake, refused=True),
        )
    except MitwirkungError as error:
        return Check("check-inputs", (reason_of(error),))
    reasons = []
    if applicants.mapping != problem.applicants.mapping:
        reasons.append(Reason("the mapping is another"))
    if given.ids != problem.ids:
        mine, theirs = set(problem.ids), set(given.ids)
        reasons.append(
            Reason(
                "{mine} people of the lottery are not in the applications, "
                "{theirs} of the applications are not in the lottery",
                mine=len(mine - theirs),
                theirs=len(theirs - mine),
            )
        )
    else:
        differ = sum(problem.answers(i) != given.answers(i) for i in range(len(problem.ids)))
        if differ:
            reasons.append(
                Reason("{count} people have other answers in the applications", count=differ)
            )
        elif _cells(given) != _cells(problem):
            reasons.append(Reason("columns that are no features differ"))
        elif sorted(given.lots) != sorted(problem.lots):
            reasons.append(Reason("the households are others"))
    if not reasons and given.digest != problem.digest:
        reasons.append(Reason("the quotas are others"))
    return Check("check-inputs", tuple(reasons))


def _cells(problem: SelectionProblem) -> dict[str, list[str]]:
    """All columns, people by id."""
    columns = problem.applicants.columns
    return {name: [cells[i] for i in problem.order] for name, cells in columns.items()}


def _add(checks: list[Check], code: str, find: Callable[[], list[Check]]) -> None:
    """Add what `find` finds; if it cannot even look, that is what `code` failed of."""
    checks += _attempt(code, checks, find) or []


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
    except CHECKABLE as error:
        checks.append(Check(code, (reason_of(error),)))
        return None
