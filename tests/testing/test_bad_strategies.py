"""Each test of the kit finds the strategy that breaks its point, and says what to do.

Everything runs as it would in somebody else's repository: pytest in a process and a folder of its
own, with the strategies beside the tests, and nothing of ours but the installed package.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from elsewhere import Run, run_pytest_by_class
from mitwirkung.testing import SelectionStrategyKit

HERE = Path(__file__).parent

pytestmark = pytest.mark.xdist_group("bad strategies")  # they run once, not in each worker

DECLARES = "test_it_declares_what_it_is"
SETTINGS = "test_its_settings_refuse_unknown_keys"
PUBLISHED_SETTINGS = "test_its_published_settings_make_the_same_lottery"
SEATS = "test_every_panel_has_all_seats"
WEIGHTS = "test_weights_are_whole_and_chances_add_up_to_the_seats"
QUOTAS = "test_promised_quotas_are_kept"
HOUSEHOLDS = "test_households_are_kept_apart_or_refused"
OPTIMUM = "test_a_promised_optimum_is_proven"
ROUND = "test_its_lottery_is_published_drawn_and_verified"
SAME = "test_the_same_problem_gives_the_same_lottery"
ORDER = "test_order_of_rows_columns_and_quotas_does_not_matter"
HASHING = "test_hashing_does_not_matter"
INFEASIBLE = "test_promised_quotas_that_clash_are_infeasible"
TOO_FEW = "test_too_few_applicants_are_refused"
LIGHT = "test_importing_it_is_light"
ALONE = "test_it_leaves_everything_else_alone"
PROGRESS = "test_progress_is_told_in_shares"

ALL = {name for name in vars(SelectionStrategyKit) if name.startswith("test_")}

# These need no lottery, or not from a strategy that promises households alone.
UNSOLVED = {DECLARES, SETTINGS, LIGHT, TOO_FEW, QUOTAS, OPTIMUM, INFEASIBLE}

# Where a promise is broken, publication refuses the lottery too: then ROUND fails beside the test
# that says why. Every other fault is found by one test alone, or by those that ask alike.
FAULTS = {
    "BadName()": ({DECLARES}, "BadName.name is not a word like 'first-come'"),
    "NoDocstring()": ({DECLARES}, "NoDocstring needs a docstring"),
    "VersionNumber()": ({DECLARES, ROUND}, "VersionNumber.version is no text"),
    "UnknownPromise()": (
        {DECLARES, ROUND},
        "promises names fairness; what can be checked is ",
    ),
    "MutableSettings()": ({DECLARES}, "Settings is not frozen"),
    "CarelessSettings()": ({DECLARES, SETTINGS}, "a misspelt one would go unnoticed"),
    "HiddenSetting(last_first=True)": (
        {PUBLISHED_SETTINGS, HASHING},
        "whatever the lottery depends on has to be in the settings",
    ),
    "ForgetsSettings()": ({SETTINGS}, "call super().__init__(settings, progress)"),
    "NeedsSecret({'token': 'x'})": (
        {PUBLISHED_SETTINGS, HASHING},
        "Secrets are not published, so they need a default",
    ),
    "TooFewSeats()": ({SEATS, ROUND}, "the lottery is for another problem"),
    "NoLottery()": (ALL - UNSOLVED, "lottery() returns None"),
    "OwnWeights()": ({WEIGHTS}, "leave the weights that it makes of them"),
    "WrongQuotas()": ({QUOTAS, ROUND}, "quotas are promised, but a panel seats"),
    "LooksAway()": ({QUOTAS, ROUND}, "give PanelLottery all features"),
    "TwoOfAHousehold()": (
        {HOUSEHOLDS, WEIGHTS, ROUND},
        "people is listed 2 times",
    ),
    "RefusesHouseholds()": (
        ALL - UNSOLVED,
        "a problem with households is refused",
    ),
    "StumblesOverHouseholds()": (
        {HOUSEHOLDS},
        "a problem with households raises ValueError (too many labels): serve it, or raise",
    ),
    "NoProof()": ({OPTIMUM, ROUND}, "leximin is promised, but there is no certificate"),
    "NotTheOptimum()": ({OPTIMUM, ROUND}, "leximin is promised, but the certificate leaves a gap"),
    "OwnClasses()": ({ROUND}, "one class with the position any"),
    "Counts()": ({SAME, ORDER}, "asked again, the strategy gives another lottery"),
    "FirstRow()": ({ORDER}, "go by problem.ids, problem.lots, problem.features"),
    "FirstFeature()": ({ORDER}, "with rows, columns or quotas in another order"),
    "HashOrder()": ({HASHING}, "sort what comes out of a set"),
    "SwallowsInfeasibility()": ({INFEASIBLE}, "no panel meets these, but it gives a lottery"),
    "OtherRefusal()": ({INFEASIBLE}, "but it raises StrategyRefused"),
    "ManySeats()": ({TOO_FEW}, "TooFewApplicants is to be raised"),
    "Heavy()": ({LIGHT}, "importing faulty_heavy loads numpy"),
    "GlobalRandom()": ({ALONE}, "changes the state of random: "),
    "GlobalNumpy()": ({ALONE}, "changes the state of numpy.random"),
    "ChangesEnvironment()": ({ALONE}, "changes os.environ"),
    "ChangesProblem()": ({ALONE}, "changes the problem"),
    "PercentProgress()": ({PROGRESS}, "a share of 50: it lies between 0 and 1"),
    "ProgressGoesBack()": ({PROGRESS}, "the progress of 'classes' goes back from 0.5 to 0.25"),
    "local()()": ({HASHING, LIGHT}, "it has to be defined at the top of a module"),
}

# Each of these starts interpreters, so only those strategies are held against them that fail there.
SLOW = {HASHING, LIGHT}

HEAD = """\
from faulty import *
from faulty_heavy import Heavy
from mitwirkung.testing import SelectionStrategyKit
"""

TEST_CLASS = """

class Test{number}(SelectionStrategyKit):
    examples = 4

    def make(self, problem):
        return {made}
"""

MADE = ["Good()", *FAULTS]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """What pytest found of each strategy. It runs once for all: starting it takes longest."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for file in HERE.glob("faulty*.py"):
        shutil.copy(file, folder)
    tests = [TEST_CLASS.format(number=number, made=made) for number, made in enumerate(MADE)]
    (folder / "test_it.py").write_text(HEAD + "".join(tests), "utf-8")
    left_out = [
        f"--deselect=test_it.py::Test{number}::{test}"
        for number, made in enumerate(MADE)
        if made in FAULTS
        for test in sorted(SLOW - FAULTS[made][0])
    ]
    runs = run_pytest_by_class(folder, "-W", "error", *left_out)
    return {made: runs[f"Test{number}"] for number, made in enumerate(MADE)}


def test_every_test_of_the_kit_finds_something() -> None:
    assert set().union(*(tests for tests, _ in FAULTS.values())) == ALL


@pytest.mark.parametrize("made", FAULTS)
def test_the_kit_finds(made: str, found: dict[str, Run]) -> None:
    expected, message = FAULTS[made]
    run = found[made]
    assert set(run.failed) == expected, run.failed
    assert run.passed == ALL - expected - SLOW
    assert any(message in said for said in run.failed.values()), run.failed


def test_what_the_faulty_ones_are_made_of_keeps_the_contract(found: dict[str, Run]) -> None:
    assert found["Good()"].passed == ALL
