"""`mitwirkung.toml`: what it may hold, what is wrong in it, and where secrets come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretStr
from typer.testing import CliRunner

from builders import town
from mitwirkung.app import Mitwirkung
from mitwirkung.cli import cli
from mitwirkung.errors import InputError, StrategyRefused, UnknownBackend, UnknownStrategy
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy, StrategySettings
from mitwirkung.plugins.hookspecs import hookimpl
from mitwirkung.plugins.sample import sample_settings
from mitwirkung.settings import Settings

NOBODY = {"MITWIRKUNG_BLOCK_PLUGINS": "*"}
KEY = "0123456789abcdef" * 4


class LicensedSettings(StrategySettings):
    licence: SecretStr | None = None
    """What the solver asks for."""

    rounds: int = Field(default=3, ge=1, description="How often it tries.")
    shares: dict[str, int] = Field(default_factory=lambda: {"a b": 1})
    feature: str
    """The feature to look at."""


class LicensedStrategy(SelectionStrategy):
    """A solver that has to be paid for."""

    name = "licensed"
    Settings = LicensedSettings

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(1, {(0, 0): problem.seats})])


def licensed() -> ModuleType:
    module = ModuleType("licensed_plugin")

    @hookimpl
    def register_selection_strategies() -> list[type[SelectionStrategy]]:
        return [LicensedStrategy]

    module.register_selection_strategies = register_selection_strategies  # type: ignore[attr-defined]
    return module


def app(text: str, **environ: str) -> Mitwirkung:
    settings = Settings.from_data(tomllib.loads(text), environ=environ, file="mitwirkung.toml")
    return Mitwirkung(settings, plugins=[licensed()], environ=NOBODY)


def codes(caught: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    return [(f.code, f.params.get("key", "")) for f in caught.value.findings]


def test_the_strategy_in_use_and_its_settings() -> None:
    used = app('[selection]\nuse = "pots"\n[selection.pots]\nfeatures = ["sex"]\n')
    lottery = used.solve(SelectionProblem(town().applicants, town().quotas, seats=4))
    assert lottery.strategy is not None
    assert (lottery.strategy.name, lottery.features) == ("pots", ("sex",))


def test_arguments_go_before_the_section() -> None:
    used = app('[selection.pots]\nfeatures = ["sex"]\n')
    problem = SelectionProblem(town().applicants, town().quotas, seats=4)
    assert used.solve(problem, "pots", settings={"features": ["place"]}).features == ("place",)


def test_every_error_of_the_file_is_told_at_once() -> None:
    text = '[selection]\nuze = "pots"\n[plugin]\n[plugins]\nblock = "all"\nextra = 1\n'
    with pytest.raises(InputError) as caught:
        app(text)
    assert sorted(codes(caught)) == [
        ("key-list", "plugins.block"),
        ("key-unknown", "plugins.extra"),
        ("key-unknown-nearest", "plugin"),
        ("key-unknown-nearest", "selection.uze"),
    ]
    assert "did you mean 'plugins'?" in str(caught.value)
    assert "did you mean 'use'?" in str(caught.value)


def test_every_error_of_the_sections_is_told_at_once() -> None:
    text = """
