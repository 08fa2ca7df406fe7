"""The conformance kit for selection strategies: subclass it, and pytest checks the contract."""

from __future__ import annotations

import copy
import inspect
import os
import random  # noqa: TID251 - only to see that a strategy leaves the global state alone
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st

from mitwirkung.errors import MitwirkungError, StrategyRefused
from mitwirkung.lottery.certificates import certified_gap, confirm_cuts
from mitwirkung.lottery.encoding import WEIGHT_TOTAL
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.panels import PanelLottery, Seats
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.progress import Watch
from mitwirkung.lottery.rules import CHECKABLE
from mitwirkung.lottery.strategy import SelectionStrategy, declaration_flaws
from mitwirkung.testing import fresh
from mitwirkung.testing.examples import for_each
from mitwirkung.testing.generators import problems
from mitwirkung.testing.specimens import (
    KEY,
    data_of,
    described,
    published,
    reordered,
    town,
    with_too_many_seats,
)

HASH_SEEDS = ("0", "1", "2", "3")
"""Values of PYTHONHASHSEED: with four, a set of three texts is hardly ever in one order."""


class SelectionStrategyKit:
    """What every selection strategy has to keep, as tests. Subclass it in a test module::

        class TestFirstCome(SelectionStrategyKit):
            def make(self, problem):
                return FirstComeStrategy({"feature": problem.quotas.names[0]})

    pytest then runs all tests of the kit. They need no fixtures, are the same in every run, and
    leave no files. What the strategy declares in `promises` decides what some of them ask for.

    A test can be overridden only as a declared expected failure, with its reason::

        @pytest.mark.xfail(reason="rounds seats, so order matters: issue 12", strict=True)
        def test_order_of_rows_columns_and_quotas_does_not_matter(self):
            super().test_order_of_rows_columns_and_quotas_does_not_matter()

    Class attributes:
        features: the features of the problems that the strategy is shown, name to values. Without
            them there are any one to three, with names and values that are hard to handle.
        examples: how many random problems each test tries.

    Raises:
        TypeError: a subclass replaces a test of the kit without declaring it.
    """

    features: ClassVar[Mapping[str, Sequence[str]] | None] = None
    examples: ClassVar[int] = 25

    __test__ = False  # pytest runs the subclasses, not the kit where it is imported

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        hold_to_kit(cls, SelectionStrategyKit)

    def make(self, problem: SelectionProblem) -> SelectionStrategy:
        """A new strategy with settings that fit this problem. The one thing to write."""
        raise NotImplementedError(
            f"{type(self).__qualname__} needs a method make(self, problem) that returns the "
            "strategy to be tested, with settings that fit the problem."
        )

    # --- what it says of itself -----------------------------------------------------------------

    def test_it_declares_what_it_is(self) -> None:
        """Name, version, promises, settings and docstring are there, and mean something."""
        strategy = type(self._made(self._town()))
        flaws = [*declaration_flaws(strategy)]
        if not (strategy.__doc__ or "").strip():
            flaws.append(f"{strategy.__qualname__} needs a docstring on what its lottery is like")
        demand(not flaws, "; ".join(flaws))

    def test_its_settings_refuse_unknown_keys(self) -> None:
        """What it goes by are its settings, and a misspelt one is noticed."""
        strategy = self._made(self._town())
        demand(
            isinstance(strategy.settings, strategy.Settings),
            "settings is no object of Settings: call super().__init__(settings, progress)",
        )
        unknown = {**strategy.settings.model_dump(mode="json"), "no_such_key": 1}
        try:
            type(strategy)(unknown)
        except StrategyRefused as refusal:
            demand(
                "no_such_key" in str(refusal),
                f"settings with an unknown key are refused, but for another reason: {refusal}",
            )
        else:
            raise AssertionError(
                "an unknown key in the settings is accepted, so a misspelt one would go "
                "unnoticed: leave extra='forbid' as StrategySettings has it"
            )

    def test_its_published_settings_make_the_same_lottery(self) -> None:
        """The published settings hold everything on which the lottery depends."""

        def check(problem: SelectionProblem) -> None:
            lottery = self._lottery(problem)
            assert lottery.strategy is not None
            stated = dict(lottery.strategy.settings)
            try:
                strategy = type(self._made(problem))(stated)
            except StrategyRefused as error:
                raise AssertionError(
                    f"its published settings {stated} do not make the strategy: {error}. Secrets "
                    "are not published, so they need a default"
                ) from error
            demand(
                published(strategy.solve(problem)) == published(lottery),
                f"made again with its published settings {stated}, the strategy gives another "
                "lottery: whatever the lottery depends on has to be in the settings",
            )

        for_each(self._problems(), check, examples=self.examples, described=described)

    # --- what its lotteries keep ----------------------------------------------------------------

    def test_every_panel_has_all_seats(self) -> None:
        """It returns a lottery for the problem it was given; each vector seats the whole panel."""

        def check(problem: SelectionProblem) -> None:
            lottery: object = self._made(problem).lottery(problem)
            if not isinstance(lottery, PanelLottery):
                raise AssertionError(f"lottery() returns {lottery!r}, not a PanelLottery")
            demand(
                lottery.problem is problem,
                "the lottery is for another problem: give PanelLottery the one you were given",
            )
            for vector in lottery.vectors:
                seated = sum(number for _, _, number in vector)
                demand(seated == problem.seats, f"a vector seats {seated}, not {problem.seats}")

        for_each(self._problems(), check, examples=self.examples, described=described)

    def test_weights_are_whole_and_chances_add_up_to_the_seats(self) -> None:
        """Weights are whole, at least 1, and sum to 16^12; all chances together are the seats."""

        def check(problem: SelectionProblem) -> None:
            lottery = self._lottery(problem)
            whole = all(type(weight) is int and weight >= 1 for weight in lottery.weights)
            demand(
                whole and sum(lottery.weights) == WEIGHT_TOTAL,
                "the weights are not whole numbers above 0 that add up to 16^12: hand any positive "
                "numbers to PanelLottery, and leave the weights that it makes of them",
            )
            demand(
                sum(lottery.exact_chances) == lottery.problem.seats,
                f"the chances add up to {float(sum(lottery.exact_chances))}, "
                f"not to the {lottery.problem.seats} seats",
            )
            demand(
                all(0 <= chance <= 1 for chance in lottery.exact_chances),
                "a chance is below 0 or above 1",
            )

        for_each(self._problems(), check, examples=self.examples, described=described)

    def test_promised_quotas_are_kept(self) -> None:
        """If it promises quotas: every panel meets all of them, counted from the people."""
        if "quotas" not in self._promises():
            return

        def check(problem: SelectionProblem) -> None:
            lottery = self._lottery(problem)
            demand(
                set(lottery.features) == set(problem.quotas.names),
                f"quotas are promised, but the lottery looks at {list(lottery.features)} only: "
                "give PanelLottery all features",
            )
            for vector in lottery.vectors:
                counts = Counter(
                    answer
                    for person in _seated(lottery, problem, vector)
                    for answer in problem.answers(person).items()
                )
                for feature in problem.features:
                    for quota in feature.quotas:
                        seated = counts[feature.name, quota.value]
                        demand(
                            quota.min <= seated <= quota.max,
                            f"quotas are promised, but a panel seats {seated} of {feature.name}: "
                            f"{quota.value}, and {quota.min} to {quota.max} are asked for",
                        )

        for_each(self._problems(), check, examples=self.examples, described=described)

    def test_households_are_kept_apart_or_refused(self) -> None:
        """If it promises households, at most one of each is seated; if not, it may refuse them."""
        promised = "households" in self._promises()

        def check(problem: SelectionProblem) -> None:
            try:
                lottery = self._made(problem).solve(problem)
            except StrategyRefused as refusal:
                demand(
                    not promised,
                    f"households are promised, but a problem with households is refused: {refusal}",
                )
                return
            except Exception as error:
                raise AssertionError(
                    f"a problem with households raises {type(error).__name__} ({error}): serve "
                    "it, or raise StrategyRefused and do not promise households"
                ) from error
            if not promised:
                return
            listed = Counter(lot for each in lottery.classes for lot in each.lots)
            for lot, members in enumerate(problem.lots):
                demand(
                    listed[lot] == 1,
                    f"households are promised, but a lot of {len(members)} people is listed "
                    f"{listed[lot]} times: take the classes from lot_classes(problem, features)",
                )

        for_each(
            self._problems(households=True), check, examples=self.examples, described=described
        )

    def test_a_promised_optimum_is_proven(self) -> None:
        """If it promises an optimum: the certificate proves it in exact arithmetic."""

        def check(problem: SelectionProblem) -> None:
            lottery = self._lottery(problem)
            assert lottery.strategy is not None
            try:
                certified_gap(lottery, lottery.strategy.promises)
                confirm_cuts(lottery)
            except CHECKABLE as error:
                promised = ", ".join(sorted(self._promises() - {"quotas", "households"}))
                raise AssertionError(f"{promised} is promised, but {error}") from error

        if self._promises() - {"quotas", "households"}:
            for_each(self._problems(), check, examples=self.examples, described=described)

    def test_its_lottery_is_published_drawn_and_verified(self) -> None:
        """From the problem to a verified panel, through the files that everybody uses."""

        def check(problem: SelectionProblem) -> None:
            lottery = self._lottery(problem)
            with tempfile.TemporaryDirectory() as folder:
                try:
                    public = lottery.publish(Path(folder, "lottery"), key=KEY)
                except (MitwirkungError, ValueError) as error:
                    raise AssertionError(f"the lottery cannot be published: {error}") from error
                for seed in ("first seed", "second seed"):
                    record = public.publication.draw(seed)
                    panel = set(record.panel)
                    demand(
                        len(panel) == problem.seats,
                        f"{len(panel)} different people are drawn for {problem.seats} seats",
                    )
                verification = public.draw("the seed").verify(commitment=public.commitment, key=KEY)
                demand(
                    bool(verification) and verification.level == "private",
                    f"the draw does not verify:\n{verification}",
                )

        for_each(self._problems(), check, examples=self.examples, described=described)

    # --- what its lotteries depend on -----------------------------------------------------------

    def test_the_same_problem_gives_the_same_lottery(self) -> None:
        """A lottery is a function of the problem and the settings, and of nothing else."""

        def check(problem: SelectionProblem) -> None:
            strategy = self._made(problem)
            found = [published(strategy.solve(problem)) for _ in range(2)]
            found.append(published(self._lottery(problem)))
            demand(
                len(set(found)) == 1,
                "asked again, the strategy gives another lottery: no clock, no counters, no "
                "random numbers but those of a generator seeded with problem.digest",
            )

        for_each(self._problems(), check, examples=self.examples, described=described)

    def test_order_of_rows_columns_and_quotas_does_not_matter(self) -> None:
        """Whoever sorts a table or lists the quotas otherwise publishes the same bytes."""

        def check(problem: SelectionProblem) -> None:
            strategy = self._made(problem)
            expected = published(strategy.solve(problem))
            for other in reordered(problem):
                demand(
                    published(strategy.solve(other)) == expected,
                    "with rows, columns or quotas in another order the strategy gives another "
                    "lottery: go by problem.ids, problem.lots, problem.features and lot_classes, "
                    "which have an order of their own; problem.applicants and problem.quotas are "
                    "as they were read",
                )

        for_each(self._problems(), check, examples=self.examples, described=described)

    def test_hashing_does_not_matter(self) -> None:
        """Interpreters that hash differently (PYTHONHASHSEED) publish the same bytes."""
        problem = self._town()
        data = data_of(problem)
        strategy = self._made(problem)
        lottery = strategy.solve(problem)
        assert lottery.strategy is not None
        stated = dict(lottery.strategy.settings)
        job = fresh.job_for(type(strategy), "published", problem=data, settings=stated)
        found = _answers(job, HASH_SEEDS)
        demand(
            len(set(found)) == 1,
            "in interpreters with different PYTHONHASHSEED the strategy gives different lotteries: "
            "sort what comes out of a set before you go through it",
        )
        demand(
            found[0] == published(lottery),
            "in an interpreter of its own the strategy gives another lottery than here: it depends "
            "on what this process did before",
        )

    # --- what it refuses ------------------------------------------------------------------------

    def test_promised_quotas_that_clash_are_infeasible(self) -> None:
        """If it promises quotas: it raises InfeasibleQuotas where no panel meets them."""
        promises = self._promises()
        if "quotas" not in promises:
            return

        def check(problem: SelectionProblem) -> None:
            self._demand_refusal(
                problem, InfeasibleQuotas, "quotas are promised and no panel meets these"
            )

        households = "households" in promises
        for_each(
            problems(self.features, feasible=False, households=households),
            check,
            examples=self.examples,
            described=described,
        )

    def test_too_few_applicants_are_refused(self) -> None:
        """It raises TooFewApplicants where there are fewer lots than seats."""

        def check(problem: SelectionProblem) -> None:
            lots = f"there are {len(problem.lots)} lots for {problem.seats} seats"
            self._demand_refusal(problem, TooFewApplicants, lots)

        for_each(
            self._problems().map(with_too_many_seats),
            check,
            examples=self.examples,
            described=described,
        )

    # --- how it behaves in a program ------------------------------------------------------------

    def test_importing_it_is_light(self) -> None:
        """Its module loads no heavy library before a lottery is made."""
        strategy = type(self._made(self._town()))
        (loaded,) = _answers(fresh.job_for(strategy, "loaded"), ["random"])
        demand(
            not loaded,
            f"importing {strategy.__module__} loads {loaded}: import that inside the function that "
            "uses it, so that listing strategies stays quick; a strategy does not stand in a file "
            "of tests",
        )

    def test_it_leaves_everything_else_alone(self) -> None:
        """The problem, the environment and global random states are what they were."""

        def check(problem: SelectionProblem) -> None:
            strategy = self._made(problem)
            problem.digest, problem.answers(0)  # what the problem itself remembers
            environment = dict(os.environ)
            before = _surroundings(problem)
            try:
                strategy.solve(problem)
                after = _surroundings(problem)
            finally:
                os.environ.clear()
                os.environ.update(environment)
            changed = [name for name in before if before[name] != after[name]]
            demand(
                not changed,
                f"making a lottery changes {', '.join(changed)}: work on copies, and use a "
                "generator of your own, seeded with problem.digest",
            )

        for_each(self._problems(), check, examples=self.examples, described=described)

    def test_progress_is_told_in_shares(self) -> None:
        """If it tells its progress: the name of a step, and a share of it that never goes back."""

        def check(problem: SelectionProblem) -> None:
            told: list[tuple[Any, Any]] = []
            strategy = self._made(problem)
            strategy.progress = Watch(lambda step: told.append((step.stage, step.share)))
            strategy.solve(problem)
            for step, share in told:
                demand(
                    isinstance(step, str) and bool(step.strip()),
                    f"progress is told of a step {step!r}: name it by a text",
                )
                demand(
                    isinstance(share, int | float) and 0 <= share <= 1,
                    f"progress is told a share of {share!r}: it lies between 0 and 1",
                )
            for (step, share), (next_step, next_share) in pairwise(told):
                demand(
                    step != next_step or share <= next_share,
                    f"the progress of {step!r} goes back from {share} to {next_share}",
                )

        for_each(self._problems(), check, examples=self.examples, described=described)

    # --- how the tests are made -----------------------------------------------------------------

    def _made(self, problem: SelectionProblem) -> SelectionStrategy:
        strategy = self.make(problem)
        demand(
            isinstance(strategy, SelectionStrategy),
            f"{type(self).__qualname__}.make returns {strategy!r}, not a SelectionStrategy",
        )
        return strategy

    def _lottery(self, problem: SelectionProblem) -> PanelLottery:
        """The lottery for a problem that the strategy has to serve."""
        try:
            lottery = self._made(problem).solve(problem)
        except MitwirkungError as error:
            raise AssertionError(
                f"a problem that the strategy has to serve is refused: {error}"
            ) from error
        return lottery

    def _demand_refusal(
        self, problem: SelectionProblem, expected: type[MitwirkungError], reason: str
    ) -> None:
        cause: Exception | None = None
        try:
            self._made(problem).solve(problem)
        except expected as error:
            str(error)  # its sentence can be made
            return
        except Exception as error:
            cause, told = error, f"it raises {type(error).__name__} ({error})"
        else:
            told = "it gives a lottery"
        raise AssertionError(
            f"{reason}, but {told}. {expected.__name__} is to be raised: "
            "mitwirkung.check_feasible(problem) does"
        ) from cause

    def _promises(self) -> frozenset[str]:
        return frozenset(self._made(self._town(households=False)).promises)

    def _town(self, *, households: bool | None = None) -> SelectionProblem:
        if households is None:
            households = "households" in self._promises()
        return town(self.features, households=households)

    def _problems(self, *, households: bool | None = None) -> st.SearchStrategy[SelectionProblem]:
        """Problems that the strategy has to serve: households only if it promises them."""
        if households is None:
            households = "households" in self._promises()
        larger = st.builds(self._town, households=st.just(households))
        return problems(self.features, feasible=True, households=households) | larger


