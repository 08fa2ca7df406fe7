"""Verification finds every changed field, and says which level it reached."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from builders import instance, people, plan, town
from mitwirkung.app import solve
from mitwirkung.lottery.arrangement import position_names
from mitwirkung.lottery.contents import lottery_content, record_content
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.engine import leximin
from mitwirkung.lottery.entries import features_text
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile, PrivateFile
from mitwirkung.lottery.folding import fold_types
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import LotteryRefused, Publication, publication
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.rules import lottery_checks
from mitwirkung.lottery.verification import Verification, verify
from mitwirkung.messages import Reason
from mitwirkung.testing import problems
from mitwirkung.texts import translator

GERMAN = translator("de")
KEY = b"a key of more than thirty-two bytes"
FACTS = Facts.model_validate(
    {
        "organiser": "Stadt",
        "event": "Dialog",
        "place": "https://example.org",
        "counts": {"received": 14, "refused": {"too young": 1}, "merged": 1, "late": 0},
        "quotas": {"source": "Statistik", "date": "2026-11-02", "method": "by hand"},
        "seed": {
            "source": "lotto",
            "template": "Lotto: {numbers 6 of 1-49}",
            "earliest": "2026-12-05T19:25:00+01:00",
            "latest": "2026-12-06T12:00:00+01:00",
            "fallback": "Later: {numbers 6 of 1-49}",
        },
        "replacement": {"rule": "a lottery", "schedule": "2026-12-12"},
    }
)


@cache
def drawn(strategy: str = "leximin") -> DrawRecord:
    return publication(solve(town(), strategy), FACTS, key=KEY).draw("Lotto: 1 2 3 4 5 6")


FILES = ("lottery", "record", "private", "private_record")


def bytes_of(record: DrawRecord) -> dict[str, bytes]:
    return {
        "lottery": record.publication.public.content,
        "record": record.public.content,
        "private": record.publication.private.content,
        "private_record": record.private.content,
    }


def checked(contents: dict[str, bytes], **options: Any) -> Verification:
    given = dict(contents)
    return verify(given.pop("lottery"), given.pop("record"), **given, **options)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every single value in a JSON document, and of every empty container."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = sorted(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    if not items:
        yield path
    for key, item in items:
        yield from leaves(item, (*path, key))


def other(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value[:-1] + ("0" if value[-1:] != "0" else "1")
        case list():
            return ["x"]
        case dict():
            return {"x": 1}
    return "x"


def changed(data: bytes, path: tuple[Any, ...]) -> bytes:
    document = json.loads(data)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = other(place[path[-1]])
    return canonical_json(document)


def test_an_honest_draw_verifies_at_every_level() -> None:
    for strategy in ("leximin", "simple"):
        record = drawn(strategy)
        result = record.verify(commitment=record.publication.commitment, key=KEY)
        assert result, result.describe()
        assert (result.level, result.anchored, result.committed) == ("private", True, True)
        public = checked({name: bytes_of(record)[name] for name in ("lottery", "record")})
        assert public
        assert (public.level, public.anchored) == ("public", False)
        assert "consistent, not anchored" in public.describe()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("strategy", ["leximin", "simple"])
def test_any_single_changed_field_fails_with_a_reason(file: str, strategy: str) -> None:
    honest = bytes_of(drawn(strategy))
    paths = list(leaves(json.loads(honest[file])))
    assert len(paths) > 10
    for path in paths:
        forged = {**honest, file: changed(honest[file], path)}
        result = checked(forged)
        assert not result, path
        assert any(reason for check in result.failed for reason in check.reasons)
        assert_german(result)


def assert_german(found: Verification) -> None:
    """Every reason is in the catalogue; what is none names a place in a file."""
    for check in found.failed:
        for reason in check.reasons:
            if isinstance(reason, Reason):
                assert reason.describe(GERMAN) != reason or "{error}" in reason.template, reason
            else:
                assert " " not in reason


@pytest.mark.parametrize("file", FILES)
def test_any_missing_or_added_field_fails(file: str) -> None:
    honest = bytes_of(drawn())
    document = json.loads(honest[file])
    for key in document:
        less = {name: value for name, value in document.items() if name != key}
        assert not checked({**honest, file: canonical_json(less)})
    assert not checked({**honest, file: canonical_json({**document, "more": 1})})


@pytest.mark.parametrize("data", [b"", b"nonsense", b"[]", b"{}", b"\xff", b'{"format":1}'])
@pytest.mark.parametrize("file", FILES)
def test_broken_files_fail_and_never_raise(file: str, data: bytes) -> None:
    assert not checked({**bytes_of(drawn()), file: data})


def consistent_forgery(path: tuple[Any, ...], value: Any) -> dict[str, bytes]:
    """A lottery file with one change, and all other files made to fit it as an insider could."""
    published = drawn().publication
    document = json.loads(published.public.content)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    public = LotteryFile.from_bytes(canonical_json(document))
    private = PrivateFile.from_bytes(
        canonical_json({**json.loads(published.private.content), "lottery": public.digest})
    )
    forged = Publication(published.lottery, published.tokens, public, private)
    return bytes_of(DrawRecord.of(forged, "Lotto: 1 2 3 4 5 6"))


def test_a_forgery_that_fits_itself_is_seen_by_its_commitment() -> None:
    forged = consistent_forgery(("replacement", "rule"), "as we like")
    assert checked(forged)
    result = checked(forged, commitment=drawn().publication.commitment)
    assert not result
    assert result.failed[0].code == "check-commitment"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("quotas", "features", 0, "quotas", 0, "max"), 4, "check-lottery-of-people"),
        (("strategy", "certificate", "gap"), "0.000001234567", "check-certificate"),
        (("pseudonyms",), "not protected", "check-private-fields"),
        (("strategy", "promises"), ["households"], "check-facts"),
        (("counts", "received"), 15, "check-facts"),
        (("attempt",), 2, "check-facts"),
    ],
)
def test_forgeries_that_the_private_level_sees(
    path: tuple[Any, ...], value: Any, code: str
) -> None:
    result = checked(consistent_forgery(path, value))
    assert code in [check.code for check in result.failed]


def test_swapped_weights_break_the_proof_of_the_optimum() -> None:
    vectors = json.loads(drawn().publication.public.content)["vectors"]
    weights = [vector["weight"] for vector in vectors]
    low, high = weights.index(min(weights)), weights.index(max(weights))
    assert weights[low] < weights[high] // 2
    vectors[low]["weight"], vectors[high]["weight"] = weights[high], weights[low]
    result = checked(consistent_forgery(("vectors",), vectors))
    assert "check-certificate" in [check.code for check in result.failed]


def test_a_vector_that_breaks_a_quota_is_seen_even_if_the_chances_stay() -> None:
    """Four men and no woman half the time, and the other way round, keep everybody's chance."""
    rows = [{"sex": "f"}] * 4 + [{"sex": "m"}] * 4
    problem = SelectionProblem(people(*rows), plan(sex={"f": (2, 2), "m": (2, 2)}), seats=4)
    fair = solve(problem)
    assert fair.strategy is not None
    record = publication(fair).draw("x")
    document = json.loads(record.publication.public.content)
    document["vectors"] = [
        {"seats": [[1, "1", 4]], "weight": 16**12 // 2},
        {"seats": [[2, "1", 4]], "weight": 16**12 // 2},
    ]
    public = LotteryFile.from_bytes(canonical_json(document))
    private = json.loads(record.publication.private.content)
    files = PrivateFile.from_bytes(canonical_json({**private, "lottery": public.digest}))
    forged = bytes_of(DrawRecord.of(load(public, files), "x"))
    assert only_code(forged) == "check-quotas"


def receipts(published: Publication) -> Iterator[tuple[int, Receipt]]:
    problem, lottery = published.problem, published.lottery
    for each in lottery.classes:
        for lot in each.lots:
            for person in problem.lots[lot]:
                mates = tuple(
                    published.handles[other] for other in problem.lots[lot] if other != person
                )
                names = position_names(each)
                mine = [names[i] for i in each.positions_of(lottery.label_of(person))]
                features = json.loads(features_text(problem, person))
                yield person, Receipt(published.tokens[person], features, mates, tuple(mine))


@pytest.mark.parametrize("strategy", ["leximin", "simple"])
def test_everyone_can_check_with_their_receipt(strategy: str) -> None:
    record = drawn(strategy)
    public = {name: bytes_of(record)[name] for name in ("lottery", "record")}
    for person, receipt in receipts(record.publication):
        result = checked(public, receipt=receipt)
        assert result, result.describe()
        assert result.level == "token"
        found = {check.code: check.params for check in result.checks}
        told = found.get("check-chance") or found["check-chance-at-positions"]
        chance = float(record.publication.lottery.exact_chances[person])
        assert float(told["chance"]) == pytest.approx(chance, abs=1e-12)
        lot = next(lot for lot in record.publication.problem.lots if person in lot)
        if person in record.panel:
            assert "check-no-seat" not in found
        elif set(lot) & set(record.panel):
            assert "check-lot-seat" in found or "check-my-seat" not in found
        else:
            assert "check-no-seat" in found


def test_a_wrong_receipt_fails() -> None:
    record = drawn()
    public = {name: bytes_of(record)[name] for name in ("lottery", "record")}
    singles = [r for _, r in receipts(record.publication) if not r.mates]
    receipt = singles[0]
    features = {**receipt.features, "sex": "other"}
    wrong = [
        Receipt("0" * 32, receipt.features),
        Receipt("nonsense", receipt.features),
        Receipt(receipt.token, features),
        Receipt(receipt.token, receipt.features, mates=("0" * 64,)),
        Receipt(receipt.token, receipt.features, positions=("7",)),
    ]
    assert checked(public, receipt=receipt)
    assert not any(checked(public, receipt=each) for each in wrong)


def test_a_receipt_is_read_from_answers_alone_or_whole() -> None:
    assert Receipt.from_data("t", {"sex": "f", "age": None}).features == {"sex": "f", "age": None}
    whole = {"features": {"sex": "f"}, "mates": ["m"], "positions": ["1", "2"]}
    assert Receipt.from_data("t", whole) == Receipt("t", {"sex": "f"}, ("m",), ("1", "2"))
    for nonsense in ([], 1, {"sex": 3}, {"features": {"a": 1}}):
        with pytest.raises(ValueError):
            Receipt.from_data("t", nonsense)
    row = {"token": "t", "features": '{"sex":"f"}', "mates": "m", "positions": "1 2"}
    assert Receipt.from_row("t", [{"token": "other"}, row]) == Receipt.from_data("t", whole)
    for rows in ([], [{**row, "token": "x"}], [{"token": "t"}], [{**row, "mates": None}]):
        with pytest.raises(ValueError, match="no receipt"):
            Receipt.from_row("t", rows)


def town_rows() -> list[dict[str, str]]:
    columns = town().applicants.columns
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def test_inputs_and_key_stand_in_for_the_private_file() -> None:
    record = drawn()
    files = {name: data for name, data in bytes_of(record).items() if name != "private"}
    rows = town_rows()
    result = checked(files, applicants=people(*reversed(rows)), quotas=town().quotas, key=KEY)
    assert result, result.describe()
    assert result.level == "private"
    missing = checked(files)
    assert [check.code for check in missing.failed] == ["check-private-form"]
    assert not checked(files, applicants=people(*rows), quotas=town().quotas, key=KEY + b"!")
    assert not checked(files, applicants=people(*rows[1:]), quotas=town().quotas, key=KEY)


def test_other_inputs_than_those_of_the_lottery_are_seen() -> None:
    files = bytes_of(drawn())
    rows = town_rows()
    assert checked(files, applicants=people(*rows), quotas=town().quotas, key=KEY)
    fewer = checked(files, applicants=people(*rows[1:]), quotas=town().quotas)
    assert [check.code for check in fewer.failed] == ["check-inputs"]
    rows[0]["sex"] = "m"
    swapped = checked(files, applicants=people(*rows), quotas=town().quotas)
    assert "1 people have other answers" in swapped.failed[0].reasons[0]
    quotas = plan(sex={"f": (0, 3), "m": (1, 3)}, place={"a": (1, 3), "b": (1, 3)})
    relaxed = checked(files, applicants=people(*town_rows()), quotas=quotas)
    assert relaxed.failed[0].reasons == ("the quotas are others",)


def test_a_wrong_key_is_seen() -> None:
    assert not drawn().verify(key=KEY + b"x")


def only_code(forged: dict[str, bytes], **options: Any) -> str:
    """The one check that fails."""
    (check,) = checked(forged, **options).failed
    return check.code


def test_what_breaks_a_promise_is_not_published_and_what_is_not_promised_not_checked() -> None:
    rows = [{"sex": "f"}] * 4 + [{"sex": "m"}] * 4
    problem = SelectionProblem(people(*rows), plan(sex={"f": (2, 2), "m": (2, 2)}), seats=4)
    honest = solve(problem)
    assert honest.strategy is not None
    lottery = PanelLottery(problem, ["sex"], [(1, {(0, 0): 4})])
    promised = replace(honest.strategy, promises=("households", "quotas"))
    with pytest.raises(LotteryRefused, match="vector 1 seats 4 of sex: f"):
        publication(lottery.signed(promised))
    without = lottery.signed(replace(honest.strategy, promises=("households",)))
    result = publication(without).draw("x").verify()
    assert result
    assert "quotas are NOT checked" in result.describe()


@pytest.mark.parametrize(
    "promises", [["leximin"], ["households", "leximin"], ["tested by an institute"]]
)
def test_promises_that_cannot_be_or_are_half_are_refused(promises: list[str]) -> None:
    forged = consistent_forgery(("strategy", "promises"), promises)
    assert "check-facts" in [check.code for check in checked(forged).failed]


def test_swapped_ids_need_the_key_and_its_absence_is_said() -> None:
    published = drawn().publication
    private = json.loads(published.private.content)
    one, other_one = (
        next(entry for entry in private["applicants"] if entry["id"] == name)
        for name in ("p3", "p4")
    )
    twins = [e for e in private["applicants"] if e["id"] in ("p0", "p1")]
    twins[0]["token"], twins[1]["token"] = twins[1]["token"], twins[0]["token"]
    assert one != other_one
    forged_private = PrivateFile.from_bytes(canonical_json(private))
    forged = bytes_of(DrawRecord.of(load(published.public, forged_private), "Lotto: 1 2 3 4 5 6"))
    result = checked(forged)
    assert result
    assert "check-key-missing" in [check.code for check in result.checks if check.skipped]
    assert only_code(forged, key=KEY) == "check-key"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: x.update(portfolio_seed="0" * 64), "portfolio_seed"),
        (lambda x: x["applicants"][0]["columns"].update(id="other"), "id column"),
        (lambda x: x["intake"].update(id_column="nope"), "id column"),
        (lambda x: x.update(key="derived"), "the key does not fit"),
        (lambda x: x.update(lottery="0" * 64), "another lottery file"),
    ],
)
def test_each_rule_of_the_private_file(change: Any, reason: str) -> None:
    honest = bytes_of(drawn())
    private = json.loads(honest["private"])
    change(private)
    files = {**honest, "private": canonical_json(private)}
    del files["private_record"]
    failed = {check.code: check.reasons for check in checked(files).failed}
    assert any(reason in text for text in failed["check-private-fields"]), failed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x: x["pool"]["leaves"].reverse(), "check-pool"),
        (lambda x: x["pool"].update(people=13), "check-pool"),
        (lambda x: x["pool"].update(lots=9), "check-classes"),
        (lambda x: x["classes"].reverse(), "check-classes"),
        (lambda x: x["classes"][0].update(positions=["2"]), "check-classes"),
        (lambda x: x["classes"][-1].update(people=2), "check-classes"),
        (lambda x: x["classes"][0].update(positions=["all"]), "check-classes"),
        (lambda x: x["vectors"].reverse(), "check-vectors"),
        (lambda x: x["vectors"][0]["seats"].reverse(), "check-vectors"),
        (lambda x: x["vectors"][0].update(weight=1), "check-vectors"),
        (lambda x: x["vectors"][0]["seats"][0].__setitem__(2, 9), "check-vectors"),
        (lambda x: x["strategy"].update(features=["age"]), "check-facts"),
        (lambda x: x["quotas"]["features"].reverse(), "check-facts"),
        (lambda x: x["quotas"]["features"][0]["quotas"][0].update(min=9), "check-facts"),
    ],
)
def test_each_rule_of_the_public_file(change: Any, code: str) -> None:
    document = json.loads(bytes_of(drawn())["lottery"])
    change(document)
    public = LotteryFile.from_bytes(canonical_json(document))
    assert code in [check.code for check in lottery_checks(public) if not check.ok]


