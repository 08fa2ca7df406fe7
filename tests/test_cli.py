"""The command line on real files, as a clerk uses it."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import DATA, INSTANCES, instance_seats
from mitwirkung.cli import cli
from mitwirkung.lottery.encoding import canonical_json

SMALL = DATA / "repl_example_small_20"
CITY = DATA / "city_300"
ALL_FILES = {
    "lottery.json",
    "lottery-private.json",
    "receipts.csv",
    "record-public.json",
    "record.json",
    "panel.csv",
    "remaining.csv",
    "chances.csv",
    "report.html",
    "report.json",
}


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def inputs(folder: Path) -> tuple[Path, Path]:
    return folder / "candidates.csv", folder / "features.csv"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ----------------------------------------------------------------------- the way of a lottery


@pytest.mark.parametrize("name", INSTANCES)
def test_lottery_draw_verify_and_check_on_every_instance(name: str, tmp_path: Path) -> None:
    folder, out, seats = DATA / name, tmp_path / "out", instance_seats(name)
    checked = run("check", *inputs(folder), "--seats", seats)
    assert checked.exit_code == 0, checked.output
    assert "can be met" in checked.output
    made = run("lottery", *inputs(folder), "--seats", seats, "--out", out)
    assert made.exit_code == 0, made.output
    commitment = digest(out / "lottery.json")
    assert commitment in made.output
    drawn = run("draw", "--lottery", out, "--seed", "a public seed")
    assert drawn.exit_code == 0, drawn.output
    assert names(out) == ALL_FILES
    verified = run("verify", out / "record.json", *inputs(folder), "--commitment", commitment)
    assert verified.exit_code == 0, verified.output
    assert "Verified at the private level, anchored." in verified.output
    with (out / "panel.csv").open(encoding="utf-8") as file:
        panel = list(csv.DictReader(file))
    assert len(panel) == seats
    with (folder / "features.csv").open(encoding="utf-8") as file:
        for quota in csv.DictReader(file):
            count = sum(row[quota["feature"]] == quota["value"] for row in panel)
            assert int(quota["min"]) <= count <= int(quota["max"])


def test_a_record_has_what_an_archive_needs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("draw", *inputs(SMALL), "--seats", 20, "--seed", "x", "--out", out).exit_code == 0
    record = json.loads((out / "record.json").read_text("utf-8"))
    assert record["seats"] == 20
    assert record["strategy"] == {"name": "leximin", "settings": {}, "version": "1"}
    assert record["pool"]["size"] == 200
    assert len(record["pool"]["digest"]) == 64
    assert [feature["name"] for feature in record["quotas"]["features"]] == ["gender", "leaning"]
    assert record["seed"] == "x"
    assert len(record["panel"]) == 20
    assert record["chances"]["min"] == record["chances"]["max"] == "0.100000000000"
    assert record["chances"]["gini"] == "0.000000000000"
    assert record["chances"]["geometric_mean"] == "0.100000000000"
    assert record["certificate"]["optimal"] is True
    assert float(record["certificate"]["gap"]) < 1e-6
    assert record["committed"] is False
    assert {"mitwirkung", "highspy", "numpy", "python"} <= set(record["software"])


def test_draw_at_once_is_uncommitted_even_with_facts(tmp_path: Path) -> None:
    facts = tmp_path / "facts.toml"
    facts.write_text(
        '[seed]\ntemplate = "{digits 7}"\nfallback = "{digits 8}"\n'
        'earliest = "2026-12-05T19:25:00+01:00"\nlatest = "2026-12-06T12:00:00+01:00"\n',
        "utf-8",
    )
    common = (*inputs(SMALL), "--seats", 20, "--facts", facts)
    at_once = run("draw", *common, "--seed", "1234567", "--out", tmp_path / "once")
    assert at_once.exit_code == 0, at_once.output
    assert "uncommitted" in at_once.output
    assert run("lottery", *common, "--out", tmp_path / "two").exit_code == 0
    in_two_steps = run("draw", "--lottery", tmp_path / "two", "--seed", "1234567")
    assert "uncommitted" not in in_two_steps.output
    verified = run("verify", tmp_path / "two")
    assert "fixed beforehand (committed)" in verified.output


def test_households_key_strategy_and_settings_reach_the_lottery(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    out = tmp_path / "out"
    made = run(
        *("lottery", *inputs(CITY), "--seats", 75, "--household-columns", "address1,zip"),
        *("--key-file", key, "--out", out),
    )
    assert made.exit_code == 0, made.output
    lottery = json.loads((out / "lottery.json").read_text("utf-8"))
    assert lottery["pseudonyms"] == "protected"
    assert lottery["pool"]["lots"] < lottery["pool"]["people"] == 300
    pots = run(
        *("lottery", *inputs(CITY), "--seats", 75, "--strategy", "pots"),
        *("--setting", 'features=["age","gender"]', "--out", tmp_path / "pots"),
    )
    assert pots.exit_code == 0, pots.output
    strategy = json.loads((tmp_path / "pots" / "lottery.json").read_text("utf-8"))["strategy"]
    assert strategy["features"] == ["age", "gender"]
    assert strategy["settings"] == {"features": ["age", "gender"]}


# ------------------------------------------------------------------------------- verification


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("drawn") / "out"
    key = out.parent / "key"
    key.write_bytes(b"k" * 32)
    arguments = ["--seats", 75, "--household-columns", "address1,zip", "--key-file", key]
    made = run("lottery", *inputs(CITY), *arguments, "--out", out)
    assert made.exit_code == 0, made.output
    assert run("draw", "--lottery", out, "--seed", "x").exit_code == 0
    return out


def copied(drawn: Path, target: Path, *left_out: str) -> Path:
    target.mkdir()
    for path in drawn.iterdir():
        if path.name not in left_out:
            (target / path.name).write_bytes(path.read_bytes())
    return target


def test_the_public_level_needs_the_public_files_only(drawn: Path, tmp_path: Path) -> None:
    public = copied(
        drawn, tmp_path / "public", *(ALL_FILES - {"lottery.json", "record-public.json"})
    )
    for record in (public, public / "record-public.json", drawn / "record-public.json"):
        verified = run("verify", record)
        assert verified.exit_code == 0, verified.output
        assert "Verified at the public level: consistent, not anchored" in verified.output


def test_the_token_level_with_the_receipt_of_the_table(drawn: Path, tmp_path: Path) -> None:
    with (drawn / "receipts.csv").open(encoding="utf-8") as file:
        receipts = {row["id"]: row for row in csv.DictReader(file)}
    with (drawn / "chances.csv").open(encoding="utf-8") as file:
        chances = {row["id"]: row["chance"] for row in csv.DictReader(file)}
    single = next(row for row in receipts.values() if not row["mates"])
    couple = next(row for row in receipts.values() if row["mates"])
    for row in (single, couple):
        receipt = tmp_path / f"{row['id']}.json"
        features = json.loads(row["features"])
        whole = {
            "features": features,
            "mates": row["mates"].split(),
            "positions": row["positions"].split(),
        }
        receipt.write_text(json.dumps(whole), "utf-8")
        verified = run(
            "verify", drawn / "record-public.json", "--token", row["token"], "--features", receipt
        )
        assert verified.exit_code == 0, verified.output
        assert "Verified at the token level" in verified.output
        assert f"chance of a seat was {chances[row['id']]}" in verified.output
        table = run(
            *("verify", drawn / "record-public.json", "--token", row["token"]),
            *("--features", drawn / "receipts.csv"),
        )
        assert table.output == verified.output
    features = tmp_path / "features.json"
    features.write_text(single["features"], "utf-8")
    arguments = ("--token", single["token"], "--features", features)
    assert run("verify", drawn / "record-public.json", *arguments).exit_code == 0
    features.write_text(couple["features"].replace("gender_", "other_"), "utf-8")
    assert run("verify", drawn / "record-public.json", *arguments).exit_code == 1


def test_the_private_level_with_key_and_inputs_alone(drawn: Path, tmp_path: Path) -> None:
    rest = copied(drawn, tmp_path / "rest", "lottery-private.json")
    key = drawn.parent / "key"
    verified = run("verify", rest / "record.json", *inputs(CITY), "--key-file", key)
    assert verified.exit_code == 0, verified.output
    assert "Verified at the private level" in verified.output
    without = run("verify", rest / "record.json", *inputs(CITY))
    assert without.exit_code == 1


def test_the_population_is_part_of_what_stands_in_for_the_private_file(tmp_path: Path) -> None:
    population = tmp_path / "p.csv"
    rows = ["gender,female,51", "gender,male,49", "leaning,liberal,60", "leaning,conservative,40"]
    population.write_text("\n".join(["feature,value,count", *rows]) + "\n", "utf-8")
    out = tmp_path / "out"
    common = (*inputs(SMALL), "--seats", 20, "--population", population)
    assert run("draw", *common, "--seed", "x", "--out", out).exit_code == 0
    rest = copied(out, tmp_path / "rest", "lottery-private.json")
    with_it = run("verify", rest / "record.json", *inputs(SMALL), "--population", population)
    assert with_it.exit_code == 0, with_it.output
    assert run("verify", rest / "record.json", *inputs(SMALL)).exit_code == 1


@pytest.mark.parametrize(
    "name", ["lottery.json", "lottery-private.json", "record-public.json", "record.json"]
)
def test_a_changed_file_is_seen_and_named(name: str, drawn: Path, tmp_path: Path) -> None:
    forged = copied(drawn, tmp_path / "forged")
    data = (forged / name).read_bytes()
    (forged / name).write_bytes(data.replace(b'"seats"', b'"Seats"').replace(b'"key"', b'"Key"'))
    verified = run("verify", forged / "record.json")
    assert verified.exit_code == 1
    assert "NOT verified" in verified.output
    assert f"[!!] {name} is well-formed" in verified.output


def test_a_changed_panel_is_seen(drawn: Path, tmp_path: Path) -> None:
    forged = copied(drawn, tmp_path / "forged")
    (forged / "panel.csv").write_bytes((forged / "remaining.csv").read_bytes())
    verified = run("verify", forged)
    assert verified.exit_code == 1
    assert "panel.csv" in verified.output


def test_what_was_left_out_is_said(drawn: Path) -> None:
    verified = run("verify", drawn)
    assert "[--] which id has which token is NOT checked" in verified.output
    assert "What is marked [--] was left out." in verified.output
    assert "[ok] made again, the lottery is the same" in verified.output
    with_key = run("verify", drawn, "--key-file", drawn.parent / "key")
    assert "[--]" not in with_key.output


def test_a_wrong_commitment_fails(drawn: Path) -> None:
    verified = run("verify", drawn, "--commitment", "0" * 64)
    assert verified.exit_code == 1
    assert "the file's commitment is" in verified.output


# --------------------------------------------------------------------------- what goes wrong


def test_all_errors_of_all_files_at_once_and_as_json(tmp_path: Path) -> None:
    applicants = tmp_path / "bewerbungen.csv"
    applicants.write_text("id;sex;home\n1;f;A\n1;x;B\n3;;C\n", "utf-8")
    quotas = tmp_path / "quoten.csv"
    quotas.write_text("feature,value,min,max\nsex,f,0,2\nsex,m,0,2\n", "utf-8")
    findings = tmp_path / "errors.json"
    refused = run(
        *("lottery", applicants, quotas, "--seats", 1, "--household-columns", "street"),
        *("--errors-file", findings, "--out", tmp_path / "out"),
    )
    assert refused.exit_code == 2
    assert not (tmp_path / "out").exists()
    listed = json.loads(findings.read_text("utf-8"))
    places = {(item["code"], item["file"], item["row"], item["column"]) for item in listed}
    assert ("answer-not-allowed", "bewerbungen.csv", 3, "sex") in places
    assert ("answer-missing", "bewerbungen.csv", 4, "sex") in places
    assert any(item["row"] == 3 and item["column"] == "id" for item in listed)
    assert "household-column-unknown" in {item["code"] for item in listed}
    assert "row 3, column 'sex'" in refused.output
    assert "f, m" in refused.output


def test_missing_policies_are_declared_on_the_command_line(tmp_path: Path) -> None:
    applicants = tmp_path / "a.csv"
    applicants.write_text("id,sex\n1,f\n2,\n3,m\n", "utf-8")
    quotas = tmp_path / "q.csv"
    quotas.write_text("feature,value,min,max\nsex,f,0,2\nsex,m,0,2\n", "utf-8")
    assert run("check", applicants, quotas, "--seats", 2).exit_code == 2
    for policy in ("own value", "unconstrained"):
        done = run("check", applicants, quotas, "--seats", 2, "--missing", f"SEX={policy}")
        assert done.exit_code == 0, done.output
    assert run("check", applicants, quotas, "--seats", 2, "--missing", "sex=guess").exit_code == 2
    assert run("check", applicants, quotas, "--seats", 2, "--missing", "sex").exit_code == 2


def test_infeasible_quotas_are_told_in_words_in_two_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotas = tmp_path / "q.csv"
    text = (SMALL / "features.csv").read_text("utf-8")
    quotas.write_text(text.replace("gender,female,9,20", "gender,female,18,20"), "utf-8")
    for command in (("check",), ("lottery", "--out", tmp_path / "out")):
        done = run(*command, SMALL / "candidates.csv", quotas, "--seats", 20)
        assert done.exit_code == 1
        assert "gender: female: at least 18 seats" in done.output
        assert "gender: male: at least 9 seats" in done.output
        assert not (tmp_path / "out").exists()
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "de")
    done = run("check", SMALL / "candidates.csv", quotas, "--seats", 20)
    assert "gender: female: mindestens 18" in done.output


def test_every_command_speaks_the_language_asked_for(tmp_path: Path) -> None:
    quotas = clashing(tmp_path)
    common = ("check", SMALL / "candidates.csv", quotas, "--seats", 20)
    for done in (run(*common, "--language", "de"), run("--language", "de", *common)):
        assert "gender: female: mindestens 18" in done.output
    assert "at least 18" in run("--language", "de", *common, "--language", "en").output
    assert "at least 18" in run(*common).output  # nothing is left of the calls before
    assert run(*common, "--language", "fr").exit_code == 2
    names = [command.name or command.callback.__name__ for command in cli.registered_commands]
    assert len(names) > 10
    for name in names:
        assert "--language" in run(name.replace("_", "-"), "--help").output, name


def test_a_failed_verification_is_german_throughout(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("draw", *inputs(SMALL), "--seats", 20, "--seed", "x", "--out", out).exit_code == 0
    path = out / "lottery.json"
    data = json.loads(path.read_bytes())
    leaves = data["pool"]["people"]
    data["pool"]["people"] += 1
    path.write_bytes(canonical_json(data))
    german = run("verify", out, "--language", "de")
    assert german.exit_code == 1
    people = leaves + 1
    assert f"pool.people ist {people}, aber es gibt {leaves} leaves" in german.output
    assert f"pool.people is {people}, but there are {leaves} leaves" in run("verify", out).output
    path.write_bytes(b"{}")
    german = run("verify", out, "--language", "de").output
    assert "event fehlt" in german
    assert "is missing" not in german


def test_an_unknown_strategy_lists_what_there_is(tmp_path: Path) -> None:
    done = run(
        *("lottery", *inputs(SMALL), "--seats", 20, "--strategy", "best", "--out", tmp_path / "o")
    )
    assert done.exit_code == 2
    assert "goldilocks, leximin, maximin, nash, pots, simple" in done.output


@pytest.mark.parametrize("setting", ["gamma=1/2", "gamma=0.5"])
def test_a_ratio_as_a_setting(tmp_path: Path, setting: str) -> None:
    out = tmp_path / "out"
    made = run(
        *("lottery", *inputs(SMALL), "--seats", 20, "--strategy", "goldilocks"),
        *("--setting", setting, "--out", out),
    )
    assert made.exit_code == 0, made.output
    assert run("draw", "--lottery", out, "--seed", "a public seed").exit_code == 0
    record = json.loads((out / "record.json").read_bytes())
    assert record["strategy"]["settings"] == {"gamma": "1/2"}
    verified = run("verify", out / "record.json", *inputs(SMALL))
    assert verified.exit_code == 0, verified.output
    assert "the certificate proves the optimum: goldilocks" in verified.output
    assert "made again, the lottery is the same" in verified.output


def test_another_encoding_only_when_named_and_for_each_file(tmp_path: Path) -> None:
    applicants = tmp_path / "a.csv"
    applicants.write_bytes("id;Straße\n1;männlich\n2;weiblich\n".encode("windows-1252"))
    quotas = tmp_path / "q.csv"
    text = "feature;value;min;max\nStraße;männlich;0;2\nStraße;weiblich;0;2\n"
    quotas.write_text(text, "utf-8")
    common = ("check", applicants, quotas, "--seats", 1)
    refused = run(*common)
    assert refused.exit_code == 2
    assert "windows-1252" in refused.output
    assert run(*common, "--encoding", "windows-1252").exit_code == 0
    quotas.write_bytes(text.encode("windows-1252"))
    assert run(*common, "--encoding", "windows-1252").exit_code == 2
    both = ("--encoding", "windows-1252", "--quotas-encoding", "windows-1252")
    assert run(*common, *both).exit_code == 0
    assert run(*common, "--encoding", "idna").exit_code == 2


def test_other_content_is_refused_without_force(tmp_path: Path) -> None:
    out = tmp_path / "out"
    common = (*inputs(SMALL), "--seats", 20, "--out", out)
    assert run("draw", *common, "--seed", "one").exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert run("draw", *common, "--seed", "one").exit_code == 0
    refused = run("draw", *common, "--seed", "two")
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert run("draw", *common, "--seed", "two", "--force").exit_code == 0
    assert run("verify", out).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("lottery",),
        ("lottery", "--out", "x"),
        ("draw", "--out", "x"),
        ("draw", "--seed", "s"),
        ("draw", "--lottery", "nowhere", "--seed", "s"),
        ("draw", "--lottery", "x", "--out", "y", "--seed", "s"),
        ("draw", "--lottery", "x", "--strategy", "simple", "--seed", "s"),
        ("draw", "--lottery", "x", "--facts", "nope.toml", "--seed", "s"),
        ("lottery", "a", "b", "--seats", 3, "--setting", "x", "--out", "o"),
        ("lottery", "a", "b", "--seats", 3, "--setting", "x=1", "--setting", "x=2", "--out", "o"),
        ("verify", "nowhere"),
        ("check", "nowhere.csv", "nowhere.csv", "--seats", 3),
        ("nonsense",),
    ],
)
def test_a_wrong_call_is_exit_code_two_without_a_traceback(
    arguments: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_findings_file_of_an_earlier_run_is_not_believed(tmp_path: Path) -> None:
    findings = tmp_path / "errors.json"
    findings.write_text("old", "utf-8")
    done = run("check", *inputs(SMALL), "--seats", 20, "--errors-file", findings)
    assert done.exit_code == 0
    assert json.loads(findings.read_text("utf-8")) == []
    nowhere = tmp_path / "no" / "errors.json"
    assert run("check", *inputs(SMALL), "--seats", 20, "--errors-file", nowhere).exit_code == 2


@pytest.mark.parametrize(
    "receipt", ["[]", "[" * 50_000, '{"features":{"a":"b"},"mates":5}', "nonsense", "\xff"]
)
def test_a_receipt_of_nonsense_is_a_wrong_call(receipt: str, drawn: Path, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(receipt.encode("latin-1"))
    arguments = ("--token", "0" * 32, "--features", path)
    assert run("verify", drawn / "record-public.json", *arguments).exit_code == 2


def test_unprotected_pseudonyms_are_not_for_publication(tmp_path: Path) -> None:
    done = run("lottery", *inputs(SMALL), "--seats", 20, "--out", tmp_path / "out")
    assert "do not publish lottery.json" in done.output
    assert "Publish lottery.json" not in done.output


def test_the_version_can_be_asked_for() -> None:
    assert run("--version").output.startswith("mitwirkung 0.")


def test_an_unfit_seed_or_key_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    common = (*inputs(SMALL), "--seats", 20, "--out", tmp_path / "out")
    assert run("draw", *common, "--seed", " x").exit_code == 2
    key = tmp_path / "key"
    key.write_bytes(b"short")
    assert run("lottery", *common, "--key-file", key).exit_code == 2
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------------------ other commands


def test_sample_facts_are_printed_and_can_be_used(tmp_path: Path) -> None:
    printed = run("lottery", "--sample-facts")
    assert printed.exit_code == 0
    facts = tmp_path / "facts.toml"
    facts.write_text(printed.output.replace("received = 412", "received = 212"), "utf-8")
    done = run(
        *("lottery", *inputs(SMALL), "--seats", 20, "--facts", facts, "--out", tmp_path / "o")
    )
    assert done.exit_code == 0, done.output


def test_quotas_from_a_population(tmp_path: Path) -> None:
    population = tmp_path / "p.csv"
    population.write_text("feature,value,count\nsex,f,510\nsex,m,485\nsex,divers,5\n", "utf-8")
    out = tmp_path / "q.csv"
    done = run("quotas", population, "--seats", 20, "--tolerance", 1, "--out", out)
    assert done.exit_code == 0, done.output
    assert out.read_text("utf-8").split() == [
        "feature,value,min,max",
        "sex,f,9,11",
        "sex,m,9,11",
        "sex,divers,0,1",
    ]
    assert run("quotas", population, "--seats", 20, "--out", out).exit_code == 2


def test_the_demo_leaves_a_verified_lottery(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mitwirkung", "demo"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / "mitwirkung-demo"
    assert names(out) == ALL_FILES
    assert all(name in done.stdout for name in ALL_FILES)
    assert "Verified at the private level, anchored." in done.stdout
    assert "(committed)" in done.stdout
    assert json.loads((out / "record.json").read_text("utf-8"))["seats"] == 75


# ------------------------------------------------------------------------ before the draw


def clashing(folder: Path) -> Path:
    """Quotas that cannot be met: 18 women and 9 men on 20 seats."""
    path = folder / "q.csv"
    text = (SMALL / "features.csv").read_text("utf-8")
    path.write_text(text.replace("gender,female,9,20", "gender,female,18,20"), "utf-8")
    return path


def test_check_shows_what_quotas_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("check", *inputs(CITY), "--seats", 75)
    assert done.exit_code == 0, done.output
    assert "300 people of the pool in 300 lots; the quotas can be met with 75 seats." in done.output
    assert "gender (without its quotas: " in done.output
    assert "Everybody can be on a panel." in done.output
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "de")
    done = run("check", *inputs(CITY), "--seats", 75)
    assert "Alle können in eine Auswahl kommen." in done.output


def test_check_as_json_and_ids_on_request(tmp_path: Path) -> None:
    applicants, quotas = tmp_path / "a.csv", tmp_path / "q.csv"
    applicants.write_text("id,sex\nanna,f\nbea,f\ncarl,m\n", "utf-8")
    quotas.write_text("feature,value,min,max\nsex,f,1,2\nsex,m,0,0\n", "utf-8")
    common = ("check", applicants, quotas, "--seats", 1)
    data = json.loads(run(*common, "--json").output)
    assert (data["feasible"], data["smallest_chance"]) == (True, "0.500000")
    assert data["without_chance"]["groups"][0]["reason"] == "maximum-zero"
    assert "ids_without_chance" not in data
    assert "carl" not in run(*common).output
    assert "carl" in run(*common, "--ids").output
    assert json.loads(run(*common, "--json", "--ids").output)["ids_without_chance"] == ["carl"]


def test_relaxations_are_listed_accepted_and_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, out = tmp_path / "new.csv", tmp_path / "out"
    common = ("check", SMALL / "candidates.csv", clashing(tmp_path), "--seats", 20)
    assert "--relax" in run(*common).output
    listed = run(*common, "--relax")
    assert listed.exit_code == 1
    assert "Alternative 1 (cost 7.777):\n- gender: female: at least 11 instead of 18" in (
        listed.output
    )
    assert "Alternative 2 " in listed.output
    accept = (*common, "--accept", 1, "--reason", "nur zwei Bewerberinnen mehr", "--out", new)
    done = run(*accept)
    assert done.exit_code == 0, done.output
    assert "gender,female,11,20,0,20,min 18 → 11: nur zwei Bewerberinnen mehr" in (
        new.read_text("utf-8")
    )
    assert run(*accept).exit_code == 2  # the file exists
    assert run(*accept, "--force").exit_code == 0
    made = run("lottery", SMALL / "candidates.csv", new, "--seats", 20, "--out", out)
    assert made.exit_code == 0, made.output
    method = json.loads((out / "lottery.json").read_bytes())["quotas"]["method"]
    assert method == "gender: female: min 18 → 11: nur zwei Bewerberinnen mehr"
    data = json.loads(run(*common, "--relax", "--json").output)
    assert (data["feasible"], len(data["relaxations"])) == (False, 2)
    assert data["clashes"][0]["limit"] == 18
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "de")
    german = run(*common, "--relax").output
    assert "Möglichkeit 1 (Kosten 7,777):\n- gender: female: mindestens 11 statt 18" in german


def test_relaxations_that_cannot_be_accepted(tmp_path: Path) -> None:
    quotas, new = clashing(tmp_path), tmp_path / "new.csv"
    common = ("check", SMALL / "candidates.csv", quotas, "--seats", 20)
    change = ("--reason", "because", "--out", new)
    assert "There are 2 alternatives" in plain(run(*common, "--accept", 9, *change))
    assert run(*common, "--accept", 0, *change).exit_code == 2
    assert run(*common, "--accept", 1).exit_code == 2
    assert run(*common, "--reason", "because").exit_code == 2
    assert run(*common, "--accept", 1, "--reason", " ", "--out", new).exit_code == 2
    possible = ("check", *inputs(SMALL), "--seats", 20)
    assert "can be met as they are" in plain(run(*possible, "--accept", 1, *change))
    assert not new.exists()


def test_flexible_bounds_are_kept_unless_they_are_overruled(tmp_path: Path) -> None:
    quotas, new = clashing(tmp_path), tmp_path / "new.csv"
    text = quotas.read_text("utf-8")
    text = text.replace("gender,female,18,20,0,20", "gender,female,18,20,15,20")
    quotas.write_text(text.replace("gender,male,9,20,0,20", "gender,male,9,20,8,20"), "utf-8")
    common = ("check", SMALL / "candidates.csv", quotas, "--seats", 20)
    told = run(*common, "--relax")
    assert told.exit_code == 1
    assert "No change within min_flex and max_flex" in told.output
    assert "beyond min_flex 15" in told.output
    data = json.loads(run(*common, "--relax", "--json").output)
    assert data["relaxations"] == []
    assert data["beyond_flex"]
    change = ("--accept", 1, "--reason", "because", "--out", new)
    assert run(*common, *change).exit_code == 1
    assert not new.exists()
    done = run(*common, *change, "--beyond-flex")
    assert done.exit_code == 0, done.output
    assert run("check", SMALL / "candidates.csv", new, "--seats", 20).exit_code == 0


def test_explain_a_chance_from_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    assert run("lottery", *inputs(SMALL), "--seats", 20, "--out", out).exit_code == 0
    with (SMALL / "candidates.csv").open(encoding="utf-8") as file:
        person, *_ = next(csv.reader(list(file)[1:]))
    told = run("explain", out, person)
    assert told.exit_code == 0, told.output
    assert "Your chance of a seat: 10.00% (exactly 0.100000000000" in told.output
    german = run("explain", out, person, "--language", "de").output
    assert run("--language", "de", "explain", out, person).output == german
    assert "Ihre Chance auf einen Platz: 10,00" in german
    data = json.loads(run("explain", out, person, "--json").output)
    assert data["text"]["de"].strip() == german.strip()
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "de")
    assert run("explain", out, person).output == german
    unknown = run("explain", out, "nobody")
    assert unknown.exit_code == 2
    assert "niemand mit dieser Kennung" in unknown.output
    assert run("explain", out, person, "--language", "fr").exit_code == 2
    (out / "lottery-private.json").unlink()
    assert run("explain", out, person).exit_code == 2


def plain(result: Result) -> str:
    """What was said, without the frame and the line breaks of typer."""
    return " ".join(result.output.replace("│", " ").split())
