"""Whether the public and the private file of a lottery belong together, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from mitwirkung.lottery import encoding, files
from mitwirkung.lottery.arrangement import arrange
from mitwirkung.lottery.certificates import (
    certificate_entry,
    certificate_reason,
    certified_gap,
    confirm_cuts,
)
from mitwirkung.lottery.entries import private_file, rebuild_lottery_file
from mitwirkung.lottery.optima import promised_optimum
from mitwirkung.lottery.problem import PROTECTED
from mitwirkung.lottery.publication import Publication, derived_key, numbered_flaws
from mitwirkung.lottery.rules import CHECKABLE, Check, quota_flaws, wish_flaws
from mitwirkung.lottery.wishes import counted
from mitwirkung.messages import Reason
from mitwirkung.names import clean

MOST_REASONS = 20

_STATED = (
    "organiser",
    "event",
    "place",
    "attempt",
    "previous",
    "counts",
    "pseudonyms",
    "strategy",
    "seed",
    "replacement",
    "replaces",
    "journal",
    "software",
)


def publication_checks(published: Publication, key: bytes | None = None) -> list[Check]:
    """The public file against the private one: pseudonyms, classes, promises, certificate.

    `key` is the content of the key file; without it the link of ids and tokens is not checked.
    """
    public, private = published.public, published.private
    problem, lottery = published.problem, published.lottery
    checks = []
    reasons: list[str] = []
    if private.lottery != public.digest:
        reasons.append(Reason("it is of another lottery file"))
    if private.portfolio_seed != problem.digest:
        reasons.append(Reason("portfolio_seed is not the hash of the problem"))
    fit = PROTECTED if public.pseudonyms == "protected" else ("derived", "before")
    if private.key not in fit or (private.key == "before") > (public.replaces is not None):
        reasons.append(Reason("the key does not fit the pseudonyms"))
    reasons += _applicant_flaws(private)
    rebuilt_private = private_file(
        problem, lottery.certificate, published.tokens, private.lottery, private.key
    )
    reasons += [
        place
        for place in differences(rebuilt_private.content, private.content)
        if place != "portfolio_seed"
    ]
    checks.append(Check("check-private-fields", tuple(reasons)))
    secret = derived_key(problem) if private.key == "derived" else key
    if private.key in ("before", "issued"):
        checks.append(Check(f"check-key-{private.key}", skipped=True))
    elif secret is None:
        checks.append(Check("check-key-missing", skipped=True))
    else:
        expected = [encoding.token_from_key(secret, public.event, i) for i in problem.ids]
        wrong = expected != list(published.tokens)
        checks.append(
            Check("check-key", (Reason("tokens are not made with this key"),) if wrong else ())
        )
    if public.panels is not None:
        flaws = tuple(numbered_flaws(published))
        params = {"panels": len(public.panels), "deviation": public.deviation}
        checks.append(Check("check-numbered", flaws, params))
        if flaws:
            return checks
    rebuilt = rebuild_lottery_file(
        arrange(lottery, published.handles),
        published.tokens,
        panels=public.panels,
        quotas={name: getattr(public.quotas, name) for name in ("source", "date", "method")},
        **{name: getattr(public, name) for name in _STATED},
    )
    differing = differences(rebuilt.content, public.content)
    checks.append(Check("check-lottery-of-people", differing))
    if "quotas" in public.strategy.promises:
        checks.append(Check("check-quotas", tuple(quota_flaws(lottery))))
    else:
        checks.append(Check("check-quotas-not-promised", skipped=True))
    if problem.must or problem.refused:
        checks.append(Check("check-wishes", tuple(_wish_flaws(published))))
    if promised_optimum(public.strategy.promises):
        checks.append(_certificate_check(published))
    return checks


def _wish_flaws(published: Publication) -> Iterable[str]:
    """Seats that are given or refused without being counted by reason."""
    problem, counts = published.problem, published.public.counts
    for name, reasons in (("refused", problem.refused), ("must_include", problem.must)):
        stated = getattr(counts, name)
        for reason, number in counted(reasons.values()).items():
            if isinstance(stated, str) or stated.get(reason, 0) < number:
                yield Reason("counts.{name} does not count all of one reason", name=name)
    if set(problem.refused) & set(problem.ids):
        yield Reason("somebody who is refused is in the pool")
    yield from wish_flaws(published.lottery)


def _applicant_flaws(private: files.PrivateFile) -> Iterable[str]:
    """Ids and tokens that could stand for somebody else."""
    ids = [entry.id for entry in private.applicants]
    tokens = [entry.token for entry in private.applicants]
    if any(a >= b for a, b in pairwise(ids)):
        yield Reason("the applicants are not sorted by id, or an id comes twice")
    if any(not each or each != clean(each) or "\n" in each for each in ids):
        yield Reason("an id is blank or more than one line")
    if len(set(tokens)) < len(tokens):
        yield Reason("two applicants have one token")
    if not all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens):
        yield Reason("a token is not 32 lowercase hexadecimal digits")
    column = private.intake.id_column
    if any(entry.columns.get(column) != entry.id for entry in private.applicants):
        yield Reason("the ids are not those of the id column")


def _certificate_check(published: Publication) -> Check:
    strategy = published.public.strategy
    stated = strategy.certificate
    params = {"promise": promised_optimum(strategy.promises), "gap": stated.gap}
    try:
        gap = certified_gap(published.lottery, strategy.promises)
        confirm_cuts(published.lottery)
    except CHECKABLE as error:
        return Check("check-certificate", (certificate_reason(error),), params)
    found = certificate_entry(gap)
    reasons = () if found == stated else (Reason("it proves a gap of {gap}", gap=found.gap),)
    return Check("check-certificate", reasons, params)


def differences(expected: bytes, found: bytes) -> tuple[str, ...]:
    """Where two JSON files differ: at most twenty paths, and how many more; none if equal."""
    if expected == found:
        return ()
    places = files.differing_fields(files.json_fields(expected), files.json_fields(found))
    places = places or ["file"]
    rest = len(places) - MOST_REASONS
    return (
        *places[:MOST_REASONS],
        *([Reason("... and {rest} more", rest=rest)] if rest > 0 else []),
    )
