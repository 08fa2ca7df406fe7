"""`mitwirkung event`: applications as they come in, and what people say afterwards."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from mitwirkung.applications import STATES, Application, State
from mitwirkung.cli.desk import (
    STAFF,
    ChannelName,
    Desk,
    EventName,
    PersonKey,
    Pseudonym,
    Reason,
    ReceivedOn,
    desk,
    receipt,
)
from mitwirkung.cli.lottery import pairs
from mitwirkung.cli.options import Encoding, ErrorsFile, SettingsFile, Sheet
from mitwirkung.cli.terminal import line, reported, say, screen, wrong_call
from mitwirkung.errors import Finding, InputError
from mitwirkung.forms.answers import is_shown
from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.forms.entry import PART_LABELS, PARTS, columns_of, match_columns, typed_answers
from mitwirkung.forms.outline import form_outline
from mitwirkung.lottery.encoding import sha256_hex
from mitwirkung.names import clean, fold
from mitwirkung.people import Channel, Purpose, contact_text
from mitwirkung.registration import Entry, Registration
from mitwirkung.tables import read_table

HEADS = ("Key", "State", "Name", "Contact", "Until")
COMPANIONS = "companions"
RECEIVED = "received"


class Answer(StrEnum):
    """What somebody says to an offer, or without one."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


