"""The published form: pseudonyms, order by handles, the same bytes whatever the order of rows."""

import hashlib
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import DATA, instance, people, plan, shuffled_rows, town
from mitwirkung.app import solve
from mitwirkung.lottery import encoding
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile, PrivateFile, UnreadableFile
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import (
    CountsRefused,
    KeyRefused,
    derived_key,
    publication,
)
from mitwirkung.testing import problems

KEY = b"thirty-two bytes, and some more of it"


def test_tokens_and_handles_follow_from_the_key() -> None:
    published = publication(solve(town(), "simple"), Facts(event="Dialog"), key=KEY)
    for person, identifier in enumerate(published.problem.ids):
        token = encoding.token_from_key(KEY, "Dialog", identifier)
        assert published.tokens[person] == token
        assert published.private.applicants[person].token == token
    assert published.public.pseudonyms == "protected"
    assert published.private.key == "file"


def test_without_a_key_it_is_derived_and_said_so() -> None:
    published = publication(solve(town(), "simple"))
    assert published.public.pseudonyms == "not protected"
    rows = sorted(
        encoding.canonical_json([i, town().answers(p)]).decode() for p, i in enumerate(town().ids)
    )
    text = "\n".join(["mitwirkung-key-1", *rows]) + "\n"
    assert derived_key(town()) == hashlib.sha256(text.encode()).hexdigest().encode()


def test_classes_lots_and_leaves_are_in_the_order_of_handles() -> None:
    published = publication(solve(town()))
    classes = published.public.classes
    assert [c.lots[0] for c in classes] == sorted(min(c.lots) for c in classes)
    assert all(list(c.lots) == sorted(c.lots) for c in classes)
    assert list(published.public.pool.leaves) == sorted(published.public.pool.leaves)
    assert sum(len(c.lots) for c in classes) == len(town().lots)
    assert encoding.pool_digest(published.public.pool.leaves) == published.public.pool.digest


def test_the_order_of_classes_and_positions_changes_with_the_key_not_with_answers() -> None:
    lottery = solve(town())
    orders = set()
    position_orders = set()
    for number in range(20):
        arranged = publication(lottery, key=KEY + bytes([number])).lottery
        orders.add(tuple(c.labels for c in arranged.classes))
        position_orders |= {c.labels for c in arranged.classes if len(set(c.labels)) == 2}
    assert len(orders) > 10
    assert len(position_orders) > 3


def test_a_leaf_commits_to_class_and_answers() -> None:
    published = publication(solve(town()))
    problem = published.problem
    expected = []
    for entry in published.public.classes:
        for lot in entry.lots:
            for person in problem.lots[published.lot_handles.index(lot)]:
                features = encoding.canonical_json(problem.answers(person)).decode()
                expected.append(encoding.leaf(published.tokens[person], entry.lots[0], features))
    assert sorted(expected) == list(published.public.pool.leaves)


@given(problems(feasible=True), st.binary(min_size=32, max_size=40))
@settings(deadline=None, max_examples=60)
def test_publishing_changes_nobodys_chance(problem: SelectionProblem, key: bytes) -> None:
    lottery = solve(problem)
    published = publication(lottery, key=key)
    assert published.lottery.exact_chances == lottery.exact_chances
    again = load(published.public, published.private)
    assert again.lottery.exact_chances == lottery.exact_chances
    assert again.lottery.classes == published.lottery.classes
    assert again.problem.digest == problem.digest


def test_public_files_hold_no_answers_names_or_ids() -> None:
    rows = [{"sex": "SECRET-f"}, {"sex": "SECRET-m"}]
    problem = SelectionProblem(
        people(*({"id": f"SECRET{i}", **r} for i, r in enumerate(rows))),
        plan(sex={"SECRET-f": (0, 1), "SECRET-m": (0, 1)}),
        seats=1,
    )
    published = publication(solve(problem), key=KEY)
    features = published.public.quotas.model_dump_json()
    assert "SECRET-f" in features  # the quotas themselves are public
    rest = published.public.model_copy(update={"quotas": None}).model_dump_json(warnings=False)
    assert "SECRET" not in rest
    assert "SECRET" not in published.draw("seed").public.content.decode()


