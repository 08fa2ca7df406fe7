"""Problems at random, one after the other: the same in every run, and no files are left."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, configuration, errors, given, settings
from hypothesis.strategies import SearchStrategy

from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.testing.specimens import described


def for_each(
    problems: SearchStrategy[SelectionProblem],
    check: Callable[[SelectionProblem], None],
    *,
    examples: int,
) -> None:
    """Hold `check` against problems; what fails is made small, and told with its problem.

    Raises:
        AssertionError: besides what `check` raises, if it raises only now and then.
    """

    @settings(
        max_examples=examples,
        phases=[Phase.generate, Phase.shrink],
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(problems)
    def run(problem: SelectionProblem) -> None:
        try:
            check(problem)
        except Exception as error:
            error.add_note(described(problem))
            raise

    with _no_files_left():
        try:
            run()
        except errors.Flaky as error:
            raise AssertionError(
                "the same problem passes at one time and fails at another: the strategy depends "
                "on something besides the problem and its settings"
            ) from error


@contextmanager
def _no_files_left() -> Iterator[None]:
    """Hypothesis keeps notes about the code it runs in; not in somebody else's repository."""
    home = configuration.storage_directory(intent_to_write=False).home_directory
    with tempfile.TemporaryDirectory() as elsewhere:
        configuration.set_hypothesis_home_dir(elsewhere)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(home)
