"""The case file of an event: all that is kept of it, read and written as values of the domain.

It stands between the use cases (`procedure`) and the storage. What no person is known from lies
there in the clear: the event, states and consents, public documents. What people told is sealed, by
compartment, and is opened for a purpose.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from pydantic import AwareDatetime

from mitwirkung.applications import Application, State
from mitwirkung.errors import MitwirkungError
from mitwirkung.events import Event
from mitwirkung.forms.declaration import Form
from mitwirkung.lottery.encoding import canonical_json, sha256_hex
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.outbox import OutgoingMessage
from mitwirkung.people import OPENED_BY, Actor, Model, Purpose
from mitwirkung.reply_codes import ReplyRight
from mitwirkung.storage.backend import Transaction
from mitwirkung.storage.journal import ChainedEntry, JournalEntry
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.storage.vault import Vault

M = TypeVar("M", bound=Model)

DRAWING = "drawing"
"""The compartment of a round's private file: everybody's answers and tokens."""

ROSTER = "roster"
"""The compartment of a round's roster: who stands behind the lots, without answers."""

_LOTTERIES = (
    Purpose.SELECTION,
    Purpose.SELECTION_REPORT,
    Purpose.REPLACEMENT,
    Purpose.ERASURE,
)

FORM = "form.json"
"""The document that is the form."""

HOUSEHOLD = "household"
"""The field by whose codes people at one address are found."""

COMPARTMENTS: Mapping[str, tuple[str, ...]] = {
    **{str(part): purposes for part, purposes in OPENED_BY.items()},
    DRAWING: _LOTTERIES,
    ROSTER: _LOTTERIES,
}
"""What is sealed, and for which purposes it opens."""

KINDS: tuple[RecordKind, ...] = (
    RecordKind("event"),
    RecordKind("document"),
    RecordKind("application", ("state", HOUSEHOLD, "token")),
    RecordKind("distinct"),
    RecordKind("round"),
    RecordKind("message", ("state", "application", "kind")),
    RecordKind("reply", ("application", "code")),
    RecordKind("guesses"),
    *(RecordKind(str(name)) for name in COMPARTMENTS),
)
"""The kinds of record of an event."""


TOLD = ("event", "application", "distinct", "round")
"""Kinds of which the journal knows the digest of each record; it knows documents by their names."""

GONE = "gone"
"""In the place of a digest: that a record was removed."""


class EventUnknown(MitwirkungError, LookupError):
    """There is no such event."""


class ApplicationUnknown(MitwirkungError, LookupError):
    """There is no application of this key."""


