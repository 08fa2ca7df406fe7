"""Random steps, legal and illegal, over both backends: no difference, no broken rule."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from builders import examples, plan
from mitwirkung.applications import HAS_SEAT, State
from mitwirkung.casefile import COMPARTMENTS, KINDS
from mitwirkung.erasure_log import ErasureLog
from mitwirkung.errors import MitwirkungError
from mitwirkung.events import MOVES, Phase, Remedy
from mitwirkung.people import Actor, Channel, Compartment
from mitwirkung.procedure import Procedure, PublishedRound
from mitwirkung.rounds import Drawn
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.memory import MemoryBackend
from small_event import (
    ALL_DUE,
    CLERK,
    CLOSED,
    CONFIRMED,
    DEADLINE,
    DOCUMENTED,
    HELD,
    OPENED,
    PUBLISHED,
    STARTED,
    Town,
    entry,
    event,
    facts,
    form,
    key,
    oneself,
    procedure_on,
    sqlite,
)

PEOPLE = st.integers(0, 6)
ACTORS = st.sampled_from([CLERK, CLERK, CLERK, oneself(key(0))])
CHANNELS = st.sampled_from(Channel)
SEATS = 2
QUOTAS = plan(Geschlecht={"weiblich": (0, 2), "männlich": (1, 2)})
_NUMBER = itertools.count()

Step = Callable[[Procedure], Any]


class BothBackends(RuleBasedStateMachine):
    """Each step is done in memory and on SQLite, at one time that only moves on."""

    storage: ClassVar[StorageBackend]
    folder: ClassVar[Path]
    """One file for all examples: each has an event of its own."""

    @initialize(count=st.integers(3, 6), stage=st.integers(0, 9), number=st.integers(0, 9_999_999))
    def begin(self, count: int, stage: int, number: int) -> None:
        name = f"event-{next(_NUMBER)}"
        storages = [MemoryBackend().open(KINDS), self.storage]
        self.towns = [Town(procedure_on(each, ErasureLog(), name), each) for each in storages]
        self.kept = [in_memory(self.towns[0]), on_disk(self.towns[1], self.folder)]
        self.now = OPENED
        planned = event(name=name, seats=SEATS, replacements_until=date(2027, 4, 17))
        self.do(lambda p: p.announce(planned, form(), QUOTAS, now=self.now, actor=CLERK))
        self.do(lambda p: p.open_applications(now=self.now, actor=CLERK))
        entries = [entry(number) for number in range(count)]
        self.do(lambda p: p.apply_all(entries, channel=Channel.WEB, now=self.now))
        for _ in range(stage):
            self.go_on(number)

    def teardown(self) -> None:
        for town in getattr(self, "towns", []):
            assert town.procedure.audit().ok

    # --- one step on both ------------------------------------------------------------------------

    def do(self, step: Step) -> None:
        """A step, and the same once more: that changes nothing."""
        self.once(step)
        before = self.kept
        self.once(step)
        assert self.kept == before

    def once(self, step: Step) -> object:
        """A step; one that is refused changes nothing."""
        told, kept = [], []
        for town, before in zip(self.towns, self.kept, strict=True):
            refusal = None
            try:
                result = plain(step(town.procedure))
            except MitwirkungError as error:
                result = refusal = (type(error), error.code, str(error))
            told.append(result)
            kept.append(on_disk(town, self.folder) if kept else in_memory(town))
            assert refusal is None or kept[-1] == before
        assert told[0] == told[1]
        assert in_the_clear(kept[0]) == in_the_clear(kept[1])
        self.kept = kept
        return told[0]

    @property
    def phase(self) -> Phase:
        return self.towns[0].procedure.event().phase

    # --- time ------------------------------------------------------------------------------------

    @rule(days=st.integers(0, 3), hours=st.integers(1, 24))
    def wait(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    def wait_until(self, moment: datetime) -> None:
        self.now = max(self.now, moment)

    def seed(self, number: int) -> str:
        """A seed as the lottery that waits wants it."""
        rounds = self.towns[0].procedure.rounds()
        return f"Los vom {rounds[-1].published:%d.%m.}: {number:07}" if rounds else "nothing"

    # --- what is done if all goes well -----------------------------------------------------------

    @rule(number=st.integers(0, 9_999_999))
    def go_on(self, number: int) -> None:
        match self.phase:
            case Phase.APPLICATIONS_OPEN:
                self.wait_until(CLOSED)
                self.close()
            case Phase.CLOSED:
                self.wait_until(PUBLISHED)
                self.publish()
                self.offer(5)
            case Phase.LOTTERY_PUBLISHED:
                self.draw(number)
                self.offer(5)
            case Phase.DRAWN:
                if number % 2:
                    self.all_accept()
                else:
                    self.wait(5, 24)
                self.confirm()
            case Phase.CONFIRMED:
                self.wait_until(STARTED)
                self.start()
            case Phase.RUNNING:
                self.wait_until(HELD)
                self.hold()
            case Phase.HELD:
                self.wait_until(DOCUMENTED)
                self.document()
            case Phase.DOCUMENTED | Phase.CANCELLED:
                self.wait_until(ALL_DUE)
                self.erase_due()
                self.archive()

    @rule(number=st.integers(0, 9_999_999), days=st.integers(0, 6))
    def go_further(self, number: int, days: int) -> None:
        self.wait(days, 1)
        self.go_on(number)
        self.go_on(number + 1)

    @rule(number=st.integers(0, 9_999_999))
    def fill_again(self, number: int) -> None:
        self.expire()
        self.replace()
        self.draw(number)
        self.offer(2)

    # --- the use cases ---------------------------------------------------------------------------

    @rule()
    def close(self) -> None:
        self.do(lambda p: p.close_applications(now=self.now, actor=CLERK))

    @rule(days=st.integers(-1, 4))
    def extend(self, days: int) -> None:
        until = DEADLINE + timedelta(days=days)
        self.do(lambda p: p.extend(until, now=self.now, actor=CLERK, reason="too few"))

    @rule(remedy=st.sampled_from([Remedy.OUTREACH, Remedy.SEAT_EVERYONE]))
    def decide(self, remedy: Remedy) -> None:
        self.do(lambda p: p.decide(remedy, now=self.now, actor=CLERK, reason="too few"))

    @rule(who=PEOPLE, channel=CHANNELS, late=st.booleans(), companion=PEOPLE)
    def apply(self, who: int, channel: Channel, late: bool, companion: int) -> None:
        received = DEADLINE if late else None
        one = entry(who, received=received, companions=(key(companion),) if companion % 3 else ())
        actor = None if channel is Channel.WEB else CLERK
        self.do(lambda p: p.apply(one, channel=channel, now=self.now, actor=actor))

    @rule(who=PEOPLE, actor=ACTORS, channel=CHANNELS)
    def withdraw(self, who: int, actor: Actor, channel: Channel) -> None:
        self.do(lambda p: p.withdraw(key(who), channel=channel, now=self.now, actor=actor))

    @rule(who=PEOPLE, back=st.booleans())
    def refuse(self, who: int, back: bool) -> None:
        self.do(
            lambda p: (p.readmit if back else p.refuse)(
                key(who), now=self.now, actor=CLERK, reason="lives elsewhere"
            )
        )

    @rule(one=PEOPLE, other=PEOPLE, apart=st.booleans())
    def merge(self, one: int, other: int, apart: bool) -> None:
        keys = [key(one), key(other)]
        if apart:
            self.do(lambda p: p.keep_apart(*keys, now=self.now, actor=CLERK))
        else:
            self.do(lambda p: p.merge(keys, now=self.now, actor=CLERK, reason="the same"))

    @rule(who=PEOPLE)
    def withdraw_consent(self, who: int) -> None:
        self.do(
            lambda p: p.withdraw_consent(
                key(who), channel=Channel.LETTER, now=self.now, actor=CLERK
            )
        )

    @rule()
    def publish(self) -> None:
        self.do(lambda p: p.publish_lottery(self.facts(), now=self.now, actor=CLERK))

    @rule()
    def replace(self) -> None:
        self.do(lambda p: p.publish_replacement(self.facts(), now=self.now, actor=CLERK))

    def facts(self) -> Any:
        template = f"Los vom {self.now:%d.%m.}: {{digits 7}}"
        stated = facts(template=template, earliest="not stated", latest="not stated")
        return stated

    @rule()
    def give_up(self) -> None:
        self.do(lambda p: p.give_up_lottery(now=self.now, actor=CLERK, reason="a mistake"))

    @rule(number=st.integers(0, 9_999_999))
    def draw(self, number: int) -> None:
        seed = self.seed(number)
        self.do(lambda p: p.draw(seed, now=self.now, actor=CLERK))

    @rule(days=st.integers(-1, 6))
    def offer(self, days: int) -> None:
        until = self.now.date() + timedelta(days=days)
        self.do(lambda p: p.offer(until, now=self.now, actor=CLERK))

    @rule(who=PEOPLE, actor=ACTORS, no=st.booleans(), channel=CHANNELS)
    def answer(self, who: int, actor: Actor, no: bool, channel: Channel) -> None:
        self.do(
            lambda p: (p.decline if no else p.accept)(
                key(who), channel=channel, now=self.now, actor=actor
            )
        )

    @rule()
    def all_accept(self) -> None:
        for who in self.towns[0].keys(State.SELECTED):
            self.do(
                lambda p, who=who: p.accept(who, channel=Channel.WEB, now=self.now, actor=CLERK)
            )

    @rule()
    def expire(self) -> None:
        self.once(lambda p: p.expire(now=self.now))

    @rule()
    def confirm(self) -> None:
        self.expire()
        self.do(lambda p: p.confirm(now=self.now, actor=CLERK))

    @precondition(lambda self: self.now >= CONFIRMED)
    @rule()
    def start(self) -> None:
        self.do(lambda p: p.start(now=self.now, actor=CLERK))

    @rule(who=PEOPLE)
    def check_in(self, who: int) -> None:
        self.do(lambda p: p.check_in(key(who), now=self.now, actor=CLERK))

    @rule(who=PEOPLE, there=st.booleans())
    def correct(self, who: int, there: bool) -> None:
        self.do(
            lambda p: p.correct_attendance(
                key(who), attended=there, now=self.now, actor=CLERK, reason="a mistake"
            )
        )

    @precondition(lambda self: self.now >= STARTED)
    @rule()
    def hold(self) -> None:
        self.do(lambda p: p.hold(now=self.now, actor=CLERK))

    @precondition(lambda self: self.now >= STARTED)
    @rule()
    def document(self) -> None:
        self.do(lambda p: p.document({"results.md": b"."}, now=self.now, actor=CLERK))

    @precondition(lambda self: self.now >= CLOSED)
    @rule()
    def archive(self) -> None:
        self.do(lambda p: p.archive(now=self.now, actor=CLERK))

    @precondition(lambda self: self.now >= STARTED)
    @rule()
    def cancel(self) -> None:
        self.do(lambda p: p.cancel(now=self.now, actor=CLERK, reason="the hall burnt down"))

    @rule(who=PEOPLE)
    def erase(self, who: int) -> None:
        self.once(lambda p: p.erase_person(key(who), now=self.now, actor=CLERK))

    @rule()
    def erase_due(self) -> None:
        due = self.once(lambda p: p.due(now=self.now))
        assert self.once(lambda p: p.erase_due(now=self.now)) == due
        self.do(lambda p: p.erase_due(now=self.now))

    @rule()
    def replay(self) -> None:
        self.do(lambda p: p.replay_erasures(now=self.now))

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def rules_hold(self) -> None:
        if not hasattr(self, "towns"):
            return
        procedure = self.towns[0].procedure
        event = procedure.event()
        applications = procedure.applications()
        assert sum(each.state in HAS_SEAT for each in applications) <= SEATS
        for change in event.history:
            known = (*MOVES[change.source], *event.legal_moves)
            back = change.target is Phase.APPLICATIONS_OPEN
            assert change.target in known or back or event.seats_everyone
        rounds = procedure.rounds()
        assert [each.number for each in rounds] == list(range(1, len(rounds) + 1))
        seated = [who for each in rounds if each.counts for who in each.seated]
        assert len(seated) == len(set(seated))  # nobody is seated twice
        offered = {each.key for each in applications if each.offers}
        assert offered <= {*seated} or event.seats_everyone
        for each in applications:
            if each.state is State.ERASED:
                assert not any((str(part), each.key) in self.kept[1][0] for part in Compartment)


def plain(result: Any) -> Any:
    """What a step gave, without what is made anew for each."""
    if isinstance(result, PublishedRound):
        return result.round, result.publication and result.publication.private.content
    if isinstance(result, Drawn):
        return result.round, result.public, result.record and result.record.ids
    return result


Kept = tuple[dict[tuple[str, str], Any], list[Any]]
"""All records, and the hashes of the journal."""


def in_memory(town: Town) -> Kept:
    found = town.everything()
    records = {
        name: (each.version, dict(each.index), each.body) for name, each in found["records"].items()
    }
    return records, [link.hash for link in found["journal"]]


def on_disk(town: Town, folder: Path) -> Kept:
    """The same, read past the backend."""
    name = (town.procedure.name,)
    with closing(sqlite3.connect(folder / "dialog.db")) as connection:
        rows = connection.execute(
            "SELECT kind, key, version, fields, body FROM records WHERE event = ?", name
        ).fetchall()
        hashes = connection.execute(
            "SELECT hash FROM journal WHERE event = ? ORDER BY number", name
        ).fetchall()
    records = {
        (kind, key): (version, json.loads(fields), body)
        for kind, key, version, fields, body in rows
    }
    return records, [each for (each,) in hashes]


def in_the_clear(kept: Kept) -> Kept:
    """All that is there; of what is sealed only that it is."""
    records, hashes = kept
    return {n: None if n[0] in COMPARTMENTS else each for n, each in records.items()}, hashes


def test_random_steps_over_both_backends(tmp_path: Path) -> None:
    chosen = settings(examples(20), stateful_step_count=16, deadline=None)
    with sqlite(tmp_path).open(KINDS) as storage:
        BothBackends.storage, BothBackends.folder = storage, tmp_path
        run_state_machine_as_test(BothBackends, settings=chosen)
