"""What holds for all tests: no deadlines, Ctrl-C, and which tests begin.

A single example has no deadline: the machine may be busy, and tests hold no timings.

With `--hypothesis-profile=stress` the tests that compare with brute force look at thousands.
"""

import signal

import pytest
from hypothesis import settings

settings.register_profile("without deadline", deadline=None)
settings.register_profile("stress", deadline=None, max_examples=3000)
if settings.get_current_profile_name() == "default":  # on CI hypothesis loads a profile of its own
    settings.load_profile("without deadline")

# A run in the background is deaf to Ctrl-C, but some tests raise it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a slow preparation of their own first: begun last, one worker would be at them
    long after the other."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
