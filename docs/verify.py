"""Verify a public citizens' lottery with nothing but Python 3.11 or newer.

    python verify.py FOLDER_OR_RECORD [--commitment C] [--token T --features FILE]

C is the commitment published before the draw; T and FILE come from a receipt. Exit code 0: all is
right; 1: something differs; 2: wrong call. The rules are in reference/lottery-files.md.
"""

import argparse
import hashlib
import json
import math
import re
import unicodedata
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

NUMBER = "(?:0|[1-9][0-9]{0,8})"
PLACEHOLDER = r"{numbers ([0-9]{1,3}) of ([0-9]{1,9})-([0-9]{1,9})}|{digits ([0-9]{1,3})}"


def hash_of(*fields):
    return hashlib.sha256("".join(f"{field}\n" for field in fields).encode()).hexdigest()


def canonical(content):
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse(data):
    """The content of a file; other bytes with the same content are refused."""
    # a fraction becomes a text here, so it is written back in another way than it was read
    content = json.loads(data.decode(), parse_float=str, parse_constant=str)
    normal = unicodedata.is_normalized("NFC", re.sub(r"\\.", " ", data.decode()))
    if not isinstance(content, dict) or canonical(content) != data or not normal:
        raise ValueError("not canonical JSON: blanks, order, a fraction, a key twice, not NFC?")
    return content


def is_sorted(items):
    return all(a < b for a, b in pairwise(items))  # and so nothing comes twice


def are_hashes(items):
    return is_sorted(items) and all(re.fullmatch("[0-9a-f]{64}", item) for item in items)


def check_lottery(data):
    """Everything that is wrong with the bytes of lottery.json, as a list of sentences."""
    try:
        rules = list(rules_of(parse(data)))
    except Exception as error:
        return [f"lottery.json is malformed: {type(error).__name__}: {error}"]
    return [f"lottery.json: it does not hold that {rule}" for rule, holds in rules if not holds]


def rules_of(lottery):
    """Pairs of a sentence and whether it holds."""
    pool, classes, vectors = lottery["pool"], lottery["classes"], lottery["vectors"]
    leaves, lots = pool["leaves"], [lot for each in classes for lot in each["lots"]]
    yield "format", [lottery[k] for k in ("format", "draw")] == ["mitwirkung-lottery-1", "hash"]
    yield "leaves are hashes, sorted", are_hashes(leaves)
    yield "leaves give the digest", hash_of("mitwirkung-pool-1", *leaves) == pool["digest"]
    found = (pool["people"], pool["lots"], len(set(lots)))
    yield "everybody has a leaf, every lot one class", found == (len(leaves), len(lots), len(lots))
    yield "classes are sorted", is_sorted([each["lots"][0] for each in classes])
    for each in classes:
        numbered = [str(i + 1) for i in range(len(each["positions"]))]
        yield "lots are hashes, sorted", are_hashes(each["lots"])
        yield "positions are 1, 2, ...", each["positions"] in (numbered, ["any"], ["all"])
    places = []
    for vector in vectors:
        seats = [(c, classes[c - 1]["positions"].index(p), n) for c, p, n in vector["seats"]]
        places.append(seats)
        taken = {c: sum(n for other, _, n in seats if other == c) for c, _, _ in seats}
        numbers = [vector["weight"], *(number for c, _, n in seats for number in (c, n))]
        yield "numbers are whole", all(type(each) is int and each >= 1 for each in numbers)
        yield "seats are sorted", is_sorted([seat[:2] for seat in seats])
        filled = sum(n * classes[c - 1].get("people", 1) for c, n in taken.items())
        yield "each vector fills the seats", filled == lottery["seats"]
        yield "lots suffice", all(n <= len(classes[c - 1]["lots"]) for c, n in taken.items())
    yield "vectors are sorted", is_sorted(places)
    yield "weights add up to 16^12", sum(vector["weight"] for vector in vectors) == 16**12
    for template in (lottery["seed"]["template"], lottery["seed"]["fallback"]):
        enough = template == "not stated" or outcomes(template) >= 2**20
        yield "templates have 2^20 outcomes", enough


def outcomes(template):
    """How many seeds fit a template; 0 if it has no placeholder, two in a row, or other braces."""
    ways = 1 if re.search(PLACEHOLDER, template) and "}{" not in template else 0
    for count, low, high, digits in re.findall(PLACEHOLDER, template):
        size = 0 if digits else max(0, int(high) - int(low) + 1)
        ways *= 10 ** int(digits) if digits else math.comb(size, int(count))
    return 0 if re.search("[{}]", re.sub(PLACEHOLDER, "", template)) else ways


def fits(template, seed):
    """Whether a seed has the wording of a template: digits as drawn, numbers ascending."""
    texts, places = re.split(PLACEHOLDER, template)[::5], re.findall(PLACEHOLDER, template)
    pattern = re.escape(texts[0])
    for (count, _, _, digits), text in zip(places, texts[1:], strict=True):
        several = f"{NUMBER}(?: {NUMBER}){{{int(count or 0) - 1}}}"
        pattern += f"({f'[0-9]{{{digits}}}' if digits else several}){re.escape(text)}"
    match = re.fullmatch(pattern, seed)
    for (_, low, high, digits), part in zip(places, match.groups() if match else (), strict=False):
        if not digits and not is_sorted([int(low) - 1, *map(int, part.split(" ")), int(high) + 1]):
            return False
    return match is not None


