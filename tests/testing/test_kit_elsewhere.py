"""The kit in somebody else's repository: an empty folder, the installed package, and pytest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from elsewhere import run_pytest
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.simple import SimpleStrategy
from mitwirkung.testing import SelectionStrategyKit

ORDER = "test_order_of_rows_columns_and_quotas_does_not_matter"
TOO_FEW = "test_too_few_applicants_are_refused"
ALL = {name for name in vars(SelectionStrategyKit) if name.startswith("test_")}

STRATEGY = '''\
"""What an author writes first: a strategy that looks at one feature alone."""

from fractions import Fraction

from mitwirkung import (
    PanelLottery,
    SelectionStrategy,
    StrategySettings,
    TooFewApplicants,
    lot_classes,
)


class OneFeatureSettings(StrategySettings):
    feature: str


class OneFeature(SelectionStrategy):
    """The seats in proportion to the applicants with each value, as well as whole seats can."""

    name = "one-feature"
    promises = frozenset({"households"})
    Settings = OneFeatureSettings

    def lottery(self, problem):
        people = len(problem.lots)
        if people < problem.seats:
            raise TooFewApplicants(
                "applicants-too-few", people=len(problem), lots=people, seats=problem.seats
            )
        classes = lot_classes(problem, [self.settings.feature])
        shares = [Fraction(problem.seats * len(each.lots), people) for each in classes]
        seats = [int(share) for share in shares]
        by_rest = sorted(range(len(seats)), key=lambda i: seats[i] - shares[i])
        for i in by_rest[: problem.seats - sum(seats)]:
            seats[i] += 1
        vector = {(number, 0): count for number, count in enumerate(seats)}
        return PanelLottery(problem, [self.settings.feature], [(1, vector)])
'''

TEST = """\
from one_feature import OneFeature

from mitwirkung.testing import SelectionStrategyKit


class TestOneFeature(SelectionStrategyKit):
    def make(self, problem):
        return OneFeature({"feature": problem.quotas.names[0]})
"""


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_an_author_gets_a_green_kit_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "one_feature.py").write_text(STRATEGY, "utf-8")
    (tmp_path / "test_one_feature.py").write_text(TEST, "utf-8")
    found = run_pytest(tmp_path)
    assert found.failed == {}, found.printed
    assert found.passed == ALL  # the kit itself is imported there too, and not collected
    assert files(tmp_path) == {"one_feature.py", "test_one_feature.py", "pyproject.toml"}


def test_a_strategy_in_a_package_tested_from_a_folder_of_tests(tmp_path: Path) -> None:
    (tmp_path / "src" / "ours").mkdir(parents=True)
    (tmp_path / "src" / "ours" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "src" / "ours" / "one_feature.py").write_text(STRATEGY, "utf-8")
    (tmp_path / "tests").mkdir()
    test = TEST.replace("from one_feature", "from ours.one_feature")
    (tmp_path / "tests" / "test_it.py").write_text(test, "utf-8")
    found = run_pytest(tmp_path, "--import-mode=importlib", "-o", "pythonpath=src")
    assert found.failed == {}, found.printed
    assert found.passed == ALL


def test_a_strategy_in_the_file_of_its_tests_is_found_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    test = STRATEGY + TEST.replace("from one_feature import OneFeature\n", "")
    (tmp_path / "tests" / "test_it.py").write_text(test, "utf-8")
    found = run_pytest(tmp_path, "--import-mode=importlib")
    assert set(found.failed) == {"test_importing_it_is_light"}, found.printed
    assert "loads hypothesis" in found.failed["test_importing_it_is_light"]


def test_features_are_those_that_the_strategy_needs(tmp_path: Path) -> None:
    (tmp_path / "one_feature.py").write_text(STRATEGY, "utf-8")
    test = TEST.replace(
        """    def make(self, problem):
        return OneFeature({"feature": problem.quotas.names[0]})
""",
        """    features = {"Stadtteil": ("Nord", "Süd"), "Alter": ("jung", "alt")}
    examples = 5

    def make(self, problem):
        assert sorted(problem.quotas.names) == ["Alter", "Stadtteil"]
        return OneFeature({"feature": "Stadtteil"})
