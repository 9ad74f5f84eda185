"""An object of the inventory while a page is taken: what it is, and what it was before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.models import InventoryItem, MatchState

LINKS = ["match_state", "match_by", "line_id", "candidates", "device_id", "person_id", "trouble"]
"""What a sync finds out about an object beside its facts."""


@dataclass
class Row:
    """`before` are the facts as they were, empty for a new object; `links` those it came with.

    `is_heard`: the device has spoken with Intune since, which is no change of its facts.
    """

    item: InventoryItem
    before: dict[str, Any]
    links: tuple[Any, ...]
    is_changed: bool = False
    was_gone: bool = False
    is_heard: bool = False

    @property
    def is_relinked(self) -> bool:
        return links_of(self.item) != self.links

    @property
    def is_newly_linked(self) -> bool:
        """Whether the portal's device is another one than it was."""
        return self.item.device_id != self.links[LINKS.index("device_id")]

    @property
    def is_conflict(self) -> bool:
        """Whether a person has to look at it."""
        return self.item.match_state == MatchState.DOUBTFUL or bool(self.item.trouble)


def links_of(item: InventoryItem) -> tuple[Any, ...]:
    """The links as they are now, to compare."""
    values = (getattr(item, name) for name in LINKS)
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)
