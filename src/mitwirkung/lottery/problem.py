"""The problem that a selection strategy solves: people, folded into lots and kinds, and quotas.

Everything here is in canonical order, so that neither the order of rows nor hashing can reach a
result: people by id, features and values by code point, profiles and kinds by content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from mitwirkung.errors import Finding, InputError
from mitwirkung.intake import Applicants
from mitwirkung.lottery.encoding import canonical_json, tagged_hash
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan
from mitwirkung.lottery.wishes import Grouping, Wishes, group
from mitwirkung.names import NOT_STATED, fold

Profile = tuple[str | None, ...]
"""One person's answers, one per feature in canonical order; None constrains nothing."""

Label = tuple[tuple[str, str | None], ...]
"""Answers to some of the features: (feature, answer) pairs, features by code point."""

TokenSource = Literal["file", "issued", "derived", "before"]
"""Where tokens come from: made with a key file, given to the applicants one by one, derived from
the applications, or those of the lottery before, which were derived."""

PROTECTED: tuple[TokenSource, ...] = ("file", "issued")
"""Where nobody can guess whose a token is."""

NOT_STATED_ANSWERS = (NOT_STATED, "keine Angabe", "k. A.", "prefer not to say")
"""Spellings under which a quota file may list the missing answer as a value of its own."""


@dataclass(frozen=True)
class Kind:
    """Lots whose members have the same multiset of profiles: interchangeable for the quotas.

    `profiles` are indexes into `SelectionProblem.profiles`, one per member, ascending;
    `lots` are indexes into `SelectionProblem.lots`. Of each lot all members are seated or nobody
    if they come `together`, at most one if not; those that `must` be seated are.
    """

    profiles: tuple[int, ...]
    lots: tuple[int, ...]
    together: bool = False
    must: bool = False


@dataclass(frozen=True)
class Loosened:
    """A quota that nobody could meet any more, as it was before it was loosened."""

    feature: str
    value: str
    min: int
    max: int


@dataclass(frozen=True)
class Ahead:
    """That alternates are drawn ahead: the drop-out rates, as ratios such as `1/10`, and how many
    scenarios were drawn from them. `answers` is feature to answer to rate."""

    scenarios: int
    rate: str
    answers: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, repr=False)
class Replaces:
    """That a problem is one of filling seats that fell free.

    Attributes:
        record: the SHA-256 of the `record-public.json` whose seats fell free.
        kept: how many people keep their seats.
        loosened: quotas that could not be met any more.
        event: of the lottery before; it is the same.
        tokens: id to token, as in the lottery before.
        key: where the tokens come from, as `lottery-private.json` says it.
        ahead: the seats are those of alternates, and nobody's seat fell free yet.
        unfilled: how many free seats stay empty, as nobody is left for them.
    """

    record: str
    kept: int
    loosened: tuple[Loosened, ...]
    event: str
    tokens: Mapping[str, str]
    key: TokenSource
    ahead: Ahead | None = None
    unfilled: int = 0

    def __repr__(self) -> str:
        return f"<Replaces: seats of {self.record}>"


