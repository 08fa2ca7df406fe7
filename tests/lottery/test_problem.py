"""From applicants and quotas to a problem in canonical order, or every error at once."""

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import people, plan, town
from mitwirkung.errors import InputError
from mitwirkung.lottery.problem import SelectionProblem, check_problem
from mitwirkung.testing import problems

SEX = {"f": (0, 2), "m": (0, 2)}


def codes(error: InputError) -> list[str]:
    return [finding.code for finding in error.findings]


def test_headers_and_answers_are_matched_trimmed_and_case_folded() -> None:
    problem = SelectionProblem(
        people({" SEX ": " F"}, {" SEX ": "m "}), plan(sex={"f": (0, 1), "M": (0, 1)}), seats=1
    )
    assert [problem.answers(i) for i in range(2)] == [{"sex": "f"}, {"sex": "M"}]


def test_every_error_of_every_row_is_told_at_once() -> None:
    applicants = people(
        {"sex": "f", "age": "old"}, {"sex": "x", "age": ""}, {"sex": "", "age": "young"}
    )
    quotas = plan(sex=SEX, age={"old": (0, 2), "young": (0, 2)}, place={"a": (0, 2)})
    with pytest.raises(InputError) as caught:
        SelectionProblem(applicants, quotas, seats=0, household=["street"])
    found = {(f.code, f.row, f.column) for f in caught.value.findings}
    assert found == {
        ("seats-not-positive", None, None),
        ("household-column-unknown", None, None),
        ("feature-column-missing", None, None),
        ("answer-not-allowed", 2, "sex"),
        ("answer-missing", 3, "sex"),
        ("answer-missing", 2, "age"),
    }
    assert check_problem(applicants, quotas, seats=0, household=["street"]) == caught.value.findings


def test_errors_name_what_is_allowed_but_never_what_a_person_wrote() -> None:
    with pytest.raises(InputError) as caught:
        SelectionProblem(people({"sex": "SECRET"}), plan(sex=SEX), seats=1)
    error = caught.value
    assert "f, m" in str(error)
    everything = str(error) + repr(error) + str([f.as_json() for f in error.findings])
    assert "SECRET" not in everything
    assert b"SECRET" not in pickle.dumps(error)
    assert pickle.loads(pickle.dumps(error)).findings == error.findings


def test_a_hundred_findings_are_printed_and_the_rest_counted() -> None:
    rows = [{"sex": "?"}] * 250
    with pytest.raises(InputError) as caught:
        SelectionProblem(people(*rows), plan(sex=SEX), seats=1)
    assert len(caught.value.findings) == 250
    lines = str(caught.value).splitlines()
    assert len(lines) == 102
    assert "150 more" in lines[-1]


def test_missing_answer_is_refused_with_advice_unless_a_policy_is_declared() -> None:
    rows = ({"sex": "f"}, {"sex": ""})
    with pytest.raises(InputError, match="unconstrained"):
        SelectionProblem(people(*rows), plan(sex=SEX), seats=1)
    free = SelectionProblem(people(*rows, missing={"sex": "unconstrained"}), plan(sex=SEX), seats=1)
    assert free.answers(1) == {"sex": None}
    own = SelectionProblem(people(*rows, missing={"Sex": "own value"}), plan(sex=SEX), seats=1)
    assert own.answers(1) == {"sex": "not stated"}
    (feature,) = own.quotas.features
    assert feature.values == ("f", "m", "not stated")
    assert (feature.quotas[-1].min, feature.quotas[-1].max) == (0, 1)


def test_own_value_is_the_one_that_the_quotas_list() -> None:
    quotas = plan(sex={**SEX, "Keine Angabe": (0, 1)})
    applicants = people({"sex": ""}, {"sex": "keine angabe"}, missing={"sex": "own value"})
    problem = SelectionProblem(applicants, quotas, seats=1)
    assert [problem.answers(i)["sex"] for i in range(2)] == ["Keine Angabe"] * 2
    assert problem.quotas == quotas


