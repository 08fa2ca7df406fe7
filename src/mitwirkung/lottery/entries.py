"""What stands in `lottery.json` and `lottery-private.json` of an arranged lottery."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.arrangement import lot_handles, position_names
from mitwirkung.lottery.certificates import certificate_entry
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.numbered import Panel, holders, largest_deviation, panel_chances
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem, TokenSource, quotas_data
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.names import NOT_STATED


def lottery_file(
    lottery: PanelLottery,
    tokens: Sequence[str],
    facts: Facts,
    *,
    gap: Fraction | None,
    protected: bool,
    seed_known: bool,
    panels: Sequence[Panel] | None,
) -> files.LotteryFile:
    """`lottery.json` of an arranged lottery that a strategy signed.

    Args:
        lottery: in the order of the file.
        tokens: one per person, in the order of `problem.ids`.
        facts: with the counts as they are published.
        gap: what the certificate leaves, in seats; None where no optimum is promised.
        protected: whether tokens were made with a key file.
        seed_known: whether the seed existed when the lottery was made.
        panels: the numbered panels, if one of them is drawn.
    """
    strategy = lottery.strategy
    if strategy is None:
        raise ValueError("only a lottery that a strategy solved can be published")
    provenance = lottery.problem.quotas.provenance
    quotas = {
        name: stated if stated != NOT_STATED else getattr(provenance, name)
        for name, stated in facts.quotas.model_dump().items()
    }
    if changes := lottery.problem.quotas.changes:
        # Whatever is stated, a change is published.
        method = [] if quotas["method"] == NOT_STATED else [quotas["method"]]
        quotas["method"] = "; ".join([*method, changes])
    return rebuild_lottery_file(
        lottery,
        tokens,
        organiser=facts.organiser,
        event=facts.event,
        place=facts.place,
        attempt=facts.attempt,
        previous=facts.previous,
        counts=facts.counts,
        pseudonyms="protected" if protected else "not protected",
        strategy=files.StrategyEntry(
            name=strategy.name,
            version=strategy.version,
            settings=dict(strategy.settings),
            promises=strategy.promises,
            features=lottery.features,
            certificate=certificate_entry(gap),
        ),
        quotas=quotas,
        panels=panels,
        seed=files.SeedEntry(**facts.seed.model_dump(), known=seed_known),
        replacement=facts.replacement,
        replaces=replaces_entry(lottery.problem),
        journal=facts.journal,
        software=software(),
    )


def rebuild_lottery_file(
    lottery: PanelLottery,
    tokens: Sequence[str],
    *,
    quotas: Mapping[str, str],
    panels: Sequence[Panel] | None = None,
    **stated: object,
) -> files.LotteryFile:
    """`lottery.json` of an arranged lottery: verification builds it again from the private file.

    `stated` are the keys that the applications and the lottery do not determine.
    """
    problem = lottery.problem
    handles = tuple(map(encoding.handle, tokens))
    handle_of = lot_handles(problem, handles)
    pool = leaves(lottery, tokens, handle_of)
    names = [position_names(lot_class) for lot_class in lottery.classes]
    return files.LotteryFile.model_validate(
        {
            **stated,
            "pool": {
                "people": len(problem),
                "lots": len(problem.lots),
                "leaves": tuple(pool),
                "digest": encoding.pool_digest(pool),
            },
            "seats": problem.seats,
            "quotas": quotas_entry(problem.quotas, quotas),
            "classes": tuple(
                files.ClassEntry(
                    lots=tuple(handle_of[lot] for lot in lot_class.lots),
                    positions=names[number],
                    people=lot_class.people,
                    must=lot_class.must,
                )
                for number, lot_class in enumerate(lottery.classes)
            ),
            "vectors": tuple(
                files.VectorEntry(
                    seats=tuple((c + 1, names[c][position], n) for c, position, n in vector),
                    weight=weight,
                )
                for weight, vector in zip(lottery.weights, lottery.vectors, strict=True)
            ),
            **({} if panels is None else _numbered_keys(lottery, handles, panels)),
        }
    )


def features_text(problem: SelectionProblem, person: int) -> str:
    """A person's answers as canonical JSON: what the leaf commits to, and the receipt says."""
    return encoding.canonical_json(problem.answers(person)).decode()