""",
    )
    (tmp_path / "test_it.py").write_text(test, "utf-8")
    found = run_pytest(tmp_path)
    assert found.failed == {}, found.printed


OVERRIDES = """

class TestReversed(TestOneFeature):
    examples = 5

    @pytest.mark.xfail(reason="promises too much: issue 12", strict=True)
    def test_households_are_kept_apart_or_refused(self):
        super().test_households_are_kept_apart_or_refused()

    @pytest.mark.xfail(reason="solves anything: issue 13", strict=True)
    def test_too_few_applicants_are_refused(self):
        raise AssertionError("as declared")


del TestOneFeature
"""


def test_a_declared_failure_is_expected_and_its_end_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "one_feature.py").write_text(STRATEGY, "utf-8")
    (tmp_path / "test_it.py").write_text("import pytest\n" + TEST + OVERRIDES, "utf-8")
    found = run_pytest(tmp_path)
    assert found.xfailed == {TOO_FEW: "solves anything: issue 13"}
    assert set(found.failed) == {"test_households_are_kept_apart_or_refused"}
    assert "[XPASS(strict)]" in str(found.failed)


def override(*marks: pytest.MarkDecorator) -> Callable[[SelectionStrategyKit], None]:
    """A test that tests nothing, with these marks."""

    def nothing(self: SelectionStrategyKit) -> None:
        pass

    for mark in marks:
        mark(nothing)
    return nothing


xfail = pytest.mark.xfail


@pytest.mark.parametrize(
    "mark",
    [
        pytest.mark.skip(reason="later"),
        xfail(),
        xfail(reason="not strict"),
        xfail(reason="not strict", strict=False),
        xfail(strict=True),
        xfail(reason="  ", strict=True),
        xfail(reason="never run", strict=True, run=False),
        xfail(False, reason="elsewhere", strict=True),
        xfail(condition=False, reason="elsewhere", strict=True),
    ],
)
def test_an_override_that_is_not_declared_is_refused(mark: pytest.MarkDecorator) -> None:
    with pytest.raises(TypeError, match=rf"TestMine\.{ORDER} replaces a test of the kit"):
        type("TestMine", (SelectionStrategyKit,), {ORDER: override(mark)})


@pytest.mark.parametrize("instead", [None, "text", override()])
def test_a_test_cannot_be_taken_out(instead: object) -> None:
    with pytest.raises(TypeError, match=ORDER):
        type("TestMine", (SelectionStrategyKit,), {ORDER: instead})


def test_a_test_cannot_be_replaced_by_a_class_beside_the_kit() -> None:
    beside = type("Beside", (), {ORDER: override()})
    with pytest.raises(TypeError, match=rf"super\(\)\.{ORDER}\(\)"):
        type("TestMine", (beside, SelectionStrategyKit), {})


def test_a_declared_override_and_tests_of_ones_own_are_welcome() -> None:
    declared = override(xfail(reason="rounds: issue 12", strict=True))
    own = {ORDER: declared, "test_of_my_own": override()}
    mine = type("TestMine", (SelectionStrategyKit,), own)
    again = type("TestAgain", (mine,), {})  # inherits the declaration
    assert mine.__test__
    assert again.__test__


def test_only_subclasses_are_collected() -> None:
    assert not SelectionStrategyKit.__test__
    base = type("Base", (SelectionStrategyKit,), {"__test__": False})
    assert not base.__test__
    assert type("TestMine", (base,), {}).__test__


def test_a_kit_without_a_strategy_says_what_is_missing() -> None:
    class Empty(SelectionStrategyKit):
        __test__ = False

    class Wrong(SelectionStrategyKit):
        __test__ = False

        def make(self, problem: SelectionProblem) -> SimpleStrategy:
            return SimpleStrategy  # type: ignore[return-value]

    with pytest.raises(NotImplementedError, match=r"Empty needs a method make\(self, problem\)"):
        Empty().test_it_declares_what_it_is()
    with pytest.raises(AssertionError, match=r"Wrong\.make returns .*, not a SelectionStrategy"):
        Wrong().test_it_declares_what_it_is()
