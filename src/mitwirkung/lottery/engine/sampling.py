"""Many feasible panels whose mean follows a target.

Chains run from samples of the target (`chains`). As soon as all rows hold the panel is kept and the
chain starts anew. Where panels turn out to be rare, those are looked for that are a few seats away
from a chain (`exchange`); their mean may be further from the target.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.chains import Chains
from mitwirkung.lottery.engine.exchange import Exchanges, panels_near
from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.progress import Watch

_FEWEST_CHAINS = 32
_TURNS = 3  # panels that a chain makes, about: with fewer, nobody could catch up
_CELLS = 170_000  # types times chains: larger tables leave the processor's cache
_AT_ONCE = 6  # a start is made as soon as this part of the chains waits for one
_PATIENCE = 400
_PROBATION = 100  # steps after which it shows whether panels are rare:
_RARE = 1 / 4  # at the pace until then, all that are wanted would take this part of the most steps
_LOOKS_FOR_A_FIRST, _LOOKS_FOR_MORE = 30, 6  # in vain, before giving up


def sample_panels(
    polytope: Polytope,
    target: NDArray[np.float64],
    wanted: int,
    rng: np.random.Generator,
    *,
    tilt: NDArray[np.float64] | None = None,
    patience: int = _PATIENCE,
    watch: Watch | None = None,
    exchange: bool = False,
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
        exchange: where panels are rare, look for those near the chains before giving up.
    """
    most = max(_CELLS // polytope.types, _FEWEST_CHAINS)
    count = min(most, max(_FEWEST_CHAINS, wanted // _TURNS))
    chains = Chains(polytope, target, rng, tilt, count)
    found: list[NDArray[np.int32]] = []
    made = steps = dry = 0
    waiting = np.zeros(count, np.bool_)  # to start anew: several at once cost hardly more than one
    most_steps = _PATIENCE * (wanted // count + 3)
    rare = False
    while made < wanted and steps < most_steps and not rare:
        if watch is not None:
            watch.check()
        finished = chains.finished() & ~waiting
        done = finished.nonzero()[0]
        if len(done):
            found.append(chains.harvest(done))
            made += len(done)
            dry = 0
        waiting |= finished | (chains.age > chains.give_up)
        if waiting.sum() * _AT_ONCE >= count:
            chains.restart(waiting.nonzero()[0])
            waiting[:] = False
        else:
            chains.step()
        steps += 1
        dry += 1
        slow = steps >= _PROBATION and made * _RARE * most_steps < wanted * steps
        rare = dry > patience or (exchange and slow)
    panels = tidy(np.concatenate([*found, np.empty((0, polytope.seats), np.int32)]))
    panels = panels[polytope.feasible(panels)]
    if rare and exchange:
        looks = panels_near(chains, Exchanges(polytope, rng), most_steps - steps, watch)
        return _while_new(looks, panels, wanted)
    return panels


def _while_new(
    looks: Iterator[NDArray[np.int32]], panels: NDArray[np.int32], wanted: int
) -> NDArray[np.int32]:
    """The ``panels`` and those of ``looks``, until ``wanted`` differ or none has been new for
    long."""
    old = 0
    for look in looks:
        known = len(panels)
        panels = tidy(np.concatenate([panels, look]))
        old = old + 1 if len(panels) == known else 0
        if len(panels) >= wanted or old >= (_LOOKS_FOR_MORE if known else _LOOKS_FOR_A_FIRST):
            break
    return panels