def leaves(lottery: PanelLottery, tokens: Sequence[str], handle_of: Sequence[str]) -> list[str]:
    """Every applicant's leaf, sorted."""
    problem = lottery.problem
    return sorted(
        encoding.leaf(tokens[person], handle_of[lot_class.lots[0]], features_text(problem, person))
        for lot_class in lottery.classes
        for lot in lot_class.lots
        for person in problem.lots[lot]
    )


def _numbered_keys(
    lottery: PanelLottery, handles: Sequence[str], panels: Sequence[Panel]
) -> dict[str, object]:
    """The keys of `lottery.json` that only numbered panels have."""
    found = panel_chances(panels, holders(lottery, handles), len(lottery.problem))
    deviation = largest_deviation(found, lottery.exact_chances)
    return {"draw": "number", "panels": tuple(panels), "deviation": deviation}


def replaces_entry(problem: SelectionProblem) -> files.ReplacesEntry | None:
    """Which draw's seats are filled again, as it is published."""
    before = problem.replaces
    if before is None:
        return None
    return files.ReplacesEntry(
        record=before.record,
        kept=before.kept,
        loosened=tuple(files.LoosenedEntry(**asdict(each)) for each in before.loosened),
        ahead=None if before.ahead is None else files.AheadEntry(**asdict(before.ahead)),
        unfilled=before.unfilled,
    )


def quotas_entry(plan: QuotaPlan, provenance: Mapping[str, str]) -> files.QuotasEntry:
    """The quotas as they are published, in canonical order."""
    features = tuple(
        files.FeatureEntry(
            name=feature["name"],
            quotas=tuple(files.QuotaEntry(**quota) for quota in feature["quotas"]),
        )
        for feature in quotas_data(plan)
    )
    return files.QuotasEntry(**provenance, features=features)


def private_file(
    problem: SelectionProblem,
    certificate: Mapping[str, Any] | None,
    tokens: Sequence[str],
    commitment: str,
    key: TokenSource,
) -> files.PrivateFile:
    """`lottery-private.json` of a lottery with this certificate."""
    applicants = problem.applicants
    columns = list(applicants.columns.items())
    return files.PrivateFile.model_validate(
        {
            "lottery": commitment,
            "intake": {
                "id_column": applicants.id_column,
                "household": problem.household,
                "wishes": wishes_entry(problem),
                "missing": dict(applicants.missing),
                "columns": tuple(applicants.columns),
                "mapping": applicants.mapping,
            },
            "applicants": tuple(
                files.ApplicantEntry(
                    id=identifier,
                    token=token,
                    columns={name: cells[i] for name, cells in columns},
                )
                for identifier, token, i in zip(problem.ids, tokens, problem.order, strict=True)
            ),
            "quotas": _plan_entry(problem.quotas),
            "key": key,
            "portfolio_seed": problem.digest,
            "certificate": None if certificate is None else dict(certificate),
        }
    )


def wishes_entry(problem: SelectionProblem) -> files.WishesEntry | None:
    """What was declared about people; None where nothing was."""
    entry = files.WishesEntry(
        must=problem.must,
        refused=problem.refused,
        companions=problem.companions,
        household_rule=problem.household_rule,
    )
    return None if entry == files.WishesEntry() else entry


def _plan_entry(plan: QuotaPlan) -> files.PlanEntry:
    population = plan.population or {}
    return files.PlanEntry(
        features=tuple(
            files.FullFeatureEntry(
                name=feature.name,
                quotas=tuple(
                    files.FullQuotaEntry(**q.model_dump(exclude={"reason"})) for q in feature.quotas
                ),
            )
            for feature in plan.features
        ),
        provenance=files.ProvenanceEntry(**plan.provenance.model_dump()),
        population={name: dict(counts) for name, counts in population.items()} or None,
    )


def software() -> dict[str, str]:
    """Names and versions of what made a lottery."""
    found = {"python": platform.python_version()}
    for name in ("mitwirkung", "numpy", "highspy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = NOT_STATED
    return found