@pytest.mark.parametrize("strategy", ["goldilocks", "leximin", "maximin", "nash"])
def test_nobody_can_roll_the_portfolio_again(strategy: str) -> None:
    """Panels and weights follow from answers and quotas: other ids, another key and another event
    change the order of what is published and no more."""
    problem = instance("fix_150")
    columns = problem.applicants.columns
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    renamed = SelectionProblem(
        people(*({**row, "id": f"other {999 - i}"} for i, row in enumerate(rows))),
        problem.quotas,
        seats=problem.seats,
    )
    assert renamed.ids != problem.ids
    one, other = solve(problem, strategy), solve(renamed, strategy)
    assert (one.vectors, one.weights) == (other.vectors, other.weights)
    for lottery, key, event in ((one, KEY, "Dialog"), (one, KEY + b"!", "Rat"), (other, KEY, "")):
        published = publication(lottery, Facts(event=event), key=key)
        assert sorted(vector.weight for vector in published.public.vectors) == sorted(one.weights)
        # It would let others test guesses at the answers.
        assert problem.digest not in published.public.content.decode()
        assert problem.digest not in published.draw("a seed").public.content.decode()
        assert published.private.portfolio_seed == problem.digest


def test_seeing_both_weights_and_the_certificate_of_leximin() -> None:
    published = publication(solve(town()))
    assert sum(v.weight for v in published.public.vectors) == 16**12
    certificate = published.public.strategy.certificate
    assert certificate.optimal is True
    assert Fraction(certificate.gap) < Fraction(1, 10**6)
    simple = publication(solve(town(), "simple")).public.strategy.certificate
    assert (simple.optimal, simple.gap) == ("not promised", "not promised")


def test_a_short_key_and_counts_that_do_not_add_up_are_refused() -> None:
    lottery = solve(town(), "simple")
    with pytest.raises(KeyRefused, match="at least 32"):
        publication(lottery, key=b"short")
    counts = {"received": 20, "refused": {"late": 3}, "merged": 1, "late": 1}
    with pytest.raises(CountsRefused, match="leaves 15 people, but the pool has 12"):
        publication(lottery, Facts.model_validate({"counts": counts}))
    counts["received"] = 17
    stated = publication(lottery, Facts.model_validate({"counts": counts})).public.counts
    assert stated.refused == {"late": 3}


def test_only_a_signed_lottery_can_be_published() -> None:
    with pytest.raises(ValueError, match="strategy"):
        publication(PanelLottery(town(), (), [(1, {(0, 0): 4})]))


def test_other_bytes_with_the_same_content_are_refused() -> None:
    published = publication(solve(town(), "simple"))
    data = published.public.content
    assert LotteryFile.from_bytes(data) == published.public
    for other in (data + b"\n", b" " + data, data.replace(b'"seats":4', b'"seats":4.0')):
        with pytest.raises(UnreadableFile):
            LotteryFile.from_bytes(other)
    with pytest.raises(UnreadableFile, match=r"seats"):
        LotteryFile.from_bytes(data.replace(b'"seats":4', b'"seats":"4"'))
    assert PrivateFile.from_bytes(published.private.content) == published.private


SCRIPT = """
import sys, hashlib
from pathlib import Path
import mitwirkung as mw
folder, candidates = Path(sys.argv[1]), Path(sys.argv[2])
problem = mw.SelectionProblem(
    mw.read_applicants(candidates), mw.read_quotas(folder / "features.csv"),
    seats=75, household=["address1", "zip"],
)
record = mw.solve(problem).publish(sys.argv[3]).draw("a seed")
for name in sorted(p.name for p in Path(sys.argv[3]).iterdir()):
    print(name, hashlib.sha256(Path(sys.argv[3], name).read_bytes()).hexdigest())
"""


def test_the_same_bytes_in_any_row_order_hash_seed_and_process(tmp_path: Path) -> None:
    folder = DATA / "city_300"
    order = sorted(range(300), key=lambda i: hashlib.sha256(str(i).encode()).hexdigest())
    shuffled = shuffled_rows(folder / "candidates.csv", tmp_path / "shuffled.csv", order)
    printed = []
    for number, candidates in enumerate([folder / "candidates.csv", shuffled]):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, folder, candidates, tmp_path / f"out{number}"],
            env={**os.environ, "PYTHONHASHSEED": str(number + 1)},
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 8
