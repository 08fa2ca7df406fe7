"""Examples at random, one after the other: the same in every run, and no files are left."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from hypothesis import HealthCheck, Phase, configuration, errors, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def for_each(
    kind: SearchStrategy[T],
    check: Callable[[T], None],
    *,
    examples: int,
    described: Callable[[T], str],
) -> None:
    """Hold `check` against examples of a kind; what fails is made small, and described.

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
    @given(kind)
    def run(example: T) -> None:
        try:
            check(example)
        except Exception as error:
            error.add_note(described(example))
            raise

    with _no_files_left():
        try:
            run()
        except errors.Flaky as error:
            raise AssertionError(
                "the same example passes at one time and fails at another: what is tested depends "
                "on something besides it and its settings"
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