class SelectionProblem:
    """`seats` seats for a pool of applicants under quotas and wishes.

    Args:
        applicants: who applied.
        quotas: features and their quotas; each feature is a column of the applicants.
        seats: size of the panel, in people.
        household: columns that make an address together. People whose columns are equal
            (case and blanks folded) are one household; a blank in any of them never makes one.
            Of a household at most one is seated, unless the wishes say `together`.
        wishes: who must have a seat, who gets none, and who comes together.

    Raises:
        InputError: with every finding of every row.

    Attributes:
        ids: the n people of the pool, by id.
        profiles: the distinct answers, sorted; `profile_of` has one index into it per person.
        lots: people (indexes) who are drawn as one: a single person, companions, or a household.
        kinds: the lots by their multiset of profiles and what is declared about them.
        must: id to reason of those who are seated in any case.
        refused: id to reason of those who applied and are left out of the pool.
        replaces: which draw's seats are to be filled again, if it is about that.
    """

    replaces: Replaces | None = None

    def __init__(
        self,
        applicants: Applicants,
        quotas: QuotaPlan,
        *,
        seats: int,
        household: Sequence[str] | str = (),
        wishes: Wishes | None = None,
    ) -> None:
        reading = _Reading(applicants, quotas, seats, household, wishes or Wishes())
        if reading.errors:
            raise InputError.of(reading.findings())
        self.applicants = applicants
        self.seats = seats
        self.quotas = reading.plan
        self.household = reading.household
        self.companions = reading.companions
        self.household_rule = reading.wishes.household_rule
        found = reading.grouping
        self.warnings = (*applicants.warnings, *reading.warnings)
        names = applicants.ids
        self.must = {names[i]: found.must[i] for i in sorted(found.must, key=names.__getitem__)}
        self.refused = {
            names[i]: found.refused[i] for i in sorted(found.refused, key=names.__getitem__)
        }

        order = sorted((i for lot in found.lots for i in lot), key=names.__getitem__)
        self.ids = tuple(applicants.ids[i] for i in order)
        self.order = tuple(order)
        """Where each person stands in the applicants as read."""
        profile_of_row = reading.profiles()
        answered = {profile_of_row[i] for i in order}
        self.profiles: tuple[Profile, ...] = tuple(sorted(answered, key=_profile_key))
        index = {profile: i for i, profile in enumerate(self.profiles)}
        self.profile_of = tuple(index[profile_of_row[i]] for i in order)
        person_of = {row: person for person, row in enumerate(order)}
        together = {
            person_of[rows[0]] for rows, yes in zip(found.lots, found.together, strict=True) if yes
        }
        must = {person_of[row] for row in found.must if row in person_of}
        members = (tuple(person_of[row] for row in rows) for rows in found.lots)
        self.lots = tuple(
            tuple(sorted(lot, key=lambda person: (self.profile_of[person], person)))
            for lot in sorted(members, key=min)
        )
        self.kinds = _kinds(self.lots, self.profile_of, together, must)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features in canonical order: that of the profiles."""
        return tuple(sorted(self.quotas.features, key=lambda feature: feature.name))

    def canonical(self) -> dict[str, Any]:
        """The problem without ids, tokens or keys, as plain data."""
        return {
            "seats": self.seats,
            "features": quotas_data(self.quotas),
            "kinds": [
                {
                    "members": [list(self.profiles[profile]) for profile in kind.profiles],
                    "lots": len(kind.lots),
                    **({"together": True} if kind.together else {}),
                    **({"must": True} if kind.must else {}),
                }
                for kind in self.kinds
            ],
        }

    @cached_property
    def digest(self) -> str:
        """Hash of the canonical problem; it seeds the portfolio, so that nobody can re-roll it."""
        fields = (canonical_json(self.canonical()).decode(),)
        return tagged_hash("mitwirkung-problem-1", fields)

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {feature.name: column for column, feature in enumerate(self.features)}

    def label(self, profile: int, features: Sequence[str]) -> Label:
        """The answers of a profile (an index into `profiles`) to some features."""
        answers = self.profiles[profile]
        return tuple((name, answers[self._column_of[name]]) for name in features)

    def answers(self, person: int) -> dict[str, str | None]:
        """Feature to answer of one person (an index into `ids`)."""
        return dict(self.label(self.profile_of[person], tuple(self._column_of)))

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f"<SelectionProblem: {self.seats} seats, {len(self)} people in {len(self.lots)} lots, "
            f"{len(self.quotas.features)} features>"
        )


def quotas_data(plan: QuotaPlan) -> list[dict[str, Any]]:
    """The quotas in canonical order, as they are hashed and published."""
    return [
        {
            "name": feature.name,
            "quotas": [
                {"value": quota.value, "min": quota.min, "max": quota.max}
                for quota in sorted(feature.quotas, key=lambda quota: quota.value)
            ],
        }
        for feature in sorted(plan.features, key=lambda feature: feature.name)
    ]


def check_problem(
    applicants: Applicants,
    quotas: QuotaPlan,
    *,
    seats: int,
    household: Sequence[str] | str = (),
    wishes: Wishes | None = None,
) -> tuple[Finding, ...]:
    """Every error that making a `SelectionProblem` of these would raise."""
    return _Reading(applicants, quotas, seats, household, wishes or Wishes()).findings()


def _profile_key(profile: Profile) -> tuple[tuple[bool, str], ...]:
    return tuple((answer is not None, answer or "") for answer in profile)


def _kinds(
    lots: Iterable[tuple[int, ...]],
    profile_of: Sequence[int],
    together: set[int],
    must: set[int],
) -> tuple[Kind, ...]:
    """The lots by profiles and wishes; those of the people in `together`, and in `must`."""
    kinds: dict[tuple[tuple[int, ...], bool, bool], list[int]] = {}
    for number, members in enumerate(lots):
        wished = (not together.isdisjoint(members), members[0] in must)
        profiles = tuple([profile_of[i] for i in members])
        kinds.setdefault((profiles, *wished), []).append(number)
    return tuple(
        Kind(profiles, tuple(numbers), *wished)
        for (profiles, *wished), numbers in sorted(kinds.items())
    )


class _Reading:
    """Columns of the applicants read as answers to the features of the plan, errors collected."""

    def __init__(
        self,
        applicants: Applicants,
        quotas: QuotaPlan,
        seats: object,
        household: Sequence[str] | str,
        wishes: Wishes,
    ) -> None:
        self.applicants = applicants
        self.wishes = wishes
        self.errors: list[Finding] = []
        self.warnings: list[Finding] = []
        self._column_of = {fold(name): name for name in applicants.columns}
        self._missing = {fold(name): policy for name, policy in applicants.missing.items()}
        self._seats = seats if type(seats) is int and seats >= 1 else 1
        self._answers: dict[str, list[str | None]] = {}
        if seats is not self._seats:
            self._error("seats-not-positive", {"seats": str(seats)})
        if not quotas.features:
            self._error("quotas-empty", {}, file=quotas.file)
        columns = [household] if isinstance(household, str) else household
        self.household = self._find_columns(columns, "household-column-unknown")
        self.plan = quotas.model_copy(
            update={"features": tuple(self._read(feature) for feature in quotas.features)}
        )
        names = {fold(name) for name in quotas.names}
        for column in applicants.missing:
            if fold(column) not in names:
                params = {"column": column, "available": list(quotas.names)}
                self._error("missing-policy-no-feature", params, file=applicants.file)
        named = () if wishes.companions is None else (wishes.companions,)
        found = self._find_columns(named, "companions-column-unknown")
        self.companions = found[0] if found else None
        self.grouping = self._group()

    def _group(self) -> Grouping:
        if self.wishes.household_rule == "together" and not self.household:
            self._error("household-rule-no-columns", {})
        applicants, column = self.applicants, self.companions
        grouping = group(
            applicants.ids,
            self.addresses(),
            None if column is None else applicants.columns[column],
            self.wishes,
            self._seats,
            (applicants.file, applicants.rows),
        )
        self.errors += grouping.errors
        self.warnings += grouping.warnings
        return grouping

    def findings(self) -> tuple[Finding, ...]:
        """All errors: those of the whole first, then row by row."""
        return tuple(sorted(self.errors, key=lambda error: error.row or 0))

    def _error(self, code: str, params: Mapping[str, Any], **place: Any) -> None:
        self.errors.append(Finding(code, params, **place))

    def _find_columns(self, names: Sequence[str], code: str) -> tuple[str, ...]:
        found = []
        for name in names:
            column = self._column_of.get(fold(name))
            if column is None:
                params = {"column": name, "available": list(self.applicants.columns)}
                self._error(code, params, file=self.applicants.file)
            else:
                found.append(column)
        return tuple(found)

    def _read(self, feature: Feature) -> Feature:
        columns = self._find_columns([feature.name], "feature-column-missing")
        if not columns:
            return feature
        (column,) = columns
        policy = self._missing.get(fold(feature.name), "refuse")
        value_of: dict[str, str | None] = {fold(value): value for value in feature.values}
        own_value = next((v for v in NOT_STATED_ANSWERS if fold(v) in value_of), None)
        unlisted = policy == "own value" and own_value is None
        if policy == "own value":
            value_of[""] = NOT_STATED if own_value is None else value_of[fold(own_value)]
        elif policy == "unconstrained":
            value_of[""] = None
        cells = self.applicants.columns[column]
        allowed = list(feature.values)
        folded = {cell: fold(cell) for cell in set(cells)}
        wrong = {cell for cell, key in folded.items() if key not in value_of}
        if wrong:
            for row, cell in zip(self.applicants.rows, cells, strict=True):
                if cell in wrong:
                    code = "answer-not-allowed" if folded[cell] else "answer-missing"
                    self._error(
                        code,
                        {"feature": feature.name, "allowed": allowed},
                        file=self.applicants.file,
                        row=row,
                        column=column,
                    )
        self._answers[feature.name] = [value_of.get(folded[cell]) for cell in cells]
        if not unlisted or "" not in folded.values():
            return feature
        quota = Quota(value=NOT_STATED, min=0, max=self._seats)
        return feature.model_copy(update={"quotas": (*feature.quotas, quota)})

    def profiles(self) -> list[Profile]:
        """One profile per row, features in canonical order."""
        columns = [self._answers[name] for name in sorted(self._answers)]
        return list(zip(*columns, strict=True))

    def addresses(self) -> list[tuple[str, ...] | None]:
        """The folded address of each row, None where it is blank or incomplete."""
        if not self.household:
            return [None] * len(self.applicants)
        columns = [self.applicants.columns[name] for name in self.household]
        addresses = [tuple(map(fold, parts)) for parts in zip(*columns, strict=True)]
        incomplete = sum(1 for parts in addresses if any(parts) and not all(parts))
        if incomplete:
            params = {"count": incomplete, "columns": list(self.household)}
            file = self.applicants.file
            self.warnings.append(Finding("household-incomplete", params, file=file))
        return [parts if all(parts) else None for parts in addresses]
