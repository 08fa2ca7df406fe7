"""The lotteries of an event: from its case file to the problem, and back with what was drawn.

The first round fills all seats, later ones those that fell free. A round that is given up stays
where it is, and the next one is another attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mitwirkung.applications import HAS_SEAT, State, tally
from mitwirkung.casefile import DRAWING, ROSTER, CaseFile, Round
from mitwirkung.deadlines import day_of
from mitwirkung.errors import Finding
from mitwirkung.events import Event, MissingGroup, Phase, missing_groups
from mitwirkung.forms.declaration import Form
from mitwirkung.intake import Applicants
from mitwirkung.lottery.attempts import GivenUpFile
from mitwirkung.lottery.draw import DrawRecord, public_record
from mitwirkung.lottery.facts import Counts, Facts, SeedFacts
from mitwirkung.lottery.files import LotteryFile, PrivateFile, PublicRecordFile
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.panel_list import panel_list
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.randomness import is_of_fallback, is_stated
from mitwirkung.lottery.replacement import GAVE_UP, SeatsSoFar, replacement_problem
from mitwirkung.lottery.roster import Roster, roster_of
from mitwirkung.lottery.wishes import Wishes
from mitwirkung.moves import MoveRefused
from mitwirkung.names import NOT_STATED, fold
from mitwirkung.people import Actor, Compartment, Purpose
from mitwirkung.profiles import (
    COMPANIONS_COLUMN,
    HOUSEHOLD_COLUMN,
    answers_counted,
    applicants_of,
)
from mitwirkung.retention import Milestone

LOTTERY, RECORD, GIVEN_UP, PANELS = (
    LotteryFile.file_name,
    PublicRecordFile.file_name,
    GivenUpFile.file_name,
    "panels.html",
)


@dataclass(frozen=True, repr=False)
class Pool:
    """Who can be drawn: pseudonymous keys, what the lottery may know, and tokens."""

    applicants: Applicants
    tokens: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Pool: {len(self.tokens)} people>"


def pool_of(
    case: CaseFile,
    event: Event,
    form: Form,
    *,
    purpose: Purpose,
    at: datetime,
    keys: Iterable[str] | None = None,
) -> Pool:
    """Who can be drawn as things stand, or the people of some keys of whom a profile is left.

    Raises:
        InputError: an age belongs to no group.
        MoveRefused: answers of people who can be drawn are gone: an erasure was interrupted.
    """
    bodies = case.open_all(Compartment.PROFILE, purpose=purpose)
    if keys is None:
        applications = case.applications(State.RECEIVED)
        missing = sum(each.key not in bodies for each in applications)
        if missing:
            raise MoveRefused("answers-missing", count=missing)
    else:
        wanted = frozenset(keys).intersection(bodies)
        applications = [each for each in case.applications() if each.key in wanted]
    applicants = applicants_of(
        form,
        applications,
        {each.key: bodies[each.key]["answers"] for each in applications},
        on=event.begins,
        at=at,
        states=tuple(State),
        households=case.households(),
    )
    return Pool(applicants, {key: bodies[key]["token"] for key in applicants.ids})


def problem_of(
    event: Event, case: CaseFile, pool: Pool, must: Mapping[str, str] | None = None
) -> SelectionProblem:
    """The problem of seating some of a pool.

    Args:
        must: key to reason of those who have a seat in any case.
    """
    quotas, applicants = case.quotas(), pool.applicants
    counted = frozenset(map(fold, quotas.names))  # the form may ask for more than the quotas count
    missing = {name: rule for name, rule in applicants.missing.items() if fold(name) in counted}
    return SelectionProblem(
        replace(applicants, missing=missing),
        quotas,
        seats=event.seats,
        household=[] if event.household == "ignored" else [HOUSEHOLD_COLUMN],
        wishes=Wishes(
            must=must or {},
            companions=COMPANIONS_COLUMN,
            household_rule="together" if event.household == "together" else "at most one",
        ),
    )


def unasked(form: Form, quotas: QuotaPlan) -> list[Finding]:
    """Features and answers that the quotas count and the form does not ask for."""
    asked = {each.feature: each for each in form.fields if each.feature is not None}
    found = []
    for feature in quotas.features:
        question = asked.get(feature.name)
        if question is None:
            params = {"feature": feature.name, "available": list(asked)}
            found.append(Finding("quota-not-asked", params))
            continue
        known = [option.value for option in question.options] or list(question.age_groups or ())
        if not known:
            continue  # yes and no, or a text
        for quota in feature.quotas:
            if quota.value not in known and question.missing != "own value":
                params = {"feature": feature.name, "value": quota.value, "available": known}
                found.append(Finding("quota-value-not-asked", params))
    return found


def undersubscription(
    case: CaseFile, event: Event, form: Form, *, at: datetime
) -> tuple[int, tuple[MissingGroup, ...]]:
    """How many people could be drawn as things stand, and the groups that too few applied from."""
    applicants = pool_of(case, event, form, purpose=Purpose.SELECTION, at=at).applicants
    quotas = case.quotas()
    needed = {
        feature.name: {quota.value: quota.min for quota in feature.quotas}
        for feature in quotas.features
    }
    counted = answers_counted(applicants, [name for name in needed if name in applicants.columns])
    return len(applicants), missing_groups(counted, needed)


def facts_for(
    case: CaseFile, event: Event, rounds: list[Round], stated: Facts | None, *, fills: bool
) -> Facts:
    """What is published with the next lottery: what the organiser states, and what is known here.

    Counts, attempt, the attempt before and the head of the journal follow from the case file.
    """
    facts = stated or Facts()
    changed: dict[str, object] = {"journal": case.journal_head()}
    if facts.event == NOT_STATED:
        changed["event"] = event.title[event.languages[0]]
    before = [each for each in rounds if not each.counts and each.fills is fills]
    if before and before[-1].number == len(rounds):
        given_up = case.document(f"{before[-1].folder}/{GIVEN_UP}")
        assert given_up is not None
        changed["attempt"] = before[-1].attempt + 1
        changed["previous"] = GivenUpFile.from_bytes(given_up).digest
    else:
        changed |= {"attempt": 1, "previous": "none"}
    if not fills:
        counted = tally(case.applications())
        refused = dict(counted.refused)
        others = {"withdrawn": counted.withdrawn, "erased": counted.erased}
        for reason, number in others.items():
            if number:  # somebody may have refused in the same words
                refused[reason] = refused.get(reason, 0) + number
        changed["counts"] = Counts(
            received=counted.received, refused=refused, merged=counted.merged, late=0
        )
    return Facts.model_validate({**facts.model_dump(), **changed})


def keep_lottery(
    case: CaseFile,
    round_: Round,
    made: Publication,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """Keep a published lottery: what is public in the clear, the rest sealed."""
    case.put_document(f"{round_.folder}/{LOTTERY}", made.public.content, now=now, actor=actor)
    if made.public.panels is not None:
        name = f"{round_.folder}/{PANELS}"
        case.put_document(name, panel_list(made.public), now=now, actor=actor)
    case.reseal(DRAWING, round_.folder, {"private": made.private.content.decode()})
    case.reseal(ROSTER, round_.folder, roster_of(made).as_data())
    case.save_round(round_)


def tokens_of(case: CaseFile, task: SelectionProblem) -> Mapping[str, str]:
    """Key to the token of everybody in a problem."""
    if task.replaces is not None:
        return task.replaces.tokens
    bodies = case.open_all(Compartment.PROFILE, purpose=Purpose.SELECTION)
    return {key: bodies[key]["token"] for key in task.ids}


def round_made(rounds: Sequence[Round], *, fills: bool) -> Round | None:
    """The first round that counts; of those that fill seats, the one that waits for its draw."""
    found = [each for each in rounds if each.counts and each.fills is fills]
    if fills:
        found = [each for each in found if each.drawn is None]
    return found[0] if found else None


def require_seed_ahead(stated: Facts | None, now: datetime) -> None:
    """
    Raises:
        MoveRefused: the seed exists already, as the organiser says when it will.
    """
    earliest = NOT_STATED if stated is None else stated.seed.earliest
    if is_stated(earliest) and now >= datetime.fromisoformat(earliest):
        raise MoveRefused("seed-exists", earliest=earliest)


# --- drawing ------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Drawn:
    """What a draw did.

    Attributes:
        round: the round, with the keys of the people whom it seats.
        public: `record-public.json`.
        record: the whole record; None if somebody of the pool was erased since the lottery was
            published, so that only what is public can be checked.
    """

    round: Round
    public: PublicRecordFile
    record: DrawRecord | None

    def __repr__(self) -> str:
        return f"<Drawn: round {self.round.number}, {len(self.round.seated)} seats>"


def public_lottery(case: CaseFile, round_: Round) -> LotteryFile:
    """`lottery.json` of a round."""
    content = case.document(f"{round_.folder}/{LOTTERY}")
    assert content is not None  # kept with its round
    return LotteryFile.from_bytes(content)


def publication_of(case: CaseFile, round_: Round, *, purpose: Purpose) -> Publication | None:
    """The publication of a round with everybody's answers; None if they are erased, all or some."""
    body = case.open(DRAWING, round_.folder, purpose=purpose)
    if body is None:
        return None
    private = PrivateFile.from_bytes(body["private"].encode())
    return load(public_lottery(case, round_), private)


