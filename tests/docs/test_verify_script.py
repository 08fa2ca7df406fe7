"""docs/verify.py against lotteries that are built here, by hand, from the specification alone."""

import ast
import copy
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import unicodedata
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify.py"


def _load():
    spec = importlib.util.spec_from_file_location("verify_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify = _load()
WHOLE = 16**12
SEED = "Lotto 2026-11-21: 3 11 20 31 40 49"
TEMPLATE = "Lotto 2026-11-21: {numbers 6 of 1-49}"


# ---- a builder of its own -------------------------------------------------------------------


def digest(tag, *parts):
    message = tag + "\n"
    for part in parts:
        message += part + "\n"
    return hashlib.sha256(message.encode("utf-8")).hexdigest()


def canon(value):
    """Canonical JSON, written out instead of left to json.dumps."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        short = {
            '"': '\\"',
            "\\": "\\\\",
            "\b": "\\b",
            "\t": "\\t",
            "\n": "\\n",
            "\f": "\\f",
            "\r": "\\r",
        }
        return (
            '"'
            + "".join(short.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value)
            + '"'
        )
    if isinstance(value, list):
        return "[" + ",".join(map(canon, value)) + "]"
    return "{" + ",".join(f"{canon(k)}:{canon(value[k])}" for k in sorted(value)) + "}"


def dump(value):
    return canon(value).encode("utf-8")


class Person:
    def __init__(self, name, features):
        self.token = hashlib.md5(name.encode()).hexdigest()
        self.handle = digest("mitwirkung-handle-1", self.token)
        self.features = features


class Built:
    """A lottery with one vector per way of `ways`, and everything that a receipt says."""

    def __init__(self, lots, ways, weights=None, mode=None, **changes):
        # lots: lists of persons; ways(classes): for each vector {(class, position): number}
        self.people = [person for lot in lots for person in lot]
        by_key = {}
        for members in lots:
            members = sorted(members, key=lambda p: p.handle)
            handle = digest("mitwirkung-lot-1", *[p.handle for p in members])
            key = mode or tuple(sorted(canon(p.features) for p in members))
            by_key.setdefault(key, []).append((handle, members))
        groups = sorted(
            (sorted(group, key=lambda pair: pair[0]) for group in by_key.values()),
            key=lambda group: group[0][0],
        )
        self.classes, self.receipts, leaves = [], {}, []
        for group in groups:
            first = group[0][1]
            positions = [mode] if mode else [str(i + 1) for i in range(len(first))]
            self.classes.append({"lots": [handle for handle, _ in group], "positions": positions})
            for handle, members in group:
                for person in members:
                    mine = (
                        [mode]
                        if mode
                        else [
                            str(i + 1)
                            for i, other in enumerate(first)
                            if other.features == person.features
                        ]
                    )
                    self.receipts[person.token] = {
                        "class": len(self.classes),
                        "lot": handle,
                        "members": members,
                        "features": person.features,
                        "mates": [m.handle for m in members if m is not person],
                        "positions": mine,
                    }
                    leaves.append(
                        digest(
                            "mitwirkung-leaf-1", person.token, group[0][0], canon(person.features)
                        )
                    )
        vectors = []
        for way in ways(self.classes):
            seats = sorted(
                ([n, p, k] for (n, p), k in way.items() if k),
                key=lambda s: (s[0], self.classes[s[0] - 1]["positions"].index(s[1])),
            )
            if seats not in vectors:
                vectors.append(seats)
        vectors.sort(
            key=lambda seats: [
                [n, self.classes[n - 1]["positions"].index(p), k] for n, p, k in seats
            ]
        )
        if weights is None:
            weights = [WHOLE // len(vectors)] * len(vectors)
            weights[0] += WHOLE - sum(weights)
        self.lottery = {
            "format": "mitwirkung-lottery-1",
            "organiser": "Stadt Übersee",
            "event": "Bürgerrat 2026",
            "place": "Amtsblatt 47",
            "attempt": 1,
            "previous": "none",
            "counts": {
                "received": len(self.people) + 3,
                "merged": 1,
                "late": "not stated",
                "refused": {"zu jung": 2},
                "must_include": "not stated",
            },
            "pool": {
                "people": len(self.people),
                "lots": len(lots),
                "leaves": sorted(leaves),
                "digest": digest("mitwirkung-pool-1", *sorted(leaves)),
            },
            "pseudonyms": "protected",
            "seats": sum(s[2] for s in vectors[0]),
            "quotas": {
                "source": "Melderegister",
                "date": "2026-10-01",
                "method": "not stated",
                "features": [
                    {
                        "name": "alter",
                        "quotas": [
                            {"value": "alt", "min": 0, "max": 9},
                            {"value": "jung", "min": 0, "max": 9},
                        ],
                    },
                    {"name": "ort", "quotas": [{"value": "Süd", "min": 1, "max": 1}]},
                ],
            },
            "strategy": {
                "name": "leximin",
                "version": "1",
                "settings": {"a": [1, {"b": None}], "slack": "0"},
                "promises": ["households", "optimality", "quotas"],
                "certificate": {"optimal": True, "gap": "0.000000000000"},
            },
            "classes": self.classes,
            "vectors": [{"seats": s, "weight": w} for s, w in zip(vectors, weights, strict=True)],
            "draw": "hash",
            "seed": {
                "source": "Lotto 6 aus 49",
                "template": TEMPLATE,
                "earliest": "2026-11-21T19:00+01:00",
                "latest": "2026-11-22T00:00+01:00",
                "fallback": "Würfel {digits 10}",
                "known": False,
            },
            "replacement": {"rule": "own lottery", "schedule": "not stated"},
            "software": {"mitwirkung": "1.0", "highspy": "1.15"},
        }
        for path, value in changes.items():
            place, *keys = path.split("__")
            target = self.lottery
            for key in [place, *keys][:-1]:
                target = target[key]
            target[[place, *keys][-1]] = value

    @property
    def data(self):
        return dump(self.lottery)

    def naive(self, seed, committed=True):
        """The record, drawn the slow way: every ticket range and every rank written out."""
        c = hashlib.sha256(self.data).hexdigest()
        number = digest("mitwirkung-draw-1", c, seed)[0:12]
        r, low, drawn = int(number, 16), 0, None
        for index, vector in enumerate(self.lottery["vectors"]):
            if low <= r < low + vector["weight"]:
                drawn = index
            low += vector["weight"]
        seats = []
        for index, own in enumerate(self.classes):
            ranked = sorted((digest("mitwirkung-rank-1", c, seed, lot), lot) for lot in own["lots"])
            row = []
            for position in own["positions"]:
                for n, p, k in self.lottery["vectors"][drawn]["seats"]:
                    if n == index + 1 and p == position:
                        row += [position] * k
            seats += [
                {"lot": lot, "position": position}
                for (_, lot), position in zip(ranked, row, strict=False)
            ]
        return dump(
            {
                "format": "mitwirkung-record-public-1",
                "event": self.lottery["event"],
                "attempt": self.lottery["attempt"],
                "lottery": c,
                "seed": seed,
                "committed": committed,
                "number": number,
                "vector": drawn + 1,
                "seats": seats,
            }
        )

    def holders(self, seed):
        """Tokens of all who hold a seat, by the rules of the section Seats."""
        record = json.loads(self.naive(seed))
        held = []
        for seat in record["seats"]:
            members = next(r["members"] for r in self.receipts.values() if r["lot"] == seat["lot"])

            def rank(what, lot=seat["lot"]):
                return digest("mitwirkung-rank-1", record["lottery"], seed, lot, what)

            if seat["position"] == "all":
                held += [m.token for m in members]
            elif seat["position"] == "any":
                held.append(min(members, key=lambda m: rank(m.handle)).token)
            else:
                alike = [
                    m for m in members if seat["position"] in self.receipts[m.token]["positions"]
                ]
                order = sorted(self.receipts[alike[0].token]["positions"], key=rank)
                assert len(order) == len(alike)
                held.append(dict(zip(order, alike, strict=False))[seat["position"]].token)
        return held

    def chance(self, token):
        receipt = self.receipts[token]
        own = self.classes[receipt["class"] - 1]
        total = Fraction(0)
        for vector in self.lottery["vectors"]:
            for n, p, k in vector["seats"]:
                if n == receipt["class"] and p in receipt["positions"]:
                    total += Fraction(vector["weight"], WHOLE) * Fraction(k, len(own["lots"]))
        return total / (
            len(receipt["members"])
            if receipt["positions"] == ["any"]
            else len(receipt["positions"])
        )

    def file(self, token, **changes):
        receipt = self.receipts[token]
        return json.dumps(
            {k: receipt[k] for k in ("features", "mates", "positions")} | changes
        ).encode()


OLD, YOUNG = {"alter": "alt", "ort": "Süd"}, {"alter": "jung", "ort": None}
OTHER = {"alter": 'mit "Zeichen" \\ \u0007\n\u2028', "ort": "Nord"}


def classic_lots():
    """Singles, couples who differ, twins, and households of three, of whom two answered alike."""
    return (
        [[Person(f"o{i}", OLD)] for i in range(3)]
        + [[Person(f"y{i}", YOUNG)] for i in range(4)]
        + [[Person(f"c{i}", OLD), Person(f"d{i}", YOUNG)] for i in range(3)]
        + [[Person(f"t{i}", OLD), Person(f"u{i}", OLD)] for i in range(2)]
        + [
            [Person(f"a{i}", YOUNG), Person(f"b{i}", OTHER), Person(f"e{i}", YOUNG)]
            for i in range(4)
        ]
    )


def classic_ways(classes):
    """Each class's first position once; each one's last; four from the households of three."""
    yield {(n, c["positions"][0]): 1 for n, c in enumerate(classes, 1)}
    yield {(n, c["positions"][-1]): 1 for n, c in enumerate(classes, 1)}
    three = next(n for n, c in enumerate(classes, 1) if len(c["positions"]) == 3)
    yield {(three, "1"): 1, (three, "2"): 2, (three, "3"): 1} | {
        (n, "1"): 1 for n in [m for m in range(1, 6) if m != three][:1]
    }


def classic(**changes):
    return Built(classic_lots(), classic_ways, **changes)


@pytest.fixture(scope="module")
def built():
    return classic()


@pytest.fixture
def folder(built, tmp_path):
    (tmp_path / "lottery.json").write_bytes(built.data)
    (tmp_path / "record-public.json").write_bytes(built.naive(SEED))
    return tmp_path


def run(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done


def problems_of(lottery, record):
    return verify.check_lottery(lottery) or verify.check_record(lottery, record)


# ---- the script itself ----------------------------------------------------------------------


def test_script_is_short_and_needs_only_the_standard_library():
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) < 200
    for node in ast.walk(ast.parse(text)):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        assert all(name.split(".")[0] in sys.stdlib_module_names for name in names)
    assert "mitwirkung" not in sys.modules or verify.__spec__.origin == str(SCRIPT)
    assert not re.search(r"^\s*(import|from)\s+mitwirkung", text, re.M)


# ---- level public ---------------------------------------------------------------------------


def test_valid_lottery_passes_and_equals_the_naive_draw(built):
    said = []
    assert verify.check_lottery(built.data, said.append) == []
    assert len(said) > 15
    assert len(built.lottery["vectors"]) == 3
    vectors, seats = set(), set()
    for i in range(60):
        seed = f"Lotto 2026-11-21: 3 11 20 31 {32 + i % 9} {41 + i % 9}"
        record = verify.rebuild_record(built.data, seed)
        assert record == built.naive(seed)
        assert verify.check_record(built.data, record) == []
        vectors.add(json.loads(record)["vector"])
        seats |= {(s["lot"], s["position"]) for s in json.loads(record)["seats"]}
    assert vectors == {1, 2, 3}
    assert len(seats) > 20


def test_command(folder, built):
    c = hashlib.sha256(built.data).hexdigest()
    plain = run(folder)
    assert plain.returncode == 0
    assert "consistent, not anchored" in plain.stdout
    assert "level reached: public" in plain.stdout
    assert c in plain.stdout
    by_file = run(folder / "record-public.json", "--commitment", c.upper())
    assert by_file.returncode == 0
    assert "anchored" in by_file.stdout
    assert "not anchored" not in by_file.stdout
    wrong = run(folder, "--commitment", "0" * 64)
    assert wrong.returncode == 1
    assert "commitment" in wrong.stdout
    assert "level reached: none" in wrong.stdout
    ascii_terminal = run(folder, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert ascii_terminal.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--commitment", "abc"],
        ["nowhere"],
        [".", "--token", "0" * 32],
        [".", "--features", "x"],
        [".", "--token", "xyz", "--features", "record-public.json"],
        [".", "--token", "0" * 32, "--features", "nowhere"],
        [".", "--commitment", ""],
        [".", "--unknown"],
        ["empty"],
    ],
)
def test_unusable_arguments(folder, arguments, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr


def leaves_of(value, path=()):
    if isinstance(value, dict):
        for key in value:
            yield from leaves_of(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves_of(item, (*path, index))
    else:
        yield path


def nodes_of(value, path=()):
    yield path
    for key, item in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        yield from nodes_of(item, (*path, key))


def get(value, path):
    for key in path:
        value = value[key]
    return value


def put(value, path, new):
    value = copy.deepcopy(value)
    if not path:
        return new
    get(value, path[:-1])[path[-1]] = new
    return value


def changed(leaf):
    if isinstance(leaf, bool):
        return not leaf
    if leaf is None:
        return "now"
    if isinstance(leaf, int):
        return leaf + 1
    if re.fullmatch("[0-9a-f]{12,}", leaf):
        return leaf[:-1] + ("0" if leaf[-1] != "0" else "1")
    return leaf + "x"


def test_any_changed_leaf_differs(built):
    record = built.naive(SEED)
    for path in leaves_of(built.lottery):
        data = dump(put(built.lottery, path, changed(get(built.lottery, path))))
        problems = problems_of(data, record)
        assert problems, path
        assert all(isinstance(p, str) and len(p) > 8 for p in problems), path
    parsed = json.loads(record)
    for path in leaves_of(parsed):
        problems = problems_of(built.data, dump(put(parsed, path, changed(get(parsed, path)))))
        assert problems, path
        if path[0] != "seed":
            assert repr(path[0]) in problems[0], (path, problems)


def test_any_missing_or_further_field_differs(built):
    record = json.loads(built.naive(SEED))
    free = [("strategy", "settings"), ("counts", "refused"), ("software",)]
    for document, check in (
        (built.lottery, verify.check_lottery),
        (record, lambda data: verify.check_record(built.data, data)),
    ):
        for path in nodes_of(document):
            node = get(document, path)
            if not isinstance(node, dict) or any(path[: len(f)] == f for f in free):
                continue
            for added in ("a", "promises2", "settings2", "t", "z", "zz"):
                for value in ({}, "", 0, None):
                    assert check(dump(put(document, path, node | {added: value}))), (path, added)
            for key in node:
                assert check(
                    dump(put(document, path, {k: v for k, v in node.items() if k != key}))
                ), (path, key)


def test_command_fails_with_a_reason(folder, built):
    for name, path in (
        ("lottery.json", ("pool", "digest")),
        ("lottery.json", ("place",)),
        ("record-public.json", ("seats", 0, "lot")),
        ("record-public.json", ("committed",)),
    ):
        original = (folder / name).read_bytes()
        parsed = json.loads(original)
        (folder / name).write_bytes(dump(put(parsed, path, changed(get(parsed, path)))))
        done = run(folder)
        assert done.returncode == 1
        assert ", not so: " in done.stdout
        assert "level reached: none" in done.stdout
        (folder / name).write_bytes(original)
    assert run(folder).returncode == 0


RULES = [  # (what, change of the lottery): each breaks one rule, so that no record could save it
    ("format", lambda v: v.update(format="mitwirkung-lottery-2")),
    ("attempt 0", lambda v: v.update(attempt=0)),
    ("attempt true", lambda v: v.update(attempt=True)),
    ("attempt 2, none before", lambda v: v.update(attempt=2)),
    ("attempt 1, one before", lambda v: v.update(previous="0" * 64)),
    ("previous short", lambda v: v.update(attempt=2, previous="0" * 63)),
    ("previous uppercase", lambda v: v.update(attempt=2, previous="A" * 64)),
    ("previous not stated", lambda v: v.update(attempt=2, previous="not stated")),
    ("count negative", lambda v: v["counts"].update(received=-1)),
    ("count none", lambda v: v["counts"].update(merged=None)),
    ("count a bool", lambda v: v["counts"].update(merged=False)),
    ("count a text", lambda v: v["counts"].update(merged="3")),
    ("refused a number", lambda v: v["counts"].update(refused=3)),
    ("refused not counted", lambda v: v["counts"].update(refused={"x": "y"})),
    ("people", lambda v: v["pool"].update(people=v["pool"]["people"] + 1)),
    ("lots", lambda v: v["pool"].update(lots=v["pool"]["lots"] - 1)),
    ("leaves unsorted", lambda v: v["pool"]["leaves"].reverse()),
    (
        "leaf uppercase",
        lambda v: v["pool"]["leaves"].__setitem__(0, v["pool"]["leaves"][0].upper()),
    ),
    (
        "a leaf twice",
        lambda v: (
            v["pool"]["leaves"].__setitem__(1, v["pool"]["leaves"][0]),
            v["pool"].update(digest=digest("mitwirkung-pool-1", *v["pool"]["leaves"])),
        ),
    ),
    (
        "a leaf less",
        lambda v: (
            v["pool"]["leaves"].pop(),
            v["pool"].update(digest=digest("mitwirkung-pool-1", *v["pool"]["leaves"])),
        ),
    ),
    (
        "a leaf less, counted so",
        lambda v: (
            v["pool"]["leaves"].pop(),
            v["pool"].update(
                people=v["pool"]["people"] - 1,
                digest=digest("mitwirkung-pool-1", *v["pool"]["leaves"]),
            ),
        ),
    ),
    ("digest", lambda v: v["pool"].update(digest="0" * 64)),
    ("pseudonyms", lambda v: v.update(pseudonyms="unprotected")),
    ("seats", lambda v: v.update(seats=v["seats"] + 1)),
    ("seats 0", lambda v: v.update(seats=0)),
    ("features unsorted", lambda v: v["quotas"]["features"].reverse()),
    ("feature twice", lambda v: v["quotas"]["features"].append(v["quotas"]["features"][-1])),
    ("values unsorted", lambda v: v["quotas"]["features"][0]["quotas"].reverse()),
    (
        "value twice",
        lambda v: v["quotas"]["features"][0]["quotas"].append(
            v["quotas"]["features"][0]["quotas"][1]
        ),
    ),
    ("min over max", lambda v: v["quotas"]["features"][0]["quotas"][1].update(min=10)),
    ("min a bool", lambda v: v["quotas"]["features"][0]["quotas"][1].update(min=True)),
    ("max none", lambda v: v["quotas"]["features"][0]["quotas"][1].update(max=None)),
    ("value null", lambda v: v["quotas"]["features"][0]["quotas"][0].update(value=None)),
    ("settings a list", lambda v: v["strategy"].update(settings=[])),
    ("settings a text", lambda v: v["strategy"].update(settings="{}")),
    ("promises unsorted", lambda v: v["strategy"]["promises"].reverse()),
    ("promise twice", lambda v: v["strategy"].update(promises=["a", "a"])),
    (
        "certificate 1",
        lambda v: v["strategy"].update(certificate={"optimal": 1, "gap": "0.000000000000"}),
    ),
    (
        "certificate false",
        lambda v: v["strategy"].update(certificate={"optimal": False, "gap": "0.000000000000"}),
    ),
    (
        "certificate gap",
        lambda v: v["strategy"].update(certificate={"optimal": True, "gap": "0.000000000001"}),
    ),
    (
        "certificate mixed",
        lambda v: v["strategy"].update(certificate={"optimal": True, "gap": "not promised"}),
    ),
    ("classes unsorted", lambda v: v["classes"].reverse()),
    ("lots unsorted", lambda v: v["classes"][big(v)]["lots"].reverse()),
    ("no lots", lambda v: v["classes"][0].update(lots=[])),
    (
        "lot in two classes",
        lambda v: v["classes"][0].update(
            lots=sorted({*v["classes"][0]["lots"], v["classes"][1]["lots"][-1]})
        ),
    ),
    (
        "lot twice",
        lambda v: v["classes"][big(v)]["lots"].__setitem__(1, v["classes"][big(v)]["lots"][0]),
    ),
    ("no positions", lambda v: v["classes"][0].update(positions=[])),
    ("positions x throughout", lambda v: renamed(v, "x")),
    ("positions 2 throughout", lambda v: renamed(v, "2")),
    ("positions from 0", lambda v: v["classes"][0].update(positions=["0"])),
    ("positions with a gap", lambda v: v["classes"][big(v)].update(positions=["1", "2", "4"])),
    ("positions unsorted", lambda v: v["classes"][big(v)]["positions"].reverse()),
    ("positions mixed", lambda v: v["classes"][0].update(positions=["1", "any"])),
    ("position a number", lambda v: v["classes"][0].update(positions=[1])),
    ("no classes", lambda v: v.update(classes=[])),
    ("no vectors", lambda v: v.update(vectors=[])),
    ("vectors unsorted", lambda v: v["vectors"].reverse()),
    ("vector twice", lambda v: v["vectors"].__setitem__(1, v["vectors"][0])),
    ("seats of a vector unsorted", lambda v: v["vectors"][0]["seats"].reverse()),
    ("weights below 16^12", lambda v: v["vectors"][0].update(weight=v["vectors"][0]["weight"] - 1)),
    ("weights above 16^12", lambda v: v["vectors"][0].update(weight=v["vectors"][0]["weight"] + 1)),
    (
        "weight 0",
        lambda v: (
            v["vectors"][1].update(weight=v["vectors"][1]["weight"] + v["vectors"][0]["weight"]),
            v["vectors"][0].update(weight=0),
        ),
    ),
    (
        "weight negative",
        lambda v: (
            v["vectors"][1].update(weight=v["vectors"][1]["weight"] + 2 * WHOLE),
            v["vectors"][0].update(weight=v["vectors"][0]["weight"] - 2 * WHOLE),
        ),
    ),
    ("class 0", lambda v: v["vectors"][0]["seats"][0].__setitem__(0, 0)),
    ("class -1", lambda v: v["vectors"][0]["seats"][0].__setitem__(0, -1)),
    ("class 6", lambda v: v["vectors"][0]["seats"][-1].__setitem__(0, 6)),
    ("class true", lambda v: v["vectors"][0]["seats"][0].__setitem__(0, True)),
    ("position unknown", lambda v: v["vectors"][0]["seats"][0].__setitem__(1, "9")),
    ("number 0", lambda v: v["vectors"][0]["seats"][0].__setitem__(2, 0)),
    ("number negative", lambda v: v["vectors"][0]["seats"][0].__setitem__(2, -1)),
    ("seat of four", lambda v: v["vectors"][0]["seats"][0].append(1)),
    ("seat of two", lambda v: v["vectors"][0]["seats"][0].pop()),
    ("pair twice", lambda v: v["vectors"][0]["seats"].__setitem__(1, v["vectors"][0]["seats"][0])),
    (
        "more than the lots",
        lambda v: v["vectors"].__setitem__(
            slice(None), [{"seats": [[small(v) + 1, "1", 5]], "weight": WHOLE}]
        ),
    ),
    ("draw", lambda v: v.update(draw="number")),
    ("known a text", lambda v: v["seed"].update(known="false")),
    ("known 0", lambda v: v["seed"].update(known=0)),
    ("template without placeholder", lambda v: v["seed"].update(template="Lotto")),
    ("fallback with a stray brace", lambda v: v["seed"].update(fallback="{digits 10} {x}")),
    ("fallback empty", lambda v: v["seed"].update(fallback="")),
    ("template too small", lambda v: v["seed"].update(template="{digits 6}")),
    (
        "template too small, two",
        lambda v: v["seed"].update(template="{digits 3} {numbers 1 of 1-1000}"),
    ),
    (
        "more numbers than there are",
        lambda v: v["seed"].update(template="{digits 9} {numbers 7 of 1-6}"),
    ),
    ("range upside down", lambda v: v["seed"].update(template="{digits 9} {numbers 1 of 9-1}")),
    ("only one outcome", lambda v: v["seed"].update(template="{numbers 49 of 1-49}")),
    ("nothing asked", lambda v: v["seed"].update(template="{digits 0}{digits 9}")),
    ("leading zero", lambda v: v["seed"].update(template="{digits 09}")),
    ("nonsense", lambda v: v["seed"].update(template="{digits " + "9" * 5000 + "}")),
    (
        "two ways to read",
        lambda v: v["seed"].update(template="{numbers 6 of 1-49}{numbers 6 of 1-49}"),
    ),
    ("rule none", lambda v: v["replacement"].update(rule=None)),
    ("software a text", lambda v: v.update(software="mitwirkung")),
    ("software a number", lambda v: v["software"].update(mitwirkung=1)),
    ("organiser none", lambda v: v.update(organiser=None)),
    ("not NFC", lambda v: v.update(organiser="U\u0308bersee")),
    ("not NFC in settings", lambda v: v["strategy"].update(settings={"a": ["x", {"U\u0308": 1}]})),
    ("not NFC behind an escape", lambda v: v.update(organiser="\nU\u0308")),
]


def renamed(v, position):
    for own in v["classes"]:
        if own["positions"] == ["1"]:
            own["positions"] = [position]
    for vector in v["vectors"]:
        for seat in vector["seats"]:
            if v["classes"][seat[0] - 1]["positions"] == [position]:
                seat[1] = position


def big(v):
    return next(i for i, c in enumerate(v["classes"]) if len(c["positions"]) == 3)


def small(v):
    return next(
        i for i, c in enumerate(v["classes"]) if len(c["lots"]) < 5 and len(c["positions"]) == 1
    )


@pytest.mark.parametrize("change", [c for _, c in RULES], ids=[w for w, _ in RULES])
def test_each_rule_of_the_form(built, change):
    lottery = copy.deepcopy(built.lottery)
    change(lottery)
    assert dump(lottery) != built.data
    problems = verify.check_lottery(dump(lottery))
    assert problems
    assert re.match(r"[\w.-]+, (not so|cannot be used): .{9}", problems[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"attempt": 2, "previous": "a" * 64},
        {"pseudonyms": "not protected"},
        {"software": {}},
        {
            "counts__received": "not stated",
            "counts__refused": "not stated",
            "counts__must_include": {},
            "counts__late": 0,
        },
        {
            "strategy__certificate": {"optimal": "not promised", "gap": "not promised"},
            "strategy__promises": [],
        },
        {"quotas__features": []},
        {"seed__template": "not stated"},
        {"seed__fallback": "not stated", "seed__known": True},
        {"seed__template": "{numbers 3 of 0-99} {numbers 1 of 1-11}"},
        {"organiser": "\n\u0301 und \x07\u0301"},
        {"strategy__settings": {}},
        {"strategy__settings": {"version": "}", "deep": [[[[{"version": '"}'}]]]]}},
        {"seed__template": "{digits 1000000} x{numbers 5 of 1-" + "9" * 300 + "}"},
        {"organiser": ""},
    ],
)
def test_lotteries_that_are_as_good(changes):
    built = classic(**changes)
    assert verify.check_lottery(built.data) == []
    committed = not {"seed__template", "seed__fallback"} & set(changes)
    if "seed__template" in changes and changes["seed__template"] != "not stated":
        assert json.loads(verify.rebuild_record(built.data, SEED))["committed"] is False
    assert verify.rebuild_record(built.data, SEED) == built.naive(SEED, committed)


@pytest.mark.parametrize(
    ("seed", "template", "fitting"),
    [
        (SEED, TEMPLATE, True),
        ("Lotto 2026-11-21: 3 11 20 31 49 40", TEMPLATE, False),
        ("Lotto 2026-11-21: 3 11 20 31 40 50", TEMPLATE, False),
        ("Lotto 2026-11-21: 0 11 20 31 40 49", TEMPLATE, False),
        ("Lotto 2026-11-21: 03 11 20 31 40 49", TEMPLATE, False),
        ("Lotto 2026-11-21: 3 3 20 31 40 49", TEMPLATE, False),
        ("Lotto 2026-11-21: 3 11 20 31 40", TEMPLATE, False),
        (SEED + " 50", TEMPLATE, False),
        (SEED[1:], TEMPLATE, False),
        ("Lotto 2026-11-21: 3  11 20 31 40 49", TEMPLATE, False),
        ("Lotto 2026-11-21: 3 11 20 31 40 4٩", TEMPLATE, False),
        ("0000000", "{digits 7}", True),
        ("000000", "{digits 7}", False),
        ("00000000", "{digits 7}", False),
        ("000000٣", "{digits 7}", False),
        ("a.b 1234567", "a.b {digits 7}", True),
        ("axb 1234567", "a.b {digits 7}", False),
        ("0 5 9 zusatz 0", "{numbers 3 of 0-9} zusatz {digits 1}", True),
        ("1 2 34", "{numbers 3 of 1-9}{digits 1}", True),
        ("1 2 310", "{numbers 3 of 1-100}0", True),
        ("1 2 3" + "4" * 6000, "{numbers 3 of 1-100}", False),
        ("1 2 3 4", "{numbers 2 of 1-9} {numbers 2 of 1-9}", True),
        ("1 2 3", "{numbers 99999999999 of 1-999999999999}", False),
    ],
)
def test_seeds_and_templates(seed, template, fitting):
    assert verify.fits(seed, template) is fitting


@pytest.mark.parametrize(
    "seed",
    [
        "",
        " 1",
        "1 ",
        "1\n2",
        "1\x7f",
        "\x85x",
        "x\x00",
        None,
        7,
        True,
        ["x"],
        {"x": 1},
        "\u0308 U\u0308",
    ],
)
def test_unusable_seeds(built, seed):
    if seed != "\u0308 U\u0308":
        with pytest.raises(ValueError, match="seed"):
            verify.rebuild_record(built.data, seed)
    parsed = json.loads(built.naive(SEED)) | {"seed": seed}
    problems = verify.check_record(built.data, dump(parsed))
    assert problems
    assert re.match(r"[\w.-]+, (not so|cannot be used): .{9}", problems[0])


@pytest.mark.parametrize("seed", ["Würfel 0123456789", "Würfel 012345678", "ganz anders", "3"])
def test_committed_is_derived(built, seed):
    record = verify.rebuild_record(built.data, seed)
    assert record == built.naive(seed, committed=seed == "Würfel 0123456789")
    assert verify.check_record(built.data, record) == []
    turned = json.loads(record)
    assert verify.check_record(built.data, dump(turned | {"committed": not turned["committed"]}))
    assert verify.check_record(built.data, dump(turned | {"committed": int(turned["committed"])}))


def test_uncommitted_for_each_reason():
    for changes in (
        {"seed__known": True},
        {"seed__earliest": "not stated"},
        {"seed__latest": "not stated"},
        {"seed__fallback": "not stated"},
        {"seed__template": "not stated"},
    ):
        built = classic(**changes)
        assert verify.rebuild_record(built.data, SEED) == built.naive(SEED, committed=False)


# ---- bytes ----------------------------------------------------------------------------------


def malformed(good):
    yield from (
        b"",
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"1",
        b'"x"',
        b"\xff\xfe",
        b"\xef\xbb\xbf" + good,
        good + b"\n",
        good + b" ",
        b" " + good,
        good[:-1],
        good[:200],
        good + good,
        b"[" * 100000,
        b'{"a":' * 100000,
        b"9" * 10000,
        b"NaN",
        b'{"a":1e999}',
        b"\x00" * 50,
        os.urandom(3000),
    )
    text = good.decode()
    yield text.replace(",", ", ", 1).encode()
    yield text.replace(":", ": ", 1).encode()
    yield text.encode("utf-16")
    yield text.encode("latin-1", errors="replace")
    yield json.dumps(json.loads(good)).encode()
    yield json.dumps(json.loads(good), indent=1, ensure_ascii=False, sort_keys=True).encode()
    yield text.replace('"event":', '"event":"doppelt","event":', 1).encode()
    yield text.replace('"attempt":1', '"attempt":1.0', 1).encode()
    yield text.replace('"attempt":1', '"attempt":1e0', 1).encode()
    yield text.replace('"attempt":1', '"attempt":01', 1).encode()
    yield text.replace('"attempt":1', '"attempt":-0', 1).encode()
    yield text.replace('"attempt":1', '"attempt":NaN', 1).encode()
    yield text.replace('"attempt":1', '"attempt":' + "1" * 5000, 1).encode()
    yield text.replace("Bürgerrat", "B\\u00fcrgerrat", 1).encode()
    yield text.replace("Bürgerrat", "Bu\u0308rgerrat", 1).encode()
    yield text.replace("Bürgerrat", "\\ud800", 1).encode()
    yield text.replace("Bürgerrat", "B\\/", 1).encode()


def test_malformed_bytes_have_a_reason(built):
    record = built.naive(SEED)
    for data in malformed(built.data):
        assert data != built.data
        problems = verify.check_lottery(data)
        assert problems, data[:50]
        assert len(problems[0]) > 15, data[:50]
    for data in malformed(record):
        assert data != record
        problems = verify.check_record(built.data, data)
        assert problems, data[:50]
        assert len(problems[0]) > 15, data[:50]


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 50000, b'{"a":1,"a":1}', b"{} ", b'{"seed":7}', os.urandom(999)]
)
def test_command_on_malformed_files(folder, data):
    (folder / "record-public.json").write_bytes(data)
    done = run(folder)
    assert done.returncode == 1
    assert re.search(", (not so|cannot be used): ", done.stdout)
    (folder / "lottery.json").write_bytes(data)
    done = run(folder)
    assert done.returncode == 1
    assert re.search(", (not so|cannot be used): ", done.stdout)


def test_fraction_in_the_settings_is_refused(built):
    data = built.data.replace(b'"slack":"0"', b'"slack":0.5')
    assert data != built.data
    assert verify.check_lottery(data)


def test_output_cannot_be_forged(tmp_path):
    built = classic(event="x\nlevel reached: token", organiser="\x1b[2K")
    (tmp_path / "lottery.json").write_bytes(built.data)
    (tmp_path / "record-public.json").write_bytes(built.naive(SEED))
    done = run(tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("level")] == [
        "level reached: public"
    ]


NONSENSE = [
    None,
    True,
    False,
    0,
    1,
    -1,
    10**30,
    10**4000,
    "",
    "x",
    "1",
    "any",
    "not stated",
    [],
    {},
    [[]],
    [{}],
    {"": ""},
    [1, "1", 1],
    ["1"],
    "0" * 64,
    [["a"]],
    {"lots": [], "positions": []},
]


def test_nonsense_at_every_node_never_raises(built):
    record = json.loads(built.naive(SEED))
    seen = set()
    for path in nodes_of(built.lottery):
        kind = tuple("*" if isinstance(step, int) else step for step in path)
        if kind in seen and len(path) > 2:
            continue
        seen.add(kind)
        for value in NONSENSE:
            data = dump(put(built.lottery, path, value))
            if data != built.data:
                assert problems_of(data, dump(record)), (path, value)
    for path in nodes_of(record):
        for value in NONSENSE:
            data = dump(put(record, path, value))
            if data != dump(record):
                assert problems_of(built.data, data), (path, value)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(["not stated", "1", "any", "0" * 64]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_values_never_raise(data):
    built = classic()
    lottery = built.lottery
    for _ in range(data.draw(st.integers(1, 3))):
        lottery = put(
            lottery,
            data.draw(st.sampled_from(sorted(nodes_of(lottery), key=str))),
            data.draw(json_values),
        )
        if not isinstance(lottery, dict):
            break
    file = dump(lottery)
    if verify.check_lottery(file) == []:
        verify.rebuild_record(file, SEED)  # what was found good can be drawn
        assert unicodedata.is_normalized("NFC", canon(lottery).replace("\\", " "))
    assert file == built.data or problems_of(file, built.naive(SEED))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data):
    assert verify.check_lottery(data)
    assert verify.check_record(classic().data, data)


# ---- level token ----------------------------------------------------------------------------


def told(built, token, file, seed=SEED):
    said = []
    problems = verify.check_token(built.data, seed, token, file, say=said.append)
    return problems, "\n".join(said)


def test_every_applicant_finds_class_chance_and_seat(built):
    perhaps = 0
    for i in range(25):
        seed = (
            f"Lotto 2026-11-21: 3 11 20 31 32 {33 + i % 16}"
            if i < 16
            else f"Würfel 000000000{i - 16}"
        )
        record = json.loads(built.naive(seed))
        holders = built.holders(seed)
        assert len(holders) == len(set(holders)) == built.lottery["seats"]
        for token, receipt in built.receipts.items():
            problems, text = told(built, token, built.file(token), seed)
            assert problems == []
            assert f"I was in class {receipt['class']};" in text
            chance = built.chance(token)
            assert f"my chance was {chance} = " in text
            assert abs(
                Fraction(re.search(r" = ([01]\.[0-9]{12})$", text, re.M)[1]) - chance
            ) <= Fraction(1, 2 * 10**12)
            seat = [s["position"] for s in record["seats"] if s["lot"] == receipt["lot"]]
            assert (
                f"my lot has a seat, in position {seat[0]};" if seat else "my lot has no seat;"
            ) in text
            answer = re.search(r"do I hold one myself\? (\w+)", text)[1]
            assert answer in ({"yes", "perhaps"} if token in holders else {"no", "perhaps"})
            if (
                answer == "perhaps"
            ):  # only where two of three answered alike, and not in the class's first lot
                perhaps += 1
                own = built.classes[receipt["class"] - 1]
                assert len(receipt["positions"]) == 2
                assert len(receipt["members"]) == 3
                assert receipt["lot"] != own["lots"][0]
    assert perhaps


@pytest.mark.parametrize("mode", ["any", "all"])
def test_any_and_all(mode):
    built = Built(classic_lots(), lambda classes: [{(1, mode): 4}], mode=mode)
    assert verify.check_lottery(built.data) == []
    assert verify.rebuild_record(built.data, SEED) == built.naive(SEED)
    holders = built.holders(SEED)
    for token, receipt in built.receipts.items():
        problems, text = told(built, token, built.file(token))
        assert problems == []
        assert f"my chance was {built.chance(token)} = " in text
        assert f"do I hold one myself? {'yes' if token in holders else 'no'}" in text
        if not receipt["mates"]:
            assert told(built, token, json.dumps(receipt["features"]).encode()) == (problems, text)
    few = put(built.lottery, ("pool", "leaves"), built.lottery["pool"]["leaves"][:3])
    few["pool"] |= {"people": 3, "digest": digest("mitwirkung-pool-1", *few["pool"]["leaves"])}
    assert verify.check_lottery(dump(few))


def receipt_of(built, people, alike=None):
    return next(
        (token, r)
        for token, r in built.receipts.items()
        if len(r["members"]) == people and (alike is None or len(r["positions"]) == alike)
    )


def test_wrong_token_answers_or_mates(built):
    for people, alike in ((1, 1), (2, 1), (2, 2), (3, 1), (3, 2)):
        token, receipt = receipt_of(built, people, alike)
        other = next(t for t, r in built.receipts.items() if r["class"] != receipt["class"])
        assert told(built, token, built.file(token))[0] == []
        assert told(built, other, built.file(token))[0]
        assert told(built, "0" * 32, built.file(token))[0]
        for features in (
            receipt["features"] | {"alter": "uralt"},
            receipt["features"] | {"x": None},
            {"alter": None},
            {},
        ):
            assert told(built, token, built.file(token, features=features))[0]
        for mates in (
            [*receipt["mates"], "0" * 64],
            receipt["mates"][1:] if people > 1 else ["1" * 64],
            [receipt["members"][0].handle] * people,
            ["x"],
            [None],
            "x",
            None,
            {},
        ):
            assert told(built, token, built.file(token, mates=mates))[0]
        for positions in (["9"], ["1", "1"], [1], "1", None, {}, [*receipt["positions"], "any"]):
            assert told(built, token, built.file(token, positions=positions))[0], positions
        assert bool(told(built, token, built.file(token, positions=[]))[0]) is (people > 1)
        if people > 1:
            assert told(built, token, json.dumps(receipt["features"]).encode())[
                0
            ]  # the answers without the mates
        else:
            assert told(built, token, json.dumps(receipt["features"]).encode())[0] == []


def test_class_with_fewer_positions_than_members_is_noticed(built):
    """Possible in a lottery that also has a class "any": its people cannot be counted in public."""
    for token, receipt in built.receipts.items():
        lottery = copy.deepcopy(built.lottery)
        if len(receipt["members"]) == 1:
            continue
        lottery["classes"][receipt["class"] - 1]["positions"] = ["1"]
        data = dump(lottery)
        assert verify.check_token(data, SEED, token, built.file(token, positions=["1"]))
        assert verify.check_token(data, SEED, token, built.file(token))


def test_wrong_answers_or_a_wrong_mate_of_anyone(built):
    for token, receipt in built.receipts.items():
        features = receipt["features"] | {"alter": "uralt"}
        assert told(built, token, built.file(token, features=features))[0]
        if receipt["mates"]:
            mates = ["0" * 64, *receipt["mates"][1:]]
            assert told(built, token, built.file(token, mates=mates))[0]


def test_positions_of_someone_else_are_noticed_in_the_first_lot(built):
    for token, receipt in built.receipts.items():
        own = built.classes[receipt["class"] - 1]
        rest = [p for p in own["positions"] if p not in receipt["positions"]]
        if receipt["lot"] == own["lots"][0] and rest:
            assert told(built, token, built.file(token, positions=rest))[0]


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"\xff",
        b"[" * 50000,
        b'{"features":{"a":1}}',
        b'{"a":1.5}',
        b'{"a":[]}',
        b'{"features":{},"mates":[],"positions":[],"more":1}',
        b'{"a":"\\ud800"}',
        b'{"a":true}',
    ],
)
def test_malformed_receipts(built, file, folder):
    token, _ = receipt_of(built, 1)
    assert told(built, token, file)[0]
    (folder / "receipt.json").write_bytes(file)
    done = run(folder, "--token", token, "--features", folder / "receipt.json")
    assert done.returncode == 1
    assert re.search(", (not so|cannot be used): ", done.stdout)
    assert "level reached: public" in done.stdout


def test_command_with_token(built, folder):
    for people in (1, 2, 3):
        token, receipt = receipt_of(built, people)
        (folder / "receipt.json").write_bytes(built.file(token))
        done = run(folder, "--token", token, "--features", folder / "receipt.json")
        assert done.returncode == 0
        assert "level reached: token" in done.stdout
        assert f"class {receipt['class']};" in done.stdout
        assert "my chance was" in done.stdout
        done = run(folder, "--token", "f" * 32, "--features", folder / "receipt.json")
        assert done.returncode == 1
        assert "level reached: public" in done.stdout
        assert re.search(", (not so|cannot be used): ", done.stdout)


# ---- random lotteries -----------------------------------------------------------------------


@st.composite
def lotteries(draw):
    answers = st.dictionaries(
        st.sampled_from(["a", "ä", "Ω"]), st.sampled_from(["1", "zwei", "ß", None]), max_size=2
    )
    kinds = draw(st.lists(st.lists(answers, min_size=1, max_size=3), min_size=1, max_size=4))
    mode = draw(st.sampled_from([None, None, None, "any", "all"]))
    sizes = [draw(st.integers(1, 5)) for _ in kinds]
    lots = [
        [
            Person(f"{i}/{j}/{k}/{draw(st.integers(0, 999))}", answer)
            for k, answer in enumerate(kind)
        ]
        for i, kind in enumerate(kinds)
        for j in range(sizes[i])
    ]

    def ways(classes):
        total = draw(st.integers(1, sum(len(c["lots"]) for c in classes)))
        for _ in range(draw(st.integers(1, 6))):
            way, room = {}, [len(c["lots"]) for c in classes]
            for _ in range(total):
                n = draw(st.sampled_from([i for i, left in enumerate(room) if left]))
                room[n] -= 1
                key = (n + 1, draw(st.sampled_from(classes[n]["positions"])))
                way[key] = way.get(key, 0) + 1
            yield way

    built = Built(lots, ways, mode=mode)
    weights = [draw(st.integers(1, WHOLE // 10)) for _ in built.lottery["vectors"]]
    weights[draw(st.integers(0, len(weights) - 1))] += WHOLE - sum(weights)
    for vector, weight in zip(built.lottery["vectors"], weights, strict=True):
        vector["weight"] = weight
    return built


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(lotteries(), st.data())
def test_random_lotteries(built, data):
    seed = data.draw(st.sampled_from([SEED, "Würfel 1234567890", "Lotto 2026-11-21: 1 2 3 4 5 6"]))
    assert verify.check_lottery(built.data) == []
    record = verify.rebuild_record(built.data, seed)
    assert record == built.naive(seed)
    assert verify.check_record(built.data, record) == []
    holders = built.holders(seed)
    for token in data.draw(
        st.lists(st.sampled_from(sorted(built.receipts)), min_size=1, max_size=4)
    ):
        problems, text = told(built, token, built.file(token), seed)
        assert problems == []
        assert f"my chance was {built.chance(token)} = " in text
        answer = re.search(r"do I hold one myself\? (\w+)", text)[1]
        assert answer == "perhaps" or (answer == "yes") is (token in holders)
    path = data.draw(st.sampled_from(sorted(leaves_of(built.lottery), key=str)))
    assert problems_of(dump(put(built.lottery, path, changed(get(built.lottery, path)))), record)
    parsed = json.loads(record)
    path = data.draw(st.sampled_from(sorted(leaves_of(parsed), key=str)))
    assert problems_of(built.data, dump(put(parsed, path, changed(get(parsed, path)))))