def rebuild_record(data, seed):
    """The bytes of record-public.json that a lottery file and a seed make."""
    lottery, commitment = parse(data), hashlib.sha256(data).hexdigest()
    if (
        not seed
        or seed != seed.strip()
        or any(unicodedata.category(c) in ("Cc", "Cf") for c in seed)
    ):
        raise ValueError("the seed is blank, or has blanks at its ends or control characters")
    number = hash_of("mitwirkung-draw-1", commitment, seed)[:12]
    sums = accumulate(vector["weight"] for vector in lottery["vectors"])
    drawn = sum(reached <= int(number, 16) for reached in sums)  # so many stay below
    seats, waiting = [], {}
    for c, position, count in lottery["vectors"][drawn]["seats"]:
        lots = waiting.get(c) or lottery["classes"][c - 1]["lots"]
        lots = sorted(lots, key=lambda x: hash_of("mitwirkung-rank-1", commitment, seed, x))
        seats += [{"lot": lot, "position": position} for lot in lots[:count]]
        waiting[c] = lots[count:]
    source = lottery["seed"]
    stated = "not stated" not in [source[k] for k in ("template", "earliest", "latest", "fallback")]
    worded = stated and (fits(source["template"], seed) or fits(source["fallback"], seed))
    record = {"format": "mitwirkung-record-public-1", "lottery": commitment, "seed": seed}
    record |= {"event": lottery["event"], "attempt": lottery["attempt"], "seats": seats}
    record |= {"number": number, "vector": drawn + 1}
    return canonical(record | {"committed": worded and source["known"] is False})


def check_token(lottery, record, token, receipt):
    """What a receipt proves, as sentences; raises ValueError for what it does not."""
    receipt = receipt if isinstance(receipt.get("features"), dict) else {"features": receipt}
    mates, mine = receipt.get("mates", []), hash_of("mitwirkung-handle-1", token)
    lot = hash_of("mitwirkung-lot-1", *sorted([mine, *mates]))
    found = [n for n, each in enumerate(lottery["classes"], 1) if lot in each["lots"]]
    if not found:
        raise ValueError("no lot is made of this token and these mates")
    each = lottery["classes"][found[0] - 1]
    answers = canonical(receipt["features"]).decode()
    leaf = hash_of("mitwirkung-leaf-1", token, each["lots"][0], answers)
    positions = set(receipt.get("positions") or each["positions"][:1])
    own = str(1 + sorted([mine, *mates]).index(mine))  # in the first lot of a class, by handle
    astray = len(each["positions"]) > 1 and lot == each["lots"][0] and own not in positions
    if leaf not in lottery["pool"]["leaves"] or astray or not positions <= set(each["positions"]):
        raise ValueError("these answers or positions are not in the pool")
    vectors, mine = lottery["vectors"], [(found[0], position) for position in positions]
    weights = sum(v["weight"] * n for v in vectors for c, p, n in v["seats"] if (c, p) in mine)
    sharing = 1 + len(mates) if positions == {"any"} else len(positions)
    chance = Fraction(weights, 16**12 * len(each["lots"]) * sharing)
    seats = [seat["position"] for seat in record["seats"] if seat["lot"] == lot]
    return [
        f"my lot is in class {found[0]} of {len(each['lots'])} lots, with these answers",
        f"my chance of a seat was {float(chance):.12f} ({chance}), at {sorted(positions)}",
        f"my lot has a seat at position {seats[0]}" if seats else "my lot has no seat",
    ]


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Verify a public citizens' lottery.")
    for name in ("record", "--commitment", "--token", "--features"):
        parser.add_argument(name)
    asked = parser.parse_args(arguments)
    folder = record if (record := Path(asked.record)).is_dir() else record.parent
    try:
        data, drawn = ((folder / n).read_bytes() for n in ("lottery.json", "record-public.json"))
        text = Path(asked.features).read_text("utf-8-sig") if asked.token else "null"
        receipt = json.loads(unicodedata.normalize("NFC", text))
    except (OSError, RecursionError, TypeError, ValueError) as error:
        parser.error(f"cannot be read: {error}")  # exit code 2
    wrong = check_lottery(data)
    if asked.commitment and asked.commitment.strip().lower() != hashlib.sha256(data).hexdigest():
        wrong.append("lottery.json is not the file with that commitment")
    try:
        rebuilt = rebuild_record(data, parse(drawn)["seed"])
        if rebuilt != drawn:
            wrong.append("record-public.json is not what the lottery and the seed give")
        if asked.token:
            print(*check_token(parse(data), parse(rebuilt), asked.token, receipt), sep="\n")
    except Exception as error:
        wrong.append(f"{type(error).__name__}: {error}")
    level, anchored = ("public", "token")[bool(asked.token)], "consistent, not anchored"
    result = f"Verified at the {level} level: {'anchored' if asked.commitment else anchored}."
    print(*(f"WRONG: {line}" for line in wrong), "NOT verified." if wrong else result, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