def drawn_from(
    case: CaseFile, round_: Round, lottery: LotteryFile, seed: str
) -> tuple[PublicRecordFile, Roster]:
    """The public record that a seed makes of the lottery of a round, and its roster.

    Raises:
        UnfitSeed: the lottery fixed another wording.
        MoveRefused: the roster is erased, so nobody knows whose the lots are.
    """
    record = public_record(lottery, seed)
    body = case.open(ROSTER, round_.folder, purpose=Purpose.SELECTION)
    if body is None:
        raise MoveRefused("round-erased")
    return record, Roster.from_data(body)


def require_seed_time(source: SeedFacts, seed: str, now: datetime) -> None:
    """
    Raises:
        MoveRefused: it is too early for the seed, or for the fallback.
    """
    if is_stated(source.earliest) and now < datetime.fromisoformat(source.earliest):
        raise MoveRefused("seed-too-early", earliest=source.earliest)
    is_open = is_stated(source.latest) and now <= datetime.fromisoformat(source.latest)
    if is_open and is_of_fallback(seed, source.template, source.fallback):
        raise MoveRefused("fallback-too-early", latest=source.latest)


def seed_of(case: CaseFile, round_: Round) -> str:
    """The seed of a round that was drawn."""
    content = case.document(f"{round_.folder}/{RECORD}")
    assert content is not None
    return PublicRecordFile.from_bytes(content).seed


