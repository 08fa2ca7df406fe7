"""The dispatcher: takes messages that are due, a few at a time, and sends them.

Taking is a short transaction that records the attempts; then they are sent, outside of it; then the
receipts are recorded, together with the next ones that are taken. Several dispatchers share an
outbox: what one has taken no other takes. If one dies, what it had taken becomes uncertain when its
time is over, and only a person sends it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mitwirkung.casefile import CaseFile
from mitwirkung.errors import MitwirkungError
from mitwirkung.moves import MoveRefused
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.notifications.message import DeliveryReceipt, Outcome
from mitwirkung.outbox import LEASE, MessageState, OutgoingMessage
from mitwirkung.people import Actor, Role
from mitwirkung.registration import Randomness
from mitwirkung.reply_codes import ReplyRight, made_code, made_token, read_code
from mitwirkung.telling import keys_of, overtaken
from mitwirkung.writing import Draft, Lotteries, Post, ReplyKeys, Writer

BATCH = 20
"""So many messages are taken at once; if a dispatcher dies, so many may be uncertain."""

GATHERED = 500
"""So many keys of messages that are due are looked up at once."""

MARGIN = timedelta(minutes=2)
"""Nothing is begun so shortly before the time of a dispatcher is over."""

DISPATCHER = Actor(role=Role.SYSTEM, pseudonym="dispatcher")
OVERTAKEN = "no longer true"
"""The reason of what was dropped by itself."""

Case = Callable[[], AbstractContextManager[CaseFile]]
"""Begins a transaction."""


@dataclass
class Dispatched:
    """What a dispatcher did: how many messages came to each state.

    Attributes:
        counts: state to number; what is tried again later counts as `RELEASED`.
        troubles: code to number of the failures, as the receipts name them.
        examples: code to the first receipt that had it.
    """

    counts: Counter[MessageState] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    examples: dict[str, DeliveryReceipt] = field(default_factory=dict)

    def add(self, message: OutgoingMessage) -> None:
        self.counts[message.state] += 1
        last = message.attempts[-1].receipt if message.attempts else None
        if last is not None and last.outcome is not Outcome.SENT and last.code:
            self.troubles[last.code] += 1
            self.examples.setdefault(last.code, last)


@dataclass
class Dispatcher:
    """Sends what is due in one event.

    Args:
        case: begins an exclusive transaction on the event.
        post: channels, templates and sender.
        name: of this dispatcher, another one for each.
        clock: the time.
        randomness: where tokens and codes come from.
        lease: how long it may have a message.
        batch: how many it takes at once.
    """

    case: Case
    post: Post
    name: str
    clock: Callable[[], datetime]
    randomness: Randomness
    lease: timedelta = LEASE
    batch: int = BATCH

    def run(self, limit: int | None = None) -> Dispatched:
        """Send until nothing is due any more, or `limit` messages were taken.

        Whatever happens, what was taken and not begun is given back, and what was begun has a
        receipt or is uncertain.
        """
        done = Dispatched()
        lotteries: Lotteries = {}
        due: list[str] = []
        reports: list[tuple[OutgoingMessage, DeliveryReceipt | None]] = []
        taken = 0
        with ExitStack() as stack:
            opened = _Opened(self.post, stack)
            while True:
                size = self.batch if limit is None else min(self.batch, limit - taken)
                with self.case() as case:
                    self._record(case, reports, done)
                    reports = []
                    drafts = self._take(case, due, size, done, lotteries)
                if not drafts:
                    return done
                taken += len(drafts)
                with self._recorded_if_broken(reports, drafts, done):
                    for draft in drafts:
                        reports.append((draft.message, self._sent(draft, opened)))

    # --- taking ------------------------------------------------------------------------------

    def _take(
        self, case: CaseFile, due: list[str], size: int, done: Dispatched, lotteries: Lotteries
    ) -> list[Draft]:
        """Take messages that are due, and record the attempts."""
        now = self.clock()
        writer = Writer(case, self.post, now=now, lotteries=lotteries)
        taken: list[Draft] = []
        while len(taken) < size:
            if not due:
                self._give_up_lost(case, now, done)
                due += _due_keys(case, now)
                if not due:
                    break
            wanted = [due.pop() for _ in range(min(size - len(taken), len(due)))]
            case.read_ahead("message", wanted)
            found = [each for key in wanted if (each := case.find_message(key)) is not None]
            ready = [each for each in found if each.is_due(now)]
            writer.read_ahead(ready)
            mine: list[OutgoingMessage] = []
            drafts = writer.drafts(
                [each for each in ready if not _dropped(case, writer, each, now, done)]
            )
            for message, draft in list(drafts):
                if draft is None:
                    mine.append(lost := message.unreachable())
                    done.add(lost)
                    continue
                begun = message.taken(
                    now=now,
                    dispatcher=self.name,
                    channel=draft.channel,
                    way=draft.way,
                    lease=self.lease,
                )
                mine.append(begun)
                taken.append(replace(draft, message=begun))
            case.save_messages(mine)
        return self._answerable(case, taken, now)

    def _answerable(self, case: CaseFile, drafts: list[Draft], now: datetime) -> list[Draft]:
        """With tokens and codes to answer with, of which only what stands for them is kept."""
        keys = {
            each.message.key: ReplyKeys(made_token(self.randomness), made_code(self.randomness))
            for each in drafts
            if each.offer is not None
        }
        if keys:
            case.add_replies(_rights(case, drafts, keys, now))
        return [
            each.answered_with(keys[each.message.key]) if each.message.key in keys else each
            for each in drafts
        ]

    def _give_up_lost(self, case: CaseFile, now: datetime, done: Dispatched) -> None:
        """What other dispatchers took and did not tell of in their time is uncertain."""
        for message in list(case.messages(state=str(MessageState.SENDING))):
            if message.is_lost(now):
                case.save_message(lost := message.lost())
                done.add(lost)

    # --- sending -----------------------------------------------------------------------------

    def _sent(self, draft: Draft, opened: _Opened) -> DeliveryReceipt | None:
        """Send one; None if it was not begun."""
        now = self.clock()
        if now >= draft.message.attempts[-1].lease - min(MARGIN, self.lease / 2):
            return None
        try:
            message = draft.written(self.post.templates)
        except Exception as error:  # a template can break in any way
            return _receipt(Outcome.PERMANENT, draft, now, UNWRITABLE, error)
        try:
            channel = opened.channel(draft.channel)
        except Exception as error:  # nothing went out
            return _receipt(Outcome.TEMPORARY, draft, now, "channel-unopened", error)
        try:
            return channel.send(message, now=now)
        except Exception as error:  # a channel has to say it in a receipt: nobody knows
            return _receipt(Outcome.UNCERTAIN, draft, self.clock(), "channel-broke", error)

    @contextmanager
    def _recorded_if_broken(
        self,
        reports: list[tuple[OutgoingMessage, DeliveryReceipt | None]],
        drafts: list[Draft],
        done: Dispatched,
    ) -> Iterator[None]:
        """What happened so far is recorded also if something breaks or somebody interrupts: the
        one that was being sent is left as it is, and becomes uncertain."""
        try:
            yield
        except BaseException:
            begun = len(reports) + 1
            rest: list[tuple[OutgoingMessage, DeliveryReceipt | None]]
            rest = [(each.message, None) for each in drafts[begun:]]
            with self.case() as case:
                self._record(case, [*reports, *rest], done)
            raise

    # --- recording ---------------------------------------------------------------------------

    def _record(
        self,
        case: CaseFile,
        reports: Iterable[tuple[OutgoingMessage, DeliveryReceipt | None]],
        done: Dispatched,
    ) -> None:
        """Record what became of the attempts; what does not arrive goes out on the next way."""
        reports = list(reports)
        again: list[OutgoingMessage] = []
        changed: list[OutgoingMessage] = []
        now = self.clock()
        case.read_ahead("message", [sent.key for sent, _ in reports])
        for sent, receipt in reports:
            message = case.find_message(sent.key)
            if message is None:
                continue  # removed with its person
            try:
                told = _reported(message, self.name, receipt)
            except MoveRefused:
                continue  # somebody decided meanwhile
            changed.append(told)
            if receipt is not None:
                done.add(told)
            if told.state is MessageState.UNDELIVERABLE:
                again.append(told)
        case.save_messages(changed)
        next_ways(case, again, self.post, now=now)


def next_ways(
    case: CaseFile, failed: Iterable[OutgoingMessage], post: Post, *, now: datetime
) -> list[OutgoingMessage]:
    """Write what did not arrive once more, for the next way to the person, where there is one.

    What was undeliverable stays a task: somebody asks for the right address.
    """
    alive = [each for each in failed if each.application is not None]
    if not alive:
        return []
    keys = keys_of(case, [f"instead of {each.key}" for each in alive])
    written = [
        each.by_next_way(key, now=now)
        for each, key in zip(alive, keys, strict=True)
        if case.find_message(key) is None
    ]
    writer = Writer(case, post, now=now)
    new = [message for message, draft in writer.drafts(written) if draft is not None]
    if new:
        case.add_messages(new)
        case.note("messages-by-next-way", now=now, actor=DISPATCHER)
    return new


UNWRITABLE = "message-unwritable"


def _reported(
    message: OutgoingMessage, name: str, receipt: DeliveryReceipt | None
) -> OutgoingMessage:
    if receipt is None:
        return message.given_back(name)
    if receipt.code == UNWRITABLE:
        return message.unwritable(name, receipt)
    return message.reported(name, receipt)


def _due_keys(case: CaseFile, now: datetime) -> list[str]:
    """Some messages that are due, those that wait for long last: they are taken from the end."""
    found = []
    for message in case.messages(state=str(MessageState.RELEASED)):
        if message.is_due(now):
            found.append((message.due, message.key))
        if len(found) == GATHERED:
            break
    return [key for _, key in sorted(found, reverse=True)]


def _dropped(
    case: CaseFile, writer: Writer, message: OutgoingMessage, now: datetime, done: Dispatched
) -> bool:
    """Drop a message that is no longer true; whether it was."""
    key = message.application
    application = None if key is None else writer.application(key)
    if not overtaken(message, writer.event, application, now=now):
        return False
    dropped = message.dropped(now=now, actor=DISPATCHER, reason=OVERTAKEN)
    case.save_message(dropped)
    done.add(dropped)
    return True


def _rights(
    case: CaseFile, drafts: list[Draft], keys: dict[str, ReplyKeys], now: datetime
) -> Iterator[tuple[str, str, ReplyRight]]:
    told = [each for each in drafts if each.message.key in keys]
    made = [keys[each.message.key] for each in told]
    tokens = case.codes("reply", [each.token for each in made])
    codes = case.codes("reply-code", [read_code(each.code) or "" for each in made])
    for draft, token, code in zip(told, tokens, codes, strict=True):
        assert draft.offer is not None
        assert draft.message.application is not None
        right = ReplyRight(
            application=draft.message.application,
            offer=draft.offer,
            message=draft.message.key,
            made=now,
        )
        yield token, code, right


def _receipt(
    outcome: Outcome, draft: Draft, now: datetime, code: str, error: Exception
) -> DeliveryReceipt:
    """A receipt of our own; of the error only its name or code, for it may hold personal data."""
    reason = error.code if isinstance(error, MitwirkungError) else type(error).__name__
    return DeliveryReceipt(
        outcome=outcome, channel=draft.channel, time=now, code=code, params={"reason": reason}
    )


@dataclass
class _Opened:
    """The channels that are in use, each opened once and held open till the end."""

    post: Post
    stack: ExitStack
    open: set[str] = field(default_factory=set)

    def channel(self, name: str) -> NotificationChannel:
        channel = self.post.channels[name]
        if name not in self.open:
            self.stack.enter_context(channel.opened())
            self.open.add(name)
        return channel
