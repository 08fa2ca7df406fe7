"""What tests are made of: small problems, by hand and at random."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import assume, settings
from hypothesis import strategies as st

from mitwirkung.intake import Applicants, read_applicants
from mitwirkung.lottery.encoding import WEIGHT_TOTAL
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem, check_problem
from mitwirkung.lottery.quota_files import read_quotas
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan
from mitwirkung.lottery.wishes import Wishes

DATA = Path(__file__).parent / "data" / "lottery"
INSTANCES = sorted(folder.name for folder in DATA.iterdir())


def examples(ordinarily: int) -> settings:
    """So many examples for a test with `given`; thousands in `nox -s stress`."""
    thorough = settings.get_current_profile_name() == "stress"
    return settings(max_examples=settings.default.max_examples if thorough else ordinarily)


def instance(name: str, household: Sequence[str] = ()) -> SelectionProblem:
    """One of the instances with a known optimum."""
    folder = DATA / name
    return SelectionProblem(
        read_applicants(folder / "candidates.csv"),
        read_quotas(folder / "features.csv"),
        seats=instance_seats(name),
        household=household,
    )


def instance_seats(name: str) -> int:
    seats: int = json.loads((DATA / name / "meta.json").read_text())["k"]
    return seats


def people(*rows: Mapping[str, Any], **options: Any) -> Applicants:
    """Applicants from mappings; ids `p0`, `p1`, ... where none are given."""
    numbered = [{"id": f"p{i}", **row} for i, row in enumerate(rows)]
    return read_applicants(numbered, **options)


def plan(**features: Mapping[str, tuple[int, int]]) -> QuotaPlan:
    """A quota plan: `plan(age={"old": (0, 2), "young": (1, 3)})`."""
    return QuotaPlan(
        features=tuple(
            Feature(
                name=name,
                quotas=tuple(
                    Quota(value=v, min=low, max=high) for v, (low, high) in values.items()
                ),
            )
            for name, values in features.items()
        )
    )


def town() -> SelectionProblem:
    """Four seats for twelve people: singles, a mixed couple, equal twins, a household of three."""
    rows = [
        ("f", "a", ""),
        ("f", "a", ""),
        ("f", "b", ""),
        ("m", "a", ""),
        ("m", "b", ""),
        ("m", "b", "mixed couple"),
        ("f", "b", "mixed couple"),
        ("m", "a", "twins"),
        ("m", "a", "twins"),
        ("f", "a", "three"),
        ("f", "b", "three"),
        ("f", "a", "three"),
    ]
    return SelectionProblem(
        people(*({"sex": s, "place": p, "home": h} for s, p, h in rows)),
        plan(sex={"f": (1, 3), "m": (1, 3)}, place={"a": (1, 3), "b": (1, 3)}),
        seats=4,
        household=["home"],
    )


@st.composite
def small_problems(
    draw: st.DrawFn, *, households: bool = True, most: int = 9, wishes: bool = False
) -> SelectionProblem:
    """A handful of people with two or three features, quotas that may clash, households, and if
    asked for wishes, which may clash too."""
    names = draw(st.sampled_from([("sex", "age"), ("sex", "age", "place")]))
    values = {name: ("x", "y", "z")[: draw(st.integers(2, 3))] for name in names}
    count = draw(st.integers(2, most))
    rows = []
    for _ in range(count):
        row = {name: draw(st.sampled_from(values[name])) for name in names}
        row["home"] = draw(st.sampled_from(["", "", "A", "B", "C"])) if households else ""
        row["party"] = draw(st.sampled_from(["", "", "P", "Q"])) if wishes else ""
        rows.append(row)
    seats = draw(st.integers(1, min(count, 4)))
    features: dict[str, dict[str, tuple[int, int]]] = {}
    for name in names:
        features[name] = {}
        for value in values[name]:
            low = draw(st.sampled_from([0, 0, 0, 1, 1, 2]))
            features[name][value] = (low, low + draw(st.integers(0, 3)))
    declared = None
    if wishes:
        ids = st.sampled_from([f"p{i}" for i in range(count)])
        declared = Wishes(
            must=draw(st.dictionaries(ids, st.sampled_from(["expert", "host"]), max_size=1)),
            must_not=draw(st.dictionaries(ids, st.sampled_from(["council", "late"]), max_size=1)),
            companions="party",
            household_rule=draw(st.sampled_from(["at most one", "together", "together"])),
        )
    home = ["home"] if households else []
    applicants, quotas = people(*rows), plan(**features)
    if wishes:
        assume(not check_problem(applicants, quotas, seats=seats, household=home, wishes=declared))
    return SelectionProblem(applicants, quotas, seats=seats, household=home, wishes=declared)


def assert_promises_hold(lottery: PanelLottery) -> None:
    """Size, quotas, households, wishes and weights of every vector, counted from the people
    themselves."""
    problem = lottery.problem
    assert sum(lottery.weights) == WEIGHT_TOTAL
    for vector in lottery.vectors:
        counts: Counter[tuple[str, str | None]] = Counter()
        taken: Counter[int] = Counter()
        for number, position, seats in vector:
            for label in lottery.classes[number].seated_at(position):
                counts.update(dict.fromkeys(label, seats))
            taken[number] += seats
        assert sum(n * lottery.classes[c].people for c, n in taken.items()) == problem.seats
        assert all(taken[c] == len(k.lots) for c, k in enumerate(lottery.classes) if k.must)
        assert all(n <= len(lottery.classes[c].lots) for c, n in taken.items())
        for feature in problem.features:
            for quota in feature.quotas:
                assert quota.min <= counts[feature.name, quota.value] <= quota.max


def feasible_panels(problem: SelectionProblem) -> list[tuple[int, ...]]:
    """Every panel that meets all quotas and wishes, by brute force: of a household at most one
    person, of companions all or none."""
    from itertools import combinations

    lot_of = {person: lot for lot, members in enumerate(problem.lots) for person in members}
    together = [set(problem.lots[lot]) for k in problem.kinds if k.together for lot in k.lots]
    apart = set(range(len(problem))).difference(*together)
    must = {person for person, name in enumerate(problem.ids) if name in problem.must}
    limits = [(f.name, q.value, q.min, q.max) for f in problem.features for q in f.quotas]
    answers = [problem.answers(person) for person in range(len(problem))]

    def fits(panel: Iterable[int]) -> bool:
        members = list(panel)
        alone = apart.intersection(members)
        if len({lot_of[person] for person in alone}) < len(alone):
            return False
        if any(0 < len(party.intersection(members)) < len(party) for party in together):
            return False
        if not must <= set(members):
            return False
        return all(
            low <= sum(answers[person][name] == value for person in members) <= high
            for name, value, low, high in limits
        )

    return [p for p in combinations(range(len(problem)), problem.seats) if fits(p)]


def shuffled_rows(path: Path, target: Path, order: Sequence[int]) -> Path:
    """A copy of a CSV file with its rows in another order."""
    header, *rows = path.read_text("utf-8").splitlines()
    target.write_text("\n".join([header, *(rows[i] for i in order)]) + "\n", "utf-8")
    return target


def chance_of(lottery: PanelLottery, person: int) -> float:
    return float(lottery.exact_chances[person])