def drawn_again(case: CaseFile, round_: Round) -> Drawn:
    """The draw of a round that was drawn."""
    content = case.document(f"{round_.folder}/{RECORD}")
    assert content is not None
    public = PublicRecordFile.from_bytes(content)
    made = publication_of(case, round_, purpose=Purpose.SELECTION_REPORT)
    return Drawn(round_, public, None if made is None else made.draw(public.seed))


# --- seats that fell free -----------------------------------------------------------------------


def freed_seats(case: CaseFile, rounds: Iterable[Round]) -> dict[str, str]:
    """Key to reason of those who gave up a seat that no round was made for yet."""
    counted = [each for each in rounds if each.counts]
    filled = {key for each in counted for key in each.freed}
    found = {}
    for key in sorted({key for each in counted for key in each.seated} - filled):
        state = state_of(case, key)
        if state not in HAS_SEAT and state not in _WAITING:
            found[key] = str(state)
    return found


def state_of(case: CaseFile, key: str) -> State:
    """The state of somebody whom a round seats. Who was erased before its draw is in it by an
    anonymous handle: the seat is theirs no more, but it is a seat."""
    application = case.find_application(key)
    return State.ERASED if application is None else application.state


SEATING = (Phase.DRAWN, Phase.CONFIRMED, Phase.RUNNING)
"""Phases in which seats are offered, answered and filled again."""


def require_phase(event: Event, *phases: Phase) -> None:
    """
    Raises:
        MoveRefused: the event is in none of these phases.
    """
    if event.phase not in phases:
        raise MoveRefused("phase-needed", state=str(event.phase), legal=[str(p) for p in phases])


_WAITING = (State.RECEIVED, State.RESERVE, State.NOT_SELECTED)
"""States of somebody who was drawn and not told yet."""


def next_problem(
    case: CaseFile, event: Event, form: Form, rounds: list[Round], *, at: datetime
) -> tuple[SelectionProblem, dict[str, str]]:
    """The problem of filling the seats that fell free, and key to reason of those who left them.

    Raises:
        MoveRefused: no seat is free, or those whom the last round drew were not told yet; or the
            time for it is over, or the event.
        InputError: see `replacement_problem`.
    """
    counted = [each for each in rounds if each.counts and each.drawn]
    if counted:
        require_phase(event, *SEATING)
    freed = freed_seats(case, rounds)
    if not counted or not freed:
        raise MoveRefused("no-seat-free")
    if counted[-1].offered is None:
        raise MoveRefused("offer-first")
    first = counted[0]
    body = case.open(ROSTER, first.folder, purpose=Purpose.REPLACEMENT)
    last_day = event.milestone(Milestone.REPLACEMENTS_CLOSED)
    if body is None or (last_day is not None and day_of(at, event.time_zone) > last_day):
        raise MoveRefused("replacements-over", until=str(last_day))
    keys = Roster.from_data(body).people.values()
    pool = pool_of(case, event, form, purpose=Purpose.REPLACEMENT, at=at, keys=keys)
    before = {key for each in counted for key in each.freed}
    seated = {key for each in counted for key in each.seated} - before
    withdrawn = {
        each.key: str(each.state)
        for each in case.applications(State.WITHDRAWN)
        if each.key in pool.tokens and each.key not in seated and each.key not in before
    }
    assert counted[-1].record is not None
    so_far = SeatsSoFar(
        problem=problem_of(event, case, pool),
        seated=tuple(sorted(seated)),
        out={key: GAVE_UP + str(state_of(case, key)) for key in sorted(before)},
        record=counted[-1].record,
        event=public_lottery(case, first).event,
        tokens=pool.tokens,
        key="issued",
    )
    return replacement_problem(so_far, freed=freed, withdrawn=withdrawn), freed
