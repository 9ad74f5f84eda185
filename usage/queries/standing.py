"""How much lines have used in their running cycle, against which caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from usage.cycles import cycle_at
from usage.limits import Zone
from usage.models import Line, LinePlan
from usage.queries.due_lines import NO_PLAN, plan_facts
from usage.queries.usage_sums import Window, usage_in
from usage.queries.zones import zones_of_plans


@dataclass(frozen=True)
class ZoneUse:
    """Bytes used in one zone of the plan."""

    zone: Zone
    used: int


@dataclass(frozen=True)
class CycleUsage:
    """Bytes in the half-open cycle; caps are None where nothing limits."""

    cycle_start: datetime
    cycle_end: datetime
    first_day: date
    last_day: date
    domestic: int
    roaming: int
    domestic_cap: int | None
    roaming_cap: int | None
    zones: tuple[ZoneUse, ...] = ()

    @property
    def total(self) -> int:
        return self.domestic + self.roaming

    @property
    def total_cap(self) -> int | None:
        if self.domestic_cap is None or self.roaming_cap is None:
            return None
        return self.domestic_cap + self.roaming_cap


def cycle_usage(*, line_ids: Sequence[int], now: datetime) -> dict[int, CycleUsage]:
    """The running cycle of each line of the tenant in scope, in four queries or five."""
    carriers = {
        line.pk: line.carrier
        for line in Line.objects.filter(pk__in=line_ids).select_related("carrier")
    }
    links = LinePlan.objects.open().filter(line_id__in=line_ids).select_related("plan")
    plans = {link.line_id: (link.plan_id, plan_facts(link.plan)) for link in links}
    zones = zones_of_plans({plan_id for plan_id, _facts in plans.values()})
    windows = []
    for line_id, carrier in carriers.items():
        plan_id, plan = plans.get(line_id, (None, NO_PLAN))
        cycle = cycle_at(plan.cycle, now, carrier.zone)
        windows.append(
            Window(line_id, cycle, carrier.drives_limits, carrier.country, plan_id=plan_id)
        )
    used = usage_in(windows=windows, zones=zones)
    result = {}
    for window in windows:
        zone = carriers[window.line_id].zone
        plan_id, plan = plans.get(window.line_id, (None, NO_PLAN))
        usage = used[window.key]
        terms = zones[plan_id].terms if plan_id in zones else ()
        result[window.line_id] = CycleUsage(
            cycle_start=window.cycle.starts_at(zone),
            cycle_end=window.cycle.ends_at(zone),
            first_day=window.cycle.first_day,
            last_day=window.cycle.last_day,
            domestic=usage.domestic,
            roaming=usage.roaming,
            domestic_cap=plan.domestic_cap,
            roaming_cap=plan.roaming_cap,
            zones=tuple(ZoneUse(zone, usage.zones.get(zone.name, 0)) for zone in terms),
        )
    return result
