"""Verify a public citizens' lottery, with nothing but Python 3.11 or newer.

    python verify.py FOLDER_OR_RECORD [--commitment C] [--token T --features FILE]

FOLDER holds lottery.json and record-public.json; C is the commitment as published before the draw; T and
FILE come from your receipt. Exit code 0: all is as it must be, 1: something differs, 2: unusable arguments.
The rules are in reference/lottery-files.md. This program shares no line with the one that made the lottery."""

import argparse, fractions, hashlib, itertools, json, math, pathlib, re, sys, unicodedata


# ---------------- Bytes: hashes and JSON
def sha256(data):
    return hashlib.sha256(data).hexdigest()


def hash_of(tag, *fields):
    return sha256("".join(f"{field}\n" for field in (tag, *fields)).encode())


def canonical(content):
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def ascending(items):
    return all(a < b for a, b in itertools.pairwise(items))  # sorted, and nothing twice


def parse(data, must_be_canonical=True):
    """The content of a JSON file; a ValueError says why it is not what the rules ask for."""
    content = json.loads(
        data.decode(), parse_float=str, parse_constant=str
    )  # a fraction will differ below
    again = canonical(content)
    if not isinstance(content, dict) or (must_be_canonical and again.encode() != data):
        raise ValueError(
            "not an object in canonical JSON (blanks, order of keys, a key twice, escapes, a fraction?)"
        )
    if not unicodedata.is_normalized(
        "NFC", re.sub(r"\\(u....|.)", " ", again)
    ):  # escapes are no letters
        raise ValueError("a text is not in Unicode's normal form NFC")
    return content


# ---------------- Form. Canonical JSON is so regular that a pattern says which fields there must be, and of which kind
def many(item):
    return rf"\[(?:{item}(?:,{item})*)?\]"


def mapping(item):
    return rf"\{{(?:{TEXT}:{item}(?:,{TEXT}:{item})*)?\}}"


def fields(**kinds):
    return r"\{" + ",".join(f'"{key}":{kinds[key]}' for key in sorted(kinds)) + r"\}"


TEXT, COUNT, POSITIVE, HASH = (
    r'"(?:[^"\\]|\\.)*"',
    "(?:0|[1-9][0-9]*)",
    "[1-9][0-9]*",
    '"[0-9a-f]{64}"',
)
STATED, REASONS = f'(?:{COUNT}|"not stated")', f'(?:{mapping(COUNT)}|"not stated")'
LOTTERY = {
    "format": '"mitwirkung-lottery-1"',
    "organiser": TEXT,
    "event": TEXT,
    "place": TEXT,
    "attempt": POSITIVE,
    "previous": f'(?:{HASH}|"none")',
    "pseudonyms": '"(?:not )?protected"',
    "seats": POSITIVE,
    "draw": '"hash"',
    "counts": fields(
        received=STATED, merged=STATED, late=STATED, refused=REASONS, must_include=REASONS
    ),
    "pool": fields(people=POSITIVE, lots=POSITIVE, leaves=many(HASH), digest=HASH),
    "quotas": fields(
        source=TEXT,
        date=TEXT,
        method=TEXT,
        features=many(fields(name=TEXT, quotas=many(fields(value=TEXT, min=COUNT, max=COUNT)))),
    ),
    "strategy": fields(
        name=TEXT,
        version=TEXT,
        settings=r"\{.*\}",
        promises=many(TEXT),
        certificate=(
            r'(?:\{"gap":"not promised","optimal":"not promised"\}|\{"gap":"0\.000000000000","optimal":true\})'
        ),
    ),
    "classes": many(fields(lots=many(HASH), positions=many(TEXT))),
    "vectors": many(fields(seats=many(rf"\[{POSITIVE},{TEXT},{POSITIVE}\]"), weight=POSITIVE)),
    "seed": fields(
        source=TEXT,
        template=TEXT,
        earliest=TEXT,
        latest=TEXT,
        fallback=TEXT,
        known="(?:true|false)",
    ),
    "replacement": fields(rule=TEXT, schedule=TEXT),
    "software": mapping(TEXT),
}
RECEIPT = fields(features=mapping(f"(?:{TEXT}|null)"), mates=many(HASH), positions=many(TEXT))


# ---------------- The seed and its template
def parts_of(template):
    """The texts, and what stands between them: (N, A, B) for {numbers N of A-B}, (N,) for {digits N}."""
    n, end = "([1-9][0-9]*)", "(0|[1-9][0-9]*)"
    parts = re.split(f"{{numbers {n} of {end}-{end}}}|{{digits {n}}}", template)
    return parts[::5], [
        tuple(int(p) for p in parts[i : i + 4] if p) for i in range(1, len(parts), 5)
    ]


