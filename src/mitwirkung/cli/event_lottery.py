"""`mitwirkung event`: its lotteries, the seats that are offered, and who comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mitwirkung import folders
from mitwirkung.applications import STATES, State
from mitwirkung.cli.desk import (
    STAFF,
    Desk,
    EventName,
    PersonKey,
    Pseudonym,
    Reason,
    UntilDay,
    day,
    desk,
)
from mitwirkung.cli.lottery import strategy_settings
from mitwirkung.cli.options import (
    FactsFile,
    Force,
    OutFolder,
    Panels,
    Settings,
    SettingsFile,
    StrategyName,
)
from mitwirkung.cli.terminal import line, progress_bar, reported, say, screen, wrong_call
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.folder import write_draw_at_once, write_publication
from mitwirkung.lottery.wishes import read_wishes
from mitwirkung.procedure import PublishedRound


@reported
def publish(
    name: EventName,
    facts: FactsFile = None,
    strategy: StrategyName = None,
    setting: Settings = None,
    wishes: Annotated[
        Path | None, typer.Option(help="id,seat,reason: whose key must have a seat.")
    ] = None,
    panels: Panels = None,
    out: OutFolder = None,
    settings_file: SettingsFile = None,
    force: Force = False,
    actor: Pseudonym = STAFF,
) -> None:
    """Make the lottery of all seats and publish it, before its seed exists."""
    with desk(settings_file, name, actor) as at:
        declared = None if wishes is None else read_wishes(wishes)
        if declared is not None and declared.must_not:
            raise wrong_call("Who must not have a seat is refused before: event refuse.")
        with progress_bar() as progress:
            made = at.procedure.publish_lottery(
                _facts(at, facts),
                now=at.now,
                actor=at.actor,
                strategy=strategy,
                settings=strategy_settings(setting),
                must=None if declared is None else declared.must,
                panels=panels,
                progress=progress,
            )
        _say_published(made, out, force=force)


@reported
def replace(
    name: EventName,
    facts: FactsFile = None,
    out: OutFolder = None,
    settings_file: SettingsFile = None,
    force: Force = False,
    actor: Pseudonym = STAFF,
) -> None:
    """Make a lottery of the seats that fell free and publish it, before its own seed exists."""
    with desk(settings_file, name, actor) as at:
        with progress_bar() as progress:
            made = at.procedure.publish_replacement(
                _facts(at, facts), now=at.now, actor=at.actor, progress=progress
            )
        line("{seats} seats are to be filled.", seats=len(made.round.freed))
        _say_published(made, out, force=force)


def _facts(at: Desk, path: Path | None) -> Facts | None:
    return None if path is None else at.app.read_facts(path)


def _say_published(made: PublishedRound, out: Path | None, *, force: bool) -> None:
    line("Commitment, to be published before the draw: {commitment}", commitment=made.commitment)
    if out is None:
        return
    if made.publication is None:
        line("Somebody of the pool was erased, so that the private files are gone too.")
        return
    write_publication(made.publication, out, force=force)
    screen.print(str(out), markup=False)


@reported
def draw(
    name: EventName,
    seed: Annotated[
        str | None, typer.Option(help="The seed, in the wording that the lottery fixed.")
    ] = None,
    drawn: Annotated[
        str | None, typer.Option(help="What was drawn, in place of the whole seed: '3 11 17'.")
    ] = None,
    fallback: Annotated[
        bool, typer.Option("--fallback", help="The fallback was drawn, not the template.")
    ] = False,
    out: OutFolder = None,
    settings_file: SettingsFile = None,
    force: Force = False,
    actor: Pseudonym = STAFF,
) -> None:
    """Draw from the lottery that waits for it."""
    if (seed is None) == (drawn is None):
        raise wrong_call("Name the seed, or what was drawn: --seed TEXT or --drawn NUMBERS.")
    with desk(settings_file, name, actor) as at:
        text = seed or at.procedure.seed_from(drawn or "", fallback=fallback)
        found = at.procedure.draw(text, now=at.now, actor=at.actor)
        line("Drawn: {seats} seats, seed {seed}.", seats=len(found.round.seated), seed=text)
        if out is None:
            return
        if found.record is None:
            line("Somebody of the pool was erased, so that the private files are gone too.")
            return
        reports = folders.report_files(found.record)
        write_draw_at_once(found.record, out, reports=reports, force=force)
        screen.print(str(out), markup=False)


@reported
def receipt(
    name: EventName,
    person: PersonKey,
    out: Annotated[Path | None, typer.Option("--out", help="Write it as JSON here.")] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Write what somebody checks their part in the last lottery with."""
    with desk(settings_file, name, STAFF) as at:
        found = at.procedure.receipt(at.key(person))
    if found is None:
        raise wrong_call("This person is in no lottery whose private files are there.")
    line("Token for the receipt: {token}", token=found.token)
    text = json.dumps(found.as_data(), ensure_ascii=False)
    if out is None:
        screen.print(text, markup=False)
        return
    out.touch(mode=0o600)
    out.write_text(text, encoding="utf-8")
    screen.print(str(out), markup=False)


@reported
def give_up(
    name: EventName,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Give up the lottery that waits for its draw; the reason is published."""
    with desk(settings_file, name, actor) as at:
        given_up = at.procedure.give_up_lottery(now=at.now, actor=at.actor, reason=reason)
        line("{lottery} is given up. The next attempt names it.", lottery=given_up.folder)


@reported
def offer(
    name: EventName,
    until: UntilDay,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Offer the seats that were drawn, until the end of a day."""
    with desk(settings_file, name, actor) as at:
        offered = at.procedure.offer(day(until, "--until"), now=at.now, actor=at.actor)
        line("{count} seats are offered.", count=len(offered))


@reported
def expire(name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF) -> None:
    """Let offers expire whose last day is over."""
    with desk(settings_file, name, actor) as at:
        over = at.procedure.expire(now=at.now, actor=at.actor)
        line("{count} offers expired.", count=len(over))


@reported
def checkin(
    name: EventName,
    keys: Annotated[list[str], typer.Argument(help="Keys or tokens of those who are there.")],
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Check people in who have a seat."""
    with desk(settings_file, name, actor) as at:
        for key in keys:
            found = at.procedure.check_in(at.key(key), now=at.now, actor=at.actor)
            screen.print(f"{found.key}: {say(STATES[found.state])}", markup=False)


@reported
def attendance(
    name: EventName,
    key: PersonKey,
    attended: Annotated[bool, typer.Option("--attended/--absent", help="What is right.")],
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Correct whether somebody was there."""
    with desk(settings_file, name, actor) as at:
        found = at.procedure.correct_attendance(
            at.key(key), attended=attended, now=at.now, actor=at.actor, reason=reason
        )
        screen.print(f"{found.key}: {say(STATES[State(found.state)])}", markup=False)
