"""Readings are kept as they came, and the usage between neighbours is derived from them.

1. Streams (device, interface) are locked in the order of the devices: two requests of one phone
   take turns, and no others wait.
2. New readings are written; one of the same moment and boot does nothing.
3. The neighbours on both sides of what is new are read. Each new reading, and each old one whose
   neighbour is new, has its difference derived afresh; what was derived for the old one before is
   taken out of records and counters, and its line judged again, closed cycles too.

What is derived is the same whatever came first, so that counters do not depend on the order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from common.tenancy import current_tenant_id
from usage.models import Source
from usage.readings import MOST_PARTS, Part, Reading, key_of_part, parts_between, used_between
from usage.workers.due import make_due

Stream = tuple[int, str]
"""Device and interface."""

LOCK = """
SELECT count(pg_advisory_xact_lock(hashtextextended('usage readings ' || d, 0)))
FROM unnest(%s::bigint[]) WITH ORDINALITY AS u(d, n)
"""
WRITE = """
INSERT INTO usage_counterreading (tenant_id, device_id, interface, sampled_at, boot_id, line_id,
                                  key, bits, counter_in, counter_out, country, received_at)
SELECT %(tenant)s, r.*, %(now)s
FROM unnest(%(device)s::bigint[], %(interface)s::text[], %(at)s::timestamptz[], %(boot)s::text[],
            %(line)s::bigint[], %(key)s::uuid[], %(bits)s::smallint[], %(in)s::bigint[],
            %(out)s::bigint[], %(country)s::text[])
  AS r(device_id, interface, sampled_at, boot_id, line_id, key, bits, counter_in, counter_out,
       country)
ON CONFLICT DO NOTHING
RETURNING device_id, interface, sampled_at, boot_id
"""
NEIGHBOURS = """
SELECT r.device_id, r.interface, r.sampled_at, r.boot_id, r.bits, r.counter_in, r.counter_out,
       r.country, r.line_id, c.time_zone
FROM unnest(%(device)s::bigint[], %(interface)s::text[], %(first)s::timestamptz[],
            %(last)s::timestamptz[]) AS s(device_id, interface, first, last)
JOIN LATERAL (
    (SELECT * FROM usage_counterreading p
     WHERE p.tenant_id = %(tenant)s AND p.device_id = s.device_id AND p.interface = s.interface
       AND p.sampled_at < s.first
     ORDER BY p.sampled_at DESC, p.boot_id DESC LIMIT 1)
    UNION ALL
    (SELECT * FROM usage_counterreading p
     WHERE p.tenant_id = %(tenant)s AND p.device_id = s.device_id AND p.interface = s.interface
       AND p.sampled_at BETWEEN s.first AND s.last)
    UNION ALL
    (SELECT * FROM usage_counterreading p
     WHERE p.tenant_id = %(tenant)s AND p.device_id = s.device_id AND p.interface = s.interface
       AND p.sampled_at > s.last
     ORDER BY p.sampled_at, p.boot_id LIMIT 1)
) r ON TRUE
JOIN usage_line l ON l.tenant_id = %(tenant)s AND l.id = r.line_id
JOIN usage_carrier c ON c.tenant_id = %(tenant)s AND c.id = l.carrier_id
ORDER BY r.device_id, r.interface, r.sampled_at, r.boot_id
"""
TAKE_BACK = """
WITH gone AS (
    DELETE FROM usage_usagerecord r
    USING unnest(%(line)s::bigint[], %(first)s::timestamptz[], %(last)s::timestamptz[],
                 %(key)s::uuid[]) AS u(line_id, first, last, key)
    WHERE r.tenant_id = %(tenant)s AND r.line_id = u.line_id AND r.source = %(source)s
      AND r.started_at >= u.first AND r.started_at <= u.last AND r.key = u.key
      AND r.started_at >= %(from)s AND r.started_at <= %(to)s
    RETURNING r.line_id, r.day, r.country, r.volume
), sums AS (
    SELECT line_id, day, country, sum(volume)::bigint AS volume, count(*)::integer AS records
    FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
), locked AS (
    SELECT s.* FROM usage_usagecounter c JOIN sums s USING (line_id, day, country)
    WHERE c.tenant_id = %(tenant)s AND c.source = %(source)s
    ORDER BY s.line_id, s.day, s.country FOR UPDATE OF c
)
UPDATE usage_usagecounter c
SET volume = c.volume - s.volume, records = c.records - s.records
FROM locked s
WHERE c.tenant_id = %(tenant)s AND c.source = %(source)s AND c.line_id = s.line_id
  AND c.day = s.day AND c.country = s.country
RETURNING c.line_id, c.day
"""
EMPTY = """
DELETE FROM usage_usagecounter
WHERE tenant_id = %(tenant)s AND source = %(source)s AND line_id = ANY(%(lines)s) AND records = 0
"""
LATE = """
UPDATE usage_linewatch w SET late_since = least(w.late_since, v.day)
FROM unnest(%(lines)s::bigint[], %(days)s::date[]) AS v(line_id, day)
WHERE w.tenant_id = %(tenant)s AND w.line_id = v.line_id AND v.day < w.cycle_first_day
"""


@dataclass(frozen=True)
class NewReading:
    """A reading of a stream that may be new; `key` is the sample's id."""

    device_id: int
    interface: str
    reading: Reading
    key: UUID

    @property
    def identity(self) -> tuple[int, str, datetime, str]:
        return self.device_id, self.interface, self.reading.at, self.reading.boot_id


