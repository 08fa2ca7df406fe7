"""The JSON files of a lottery as models: one field per key of `docs/reference/lottery-files.md`.

Reading is strict: unknown keys, wrong types and bytes that are not canonical are refused, so
that one content has exactly one file.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_core import ErrorDetails

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.encoding import canonical_json, sha256_hex
from mitwirkung.lottery.facts import Counts, ReplacementFacts, SeedFacts
from mitwirkung.lottery.problem import TokenSource
from mitwirkung.lottery.wishes import HouseholdRule
from mitwirkung.mapping import FeatureMapping
from mitwirkung.messages import Reason
from mitwirkung.names import NOT_STATED
from mitwirkung.toml_files import value_error_of

MissingPolicies = dict[str, Literal["refuse", "own value", "unconstrained"]]


class UnreadableFile(MitwirkungError, ValueError):
    """A file of a lottery is not what the specification says; the reason names the key."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # the content may be personal

    __str__ = __repr__


def _only_if_other(usual: Any) -> Any:
    """A field that is no key of the file where it has its usual value."""
    return Field(default=usual, exclude_if=lambda value: value == usual)


class StrictFile(_Entry):
    """A file that is read strictly and written canonically."""

    file_name: ClassVar[str]

    @cached_property
    def content(self) -> bytes:
        """The file's bytes: canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's bytes."""
        return sha256_hex(self.content)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file.

        Raises:
            UnreadableFile: naming every key that is wrong.
        """
        try:
            read = cls.model_validate_json(data)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False)
            reasons = [_wrong(item) for item in found]
            raise UnreadableFile("file-wrong", file=cls.file_name, reason=reasons) from None
        if read.content != data:
            raise UnreadableFile("file-not-canonical", file=cls.file_name)
        return read


def _wrong(item: ErrorDetails) -> Reason:
    """What is wrong with one key of a file."""
    key = ".".join(map(str, item["loc"])) or "file"
    own = value_error_of(item)
    if own is not None:
        return Reason("{key}: {reason}", key=key, reason=own)
    kind = item["type"]
    if kind == "json_invalid":
        return Reason("it is no JSON: {detail}", detail=item["ctx"]["error"])
    if kind == "missing":
        return Reason("{key} is missing", key=key)
    if kind == "extra_forbidden":
        return Reason("{key}: there is no such key in this format", key=key)
    if kind == "literal_error":
        return Reason("{key}: it has to be {expected}", key=key, expected=item["ctx"]["expected"])
    return Reason("{key}: not a value that the format allows ({kind})", key=key, kind=kind)


class QuotaEntry(_Entry):
    value: str
    min: int
    max: int


class FeatureEntry(_Entry):
    name: str
    quotas: tuple[QuotaEntry, ...]


class QuotasEntry(_Entry):
    source: str
    date: str
    method: str
    features: tuple[FeatureEntry, ...]


class PoolEntry(_Entry):
    people: int = Field(ge=1)
    lots: int = Field(ge=1)
    leaves: tuple[str, ...]
    digest: str


class CertificateEntry(_Entry):
    optimal: Literal[True, "not promised"]
    gap: str


class StrategyEntry(_Entry):
    name: str
    version: str
    settings: dict[str, Any]
    promises: tuple[str, ...]
    features: tuple[str, ...]
    certificate: CertificateEntry


class ClassEntry(_Entry):
    lots: tuple[str, ...] = Field(min_length=1)
    positions: tuple[str, ...] = Field(min_length=1)
    people: Annotated[int, Field(ge=1)] = _only_if_other(1)
    must: bool = _only_if_other(False)


class VectorEntry(_Entry):
    seats: tuple[tuple[int, str, int], ...]
    weight: int = Field(ge=1)


class SeedEntry(SeedFacts):
    model_config = ConfigDict(strict=True)

    known: bool


class LoosenedEntry(_Entry):
    feature: str
    value: str
    min: int
    max: int


class AheadEntry(_Entry):
    scenarios: int = Field(ge=1)
    rate: str
    answers: dict[str, dict[str, str]]


class ReplacesEntry(_Entry):
    record: str = Field(pattern="^[0-9a-f]{64}$")
    kept: int = Field(ge=0)
    loosened: tuple[LoosenedEntry, ...]
    ahead: AheadEntry | None = _only_if_other(None)
    unfilled: Annotated[int, Field(ge=0)] = _only_if_other(0)


class LotteryFile(StrictFile):
    """`lottery.json`: public, made before the seed exists."""

    file_name: ClassVar[str] = "lottery.json"

    format: Literal["mitwirkung-lottery-1"] = "mitwirkung-lottery-1"
    organiser: str
    event: str
    place: str
    attempt: int = Field(ge=1)
    previous: str
    counts: Counts
    pool: PoolEntry
    pseudonyms: Literal["protected", "not protected"]
    seats: int = Field(ge=1)
    quotas: QuotasEntry
    strategy: StrategyEntry
    classes: tuple[ClassEntry, ...]
    vectors: tuple[VectorEntry, ...]
    draw: Literal["hash", "number"] = "hash"
    panels: tuple[tuple[tuple[int, str], ...], ...] | None = _only_if_other(None)
    deviation: str | None = _only_if_other(None)
    seed: SeedEntry
    replacement: ReplacementFacts
    replaces: ReplacesEntry | None = _only_if_other(None)
    journal: str = _only_if_other(NOT_STATED)
    software: dict[str, str]


class SeatEntry(_Entry):
    lot: str
    position: str


class PublicRecordFile(StrictFile):
    """`record-public.json`: a function of the lottery file and the seed."""

    file_name: ClassVar[str] = "record-public.json"

    format: Literal["mitwirkung-record-public-1"] = "mitwirkung-record-public-1"
    event: str
    attempt: int
    lottery: str
    seed: str
    committed: bool
    number: str
    vector: int | None = _only_if_other(None)
    seats: tuple[SeatEntry, ...]


class WishesEntry(_Entry):
    must: dict[str, str] = Field(default_factory=dict)
    refused: dict[str, str] = Field(default_factory=dict)
    companions: str | None = None
    household_rule: HouseholdRule = "at most one"


class IntakeEntry(_Entry):
    id_column: str
    household: tuple[str, ...]
    missing: MissingPolicies
    columns: tuple[str, ...]
    mapping: FeatureMapping | None = _only_if_other(None)
    wishes: WishesEntry | None = _only_if_other(None)


class ApplicantEntry(_Entry):
    id: str
    token: str
    columns: dict[str, str]


class FullQuotaEntry(QuotaEntry):
    min_flex: int | None
    max_flex: int | None


class FullFeatureEntry(_Entry):
    name: str
    quotas: tuple[FullQuotaEntry, ...]


class ProvenanceEntry(_Entry):
    source: str
    date: str
    method: str


class PlanEntry(_Entry):
    features: tuple[FullFeatureEntry, ...]
    provenance: ProvenanceEntry
    population: dict[str, dict[str, int]] | None


class PrivateFile(StrictFile):
    """`lottery-private.json`: the city's; everything that was read, and the tokens."""

    file_name: ClassVar[str] = "lottery-private.json"

    format: Literal["mitwirkung-lottery-private-1"] = "mitwirkung-lottery-private-1"
    lottery: str
    intake: IntakeEntry
    applicants: tuple[ApplicantEntry, ...]
    quotas: PlanEntry
    key: TokenSource
    portfolio_seed: str
    certificate: dict[str, Any] | None