def is_template(template):
    (texts, places), outcomes = parts_of(template), 1
    for n, *ends in places:  # counted no further than needed, so that huge numbers do no harm
        among = ends[1] - ends[0] + 1 if ends else 0
        ways = (
            10 ** min(n, 7)
            if not ends
            else math.comb(among, min(n, among - n, 20))
            if n <= among
            else 0
        )
        outcomes = min(outcomes * ways, 2**20)
    # Refused: braces that are no placeholder, and numbers behind numbers, which could be cut in two ways
    return (
        outcomes == 2**20
        and not re.search("[{}]", "".join(texts))
        and not re.search("}[0-9]*{numbers", template)
    )


def fits(seed, template):
    (texts, places), number = parts_of(template), "(?:0|[1-9][0-9]{0,999})"
    pattern = re.escape(texts[0])
    for (n, *ends), text in zip(places, texts[1:], strict=True):
        pattern += (
            f"({number}(?: {number}){{{n - 1}}})" if ends else f"([0-9]{{{n}}})"
        ) + re.escape(text)
    found = sum(n for n, *_ in places) <= len(seed) and re.fullmatch(pattern, seed)
    return bool(found) and all(
        not ends or ascending([ends[0] - 1, *map(int, words.split(" ")), ends[1] + 1])
        for words, (n, *ends) in zip(found.groups(), places, strict=True)
    )


# ---------------- Level public. A claim is a sentence, with an answer for everything it is about: all must be yes
FOUND = ()  # stands in place of the answers if the sentence is no claim, but something found out


def problems_of(where, claims, say):  # those of the first claim that does not hold
    try:
        for claim, answers in claims:
            by_name = answers if isinstance(answers, dict) else dict(enumerate(answers, 1))
            if not all(by_name.values()):
                return [
                    f"{where}, not so: {claim} (see {name!r:.80})"
                    for name, holds in by_name.items()
                    if not holds
                ]
            say(f"{where}, {'found' if answers is FOUND else 'checked'}: {claim}")
    except (ValueError, RecursionError) as reason:  # RecursionError: JSON nested too deeply
        return [f"{where}, cannot be used: {reason}"]
    return []


def check_lottery(data, say=str):
    return problems_of("lottery", lottery_claims(data), say)  # str: say nothing


def lottery_claims(data):
    lottery = parse(data)
    yield (
        "canonical JSON; every field is there and of the right kind, and no other",
        {
            key: re.fullmatch(LOTTERY.get(key, "nothing"), canonical(lottery.get(key)))
            for key in LOTTERY | lottery
        },
    )
    pool, classes, vectors, strategy = (
        lottery["pool"],
        lottery["classes"],
        lottery["vectors"],
        lottery["strategy"],
    )
    features, leaves, seed = lottery["quotas"]["features"], pool["leaves"], lottery["seed"]
    lots, positions = [k["lots"] for k in classes], [k["positions"] for k in classes]
    yield (
        "the strategy has its five fields",
        [len(strategy) == 5 and isinstance(strategy["settings"], dict)],
    )
    yield (
        "attempt 1 has none before it, others have",
        [(lottery["attempt"] == 1) == (lottery["previous"] == "none")],
    )
    yield (
        "promises, features are sorted",
        [ascending(strategy["promises"]), ascending([f["name"] for f in features])],
    )
    yield (
        "the quotas of each feature are sorted",
        [ascending([q["value"] for q in f["quotas"]]) for f in features],
    )
    yield (
        "no minimum exceeds its maximum",
        [all(q["min"] <= q["max"] for q in f["quotas"]) for f in features],
    )
    yield (
        "the pool has a leaf for each person, sorted",
        [ascending(leaves), len(leaves) == pool["people"]],
    )
    yield (
        "the digest is that of the leaves",
        [pool["digest"] == hash_of("mitwirkung-pool-1", *leaves)],
    )
    yield "each class has lots, sorted", [own and ascending(own) for own in lots]
    yield "the classes are sorted by their first lots", [ascending([own[0] for own in lots])]
    yield (
        "each lot is in one class",
        [len(set(itertools.chain(*lots))) == sum(map(len, lots)) == pool["lots"]],
    )
    yield (
        "the positions of each class are 1, 2, ..., or any, or all",
        [
            own in (["any"], ["all"], [str(i + 1) for i in range(max(1, len(own)))])
            for own in positions
        ],
    )
    others = pool["people"] - sum(
        len(k["lots"]) * len(k["positions"]) for k in classes
    )  # more behind any and all
    yield (
        "the lots hold all people",
        [others == 0 or (others > 0 and (["any"] in positions or ["all"] in positions))],
    )
    yield (
        "each vector names classes and positions that exist",
        [
            all(n <= len(classes) and p in positions[n - 1] for n, p, _ in v["seats"])
            for v in vectors
        ],
    )
    keys = [[(n, positions[n - 1].index(p), count) for n, p, count in v["seats"]] for v in vectors]
    yield (
        "the seats of each vector are sorted",
        [ascending([key[:2] for key in seats]) for seats in keys],
    )
    yield "the vectors are sorted", [ascending(keys)]
    yield (
        "each vector fills all seats",
        [sum(count for *_, count in seats) == lottery["seats"] for seats in keys],
    )
    yield (
        "no class gives more seats than it has lots",
        [
            all(
                sum(count for *_, count in group) <= len(lots[n - 1])
                for n, group in itertools.groupby(seats, lambda seat: seat[0])
            )
            for seats in keys
        ],
    )
    yield "the weights add up to 16^12", [sum(v["weight"] for v in vectors) == 16**12]
    yield (
        "the templates of the seed leave 2^20 outcomes or more, or are not stated",
        {
            key: seed[key] == "not stated" or is_template(seed[key])
            for key in ("template", "fallback")
        },
    )
    yield (
        f"{lottery['organiser']!r}, {lottery['event']!r}, attempt {lottery['attempt']}, {lottery['place']!r}",
        FOUND,
    )


