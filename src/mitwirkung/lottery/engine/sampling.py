"""Many feasible panels whose mean follows a target.

Chains run from samples of the target (`chains`). As soon as all rows hold the panel is kept and the
chain starts anew. Where panels turn out to be rare, chains are helped over the last few seats
(`exchange`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.chains import Chains
from mitwirkung.lottery.engine.exchange import helped
from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.progress import Watch

_FEWEST_CHAINS = 32
_TURNS = 3  # panels that a chain makes, about: with fewer, nobody could catch up
_CELLS = 170_000  # types times chains: larger tables leave the processor's cache
_PATIENCE = 400
_STEPS_A_PANEL = 100  # of a chain, at most
_PROBATION = 100  # steps after which it shows whether panels are rare
_RARE_PATIENCE = 60


def sample_panels(
    polytope: Polytope,
    target: NDArray[np.float64],
    wanted: int,
    rng: np.random.Generator,
    *,
    tilt: NDArray[np.float64] | None = None,
    patience: int = _PATIENCE,
    watch: Watch | None = None,
) -> NDArray[np.int32]:
    """About ``wanted`` feasible panels, possibly fewer or none, in canonical form (unique, sorted).

    Args:
        polytope: the problem.
        target: (T,) expected seats of each type, all positive, with the sum ``polytope.seats``.
        wanted: how many panels to make before duplicates are dropped.
        rng: the only source of chance.
        tilt: (T,) fixed odds (logarithms) instead of following the target.
        patience: give up after so many steps of all chains in which none has found a panel.
        watch: asked before each step whether to stop.
    """
    most = max(_CELLS // polytope.types, _FEWEST_CHAINS)
    count = min(most, max(_FEWEST_CHAINS, wanted // _TURNS))
    chains = Chains(polytope, target, rng, tilt, count)
    found: list[NDArray[np.int32]] = []
    made = steps = dry = 0
    expected = _STEPS_A_PANEL * (wanted // count + 3)
    rare = False
    while made < wanted and dry <= patience and not rare:
        if watch is not None:
            watch.check()
        finished = chains.finished()
        done = finished.nonzero()[0]
        if len(done):
            found.append(chains.harvest(done))
            made += len(done)
            dry = 0
        anew = (finished | (chains.age > chains.give_up)).nonzero()[0]
        if len(anew):
            chains.restart(anew)
        else:
            chains.step()
        steps += 1
        dry += 1
        rare = steps >= _PROBATION and made * expected < wanted * steps
    if rare:
        found.append(_rare_panels(chains, polytope, wanted - made, patience, rng, watch))
    if not found:
        return np.empty((0, polytope.seats), np.int32)
    panels = tidy(np.concatenate(found))
    return panels[polytope.feasible(panels)]


def _rare_panels(
    chains: Chains,
    polytope: Polytope,
    wanted: int,
    patience: int,
    rng: np.random.Generator,
    watch: Watch | None,
) -> NDArray[np.int32]:
    """Panels of chains that are helped, until enough of them differ or none is new any more."""
    known = np.empty((0, polytope.seats), np.int32)
    since = 0

    def enough(panels: NDArray[np.int32], steps: int) -> bool:
        nonlocal known, since
        before = len(known)
        known = tidy(np.concatenate([known, panels]))
        since = since + steps if len(known) == before else 0
        return len(known) >= wanted or since > min(patience, _RARE_PATIENCE)

    helped(chains, polytope, _PATIENCE, enough, rng, watch)
    return known
