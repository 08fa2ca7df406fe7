"""Verify a public citizens' lottery with Python 3.11 alone. The rules: reference/lottery-files.md.

python verify.py FOLDER_OR_RECORD [--commitment C] [--token T --features FILE]
    # C: published before the draw; T, FILE: of a receipt. Exit code 0: right, 1: not, 2: bad call
"""

import argparse
import hashlib
import json
import re
import unicodedata
from fractions import Fraction
from itertools import accumulate, pairwise
from math import comb
from pathlib import Path

PLACEHOLDER = r"{(numbers|digits|dice) (?!0+\b)([0-9]{1,3})(?: of (?:([0-9]{1,9})-)?([0-9]{1,9}))?}"


def hash_of(*fields):
    return hashlib.sha256("".join(f"{field}\n" for field in fields).encode()).hexdigest()


def canonical(content):
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse(data):
    """The content of a file; other bytes, or a fraction (read as a text), are refused."""
    content = json.loads(data.decode(), parse_float=str, parse_constant=str)
    normal = unicodedata.is_normalized("NFC", re.sub(r"\\.", " ", data.decode()))
    if not isinstance(content, dict) or canonical(content) != data or not normal:
        raise ValueError("not canonical JSON: blanks, order, a fraction, a key twice, not NFC?")
    return content


def is_sorted(items):
    return all(a < b for a, b in pairwise(items))  # and so nothing comes twice


def rules_of(lottery):
    """What must hold in lottery.json: pairs of a sentence and whether it does."""
    pool, classes, vectors, places = lottery["pool"], lottery["classes"], lottery["vectors"], []
    leaves, lots, goal = pool["leaves"], [y for x in classes for y in x["lots"]], lottery["seats"]
    yield "format", lottery["format"] == "mitwirkung-lottery-1"
    yield "leaves and lots are hashes", all(re.fullmatch("[0-9a-f]{64}", x) for x in leaves + lots)
    yield "they are sorted", all(map(is_sorted, [leaves, *(each["lots"] for each in classes)]))
    yield "leaves give the digest", hash_of("mitwirkung-pool-1", *leaves) == pool["digest"]
    found = (pool["people"], pool["lots"], len(set(lots)))
    yield "everybody has a leaf, every lot one class", found == (len(leaves), len(lots), len(lots))
    yield "classes are sorted", is_sorted([each["lots"][0] for each in classes])
    for names, n in [(each["positions"], each.get("people", 1)) for each in classes]:
        yield "positions", names in ([*map(str, range(1, len(names) + 1))], ["any"], ["all"])
        yield "people are at all", type(n) is int and n >= 1 and (n > 1) == (names == ["all"])
    for vector in vectors:
        seats = [(c, classes[c - 1]["positions"].index(p), n) for c, p, n in vector["seats"]]
        places.append(seats)
        taken = {c: sum(n for other, _, n in seats if other == c) for c, _, _ in seats}
        whole = [vector["weight"], *(x for c, _, n in seats for x in (c, n))]
        yield "numbers are whole", all(type(x) is int and x >= 1 for x in whole)
        yield "seats are sorted", is_sorted([seat[:2] for seat in seats])
        filled = sum(n * classes[c - 1].get("people", 1) for c, n in taken.items())
        yield "each vector fills the seats", filled == goal
        yield "lots suffice", all(n <= len(classes[c - 1]["lots"]) for c, n in taken.items())
    yield "vectors are sorted", is_sorted(places)
    yield "weights add up to 16^12", sum(vector["weight"] for vector in vectors) == 16**12
    panels, keys, of = lottery.get("panels", []), [], [x for x in classes for _ in x["lots"]]
    shapes = ["[1-9][0-9]*" if "any" in x["positions"] else "|".join(x["positions"]) for x in of]
    must = {x for each in classes if each.get("must") for x in each["lots"]}
    drawn = "hash" if "panels" not in lottery else "number" if 10 <= len(panels) <= 10_000 else ""
    yield "a hash draws a vector, a number one of 10 to 10000 panels", lottery["draw"] == drawn
    for panel in panels:
        keys.append(hash_of("mitwirkung-panel-1", *(x for n, p in panel for x in (lots[n - 1], p))))
        yield "panels are sorted, with lots", is_sorted([0, *(n for n, _ in panel), len(lots) + 1])
        yield "panels fill the seats", sum(of[n - 1].get("people", 1) for n, _ in panel) == goal
        yield "panels name positions", all(re.fullmatch(shapes[n - 1], p) for n, p in panel)
        yield "panels seat whoever must be", must <= {lots[n - 1] for n, _ in panel}
    yield "panels are sorted by hash", keys == sorted(keys)
    texts = {lottery["seed"]["template"], lottery["seed"]["fallback"]} - {"not stated"}
    for ways, base, _ in map(examine, texts):
        yield "templates have 2^20 outcomes", ways >= 2**20 or ways == base == len(panels) > 0