class Round(Model):
    """One lottery of an event: the first one, another attempt at it, or one for seats that fell
    free.

    Attributes:
        number: 1, 2, 3, ...
        fills: whether it fills seats that fell free.
        attempt: how often it was made, the ones given up counted.
        lottery: the commitment: the SHA-256 of its `lottery.json`.
        freed: the keys of those who left the seats that this round fills.
        published, drawn, offered: when; None as long as it is not.
        given_up: why it does not count.
        record: the SHA-256 of its `record-public.json`.
        seated: the keys of the people whom it seats.
    """

    number: int
    fills: bool
    attempt: int
    lottery: str
    freed: tuple[str, ...] = ()
    published: AwareDatetime
    drawn: AwareDatetime | None = None
    offered: AwareDatetime | None = None
    given_up: str | None = None
    record: str | None = None
    seated: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Where its documents stand: `lottery-1`."""
        return f"lottery-{self.number}"

    @property
    def counts(self) -> bool:
        """Whether it was not given up."""
        return self.given_up is None


class CaseFile:
    """One event inside a transaction.

    Args:
        transaction: what is read and changed at once.
        vault: seals and opens what people told.
    """

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self._transaction = transaction
        self._vault = vault
        self._read: dict[tuple[str, str], Record] = {}
        self._ahead: dict[tuple[str, str], Record | None] = {}
        self._untold: dict[str, dict[str, str]] = {}
        self._messages: dict[str | None, list[tuple[str, str]]] = {}

    @property
    def name(self) -> str:
        return self._transaction.event

    # --- the event and its documents ---------------------------------------------------------

    def find_event(self) -> Event | None:
        """The event; None if there is none."""
        record = self._get("event", self.name)
        return None if record is None else Event.model_validate_json(record.body)

    def event(self) -> Event:
        """The event.

        Raises:
            EventUnknown: there is none of this name.
        """
        event = self.find_event()
        if event is None:
            raise EventUnknown("event-unknown", name=self.name)
        return event

    def save_event(self, event: Event) -> None:
        """Keep the event as it is now."""
        self._put("event", self.name, _json(event))

    def form(self) -> Form:
        """The form of the event."""
        return Form.model_validate_json(self._needed(FORM))

    def for_entries(self, keys: Iterable[str]) -> tuple[Event, Form]:
        """The event and its form, to take applications with: not to be handed on, others have the
        same ones. The applications of these keys are read with them, at once.

        Raises:
            EventUnknown: there is none of this name.
        """
        names = [("event", self.name), ("document", FORM)]
        self._read_ahead([*names, *(("application", key) for key in keys)])
        event = self._get("event", self.name)
        if event is None:
            raise EventUnknown("event-unknown", name=self.name)
        return _parsed(Event, event.body), _parsed(Form, self._needed(FORM))

    def quotas(self) -> QuotaPlan:
        """The quotas of the event."""
        return QuotaPlan.model_validate_json(self._needed("quotas.json"))

    def document(self, name: str) -> bytes | None:
        """A public document of the event: `lottery-1/lottery.json`, say; None if there is none."""
        record = self._get("document", name)
        return None if record is None else record.body

    def documents(self) -> dict[str, bytes]:
        """All of them, by name."""
        return {each.key: each.body for each in self._transaction.find("document")}

    def put_document(self, name: str, content: bytes, *, now: datetime, actor: Actor) -> None:
        """Keep a document; the journal says what its digest is."""
        if self.document(name) == content:
            return
        self._put("document", name, content)
        digest = sha256_hex(content)
        self.note("document-kept", now=now, actor=actor, name=name, sha256=digest)

    def _needed(self, name: str) -> bytes:
        content = self.document(name)
        if content is None:
            raise EventUnknown("event-unknown", name=self.name)
        return content

    # --- the journal -------------------------------------------------------------------------

    def note(
        self, what: str, *, now: datetime, actor: Actor, subject: str | None = None, **params: Any
    ) -> ChainedEntry:
        """Write into the journal what was done. No personal data, for it is never erased.

        The entry names the records that were changed for it, each with its digest, so that nobody
        can change them past the journal: see `archive.audit`. That of one person (`subject`) names
        nobody else's. It also says how many messages were written for it, or removed.
        """
        records, messages = self._told_with(subject), self._messages_with(subject)
        return self._transaction.append(
            JournalEntry(
                time=now,
                actor=actor_name(actor),
                what=what,
                subject=subject,
                params={**params, **messages, **({"records": records} if records else {})},
            )
        )

    def _messages_with(self, subject: str | None) -> dict[str, dict[str, int]]:
        people = list(self._messages) if subject is None else [subject]
        found: dict[str, Counter[str]] = {}
        for person in people:
            for what, kind in self._messages.pop(person, ()):
                found.setdefault(what, Counter())[kind] += 1
        return {what: dict(sorted(counted.items())) for what, counted in found.items()}

    def _told_with(self, subject: str | None) -> dict[str, dict[str, str]]:
        told, self._untold = self._untold, {}
        if subject is not None and "application" in told:
            others = dict(told["application"])
            told["application"] = {subject: others.pop(subject)} if subject in others else {}
            self._untold = {"application": others}
        return {kind: digests for kind, digests in told.items() if digests}

    @property
    def has_untold(self) -> bool:
        """Whether something was changed, or a message written, that no entry tells of yet."""
        return bool(self._messages) or any(self._untold.values())

    def check_told(self) -> None:
        """That the journal knows of every change, before the transaction ends."""
        assert not self.has_untold, "something was changed without an entry"

    def journal(self) -> Iterator[ChainedEntry]:
        """The journal of the event."""
        return self._transaction.journal()

    def journal_head(self) -> str:
        """Number and hash of the last entry, as public files print it: `17 9f86d0...`."""
        head = self._transaction.last_entry()
        return "none" if head is None else f"{head.number} {head.hash}"

    # --- applications ------------------------------------------------------------------------

    def application(self, key: str) -> Application:
        """An application.

        Raises:
            ApplicationUnknown: there is none of this key.
        """
        found = self.find_application(key)
        if found is None:
            raise ApplicationUnknown("application-unknown")
        return found

    def find_application(self, key: str) -> Application | None:
        """An application; None if there is none of this key."""
        record = self._get("application", key)
        return None if record is None else Application.model_validate_json(record.body)

    def applications(self, *states: State) -> list[Application]:
        """The applications in some states, in all if none is named, by key."""
        found = []
        for record in self._in_states(states):
            self._read["application", record.key] = record
            found.append(Application.model_validate_json(record.body))
        return sorted(found, key=lambda each: each.key)

    def _in_states(self, states: Iterable[State]) -> Iterator[Record]:
        wanted = tuple(states)
        if not wanted:
            yield from self._transaction.find("application")
        for state in wanted:
            yield from self._transaction.find("application", state=str(state))

    def states(self) -> dict[str, str]:
        """Key to state of every application."""
        return {r.key: str(r.index["state"]) for r in self._transaction.find("application")}

    def count(self, *states: State) -> int:
        """How many applications are in some states."""
        return sum(self._transaction.count("application", state=str(state)) for state in states)

    def households(self) -> dict[str, str]:
        """Key to what is equal for people of one household; those without an address are not
        there."""
        return {
            record.key: str(record.index["household"])
            for record in self._transaction.find("application")
            if record.index["household"]
        }

    def key_of_token(self, handle: str) -> str | None:
        """The key of the application whose token has this handle."""
        return next((r.key for r in self._transaction.find("application", token=handle)), None)

    def add_applications(
        self,
        applications: Sequence[tuple[Application, str | None]],
        bodies: Iterable[tuple[str, str, Mapping[str, Any]]],
    ) -> None:
        """Keep new applications.

        Args:
            applications: each with the address of its household, if there is one.
            bodies: what is to be sealed of them: compartment, key, and what is in it.
        """
        plain = (
            Record(self.name, str(kind), key, canonical_json(dict(body)))
            for kind, key, body in bodies
        )
        homes = [address for _, address in applications if address is not None]
        codes, sealed = self._vault.seal_with_codes(plain, self.name, HOUSEHOLD, homes)
        left = iter(codes)
        clear = (
            self._changed(_application_record(each, None if address is None else next(left)))
            for each, address in applications
        )
        self._transaction.add_all(chain(sealed, clear))

    def save(self, application: Application) -> None:
        """Keep an application that was read here as it is now."""
        known = self._read.get(("application", application.key))
        before = known or self._get("application", application.key)
        household = None if before is None else before.index["household"]
        if application.state is State.ERASED:
            household = None
        record = self._changed(_application_record(application, household))
        if before is None:
            self._transaction.add(record)
            return
        newer = self._transaction.replace(replace(record, version=before.version))
        self._read["application", application.key] = newer

    def distinct(self) -> set[frozenset[str]]:
        """Pairs of applications that somebody looked at, and that are of two people."""
        return {frozenset(json.loads(record.body)) for record in self._transaction.find("distinct")}

    def keep_distinct(self, one: str, other: str) -> None:
        """Note that two applications are of two people."""
        pair = sorted((one, other))
        key = "+".join(pair)
        if self._get("distinct", key) is None:
            self._put("distinct", key, canonical_json(pair))

    def forget_distinct(self, people: Collection[str]) -> None:
        """Drop such pairs with any of these people."""
        for record in list(self._transaction.find("distinct") if people else ()):
            if not frozenset(json.loads(record.body)).isdisjoint(people):
                self._transaction.remove("distinct", record.key)
                self._read.pop(("distinct", record.key), None)
                self._untold.setdefault("distinct", {})[record.key] = GONE

    def read_ahead(self, kind: str, keys: Iterable[str]) -> None:
        """Read records at once that are asked for next, each once."""
        self._read_ahead([(kind, key) for key in keys])

    def there(self, kind: str, keys: Iterable[str]) -> set[str]:
        """Those of some keys of which there is a record."""
        found = self._transaction.get_all([(kind, key) for key in sorted(keys)])
        return {record.key for record in found}

    # --- messages and replies ----------------------------------------------------------------

    def find_message(self, key: str) -> OutgoingMessage | None:
        """A message; None if there is none of this key."""
        record = self._get("message", key)
        return None if record is None else OutgoingMessage.model_validate_json(record.body)

    def messages(self, **index: str | None) -> Iterator[OutgoingMessage]:
        """The messages of a `state`, an `application` or a `kind`, by key."""
        for record in self._transaction.find("message", **index):
            self._read["message", record.key] = record
            yield OutgoingMessage.model_validate_json(record.body)

    def add_messages(self, messages: Iterable[OutgoingMessage]) -> None:
        """Keep new messages; the next entry of the journal says how many there are."""
        new = list(messages)
        self._transaction.add_all(_message_record(self.name, each) for each in new)
        for each in new:
            self._messages.setdefault(each.application, []).append(("messages", each.kind))

    def save_message(self, message: OutgoingMessage) -> None:
        """Keep a message that was read here as it is now."""
        self.save_messages([message])

    def save_messages(self, messages: Iterable[OutgoingMessage]) -> None:
        """Keep messages that were read here as they are now."""
        changed = [
            replace(
                _message_record(self.name, each), version=self._read["message", each.key].version
            )
            for each in messages
        ]
        for newer in self._transaction.replace_all(changed):
            self._read["message", newer.key] = newer

    def forget_messages(self, people: Iterable[str]) -> None:
        """Remove messages to some people that were not sent, and take the people out of the
        others; they cannot answer any more either."""
        for person in people:
            for message in list(self.messages(application=person)):
                if message.attempts:
                    self.save_message(message.of_nobody())
                else:
                    self._transaction.remove("message", message.key)
                    self._messages.setdefault(person, []).append(("removed", message.kind))
            for record in list(self._transaction.find("reply", application=person)):
                self._transaction.remove("reply", record.key)

    def add_replies(self, rights: Iterable[tuple[str, str, ReplyRight]]) -> None:
        """Keep rights to answer, each under what stands for its token and its code."""
        self._transaction.add_all(
            Record(
                self.name,
                "reply",
                token,
                _json(right),
                {"application": right.application, "code": code},
            )
            for token, code, right in rights
        )

    def find_reply(self, *, token: str | None = None, code: str | None = None) -> ReplyRight | None:
        """The right to answer that a token or a code gives, by what stands for it."""
        if token is not None:
            record = self._transaction.get("reply", token)
        else:
            record = next(self._transaction.find("reply", code=code), None)
        return None if record is None else ReplyRight.model_validate_json(record.body)

    def guesses(self) -> tuple[datetime, ...]:
        """When codes were tried that nobody has."""
        record = self._get("guesses", self.name)
        times = [] if record is None else json.loads(record.body)
        return tuple(map(datetime.fromisoformat, times))

    def keep_guesses(self, times: Iterable[datetime]) -> None:
        """Keep when codes were tried that nobody has."""
        self._put("guesses", self.name, canonical_json([each.isoformat() for each in times]))

    # --- rounds of the lottery ---------------------------------------------------------------

    def rounds(self) -> list[Round]:
        """All lotteries of the event so far, in their order."""
        found = [Round.model_validate_json(r.body) for r in self._transaction.find("round")]
        return sorted(found, key=lambda each: each.number)

    def save_round(self, round_: Round) -> None:
        """Keep a lottery of the event as it is now."""
        self._put("round", f"{round_.number:04}", _json(round_))

    # --- what is sealed ----------------------------------------------------------------------

    def reseal(self, compartment: str, key: str, body: Mapping[str, Any]) -> None:
        """Keep a sealed body in the place of the one that is there, or as the first one."""
        before = self._transaction.get(str(compartment), key)
        version = 1 if before is None else before.version
        plain = Record(self.name, str(compartment), key, canonical_json(dict(body)), {}, version)
        sealed = self._vault.seal(plain)
        if before is None:
            self._transaction.add(sealed)
        else:
            self._transaction.replace(sealed)

    def open(self, compartment: str, key: str, *, purpose: Purpose) -> dict[str, Any] | None:
        """What is in a compartment of a person; None if nothing is there any more.

        Raises:
            PurposeRefused: the compartment does not open for this purpose.
        """
        record = self._transaction.get(str(compartment), key)
        if record is None:
            return None
        (body,) = self._vault.open_all([record], purpose=purpose)
        return None if body is None else _plain(body)

    def open_of(
        self, compartment: str, keys: Iterable[str], *, purpose: Purpose
    ) -> dict[str, dict[str, Any]]:
        """The same as `open_all` of some people."""
        names = [(str(compartment), key) for key in keys]
        return self._opened(self._transaction.get_all(names), purpose)

    def open_all(self, compartment: str, *, purpose: Purpose) -> dict[str, dict[str, Any]]:
        """Key to what is in a compartment, of everybody of whom it is still there.

        Raises:
            PurposeRefused: the compartment does not open for this purpose.
        """
        return self._opened(list(self._transaction.find(str(compartment))), purpose)

    def _opened(self, records: list[Record], purpose: Purpose) -> dict[str, dict[str, Any]]:
        bodies = self._vault.open_all(records, purpose=purpose)
        pairs = zip(records, bodies, strict=True)
        return {record.key: _plain(body) for record, body in pairs if body is not None}

    def keys_in(self, compartment: str) -> list[str]:
        """Whose compartments are there, by key; nothing is opened."""
        return [record.key for record in self._transaction.find(str(compartment))]

    def destroy(self, compartment: str, keys: Iterable[str]) -> None:
        """Destroy what is in a compartment of some people, the key of each before its record."""
        gone = list(keys)
        self._vault.destroy(self.name, gone, [str(compartment)])
        for key in gone:
            self._transaction.remove(str(compartment), key)

    def codes(self, field: str, values: Iterable[str]) -> list[str]:
        """What is equal for equal values of this event and field, and says nothing else."""
        return self._vault.search_codes(self.name, field, values)

    # --- records -----------------------------------------------------------------------------

    def digests(self) -> dict[tuple[str, str], str]:
        """Kind and key of all records in the clear to what the journal has to know of them."""
        return {
            (kind, record.key): digest_of(record)
            for kind in TOLD
            for record in self._transaction.find(kind)
        }

    def _changed(self, record: Record) -> Record:
        if record.kind in TOLD:
            self._untold.setdefault(record.kind, {})[record.key] = digest_of(record)
        return record

    def _read_ahead(self, names: Sequence[tuple[str, str]]) -> None:
        found = {(each.kind, each.key): each for each in self._transaction.get_all(names)}
        self._ahead |= {name: found.get(name) for name in names}

    def _get(self, kind: str, key: str) -> Record | None:
        if (kind, key) in self._ahead:
            record = self._ahead.pop((kind, key))
        else:
            record = self._transaction.get(kind, key)
        if record is not None:
            self._read[kind, key] = record
        return record

    def _put(self, kind: str, key: str, body: bytes) -> None:
        before = self._read.get((kind, key)) or self._get(kind, key)
        record = self._changed(Record(self.name, kind, key, body, {}))
        if before is None:
            self._transaction.add(record)
            self._read[kind, key] = record
        else:
            newer = self._transaction.replace(replace(record, version=before.version))
            self._read[kind, key] = newer


def digest_of(record: Record) -> str:
    """What the journal has to know of a record in the clear, its index too."""
    return digest_of_body(record.body, canonical_json(dict(record.index)))


def digest_of_body(body: object, index: bytes = b"") -> str:
    """The SHA-256; none for what somebody wrote as a text past this library."""
    return sha256_hex(index + body) if isinstance(body, bytes) else "none"


def actor_name(actor: Actor) -> str:
    """How the journal calls somebody: `staff:staff-3`."""
    return f"{actor.role}:{actor.pseudonym}"


def _application_record(application: Application, household: Any) -> Record:
    index = {
        "state": str(application.state),
        "household": household,
        "token": application.token_hash,
    }
    return Record(application.event, "application", application.key, _json(application), index)


def _message_record(event: str, message: OutgoingMessage) -> Record:
    index = {
        "state": str(message.state),
        "application": message.application,
        "kind": str(message.kind),
    }
    return Record(event, "message", message.key, _json(message), index)


@lru_cache(maxsize=32)
def _parsed(model: type[M], body: bytes) -> M:
    """What stands in a body, read once; the same for all who ask."""
    return model.model_validate_json(body)


def _json(value: Model) -> bytes:
    return canonical_json(value.model_dump(mode="json"))


def _plain(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found