def rebuild_record(lottery_bytes, seed):
    """The bytes of record-public.json: a function of the (checked) lottery and the seed alone."""
    if (
        type(seed) is not str
        or seed != seed.strip()
        or not seed
        or any(unicodedata.category(s) == "Cc" for s in seed)
    ):
        raise ValueError("the seed is no text, or has control characters or blanks at its ends")
    lottery, c = parse(lottery_bytes), sha256(lottery_bytes)
    digits, rules = hash_of("mitwirkung-draw-1", c, seed)[:12], lottery["seed"]
    sums = itertools.accumulate(v["weight"] for v in lottery["vectors"])
    number = next(
        n for n, total in enumerate(sums, 1) if total > int(digits, 16)
    )  # the drawn vector

    def rank(lot):
        return hash_of("mitwirkung-rank-1", c, seed, lot)

    ranked = [iter(sorted(of_class["lots"], key=rank)) for of_class in lottery["classes"]]
    seats = [
        {"lot": lot, "position": position}
        for n, position, count in lottery["vectors"][number - 1]["seats"]
        for lot in itertools.islice(ranked[n - 1], count)
    ]  # each goes on where the one before it stopped
    stated = "not stated" not in [
        rules[key] for key in ("template", "earliest", "latest", "fallback")
    ]
    committed = (
        stated
        and not rules["known"]
        and (fits(seed, rules["template"]) or fits(seed, rules["fallback"]))
    )
    return canonical(
        {
            "format": "mitwirkung-record-public-1",
            "event": lottery["event"],
            "attempt": lottery["attempt"],
            "lottery": c,
            "seed": seed,
            "committed": committed,
            "number": digits,
            "vector": number,
            "seats": seats,
        }
    ).encode()


def check_record(lottery, record, say=str):
    return problems_of("record", record_claims(lottery, record), say)


def record_claims(lottery_bytes, record_bytes):
    record = parse(record_bytes)
    rebuilt = parse(rebuild_record(lottery_bytes, record.get("seed")))
    yield (
        "canonical JSON; every field, and no other, follows from lottery.json and the seed",
        {
            key: canonical(record.get(key, 0.5)) == canonical(rebuilt.get(key, 0.5))
            for key in record | rebuilt
        },
    )
    yield f"seed {record['seed']!r}, number {record['number']}, vector {record['vector']}", FOUND
    yield (
        f"committed, the form of the seed was fixed before the seed was known: {record['committed']}",
        FOUND,
    )


# ---------------- Level token: what lottery and seed, checked before, say to the applicant with token and receipt
def check_token(lottery, *own, say=str):
    return problems_of("receipt", token_claims(lottery, *own), say)