def examine(template, seed=""):
    """How many seeds fit a template, how many if sets were sequences, and which one this is."""
    texts, ways, base, number = re.split(PLACEHOLDER, template), 1, 1, 0
    pattern, spots = re.escape(texts[0]), []
    for kind, count, low, high, text in zip(*[iter(texts[1:])] * 5, strict=True):
        gap, one = ("", "[0-9]") if kind == "digits" else (" ", "(?:0|[1-9][0-9]{0,8})")
        pattern += f"({one}(?:{gap}{one}){{{max(0, int(count) - 1)}}}){re.escape(text)}"
        ways *= (bool(low), bool(high)) == (kind == "numbers", kind != "digits")
        low, high, count = int(low or kind == "dice"), int(high or 9), int(count)
        size, sets = max(0, high - low + 1), kind == "numbers"
        base, ways = base * size**count, ways * (comb(size, count) if sets else size**count)
        spots.append((kind, count, low, high))
    signs = {x for c in "".join(texts[::5]) for x in (c, unicodedata.category(c))}
    if not spots or re.search(r"^\s|}{|\s$", template) or signs & {*"{}", "Cc", "Cf"}:
        return 0, 0, None  # no placeholder, two in a row, other braces, blanks or signs
    match = re.fullmatch(pattern, seed) if ways else None
    for (kind, count, low, high), part in zip(spots, match.groups() if match else (), strict=False):
        words = [int(word) for word in (part if kind == "digits" else part.split(" "))]
        right = len(words) == count and (kind != "numbers" or is_sorted(words))
        match = match if right and all(low <= word <= high for word in words) else None
        for word in words:
            number = number * (high - low + 1) + word - low
    return ways, base, number if match else None


def rebuild_record(data, seed):
    """The bytes of record-public.json that a lottery file and a seed make."""
    lottery, commitment = parse(data), hashlib.sha256(data).hexdigest()
    odd = seed != seed.strip() or any(unicodedata.category(c) in ("Cc", "Cf") for c in seed)
    panels, seats, left = lottery.get("panels", []), [], {}
    stated = [lottery["seed"][key] for key in ("template", "fallback", "earliest", "latest")]
    committed = "not stated" not in stated and lottery["seed"]["known"] is False
    found = [examine(text, seed) for text in stated[:2]]
    if odd or not seed or (committed and found[0][2] is found[1][2] is None):
        raise ValueError("the seed is not worded as the lottery fixed it, is blank or holds signs")
    record = {"format": "mitwirkung-record-public-1", "lottery": commitment, "seed": seed}
    number = hash_of("mitwirkung-draw-1", commitment, seed)[:12]
    if panels:
        direct = [n for ways, base, n in found if ways == base == len(panels) and n is not None]
        drawn = direct[0] if direct else int(number, 16) * len(panels) // 16**12
        lots = [lot for each in lottery["classes"] for lot in each["lots"]]
        seats = [{"lot": lots[n - 1], "position": position} for n, position in panels[drawn]]
        number = str(drawn).zfill(len(str(len(panels) - 1)))
    else:
        sums = accumulate(vector["weight"] for vector in lottery["vectors"])
        drawn = sum(reached <= int(number, 16) for reached in sums)  # so many stay below
        record["vector"] = drawn + 1
        for c, position, count in lottery["vectors"][drawn]["seats"]:
            lots = left.get(c) or lottery["classes"][c - 1]["lots"]
            lots = sorted(lots, key=lambda x: hash_of("mitwirkung-rank-1", commitment, seed, x))
            seats += [{"lot": lot, "position": position} for lot in lots[:count]]
            left[c] = lots[count:]
    record |= {"event": lottery["event"], "attempt": lottery["attempt"], "number": number}
    return canonical(record | {"committed": committed, "seats": seats})