def demand(held: bool, otherwise: str) -> None:
    """Fail with a sentence that says what to do; works without pytest's rewriting of `assert`."""
    __tracebackhide__ = True
    if not held:
        raise AssertionError(otherwise)


def hold_to_kit(tests: type, kit: type) -> None:
    """Let pytest run a subclass of a kit, unless it replaces a test without declaring it.

    Raises:
        TypeError: it does.
    """
    if "__test__" not in tests.__dict__:
        tests.__test__ = True  # type: ignore[attr-defined]
    for name, test in vars(kit).items():
        found = inspect.getattr_static(tests, name)
        if name.startswith("test_") and found is not test and not _declared(found):
            raise TypeError(
                f"{tests.__qualname__}.{name} replaces a test of the kit. Remove it, or declare "
                "that this cannot be kept: mark it with "
                '@pytest.mark.xfail(reason="...", strict=True), say the reason, and call '
                f"super().{name}() in it."
            )


def _declared(override: object) -> bool:
    """Whether an override is marked as a strict expected failure with a reason."""
    marks = getattr(override, "pytestmark", [])
    return any(
        mark.name == "xfail"
        and not mark.args
        and "condition" not in mark.kwargs  # where it does not hold, nothing would be tested
        and mark.kwargs.get("strict") is True
        and mark.kwargs.get("run", True)
        and str(mark.kwargs.get("reason", "")).strip()
        for mark in marks
    )