@reported
def apply(
    name: EventName,
    file: Annotated[
        Path | None,
        typer.Argument(help="Applications: .xlsx, CSV or JSON lines; if not given, one is asked."),
    ] = None,
    channel: ChannelName = Channel.DESK,
    received: ReceivedOn = None,
    fill: Annotated[
        list[str] | None,
        typer.Option(help="What is equal for all and no column: contact_place=Dortmund."),
    ] = None,
    receipts: Annotated[
        Path | None, typer.Option(help="Write the tokens for the receipts here: row,key,token.")
    ] = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    settings_file: SettingsFile = None,
    errors_file: ErrorsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Enter applications from a file, all or none, or one person's, question by question."""
    if file is None and fill:
        raise wrong_call("--fill is for a file.")
    with desk(settings_file, name, actor) as at:
        form = at.procedure.form()
        if file is None:
            entries = [Entry(_asked(form), receipt(received))]
        else:
            entries = _entries(at, form, file, pairs(fill, "--fill"), received, encoding, sheet)
        sent = channel is Channel.WEB
        taken = at.procedure.apply_all(
            entries, channel=channel, now=at.now, actor=None if sent else at.actor
        )
        line("{count} applications are entered.", count=len(taken))
        unfit = sum(each.application.state is State.INELIGIBLE for each in taken)
        if unfit:
            line("{count} of them are not eligible by their answers.", count=unfit)
        if receipts is not None:
            _write_receipts(receipts, entries, taken)
        elif len(taken) == 1:
            line("Key: {key}", key=taken[0].application.key)
            line("Token for the receipt: {token}", token=taken[0].token)


def _entries(
    at: Desk,
    form: Form,
    file: Path,
    fill: Mapping[str, str],
    received: str | None,
    encoding: str | None,
    sheet: str | None,
) -> list[Entry]:
    """The rows of a file as entries; the same row of the same file is entered once."""
    table = read_table(file, encoding=encoding, sheet=sheet)
    columns = match_columns(form, table.labels)
    known = {fold(COMPANIONS): COMPANIONS, fold(RECEIVED): RECEIVED}
    extra = {label: known[fold(label)] for label in table.labels if fold(label) in known}
    unknown = [each for each in fill if each not in columns_of(form)]
    findings = [
        *table.errors,
        *(Finding("fill-unknown", {"available": list(columns_of(form))}) for _ in unknown),
    ]
    lacking = [
        each.name
        for each in form.fields
        if each.required
        and each.kind is not Kind.CONTACT
        and not each.shown_if
        and each.name not in columns.values()
        and each.name not in fill
    ]
    findings += [
        Finding("apply-column-missing", {"field": each, "found": list(table.labels)}, table.file)
        for each in lacking
    ]
    if findings:
        raise InputError.of(findings)
    digest = sha256_hex(file.read_bytes())
    rows = list(table.rows)
    codes = at.procedure.codes("entry", [f"{digest} {sheet or ''} {row}" for row, _ in rows])
    entries = []
    for (row, cells), code in zip(rows, codes, strict=True):
        named = dict(zip(table.labels, cells, strict=True))
        told = {columns[label]: cell for label, cell in named.items() if label in columns}
        more = {extra[label]: clean(cell) for label, cell in named.items() if label in extra}
        came = more.get(RECEIVED) or received
        entries.append(
            Entry(
                typed_answers(form, _filled(form, told, fill)),
                received=receipt(came),
                companions=tuple(more.get(COMPANIONS, "").split()),
                key=code[:32],
                row=row,
            )
        )
    return entries


def _filled(form: Form, told: Mapping[str, str], fill: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row with what is equal for all: a part of an address only where there is
    another part, a consent to some answers only where one of them is given."""
    found = dict(told)
    for column, value in fill.items():
        if not clean(found.get(column, "")) and _belongs(form, column, told):
            found[column] = value
    return found


def _belongs(form: Form, column: str, told: Mapping[str, str]) -> bool:
    """Whether something is told that a part of an address, or a consent to answers, belongs to."""
    beside: list[str] = []
    for field in form.fields:
        if field.kind is Kind.CONSENT and field.name == column:
            beside = list(field.covers)
        for kind in field.accepts if field.kind is Kind.CONTACT else ():
            ends = [f"{field.name}_{end}" for end in PARTS[kind]]
            if column in ends:
                beside = [end for end in ends if end != column]
    return not beside or any(clean(told.get(other, "")) for other in beside)


def _write_receipts(path: Path, entries: Iterable[Entry], taken: Iterable[Registration]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        path.chmod(0o600)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("row", "key", "token"))
        for entry, each in zip(entries, taken, strict=True):
            writer.writerow((entry.row or "", each.application.key, each.token))


def _asked(form: Form) -> dict[str, Any]:
    """The answers of one person, asked for on the terminal; what is wrong is asked again."""
    from mitwirkung.cli.terminal import language
    from mitwirkung.forms.answers import answer_findings

    spoken = language() if language() in form.languages else form.languages[0]
    outline = {each.name: each for each in form_outline(form, spoken).questions}
    answers: dict[str, Any] = {}
    for field in form.fields:
        if not is_shown(field, form, answers):
            continue
        question = outline[field.name]
        screen.print(f"{question.number}. {question.question}", markup=False)
        for _, label in question.options:
            screen.print(f"   - {label}", markup=False)
        while True:
            told = typed_answers(form, dict(_prompted(field)))
            wrong = [
                each
                for each in answer_findings(form, {**answers, **told})
                if each.column == field.name
            ]
            if not wrong:
                answers |= told
                break
            for finding in wrong:
                screen.print(finding.describe(say), markup=False)
    return answers


def _prompted(field: FormField) -> Iterator[tuple[str, str]]:
    """The columns of a question, each as it is typed."""
    if field.kind is not Kind.CONTACT:
        yield field.name, typer.prompt("", default="", show_default=False, prompt_suffix="> ")
        return
    for kind in field.accepts:
        for end in PARTS[kind]:
            text = typer.prompt(say(PART_LABELS[end]), default="", show_default=False)
            yield f"{field.name}_{end}", text


@reported
def people(
    name: EventName,
    search: Annotated[str, typer.Argument(help="Part of a name or of a way to reach them.")] = "",
    state: Annotated[
        list[State] | None, typer.Option(help="Only people in this state; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write them as CSV here.")] = None,
    settings_file: SettingsFile = None,
) -> None:
    """List people with their keys and how to reach them, to tell them something."""
    with desk(settings_file, name, STAFF) as at:
        found = at.procedure.people(*(state or ()))
        rows = [
            (
                application.key,
                str(application.state),
                f"{person.given_name} {person.family_name}",
                "; ".join(map(contact_text, person.contacts)),
                application.offer.until.isoformat() if application.offer else "",
            )
            for application, person in found
        ]
    wanted = fold(search)
    rows = [row for row in rows if wanted in fold(" ".join(row))]
    heads = ("key", "state", "name", "contact", "until")
    if out is not None:
        with out.open("w", encoding="utf-8", newline="") as file:
            out.chmod(0o600)
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([heads, *rows])
        line("{count} people are in {file}.", count=len(rows), file=out)
        return
    table = Table(box=None, pad_edge=False)
    for head in HEADS:
        table.add_column(say(head), overflow="fold")
    for key, where, *rest in rows:
        table.add_row(*map(Text, (key, say(STATES[State(where)]), *rest)))
    screen.print(table)


@reported
def reply(
    name: EventName,
    key: PersonKey,
    answer: Annotated[Answer, typer.Argument(help="accept, decline or withdraw.")],
    channel: ChannelName = Channel.PHONE,
    received: ReceivedOn = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Enter what somebody answered to the offer of a seat, or that they take part no longer."""
    with desk(settings_file, name, actor) as at:
        act = {
            Answer.ACCEPT: at.procedure.accept,
            Answer.DECLINE: at.procedure.decline,
            Answer.WITHDRAW: at.procedure.withdraw,
        }[answer]
        _say_state(
            act(
                at.key(key),
                channel=channel,
                now=at.now,
                actor=at.actor,
                received=receipt(received),
            )
        )


@reported
def withdraw_consent(
    name: EventName,
    key: PersonKey,
    purpose: Annotated[Purpose | None, typer.Option(help="Only consents to this purpose.")] = None,
    field: Annotated[str | None, typer.Option(help="Only those that name this field.")] = None,
    channel: ChannelName = Channel.PHONE,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Enter that somebody takes a consent back: one to a purpose or to a field, or all."""
    with desk(settings_file, name, actor) as at:
        found = at.procedure.withdraw_consent(
            at.key(key),
            channel=channel,
            now=at.now,
            actor=at.actor,
            purpose=purpose,
            field=field,
        )
        left = [str(each.purpose) for each in found.consents if each.withdrawn is None]
        kept = ", ".join(dict.fromkeys(left)) or say("nothing")
        line("Consents that hold: {purposes}", purposes=kept)


@reported
def refuse(
    name: EventName,
    key: PersonKey,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Find an application not eligible; the reason is counted and published."""
    with desk(settings_file, name, actor) as at:
        _say_state(at.procedure.refuse(at.key(key), now=at.now, actor=at.actor, reason=reason))


@reported
def readmit(
    name: EventName,
    key: PersonKey,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Take back that an application is not eligible."""
    with desk(settings_file, name, actor) as at:
        _say_state(at.procedure.readmit(at.key(key), now=at.now, actor=at.actor, reason=reason))


@reported
def duplicates(name: EventName, settings_file: SettingsFile = None) -> None:
    """List applications that may be one person's; nothing is merged by itself."""
    with desk(settings_file, name, STAFF) as at:
        found = at.procedure.possible_duplicates()
        if not found:
            line("Nobody seems to have applied twice.")
        for each in found:
            because = ", ".join(say(reason) for reason in each.because)
            screen.print(f"{' '.join(each.keys)}: {because}", markup=False)


@reported
def merge(
    name: EventName,
    keys: Annotated[list[str], typer.Argument(help="Keys of applications of one person.")],
    reason: Reason = "",
    keep: Annotated[str | None, typer.Option(help="The one to keep, if not the first.")] = None,
    apart: Annotated[
        bool, typer.Option("--apart", help="They are of two people: do not offer them again.")
    ] = False,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Keep one of several applications of the same person, or note that they are of two people."""
    with desk(settings_file, name, actor) as at:
        if apart:
            for number, one in enumerate(keys):
                for other in keys[number + 1 :]:
                    at.procedure.keep_apart(one, other, now=at.now, actor=at.actor)
            line("Noted: they are different people.")
            return
        plan = at.procedure.merge(keys, now=at.now, actor=at.actor, reason=reason, keep=keep)
        line("{key} is kept.", key=plan.keep)
        if plan.consents:
            line(
                "Not carried over are consents that only another one gave: {purposes}.",
                purposes=", ".join(plan.consents),
            )


def _say_state(application: Application) -> None:
    screen.print(f"{application.key}: {say(STATES[application.state])}", markup=False)
