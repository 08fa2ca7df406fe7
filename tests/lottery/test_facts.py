"""What the organiser states, read from TOML with every error at once."""

from pathlib import Path

import pytest

from mitwirkung.errors import InputError
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.facts_file import read_facts, sample_facts


def test_the_sample_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(sample_facts(), "utf-8")
    facts = read_facts(path)
    assert facts.organiser.startswith("Stadt")
    assert facts.counts.expected_pool() == 400
    assert facts.seed.template.endswith("{numbers 6 of 1-49}")


def test_what_is_not_stated_says_so() -> None:
    facts = Facts()
    assert (facts.organiser, facts.seed.template, facts.counts.received) == ("not stated",) * 3
    assert (facts.attempt, facts.previous) == (1, "none")
    assert Facts(event="  ").event == "not stated"


def test_dates_of_toml_become_texts(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(
        "[quotas]\ndate = 2026-11-02\n[seed]\nearliest = 2026-12-05T19:25:00+01:00\n", "utf-8"
    )
    facts = read_facts(path)
    assert facts.quotas.date == "2026-11-02"
    assert facts.seed.earliest == "2026-12-05T19:25:00+01:00"


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(
        'organizer = "x"\nevent = "a\\nb"\nattempt = 0\n[counts]\nreceived = -1\n'
        '[seed]\ntemplate = "no placeholder"\nearliest = "tomorrow"\n'
        'latest = "2026-12-06T12:00:00"\n',
        "utf-8",
    )
    with pytest.raises(InputError) as caught:
        read_facts(path)
    keys = [finding.params["key"] for finding in caught.value.findings]
    assert sorted(keys) == [
        *("attempt", "counts.received", "event", "organizer"),
        *("seed.earliest", "seed.latest", "seed.template"),
    ]
    assert "There are: organiser, event" in str(caught.value)
    assert all(finding.file == "facts.toml" for finding in caught.value.findings)


@pytest.mark.parametrize(
    "facts",
    [
        {"attempt": 2},
        {"attempt": 2, "previous": "none"},
        {"attempt": 1, "previous": "0" * 64},
        {"attempt": 2, "previous": "0" * 63},
        {
            "seed": {
                "earliest": "2026-12-06T12:00:00+01:00",
                "latest": "2026-12-05T12:00:00+01:00",
            }
        },
    ],
)
def test_attempts_are_chained_and_times_in_order(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Facts.model_validate(facts)


def test_a_later_attempt_names_the_one_before() -> None:
    assert Facts(attempt=2, previous="0" * 64).attempt == 2


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    for data in (b"not toml", b"\xff\xfe"):
        path.write_bytes(data)
        with pytest.raises(InputError):
            read_facts(path)
