"""The zones of plans, as decisions see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from usage import limits
from usage.models import Zone


@dataclass(frozen=True)
class PlanZones:
    """Zones of one plan: their terms, names by id, and the name of the rest of the world."""

    terms: tuple[limits.Zone, ...]
    names: dict[int, str]
    domestic: frozenset[str]
    rest: str | None


def zones_of_plans(plan_ids: Iterable[int] | None = None) -> dict[int, PlanZones]:
    """Zones by plan (all of the tenant, or these); plans without zones are absent. One query."""
    zones = Zone.objects.order_by("plan_id", "name")
    if plan_ids is not None:
        zones = zones.filter(plan_id__in=list(plan_ids))
    found: dict[int, list[Zone]] = defaultdict(list)
    for zone in zones:
        found[zone.plan_id].append(zone)
    return {
        plan_id: PlanZones(
            terms=tuple(
                limits.Zone(zone.name, zone.cap, zone.price, zone.is_extended_domestic)
                for zone in rows
            ),
            names={zone.pk: zone.name for zone in rows},
            domestic=frozenset(zone.name for zone in rows if zone.is_extended_domestic),
            rest=next((zone.name for zone in rows if zone.is_rest_of_world), None),
        )
        for plan_id, rows in found.items()
    }
