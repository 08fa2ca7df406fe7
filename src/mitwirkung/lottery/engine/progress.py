"""Telling the caller how far the lottery is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

Progress = Callable[[str, float], None]


def report(progress: Progress | None, stage: str, fraction: float) -> None:
    """Call ``progress``, if there is one; whatever it raises must not disturb the lottery."""
    if progress is not None:
        with contextlib.suppress(Exception):
            progress(stage, fraction)
