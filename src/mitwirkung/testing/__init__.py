"""To test what builds on mitwirkung: kits, problems at random, made-up residents.

Needs the extra: `pip install "mitwirkung[testing]"`. The names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mitwirkung.testing.backend_kit import StorageBackendKit as StorageBackendKit
    from mitwirkung.testing.channel_kit import NotificationChannelKit as NotificationChannelKit
    from mitwirkung.testing.generators import applicants as applicants
    from mitwirkung.testing.generators import lotteries as lotteries
    from mitwirkung.testing.generators import problems as problems
    from mitwirkung.testing.generators import quota_plans as quota_plans
    from mitwirkung.testing.kit import SelectionStrategyKit as SelectionStrategyKit
    from mitwirkung.testing.residents import ResidentProvider as ResidentProvider
    from mitwirkung.testing.source_kit import RandomnessSourceKit as RandomnessSourceKit

_HOME_OF = {
    "NotificationChannelKit": "channel_kit",
    "RandomnessSourceKit": "source_kit",
    "ResidentProvider": "residents",
    "SelectionStrategyKit": "kit",
    "StorageBackendKit": "backend_kit",
    "applicants": "generators",
    "lotteries": "generators",
    "problems": "generators",
    "quota_plans": "generators",
}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'mitwirkung.testing' has no attribute {name!r}")
    value = getattr(import_module(f"mitwirkung.testing.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