@dataclass(frozen=True)
class DerivedUse:
    """A part of a difference, for ingest()."""

    line_id: int
    part: Part
    key: UUID
    zone: ZoneInfo


@dataclass(frozen=True)
class Derived:
    """Usage to count, how many readings were new, and those whose counter went back."""

    uses: list[DerivedUse]
    new: int
    backwards: set[tuple[int, str, datetime, str]]


def derive(*, readings: Sequence[NewReading], now: datetime) -> Derived:
    """Keep the new ones of `readings` and derive what they change. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sorted({one.device_id for one in readings})])
    fresh = _write(readings, now)
    streams = _neighbours(fresh)
    uses: list[DerivedUse] = []
    stale: list[tuple[str, Reading, Reading]] = []
    backwards = set()
    for (device_id, interface), found in streams.items():
        name = f"{device_id}|{interface}"
        is_new = [(device_id, interface, one.at, one.boot_id) in fresh for one in found]
        before = None if is_new[0] else found[0]  # the last one that was there already
        for (last, last_new), (this, this_new) in pairwise(zip(found, is_new, strict=True)):
            if this_new or last_new:
                if not this_new and before is not None:
                    stale.append((name, before, this))
                uses += _uses(name, last, this)
                if used_between(last, this) is None:
                    backwards.add((device_id, interface, this.at, this.boot_id))
            if not this_new:
                before = this
    _take_back(stale)
    return Derived(uses, len(fresh), backwards & fresh)


def _uses(stream: str, last: Reading | None, this: Reading) -> Iterable[DerivedUse]:
    for number, part in enumerate(parts_between(last, this)):
        key = key_of_part(stream=stream, reading=this, number=number)
        yield DerivedUse(this.line_id, part, key, this.zone)


def _write(readings: Sequence[NewReading], now: datetime) -> set[tuple[int, str, datetime, str]]:
    ordered = sorted(readings, key=lambda one: one.identity)
    found = [one.reading for one in ordered]
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "tenant": current_tenant_id(),
                "now": now,
                "device": [one.device_id for one in ordered],
                "interface": [one.interface for one in ordered],
                "key": [str(one.key) for one in ordered],
                "at": [one.at for one in found],
                "boot": [one.boot_id for one in found],
                "line": [one.line_id for one in found],
                "bits": [one.bits for one in found],
                "in": [one.counter_in for one in found],
                "out": [one.counter_out for one in found],
                "country": [one.country for one in found],
            },
        )
        return set(cursor.fetchall())


def _neighbours(
    fresh: set[tuple[int, str, datetime, str]],
) -> dict[Stream, list[Reading]]:
    """Streams with news: each from the reading before the first to the one after the last."""
    times: dict[Stream, list[datetime]] = defaultdict(list)
    for device_id, interface, at, _boot in fresh:
        times[device_id, interface].append(at)
    ordered = sorted(times)
    found: dict[Stream, list[Reading]] = defaultdict(list)
    if not ordered:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            NEIGHBOURS,
            {
                "tenant": current_tenant_id(),
                "device": [device_id for device_id, _ in ordered],
                "interface": [interface for _, interface in ordered],
                "first": [min(times[stream]) for stream in ordered],
                "last": [max(times[stream]) for stream in ordered],
            },
        )
        for device_id, interface, at, boot, bits, in_, out, country, line, zone in cursor:
            found[device_id, interface].append(
                Reading(at, boot, bits, in_, out, country, line, ZoneInfo(zone))
            )
    return found


def _take_back(stale: Sequence[tuple[str, Reading, Reading]]) -> None:
    """Uncount what was derived for a reading from one that is its neighbour no more."""
    rows = [
        (this.line_id, last.at, this.at, key_of_part(stream=name, reading=this, number=number))
        for name, last, this in stale
        for number in range(MOST_PARTS)
    ]
    if not rows:
        return
    lines = sorted({this.line_id for _name, _last, this in stale})
    parameters = {
        "tenant": current_tenant_id(),
        "source": Source.AGENT.value,
        "line": [row[0] for row in rows],
        "first": [row[1] for row in rows],
        "last": [row[2] for row in rows],
        "key": [str(row[3]) for row in rows],
        "from": min(row[1] for row in rows),  # prunes the partitions
        "to": max(row[2] for row in rows),
        "lines": lines,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, parameters)
        days: dict[int, date] = {}
        for line_id, day in cursor.fetchall():
            days[line_id] = min(day, days.get(line_id, day))
        cursor.execute(EMPTY, parameters)
        make_due(line_ids=lines)  # which locks the watches in their order
        cursor.execute(LATE, {**parameters, "lines": list(days), "days": list(days.values())})
