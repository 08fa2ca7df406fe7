"""What anybody may read of an event, for ever, and whether its journal and documents are whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mitwirkung.applications import State
from mitwirkung.casefile import GONE, TOLD, CaseFile, digest_of_body
from mitwirkung.lottery.encoding import sha256_hex
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.occasions import Occasion
from mitwirkung.outbox import MessageState
from mitwirkung.people import Compartment
from mitwirkung.storage.errors import JournalBroken
from mitwirkung.storage.journal import ChainedEntry, prove_journal, utc_text

SUMMARY = "event.json"
RESULTS = "results/"
FORM = "mitwirkung-event-1"
_NOT_PUBLIC = {"history", "extensions", "decisions", "access"}
"""Of an event: what is told in other words, and how to come in."""


def public_documents(case: CaseFile) -> dict[str, bytes]:
    """Everything public, name to bytes, and a summary of the event."""
    return {**case.documents(), SUMMARY: summary(case)}


def summary(case: CaseFile) -> bytes:
    """`event.json`: phases, extensions and decisions with their times, how many applications came
    to which state (those erased since: before they were), how many messages were sent, the digests
    of all documents, and the head of the journal. It names nobody."""
    event = case.event()
    counted = Counter(each.outcome for each in case.applications())
    data = {
        "format": FORM,
        "event": event.model_dump(mode="json", exclude=_NOT_PUBLIC),
        "phases": [
            {"phase": str(each.target), "time": utc_text(each.time), "reason": each.reason}
            for each in event.history
        ],
        "extensions": [
            {
                "time": utc_text(each.time),
                "before": each.before.isoformat(),
                "until": each.until.isoformat(),
                "reason": each.reason,
            }
            for each in event.extensions
        ],
        "decisions": [
            {**each.model_dump(mode="json", exclude={"actor"})} for each in event.decisions
        ],
        "applications": {str(state): counted[state] for state in State if counted[state]},
        "messages": _sent(case),
        "documents": {
            name: sha256_hex(content) for name, content in sorted(case.documents().items())
        },
        "journal": case.journal_head(),
    }
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


# --- audit --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Audit:
    """What an audit of an event found.

    Attributes:
        event: its name.
        entries: how long the journal is.
        head: number and hash of its last entry.
        printed: how many heads that were printed in public files were compared with it.
        flaws: what does not hold, each a code and its parameters; none if all is whole.
    """

    event: str
    entries: int
    head: str
    printed: int
    flaws: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def ok(self) -> bool:
        return not self.flaws


def _sent(case: CaseFile) -> dict[str, int]:
    """How many messages of each kind were sent."""
    counted = Counter(str(each.kind) for each in case.messages(state=str(MessageState.SENT)))
    return {str(each): counted[each] for each in Occasion if counted[each]}


def audit(case: CaseFile, printed: Mapping[int, str] | None = None) -> Audit:
    """Prove an event whole: its journal from the first entry on, against all heads that were
    printed; documents, and every record in the clear, against the digests in the journal; and that
    nobody's sealed answers are missing that were not erased.

    Args:
        printed: hashes from public files elsewhere, by the number of their entry; to those that
            stand in the event's own documents.
    """
    entries: list[ChainedEntry] = []
    try:
        entries.extend(case.journal())
    except (ValueError, TypeError):  # no JSON, or no time, where there has to be
        return Audit(case.name, 0, "none", 0, (("audit-journal-unreadable", {}),))
    known = [*heads_in(case.documents().items()).items(), *(printed or {}).items()]
    flaws: list[tuple[str, Mapping[str, Any]]] = []
    try:
        prove_journal(case.name, entries, dict(known))
    except JournalBroken as error:
        flaws.append((error.code, error.params))
    if any(dict(known)[number] != digest for number, digest in known):
        flaws.append(("audit-heads-differ", {}))
    if not flaws:  # a journal that is not whole says nothing about the rest
        flaws += _document_flaws(case, entries)
        flaws += _record_flaws(case, entries)
        flaws += _sealed_flaws(case, entries)
        flaws += _message_flaws(case, entries)
    head = f"{entries[-1].number} {entries[-1].hash}" if entries else "none"
    return Audit(case.name, len(entries), head, len(dict(known)), tuple(flaws))


def heads_in(documents: Iterable[tuple[str, bytes]]) -> dict[int, str]:
    """The heads of the journal that public files print: number of the entry to its hash.

    Args:
        documents: name and content of each.
    """
    found = {}
    for name, content in documents:
        if name.startswith(RESULTS):
            continue  # those are of other people's making
        if name.rpartition("/")[2] in (LotteryFile.file_name, SUMMARY):
            try:
                printed = json.loads(content)["journal"]
                number, _, digest = str(printed).partition(" ")
                found[int(number)] = digest
            except (ValueError, KeyError, TypeError):
                continue  # none is printed; or it was tampered with, which its digest tells
    return found


_Flaws = Iterator[tuple[str, Mapping[str, Any]]]


def _document_flaws(case: CaseFile, entries: list[ChainedEntry]) -> _Flaws:
    expected = {}
    for link in entries:
        if link.entry.what == "document-kept":
            expected[link.entry.params["name"]] = link.entry.params["sha256"]
    found = {name: digest_of_body(content) for name, content in case.documents().items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            yield "audit-document", {"name": name}


def _record_flaws(case: CaseFile, entries: list[ChainedEntry]) -> _Flaws:
    """Records that are not as the journal left them."""
    expected: dict[tuple[str, str], str] = {}
    for link in entries:
        for kind, digests in link.entry.params.get("records", {}).items():
            expected |= {(kind, key): digest for key, digest in digests.items()}
    expected = {name: digest for name, digest in expected.items() if digest != GONE}
    found = case.digests()
    for kind in TOLD:
        told = {name for name in expected if name[0] == kind}
        there = {name for name in found if name[0] == kind}
        wrong = {
            "audit-unknown": there - told,
            "audit-missing": told - there,
            "audit-changed": {name for name in told & there if expected[name] != found[name]},
        }
        for code, names in wrong.items():
            if names:
                yield code, {"kind": kind, "count": len(names)}


def _sealed_flaws(case: CaseFile, entries: list[ChainedEntry]) -> _Flaws:
    """Sealed records of people that are missing though nothing was erased of them, or that are
    nobody's."""
    erased = {part for link in entries for part in link.entry.params.get("compartments", ())}
    people = {key for key, state in case.states().items() if state != State.ERASED}
    for part in Compartment:
        there = set(case.keys_in(part))
        if missing := people - there if part in ALWAYS and part not in erased else ():
            yield "audit-missing", {"kind": str(part), "count": len(missing)}
        if there - people:
            yield "audit-unknown", {"kind": str(part), "count": len(there - people)}


def _message_flaws(case: CaseFile, entries: list[ChainedEntry]) -> _Flaws:
    """Messages that the journal does not know of, and those that are missing, by their number."""
    expected: Counter[str] = Counter()
    for link in entries:
        expected.update(link.entry.params.get("messages", {}))
        expected.subtract(link.entry.params.get("removed", {}))
    found = Counter(str(each.kind) for each in case.messages())
    for kind in sorted(expected.keys() | found.keys()):
        count = found[kind] - expected[kind]
        if count:
            code = "audit-unknown" if count > 0 else "audit-missing"
            yield code, {"kind": f"message {kind}", "count": abs(count)}


ALWAYS = (Compartment.IDENTITY, Compartment.PROFILE)
"""What there is of every application from the beginning."""