@pytest.mark.parametrize(("positions", "size"), [(["1"], 2), (["all"], 1)])
def test_lots_of_several_people_and_they_alone_are_seated_whole(
    positions: list[str], size: int
) -> None:
    """Everything else fits: the class would fill two seats with one person, or be no class."""
    problem = SelectionProblem(people(*[{"sex": "f"}] * 12), plan(sex={"f": (0, 12)}), seats=4)
    document = json.loads(publication(solve(problem), key=KEY).public.content)
    (each,) = document["classes"]
    each["lots"] = each["lots"][: 12 // size]
    each |= {"positions": positions, **({"people": size} if size > 1 else {})}
    document["pool"]["lots"] = len(each["lots"])
    document["vectors"] = [{"seats": [[1, positions[0], 4 // size]], "weight": 16**12}]
    public = LotteryFile.from_bytes(canonical_json(document))
    (flaw,) = [why for check in lottery_checks(public) for why in check.reasons]
    assert "at other positions than all" in flaw
    broken = [rule for rule, holds in script().rules_of(document) if not holds]
    assert broken == ["people are at all"]


def test_tables_are_compared_with_the_draw() -> None:
    record = drawn()
    tables = {
        name: data
        for name, data in {**lottery_content(record.publication), **record_content(record)}.items()
        if name.endswith(".csv")
    }
    assert checked(bytes_of(record), tables=tables)
    changed_table = tables["panel.csv"].replace(b"p", b"q", 1)
    forged = {**tables, "panel.csv": changed_table}
    assert only_code(bytes_of(record), tables=forged) == "check-tables"


def test_the_lottery_is_made_again_and_a_rerolled_one_is_named() -> None:
    honest = checked(bytes_of(drawn()), solve=solve)
    assert "check-portfolio" in [check.code for check in honest.checks if check.ok]
    rerolled = checked(bytes_of(drawn()), solve=another_portfolio)
    assert rerolled
    skipped = [check.code for check in rerolled.checks if check.skipped]
    assert "check-portfolio-other" in skipped


def another_portfolio(problem: SelectionProblem) -> PanelLottery:
    """The leximin lottery from other panels, as another machine may make it."""
    types = fold_types(problem)
    optimum = leximin(types.polytope, seed=5)
    honest = solve(problem)
    lottery = types.lottery(optimum.panels, optimum.weights, None)
    assert (lottery.vectors, lottery.weights) != (honest.vectors, honest.weights)
    assert honest.strategy is not None
    return lottery.signed(honest.strategy)


def test_another_version_of_the_strategy_decides_nothing() -> None:
    result = checked(bytes_of(drawn()), solve=lambda problem: solve(problem, "simple"))
    assert result
    assert "check-portfolio-version" in [check.code for check in result.checks if check.skipped]


def test_a_transfer_within_a_tolerance_for_each_chance_is_seen() -> None:
    """A millionth from each of many people is a seat for a friend: the gap counts seats."""
    rows = [{"a": "x"}] * 2000 + [{"a": "y"}]
    problem = SelectionProblem(people(*rows), plan(a={"x": (0, 20), "y": (0, 1)}), seats=20)
    fair = solve(problem)
    assert fair.strategy is not None
    tilt = Fraction(1, 500)
    low = 1 - fair.position_chances[1][0] - tilt
    tilted = [(low, {(0, 0): 20}), (1 - low, {(0, 0): 19, (1, 0): 1})]
    lottery = PanelLottery(problem, ["a"], tilted, fair.certificate).signed(fair.strategy)
    with pytest.raises(LotteryRefused, match="gap"):
        publication(lottery)


def test_cuts_too_large_to_be_confirmed_are_refused() -> None:
    certificate = solve(gap_problem()).certificate
    assert certificate is not None
    large = {**certificate, "cuts": [{"coefficients": [[0, 10**16]], "bound": 10**16}]}
    lottery = solve(gap_problem())
    assert lottery.strategy is not None
    forged = PanelLottery(
        gap_problem(),
        lottery.features,
        [
            (weight, {(c, p): n for c, p, n in vector})
            for weight, vector in zip(lottery.weights, lottery.vectors, strict=True)
        ],
        large,
    )
    with pytest.raises(LotteryRefused, match="cut 0"):
        publication(forged.signed(lottery.strategy))


def test_nothing_shows_people_or_tokens() -> None:
    record = drawn()
    published = record.publication
    _, receipt = next(receipts(published))
    shown = [published, published.private, published.public, record, record.private, receipt]
    text = " ".join(f"{each!r} {each}" for each in shown)
    assert not any(token in text for token in published.tokens)
    assert not any(entry.id in text for entry in published.private.applicants)
    assert "couple" not in text


def gap_problem() -> SelectionProblem:
    """Two seats and quotas of exactly one: fractions of all five fit, whole people only one way."""
    answers = ["xxx", "xyy", "yxx", "yxy", "yyx"]
    one = {"x": (1, 1), "y": (1, 1)}
    return SelectionProblem(
        people(*(dict(zip("abc", each, strict=True)) for each in answers)),
        plan(a=one, b=one, c=one),
        seats=2,
    )


def test_a_lottery_with_a_real_gap_is_proven_and_verified() -> None:
    lottery = solve(gap_problem())
    assert lottery.chances == {"p0": 0, "p1": 1, "p2": 1, "p3": 0, "p4": 0}
    assert lottery.certificate is not None
    assert lottery.certificate["cuts"]
    result = publication(lottery).draw("x").verify()
    assert result, result.describe()


def test_an_inequality_that_panels_break_is_no_proof() -> None:
    problem = SelectionProblem(
        people({"a": "x"}, {"a": "y"}), plan(a={"x": (0, 1), "y": (0, 1)}), seats=1
    )
    fair = solve(problem)
    assert set(fair.chances.values()) == {0.5}
    assert fair.strategy is not None
    empty: dict[str, Any] = {"rows": [], "seats": 0, "caps": [], "cuts": []}
    unfair = PanelLottery(
        problem,
        ["a"],
        [(1, {(0, 0): 1})],
        {
            "stages": [{**empty, "types": [1], "cuts": [[0, 1]]}, {**empty, "types": [0]}],
            "cuts": [{"coefficients": [[1, 1]], "bound": 0}],
        },
    )
    result = publication(unfair.signed(fair.strategy)).draw("x").verify()
    assert [check.code for check in result.failed] == ["check-certificate"]


# ------------------------------------------------------------------ the second implementation


@cache
def script() -> Any:
    path = Path(__file__).parents[2] / "docs" / "verify.py"
    spec = importlib.util.spec_from_file_location("verify_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(problems(feasible=True))
@settings(deadline=None, max_examples=60)
def test_the_script_in_the_docs_agrees_on_random_lotteries(problem: SelectionProblem) -> None:
    for strategy in ("goldilocks", "leximin", "maximin", "nash", "simple"):
        record = publication(
            solve(problem, strategy), FACTS.model_copy(update={"counts": Facts().counts})
        ).draw("Lotto: 1 2 3 4 5 6")
        assert all(
            holds for _, holds in script().rules_of(json.loads(record.publication.public.content))
        )
        assert (
            script().rebuild_record(record.publication.public.content, "Lotto: 1 2 3 4 5 6")
            == record.public.content
        )


def test_the_script_agrees_on_a_lottery_of_real_size() -> None:
    record = publication(solve(instance("fix_150"))).draw("a seed")
    rules = script().rules_of(json.loads(record.publication.public.content))
    assert all(holds for _, holds in rules)
    assert (
        script().rebuild_record(record.publication.public.content, "a seed")
        == record.public.content
    )
