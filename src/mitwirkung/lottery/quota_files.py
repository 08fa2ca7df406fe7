"""Files of quotas: the dialects in use are read, ours is written."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.quotas import Feature, Provenance, Quota, QuotaPlan
from mitwirkung.names import clean, fold
from mitwirkung.tables import Source, Table, read_table, row_list

# The columns of the feature and of its value; ours first, then those of the files that
# citizens' assemblies were selected with so far. Looked for in this order.
DIALECTS = (("feature", "value"), ("category", "name"), ("category", "feature"))
REQUIRED = ("min", "max")
OPTIONAL = ("min_flex", "max_flex")
REASON = "reason"

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")


def read_quotas(
    source: Source,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    provenance: Provenance | None = None,
) -> QuotaPlan:
    """Quotas from a file, mappings or a data frame; see `mitwirkung.tables.read_table`.

    The columns are `feature,value,min,max` and, if wished, `min_flex,max_flex` and `reason`;
    `category,name` and `category,feature` are read in place of `feature,value`. Other columns are
    ignored, rows without a feature are skipped with a warning. Features and values keep their order
    and spelling, trimmed. `provenance` says where the quotas come from, for the record.

    Raises:
        InputError: with every error of every row.
        TypeError: the source is of no kind that can be read.
    """
    plan, errors, _ = collect_quotas(source, encoding=encoding, sheet=sheet, provenance=provenance)
    if plan is None:
        raise InputError.of(errors)
    return plan


def collect_quotas(
    source: Source,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    provenance: Provenance | None = None,
) -> tuple[QuotaPlan | None, tuple[Finding, ...], tuple[Finding, ...]]:
    """Like `read_quotas`, but returns the plan (None if refused), the errors and the warnings.

    Raises:
        TypeError: the source is of no kind that can be read.
    """
    table = read_table(source, encoding=encoding, sheet=sheet)
    errors = errors_in(table, {*chain(*DIALECTS), *REQUIRED, *OPTIONAL, REASON})
    warnings = list(table.warnings)
    columns = _find_columns(table, errors) if table.columns else None
    features = _read_features(table, columns, errors, warnings) if columns else ()
    if errors:
        return None, tuple(sorted(errors, key=lambda error: error.row or 0)), tuple(warnings)
    provenance = provenance or Provenance()
    plan = QuotaPlan(features=features, provenance=provenance, file=table.file)
    return plan, (), tuple(warnings)


def write_quotas(plan: QuotaPlan, path: str | PathLike[str]) -> None:
    """Write `feature,value,min,max[,min_flex,max_flex][,reason]` as CSV in UTF-8, rows in display
    order.

    The flexible bounds and the reasons of changes are written if any is set. The provenance has no
    place in this format.
    """
    quotas = [(feature, quota) for feature in plan.features for quota in feature.quotas]
    is_flexible = any((q.min_flex, q.max_flex) != (None, None) for _, q in quotas)
    has_reason = any(quota.reason for _, quota in quotas)
    names = (*REQUIRED, *(OPTIONAL if is_flexible else ()), *((REASON,) if has_reason else ()))
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*DIALECTS[0], *names])
        for feature, quota in quotas:
            writer.writerow([feature.name, quota.value, *(getattr(quota, name) for name in names)])


def errors_in(table: Table, columns: Collection[str]) -> list[Finding]:
    """The errors of a table of which only some columns are read: headers of others may be wrong."""
    errors = [error for error in table.errors if error.code != "header-blank"]
    return [e for e in errors if e.code != "header-twice" or fold(e.column or "") in columns]


def _find_columns(table: Table, errors: list[Finding]) -> dict[str, int] | None:
    """Positions by role: feature, value, min, max and what there is of the others."""
    position_of = {name: table.find(name) for name in (*REQUIRED, *OPTIONAL, REASON)}
    missing = [name for name in REQUIRED if position_of[name] is None]
    found = [d for d in DIALECTS if all(table.find(name) is not None for name in d)]
    if found:
        feature, value = found[0]
        position_of |= {"feature": table.find(feature), "value": table.find(value)}
    else:
        # named after the dialect that was begun
        begun = max(DIALECTS, key=lambda d: sum(table.find(name) is not None for name in d))
        missing = [name for name in begun if table.find(name) is None] + missing
    if not missing:
        return {role: position for role, position in position_of.items() if position is not None}
    dialects = [",".join((*dialect, *REQUIRED)) for dialect in DIALECTS]
    text = " or ".join(f"{dialect}[,{','.join(OPTIONAL)}]" for dialect in dialects)
    errors.append(Finding("quota-columns", {"missing": missing, "dialects": text}, table.file))
    return None


def _read_features(
    table: Table, columns: Mapping[str, int], errors: list[Finding], warnings: list[Finding]
) -> tuple[Feature, ...]:
    names: dict[str, str] = {}
    quotas: dict[str, list[Quota]] = {}
    first_row: dict[tuple[str, str], int] = {}
    skipped: list[int] = []
    for row, cells in table.rows:
        name, value = clean(cells[columns["feature"]]), clean(cells[columns["value"]])
        key = fold(name)
        if not name:
            skipped.append(row)
            continue
        names.setdefault(key, name)
        found = _read_quota(table, row, cells, columns, errors)
        place: dict[str, Any] = {
            "file": table.file,
            "row": row,
            "column": table.columns[columns["value"]],
        }
        first = first_row.setdefault((key, fold(value)), row)
        if not value:
            errors.append(Finding("quota-value-blank", {"feature": name}, **place))
        elif first != row:
            params = {"feature": names[key], "value": value, "first": first}
            errors.append(Finding("quota-twice", params, **place))
        elif found is not None:
            reason = " ".join(cells[columns[REASON]].split()) if REASON in columns else ""
            quota = Quota(value=value, reason=clean(reason) or None, **found)
            quotas.setdefault(key, []).append(quota)
    if skipped:
        params = {"count": len(skipped), "rows": row_list(skipped)}
        finding = Finding("quota-rows-without-feature", params, table.file, skipped[0])
        warnings.append(finding)
    if not quotas and not errors:
        errors.append(Finding("quotas-none", file=table.file))
    return tuple(Feature(name=names[key], quotas=tuple(found)) for key, found in quotas.items())


def _read_quota(
    table: Table,
    row: int,
    cells: tuple[str, ...],
    columns: Mapping[str, int],
    errors: list[Finding],
) -> dict[str, Any] | None:
    """The numbers of a row by name, None (and errors) where they are not right."""
    before = len(errors)
    number: dict[str, int | None] = {}

    def refuse(code: str, name: str, **params: Any) -> None:
        errors.append(Finding(code, params, table.file, row, table.columns[columns[name]]))

    for name in (*REQUIRED, *OPTIONAL):
        text = cells[columns[name]].strip() if name in columns else ""
        number[name] = None
        if not text:
            if name in REQUIRED:
                refuse("quota-number-blank", name)
        elif not _WHOLE_NUMBER.fullmatch(text):
            refuse("quota-number", name, found=text)
        elif int(text) < 0:
            refuse("quota-negative", name, found=int(text))
        else:
            number[name] = int(text)
    low, high = number["min"], number["max"]
    min_flex, max_flex = number["min_flex"], number["max_flex"]
    if low is not None and high is not None and low > high:
        refuse("quota-order", "min", min=low, max=high)
    if low is not None and min_flex is not None and min_flex > low:
        refuse("quota-min-flex", "min_flex", min=low, min_flex=min_flex)
    if high is not None and max_flex is not None and max_flex < high:
        refuse("quota-max-flex", "max_flex", max=high, max_flex=max_flex)
    return number if len(errors) == before else None
