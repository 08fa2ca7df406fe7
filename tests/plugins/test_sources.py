"""Sources of randomness come through the door of all plugins, and into the facts of a lottery."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mitwirkung.app import Mitwirkung, read_facts
from mitwirkung.errors import (
    InputError,
    NameConflict,
    PluginFailed,
    SourceFailed,
    SourceRefused,
    UnknownSource,
)
from mitwirkung.lottery.sources import DigitsSource, RandomnessSource
from mitwirkung.plugins.hookspecs import hookimpl

TIMES = 'earliest = "2026-12-05T19:25:00+01:00"\nlatest = "2026-12-06T12:00:00+01:00"\n'


class BeaconSource(RandomnessSource):
    """Digits of a public beacon."""

    name = "beacon"

    def template(self) -> str:
        return "Beacon: {digits 9}"


def alone(*sources: Any) -> Mitwirkung:
    module = ModuleType("a_plugin")

    def register_randomness_sources() -> Any:
        return list(sources)

    module.register_randomness_sources = hookimpl(register_randomness_sources)  # type: ignore[attr-defined]
    return Mitwirkung(plugins=[module], environ={"MITWIRKUNG_BLOCK_PLUGINS": "*"})


def test_what_ships_and_what_a_program_adds() -> None:
    app = alone(BeaconSource)
    assert list(app.sources()) == ["beacon", "dice", "digits", "numbers", "text"]
    assert app.source("beacon").seed("123 456 789") == "Beacon: 123456789"
    plugin = app.plugins()[1]
    assert (plugin.hooks, plugin.as_json()["sources"]) == (
        ("register_randomness_sources",),
        ["beacon"],
    )


def test_an_unknown_source_comes_with_the_nearest() -> None:
    with pytest.raises(UnknownSource, match="did you mean 'digits'"):
        alone().source("digit")
    with pytest.raises(SourceRefused, match="count"):
        alone().source("digits", {"event": "x"})


def test_a_name_that_ships_cannot_be_taken() -> None:
    with pytest.raises(NameConflict, match="'digits'"):
        alone(type("Taken", (BeaconSource,), {"name": "digits"}))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (BeaconSource(), "is no class"),
        (type("Spaced", (BeaconSource,), {"name": "A B"}), "name"),
        (type("Unset", (BeaconSource,), {"Settings": dict}), "SourceSettings"),
        (type("Abstract", (RandomnessSource,), {"name": "abstract"}), "define template"),
    ],
)
def test_what_a_hook_returns_is_looked_at(source: Any, reason: str) -> None:
    with pytest.raises(PluginFailed, match=reason):
        alone(source)


class BrokenSource(BeaconSource):
    """It cannot be made."""

    name = "broken"

    def __init__(self, settings: Any = None) -> None:
        raise KeyError("a secret")


def test_a_source_that_breaks_is_an_error_of_its_plugin() -> None:
    with pytest.raises(SourceFailed, match="of a_plugin failed with KeyError") as caught:
        alone(BrokenSource).source("broken")
    assert "secret" not in str(caught.value)


def facts_file(folder: Path, seed: str) -> Path:
    path = folder / "facts.toml"
    path.write_text(f"[seed]\n{TIMES}{seed}", "utf-8")
    return path


def test_facts_name_sources(tmp_path: Path) -> None:
    path = facts_file(
        tmp_path,
        'template.numbers = { event = "Lotto", count = 6, highest = 49 }\nfallback.beacon = {}\n',
    )
    seed = alone(BeaconSource).read_facts(path).seed
    assert seed.template == "Lotto: {numbers 6 of 1-49}"
    assert seed.fallback == "Beacon: {digits 9}"
    with pytest.raises(InputError, match="'beacon'"):
        read_facts(path)


def test_everything_wrong_in_the_sources_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(
        "[seed]\n"
        'template.numbers = { event = "Lotto", count = 0 }\n'
        'fallback = { digits = { event = "x", count = 7 }, dice = { event = "y", count = 9 } }\n',
        "utf-8",
    )
    with pytest.raises(InputError) as caught:
        read_facts(path)
    codes = [finding.code for finding in caught.value.findings]
    assert {"source-one", "source-incomplete", "key-missing", "key-at-least"} <= set(codes)
    keys = [finding.params.get("key") for finding in caught.value.findings]
    assert "seed.template.numbers.count" in keys
    incomplete = next(f for f in caught.value.findings if f.code == "source-incomplete")
    assert incomplete.params["missing"] == ["earliest", "latest"]


def test_a_text_needs_no_source(tmp_path: Path) -> None:
    path = facts_file(tmp_path, 'template = "Spiel 77: {digits 7}"\n')
    assert read_facts(path).seed.template == "Spiel 77: {digits 7}"
    assert DigitsSource({"event": "Spiel 77", "count": 7}).template() == "Spiel 77: {digits 7}"
