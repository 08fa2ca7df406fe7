"""The call list: messages that somebody tells on the phone, and what came of the calls."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.folder import write_files
from mitwirkung.names import fold
from mitwirkung.notifications.channel import ChannelSettings, ContactKind, NotificationChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, MessageKey, Outcome
from mitwirkung.people import PhoneNumber
from mitwirkung.tables import Source, read_table
from mitwirkung.texts import LANGUAGES, translator

PAGE, TABLE, CALL = "calls.html", "calls.csv", "call.json"


class CallOutcome(StrEnum):
    """What came of a call."""

    TOLD = "told"
    ACCEPTS = "accepts"
    DECLINES = "declines"
    WITHDRAWS = "withdraws"
    AGAIN = "again"
    WRONG_NUMBER = "wrong-number"


CALL_OUTCOMES: Mapping[CallOutcome, str] = {
    CallOutcome.TOLD: "told",
    CallOutcome.ACCEPTS: "accepts",
    CallOutcome.DECLINES: "declines",
    CallOutcome.WITHDRAWS: "withdraws",
    CallOutcome.AGAIN: "call again",
    CallOutcome.WRONG_NUMBER: "wrong number",
}
"""The outcomes as they stand on the list; German stands in the catalogue."""

WHEN: Mapping[CallOutcome, str] = {
    CallOutcome.TOLD: "The person heard everything. Nothing was to be answered, or they want to "
    "think about it.",
    CallOutcome.ACCEPTS: "The person takes the seat.",
    CallOutcome.DECLINES: "The person does not take the seat.",
    CallOutcome.WITHDRAWS: "The person takes back the whole application.",
    CallOutcome.AGAIN: "Nobody answered, or the person had no time.",
    CallOutcome.WRONG_NUMBER: "The number does not exist, or somebody else has it.",
}
"""What each outcome means."""

HEADS = ("key", "name", "telephone", "language", "subject", "outcome", "note")
"""The columns of the table; German stands in the catalogue."""


class CallListSettings(ChannelSettings):
    """Where the list is kept, and the language of those who call."""

    folder: str = "calls"
    """The folder of the list. It holds personal data."""
    language: Literal["de", "en"] = "de"
    """The language of those who call; what they read aloud is in that of the person."""


class CallListChannel(NotificationChannel):
    """A list of calls to make: to print, and as a table in which the outcomes are entered.

    Each call is a file below `open` from the moment on at which it is said to be sent. `calls.html`
    and `calls.csv` are written from these when the channel is closed, and hold all calls that are
    open. What is settled leaves the list, and only its key stays.
    """

    name = "call-list"
    Settings = CallListSettings
    settings: CallListSettings
    reaches: ClassVar[frozenset[ContactKind]] = frozenset({"phone"})
    keeps = True

    @contextmanager
    def opened(self) -> Iterator[None]:
        """In the end the list is written anew."""
        try:
            yield
        finally:
            self.write_list()

    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        """Put a call on the list; one that was there before is not put there again."""
        to = message.recipient.contact
        if not isinstance(to, PhoneNumber):
            return self.receipt(Outcome.PERMANENT, now, "channel-wrong-contact")
        call = Call(
            key=message.key,
            kind=message.kind,
            event=message.event,
            language=message.language,
            name=message.recipient.name,
            phone=to.number,
            subject=message.subject,
            text=message.text,
            added=now.isoformat(),
        )
        place = self._open / message.key
        try:
            if not (place.exists() or (self._done / message.key).exists()):
                write_files(place, {CALL: call.to_json()}, public=())
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return self.receipt(Outcome.TEMPORARY, now, "call-list-unwritable", reason=reason)
        return self.receipt(Outcome.SENT, now)

    def calls(self) -> list[Call]:
        """The open calls: those that wait longest first."""
        found = []
        for place in sorted(self._open.glob(f"*/{CALL}")):
            try:
                found.append(Call.from_json(place.read_bytes()))
            except FileNotFoundError:
                continue  # settled meanwhile
        return sorted(found, key=lambda call: (datetime.fromisoformat(call.added), call.key))

    def write_list(self) -> None:
        """Write `calls.html` and `calls.csv`, once more if calls came in meanwhile."""
        if not self._open.exists():
            return
        listed: list[Call] | None = None
        while listed != (calls := self.calls()):
            language = self.settings.language
            for name, content in (
                (TABLE, call_table(calls, language)),
                (PAGE, call_sheets(calls, language).encode()),
            ):
                _replace(Path(self.settings.folder) / name, content)
            listed = calls

    def settle(self, results: Sequence[CallResult]) -> list[str]:
        """Take calls off the list, all but those that are to be made again.

        Returns:
            The keys of those that are not on it: settled before, or never there.
        """
        places = {place.name: place for place in self._open.glob("*")}
        missing = [each.key for each in results if each.key not in places]
        for result in results:
            place = places.get(result.key)
            if place is not None and result.outcome is not CallOutcome.AGAIN:
                self._done.mkdir(exist_ok=True)
                (self._done / result.key).touch()
                _remove(place)
        self.write_list()
        return missing

    def export(self, keys: Collection[MessageKey]) -> dict[str, bytes]:
        """Those of the calls that are open."""
        found = {key: self._open / key / CALL for key in keys}
        return {f"{key}.json": file.read_bytes() for key, file in found.items() if file.exists()}

    def erase(self, keys: Collection[MessageKey]) -> int:
        """Take those of the calls off the list that are open."""
        found = [place for key in keys if (place := self._open / key).exists()]
        for place in found:
            _remove(place)
        if found:
            self.write_list()
        return len(found)

    @property
    def _open(self) -> Path:
        return Path(self.settings.folder) / "open"

    @property
    def _done(self) -> Path:
        return Path(self.settings.folder) / "done"


@dataclass(frozen=True)
class Call:
    """A call to make: to whom, and what is said."""

    key: str
    kind: str
    event: str
    language: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    added: str

    def to_json(self) -> bytes:
        """The call as a file."""
        return json.dumps(vars(self), ensure_ascii=False, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Call:
        """The call in a file."""
        return cls(**json.loads(data))


def call_script(call: Call, language: str) -> list[str]:
    """What to do on the phone, step by step, in the language of who calls; the text that is read
    aloud stands apart."""
    t = translator(language)
    return [
        t("Ask for {name}. Tell nobody else what it is about; say nothing to a machine.").format(
            name=call.name
        ),
        t("Say who you are and for whom you call. Ask whether this is a good moment."),
        t("Read aloud what stands below. Leave out internet addresses. Read codes twice, slowly."),
        t("Ask whether everything was clear, and what the person answers. Repeat the answer."),
        t("Mark the outcome. Thank the person."),
    ]


def call_sheets(calls: Sequence[Call], language: str) -> str:
    """The list as a page to print, each call on a sheet of its own."""
    from mitwirkung.pages import page_template

    t = translator(language)
    return page_template("notifications", "calls.html.j2").render(
        calls=[(call, call_script(call, language)) for call in calls],
        outcomes=[(each.value, t(CALL_OUTCOMES[each]), t(WHEN[each])) for each in CallOutcome],
        language=language,
        t=t,
    )


def call_table(calls: Sequence[Call], language: str) -> bytes:
    """The list as CSV, as spreadsheets open it, with room for outcome and note."""
    t = translator(language)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([t(head) for head in HEADS])
    for call in calls:
        cells = (call.key, call.name, call.phone, call.language, call.subject, "", "")
        writer.writerow(map(_harmless, cells))
    return "\ufeff".encode() + text.getvalue().encode()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell


# --- what came of the calls --------------------------------------------------------------------


@dataclass(frozen=True)
class CallResult:
    """What came of one call: the key of its message, the outcome, and what was noted."""

    key: str
    outcome: CallOutcome
    note: str = field(default="", repr=False)


def read_outcomes(source: Source) -> tuple[CallResult, ...]:
    """The outcomes that were entered in the table; rows without one are passed over.

    Args:
        source: the table, as CSV or workbook; outcomes and names of columns in any language that
            lists are written in, or by their codes.

    Raises:
        InputError: with everything that is wrong in it.
    """
    table = read_table(source)
    errors = list(table.errors)
    heads = {fold(label): position for position, label in enumerate(table.columns)}
    places = {head: _column(heads, head) for head in ("key", "outcome", "note")}
    file = table.file
    for head in ("key", "outcome"):
        if places[head] is None and not errors:
            params = {"name": head, "available": list(table.columns)}
            errors.append(Finding("outcomes-column", params, file))
    if errors:
        raise InputError.of(errors)
    found: list[CallResult] = []
    rows: dict[str, int] = {}
    for row, cells in table.rows:
        told = _cell(cells, places["outcome"])
        if not told:
            continue
        key = _cell(cells, places["key"]).removeprefix("'")
        outcome = _spellings().get(fold(told))
        if outcome is None:
            available = [each.value for each in CallOutcome]
            errors.append(Finding("outcome-unknown", {"available": available}, file, row))
        if not key:
            errors.append(Finding("outcome-without-key", {}, file, row))
        elif key in rows:
            errors.append(Finding("outcome-twice", {"first": rows[key]}, file, row))
        rows.setdefault(key, row)
        if outcome is not None:
            found.append(CallResult(key, outcome, _cell(cells, places["note"])))
    if errors:
        raise InputError.of(errors)
    return tuple(found)


def _in_all_languages(text: str) -> Iterator[str]:
    for language in LANGUAGES:
        yield fold(translator(language)(text))


def _column(heads: Mapping[str, int], head: str) -> int | None:
    return next((heads[name] for name in _in_all_languages(head) if name in heads), None)


def _cell(cells: Sequence[str], position: int | None) -> str:
    return "" if position is None else cells[position].strip()


@cache
def _spellings() -> Mapping[str, CallOutcome]:
    """Every way to write an outcome."""
    return {
        spelled: outcome
        for outcome in CallOutcome
        for spelled in (fold(outcome.value), *_in_all_languages(CALL_OUTCOMES[outcome]))
    }


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever reads half of it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.chmod(0o600)
    unfinished.replace(path)


def _remove(place: Path) -> None:
    (place / CALL).unlink(missing_ok=True)
    place.rmdir()