def check_token(lottery, record, token, receipt):
    """What a receipt proves, as sentences; raises ValueError for what it does not."""
    receipt = receipt if isinstance(receipt.get("features"), dict) else {"features": receipt}
    mates, mine = receipt.get("mates", []), hash_of("mitwirkung-handle-1", token)
    lot = hash_of("mitwirkung-lot-1", *sorted([mine, *mates]))
    found = [n for n, each in enumerate(lottery["classes"], 1) if lot in each["lots"]]
    if not found:
        raise ValueError("no lot is made of this token and these mates")
    each, answers = lottery["classes"][found[0] - 1], canonical(receipt["features"]).decode()
    leaf = hash_of("mitwirkung-leaf-1", token, each["lots"][0], answers)
    own, names = str(1 + sorted([mine, *mates]).index(mine)), each["positions"]
    first = {own} if len(names) > 1 and lot == each["lots"][0] else set()  # there by handle
    known = [own] if "panels" in lottery and (first or names == ["any"]) else names
    positions = set(receipt.get("positions") or first or known[:1])
    if leaf not in lottery["pool"]["leaves"] or not first <= positions <= set(known):
        raise ValueError("these answers or positions are not in the pool")
    vectors, mine = lottery["vectors"], [(found[0], position) for position in positions]
    weights = sum(v["weight"] * n for v in vectors for c, p, n in v["seats"] if (c, p) in mine)
    sharing = 1 + len(mates) if positions == {"any"} else len(positions)
    chance = Fraction(weights, 16**12 * len(each["lots"]) * sharing)
    if panels := lottery.get("panels"):
        number = 1 + [x for other in lottery["classes"] for x in other["lots"]].index(lot)
        on = sum([number, position] in panel for panel in panels for position in positions)
        chance = Fraction(on, len(panels) * sharing)
    seats = [seat["position"] for seat in record["seats"] if seat["lot"] == lot]
    yield f"my lot is in class {found[0]} of {len(each['lots'])} lots, with these answers"
    yield f"my chance of a seat was {float(chance):.12f} ({chance}), at {sorted(positions)}"
    yield f"my lot has a seat at position {seats[0]}" if seats else "my lot has no seat"


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Verify a public citizens' lottery.")
    for name in ("record", "--commitment", "--token", "--features"):
        parser.add_argument(name)
    said = (asked := parser.parse_args(arguments)).commitment
    folder = record if (record := Path(asked.record)).is_dir() else record.parent
    try:
        data, drawn = ((folder / n).read_bytes() for n in ("lottery.json", "record-public.json"))
        text = Path(asked.features).read_text("utf-8-sig") if asked.token else "null"
        receipt = json.loads(unicodedata.normalize("NFC", text))
    except (OSError, RecursionError, TypeError, ValueError) as error:
        parser.error(f"cannot be read: {error}")  # exit code 2
    digest, known = hashlib.sha256(data).hexdigest(), said and said.strip().lower()
    wrong = ["lottery.json is not the file with that commitment"] * (known not in (None, digest))
    try:
        wrong += [f"lottery.json: not so: {rule}" for rule, so in rules_of(parse(data)) if not so]
        rebuilt = rebuild_record(data, parse(drawn)["seed"])
        wrong += ["record-public.json is not what lottery and seed give"] * (rebuilt != drawn)
        if asked.token:
            print(*check_token(parse(data), parse(rebuilt), asked.token, receipt), sep="\n")
    except Exception as error:
        wrong.append(f"malformed: {type(error).__name__}: {error}")
    level, anchored = ("public", "token")[bool(asked.token)], "consistent, not anchored"
    result = f"Verified at the {level} level: {anchored if said is None else 'anchored'}."
    print(*(f"WRONG: {line}" for line in wrong), "NOT verified." if wrong else result, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
