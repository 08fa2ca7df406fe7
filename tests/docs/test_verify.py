"""docs/verify.py as a citizen runs it: on its own, without the library."""

import ast
import csv
import importlib.util
import io
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import town
from mitwirkung.app import solve
from mitwirkung.lottery import randomness
from mitwirkung.lottery.encoding import canonical_json, handle, lot_handle, sha256_hex
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.folder import lottery_content, record_content
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.verification import verify

PATH = Path(__file__).parents[2] / "docs" / "verify.py"
SEED = "Spiel 77: 1234567"


@cache
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_script", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def files() -> dict[str, bytes]:
    facts = Facts.model_validate(
        {
            "seed": {
                "template": "Spiel 77: {digits 7}",
                "fallback": "Lotto: {numbers 6 of 1-49}",
                "earliest": "2026-12-05T19:25:00+01:00",
                "latest": "2026-12-06T12:00:00+01:00",
            }
        }
    )
    record = publication(solve(town()), facts, key=b"k" * 32).draw(SEED)
    return {**lottery_content(record.publication), **record_content(record)}


def folder(path: Path, **changed: bytes) -> Path:
    path.mkdir(exist_ok=True)
    for name in ("lottery", "record-public"):
        data = changed.get(name.replace("-", "_"), files()[f"{name}.json"])
        (path / f"{name}.json").write_bytes(data)
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", PATH, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_it_is_short_and_needs_the_standard_library_alone() -> None:
    source = PATH.read_text("utf-8")
    assert len(source.splitlines()) < 200
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert imported <= sys.stdlib_module_names


def test_an_honest_draw_passes_and_says_whether_it_is_anchored(tmp_path: Path) -> None:
    here = folder(tmp_path)
    assert run(here) == (0, "Verified at the public level: consistent, not anchored.\n")
    assert run(here / "record-public.json")[0] == 0
    commitment = sha256_hex(files()["lottery.json"])
    assert run(here, "--commitment", commitment) == (0, "Verified at the public level: anchored.\n")
    code, said = run(here, "--commitment", "0" * 64)
    assert code == 1
    assert "not the file with that commitment" in said


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_commitment_anchors_nothing(blank: str, tmp_path: Path) -> None:
    """As in the library: what is given is compared."""
    here = folder(tmp_path)
    assert not verify(files()["lottery.json"], files()["record-public.json"], commitment=blank)
    code, said = run(here, "--commitment", blank)
    assert code == 1
    assert "not the file with that commitment" in said


def test_a_receipt_without_positions_proves_ones_own_in_the_first_lot() -> None:
    lottery = json.loads(files()["lottery.json"])
    record = json.loads(files()["record-public.json"])
    rows = list(csv.DictReader(io.StringIO(files()["receipts.csv"].decode())))
    seen = set()
    for row in rows:
        receipt = {"features": json.loads(row["features"]), "mates": row["mates"].split()}
        lot = lot_handle([handle(row["token"]), *receipt["mates"]])
        if any(lot == each["lots"][0] and each["positions"][1:] for each in lottery["classes"]):
            told = list(script().check_token(lottery, record, row["token"], receipt))
            own = sorted([handle(row["token"]), *receipt["mates"]]).index(handle(row["token"])) + 1
            assert f"at ['{own}']" in told[1]
            seen.add(own)
    assert {1, 2} <= seen


def test_every_receipt_proves_class_chance_and_seat(tmp_path: Path) -> None:
    here = folder(tmp_path)
    panel = {row["id"] for row in csv.DictReader(io.StringIO(files()["panel.csv"].decode()))}
    for row in csv.DictReader(io.StringIO(files()["receipts.csv"].decode())):
        receipt = {
            "features": json.loads(row["features"]),
            "mates": row["mates"].split(),
            "positions": row["positions"].split(),
        }
        (tmp_path / "receipt.json").write_text(json.dumps(receipt), "utf-8")
        code, said = run(here, "--token", row["token"], "--features", tmp_path / "receipt.json")
        assert code == 0, said
        assert f"my chance of a seat was {row['chance']}" in said
        if row["id"] in panel:
            assert "my lot has a seat" in said
        elif not receipt["mates"]:
            assert "my lot has no seat" in said


def test_a_wrong_receipt_fails(tmp_path: Path) -> None:
    here = folder(tmp_path)
    row = next(csv.DictReader(io.StringIO(files()["receipts.csv"].decode())))
    right = json.loads(row["features"])
    assert run(here, *written(tmp_path, row["token"], right))[0] == 0
    for token, receipt in [
        ("0" * 32, right),
        (row["token"], {**right, "sex": "other"}),
        (row["token"], {"features": right, "mates": ["0" * 64]}),
        (row["token"], {"features": right, "positions": ["7"]}),
        (row["token"], []),
    ]:
        assert run(here, *written(tmp_path, token, receipt))[0] == 1


def written(path: Path, token: str, receipt: object) -> list[object]:
    (path / "receipt.json").write_text(json.dumps(receipt), "utf-8")
    return ["--token", token, "--features", path / "receipt.json"]