class ChancesEntry(_Entry):
    min: str
    max: str
    gini: str
    geometric_mean: str


class StrategyName(_Entry):
    name: str
    version: str
    settings: dict[str, Any]


class PoolSummary(_Entry):
    size: int
    digest: str


class ProofEntry(CertificateEntry):
    proof: dict[str, Any] | None


class NumberedEntry(_Entry):
    panels: int
    panel: str
    deviation: str


class RecordFile(StrictFile):
    """`record.json`: the city's record of a draw, with ids."""

    file_name: ClassVar[str] = "record.json"

    format: Literal["mitwirkung-record-1"] = "mitwirkung-record-1"
    lottery: str
    private: str
    public: str
    event: str
    attempt: int
    seats: int
    strategy: StrategyName
    pool: PoolSummary
    pseudonyms: Literal["protected", "not protected"]
    quotas: QuotasEntry
    intake: IntakeEntry
    seed: str
    committed: bool
    vector: int | None = _only_if_other(None)
    numbered: NumberedEntry | None = None
    panel: tuple[str, ...]
    chances: ChancesEntry
    certificate: ProofEntry
    software: dict[str, str]


def json_fields(data: bytes) -> Any:
    """A file as plain JSON data, for naming what differs; None if it is not JSON."""
    try:
        return json.loads(data)
    except ValueError:
        return None


def differing_fields(left: Any, right: Any, path: str = "") -> list[str]:
    """Paths at which two JSON documents differ, in the order of the keys."""
    if isinstance(left, dict) and isinstance(right, dict):
        found = []
        for key in sorted(left.keys() | right.keys()):
            inner = f"{path}.{key}" if path else key
            if key in left and key in right:
                found += differing_fields(left[key], right[key], inner)
            else:
                found.append(inner)
        return found
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True), start=1)
        return [place for i, (a, b) in pairs for place in differing_fields(a, b, f"{path}[{i}]")]
    same = type(left) is type(right) and left == right
    return [] if same else [path or "file"]
