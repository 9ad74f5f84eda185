"""How much lines have used in their running cycle, against which caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from usage.cycles import cycle_at
from usage.models import Line, LinePlan
from usage.queries.due_lines import NO_PLAN, Window, plan_facts, usage_in


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

    @property
    def total(self) -> int:
        return self.domestic + self.roaming

    @property
    def total_cap(self) -> int | None:
        if self.domestic_cap is None or self.roaming_cap is None:
            return None
        return self.domestic_cap + self.roaming_cap


def cycle_usage(*, line_ids: Sequence[int], now: datetime) -> dict[int, CycleUsage]:
    """The running cycle of each line of the tenant in scope, in three queries."""
    carriers = {
        line.pk: line.carrier
        for line in Line.objects.filter(pk__in=line_ids).select_related("carrier")
    }
    plans = {
        link.line_id: plan_facts(link.plan)
        for link in LinePlan.objects.open().filter(line_id__in=line_ids).select_related("plan")
    }
    cycles = {
        line_id: cycle_at(plans.get(line_id, NO_PLAN).cycle, now, carrier.zone)
        for line_id, carrier in carriers.items()
    }
    used = usage_in(
        windows=[
            Window(line_id, cycles[line_id], carrier.drives_limits, carrier.country)
            for line_id, carrier in carriers.items()
        ]
    )
    result = {}
    for line_id, carrier in carriers.items():
        cycle, plan = cycles[line_id], plans.get(line_id, NO_PLAN)
        domestic, roaming = used.get((line_id, cycle.first_day), (0, 0))
        result[line_id] = CycleUsage(
            cycle_start=cycle.starts_at(carrier.zone),
            cycle_end=cycle.ends_at(carrier.zone),
            first_day=cycle.first_day,
            last_day=cycle.last_day,
            domestic=domestic,
            roaming=roaming,
            domestic_cap=plan.domestic_cap,
            roaming_cap=plan.roaming_cap,
        )
    return result
