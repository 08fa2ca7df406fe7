"""What anybody may read of an event, for ever, and whether its journal and documents are whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mitwirkung.applications import State
from mitwirkung.casefile import CaseFile, actor_name
from mitwirkung.lottery.encoding import sha256_hex
from mitwirkung.lottery.files import LotteryFile, UnreadableFile
from mitwirkung.names import NOT_STATED
from mitwirkung.storage.errors import JournalBroken
from mitwirkung.storage.journal import ChainedEntry, prove_journal, utc_text

SUMMARY = "event.json"
FORM = "mitwirkung-event-1"


def public_documents(case: CaseFile) -> dict[str, bytes]:
    """Everything public, name to bytes, and a summary of the event."""
    return {**case.documents(), SUMMARY: summary(case)}


def summary(case: CaseFile) -> bytes:
    """`event.json`: phases, extensions and decisions with their times, how many applications are
    in each state, the digests of all documents, and the head of the journal. It names nobody."""
    event = case.event()
    counted = Counter(each.state for each in case.applications())
    data = {
        "format": FORM,
        "event": event.model_dump(mode="json", exclude={"history", "extensions", "decisions"}),
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


def audit(case: CaseFile, printed: Mapping[int, str] | None = None) -> Audit:
    """Prove an event whole: its journal from the first entry on, against all heads that were
    printed; its documents against the digests in the journal; and that no application, and not the
    event itself, moved without an entry of the same time and actor.

    Args:
        printed: hashes from public files elsewhere, by the number of their entry; to those that
            stand in the event's own documents.
    """
    entries = list(case.journal())
    known = {**heads_in(case.documents()), **(printed or {})}
    flaws: list[tuple[str, Mapping[str, Any]]] = []
    try:
        prove_journal(case.name, entries, known)
    except JournalBroken as error:
        flaws.append((error.code, error.params))
    flaws += _document_flaws(case, entries)
    flaws += _step_flaws(case, entries)
    head = f"{entries[-1].number} {entries[-1].hash}" if entries else "none"
    return Audit(case.name, len(entries), head, len(known), tuple(flaws))


def heads_in(documents: Mapping[str, bytes]) -> dict[int, str]:
    """The heads of the journal that public files print: number of the entry to its hash."""
    found = {}
    for name, content in documents.items():
        if name.rpartition("/")[2] == LotteryFile.file_name:
            try:
                head = LotteryFile.from_bytes(content).journal
            except UnreadableFile:
                continue  # its digest is another than the journal's: told as that
        elif name.rpartition("/")[2] == SUMMARY:
            head = str(json.loads(content)["journal"])
        else:
            continue
        if head != NOT_STATED:
            number, _, digest = head.partition(" ")
            found[int(number)] = digest
    return found


_Flaws = Iterator[tuple[str, Mapping[str, Any]]]


def _document_flaws(case: CaseFile, entries: list[ChainedEntry]) -> _Flaws:
    expected = {}
    for link in entries:
        if link.entry.what == "document-kept":
            expected[link.entry.params["name"]] = link.entry.params["sha256"]
    found = {name: sha256_hex(content) for name, content in case.documents().items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            yield "audit-document", {"name": name}


def _step_flaws(case: CaseFile, entries: list[ChainedEntry]) -> _Flaws:
    noted = {(utc_text(link.entry.time), link.entry.actor) for link in entries}
    event = case.event()
    for step in event.history:
        if (utc_text(step.time), actor_name(step.actor)) not in noted:
            yield "audit-phase", {"phase": str(step.target)}
    received = {link.entry.subject for link in entries if link.entry.what == "application-received"}
    applications = case.applications()
    unknown = [each for each in applications if each.key not in received]
    if unknown:
        yield "audit-application-unknown", {"count": len(unknown)}
    missing = received - {each.key for each in applications}
    if missing:
        yield "audit-application-missing", {"count": len(missing)}
    moved = sum(
        (utc_text(step.time), actor_name(step.actor)) not in noted
        for each in applications
        for step in each.history
    )
    if moved:
        yield "audit-steps", {"count": moved}