def test_a_policy_for_a_column_that_is_no_feature_is_an_error() -> None:
    applicants = people({"sex": "f", "mail": ""}, missing={"mail": "unconstrained"})
    with pytest.raises(InputError) as caught:
        SelectionProblem(applicants, plan(sex=SEX), seats=1)
    assert codes(caught.value) == ["missing-policy-no-feature"]


def test_households_are_equal_addresses_and_blanks_make_none() -> None:
    rows: list[dict[str, Any]] = [
        {"street": "Hauptstr. 1", "zip": "44135"},
        {"street": " hauptstr.  1 ", "zip": "44135 "},
        {"street": "Hauptstr. 1", "zip": "44137"},
        {"street": "", "zip": ""},
        {"street": "", "zip": ""},
        {"street": "", "zip": "44135"},
        {"street": "", "zip": "44135"},
    ]
    problem = SelectionProblem(
        people(*({"sex": "f", **row} for row in rows)),
        plan(sex={"f": (0, 9)}),
        seats=1,
        household=["Street", "ZIP"],
    )
    assert sorted(map(len, problem.lots)) == [1, 1, 1, 1, 1, 2]
    assert [w.code for w in problem.warnings] == ["household-incomplete"]
    assert problem.warnings[0].params["count"] == 2


def test_kinds_are_lots_with_the_same_multiset_of_answers() -> None:
    problem = town()
    described = {
        tuple(tuple(problem.profiles[p]) for p in kind.profiles): len(kind.lots)
        for kind in problem.kinds
    }
    # features in canonical order: place, sex
    assert described[(("b", "f"), ("b", "m"))] == 1
    assert described[(("a", "m"), ("a", "m"))] == 1
    assert described[(("a", "f"), ("a", "f"), ("b", "f"))] == 1
    assert described[(("a", "f"),)] == 2


@given(problems(missing=False), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_quotas_reaches_nothing(
    problem: SelectionProblem, random: Any
) -> None:
    applicants = problem.applicants
    order = list(range(len(applicants)))
    random.shuffle(order)
    columns = {name: [cells[i] for i in order] for name, cells in applicants.columns.items()}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    features = list(problem.quotas.features)
    random.shuffle(features)
    other = SelectionProblem(
        people(*rows),
        problem.quotas.model_copy(update={"features": tuple(features)}),
        seats=problem.seats,
        household=problem.household,
    )
    assert other.digest == problem.digest
    assert (other.ids, other.profiles, other.profile_of) == (
        problem.ids,
        problem.profiles,
        problem.profile_of,
    )
    assert sorted(other.lots) == sorted(problem.lots)


@given(problems(missing=False).filter(lambda problem: len(problem) > 1))
def test_one_applicant_less_changes_the_digest(problem: SelectionProblem) -> None:
    columns = problem.applicants.columns
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    fewer = SelectionProblem(
        people(*rows[:-1]), problem.quotas, seats=problem.seats, household=problem.household
    )
    assert fewer.digest != problem.digest


def test_the_digest_sees_quotas_seats_and_households_but_no_ids() -> None:
    rows = ({"sex": "f", "home": "A"}, {"sex": "m", "home": "A"}, {"sex": "m", "home": ""})
    base = SelectionProblem(people(*rows), plan(sex=SEX), seats=1)
    renamed = people(*({"id": f"other{i}", **row} for i, row in enumerate(rows)))
    assert SelectionProblem(renamed, plan(sex=SEX), seats=1).digest == base.digest
    others = [
        SelectionProblem(people(*rows), plan(sex=SEX), seats=2),
        SelectionProblem(people(*rows), plan(sex={"f": (0, 1), "m": (0, 2)}), seats=1),
        SelectionProblem(people(*rows), plan(sex=SEX), seats=1, household=["home"]),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 4


def test_nothing_shows_people() -> None:
    problem = town()
    assert "p0" not in repr(problem)
    assert "p0" not in repr(problem.applicants)
