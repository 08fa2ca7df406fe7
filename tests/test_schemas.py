"""Every file that the library writes fits its schema, and no key is without one."""

from __future__ import annotations

import csv
import json
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from mitwirkung.cli import cli
from mitwirkung.demo import FILES, run_demo
from mitwirkung.examples import dortmund
from mitwirkung.lottery.quota_files import read_quotas, write_quotas
from mitwirkung.schemas import UnknownSchema, schema, schema_names

MAKER = Path(__file__).parent.parent / "tools" / "make_schemas.py"
TABLES_AND_JSON = sorted(name for name in FILES if not name.endswith(".html"))
OPEN = {"settings", "software", "params", "certificate", "proof"}
"""Keys whose content is somebody else's: a strategy's, the machine's."""


def content(path: Path) -> Any:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, strict=True))
    return json.loads(path.read_text("utf-8"))


def faults(name: str, data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema(name)).iter_errors(data)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    run_demo(folder)
    return folder


def test_the_example_writes_nothing_else(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == sorted(FILES)
    assert set(TABLES_AND_JSON) <= set(schema_names())


@pytest.mark.parametrize("name", TABLES_AND_JSON)
def test_what_the_example_writes_fits(written: Path, name: str) -> None:
    assert not faults(name, content(written / name))


def keys(data: Any) -> Iterator[dict[str, Any]]:
    """All objects in some data, but for those whose keys are names of something."""
    if isinstance(data, dict):
        yield data
        for key, inner in data.items():
            if key not in OPEN:
                yield from keys(inner)
    elif isinstance(data, list):
        for inner in data[:2]:
            yield from keys(inner)


def shortened(data: Any) -> Any:
    """The same with at most a dozen items in each list."""
    if isinstance(data, dict):
        return {key: shortened(inner) for key, inner in data.items()}
    return [shortened(inner) for inner in data[:12]] if isinstance(data, list) else data


@pytest.mark.parametrize("name", sorted(set(TABLES_AND_JSON) - {"panel.csv", "remaining.csv"}))
def test_a_key_too_many_does_not_fit(written: Path, name: str) -> None:
    data = content(written / name)
    for holder in [data] if isinstance(data, dict) else data[:1]:
        holder["new"] = "key"
    assert faults(name, data)


@pytest.mark.parametrize("name", [n for n in TABLES_AND_JSON if n.endswith(".json")])
def test_inner_objects_are_closed_too(written: Path, name: str) -> None:
    data = shortened(content(written / name))
    for holder in list(keys(data)):
        holder["new"] = {"unexpected": [{"content": 1.5}]}
        assert faults(name, data), sorted(holder)
        del holder["new"]
    assert not faults(name, data)


def test_errors_quotas_and_what_people_write(written: Path, tmp_path: Path) -> None:
    example = dortmund()
    facts = tomllib.loads((example / "tatsachen.toml").read_text("utf-8"))
    assert not faults("facts.toml", json.loads(json.dumps(facts, default=str)))
    assert faults("facts.toml", {"organizer": "x"})
    write_quotas(read_quotas(example / "quoten.csv"), tmp_path / "quotas.csv")
    assert not faults("quotas.csv", content(tmp_path / "quotas.csv"))
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("id,x\n1,a\n1\n", encoding="utf-8")
    called = ["check", wrong, tmp_path / "quotas.csv", "--seats", 3, "--errors-file"]
    assert CliRunner().invoke(cli, list(map(str, [*called, tmp_path / "e.json"]))).exit_code == 2
    found = content(tmp_path / "e.json")
    assert found
    assert not faults("errors.json", found)
    groups = {"age": "a", "groups": {"x": [1, 2]}}
    assert not faults("mapping.toml", {"features": {"A": {"age_groups": groups}}})
    assert faults("mapping.toml", {"features": {"A": {"values": {"w": 1}}}})


def bare(data: Any) -> Any:
    """A schema without its explanations, which other versions of pydantic may write otherwise."""
    if isinstance(data, dict):
        # `description` and `title` may also be names of properties, which are objects
        told = {"title", "description"}
        return {k: bare(v) for k, v in data.items() if k not in told or isinstance(v, dict)}
    return [bare(item) for item in data] if isinstance(data, list) else data


def test_the_shipped_schemas_are_those_of_the_models() -> None:
    made = runpy.run_path(str(MAKER))["schemas"]()
    assert sorted(made) == list(schema_names())
    for name in made:
        Draft202012Validator.check_schema(schema(name))
        assert bare(schema(name)) == bare(json.loads(json.dumps(made[name]))), name


def test_the_command_prints_and_lists() -> None:
    listed = CliRunner().invoke(cli, ["schema"])
    assert listed.output.split() == list(schema_names())
    printed = CliRunner().invoke(cli, ["schema", "lottery.json"])
    assert json.loads(printed.output) == schema("lottery.json")
    refused = CliRunner().invoke(cli, ["schema", "lotery.json"], env={"MITWIRKUNG_LANGUAGE": "en"})
    assert refused.exit_code == 2
    assert "did you mean 'lottery.json'" in refused.output
    with pytest.raises(UnknownSchema, match="There are: chances"):
        schema("xyz")


def test_events_and_forms_that_people_write() -> None:
    page = (MAKER.parent.parent / "docs" / "how-to" / "form.md").read_text("utf-8")
    sound, wrong = (tomllib.loads(part.split('"""')[1]) for part in page.split("write_text(")[1:])
    assert not faults("form.toml", sound)
    assert faults("form.toml", wrong)
    assert faults("form.toml", {**sound, "fields": [{"ready": "nonsense"}]})
    for name, file in {"form.toml": "formular.toml", "event.toml": "veranstaltung.toml"}.items():
        shipped = tomllib.loads((dortmund() / file).read_text("utf-8"))
        assert not faults(name, json.loads(json.dumps(shipped, default=str)))
    event = {
        "name": "buergerdialog-2020",
        "title": {"de": "Bürgerdialog", "en": "Citizens' dialogue"},
        "format": "Bürgerdialog",
        "mode": "digital",
        "time_zone": "Europe/Berlin",
        "seats": 75,
        **{"deadline": "2020-09-27", "begins": "2020-10-24", "ends": "2020-11-28"},
    }
    assert not faults("event.toml", event)
    assert faults("event.toml", {**event, "phase": "drawn"})
