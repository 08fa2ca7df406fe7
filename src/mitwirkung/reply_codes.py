"""Tokens and codes with which people answer: how they look, and what they give a right to.

A token is long and stands in a link; a code is short, to be typed or read out. Of both only what
stands for them is kept. Who guesses codes is slowed down for the whole event.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from mitwirkung.applications import Application, State
from mitwirkung.notifications.message import MessageKey
from mitwirkung.people import Model

TOKEN_BYTES = 20
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 of them, a prime number; none that are read for each other: 0 and O, 1, I and L."""
CODE_LENGTH = 10
"""Nine random letters, 31^9 of them, and one to check them."""

_READ_AS = str.maketrans({"-": "", " ": "", "\u2013": "", ".": ""})

TRIES, WINDOW = 20, timedelta(minutes=30)
"""So many codes that nobody has may be tried in the window, in the whole event."""


class Answer(StrEnum):
    """What somebody says to an offer, or later."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    CONTACT = "contact"
    """Another way to be reached."""


class ReplyRight(Model):
    """What a token and its code give a right to: to answer for one application.

    Attributes:
        application: for whom.
        offer: the number of the offer that it belongs to, from 1.
        message: the message that it went out with.
        made: when.
    """

    application: str
    offer: int
    message: MessageKey
    made: AwareDatetime

    def answers(self, application: Application, *, now: datetime) -> tuple[Answer, ...]:
        """What can be answered with it now; nothing if its offer is over.

        A seat that was accepted can be given back, as long as the application says so.
        """
        if len(application.offers) != self.offer:
            return ()  # another offer was made since
        if application.state is State.SELECTED and now < application.offers[-1].ends_at:
            return (Answer.ACCEPT, Answer.DECLINE, Answer.CONTACT)
        if application.state is State.ACCEPTED:
            return (Answer.WITHDRAW, Answer.CONTACT)
        return ()


def made_token(randomness: Callable[[int], bytes]) -> str:
    """A token for a link: 32 letters and digits, of 160 random bits."""
    return base64.b32encode(randomness(TOKEN_BYTES)).decode().lower()


def made_code(randomness: Callable[[int], bytes]) -> str:
    """A code to type, in two groups, as `7KM2P-WX4QD`."""
    number = int.from_bytes(randomness(16))
    letters = []
    for _ in range(CODE_LENGTH - 1):
        number, place = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[place])
    code = "".join(letters)
    code += _check_letter(code)
    return f"{code[:5]}-{code[5:]}"


def _check_letter(code: str) -> str:
    """The last letter: with weights 1 to 9 modulo a prime it tells every letter that is wrong, and
    any two that changed places."""
    total = sum(n * CODE_LETTERS.index(each) for n, each in enumerate(code, start=1))
    return CODE_LETTERS[total % len(CODE_LETTERS)]


def read_code(typed: str) -> str | None:
    """A code as somebody typed it, without hyphens and in capitals; None if it can be none: a
    letter is wrong, or two changed places."""
    code = typed.strip().upper().translate(_READ_AS)
    if len(code) != CODE_LENGTH or any(each not in CODE_LETTERS for each in code):
        return None
    return code if _check_letter(code[:-1]) == code[-1] else None


def is_token(given: str) -> bool:
    """Whether something has the form of a token, not of a code."""
    return len(given.strip()) == len(base64.b32encode(b"0" * TOKEN_BYTES))


def recent(guesses: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    """Those of the tries that still count."""
    return tuple(each for each in guesses if now - each < WINDOW)[-TRIES:]


def try_again_at(guesses: Iterable[datetime], now: datetime) -> datetime | None:
    """When a code may be tried again; None if that is now."""
    counted = recent(guesses, now)
    return counted[0] + WINDOW if len(counted) >= TRIES else None