[selection.pots]
feature = ["sex"]
[selection.leximn]
[selection.licensed]
rounds = 0
licence = "in the open"
"""
    with pytest.raises(InputError) as caught:
        Mitwirkung(
            Settings.from_data(tomllib.loads(text), environ={}, file="m.toml"),
            plugins=[licensed()],
            environ={},
        )
    assert sorted(codes(caught)) == [
        ("key-at-least", "selection.licensed.rounds"),
        ("key-in-the-open", "selection.licensed.licence"),
        ("key-missing", "selection.licensed.feature"),
        ("key-unknown-nearest", "selection.pots.feature"),
        ("section-unknown-nearest", ""),
    ]
    assert "did you mean 'features'?" in str(caught.value)
    assert "did you mean 'leximin'?" in str(caught.value)
    assert all(finding.file == "m.toml" for finding in caught.value.findings)


def test_an_unknown_strategy_in_use_is_an_error_at_once() -> None:
    with pytest.raises(UnknownStrategy, match="did you mean 'simple'"):
        app('[selection]\nuse = "simpel"\n')


SECRET = '[selection.licensed]\nfeature = "sex"\nlicence = { "$env" = "LICENCE" }\n'


def test_a_secret_comes_from_the_environment_and_is_shown_nowhere() -> None:
    used = app(SECRET, LICENCE="open sesame")
    strategy = used.strategy("licensed")
    assert isinstance(strategy.settings, LicensedSettings)
    assert strategy.settings.licence is not None
    assert strategy.settings.licence.get_secret_value() == "open sesame"
    lottery = used.solve(town(), "licensed")
    assert lottery.strategy is not None
    published = {"rounds": 3, "shares": {"a b": 1}, "feature": "sex"}
    assert lottery.strategy.settings == published
    shown = [repr(used.settings), repr(strategy.settings), str(used.settings_in_force())]
    assert not any("sesame" in text for text in shown)
    again = used.strategy("licensed", settings=published).settings
    assert again == strategy.settings  # what is published is enough to solve again


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('licence = { "$env" = "NOT_SET" }', "env-unset"),
        ('licence = { "$env" = "LICENCE", default = "x" }', "env-form"),
        ('licence = { "$env" = 3 }', "env-form"),
        ('feature = { "$env" = "LICENCE" }', "key-not-secret"),
    ],
)
def test_a_secret_in_the_wrong_way(line: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        app(f"[selection.licensed]\n{line}\n", LICENCE="open sesame")
    assert code in [finding.code for finding in caught.value.findings]
    assert "sesame" not in str(caught.value)


class Account(BaseModel):
    key: SecretStr


class NestedSettings(StrategySettings):
    account: Account | None = None
    keys: dict[str, SecretStr] = Field(default_factory=dict)
    short: Annotated[SecretStr | None, Field(min_length=10)] = None
    rounds: int = 3


class NestedStrategy(LicensedStrategy):
    """Secrets inside of settings."""

    name = "nested"
    Settings = NestedSettings


def test_a_setting_that_holds_a_secret_inside_is_not_published() -> None:
    strategy = NestedStrategy({"account": {"key": "x" * 9}, "keys": {"a": "y" * 9}})
    assert strategy.settings.published() == {"rounds": 3}


def test_a_secret_that_is_wrong_in_itself_is_not_called_none() -> None:
    with pytest.raises(StrategyRefused) as caught:
        NestedStrategy({"short": SecretStr("abc")})
    assert "no secret" not in str(caught.value)
    assert "10" in str(caught.value)


class ChoosyStrategy(LicensedStrategy):
    """It looks at its settings itself."""

    name = "choosy"
    Settings = StrategySettings

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        raise StrategyRefused.because(self.name, "it is Sunday")


def test_a_refusal_in_the_words_of_a_strategy_is_one_of_the_errors() -> None:
    module = ModuleType("choosy_plugin")
    hook = hookimpl(lambda: [ChoosyStrategy])
    module.register_selection_strategies = hook  # type: ignore[attr-defined]
    sections = {"selection": {"choosy": {}, "pots": {"x": 1}}}
    with pytest.raises(InputError) as caught:
        Mitwirkung(Settings.from_data(sections), plugins=[module], environ=NOBODY)
    assert [f.code for f in caught.value.findings] == ["strategy-refused", "key-unknown"]
    assert "it is Sunday" in str(caught.value)


def test_a_strategy_where_a_table_belongs() -> None:
    with pytest.raises(InputError) as caught:
        app("[selection]\npots = 3\n")
    assert codes(caught) == [("key-table", "selection.pots")]


def test_wrong_settings_in_python_name_the_nearest_key() -> None:
    with pytest.raises(StrategyRefused, match="did you mean 'features'"):
        app("").strategy("pots", settings={"featurs": []})


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        app("").strategy("pots").settings.features = ("x",)  # type: ignore[attr-defined]


def test_the_sample_changes_nothing_and_every_line_of_it_can_be_used() -> None:
    own = app("")
    sample = sample_settings(own.strategies(), own.backends(), own.channels())
    assert Settings.from_data(tomllib.loads(sample), environ={}).selection.use == "leximin"
    assert "# What the solver asks for.\n" in sample
    assert "# How often it tries.\n# rounds = 3\n" in sample
    opened = []
    for line in sample.splitlines():
        bare = line.removeprefix("# ")
        name, _, rest = bare.partition(" ")
        # What may be left out has no default to stand there; a user belongs to the password.
        left_out = "may be left out" in rest and name != "user"
        value = re.sub(r"\.\.\.   (has to be set|may be left out)", '"a@stadt.example"', bare)
        opened.append(value if rest.startswith("=") and not left_out else line)
    used = app(
        "\n".join(opened),
        MITWIRKUNG_SELECTION_LICENSED_LICENCE="x",
        MITWIRKUNG_MASTER_KEY=KEY,
        MITWIRKUNG_NOTIFICATIONS_EMAIL_PASSWORD="x",
    )
    assert used.settings.storage.master_key == SecretStr(KEY)
    assert used.settings_in_force()["storage"]["sqlite"]["path"] == "mitwirkung.db"
    assert KEY not in str(used.settings_in_force())
    assert used.strategy("licensed").settings.model_dump()["shares"] == {"a b": 1}


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, list(arguments), env={"MITWIRKUNG_LANGUAGE": "en", **NOBODY})


def test_the_commands_read_the_file_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert '"use": "leximin"' in run("settings").stdout
    Path("mitwirkung.toml").write_text('[selection]\nuse = "simple"\n', "utf-8")
    assert '"use": "simple"' in run("settings").stdout
    Path("other.toml").write_text('[selection]\nuse = "simpel"\n', "utf-8")
    done = run("settings", "--settings-file", "other.toml")
    assert done.exit_code == 2
    assert "did you mean 'simple'" in done.stderr
    assert tomllib.loads(run("settings", "--sample").stdout) == {
        "notifications": {"call-list": {}, "email": {}, "folder": {}, "sender": {}},
        "plugins": {},
        "selection": {"goldilocks": {}, "pots": {}},
        "storage": {"memory": {}, "sqlite": {}},
    }


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mitwirkung.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        Settings.load(path)


def test_the_storage_in_use_and_its_settings() -> None:
    used = app(
        "[storage]\nmaster_key = { '$env' = 'MASTER' }\n[storage.sqlite]\npath = 'a.db'\n",
        MASTER=KEY,
    )
    backend = used.backend()
    assert (backend.name, backend.settings.model_dump()["path"]) == ("sqlite", "a.db")
    assert used.backend(settings={"path": "b.db"}).settings.model_dump()["path"] == "b.db"
    assert used.backend("memory").name == "memory"
    assert used.settings.storage.master_key == SecretStr(KEY)
    in_force = used.settings_in_force()["storage"]
    assert in_force["use"] == "sqlite"
    assert in_force["sqlite"] == {"path": "a.db", "keys": "mitwirkung-keys.db", "patience": 30}
    assert KEY not in str(in_force) + repr(used.settings)
    assert app('[storage]\nuse = "memory"\n').backend().name == "memory"


def test_everything_wrong_in_the_storage_is_told_at_once() -> None:
    wrong = """
        [storage]
        path = "a.db"
        master_keys = "x"
        [storage.sqlite]
        pth = "a.db"
        [storage.sqlit]
        [selection.pots]
        x = 1
    """
    with pytest.raises(InputError) as caught:
        app(wrong)
    assert codes(caught) == [
        ("key-table", "storage.path"),
        ("key-unknown-nearest", "storage.master_keys"),
    ]
    sections = "\n".join(wrong.splitlines()[4:])
    with pytest.raises(InputError) as caught:
        app(sections)
    assert codes(caught) == [
        ("key-unknown", "selection.pots.x"),
        ("key-unknown-nearest", "storage.sqlite.pth"),
        ("section-unknown-nearest", ""),
    ]
    assert "[storage.sqlit]: there is no 'sqlit'; did you mean 'sqlite'?" in str(caught.value)


def test_a_master_key_comes_from_the_environment_alone() -> None:
    with pytest.raises(InputError) as caught:
        app(f'[storage]\nmaster_key = "{KEY}"\n')
    assert codes(caught) == [("key-in-the-open", "storage.master_key")]
    assert KEY not in str(caught.value)
    with pytest.raises(InputError) as caught:
        app("[storage]\nmaster_key = { '$env' = 'MASTER' }\n")
    assert codes(caught) == [("env-unset", "storage.master_key")]


def test_an_unknown_storage_in_use_is_refused() -> None:
    with pytest.raises(UnknownBackend, match="did you mean 'sqlite'"):
        app('[storage]\nuse = "sqllite"\n')
