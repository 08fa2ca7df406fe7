"""The problem that files of applications and quotas make, with the errors of all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mitwirkung.errors import (
    Finding,
    InputError,
)
from mitwirkung.intake import MissingPolicy, collect_applicants
from mitwirkung.lottery.apportionment import read_population
from mitwirkung.lottery.problem import SelectionProblem, check_problem
from mitwirkung.lottery.quota_files import collect_quotas
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.wishes import Wishes
from mitwirkung.mapping import FeatureMapping
from mitwirkung.names import fold
from mitwirkung.tables import Source


def read_problem(
    applicants: Source,
    quotas: Source,
    *,
    seats: int,
    id: str | None = None,
    household: Sequence[str] | str = (),
    missing: Mapping[str, MissingPolicy] | None = None,
    encoding: str | None = None,
    quotas_encoding: str | None = None,
    population: Source | None = None,
    sheet: str | None = None,
    quotas_sheet: str | None = None,
    population_sheet: str | None = None,
    mapping: FeatureMapping | None = None,
    wishes: Wishes | None = None,
) -> SelectionProblem:
    """The problem that files of applications and quotas make, with the errors of all files at once.

    Args:
        applicants, quotas: files, mappings or data frames: see `read_applicants`, `read_quotas`.
        seats: size of the panel.
        id, missing, encoding: see `read_applicants`.
        quotas_encoding: that of quotas and population, where it is not UTF-8.
        household: columns that make an address together: see `SelectionProblem`.
        population: counts per feature and value, for the report to compare with.
        sheet, quotas_sheet, population_sheet: of a workbook, where it is not the first one.
        mapping: makes features of the columns: see `read_mapping`.
        wishes: who must have a seat, who gets none, who comes together: see `read_wishes`.

    Raises:
        InputError: with every error of every file.
    """
    intake = collect_applicants(
        applicants, id=id, missing=missing, encoding=encoding, sheet=sheet, mapping=mapping
    )
    plan, quota_errors, quota_warnings = collect_quotas(
        quotas, encoding=quotas_encoding, sheet=quotas_sheet
    )
    errors: list[Finding] = [*intake.errors, *quota_errors]
    if intake.applicants is not None and plan is not None:
        found = check_problem(
            intake.applicants, plan, seats=seats, household=household, wishes=wishes
        )
        told = {_about(error) for error in intake.errors if "feature" in error.params}
        errors += [f for f in found if f not in errors and _about(f) not in told]
    counts = None
    if population is not None:
        try:
            counts = read_population(population, encoding=quotas_encoding, sheet=population_sheet)
        except InputError as error:
            errors += error.findings
        else:
            errors += _unknown_features(counts, plan)
    if errors or intake.applicants is None or plan is None:
        raise InputError.of(errors)
    plan = plan.model_copy(update={"population": counts})
    problem = SelectionProblem(
        intake.applicants, plan, seats=seats, household=household, wishes=wishes
    )
    problem.warnings = (*quota_warnings, *problem.warnings)
    return problem


def _about(finding: Finding) -> tuple[int | None, str]:
    """The row and the feature: what could not be mapped is not told again as missing."""
    feature = finding.params.get("feature") or finding.params.get("column") or ""
    return finding.row, fold(str(feature))


def _unknown_features(
    counts: Mapping[str, Mapping[str, int]], plan: QuotaPlan | None
) -> list[Finding]:
    """A population that counts something else than the quotas do cannot be compared with."""
    known = {} if plan is None else {fold(feature.name): feature for feature in plan.features}
    if plan is None or any(fold(name) in known for name in counts):
        return []
    params = {"found": list(counts), "available": list(plan.names)}
    return [Finding("population-no-feature", params)]
