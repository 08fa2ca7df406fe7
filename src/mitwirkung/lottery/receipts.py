"""The token level: what an applicant can check with nothing but a receipt and the public files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.rules import Check
from mitwirkung.messages import Reason


@dataclass(frozen=True, repr=False)
class Receipt:
    """What an applicant holds: the token, the answers, and the handles of the lot's other members.

    `positions` are those of the applicant's answers in the class, as stated on the receipt.
    """

    token: str
    features: Mapping[str, str | None]
    mates: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, token: str, rows: Iterable[Mapping[str, str]]) -> Self:
        """From the rows of `receipts.csv`, whole or only one's own.

        Raises:
            ValueError: no row has the token, or the table is another.
        """
        mine = next((row for row in rows if row.get("token") == token), None)
        columns = [mine and mine.get(name) for name in ("features", "mates", "positions")]
        if not all(isinstance(cell, str) for cell in columns):
            raise ValueError("no receipt has this token")
        features, mates, positions = map(str, columns)
        data = {
            "features": json.loads(features),
            "mates": mates.split(),
            "positions": positions.split(),
        }
        return cls.from_data(token, data)

    def as_data(self) -> dict[str, Any]:
        """The receipt as plain data; `from_data` reads it, and so does `docs/verify.py`."""
        return {
            "features": dict(self.features),
            "mates": list(self.mates),
            "positions": list(self.positions),
        }

    @classmethod
    def from_data(cls, token: str, data: Any) -> Self:
        """From JSON: the features object alone, or `{"features", "mates", "positions"}`.

        Raises:
            ValueError: it is neither.
        """
        if not isinstance(data, dict):
            raise ValueError("a receipt is a JSON object")
        if not isinstance(data.get("features"), dict):
            data = {"features": data}
        features, mates = data["features"], data.get("mates", [])
        positions = data.get("positions", [])
        if not isinstance(mates, list) or not isinstance(positions, list):
            raise ValueError("mates and positions are lists")
        texts = [
            *mates,
            *positions,
            *(answer for answer in features.values() if answer is not None),
        ]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("answers, mates and positions are texts")
        return cls(token, features, tuple(mates), tuple(positions))


def token_checks(
    public: files.LotteryFile, drawn: files.PublicRecordFile | None, receipt: Receipt
) -> list[Check]:
    """I was in the pool with these answers, in this class, with this chance; do I have a seat?"""
    if not re.fullmatch("[0-9a-f]{32}", receipt.token):
        return [Check("check-token", (Reason("a token is 32 lowercase hexadecimal digits"),))]
    mine = encoding.handle(receipt.token)
    lot = encoding.lot_handle((mine, *receipt.mates))
    found = [
        (number, each) for number, each in enumerate(public.classes, start=1) if lot in each.lots
    ]
    if not found:
        reason = Reason("no lot of the lottery is made of this token and these mates")
        return [Check("check-token", (reason,))]
    ((number, lot_class),) = found
    checks = [Check("check-token-class", params={"number": number, "lots": len(lot_class.lots)})]
    features = encoding.canonical_json(dict(receipt.features)).decode()
    leaf = encoding.leaf(receipt.token, lot_class.lots[0], features)
    missing = () if leaf in public.pool.leaves else (Reason("these answers are not in the pool"),)
    checks.append(Check("check-leaf", missing))
    if public.panels is not None:
        return [*checks, *_panel_checks(public, drawn, lot, number, receipt)]
    unknown = set(receipt.positions) - set(lot_class.positions)
    if unknown:
        return [
            *checks,
            Check("check-positions", (Reason("the class does not have these positions"),)),
        ]
    checks.append(_chance_check(public, number, lot == lot_class.lots[0], mine, receipt))
    if drawn is not None:
        seats = [seat.position for seat in drawn.seats if seat.lot == lot]
        if not seats:
            checks.append(Check("check-no-seat"))
        elif _holds(public, drawn, lot_class, lot, mine, receipt, seats[0]):
            checks.append(Check("check-my-seat", params={"position": seats[0]}))
        else:
            checks.append(Check("check-lot-seat", params={"position": seats[0]}))
    return checks


def _panel_checks(
    public: files.LotteryFile,
    drawn: files.PublicRecordFile | None,
    lot: str,
    number: int,
    receipt: Receipt,
) -> Iterable[Check]:
    """The same with numbered panels: the chance is the share of panels that hold my position."""
    lot_class, panels = public.classes[number - 1], public.panels or ()
    members = sorted((encoding.handle(receipt.token), *receipt.mates))
    own = str(members.index(encoding.handle(receipt.token)) + 1)
    known = lot_class.positions
    if known == ("any",):
        known = tuple(str(i + 1) for i in range(len(members)))
    if known == ("all",):
        own = "all"
    elif len(members) > 1 and lot_class.positions != ("any",) and lot != lot_class.lots[0]:
        # which position belongs to whose answers is proven in the first lot of a class alone
        own = receipt.positions[0] if len(receipt.positions) == 1 else ""
    if not own:
        yield Check("check-positions", (Reason("the receipt has to name one position"),))
        return
    if set(receipt.positions) - {own} or own not in known:
        yield Check("check-positions", (Reason("they are not those of this member of the lot"),))
        return
    lots = [each for other in public.classes for each in other.lots]
    seat = (lots.index(lot) + 1, own)
    chance = Fraction(sum(seat in panel for panel in panels), len(panels))
    params = {"chance": encoding.decimal_text(chance), "panels": len(panels), "position": own}
    yield Check("check-chance-panels", params=params)
    if drawn is not None:
        positions = [each.position for each in drawn.seats if each.lot == lot]
        mine = {"position": own} if own in positions else None
        if mine:
            yield Check("check-my-seat", params=mine)
        elif positions:
            yield Check("check-lot-seat", params={"position": positions[0]})
        else:
            yield Check("check-no-seat")


def _chance_check(
    public: files.LotteryFile, number: int, first: bool, mine: str, receipt: Receipt
) -> Check:
    """The chance, as far as public files prove it.

    Which positions belong to one's answers is proven in the first lot of a class alone; elsewhere
    it is what the receipt says.
    """
    positions = public.classes[number - 1].positions
    members = sorted((mine, *receipt.mates))
    if positions == ("any",):
        chance = position_chance(public, number, "any") / len(members)
        return Check("check-chance", params={"chance": encoding.decimal_text(chance)})
    chances = {name: position_chance(public, number, name) for name in positions}
    if positions == ("all",):
        params = {"chance": encoding.decimal_text(chances["all"])}
        return Check("check-chance", params=params)
    if not receipt.positions and len(positions) > 1:
        ends = [encoding.decimal_text(end(chances.values())) for end in (min, max)]
        return Check("check-chance-between", params={"low": ends[0], "high": ends[1]})
    if first and receipt.positions and str(members.index(mine) + 1) not in receipt.positions:
        return Check("check-positions", (Reason("they belong to the answers of a mate"),))
    named = receipt.positions or positions
    chance = sum((chances[name] for name in named), Fraction(0)) / len(named)
    code = "check-chance" if len(positions) == 1 else "check-chance-at-positions"
    return Check(code, params={"chance": encoding.decimal_text(chance)})


def position_chance(public: files.LotteryFile, number: int, position: str) -> Fraction:
    """The chance that a lot of class `number` (the first is 1) is seated at a position."""
    total = sum(
        vector.weight * count
        for vector in public.vectors
        for c, name, count in vector.seats
        if (c, name) == (number, position)
    )
    return Fraction(total, encoding.WEIGHT_TOTAL * len(public.classes[number - 1].lots))


def _holds(
    public: files.LotteryFile,
    drawn: files.PublicRecordFile,
    lot_class: files.ClassEntry,
    lot: str,
    mine: str,
    receipt: Receipt,
    position: str,
) -> bool:
    """Whether the seat of my lot is surely mine.

    With equal answers in one lot it depends on which mates share them; the receipt does not say
    so, unless all members do.
    """
    members = sorted((mine, *receipt.mates))
    if position == "all":
        return True
    if position == "any":
        order = sorted(members, key=lambda m: encoding.rank(drawn.lottery, drawn.seed, lot, m))
        return order[0] == mine
    if len(members) == 1 or receipt.positions == (position,):
        return True
    if position in receipt.positions and len(receipt.positions) == len(members):
        order = sorted(
            receipt.positions, key=lambda p: encoding.rank(drawn.lottery, drawn.seed, lot, p)
        )
        return members[order.index(position)] == mine
    return False
