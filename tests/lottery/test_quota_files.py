"""Quotas are read in every dialect in use, written in ours, and refused with every error."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DATA
from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.quota_files import collect_quotas, read_quotas, write_quotas
from mitwirkung.lottery.quotas import Feature, Provenance, Quota, QuotaPlan
from mitwirkung.names import clean, fold


def write(folder: Path, text: str) -> Path:
    path = folder / "quoten.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    assert all(finding.describe() for finding in findings)  # the params fit the text
    return [(finding.code, finding.row, finding.column) for finding in findings]


GENDER = Feature(
    name="Geschlecht",
    quotas=(Quota(value="weiblich", min=4, max=5), Quota(value="divers", min=0, max=1)),
)


@pytest.mark.parametrize(
    "header",
    [
        "feature,value,min,max",
        " Feature ; VALUE;Min;max",
        "category,name,min,max",
        "category,feature,min,max",
        "min,max,value,feature",
    ],
)
def test_every_dialect_is_read(tmp_path: Path, header: str) -> None:
    delimiter = ";" if ";" in header else ","
    cells = (["Geschlecht", "weiblich ", "4", " 5"], [" geschlecht", "divers", "0", "1"])
    if header.startswith("min"):
        cells = tuple([low, high, value, name] for name, value, low, high in cells)  # type: ignore[assignment]
    path = write(tmp_path, "\n".join([header, *map(delimiter.join, cells)]))
    assert read_quotas(path) == QuotaPlan(features=(GENDER,), file="quoten.csv")


def test_flexible_bounds_are_read_where_they_are_given() -> None:
    rows = [
        {"feature": "a", "value": "x", "min": 1, "max": 2, "min_flex": 0, "max_flex": 3},
        {"feature": "a", "value": "y", "min": 1, "max": 2, "min_flex": "", "max_flex": None},
    ]
    for source in (rows, pd.DataFrame(rows)):
        (feature,) = read_quotas(source).features
        assert feature.quotas == (
            Quota(value="x", min=1, max=2, min_flex=0, max_flex=3),
            Quota(value="y", min=1, max=2),
        )


def test_other_columns_and_rows_without_a_feature_are_skipped(tmp_path: Path) -> None:
    text = (
        "feature,value,min,max,share %,,note,note\n"
        "Geschlecht,weiblich,4,5,50,see,a,b\n"
        ",total,75,,,,,\n"
        ",,,,,,,\n"
        "Geschlecht,divers,0,1,0.1,,,\n"
    )
    plan, errors, warnings = collect_quotas(write(tmp_path, text))
    assert plan == QuotaPlan(features=(GENDER,), file="quoten.csv")
    assert not errors
    assert places(warnings) == [("rows-blank", 4, None), ("quota-rows-without-feature", 3, None)]


def test_order_and_spelling_are_kept() -> None:
    rows = [
        {"feature": name, "value": value, "min": 0, "max": 1}
        for name, value in [("B ", "z"), ("a", "Zwei"), ("b", "y"), ("B", "X"), ("A", "eins")]
    ]
    plan = read_quotas(rows)
    assert [(f.name, f.values) for f in plan.features] == [
        ("B", ("z", "y", "X")),
        ("a", ("Zwei", "eins")),
    ]


def test_the_provenance_stands_in_the_plan() -> None:
    rows = [{"feature": "a", "value": "x", "min": 0, "max": 1}]
    provenance = Provenance(source="council", date="2026-03-01", method="by resolution 12/2026")
    assert read_quotas(rows, provenance=provenance).provenance == provenance
    assert read_quotas(rows).provenance == Provenance()


def test_every_error_comes_at_once(tmp_path: Path) -> None:
    text = (
        "feature,value,min,max,min_flex,max_flex\n"
        "a,x,1.5,2,,\n"
        "a,y,3,2,,\n"
        "a,z,-1,,,\n"
        "a,X ,0,1,,\n"
        "A,,0,1,,\n"
        "b,x,1,2,2,1\n"
        "b,y,many,1_0,x,\n"
        "b,z,1\n"
    )
    with pytest.raises(InputError) as caught:
        read_quotas(write(tmp_path, text))
    assert places(caught.value.findings) == [
        ("quota-number", 2, "min"),
        ("quota-order", 3, "min"),
        ("quota-negative", 4, "min"),
        ("quota-number-blank", 4, "max"),
        ("quota-twice", 5, "value"),
        ("quota-value-blank", 6, "value"),
        ("quota-min-flex", 7, "min_flex"),
        ("quota-max-flex", 7, "max_flex"),
        ("quota-number", 8, "min"),
        ("quota-number", 8, "max"),
        ("quota-number", 8, "min_flex"),
        ("row-short", 9, None),
    ]
    for finding in caught.value.findings:
        assert finding.file == "quoten.csv"
        assert finding.describe()


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("feature,value,min", ["max"]),
        ("feature,min,max", ["value"]),
        ("category,min,max", ["name"]),
        ("a,b", ["feature", "value", "min", "max"]),
    ],
)
def test_missing_columns_are_named_with_the_dialects(
    tmp_path: Path, header: str, missing: list[str]
) -> None:
    plan, errors, _ = collect_quotas(
        write(tmp_path, f"{header}\n" + "1," * header.count(",") + "1")
    )
    assert plan is None
    assert places(errors) == [("quota-columns", None, None)]
    assert errors[0].params["missing"] == missing
    for dialect in ("feature,value,min,max", "category,name,min,max", "category,feature,min,max"):
        assert dialect in errors[0].describe()


def test_headers_that_are_read_may_not_be_doubtful(tmp_path: Path) -> None:
    _, errors, _ = collect_quotas(write(tmp_path, "feature,value,min,max,Max\na,x,1,2,3\n"))
    assert places(errors) == [("header-twice", 1, "Max")]


@pytest.mark.parametrize("text", ["", "feature,value,min,max\n", "feature,value,min,max\n,x,1,2\n"])
def test_a_file_without_quotas_is_an_error(tmp_path: Path, text: str) -> None:
    plan, errors, _ = collect_quotas(write(tmp_path, text))
    assert plan is None
    assert len(errors) == 1


label = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
    | st.sampled_from(['a"b', "a;b", "a,b", "a\tb", "a\nb", "a\rb"])
).map(clean)
labels = st.lists(label.filter(fold), min_size=1, max_size=4, unique_by=fold)


@st.composite
def quotas(draw: st.DrawFn, value: str) -> Quota:
    low, high = sorted(draw(st.tuples(st.integers(0, 99), st.integers(0, 99))))
    return Quota(
        value=value,
        min=low,
        max=high,
        min_flex=draw(st.none() | st.integers(0, low)),
        max_flex=draw(st.none() | st.integers(high, 200)),
    )


@st.composite
def plans(draw: st.DrawFn) -> QuotaPlan:
    return QuotaPlan(
        features=tuple(
            Feature(name=name, quotas=tuple(draw(quotas(value)) for value in draw(labels)))
            for name in draw(labels)
        )
    )


@given(plan=plans())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, plan: QuotaPlan
) -> None:
    path = tmp_path_factory.mktemp("quotas") / "quoten.csv"
    write_quotas(plan, path)
    assert read_quotas(path).features == plan.features


def test_the_written_file_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    write_quotas(QuotaPlan(features=(GENDER,)), path)
    assert path.read_bytes().decode().split("\r\n") == [
        "feature,value,min,max",
        "Geschlecht,weiblich,4,5",
        "Geschlecht,divers,0,1",
        "",
    ]


def test_the_instances_are_read() -> None:
    for folder in DATA.iterdir():
        if folder.is_dir():
            plan, _, warnings = collect_quotas(folder / "features.csv")
            assert plan
            assert plan.features
            assert not warnings
