"""People answer with the token in a link, or with a code that they type or read out.

Looking changes nothing; only `send_reply` does. So a scanner that opens every link accepts no seat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mitwirkung.applications import STATES, Application
from mitwirkung.errors import Finding, MitwirkungError
from mitwirkung.events import Event
from mitwirkung.forms.entry import typed_answers
from mitwirkung.forms.web import contact_parts
from mitwirkung.identities import contact_field
from mitwirkung.mailroom import ReplyRefused
from mitwirkung.messages import Translate
from mitwirkung.pages import page_template
from mitwirkung.people import Actor, Channel, Role
from mitwirkung.procedure import Procedure
from mitwirkung.reply_codes import Answer
from mitwirkung.texts import LANGUAGES, translator

ANSWERS: Mapping[Answer, str] = {
    Answer.ACCEPT: "Yes, I take the seat",
    Answer.DECLINE: "No, I give the seat to somebody else",
    Answer.WITHDRAW: "I cannot take part after all",
    Answer.CONTACT: "Reach me another way",
}
"""The answers in the words of who gives them; German stands in the catalogue."""


@dataclass(frozen=True, repr=False)
class Reply:
    """What somebody can answer.

    Attributes:
        event, application: to what, and for whom.
        answers: what is possible now; nothing if the offer is over.
    """

    event: Event
    application: Application
    answers: tuple[Answer, ...]

    def __repr__(self) -> str:
        return f"<Reply: {', '.join(self.answers)}>"


def open_reply(procedure: Procedure, given: str, *, now: datetime, guessing: bool = True) -> Reply:
    """What can be answered with a token or a code; nothing changes by it.

    Args:
        guessing: whether it may be a guess; staff do not guess.

    Raises:
        ReplyRefused: nobody has it, a letter is wrong, or too many codes were tried.
    """
    right = procedure.messages.right_of(given, now=now, guessing=guessing)
    application = procedure.application(right.application)
    return Reply(procedure.event(), application, right.answers(application, now=now))


def send_reply(
    procedure: Procedure,
    given: str,
    said: Answer,
    *,
    channel: Channel,
    now: datetime,
    actor: Actor | None = None,
    received: datetime | date | None = None,
    contact: Sequence[Mapping[str, Any]] = (),
) -> Application:
    """Do what somebody answers with a token or a code. The same answer again changes nothing.

    Args:
        channel: how they answered.
        actor: who enters it; the applicant if None.
        received: the day on which it came in on paper.
        contact: the ways to reach them from now on, for `Answer.CONTACT`.

    Raises:
        ReplyRefused: nobody has it, too many codes were tried, or the offer is over.
        MoveRefused: what they say is not possible now; names what is.
        InputError: the contact is wrong.
    """
    staff = actor is not None and actor.role is Role.STAFF
    right = procedure.messages.right_of(given, now=now, guessing=not staff)
    key = right.application
    who = actor or Actor(role=Role.APPLICANT, pseudonym=key)
    if said is Answer.CONTACT:
        if Answer.CONTACT not in right.answers(procedure.application(key), now=now):
            raise ReplyRefused("reply-over")
        return procedure.change_contact(key, contact, channel=channel, now=now, actor=who)
    if right.offer != len(procedure.application(key).offers):
        raise ReplyRefused("reply-over")
    step = {
        Answer.ACCEPT: procedure.accept,
        Answer.DECLINE: procedure.decline,
        Answer.WITHDRAW: procedure.withdraw,
    }[said]
    return step(key, channel=channel, now=now, actor=who, received=received)


# --- the page -----------------------------------------------------------------------------------


def reply_page(
    procedure: Procedure,
    given: str | None,
    language: str,
    *,
    action: str,
    now: datetime,
    done: Answer | None = None,
    error: MitwirkungError | None = None,
    findings: Sequence[Finding] = (),
) -> str:
    """The page on which somebody answers: plain HTML, each answer a button that sends a POST.

    Args:
        given: the token or the code; None for the page on which a code is typed.
        action: the address to which it is sent, by POST, with `given` and `answer`.
        done: what was answered just now.
        error, findings: what was wrong with it.

    Raises:
        LookupError: there are no words in the language.
    """
    t = translator(language)
    found: Reply | None = None
    if given is not None:
        try:
            found = open_reply(procedure, given, now=now)
        except ReplyRefused as refused:
            error = error or refused
    event = procedure.event() if found is None else found.event
    until = (
        None if found is None or found.application.offer is None else found.application.offer.until
    )
    return page_template("forms", "reply.html.j2").render(
        t=t,
        language=language,
        title=event.title.get(language) or event.title[event.languages[0]],
        action=action,
        given=given if found is not None else None,
        state=None if found is None else t(STATES[found.application.state]),
        until=None if until is None else _day(until, language),
        answers=[] if found is None else [(str(a), t(ANSWERS[a])) for a in found.answers],
        parts=_parts(procedure, t),
        done=None if done is None else t(DONE[done]),
        wrong=[*([error.describe(t)] if error else []), *(f.describe(t) for f in findings)],
    )


def sent_contact(procedure: Procedure, sent: Mapping[str, str]) -> list[dict[str, Any]]:
    """The ways to reach somebody that were sent from the page, for `send_reply`."""
    form = procedure.form()
    cells = {name: sent.get(name, "") for name, _, _ in _parts(procedure, lambda text: text)}
    field = contact_field(form)
    told = typed_answers(form, cells).get(field.name) if field else None
    return list(told or [])


def _parts(procedure: Procedure, t: Translate) -> list[tuple[str, str, str]]:
    field = contact_field(procedure.form())
    return [] if field is None else contact_parts(field, t)


DONE: Mapping[Answer, str] = {
    Answer.ACCEPT: "Thank you! You have a seat.",
    Answer.DECLINE: "Thank you for telling us. Somebody else gets the seat.",
    Answer.WITHDRAW: "Thank you for telling us. You no longer take part.",
    Answer.CONTACT: "Thank you! From now on we reach you this way.",
}
"""What the page says after an answer."""


def _day(day: date, language: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, "full", locale=language if language in LANGUAGES else "en"))
