"""Counters are the sum of the records: checking it, and making it so again."""

from __future__ import annotations

from django.db import connection, transaction

from common.tenancy import current_tenant_id
from usage.workers.due import make_due

SUMS = """
SELECT line_id, day, country, source, sum(volume)::bigint AS volume, count(*)::integer AS records
FROM usage_usagerecord WHERE tenant_id = %(tenant)s GROUP BY 1, 2, 3, 4
"""
COMPARE = """
WITH sums AS (SUMS)
SELECT coalesce(r.line_id, c.line_id), coalesce(r.day, c.day), coalesce(r.country, c.country),
       coalesce(r.source, c.source), coalesce(r.volume, 0), coalesce(c.volume, 0),
       coalesce(r.records, 0), coalesce(c.records, 0)
FROM sums r
FULL JOIN (SELECT * FROM usage_usagecounter WHERE tenant_id = %(tenant)s) c
  USING (line_id, day, country, source)
WHERE r.volume IS DISTINCT FROM c.volume OR r.records IS DISTINCT FROM c.records
ORDER BY 1, 2, 3, 4
""".replace("SUMS", SUMS)
WRITE = """
INSERT INTO usage_usagecounter (tenant_id, line_id, day, country, source, volume, records)
SELECT %(tenant)s, line_id, day, country, source, volume, records FROM (SUMS) s
""".replace("SUMS", SUMS)


def differences() -> list[str]:
    """A sentence for every counter of the tenant that is not the sum of its records."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARE, {"tenant": current_tenant_id()})
        return [
            f"line {line} {day} {country} {source}: records {records} with {volume} B, "
            f"counter {counted} with {counter} B"
            for line, day, country, source, volume, counter, records, counted in cursor.fetchall()
        ]


def rebuild() -> int:
    """Write the tenant's counters anew from its records; returns how many there are.

    Ingest of this tenant waits meanwhile; every line is judged again afterwards.
    """
    parameters = {"tenant": current_tenant_id()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE usage_usagecounter IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM usage_usagecounter WHERE tenant_id = %(tenant)s", parameters)
        cursor.execute(WRITE, parameters)
        written = cursor.rowcount
        make_due()
    return written
