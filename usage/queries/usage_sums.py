"""How much lines used in their cycles: summed from day counters, by what limits ask for.

A line whose plan has no zones costs two sums. Zones add one query for the lines that have them,
and days or trips one more for the few lines whose limits need to know them day by day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection

from common.tenancy import current_tenant_id
from usage.cycles import Cycle
from usage.decisions import Usage
from usage.queries.zones import PlanZones

WINDOWS = """
FROM unnest(%(lines)s::bigint[], %(first)s::date[], %(end)s::date[], %(source)s::text[],
            %(home)s::text[], %(plan)s::bigint[])
  AS w(line_id, first_day, end_day, source, home, plan_id)
JOIN usage_usagecounter c
  ON c.tenant_id = %(tenant)s AND c.line_id = w.line_id AND c.source = w.source
 AND c.day >= w.first_day AND c.day < w.end_day
"""
ZONE = """
LEFT JOIN usage_zonecountry z
  ON z.tenant_id = %(tenant)s AND z.plan_id = w.plan_id AND z.country = c.country
 AND (z.valid_from IS NULL OR z.valid_from <= c.day)
 AND (z.valid_to IS NULL OR z.valid_to >= c.day)
"""
SUMS = f"""
SELECT w.line_id, w.first_day,
       coalesce(sum(c.volume) FILTER (WHERE c.country = w.home), 0)::bigint,
       coalesce(sum(c.volume) FILTER (WHERE c.country <> w.home), 0)::bigint
{WINDOWS} GROUP BY w.line_id, w.first_day
"""
BY_ZONE = f"""
SELECT w.line_id, w.first_day, z.zone_id, sum(c.volume)::bigint
{WINDOWS} AND c.country <> w.home {ZONE} GROUP BY w.line_id, w.first_day, z.zone_id
"""
BY_DAY = f"""
SELECT w.line_id, w.first_day, c.day, c.country, z.zone_id, c.volume
{WINDOWS} {ZONE} ORDER BY w.line_id, w.first_day, c.day, c.country
"""
Key = tuple[int, date]


@dataclass(frozen=True)
class Trip:
    """Days (both included) and countries for which `volume` bytes of a cycle do not count.

    While it `runs`, what is left of them is added to the limits of use abroad.
    """

    first_day: date
    last_day: date
    countries: frozenset[str]
    volume: int
    runs: bool = False


@dataclass(frozen=True)
class Window:
    """Whose bytes of which days to sum: one line, one cycle, one source, one home country.

    `by_day` asks for the days as well, `today` being the running one.
    """

    line_id: int
    cycle: Cycle
    source: str
    home: str
    plan_id: int | None = None
    by_day: bool = False
    today: date | None = None
    trips: tuple[Trip, ...] = ()

    @property
    def key(self) -> Key:
        return self.line_id, self.cycle.first_day


def usage_in(*, windows: Sequence[Window], zones: Mapping[int, PlanZones]) -> dict[Key, Usage]:
    """(line, first day) -> Usage of each window; windows without use are in it as well.

    At most three queries; `zones` are those of the plans that the windows name.
    """
    found = {window.key: Usage(window.cycle, today=window.today) for window in windows}
    if not windows:
        return found
    for line_id, first_day, home, abroad in _rows(SUMS, windows):
        key = (line_id, first_day)
        found[key] = replace(found[key], domestic=home, roaming=abroad)
    _add_zones(found, [window for window in windows if window.plan_id in zones], zones)
    _add_days(found, [window for window in windows if window.by_day or window.trips], zones)
    return found


def _rows(query: str, windows: Sequence[Window]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "tenant": current_tenant_id(),
                "lines": [window.line_id for window in windows],
                "first": [window.cycle.first_day for window in windows],
                "end": [window.cycle.end_day for window in windows],
                "source": [window.source for window in windows],
                "home": [window.home for window in windows],
                "plan": [window.plan_id for window in windows],
            },
        )
        return cursor.fetchall()


def _add_zones(
    found: dict[Key, Usage], windows: Sequence[Window], zones: Mapping[int, PlanZones]
) -> None:
    """Split what was used abroad by zone; use in extended domestic zones is domestic."""
    abroad = {key for key in (window.key for window in windows) if found[key].roaming}
    plans = {window.key: zones[window.plan_id or 0] for window in windows if window.key in abroad}
    windows = [window for window in windows if window.key in abroad]
    volumes: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line_id, first_day, zone_id, volume in _rows(BY_ZONE, windows) if windows else ():
        key = (line_id, first_day)
        name = _zone_name(plans[key], zone_id)
        if name is not None:
            volumes[key][name] += volume
    for key, by_zone in volumes.items():
        extended = sum(by_zone[name] for name in plans[key].domestic if name in by_zone)
        usage = found[key]
        found[key] = replace(
            usage,
            domestic=usage.domestic + extended,
            roaming=usage.roaming - extended,
            zones=dict(by_zone),
        )


def _zone_name(zones: PlanZones | None, zone_id: int | None) -> str | None:
    if zones is None:
        return None
    return zones.names.get(zone_id) if zone_id is not None else zones.rest


def _add_days(
    found: dict[Key, Usage], windows: Sequence[Window], zones: Mapping[int, PlanZones]
) -> None:
    if not windows:
        return
    by_window: dict[Key, list[tuple[Any, ...]]] = defaultdict(list)
    for line_id, first_day, *row in _rows(BY_DAY, windows):
        by_window[line_id, first_day].append(tuple(row))
    for window in windows:
        rows = by_window.get(window.key, [])
        plan = zones.get(window.plan_id) if window.plan_id else None
        parts = [
            Part(day, country, country == window.home, _zone_name(plan, zone_id), volume)
            for day, country, zone_id, volume in rows
        ]
        domestic = plan.domestic if plan else frozenset[str]()
        covered, left = covered_by(parts, domestic, window.trips)
        runs = window.today is not None and window.today < window.cycle.end_day
        found[window.key] = replace(
            found[window.key],
            days=_days(parts, domestic) if window.by_day else (),
            covered=covered,
            trip_left=left if runs else 0,
        )


@dataclass(frozen=True)
class Part:
    """Bytes of one day in one country."""

    day: date
    country: str
    is_home: bool
    zone: str | None
    volume: int

    def scopes(self, domestic: frozenset[str]) -> tuple[str, ...]:
        """What these bytes count for, apart from the total."""
        if self.is_home:
            return ("domestic",)
        scope = "domestic" if self.zone in domestic else "roaming"
        return (scope,) if self.zone is None else (scope, f"zone:{self.zone}")


def _days(parts: Iterable[Part], domestic: frozenset[str]) -> tuple[Usage, ...]:
    sums: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for part in parts:
        for scope in part.scopes(domestic):
            sums[part.day][scope] += part.volume
    return tuple(
        Usage(
            Cycle(day, day + timedelta(days=1)),
            domestic=by_scope.get("domestic", 0),
            roaming=by_scope.get("roaming", 0),
            zones={
                scope.removeprefix("zone:"): volume
                for scope, volume in by_scope.items()
                if scope.startswith("zone:")
            },
        )
        for day, by_scope in sorted(sums.items())
    )


def covered_by(
    parts: Sequence[Part], domestic: frozenset[str], trips: Iterable[Trip]
) -> tuple[dict[str, int], int]:
    """What trips pay for, by scope, and what those that run have left.

    Of each trip's use in its order, up to the trip's volume.
    """
    total = 0
    left = {index: part.volume for index, part in enumerate(parts)}
    covered: dict[str, int] = defaultdict(int)
    for trip in sorted(trips, key=lambda trip: (trip.first_day, trip.last_day, trip.volume)):
        budget = trip.volume
        for index, part in enumerate(parts):
            on_trip = trip.first_day <= part.day <= trip.last_day
            if not on_trip or part.is_home or part.country not in trip.countries:
                continue
            taken = min(budget, left[index])
            budget -= taken
            left[index] -= taken
            for scope in part.scopes(domestic) if taken else ():
                covered[scope] += taken
        total += budget if trip.runs else 0
    return dict(covered), total