def _seated(lottery: PanelLottery, problem: SelectionProblem, vector: Seats) -> Iterator[int]:
    """One of the panels that a vector stands for: people, each from a lot of its own."""
    lots = {number: iter(each.lots) for number, each in enumerate(lottery.classes)}
    for number, position, count in vector:
        label = dict(lottery.classes[number].labels[position])
        for _ in range(count):
            members = problem.lots[next(lots[number])]
            fitting = [i for i in members if label.items() <= problem.answers(i).items()]
            demand(
                bool(fitting), "a class lists lots in which nobody gave the answers of its label"
            )
            yield fitting[0]


def _surroundings(problem: SelectionProblem) -> dict[str, object]:
    """What a strategy could change behind one's back, by the name of it."""
    states: dict[str, object] = {
        "the problem": copy.deepcopy(vars(problem)),
        "os.environ": dict(os.environ),
        "the state of random": random.getstate(),
    }
    if "numpy" in sys.modules:
        kind, keys, *rest = sys.modules["numpy"].random.get_state()
        states["the state of numpy.random"] = (kind, keys.tolist(), *rest)
    return states


def _answers(job: fresh.Job, hash_seeds: Sequence[str]) -> list[str]:
    try:
        return fresh.answers(job, hash_seeds)
    except RuntimeError as error:
        raise AssertionError(
            "in an interpreter of its own the strategy fails; it has to be defined at the top of "
            f"a module, and made by its class and settings alone:\n{error}"
        ) from None
