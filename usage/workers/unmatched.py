"""Usage without a line is put into the queue, in the transaction of the batch it came with.

A row that waits already, or was counted since, does nothing; so a repeated file or request adds
nothing. Locks are taken in the order of the names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from common.tenancy import current_tenant_id

NAMES = """
INSERT INTO usage_unmatchedname
       (tenant_id, source, carrier_id, kind, value, state, waiting, volume, changed_at)
SELECT %(tenant)s, %(source)s, %(carrier)s, kind, value, 'open', 0, 0, %(now)s
FROM (SELECT DISTINCT kind, value FROM unnest(%(kind)s::text[], %(value)s::text[]) n(kind, value)
      ORDER BY 1, 2) n
ON CONFLICT (tenant_id, source, carrier_id, kind, value) DO NOTHING
"""
ROWS = """
WITH fresh AS (
    INSERT INTO usage_unmatchedrow
           (tenant_id, name_id, started_at, key, country, volume, file_id, sample)
    SELECT %(tenant)s, n.id, to_timestamp(r.at), r.key, r.country, r.volume, %(file)s,
           r.sample::jsonb
    FROM unnest(%(kind)s::text[], %(value)s::text[], %(at)s::double precision[], %(key)s::uuid[],
                %(country)s::text[], %(volume)s::bigint[], %(sample)s::text[])
         r(kind, value, at, key, country, volume, sample)
    JOIN usage_unmatchedname n
      ON n.tenant_id = %(tenant)s AND n.source = %(source)s
     AND n.carrier_id IS NOT DISTINCT FROM %(carrier)s AND n.kind = r.kind AND n.value = r.value
    ORDER BY n.id, r.at, r.key
    ON CONFLICT DO NOTHING RETURNING name_id, started_at, volume
), sums AS (
    SELECT name_id, count(*)::integer AS waiting, sum(volume)::bigint AS volume,
           min(started_at) AS first_at, max(started_at) AS last_at
    FROM fresh GROUP BY name_id
), locked AS (
    SELECT s.* FROM usage_unmatchedname n JOIN sums s ON s.name_id = n.id
    WHERE n.tenant_id = %(tenant)s ORDER BY n.id FOR UPDATE OF n
)
UPDATE usage_unmatchedname n
SET waiting = n.waiting + s.waiting, volume = n.volume + s.volume,
    first_at = least(n.first_at, s.first_at), last_at = greatest(n.last_at, s.last_at),
    state = CASE WHEN n.state = 'counted' THEN 'open' ELSE n.state END
FROM locked s WHERE n.tenant_id = %(tenant)s AND n.id = s.name_id
"""
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A row without a line. `at` is seconds since 1970, `sample` what only an agent tells."""

    kind: str
    value: str
    at: float
    key: UUID | str
    country: str
    volume: int
    sample: dict[str, Any] | None = None


@transaction.atomic
def put_in_queue(
    *,
    rows: Iterable[Unmatched],
    source: str,
    carrier_id: int | None,
    now: datetime,
    file_id: int | None = None,
) -> None:
    """Keep rows for the tenant in scope until a person says whose they are."""
    rows = list(rows)
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        parameters = {
            "tenant": current_tenant_id(),
            "source": source,
            "carrier": carrier_id,
            "file": file_id,
            "now": now,
            "kind": [row.kind for row in part],
            "value": [row.value[:64] for row in part],
            "at": [row.at for row in part],
            "key": [str(row.key) for row in part],
            "country": [row.country for row in part],
            "volume": [row.volume for row in part],
            "sample": [json.dumps(row.sample) if row.sample else None for row in part],
        }
        with connection.cursor() as cursor:
            cursor.execute(NAMES, parameters)
            cursor.execute(ROWS, parameters)
