"""What the apps above may ask of devices: to be told when a SIM moves.

Devices know nothing of lines. The app that does registers a listener when it starts (usage, in
its AppConfig), and is called inside the transaction of the move.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class SimsMoved(Protocol):
    """Called with the ids of SIMs that were put in, taken out, or whose device was retired."""

    def __call__(self, *, sim_ids: Collection[int]) -> None: ...


_listeners: list[SimsMoved] = []


def when_sims_move(listener: SimsMoved) -> None:
    """Register `listener`, once."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_sims_moved(*, sim_ids: Collection[int]) -> None:
    """Call every listener; nothing happens for no SIMs."""
    if sim_ids:
        for listener in _listeners:
            listener(sim_ids=sim_ids)