def token_claims(lottery_bytes, seed, token, receipt_bytes):
    receipt = parse(receipt_bytes, must_be_canonical=False)
    if not isinstance(receipt.get("features"), dict):  # the file holds the answers alone
        receipt = {"features": receipt, "mates": [], "positions": []}
    yield "the receipt has the right form", [re.fullmatch(RECEIPT, canonical(receipt))]
    lottery, record = parse(lottery_bytes), parse(rebuild_record(lottery_bytes, seed))
    classes, leaves, me = (
        lottery["classes"],
        set(lottery["pool"]["leaves"]),
        hash_of("mitwirkung-handle-1", token),
    )
    members, answers = sorted([me, *receipt["mates"]]), canonical(receipt["features"])
    lot, place = hash_of("mitwirkung-lot-1", *members), members.index(me)
    number = next(
        (
            n
            for n, k in enumerate(classes, 1)
            if hash_of("mitwirkung-leaf-1", token, k["lots"][0], answers) in leaves
        ),
        0,
    )
    yield "the pool has an applicant with my token and my answers", [number]
    own, positions, mine = (
        classes[number - 1]["lots"],
        classes[number - 1]["positions"],
        receipt["positions"],
    )
    yield f"I was in class {number}; the lot of my token and my mates is there, too", [lot in own]
    mine, numbered = positions if not mine and len(positions) == 1 else mine, positions[0] == "1"
    first = (
        numbered and lot == own[0]
    )  # in the first lot of a class, the positions follow the handles
    yield (
        "my positions are some of the class's; if numbered, there is one for each of us, and they suit my handle",
        [
            mine and ascending(sorted(mine)) and set(mine) <= set(positions),
            not numbered or len(positions) == len(members),
            not first or set(positions[place : place + 1]) & set(mine),
        ],
    )
    hits = sum(
        v["weight"] * k
        for v in lottery["vectors"]
        for n, p, k in v["seats"]
        if n == number and p in mine
    )
    chance = fractions.Fraction(
        hits, 16**12 * len(own) * (len(members) if mine == ["any"] else len(mine))
    )
    decimals = round(chance * 10**12)  # a tie to the even digit
    yield f"my chance was {chance} = {decimals // 10**12}.{decimals % 10**12:012}", FOUND
    seat = next((s["position"] for s in record["seats"] if s["lot"] == lot), None)

    def rank(what):
        return hash_of("mitwirkung-rank-1", record["lottery"], seed, lot, what)

    # As many of us as I have positions answered alike. My turn among those: known in the first lot, else a range
    turns = (
        [sum(positions.index(position) < place for position in mine)]
        if first
        else range(max(0, place - len(members) + len(mine)), min(place + 1, len(mine)))
    )
    held = (
        [sorted(mine, key=rank)[turn] == seat for turn in turns]
        if numbered
        else [seat == "all" or (seat == "any" and me == min(members, key=rank))]
    )
    answer = "yes" if all(held) else "perhaps, the receipt does not tell" if any(held) else "no"
    yield (
        f"my lot has {f'a seat, in position {seat}' if seat else 'no seat'}; do I hold one myself? {answer}",
        FOUND,
    )


# ---------------- The command
def main():
    parser = argparse.ArgumentParser(
        description="Verify a public citizens' lottery.", allow_abbrev=False
    )
    parser.add_argument("record", type=pathlib.Path, metavar="FOLDER_OR_RECORD")

    def hexadecimal(text):
        return re.fullmatch("(?:[0-9a-f]{32}){1,2}", text.strip().lower())[0]

    parser.add_argument("--commitment", type=hexadecimal)
    parser.add_argument("--token", type=hexadecimal)
    parser.add_argument("--features", type=pathlib.Path)
    given = parser.parse_args()
    if (given.token is None) != (given.features is None):
        parser.error("--token and --features go together")
    try:
        path = given.record / "record-public.json" if given.record.is_dir() else given.record
        record, lottery = path.read_bytes(), path.with_name("lottery.json").read_bytes()
        receipt = given.features.read_bytes() if given.features else b""
    except OSError as reason:
        parser.error(str(reason))
    sys.stdout.reconfigure(errors="backslashreplace")  # an old terminal is no reason to fail
    problems, c = (
        check_lottery(lottery, print) or check_record(lottery, record, print),
        sha256(lottery),
    )
    if given.commitment not in (None, c):
        problems.append(f"lottery, not so: the commitment from outside is its C, {c}")
    level = "none" if problems else "public"
    if not problems:
        print(
            "anchored, the commitment from outside is C:"
            if given.commitment
            else "consistent, not anchored; C:",
            c,
        )
    if given.token and not problems:
        problems = check_token(lottery, parse(record)["seed"], given.token, receipt, say=print)
        level = "public" if problems else "token"
    print(*problems[:20], f"level reached: {level}", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