def test_a_wrong_call_is_exit_code_two(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 2
    assert run()[0] == 2
    assert run(folder(tmp_path), "--token", "0" * 32)[0] == 2


def changes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[Any] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [found for k, v in items for found in changes(v, (*path, k))] or [path]


def changed(data: bytes, path: tuple[Any, ...]) -> bytes:
    document = json.loads(data)
    place = document
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = 1 if old is True else old + 1 if isinstance(old, int) else f"{old}x"
    return canonical_json(document)


@pytest.mark.parametrize("name", ["lottery.json", "record-public.json"])
def test_any_single_changed_field_fails(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = folder(tmp_path)
    for path in changes(json.loads(files()[name])):
        (here / name).write_bytes(changed(files()[name], path))
        assert script().main([str(here)]) == 1, path
        assert "WRONG" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["lottery.json", "record-public.json"])
@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"seed":1}', b"[" * 100_000, b'{"a":1e999}']
)
def test_nonsense_fails_without_a_traceback(name: str, data: bytes, tmp_path: Path) -> None:
    here = folder(tmp_path)
    (here / name).write_bytes(data)
    code, said = run(here)
    assert code == 1
    assert "WRONG" in said


@pytest.mark.parametrize("more", [None, "-", 0, "a\nVerified at the public level: anchored."])
def test_a_further_field_fails_and_cannot_forge_the_answer(more: object, tmp_path: Path) -> None:
    here = folder(tmp_path)
    document = json.loads(files()["record-public.json"])
    (here / "record-public.json").write_bytes(canonical_json({**document, str(more): more}))
    code, said = run(here)
    assert code == 1
    assert "\nVerified" not in said


def test_a_receipt_of_nonsense_depth_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert run(folder(tmp_path), "--token", "0" * 32, "--features", tmp_path / "deep.json")[0] == 2


def test_the_same_content_in_other_bytes_fails(tmp_path: Path) -> None:
    here = folder(tmp_path)
    for name in ("lottery.json", "record-public.json"):
        data = files()[name]
        for other in (data + b"\n", data.replace(b'":', b'": ', 1)):
            (here / name).write_bytes(other)
            assert run(here)[0] == 1
        (here / name).write_bytes(data)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda x: x["vectors"].reverse(), "vectors are sorted"),
        (lambda x: x["classes"].reverse(), "classes are sorted"),
        (lambda x: x["vectors"][0].update(weight=1), "weights add up"),
        (lambda x: x["pool"]["leaves"].pop(), "leaves give the digest"),
        (lambda x: x["classes"][0]["lots"].append("f" * 64), "every lot one class"),
        (lambda x: x["vectors"][0]["seats"].pop(), "each vector fills the seats"),
        (lambda x: x["seed"].update(template="Dice: {digits 3}"), "2^20 outcomes"),
        (lambda x: x["seed"].update(template="none {digits 0}: {digits 7}"), "2^20 outcomes"),
        (lambda x: x.update(draw="as we like"), "a hash draws a vector"),
        (lambda x: x.update(seats=5), "each vector fills the seats"),
    ],
)
def test_a_lottery_against_the_rules_is_told_which(change: Any, rule: str) -> None:
    document = json.loads(files()["lottery.json"])
    change(document)
    broken = [sentence for sentence, holds in script().rules_of(document) if not holds]
    assert any(rule in sentence for sentence in broken), broken


TEMPLATES = [
    "Lotto: {numbers 6 of 1-49}",
    "{digits 7}",
    "a.b {digits 4}-{numbers 5 of 0-50} (x)",
    "{numbers 2 of 1-1200} {numbers 2 of 0-1200}",
    "Dice: {dice 5 of 20}",
    "{dice 3 of 6} and {digits 7}",
    "one ball: {numbers 1 of 0-49}",
]


@given(st.sampled_from(TEMPLATES), st.data())
def test_seeds_fit_templates_as_in_the_library(template: str, data: st.DataObject) -> None:
    numbers = st.lists(st.integers(0, 55), min_size=4, max_size=7)
    drawn = data.draw(numbers.map(sorted) | numbers)
    words = " ".join(f"{n:0{data.draw(st.integers(1, 2))}d}" for n in drawn)
    digits = data.draw(st.text("0123456789", min_size=3, max_size=8))
    seed = data.draw(
        st.sampled_from(
            [
                f"Lotto: {words}",
                digits,
                f"a.b {digits[:4]}-{words} (x)",
                words,
                f"Dice: {words}",
                f"{' '.join(digits[:3])} and {digits[:7]}",
                f"one ball: {drawn[0]}",
            ]
        )
    )
    parsed = randomness.parse_template(template)
    ways, base, number = script().examine(template, seed)
    assert (number is not None) == parsed.fits(seed)
    assert ways == parsed.outcomes
    assert (ways == base) == parsed.numbered
    if parsed.numbered and parsed.fits(seed):
        assert number == parsed.number(seed)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "none",
        "{digits x}",
        "{digits 3 of 6}",
        "{dice 3}",
        "{dice 3 of 1-6}",
        "{numbers 3 of 6}",
        "{digits 7",
        "{digits 7} }",
        "none {numbers 0 of 1-5}: {digits 7}",
        "none {digits 00}: {digits 7}",
        "none {dice 0 of 6}: {digits 7}",
        "Lotto\u200b: {digits 7}",
        "{digits 7} ",
        "{}",
    ],
)
def test_what_is_no_template_has_no_outcomes(template: str) -> None:
    assert script().examine(template)[0] == 0
