"""The mailroom of an event: what goes out is looked at, released, sent, and resolved here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mitwirkung.applications import State
from mitwirkung.casefile import CaseFile
from mitwirkung.dispatching import BATCH, Dispatched, Dispatcher, next_ways
from mitwirkung.errors import ChannelRefused, Finding, InputError
from mitwirkung.identities import people_of
from mitwirkung.moves import MoveRefused
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, Recipient
from mitwirkung.occasions import Occasion
from mitwirkung.outbox import (
    LEASE,
    TASKS,
    About,
    MessageRefused,
    MessageState,
    OutgoingMessage,
)
from mitwirkung.people import Actor, ContactPoint
from mitwirkung.registration import Randomness
from mitwirkung.reply_codes import ReplyRight, is_token, read_code, recent, try_again_at
from mitwirkung.telling import keys_of, overtaken, tell, tell_of_offer
from mitwirkung.writing import SHOWN, Draft, Post, Writer, no_post, recipient_of

BY_STAFF = (Occasion.APPLICATION_INCOMPLETE, Occasion.EVALUATION_REQUEST)
"""What only staff cause: everything else follows from a step of the procedure."""


class ReplyRefused(MoveRefused):
    """A token or a code that nobody can answer with, now or at all."""


@dataclass(frozen=True, repr=False)
class Preview:
    """A message as it would go out.

    Attributes:
        message: its record.
        channel, recipient: on which way and to whom; None if there is no way.
        written: the text; None if it cannot be written.
        findings: why not.
    """

    message: OutgoingMessage
    channel: str | None = None
    recipient: Recipient | None = None
    written: Message | None = field(default=None, repr=False)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, repr=False)
class Farewell:
    """The last message to somebody, and its channel."""

    channel: NotificationChannel
    message: Message

    def send(self, *, now: datetime) -> DeliveryReceipt:
        """Send it, once."""
        with self.channel.opened():
            return self.channel.send(self.message, now=now)


@dataclass(frozen=True)
class Released:
    """What was released: keys of what goes out, and of those to whom there is no way."""

    messages: tuple[str, ...]
    unreachable: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Mailroom:
    """What is done with the messages of one event; see `Procedure.messages`.

    Args:
        case: begins a transaction on the event; exclusive, if it says so.
        post: how messages leave the house, asked for when it is needed.
        randomness: where tokens and codes come from.
    """

    case: Callable[..., AbstractContextManager[CaseFile]]
    post: Callable[[], Post]
    randomness: Randomness

    # --- looking -----------------------------------------------------------------------------

    def list(
        self, *states: MessageState, kind: str | None = None, application: str | None = None
    ) -> Sequence[OutgoingMessage]:
        """The messages in some states, in all if none is named, in the order in which they were
        written.

        Args:
            kind: only of this kind.
            application: only those to the person of this key.
        """
        wanted = {"kind": kind, "application": application}
        index = {name: value for name, value in wanted.items() if value is not None}
        with self.case() as case:
            found = [
                each
                for state in states or (None,)
                for each in case.messages(**index, **({} if state is None else {"state": state}))
            ]
        return sorted(found, key=lambda each: (each.written, each.key))

    def message(self, key: str) -> OutgoingMessage:
        """A message.

        Raises:
            MessageRefused: there is none of this key.
        """
        with self.case() as case:
            return _found(case, key)

    def tasks(self) -> Sequence[OutgoingMessage]:
        """The messages that somebody has to look at."""
        return [each for each in self.list(*TASKS) if each.application is not None]

    def status(self) -> Mapping[tuple[str, MessageState], int]:
        """How many messages there are, by kind and state."""
        with self.case() as case:
            counted = Counter((str(each.kind), each.state) for each in case.messages())
        kinds = {str(each): number for number, each in enumerate(Occasion)}
        states = {each: number for number, each in enumerate(MessageState)}
        return dict(
            sorted(
                counted.items(), key=lambda item: (kinds.get(item[0][0], 99), states[item[0][1]])
            )
        )

    def preview(self, *keys: str, kind: str | None = None, now: datetime) -> Sequence[Preview]:
        """Messages as they would go out now: those named, or else all that wait for release.

        Codes and links in it are none that work.

        Raises:
            MessageRefused: there is no message of a key.
        """
        post = self.post()
        with self.case() as case:
            messages = _chosen(case, keys, kind, MessageState.WAITING)
            writer = Writer(case, post, now=now)
            writer.read_ahead(messages)
            alive = [each for each in messages if _is_true(writer, each, now)]
            drafts = list(writer.drafts(alive))
        return [_preview(message, draft, post) for message, draft in drafts]

    # --- deciding ----------------------------------------------------------------------------

    def release(self, *keys: str, kind: str | None = None, now: datetime, actor: Actor) -> Released:
        """Let messages go out: those named, or else all that wait, of one kind if it is named.

        Who cannot be reached by any channel is a task from now on.

        Raises:
            InputError: some cannot be written; with all errors of all of them. None is released.
            MessageRefused: there is no message of a key, or it does not wait.
        """
        post = self.post()
        with self.case(exclusive=True) as case:
            messages = _chosen(case, keys, kind, MessageState.WAITING)
            writer = Writer(case, post, now=now)
            writer.read_ahead(messages)
            alive = [each for each in messages if _is_true(writer, each, now)]
            drafts = list(writer.drafts(alive))
            _require_writable([draft for _, draft in drafts if draft is not None], post)
            reached, unreachable = [], []
            for message, draft in drafts:
                if draft is None:
                    case.save_message(message.unreachable())
                    unreachable.append(message.key)
                else:
                    case.save_message(message.released(now=now, actor=actor))
                    reached.append(message.key)
            if reached or unreachable:
                kinds = Counter(str(message.kind) for message, _ in drafts)
                case.note(
                    "messages-released", now=now, actor=actor, kinds=dict(sorted(kinds.items()))
                )
        return Released(tuple(reached), tuple(unreachable))

    def resolve(
        self, key: str, to: MessageState, *, now: datetime, actor: Actor, reason: str
    ) -> OutgoingMessage:
        """Say of a message that it did reach the person (`SENT`), is to be sent again (`RELEASED`),
        or is not needed (`DROPPED`).

        Raises:
            MessageRefused: there is no such message.
            MoveRefused: it is no task for a person, or there is no reason.
        """
        with self.case(exclusive=True) as case:
            message = _found(case, key)
            resolved = message.resolved(to, now=now, actor=actor, reason=reason)
            case.save_message(resolved)
            _note(case, "message-resolved", resolved, now=now, actor=actor, to=str(to))
            return resolved

    def returned(
        self, key: str, *, now: datetime, actor: Actor, reason: str
    ) -> tuple[OutgoingMessage, OutgoingMessage | None]:
        """Note that a message which was sent did not arrive: a letter came back, mail bounced, a
        number is wrong. It goes out on the next way to the person.

        Returns:
            The message, and the new one; None if there is no other way.

        Raises:
            MessageRefused: there is no such message, or it was not sent.
        """
        with self.case(exclusive=True) as case:
            message = _found(case, key)
            if message.state is MessageState.UNDELIVERABLE:
                return message, None
            back = message.returned(now=now, actor=actor, reason=reason)
            case.save_message(back)
            new = next_ways(case, [back], self.post(), now=now)
            _note(case, "message-returned", back, now=now, actor=actor)
            return back, new[0] if new else None

    # --- causing -----------------------------------------------------------------------------

    def write(
        self,
        kind: Occasion,
        about: About,
        *keys: str,
        states: Iterable[State] = (),
        now: datetime,
        actor: Actor,
    ) -> int:
        """Write what only staff cause: what is missing in an application, a request to evaluate.

        Args:
            about: what belongs to it: fields and a day, or a link and a day.
            keys: of the applications.
            states: in place of keys: all applications in these states.

        Returns:
            How many messages are new.

        Raises:
            MessageRefused: the kind follows from a step of the procedure.
            ApplicationUnknown: there is no application of a key.
        """
        if kind not in BY_STAFF:
            raise MessageRefused("message-not-by-staff", legal=[str(each) for each in BY_STAFF])
        with self.case(exclusive=True) as case:
            unknown = set(about.fields) - {each.name for each in case.form().fields}
            if unknown:
                names = [each.name for each in case.form().fields]
                raise MessageRefused("message-field-unknown", available=names)
            chosen = [case.application(key) for key in keys]
            chosen += case.applications(*states) if states else []
            written = tell(case, case.event(), kind, chosen, about, now=now)
            if written:
                case.note("messages-written", now=now, actor=actor)
            return written

    def remind(self, *, now: datetime, actor: Actor) -> int:
        """Write to all who have an offer and did not answer yet; once for each offer.

        Returns:
            How many messages are new.
        """
        with self.case(exclusive=True) as case:
            open_ = [
                each
                for each in case.applications(State.SELECTED)
                if each.offer is not None and now < each.offer.ends_at
            ]
            written = tell_of_offer(case, case.event(), Occasion.REMINDER, open_, now=now)
            if written:
                case.note("messages-written", now=now, actor=actor)
            return written

    # --- sending -----------------------------------------------------------------------------

    def dispatch(
        self,
        name: str,
        clock: Callable[[], datetime],
        *,
        limit: int | None = None,
        lease: timedelta = LEASE,
        batch: int = BATCH,
    ) -> Dispatched:
        """Send what is due, as a dispatcher of this name; see `Dispatcher`."""
        dispatcher = Dispatcher(
            lambda: self.case(exclusive=True),
            self.post(),
            name,
            clock,
            self.randomness,
            lease=lease,
            batch=batch,
        )
        return dispatcher.run(limit)

    def trial(
        self, contact: ContactPoint, *, key: str | None = None, now: datetime
    ) -> DeliveryReceipt:
        """Send a message to oneself, on the first channel that serves the contact. Nothing is kept.

        Args:
            key: the text of this message, with a code that does not work; if not given, one that
                only says that it is a test.

        Raises:
            ChannelRefused: no channel serves such a contact.
            InputError: the message cannot be written.
            MessageRefused: there is no message of the key, or no way to its person.
        """
        post = self.post()
        channel = next((c for c in post.channels.values() if contact.kind in c.reaches), None)
        if channel is None:
            raise ChannelRefused("channels-none")
        with self.case() as case:
            writer = Writer(case, post, now=now)
            (unique,) = keys_of(case, [f"test {now.isoformat()}"])
            if key is None:
                message = writer.trial(unique, contact)
            else:
                ((_, draft),) = writer.drafts([_found(case, key)])
                if draft is None:
                    raise MessageRefused("message-without-way")
                _require_writable([draft], post)
                message = draft.answered_with(SHOWN).written(post.templates)
        to = Recipient(name=message.recipient.name if key is None else "Test", contact=contact)
        tried = message.model_copy(update={"key": unique, "thread": None, "recipient": to})
        with channel.opened():
            return channel.send(tried, now=now)

    def farewell(self, key: str, *, now: datetime) -> Farewell | None:
        """The last message to somebody, to be sent after everything about them is erased. It is
        made before, and no record of it is kept, so it goes out at once or not at all.

        Returns:
            None if there is no way to them on which nothing about them is kept.
        """
        post = self.post()
        with self.case() as case:
            application = case.application(key)
            for _, person in people_of(case, [application]):
                for name, contact in post.routes(person):
                    channel = post.channels[name]
                    if not channel.keeps:
                        (unique,) = keys_of(case, [f"farewell {key}"])
                        to = recipient_of(person, contact)
                        writer = Writer(case, post, now=now)
                        return Farewell(channel, writer.farewell(unique, application, to))
        return None

    # --- answers -----------------------------------------------------------------------------

    def right_of(self, given: str, *, now: datetime, guessing: bool = True) -> ReplyRight:
        """What a token or a code gives a right to.

        Args:
            given: as it stands in the link, or as somebody typed it.
            guessing: whether it may be a guess, so that tries are counted; staff do not guess.

        Raises:
            ReplyRefused: nobody has it; a letter is wrong; or too many codes were tried, and when
                it may be tried again.
        """
        if is_token(given):  # too long to be guessed
            with self.case() as case:
                (token,) = case.codes("reply", [given.strip()])
                right = case.find_reply(token=token)
            if right is None:
                raise ReplyRefused("reply-unknown")
            return right
        code = read_code(given)
        if code is None:
            raise ReplyRefused("reply-code-wrong")
        with self.case(exclusive=True) as case:
            guesses = case.guesses()
            again = try_again_at(guesses, now) if guessing else None
            if again is None:
                (stored,) = case.codes("reply-code", [code])
                right = case.find_reply(code=stored)
                if right is not None:
                    return right
                if guessing:
                    case.keep_guesses((*recent(guesses, now), now))
        if again is not None:
            raise ReplyRefused("reply-too-often", until=again.isoformat(timespec="minutes"))
        raise ReplyRefused("reply-unknown")

    # --- what channels keep ------------------------------------------------------------------

    def forget(self, case: CaseFile, people: Sequence[str]) -> None:
        """Remove the messages to some people that channels keep outside of the storage."""
        for channel in self._keeping():
            channel.erase(_keys_to(case, people))

    def kept_of(self, key: str) -> dict[str, bytes]:
        """The messages to somebody that channels keep, by channel and name of file."""
        with self.case() as case:
            keys = _keys_to(case, [key])
        return {
            f"{channel.name}/{name}": content
            for channel in self._keeping()
            for name, content in channel.export(keys).items()
        }

    def _keeping(self) -> tuple[NotificationChannel, ...]:
        channels = () if self.post is no_post else self.post().channels.values()
        return tuple(each for each in channels if each.keeps)


def _keys_to(case: CaseFile, people: Iterable[str]) -> list[str]:
    """The keys of all messages to some people, on whatever way they went."""
    return [each.key for person in people for each in case.messages(application=person)]


def _found(case: CaseFile, key: str) -> OutgoingMessage:
    message = case.find_message(key)
    if message is None:
        raise MessageRefused("message-unknown")
    return message


def _chosen(
    case: CaseFile, keys: Iterable[str], kind: str | None, state: MessageState
) -> list[OutgoingMessage]:
    """Those of some keys, or all in a state."""
    named = [_found(case, key) for key in keys]
    if named:
        return named
    index = {"state": str(state), **({} if kind is None else {"kind": str(kind)})}
    return sorted(case.messages(**index), key=lambda each: (each.written, each.key))


def _is_true(writer: Writer, message: OutgoingMessage, now: datetime) -> bool:
    key = message.application
    application = None if key is None else writer.application(key)
    return not overtaken(message, writer.event, application, now=now)


def _preview(message: OutgoingMessage, draft: Draft | None, post: Post) -> Preview:
    if draft is None:
        return Preview(message)
    whole = draft.answered_with(SHOWN)
    flaws = tuple(whole.flaws(post.templates))
    written = None if flaws else whole.written(post.templates)
    return Preview(message, draft.channel, draft.recipient, written, flaws)


def _require_writable(drafts: Iterable[Draft], post: Post) -> None:
    """
    Raises:
        InputError: some cannot be written; each error once, with how many it hinders.
    """
    found: dict[tuple[object, ...], Finding] = {}
    for draft in drafts:
        for flaw in draft.answered_with(SHOWN).flaws(post.templates):
            found.setdefault(
                (flaw.code, repr(sorted(flaw.params.items())), flaw.file, flaw.row), flaw
            )
    if found:
        raise InputError.of(list(found.values()))


def _note(
    case: CaseFile,
    what: str,
    message: OutgoingMessage,
    *,
    now: datetime,
    actor: Actor,
    **params: object,
) -> None:
    case.note(
        what,
        now=now,
        actor=actor,
        subject=message.application,
        message=message.key,
        kind=str(message.kind),
        **params,
    )
