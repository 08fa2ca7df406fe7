"""The use cases of one event, from its announcement to the archive.

Each is one transaction: it is done as a whole or not at all. Time and actor are arguments. Each may
be repeated: what was done already stays as it is and is returned again, so that a step that was
interrupted is completed by calling it once more. What is not legal now raises `MoveRefused` or
`ApplicationRefused`, which name what is.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from mitwirkung.access import Everything, everything_about
from mitwirkung.applications import Application, ApplicationRefused, Offer, State
from mitwirkung.archive import RESULTS, Audit, audit, public_documents
from mitwirkung.casefile import CaseFile, Round
from mitwirkung.duplicates import (
    MergePlan,
    PossibleDuplicate,
    merge_applications,
    merge_plan,
    possible_duplicates,
)
from mitwirkung.erasure import (
    LOTTERIES,
    Erased,
    erase_again,
    erase_event,
    erase_one,
    erase_without_consent,
    what_is_due,
)
from mitwirkung.erasure_log import ErasureLog
from mitwirkung.errors import Finding, InputError
from mitwirkung.events import Event, Phase, Remedy
from mitwirkung.forms.declaration import Form
from mitwirkung.identities import birth_years, keep_contact, people_of
from mitwirkung.lottery.attempts import give_up
from mitwirkung.lottery.contents import receipt_of
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.progress import Progress, Stop
from mitwirkung.lottery.publication import Publication, publication, seed_from
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.randomness import check_seed
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.mailroom import Mailroom
from mitwirkung.moves import MoveRefused
from mitwirkung.names import clean
from mitwirkung.people import Actor, Channel, Compartment, Person, Purpose, Role
from mitwirkung.registration import (
    SYSTEM,
    Entry,
    Randomness,
    Registration,
    keep_applications,
    registration,
    require_same,
    taken_before,
)
from mitwirkung.rounds import (
    GIVEN_UP,
    RECORD,
    SEATING,
    Drawn,
    drawn_again,
    drawn_from,
    facts_for,
    keep_lottery,
    next_problem,
    pool_of,
    problem_of,
    public_lottery,
    publication_of,
    require_phase,
    require_seed_ahead,
    require_seed_time,
    round_made,
    seed_of,
    tokens_of,
    unasked,
    undersubscription,
)
from mitwirkung.seats import offered_before, require_answered, require_seat
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.errors import RecordExists, StaleRecord
from mitwirkung.storage.journal import ChainedEntry
from mitwirkung.storage.vault import Vault
from mitwirkung.telling import (
    reach_again,
    tell_cancelled,
    tell_extended,
    tell_offered,
    tell_results,
    tell_step,
)
from mitwirkung.writing import Post, no_post

ATTEMPTS = 3
"""How often a step is tried whose ground another process changed meanwhile."""


class Solve(Protocol):
    """`Mitwirkung.solve`."""

    def __call__(
        self,
        problem: SelectionProblem,
        strategy: str | None = None,
        *,
        settings: Mapping[str, object] | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> PanelLottery: ...


@dataclass(frozen=True)
class PublishedRound:
    """A lottery that is published.

    Attributes:
        round: which one; `round.lottery` is the commitment.
        publication: with everybody's answers; None if some of them were erased since.
    """

    round: Round
    publication: Publication | None = field(repr=False)

    @property
    def commitment(self) -> str:
        return self.round.lottery


@dataclass(frozen=True, repr=False)
class Procedure:
    """The use cases of one event.

    Args:
        name: of the event.
        storage: where everything is kept, opened for `casefile.KINDS`.
        vault: seals and opens what people told.
        solve: makes lotteries.
        erasures: where erasures are noted, apart from what backups bring back.
        randomness: where keys and tokens come from.
        post: how messages leave the house; asked for when it is needed.
    """

    name: str
    storage: StorageBackend
    vault: Vault
    solve: Solve
    erasures: ErasureLog
    randomness: Randomness = os.urandom
    post: Callable[[], Post] = no_post

    def __repr__(self) -> str:
        return f"<Procedure {self.name}>"

    @contextmanager
    def _case(self, *, exclusive: bool = False, writes: bool = False) -> Iterator[CaseFile]:
        begun = self.storage.transaction(self.name, exclusive=exclusive, writes=writes)
        with begun as transaction:
            case = CaseFile(transaction, self.vault)
            yield case
            case.check_told()

    @contextmanager
    def _changing(self, actor: Actor) -> Iterator[CaseFile]:
        """The case file, alone, for a step that applicants do not take."""
        _require_staff(actor)
        with self._case(exclusive=True) as case:
            yield case

    # --- what there is -----------------------------------------------------------------------

    def event(self) -> Event:
        """The event as it stands.

        Raises:
            EventUnknown: there is none of this name.
        """
        with self._case() as case:
            return case.event()

    def form(self) -> Form:
        """The form of the event."""
        with self._case() as case:
            return case.form()

    def application(self, key: str) -> Application:
        """An application as it stands.

        Raises:
            ApplicationUnknown: there is none of this key.
        """
        with self._case() as case:
            return case.application(key)

    def applications(self, *states: State) -> list[Application]:
        """The applications in some states, in all if none is named, by key."""
        with self._case() as case:
            return case.applications(*states)

    def people(self, *states: State) -> list[tuple[Application, Person]]:
        """The applications in some states, in all if none is named, with who that is, to reach
        them; those that are erased are left out."""
        with self._case() as case:
            return people_of(case, case.applications(*states))

    def codes(self, field: str, values: Iterable[str]) -> list[str]:
        """What is equal for equal values in this event, and says nothing else."""
        return self.vault.search_codes(self.name, field, values)

    def counts(self) -> dict[State, int]:
        """How many applications are in each state; states that nobody is in are left out."""
        with self._case() as case:
            counted = Counter(each.state for each in case.applications())
        return {state: counted[state] for state in State if counted[state]}

    def rounds(self) -> list[Round]:
        """The lotteries so far, in their order."""
        with self._case() as case:
            return case.rounds()

    def journal(self) -> list[ChainedEntry]:
        """The journal of the event."""
        with self._case() as case:
            return list(case.journal())

    def public_documents(self) -> dict[str, bytes]:
        """What anybody may read, name to bytes: form, quotas, lotteries, draws, results, and
        `event.json`, a summary with the head of the journal."""
        with self._case() as case:
            return public_documents(case)

    def audit(self, printed: Mapping[int, str] | None = None) -> Audit:
        """Prove the journal whole, and documents and steps against it; see `archive.audit`."""
        with self._case() as case:
            return audit(case, printed)

    @property
    def messages(self) -> Mailroom:
        """The messages of the event: what is to go out, and what became of it."""
        return Mailroom(self._case, self.post, self.randomness)

    # --- announcing --------------------------------------------------------------------------

    def announce(
        self, event: Event, form: Form, quotas: QuotaPlan, *, now: datetime, actor: Actor
    ) -> Event:
        """Keep a new event with its form and quotas, and announce it.

        Raises:
            InputError: the form does not ask for what the quotas count.
            MoveRefused: there is another event of this name.
        """
        findings = unasked(form, quotas)
        if findings:
            raise InputError.of(findings)
        documents = {
            name: model.model_dump_json(indent=1).encode()
            for name, model in (("form.json", form), ("quotas.json", quotas))
        }
        with self._changing(actor) as case:
            before = case.find_event()
            made = event.moved(Phase.ANNOUNCED, now=now, actor=actor)
            if before is not None:
                kept = {name: case.document(name) for name in documents}
                if _announced(before) == _announced(made) and kept == documents:
                    return before
                raise MoveRefused("event-exists", name=event.name)
            case.save_event(made)
            case.note("event-announced", now=now, actor=actor)
            for name, content in documents.items():
                case.put_document(name, content, now=now, actor=actor)
            return made

    def _move(
        self,
        to: Phase,
        what: str,
        *,
        now: datetime,
        actor: Actor,
        reason: str | None = None,
        before: Callable[[CaseFile, Event], Mapping[str, Any]] | None = None,
    ) -> Event:
        """Move the event to a phase, once; `before` does what belongs to it."""
        with self._changing(actor) as case:
            event = case.event()
            if event.phase is to or (to is not Phase.APPLICATIONS_OPEN and _is_past(event, to)):
                return event
            moved = event.moved(to, now=now, actor=actor, reason=reason)
            more = before(case, moved) if before else {}
            case.save_event(moved)
            case.note(what, now=now, actor=actor, **more)
            return moved

    def open_applications(self, *, now: datetime, actor: Actor) -> Event:
        """Open applications.

        Raises:
            MoveRefused: it is not announced, or the deadline is over.
        """
        return self._move(Phase.APPLICATIONS_OPEN, "applications-opened", now=now, actor=actor)

    def extend(self, until: date, *, now: datetime, actor: Actor, reason: str) -> Event:
        """Move the deadline; if applications were closed they are open again.

        Raises:
            MoveRefused: the deadline stays in this phase, or `until` is no later day before the
                event; or there is no reason.
        """
        with self._changing(actor) as case:
            event = case.event()
            if event.deadline == until and event.extensions:
                return event
            extended = event.extended(until, now=now, actor=actor, reason=reason)
            case.save_event(extended)
            tell_extended(case, extended, now=now)
            case.note("deadline-extended", now=now, actor=actor, until=until.isoformat())
            return extended

    def close_applications(self, *, now: datetime, actor: Actor) -> Event:
        """Close applications after their deadline. What came in time on paper or by a call may
        still be entered, until the lottery is published.

        Raises:
            MoveRefused: they are not open, or the deadline is ahead.
        """
        return self._move(Phase.CLOSED, "applications-closed", now=now, actor=actor)

    def decide(
        self,
        remedy: Remedy,
        *,
        now: datetime,
        actor: Actor,
        reason: str,
        until: date | None = None,
    ) -> Event:
        """Record what is done as too few people applied, and do it: extend, ask the groups that
        are missing, or seat everyone (`offer` then needs no lottery).

        Raises:
            MoveRefused: what the remedy needs is not there, or it is too late for it.
        """
        with self._changing(actor) as case:
            event = case.event()
            eligible, missing = undersubscription(case, event, case.form(), at=now)
            last = event.decisions[-1] if event.decisions else None
            if last is not None and (last.remedy, last.until, last.reason) == (
                remedy,
                until,
                clean(reason),
            ):
                same = (eligible, missing) == (last.eligible, last.missing)
                if same or remedy is not Remedy.OUTREACH:
                    return event
            decided = event.decided(
                remedy,
                eligible=eligible,
                now=now,
                actor=actor,
                reason=reason,
                missing=missing,
                until=until,
            )
            case.save_event(decided)
            if decided.extensions != event.extensions:
                tell_extended(case, decided, now=now)
            case.note("undersubscription", now=now, actor=actor, remedy=str(remedy))
            return decided

    def cancel(self, *, now: datetime, actor: Actor, reason: str) -> Event:
        """Cancel the event.

        Raises:
            MoveRefused: it was held already, or there is no reason.
        """

        def told(case: CaseFile, event: Event) -> Mapping[str, Any]:
            tell_cancelled(case, event, now=now)
            return {}

        return self._move(
            Phase.CANCELLED, "event-cancelled", now=now, actor=actor, reason=reason, before=told
        )

    # --- applications ------------------------------------------------------------------------

    def apply(
        self, entry: Entry, *, channel: Channel, now: datetime, actor: Actor | None = None
    ) -> Registration:
        """Take one application; see `apply_all`."""
        (taken,) = self.apply_all([entry], channel=channel, now=now, actor=actor)
        return taken

    def apply_all(
        self,
        entries: Iterable[Entry],
        *,
        channel: Channel,
        now: datetime,
        actor: Actor | None = None,
    ) -> list[Registration]:
        """Take applications, all or none, each with its token for the receipt.

        Args:
            channel: how they came.
            actor: who enters them; for the web the applicants themselves, if None.

        Raises:
            InputError: with every error of every entry.
            ApplicationRefused: what came by letter, call or visit is not entered by staff; an entry
                without a row is too early or too late, or its key is that
                of another one; of an entry with a row this is one of the errors.
        """
        sent = list(entries)
        for _ in range(ATTEMPTS - 1):
            try:
                return self._take(sent, channel=channel, now=now, actor=actor)
            except RecordExists:
                continue  # the same entry came in beside this one: now it is found
        return self._take(sent, channel=channel, now=now, actor=actor)

    def _take(
        self, entries: Sequence[Entry], *, channel: Channel, now: datetime, actor: Actor | None
    ) -> list[Registration]:
        with self._case(writes=True) as case:
            event, form = case.for_entries(each.key for each in entries if each.key is not None)
            if channel is not Channel.WEB and (actor is None or actor.role is Role.APPLICANT):
                raise ApplicationRefused("application-by-staff")
            taken: list[Registration] = []
            new: dict[str, Registration] = {}
            findings: list[Finding] = []
            entries = list(entries)
            before = taken_before(case, entries)
            for entry in entries:
                try:
                    made = new.get(entry.key or "") or before.get(entry.key or "")
                    if made is not None:
                        require_same(made, entry, form)
                    else:
                        made = registration(
                            entry,
                            event,
                            form,
                            channel=channel,
                            now=now,
                            actor=actor,
                            randomness=self.randomness,
                        )
                        new[made.application.key] = made
                except InputError as error:
                    findings += error.findings
                except ApplicationRefused as error:
                    if entry.row is None:
                        raise
                    findings.append(Finding(error.code, error.params, None, entry.row))
                else:
                    taken.append(made)
            if findings:
                raise InputError.of(findings)
            keep_applications(case, list(new.values()), now=now)
            return taken

    def token(self, key: str) -> str | None:
        """The token of an application, for its receipt; None if it is erased."""
        with self._case() as case:
            body = case.open(Compartment.IDENTITY, key, purpose=Purpose.CONTACT)
            return None if body is None else str(body["token"])

    def receipt(self, key: str) -> Receipt | None:
        """What somebody checks their part in the last lottery with: token, answers as they were
        counted, and the handles of those who are drawn as one with them; None if they are in none,
        or somebody in it was erased.

        Raises:
            ApplicationUnknown: there is no application of this key.
        """
        with self._case() as case:
            case.application(key)
            for round_ in reversed([each for each in case.rounds() if each.counts]):
                made = publication_of(case, round_, purpose=Purpose.SELECTION)
                if made is not None and key in made.problem.ids:
                    return receipt_of(made, made.problem.ids.index(key))
            return None

    def key_of(self, token: str) -> str | None:
        """The key of the application with a token; None if there is none."""
        from mitwirkung.lottery.encoding import handle

        with self._case() as case:
            return case.key_of_token(handle(token))

    def refuse(self, key: str, *, now: datetime, actor: Actor, reason: str) -> Application:
        """Find an application ineligible; the reason is counted and published."""
        return self._step(key, State.INELIGIBLE, now=now, actor=actor, reason=reason)

    def readmit(self, key: str, *, now: datetime, actor: Actor, reason: str) -> Application:
        """Take back that an application is ineligible."""
        return self._step(key, State.RECEIVED, now=now, actor=actor, reason=reason)

    def withdraw(
        self,
        key: str,
        *,
        channel: Channel,
        now: datetime,
        actor: Actor,
        received: datetime | date | None = None,
    ) -> Application:
        """Take back an application, or a seat that was accepted."""
        return self._step(
            key, State.WITHDRAWN, now=now, actor=actor, channel=channel, received=received
        )

    def withdraw_consent(
        self,
        key: str,
        *,
        channel: Channel,
        now: datetime,
        actor: Actor,
        purpose: Purpose | None = None,
        field: str | None = None,
    ) -> Application:
        """Take back consents: those to a purpose, those that name a field, or all.

        Answers that need a consent of their own, and have none any more, are erased.
        """
        _check_own(key, actor)
        erased: list[str] = []
        with self._case(exclusive=True) as case:
            before = case.application(key)
            after = before.without_consent(now=now, channel=channel, purpose=purpose, field=field)
            if after != before:
                case.save(after)
                erased = erase_without_consent(case, self.erasures, after, case.form(), now=now)
                case.note(
                    "consent-withdrawn",
                    now=now,
                    actor=actor,
                    subject=key,
                    channel=str(channel),
                    erased=erased,
                )
        self._compact(erased, now=now)
        return after

    def change_contact(
        self,
        key: str,
        contact: Sequence[Mapping[str, Any]],
        *,
        channel: Channel,
        now: datetime,
        actor: Actor,
    ) -> Application:
        """Keep other ways to reach somebody; messages that found no way go out on them.

        Raises:
            InputError: with everything that is wrong in them.
            MoveRefused: how to reach them is erased.
        """
        _check_own(key, actor)
        with self._case(exclusive=True) as case:
            application = case.application(key)
            if keep_contact(case, application, contact):
                reach_again(case, key, now=now, actor=actor)
                params = {"subject": key, "channel": str(channel)}
                case.note("contact-changed", now=now, actor=actor, **params)
            return application

    def possible_duplicates(self) -> tuple[PossibleDuplicate, ...]:
        """Applications that may be one person's, to be looked at; nothing is merged by itself."""
        with self._case() as case:
            open_ = case.applications(State.RECEIVED, State.INELIGIBLE)
            left = [each for each in open_ if each.merged_into is None]
            people = {each.key: person for each, person in people_of(case, left)}
            years = birth_years(case, case.form())
            return possible_duplicates(people, birth_years=years, different=case.distinct())

    def merge(
        self,
        keys: Sequence[str],
        *,
        now: datetime,
        actor: Actor,
        reason: str,
        keep: str | None = None,
    ) -> MergePlan:
        """Keep one of several applications of the same person; the others become ineligible.

        Raises:
            ApplicationRefused: they are not two or more that can still be merged.
        """
        with self._changing(actor) as case:
            event = case.event()
            found = [case.application(key) for key in dict.fromkeys(keys)]
            if event.was_published:
                raise ApplicationRefused("merge-too-late", state=str(event.phase), legal=[])
            plan = merge_plan(found, time_zone=event.time_zone, keep=keep)
            known = {each.key: each for each in found}
            if known[plan.keep].merged_into is not None:
                raise ApplicationRefused("merge-keeps-merged")
            merged = merge_applications(plan, found, now=now, actor=actor, reason=reason)
            for each in merged:
                if each == known[each.key]:
                    continue  # it was merged so before
                case.save(each)
                case.note(
                    "application-merged", now=now, actor=actor, subject=each.key, into=plan.keep
                )
            return plan

    def keep_apart(self, one: str, other: str, *, now: datetime, actor: Actor) -> None:
        """Note that two applications are of two people, so that they are not offered again.

        Raises:
            ApplicationRefused: it is one application.
        """
        if one == other:
            raise ApplicationRefused("merge-of-one")
        with self._changing(actor) as case:
            for key in (one, other):
                case.application(key)
            if frozenset((one, other)) not in case.distinct():
                case.keep_distinct(one, other)
                case.note("applications-distinct", now=now, actor=actor, keys=sorted((one, other)))

    def _step(
        self,
        key: str,
        to: State,
        *,
        now: datetime,
        actor: Actor,
        channel: Channel | None = None,
        reason: str | None = None,
        received: datetime | date | None = None,
        phases: Sequence[Phase] = (),
    ) -> Application:
        """Move one application, once; while the event is in one of some phases, if named."""
        _check_own(key, actor)
        with self._case(exclusive=True) as case:
            event, before = case.event(), case.application(key)
            if before.state is to:
                return before
            settled = (State.INELIGIBLE, State.RECEIVED)
            if to in settled and (event.was_published or event.seats_everyone):
                raise MoveRefused("eligibility-settled", state=str(event.phase))
            if phases:
                require_phase(event, *phases)
            if to is State.ACCEPTED:
                require_seat(case, event, key)
            after = before.moved(
                to, now=now, actor=actor, channel=channel, reason=reason, received=received
            )
            case.save(after)
            tell_step(case, event, after, now=now)
            case.note(f"application-{to}", now=now, actor=actor, subject=key)
            return after

    # --- the lottery -------------------------------------------------------------------------

    def publish_lottery(
        self,
        facts: Facts | None = None,
        *,
        now: datetime,
        actor: Actor,
        strategy: str | None = None,
        settings: Mapping[str, object] | None = None,
        must: Mapping[str, str] | None = None,
        panels: int | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> PublishedRound:
        """Make the lottery of all seats and publish it, before its seed exists.

        It is made outside of the transaction; if the event changes meanwhile it is made anew.

        Args:
            facts: what the organiser states: the source of the seed, say. Counts, attempt and the
                head of the journal come from the case file.
            strategy, settings, progress, stop: see `Mitwirkung.solve`.
            must: key to reason of those who have a seat in any case.
            panels: draw from so many numbered panels.

        Raises:
            MoveRefused: applications are not closed.
            InfeasibleQuotas, TooFewApplicants: no panel can be had.
        """

        def problem(case: CaseFile, event: Event) -> tuple[SelectionProblem, Mapping[str, str]]:
            event.moved(Phase.LOTTERY_PUBLISHED, now=now, actor=actor)  # says why not
            pool = pool_of(case, event, case.form(), purpose=Purpose.SELECTION, at=now)
            return problem_of(event, case, pool, must), {}

        def solved(task: SelectionProblem, rounds: list[Round]) -> PanelLottery:
            return self.solve(task, strategy, settings=settings, progress=progress, stop=stop)

        return self._publish(problem, solved, facts, panels, now=now, actor=actor, fills=False)

    def publish_replacement(
        self,
        facts: Facts | None = None,
        *,
        now: datetime,
        actor: Actor,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> PublishedRound:
        """Make a lottery of the seats that fell free, with the strategy of the first one, and
        publish it before its own seed exists.

        Raises:
            MoveRefused: no seat is free, or the time for it is over.
        """

        def problem(case: CaseFile, event: Event) -> tuple[SelectionProblem, Mapping[str, str]]:
            return next_problem(case, event, case.form(), case.rounds(), at=now)

        def solved(task: SelectionProblem, rounds: list[Round]) -> PanelLottery:
            with self._case() as case:
                first = public_lottery(case, next(each for each in rounds if each.counts))
            used = first.strategy
            return self.solve(task, used.name, settings=used.settings, progress=progress, stop=stop)

        return self._publish(problem, solved, facts, None, now=now, actor=actor, fills=True)

    def _publish(
        self,
        problem: Callable[[CaseFile, Event], tuple[SelectionProblem, Mapping[str, str]]],
        solved: Callable[[SelectionProblem, list[Round]], PanelLottery],
        stated: Facts | None,
        panels: int | None,
        *,
        now: datetime,
        actor: Actor,
        fills: bool,
    ) -> PublishedRound:
        _require_staff(actor)  # before the work
        for _ in range(ATTEMPTS):
            with self._case() as case:
                event, rounds = case.event(), case.rounds()
                before = round_made(rounds, fills=fills)
                if before is not None:
                    purpose = Purpose.REPLACEMENT if fills else Purpose.SELECTION
                    made = publication_of(case, before, purpose=purpose)
                    return PublishedRound(before, made)
                task, freed = problem(case, event)
                require_seed_ahead(stated, now)
                facts = facts_for(case, event, rounds, stated, fills=fills)
                tokens = tokens_of(case, task)
            lottery = publication(solved(task, rounds), facts, tokens=tokens, panels=panels)
            with self._changing(actor) as case:
                if case.journal_head() != facts.journal:
                    continue  # somebody changed something meanwhile
                number = len(rounds) + 1
                round_ = Round(
                    number=number,
                    fills=fills,
                    attempt=facts.attempt,
                    lottery=lottery.commitment,
                    freed=tuple(sorted(freed)),
                    published=now,
                )
                keep_lottery(case, round_, lottery, now=now, actor=actor)
                if not fills:
                    case.save_event(
                        case.event().moved(Phase.LOTTERY_PUBLISHED, now=now, actor=actor)
                    )
                case.note(
                    "lottery-published",
                    now=now,
                    actor=actor,
                    round=number,
                    lottery=lottery.commitment,
                    people=len(task),
                    seats=task.seats,
                )
                return PublishedRound(round_, lottery)
        raise StaleRecord("event-changing", event=self.name)

    def give_up_lottery(self, *, now: datetime, actor: Actor, reason: str) -> Round:
        """Give up the last lottery, before its draw; the reason is published.

        Raises:
            MoveRefused: there is none that waits for its draw, or no reason.
        """
        with self._changing(actor) as case:
            event, rounds = case.event(), case.rounds()
            if rounds and rounds[-1].given_up is not None:
                return rounds[-1]
            if not rounds or rounds[-1].drawn is not None:
                raise MoveRefused("no-lottery-waits", state=str(event.phase))
            last = rounds[-1]
            written = give_up(public_lottery(case, last), None, reason)
            name = f"{last.folder}/{GIVEN_UP}"
            case.put_document(name, written.content, now=now, actor=actor)
            given_up = last.model_copy(update={"given_up": written.reason})
            case.save_round(given_up)
            if not last.fills:
                closed = event.moved(Phase.CLOSED, now=now, actor=actor, reason=written.reason)
                case.save_event(closed)
            case.note("lottery-given-up", now=now, actor=actor, round=last.number)
            return given_up

    def seed_from(self, drawn: str, *, fallback: bool = False) -> str:
        """The seed that the numbers drawn make for the lottery that waits, or was drawn last.

        Raises:
            MoveRefused: there is no lottery.
            UnfitSeed: the numbers are not what its template asks for.
        """
        with self._case() as case:
            rounds = [each for each in case.rounds() if each.counts]
            if not rounds:
                raise MoveRefused("no-lottery-waits", state=str(case.event().phase))
            return seed_from(public_lottery(case, rounds[-1]), drawn, fallback=fallback)

    def draw(self, seed: str, *, now: datetime, actor: Actor) -> Drawn:
        """Draw from the lottery that waits for it.

        Args:
            seed: the public randomness, in the wording that the lottery fixed.

        Raises:
            MoveRefused: no lottery waits; it was drawn with another seed; or the time has not come
                that it fixed for its seed.
            UnfitSeed: the lottery fixed another wording.
        """
        with self._changing(actor) as case:
            event, rounds = case.event(), case.rounds()
            if not rounds or not rounds[-1].counts:
                raise MoveRefused("no-lottery-waits", state=str(event.phase))
            seed = check_seed(seed)
            for each in reversed(rounds):
                if each.counts and each.drawn is not None and seed_of(case, each) == seed:
                    return drawn_again(case, each)  # a seed that is known draws nothing else
            last = rounds[-1]
            if last.drawn is not None:
                raise MoveRefused("seed-other", seed=seed_of(case, last))
            if last.fills:
                require_phase(event, *SEATING)
            lottery = public_lottery(case, last)
            require_seed_time(lottery.seed, seed, now)
            public, roster = drawn_from(case, last, lottery, seed)
            case.put_document(f"{last.folder}/{RECORD}", public.content, now=now, actor=actor)
            drawn = last.model_copy(
                update={"drawn": now, "record": public.digest, "seated": roster.seated(public)}
            )
            case.save_round(drawn)
            if not last.fills:
                case.save_event(event.moved(Phase.DRAWN, now=now, actor=actor))
            case.note(
                "lottery-drawn", now=now, actor=actor, round=last.number, record=public.digest
            )
        with self._case() as case:  # what is read for the record holds up nobody
            return drawn_again(case, drawn)

    # --- offers and answers ------------------------------------------------------------------

    def offer(self, until: date, *, now: datetime, actor: Actor) -> list[Application]:
        """Offer the seats that were drawn, until the end of a day; where it was decided to seat
        everyone, to all. After the first draw whoever has no seat is on the reserve.

        Returns:
            The applications with an offer of this round, by key.

        Raises:
            MoveRefused: nothing was drawn, `until` is over or after the event, or the seats were
                offered until another day.
        """
        with self._changing(actor) as case:
            event, rounds = case.event(), case.rounds()
            if event.seats_everyone:
                return self._offer_all(case, event, until, now=now, actor=actor)
            drawn = [each for each in rounds if each.counts and each.drawn]
            if not drawn:
                raise MoveRefused("nothing-drawn", state=str(event.phase))
            last = drawn[-1]
            if last.offered is not None:
                return offered_before(case, last.seated, until)
            require_phase(event, *SEATING)
            offered = self._offer_to(case, event, last.seated, until, now=now, actor=actor)
            tell_offered(case, event, offered, again=last.fills, now=now)
            reserve = case.applications(State.RECEIVED)
            for each in reserve:
                case.save(moved := each.moved(State.RESERVE, now=now, actor=actor))
                tell_step(case, event, moved, now=now)
            case.save_round(last.model_copy(update={"offered": now}))
            case.note(
                "seats-offered",
                now=now,
                actor=actor,
                round=last.number,
                seats=len(offered),
                reserve=len(reserve),
                until=until.isoformat(),
            )
            return offered

    def _offer_all(
        self, case: CaseFile, event: Event, until: date, *, now: datetime, actor: Actor
    ) -> list[Application]:
        if any(change.target is Phase.DRAWN for change in event.history):
            return offered_before(case, [each.key for each in case.applications()], until)
        drawn = event.moved(Phase.DRAWN, now=now, actor=actor)
        keys = [each.key for each in case.applications(State.RECEIVED)]
        offered = self._offer_to(case, event, keys, until, now=now, actor=actor)
        case.save_event(drawn)
        tell_offered(case, event, offered, again=False, now=now)
        case.note("everyone-seated", now=now, actor=actor, seats=len(keys), until=until.isoformat())
        return offered

    def _offer_to(
        self,
        case: CaseFile,
        event: Event,
        keys: Iterable[str],
        until: date,
        *,
        now: datetime,
        actor: Actor,
    ) -> list[Application]:
        offer = Offer(until=until, time_zone=event.time_zone, made=now)
        if until > event.ends:
            raise MoveRefused("offer-past-event", ends=event.ends.isoformat())
        if now >= offer.ends_at:
            raise MoveRefused("offer-over", until=until.isoformat())
        offered = []
        for key in keys:
            application = case.find_application(key)
            if application is None or State.SELECTED not in application.legal_moves:
                continue  # withdrawn or erased since the lottery: the seat is free
            moved = application.moved(State.SELECTED, now=now, actor=actor, offer=offer)
            case.save(moved)
            offered.append(moved)
        return offered

    def accept(
        self,
        key: str,
        *,
        channel: Channel,
        now: datetime,
        actor: Actor,
        received: datetime | date | None = None,
    ) -> Application:
        """Accept the seat that is offered.

        Args:
            received: when an answer on paper came in. If that was in time, it counts also after
                the offer expired, as long as no lottery for the seat is published.

        Raises:
            MoveRefused: none is offered, or the offer is over.
        """
        return self._step(
            key,
            State.ACCEPTED,
            now=now,
            actor=actor,
            channel=channel,
            received=received,
            phases=SEATING,
        )

    def decline(
        self,
        key: str,
        *,
        channel: Channel,
        now: datetime,
        actor: Actor,
        received: datetime | date | None = None,
    ) -> Application:
        """Decline the seat that is offered.

        Raises:
            MoveRefused: none is offered.
        """
        return self._step(
            key,
            State.DECLINED,
            now=now,
            actor=actor,
            channel=channel,
            received=received,
            phases=SEATING,
        )

    def expire(self, *, now: datetime, actor: Actor = SYSTEM) -> list[Application]:
        """Let offers expire whose last day is over.

        Returns:
            The applications whose offer expired now.
        """
        with self._changing(actor) as case:
            over = [
                each.moved(State.EXPIRED, now=now, actor=actor)
                for each in case.applications(State.SELECTED)
                if each.offer is not None and now >= each.offer.ends_at
            ]
            event = case.event()
            for each in over:
                case.save(each)
                tell_step(case, event, each, now=now)
            if over:
                case.note("offers-expired", now=now, actor=actor, seats=len(over))
            return over

    def confirm(self, *, now: datetime, actor: Actor) -> Event:
        """Confirm who takes part, as no offer stands open any more.

        Raises:
            MoveRefused: an offer was not answered yet and has not expired, or seats that were
                drawn were not offered.
        """

        def nothing_open(case: CaseFile, event: Event) -> dict[str, object]:
            waiting = [each for each in case.rounds() if each.counts and each.offered is None]
            if waiting:
                raise MoveRefused("offer-first")
            require_answered(case)
            return {"seats": case.count(State.ACCEPTED)}

        return self._move(
            Phase.CONFIRMED, "seats-confirmed", now=now, actor=actor, before=nothing_open
        )

    # --- the event itself --------------------------------------------------------------------

    def start(self, *, now: datetime, actor: Actor) -> Event:
        """Begin the event; people can be checked in."""
        return self._move(Phase.RUNNING, "event-started", now=now, actor=actor)

    def check_in(self, key: str, *, now: datetime, actor: Actor) -> Application:
        """Note that somebody with a seat is there.

        Raises:
            MoveRefused: the event does not run, or the person has no seat.
        """
        return self._step(key, State.ATTENDED, now=now, actor=actor, phases=(Phase.RUNNING,))

    def correct_attendance(
        self, key: str, *, attended: bool, now: datetime, actor: Actor, reason: str
    ) -> Application:
        """Correct whether somebody was there; the reason is recorded.

        Raises:
            MoveRefused: the event neither runs nor is just over, or the person had no seat.
        """
        to = State.ATTENDED if attended else State.ABSENT
        phases = (Phase.RUNNING, Phase.HELD, Phase.DOCUMENTED)
        return self._step(key, to, now=now, actor=actor, reason=reason, phases=phases)

    def hold(self, *, now: datetime, actor: Actor) -> Event:
        """Note that the event is over: who has a seat and was not checked in was absent, and the
        reserve is dissolved.

        Raises:
            MoveRefused: it does not run, or an offer is still open.
        """

        def settle(case: CaseFile, event: Event) -> dict[str, object]:
            require_answered(case)
            ends = ((State.ACCEPTED, State.ABSENT), (State.RESERVE, State.NOT_SELECTED))
            for state, to in ends:
                for each in case.applications(state):
                    case.save(moved := each.moved(to, now=now, actor=actor))
                    tell_step(case, event, moved, now=now)
            return {"attended": case.count(State.ATTENDED), "absent": case.count(State.ABSENT)}

        return self._move(Phase.HELD, "event-held", now=now, actor=actor, before=settle)

    def document(
        self,
        results: Mapping[str, bytes],
        *,
        now: datetime,
        actor: Actor,
        answer: str | None = None,
    ) -> Event:
        """Publish the results: documents by the names of their files, without personal data.

        More of them may follow, such as the answer of the city, and one of a name that is there
        takes its place; the journal knows each. Who took part, or could have, is told of the first
        ones, and of the answer of the city.

        Args:
            answer: which of the documents is the answer of the city, a text in UTF-8.

        Raises:
            MoveRefused: the event is not over, or nothing is published.
            InputError: a name is no name of a file, or the answer is no text among them.
        """
        wrong = [Finding("document-name", {"name": name}) for name in results if not _plain(name)]
        if answer is not None and not _is_text(results.get(answer)):
            wrong.append(Finding("document-answer", {"available": sorted(results)}))
        if wrong:
            raise InputError.of(wrong)

        with self._changing(actor) as case:
            event = case.event()
            documented = event
            if event.phase is not Phase.DOCUMENTED:
                documented = event.moved(Phase.DOCUMENTED, now=now, actor=actor)
            if not results:
                raise MoveRefused("document-nothing")
            for name, content in sorted(results.items()):
                case.put_document(f"{RESULTS}{name}", content, now=now, actor=actor)
            if documented is not event:
                case.save_event(documented)
            if documented is not event or answer is not None:
                tell_results(case, documented, answer and f"{RESULTS}{answer}", now=now)
            if documented is not event or case.has_untold:
                case.note("event-documented", now=now, actor=actor, documents=len(results))
            return documented

    # --- erasing and telling -----------------------------------------------------------------

    def export_person(self, key: str, *, now: datetime, actor: Actor) -> Everything:
        """Everything that is kept about one person (GDPR, Art. 15 and 20).

        Raises:
            ApplicationUnknown: there is no application of this key.
            MoveRefused: an applicant asks about somebody else.
        """
        _check_own(key, actor)
        with self._case(exclusive=True) as case:
            found = everything_about(case, key)
            case.note("person-exported", now=now, actor=actor, subject=key)
            return found

    def due(self, *, now: datetime) -> Erased:
        """What `erase_due` would erase now; nothing is changed."""
        with self._case() as case:
            return what_is_due(case, now=now)

    def erase_due(self, *, now: datetime, actor: Actor = SYSTEM) -> Erased:
        """Erase what has reached the end of its time; see `erasure`."""
        with self._changing(actor) as case:
            forget = self.messages.forget
            erased = erase_event(case, self.erasures, now=now, actor=actor, forget=forget)
        self._compact(erased, now=now)
        return erased

    def _compact(self, erased: object, *, now: datetime) -> None:
        """See to it that nothing of what was erased is left in a file; also of an erasure that was
        interrupted before it came to this."""
        if erased or self.erasures.is_pending():
            self.storage.compact()
            self.erasures.note_compacted(now=now)

    def erase_person(self, key: str, *, now: datetime, actor: Actor) -> Erased:
        """Erase everything about one person now; a tombstone of states and times is left.

        Who is in a lottery that was published stays in it by an anonymous handle; a seat that they
        had is free.

        Raises:
            ApplicationUnknown: there is no application of this key.
            MoveRefused: an applicant names somebody else.
        """
        _check_own(key, actor)
        with self._case(exclusive=True) as case:
            forget = self.messages.forget
            erased = erase_one(case, self.erasures, key, now=now, actor=actor, forget=forget)
        self._compact(erased, now=now)
        return erased

    def replay_erasures(self, *, now: datetime, actor: Actor = SYSTEM) -> Erased:
        """Repeat all erasures that were ever noted, after a backup was restored, and erase what is
        due."""
        with self._changing(actor) as case:
            log, forget = self.erasures, self.messages.forget
            repeated = erase_again(case, log, now=now, actor=actor, forget=forget)
            erased = repeated + erase_event(case, log, now=now, actor=actor, forget=forget)
        self.storage.compact()
        self.erasures.note_compacted(now=now)
        return erased

    def archive(self, *, now: datetime, actor: Actor) -> Event:
        """Close the file: nothing personal is left, and what is public stays.

        Raises:
            MoveRefused: the event is neither documented nor cancelled, or personal data are still
                to be kept; says until when.
        """

        def empty(case: CaseFile, event: Event) -> dict[str, object]:
            left = [part for part in (*Compartment, *LOTTERIES) if case.keys_in(part)]
            if left:
                raise MoveRefused("archive-not-empty", compartments=[str(each) for each in left])
            return {"applications": len(case.applications())}

        moved = self._move(Phase.ARCHIVED, "event-archived", now=now, actor=actor, before=empty)
        self.vault.destroy_event(self.name)
        self.storage.compact()
        return moved


_MOVING = {"phase", "history", "extensions", "decisions", "deadline"}
"""What of an event changes after it was announced."""


def _is_past(event: Event, phase: Phase) -> bool:
    """Whether the event went through a phase and on from it."""
    later = list(Phase)[list(Phase).index(phase) + 1 : -1]  # the last one is cancelled
    return event.phase in later and any(change.target is phase for change in event.history)


def _announced(event: Event) -> dict[str, Any]:
    """What was declared about an event when it was announced."""
    first = event.extensions[0].before if event.extensions else event.deadline
    return {**event.model_dump(exclude=_MOVING), "deadline": first}


def _require_staff(actor: Actor) -> None:
    if actor.role is Role.APPLICANT:
        raise MoveRefused("move-of-staff")


def _check_own(key: str, actor: Actor) -> None:
    if actor.role is Role.APPLICANT and actor.pseudonym != key:
        raise MoveRefused("move-of-another")


def _is_text(content: bytes | None) -> bool:
    try:
        return bool(content and content.decode().strip())
    except UnicodeDecodeError:
        return False


def _plain(name: str) -> bool:
    unfit = not name or name in (".", "..") or any(character in name for character in "/\\:")
    return not unfit and name == clean(name) and name.isprintable()
