"""What users write, checked by mypy --strict against the installed package, and never run."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import mitwirkung as mw
from mitwirkung import PanelLottery, SelectionProblem, SelectionStrategy, hookimpl
from mitwirkung.testing import SelectionStrategyKit, StorageBackendKit


def analyst(folder: Path) -> tuple[str, ...]:
    applicants = mw.read_applicants(
        folder / "bewerbungen.csv", id="ID", missing={"Bildung": "own value"}
    )
    quotas = mw.read_quotas(folder / "quoten.csv")
    derived = mw.quotas_from_population({"sex": {"f": 51, "m": 49}}, seats=75, tolerance=1)
    problem = mw.SelectionProblem(applicants, quotas, seats=75, household=["Straße", "PLZ"])
    lottery = mw.solve(problem)
    smallest: Fraction = min(lottery.exact_chances)
    chances: dict[str, float] = lottery.chances
    facts = mw.read_facts(folder / "tatsachen.toml")
    published = lottery.publish(folder / "dialog", facts=facts)
    record = published.draw("Lotto 6 aus 49 vom 2026-12-05: 3 11 17 28 41 44")
    verification: mw.Verification = record.verify(commitment=published.commitment)
    print(verification.describe(), chances, smallest, derived.features)
    picture: mw.Picture = mw.plot_panel(record, language="de")
    saved: Path = picture.save(folder / "panel.png")
    svg: str = mw.plot_chances(lottery).svg()
    png: bytes = mw.plot_lorenz(lottery).png(scale=3)
    mw.plot_stages(lottery)
    mw.plot_comparison({"leximin": lottery}, language="de")
    print(saved, len(svg), len(png), picture.alt)
    return record.ids


def developer(applicants: Path, quotas: Path) -> list[str]:
    try:
        problem = mw.read_problem(applicants, quotas, seats=75)
        mw.solve(problem, "pots", settings={"features": ["age"]})
    except mw.InputError as error:
        return [f"{finding.file} {finding.row} {finding.code}" for finding in error.findings]
    except (mw.InfeasibleQuotas, mw.TooFewApplicants, mw.UnknownStrategy) as error:
        return [error.code, *error.params]
    return []


def clerk(folder: Path, now: datetime) -> mw.Application:
    form, event = mw.read_form(folder / "bewerbung.toml"), mw.read_event(folder / "event.toml")
    actor = mw.Actor(role=mw.Role.STAFF, pseudonym="staff-1")
    event = event.moved(mw.Phase.ANNOUNCED, now=now, actor=actor)
    if event.phase in event.legal_moves or event.accepts_applications(now):
        event = event.extended(event.deadline, now=now, actor=actor, reason="few letters")
    answers = mw.check_answers(form, mw.typed_answers(form, {"given_name": "Ada"}))
    parts: dict[mw.Compartment, dict[str, Any]] = mw.by_compartment(form, answers)
    application = mw.Application.entered_for(
        event,
        key="a-random-key",
        channel=mw.Channel.LETTER,
        received=event.deadline,
        now=now,
        actor=actor,
        consents=mw.consents_in(form, answers, now=now, channel=mw.Channel.LETTER),
    )
    profile = {application.key: parts[mw.Compartment.PROFILE]}
    applicants = mw.applicants_of(form, [application], profile, on=event.begins, at=now)
    print(len(applicants), mw.paper_form(form, "de"), mw.tally([application]).pool)
    try:
        return application.moved(mw.State.RESERVE, now=now, actor=actor)
    except mw.MoveRefused as error:
        print(error.code, error.params["legal"])
        return application


class FirstComeSettings(mw.StrategySettings):
    waiting_list: int = 0


class FirstComeStrategy(SelectionStrategy):
    """Seats in order of the ids; promises neither quotas nor equal chances."""

    name = "first-come"
    promises = frozenset()
    Settings = FirstComeSettings

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        names = problem.quotas.names
        classes = mw.lot_classes(problem, names)
        seats: dict[tuple[int, int], int] = {}
        for number, lot_class in enumerate(classes):
            left = problem.seats - sum(seats.values())
            seats[number, 0] = min(left, len(lot_class.lots))
        return PanelLottery(problem, names, [(1, seats)])


class TestFirstCome(SelectionStrategyKit):
    features = {"Stadtteil": ("Nord", "Süd")}

    def make(self, problem: SelectionProblem) -> FirstComeStrategy:
        return FirstComeStrategy({"waiting_list": problem.seats})


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    return [FirstComeStrategy]


class RehearsalBackend(mw.MemoryBackend):
    """Records in memory, under another name."""

    name = "rehearsal"


@hookimpl
def register_storage_backends() -> list[type[mw.StorageBackend]]:
    return [RehearsalBackend]


class TestRehearsal(StorageBackendKit):
    durable = False

    def make(self, folder: Path) -> RehearsalBackend:
        return RehearsalBackend({"patience": 5})


def states(app: mw.Mitwirkung, event: str, purpose: str) -> dict[str, bytes | None]:
    """What the vault opens of one event."""
    kinds = [mw.RecordKind("profile", index=("state",))]
    with app.backend().open(kinds) as storage, storage.transaction(event) as transaction:
        vault = mw.Vault(storage.keys(), mw.MasterKey("00" * 32), {"profile": [purpose]})
        transaction.add(vault.seal(mw.Record(event, "profile", "x", b"", {"state": None})))
        found = list(transaction.find("profile", state=None))
        head = mw.prove_journal(event, transaction.journal())
        assert head is None or head.hash
        bodies = vault.open_all(found, purpose=purpose)
        return {record.key: body for record, body in zip(found, bodies, strict=True)}
