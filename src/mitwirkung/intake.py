"""Applications as they come in: rows of any source -> `Applicants`, or every error at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from mitwirkung.errors import Finding, InputError
from mitwirkung.mapping import FeatureMapping, map_columns
from mitwirkung.names import clean, fold
from mitwirkung.tables import Source, Table, entry_cells, read_table, row_list

MissingPolicy = Literal["refuse", "own value", "unconstrained"]

ID_COLUMNS = ("id", "unique_id", "external_id", "nationbuilder_id")

# Headers by which the columns that tell one person from another are known, folded, with `_` and
# `-` as blanks.
_EMAIL = ("email", "e mail", "mail", "email address", "e mail adresse", "emailadresse")
_FIRST_NAME = ("first name", "firstname", "given name", "vorname")
_LAST_NAME = ("last name", "lastname", "surname", "family name", "nachname", "familienname", "name")
_FULL_NAME = ("name", "full name")
_BIRTH_DATE = ("birth date", "birthdate", "date of birth", "dob", "geburtsdatum", "geburtstag")
_STREET = ("address", "address1", "address 1", "street", "adresse", "anschrift", "strasse")
_POSTCODE = ("zip", "zip code", "postcode", "postal code", "plz", "postleitzahl")


@dataclass(frozen=True, repr=False)
class Applicants:
    """Who applied, column by column, as read; n people, each column a tuple of n texts.

    Nothing is interpreted yet: which columns are features, and which values are allowed, is
    said by the quotas when a `SelectionProblem` is made. `rows` are the places in the source
    (the header of a file is row 1), so that later errors can name them. Texts are trimmed and
    in Unicode NFC; `columns` holds the column of the ids too. `mapping` is how features were made
    of other columns; its features are among the `columns`.
    """

    ids: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    rows: tuple[int, ...]
    id_column: str
    file: str | None = None
    missing: Mapping[str, MissingPolicy] = field(default_factory=dict)
    warnings: tuple[Finding, ...] = ()
    mapping: FeatureMapping | None = None

    def only(self, ids: Collection[str]) -> Applicants:
        """Those with these ids, in the order in which all were read."""
        wanted = frozenset(ids)
        kept = [i for i, who in enumerate(self.ids) if who in wanted]
        return replace(
            self,
            ids=tuple(self.ids[i] for i in kept),
            columns={name: tuple(c[i] for i in kept) for name, c in self.columns.items()},
            rows=tuple(self.rows[i] for i in kept),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<{len(self)} applicants, columns {', '.join(self.columns)}>"


@dataclass(frozen=True)
class Intake:
    """What came in: the applicants, and all findings in row order.

    With errors `applicants` is what could be read, only fit for looking for more errors; it is
    None if there is no column of ids (then a header may be missing, and nothing is trusted).
    """

    applicants: Applicants | None
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def read_applicants(
    source: Source,
    *,
    id: str | None = None,
    missing: Mapping[str, MissingPolicy] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    mapping: FeatureMapping | None = None,
) -> Applicants:
    """Everyone who applied, from a workbook, a CSV or JSON lines file, mappings or a data frame.

    `source`, `encoding` and `sheet` are explained at `mitwirkung.tables.read_table`. `id` names
    the column of the ids; without it there has to be exactly one of `id`, `unique_id`,
    `external_id` and `nationbuilder_id`. `missing` says by column what a missing answer is:
    "refuse" (an error, as for columns that are not named), "own value" (an answer like the others)
    or "unconstrained" (it counts towards no quota). Names of columns are compared trimmed and
    case-folded. `mapping` makes features of columns: see `read_mapping`; what `missing` says, it
    says of these features too.

    Rows that are likely the same person are warnings: equal e-mail addresses, or equal names
    together with an equal birth date or an equal street and postcode.

    Raises:
        InputError: with every error of every row; it holds no personal data.
        TypeError: the source is of no kind that can be read.
    """
    intake = collect_applicants(
        source, id=id, missing=missing, encoding=encoding, sheet=sheet, mapping=mapping
    )
    if intake.errors or intake.applicants is None:
        raise InputError.of(intake.errors)
    return intake.applicants


def collect_applicants(
    source: Source,
    *,
    id: str | None = None,
    missing: Mapping[str, MissingPolicy] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    mapping: FeatureMapping | None = None,
) -> Intake:
    """Like `read_applicants`, but the errors are returned, to be shown with those of other inputs.

    Raises:
        TypeError: the source is of no kind that can be read.
    """
    table = read_table(source, encoding=encoding, sheet=sheet)
    errors = list(table.errors)
    if not table.columns:
        return Intake(None, tuple(errors), table.warnings)
    rows = tuple(number for number, _ in table.rows)
    columns = _columns(table)
    position = _find_ids(table, id, errors)
    features = dict(zip(table.columns, columns, strict=True))
    if mapping is not None:
        mapped = map_columns(features, mapping, rows, labels=table.labels, file=table.file)
        errors += mapped.errors
        features = mapped.columns
    policies = _policies(replace(table, columns=tuple(features)), missing or {}, errors)
    if position is not None:
        place = {"file": table.file, "column": table.labels[position]}
        errors += _id_errors(columns[position], rows, place)
    warnings = (*table.warnings, *_likely_duplicates(table, columns, rows))
    in_order = tuple(sorted(errors, key=lambda error: error.row or 0))
    if position is None:
        return Intake(None, in_order, warnings)
    applicants = Applicants(
        ids=columns[position],
        columns=features,
        rows=rows,
        id_column=table.columns[position],
        file=table.file,
        missing=policies,
        warnings=warnings,
        mapping=mapping,
    )
    return Intake(applicants, in_order, warnings)


def _columns(table: Table) -> list[tuple[str, ...]]:
    if not table.rows:
        return [() for _ in table.columns]
    return [clean_all(cells) for cells in zip(*(c for _, c in table.rows), strict=True)]


# One call for a whole column is many times faster than one for each cell. NUL takes no part in
# any composition and is refused in cells, so it can hold the cells apart.


def clean_all(cells: Sequence[str]) -> tuple[str, ...]:
    """`clean` for each cell of a column."""
    is_composed = unicodedata.is_normalized("NFC", "\0".join(cells))
    return tuple(map(str.strip if is_composed else clean, cells))


def fold_all(cells: Sequence[str]) -> Sequence[str]:
    """`fold` for each cell of a column whose cells are clean."""
    joined = " ".join("\0".join(cells).casefold().split())
    parts = unicodedata.normalize("NFC", joined).split("\0")
    return parts if len(parts) == len(cells) else list(map(fold, cells))


# --- ids -------------------------------------------------------------------------------------


def _find_ids(table: Table, name: str | None, errors: list[Finding]) -> int | None:
    """The position of the id column; row numbers are never taken, they change with a sort."""
    if name is not None:
        found = [table.find(name)]
    else:
        found = [i for i in map(table.find, ID_COLUMNS) if i is not None]
    if len(found) == 1 and found[0] is not None:
        return found[0]
    params: dict[str, Any]
    if positions := entry_cells(table.columns):
        code, params = "header-is-data", {"positions": positions}
    elif name is not None:
        code, params = "id-column-unknown", {"name": name, "available": list(table.columns)}
    elif found:
        code = "id-column-several"
        params = {"found": [table.columns[i] for i in found if i is not None]}
    else:
        code, params = "id-column-none", {"common": list(ID_COLUMNS)}
    errors.append(Finding(code, params, table.file))
    return None


def _id_errors(
    ids: Sequence[str], rows: Sequence[int], place: Mapping[str, Any]
) -> Iterator[Finding]:
    first_of: dict[str, int] = {}
    for text, row in zip(ids, rows, strict=True):
        if not text:
            yield Finding("id-blank", row=row, **place)
            continue
        if len(text.splitlines()) > 1:
            yield Finding("id-line-break", row=row, **place)
        first = first_of.setdefault(text, row)
        if first != row:
            yield Finding("id-twice", {"first": first}, row=row, **place)


# --- missing answers -------------------------------------------------------------------------


def _policies(
    table: Table, missing: Mapping[str, str], errors: list[Finding]
) -> dict[str, MissingPolicy]:
    policies: dict[str, MissingPolicy] = {}
    known: dict[str, MissingPolicy] = {fold(policy): policy for policy in get_args(MissingPolicy)}
    for name, policy in missing.items():
        position = table.find(name)
        declared = known.get(fold(policy))
        if position is None:
            params: dict[str, Any] = {"name": name, "available": list(table.labels)}
            errors.append(Finding("missing-column-unknown", params, table.file))
        elif table.columns[position] in policies:
            label = table.labels[position]
            errors.append(Finding("missing-column-twice", file=table.file, column=label))
        if declared is None:
            params = {"policy": policy, "available": list(known.values())}
            column = name if position is None else table.labels[position]
            errors.append(Finding("missing-policy-unknown", params, table.file, column=column))
        elif position is not None:
            policies[table.columns[position]] = declared
    return policies


# --- likely duplicates -----------------------------------------------------------------------


def _likely_duplicates(
    table: Table, columns: Sequence[Sequence[str]], rows: Sequence[int]
) -> list[Finding]:
    """Rows that may be one person, a warning for each group of them.

    Two rules, by hashing in linear time: equal e-mail addresses; equal names with an equal birth
    date, or with an equal street and postcode (whichever of the two columns there are). A name
    alone is no reason, and a blank cell never counts as equal. Nothing else is compared, so that
    people are not suspected for having the same features.
    """
    warnings: dict[tuple[int, ...], Finding] = {}
    rules = _person_keys(table)
    folded = {i: fold_all(columns[i]) for i in {i for key in rules for i in key}}
    for key in rules:
        labels = [table.labels[i] for i in key]
        for group in _equal_rows(list(zip(*(folded[i] for i in key), strict=True)), rows):
            params = {"count": len(group), "columns": labels, "rows": row_list(group)}
            warning = Finding("person-twice", params, table.file, group[0])
            warnings.setdefault(tuple(group), warning)
    return sorted(warnings.values(), key=lambda warning: warning.row or 0)


def _equal_rows(keys: Sequence[tuple[str, ...]], rows: Sequence[int]) -> list[list[int]]:
    """Groups of two and more rows whose keys are equal and nowhere blank."""
    if len(set(keys)) == len(keys):
        return []
    groups: dict[tuple[str, ...], list[int]] = {}
    for key, row in zip(keys, rows, strict=True):
        groups.setdefault(key, []).append(row)
    return [group for key, group in groups.items() if len(group) > 1 and all(key)]


def _person_keys(table: Table) -> list[tuple[int, ...]]:
    """Positions of the columns that together tell a person, for each rule that can be applied."""
    position_of: dict[str, int] = {}
    for position, name in enumerate(table.columns):
        position_of.setdefault(fold(name.replace("_", " ").replace("-", " ")), position)

    def find(names: Sequence[str]) -> tuple[int, ...]:
        return tuple(position_of[name] for name in names if name in position_of)[:1]

    first = find(_FIRST_NAME)
    last = find(_LAST_NAME)
    whole_name = (first + last if last else ()) if first else find(_FULL_NAME)
    address = find(_STREET) + find(_POSTCODE)
    keys = [find(_EMAIL)]
    if whole_name:
        keys += [whole_name + other for other in (find(_BIRTH_DATE), address) if other]
    return [key for key in keys if key]
