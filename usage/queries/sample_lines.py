"""Whose samples they are: lines and devices by the numbers that agents know, a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection

from common.tenancy import current_tenant_id
from usage.queries.line_keys import BadKey, normal_key

Key = tuple[str, str]
"""Kind (msisdn, iccid, imsi, reference; imei, serial, udid; a device's id) and value."""

LINE = """
SELECT {column}, l.id, c.country, c.time_zone FROM usage_line l
JOIN usage_carrier c ON c.tenant_id = l.tenant_id AND c.id = l.carrier_id
WHERE l.tenant_id = %(tenant)s AND l.state = 'active' AND {column} = ANY(%(keys)s)
  AND {column} <> ''
"""
LINE_BY_SIM = """
SELECT s.{column}, l.id, c.country, c.time_zone FROM devices_sim s
JOIN usage_linesim k ON k.tenant_id = s.tenant_id AND k.sim_id = s.id AND k.unlinked_at IS NULL
JOIN usage_line l ON l.tenant_id = s.tenant_id AND l.id = k.line_id AND l.state = 'active'
JOIN usage_carrier c ON c.tenant_id = s.tenant_id AND c.id = l.carrier_id
WHERE s.tenant_id = %(tenant)s AND s.{column} = ANY(%(keys)s) AND s.{column} <> ''
"""
DEVICE = """
SELECT d.{column}::text, d.id, l.id, c.country, c.time_zone FROM devices_device d
LEFT JOIN devices_devicesim p
  ON p.tenant_id = d.tenant_id AND p.device_id = d.id AND p.unlinked_at IS NULL
 AND p.data_preferred
LEFT JOIN usage_linesim k
  ON k.tenant_id = d.tenant_id AND k.sim_id = p.sim_id AND k.unlinked_at IS NULL
LEFT JOIN usage_line l ON l.tenant_id = d.tenant_id AND l.id = k.line_id AND l.state = 'active'
LEFT JOIN usage_carrier c ON c.tenant_id = d.tenant_id AND c.id = l.carrier_id
WHERE d.tenant_id = %(tenant)s AND d.state <> 'retired' AND d.{column} = ANY(%(keys)s{cast})
"""
QUERIES = {
    "msisdn": LINE.format(column="l.msisdn"),
    "reference": LINE.format(column="l.reference"),
    "iccid": LINE_BY_SIM.format(column="iccid"),
    "imsi": LINE_BY_SIM.format(column="imsi"),
}
NUMBERED = DEVICE + "  AND d.{column} <> ''\n"  # as in the condition of the partial index
DEVICE_QUERIES = {
    "id": DEVICE.format(column="id", cast="::bigint[]"),
    **{kind: NUMBERED.format(column=kind, cast="") for kind in ("imei", "serial", "udid")},
}


@dataclass(frozen=True)
class SampledLine:
    """A line and what of its carrier decides day and country."""

    line_id: int
    home: str
    zone: ZoneInfo


@dataclass(frozen=True)
class SampledDevice:
    """A device, and the line whose SIM carries its data now."""

    device_id: int
    line: SampledLine | None


class AmbiguousKey(ValueError):
    """Several lines or devices have this number; the message is a sentence."""


class SampleLines:
    """Looks up a batch: one query for each kind of number that occurs in it.

    National phone numbers are read with `home_country`, the tenant's.
    """

    def __init__(self, *, lines: Iterable[Key], devices: Iterable[Key], home_country: str) -> None:
        self._country = home_country
        self._normal: dict[Key, str | BadKey] = {}
        self._lines = self._look_up_lines(set(lines))
        self._devices = self._look_up_devices(set(devices))

    def line(self, key: Key) -> SampledLine | None:
        """The active line; None if there is none. Raises BadKey, AmbiguousKey."""
        normal = self._normal[key]
        if isinstance(normal, BadKey):
            raise normal
        found = self._lines.get((key[0], normal), [])
        if len(found) > 1:
            raise AmbiguousKey("Lines of several carriers have this reference.")
        return found[0] if found else None

    def device(self, key: Key) -> SampledDevice | None:
        """The device in use; None if there is none. Raises AmbiguousKey."""
        found = self._devices.get(key, [])
        if len({one.device_id for one in found}) > 1:
            raise AmbiguousKey("Several devices have this number.")
        return found[0] if found else None

    def _look_up_lines(self, keys: set[Key]) -> dict[Key, list[SampledLine]]:
        by_kind: dict[str, set[str]] = defaultdict(set)
        for kind, raw in keys:
            try:
                self._normal[kind, raw] = normal = normal_key(raw, kind=kind, country=self._country)
                by_kind[kind].add(normal)
            except BadKey as bad:
                self._normal[kind, raw] = bad
        found: dict[Key, list[SampledLine]] = defaultdict(list)
        for kind, values in sorted(by_kind.items()):
            for value, line_id, home, zone in _rows(QUERIES[kind], values):
                found[kind, value].append(SampledLine(line_id, home, ZoneInfo(zone)))
        return found

    def _look_up_devices(self, keys: set[Key]) -> dict[Key, list[SampledDevice]]:
        by_kind: dict[str, set[str]] = defaultdict(set)
        for kind, value in keys:
            by_kind[kind].add(value)
        found: dict[Key, list[SampledDevice]] = defaultdict(list)
        for kind, values in sorted(by_kind.items()):
            for value, device_id, line_id, home, zone in _rows(DEVICE_QUERIES[kind], values):
                line = SampledLine(line_id, home, ZoneInfo(zone)) if line_id else None
                found[kind, value].append(SampledDevice(device_id, line))
        return found


def _rows(query: str, keys: set[str]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"tenant": current_tenant_id(), "keys": sorted(keys)})
        return cursor.fetchall()
