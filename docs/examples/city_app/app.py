"""A small municipal app: people apply on a web page, see where they stand, and answer an offer.

    MITWIRKUNG_MASTER_KEY=... uvicorn --factory app:city_app

It stands on the settings `mitwirkung.toml` of its folder. A real one adds what every site needs: a
token against forged requests, limits, its own layout.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

import mitwirkung as mw

router = APIRouter()


def clock() -> datetime:
    return datetime.now(UTC)


def event_of(request: Request, name: str) -> mw.Procedure:
    installation: mw.Mitwirkung = request.app.state.installation
    return installation.procedure(name)


async def pairs_of(request: Request) -> list[tuple[str, str]]:
    return [(key, str(value)) for key, value in (await request.form()).multi_items()]


Now = Annotated[datetime, Depends(clock)]
Event = Annotated[mw.Procedure, Depends(event_of)]
Sent = Annotated[list[tuple[str, str]], Depends(pairs_of)]


def key_of(procedure: Event, token: str) -> str:
    """Only who holds the token of a receipt sees or changes an application."""
    found = procedure.key_of(token)
    if found is None:
        raise mw.ApplicationUnknown("application-unknown")
    return found


Key = Annotated[str, Depends(key_of)]


@router.get("/{name}", response_class=HTMLResponse)
def page(procedure: Event, language: str = "de") -> str:
    return form_page(procedure, language)


@router.post("/{name}", response_class=HTMLResponse)
def send(procedure: Event, now: Now, sent: Sent, language: str = "de") -> HTMLResponse:
    form = procedure.form()
    cells = mw.sent_cells(form, sent)
    entry = mw.Entry(mw.typed_answers(form, cells), language=language)
    try:
        taken = procedure.apply(entry, channel=mw.Channel.WEB, now=now)
    except mw.InputError as error:
        again = form_page(procedure, language, sent=cells, findings=error.findings)
        return HTMLResponse(again, 422)
    return HTMLResponse(f"<p>Danke! Ihre Kennung: <code>{taken.token}</code></p>", 201)


def form_page(procedure: mw.Procedure, language: str, **more: Any) -> str:
    event = procedure.event()
    return mw.web_form(
        procedure.form(),
        language,
        action=f"/{event.name}?language={language}",
        retention=event.retention,
        deadline=event.deadline,
        **more,
    )


@router.get("/{name}/schema.json")
def schema(procedure: Event) -> dict[str, Any]:
    return mw.answers_schema(procedure.form())


@router.post("/{name}/applications", status_code=201)
def apply(procedure: Event, now: Now, answers: dict[str, Any]) -> dict[str, str]:
    taken = procedure.apply(mw.Entry(answers), channel=mw.Channel.WEB, now=now)
    return {"token": taken.token}


@router.get("/{name}/applications/{token}")
def state(procedure: Event, key: Key) -> dict[str, str | None]:
    found = procedure.application(key)
    until = None if found.offer is None else found.offer.until.isoformat()
    return {"state": str(found.state), "until": until}


@router.post("/{name}/applications/{token}/{answer}")
def say(procedure: Event, now: Now, key: Key, answer: str) -> dict[str, str]:
    steps: dict[str, Callable[..., mw.Application]] = {
        "accept": procedure.accept,
        "decline": procedure.decline,
        "withdraw": procedure.withdraw,
    }
    if answer not in steps:
        raise mw.MoveRefused("move-not-own", to=answer, legal=list(steps))
    actor = mw.Actor(role=mw.Role.APPLICANT, pseudonym=key)
    moved = steps[answer](key, channel=mw.Channel.WEB, now=now, actor=actor)
    return {"state": str(moved.state)}


# --- answers: a link in a message leads here -----------------------------------------------------


@router.get("/{name}/reply", response_class=HTMLResponse)
@router.get("/{name}/reply/{given}", response_class=HTMLResponse)
def reply_page(procedure: Event, now: Now, given: str | None = None, language: str = "de") -> str:
    """Only shows: who opens it, a person or a scanner of mails, changes nothing."""
    return answers_page(procedure, given, language, now=now)


@router.post("/{name}/reply", response_class=HTMLResponse)
def reply(procedure: Event, now: Now, sent: Sent, language: str = "de") -> HTMLResponse:
    told = dict(sent)
    given, said = told.get("given", ""), told.get("answer")
    if said not in list(mw.Answer):  # a code was typed: what can be answered with it?
        return HTMLResponse(answers_page(procedure, given, language, now=now))
    said = mw.Answer(said)
    contact = mw.sent_contact(procedure, told) if said is mw.Answer.CONTACT else ()
    how = {"channel": mw.Channel.WEB, "now": now, "contact": contact}
    try:
        mw.send_reply(procedure, given, said, **how)
    except mw.InputError as error:
        again = answers_page(procedure, given, language, now=now, findings=error.findings)
        return HTMLResponse(again, 422)
    except mw.MoveRefused as error:
        again = answers_page(procedure, given, language, now=now, error=error)
        return HTMLResponse(again, 409)
    return HTMLResponse(answers_page(procedure, given, language, now=now, done=said))


def answers_page(procedure: mw.Procedure, given: str | None, language: str, **more: Any) -> str:
    name = procedure.event().name
    action = f"/{name}/reply?language={language}"
    return mw.reply_page(procedure, given, language, action=action, **more)


def refused(request: Request, error: Exception) -> JSONResponse:
    """What the library refuses: with its code, and every error of an input at once."""
    assert isinstance(error, mw.MitwirkungError)
    if isinstance(error, mw.InputError):
        findings = [finding.as_json() for finding in error.findings]
        return JSONResponse({"code": error.code, "findings": findings}, 422)
    status = 404 if isinstance(error, LookupError) else 409
    return JSONResponse({"code": error.code, "text": str(error)}, status)


def city_app(settings: mw.Settings | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with mw.Mitwirkung(settings or mw.Settings.load()) as installation:
            installation.vault()  # opened once, for all threads
            app.state.installation = installation
            yield

    app = FastAPI(title="Mitwirkung", lifespan=lifespan)
    app.add_exception_handler(mw.MitwirkungError, refused)
    app.include_router(router)
    return app
