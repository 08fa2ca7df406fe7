"""Which plugins are installed: entry points of the group `mitwirkung`, nothing is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass

GROUP = "mitwirkung"


@dataclass(frozen=True)
class Installed:
    """An entry point of an installed distribution.

    Attributes:
        name: that of the entry point.
        value: the module it names.
        distribution, version: who brings it.
    """

    name: str
    value: str
    distribution: str
    version: str


def installed_plugins() -> tuple[Installed, ...]:
    """All installed plugins, sorted by name, then distribution and module.

    What is found twice, as a distribution that lies in two folders of the path, is listed once.
    """
    from importlib.metadata import entry_points  # takes milliseconds, and built-ins need none

    found: dict[tuple[str, str, str], Installed] = {}
    for point in entry_points(group=GROUP):
        distribution = (point.dist and point.dist.name) or "unknown"
        version = (point.dist and point.dist.version) or "unknown"
        module = point.value.partition("[")[0].strip()  # without extras
        one = Installed(point.name, module, distribution, version)
        found.setdefault((point.name, canonical(distribution), point.value), one)
    return tuple(found[key] for key in sorted(found))


def installed_version(distribution: str) -> str:
    """The version of a distribution; empty if it is not installed as one."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except (PackageNotFoundError, ValueError):  # ValueError: no name at all
        return ""


def canonical(name: str) -> str:
    """A name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
