"""A publication made again from its two files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mitwirkung.intake import Applicants
from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.arrangement import arranged_classes, position_names
from mitwirkung.lottery.panels import PanelLottery, StrategyInfo, lot_classes
from mitwirkung.lottery.problem import Ahead, Loosened, Replaces, SelectionProblem
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.quotas import Feature, Provenance, Quota, QuotaPlan
from mitwirkung.lottery.wishes import Wishes
from mitwirkung.messages import Reason


def load(public: files.LotteryFile, private: files.PrivateFile) -> Publication:
    """The publication that two files describe; `verify` says whether they agree.

    Raises:
        InputError: the applicants and quotas in the private file do not fit.
        ValueError: classes or vectors do not fit the applicants.
    """
    problem = problem_from(private, public.seats)
    if public.replaces is not None:
        problem.replaces = replaces_of(public, public.replaces, private)
    tokens = tuple(entry.token for entry in private.applicants)
    return Publication(lottery_from(public, private, problem, tokens), tokens, public, private)


def problem_from(private: files.PrivateFile, seats: int) -> SelectionProblem:
    """The selection problem that the private file holds."""
    intake, plan = private.intake, private.quotas
    applicants = Applicants(
        ids=tuple(entry.id for entry in private.applicants),
        columns={
            name: tuple(entry.columns.get(name, "") for entry in private.applicants)
            for name in intake.columns
        },
        rows=tuple(range(1, len(private.applicants) + 1)),
        id_column=intake.id_column,
        missing=intake.missing,
        mapping=intake.mapping,
    )
    quotas = QuotaPlan(
        features=tuple(
            Feature(
                name=feature.name, quotas=tuple(Quota(**q.model_dump()) for q in feature.quotas)
            )
            for feature in plan.features
        ),
        provenance=Provenance(**plan.provenance.model_dump()),
        population=plan.population,
    )
    problem = SelectionProblem(
        applicants, quotas, seats=seats, household=intake.household, wishes=wishes_of(intake)
    )
    if intake.wishes is not None:  # they are not among the applicants of this file
        problem.refused = dict(intake.wishes.refused)
    return problem


def replaces_of(
    public: files.LotteryFile, entry: files.ReplacesEntry, private: files.PrivateFile
) -> Replaces:
    """Which draw's seats the lottery fills again."""
    return Replaces(
        record=entry.record,
        kept=entry.kept,
        loosened=tuple(Loosened(**each.model_dump()) for each in entry.loosened),
        event=public.event,
        tokens={each.id: each.token for each in private.applicants},
        key=private.key,
        ahead=None if entry.ahead is None else Ahead(**entry.ahead.model_dump()),
        unfilled=entry.unfilled,
    )


def wishes_of(intake: files.IntakeEntry, *, refused: bool = False) -> Wishes:
    """What was declared about the people of the pool, and if wished about those left out of it."""
    entry = intake.wishes or files.WishesEntry()
    return Wishes(
        must=entry.must,
        must_not=entry.refused if refused else {},
        companions=entry.companions,
        household_rule=entry.household_rule,
    )


def lottery_from(
    public: files.LotteryFile,
    private: files.PrivateFile,
    problem: SelectionProblem,
    tokens: Sequence[str],
) -> PanelLottery:
    """The lottery that the files describe, its lots found again by their handles.

    Raises:
        ValueError: a vector does not fit the classes that the applications make.
    """
    # Classes are made anew from the answers, so a file with other classes cannot be loaded.
    handles = tuple(map(encoding.handle, tokens))
    classes = arranged_classes(problem, lot_classes(problem, public.strategy.features), handles)[0]
    names = [position_names(lot_class) for lot_class in classes]
    vectors = []
    for entry in public.vectors:
        seats = {}
        for number, position, count in entry.seats:
            if not 1 <= number <= len(classes):
                raise ValueError(Reason("the lottery file has other classes than the applications"))
            seats[number - 1, names[number - 1].index(position)] = count
        vectors.append((Fraction(entry.weight), seats))
    lottery = PanelLottery(
        problem, public.strategy.features, vectors, private.certificate, classes=classes
    )
    strategy = public.strategy
    return lottery.signed(
        StrategyInfo(strategy.name, strategy.version, strategy.settings, strategy.promises)
    )
