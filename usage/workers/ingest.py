"""One batch of usage: records, counters and watches, in one transaction.

1. The rows are copied to a temporary table.
2. New ones become records; the primary key is the identity, so a row seen before does nothing.
   Rows that are most likely all new are written without a look at each first, in half the time;
   if one is known after all, that is undone and each is looked at.
3. What was new is summed per line, day and country, and added to the counters in key order.
4. The bytes are taken from the watches' budgets, in line order; a line whose budget is spent is
   due at once. One whose usage belongs to a closed cycle is due soon, since nothing is blocked for
   it, and a file is full of such rows. Workers are nudged after commit.

The order of locks (records, counters, watches, each sorted) is the same everywhere, so batches
that meet wait for each other and never deadlock. A batch costs what it contains.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import UniqueViolation

from common.tenancy import current_tenant_id
from jobs.nudges import nudge
from usage.workers.due import EVALUATE

LATE_CAN_WAIT = timedelta(seconds=30)
COPY_BLOCK = 2**20
"""Bytes handed over at a time: for each, the thread that parses ahead gives way once."""

STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_stage (
    line_id bigint, started_at double precision, key uuid, country varchar(2), volume bigint,
    day date, ended_at timestamptz, volume_out bigint
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS usage_fresh (
    line_id bigint, day date, country varchar(2), volume bigint, records integer
) ON COMMIT DELETE ROWS;
TRUNCATE usage_stage, usage_fresh
"""
COPY = "COPY usage_stage (line_id, started_at, key, country, volume, day) FROM STDIN"
_INTO_RECORDS = """
INSERT INTO usage_usagerecord (tenant_id, line_id, started_at, source, key, ended_at, country,
                               volume, volume_out, day, file_id, received_at)
SELECT %(tenant)s, line_id, to_timestamp(started_at), %(source)s, key, ended_at, country,
       volume, volume_out, day, %(file)s, %(now)s
FROM usage_stage ORDER BY line_id, started_at, key
"""
_INTO_FRESH = """
INSERT INTO usage_fresh (line_id, day, country, volume, records)
SELECT line_id, day, country, sum(volume), count(*) FROM {rows} GROUP BY 1, 2, 3
"""
ALL_RECORDS = _INTO_RECORDS + ";" + _INTO_FRESH.format(rows="usage_stage")
NEW_RECORDS = f"""
WITH fresh AS (
    {_INTO_RECORDS} ON CONFLICT DO NOTHING RETURNING line_id, day, country, volume
) {_INTO_FRESH.format(rows="fresh")}
"""
COUNTERS = """
INSERT INTO usage_usagecounter AS c (tenant_id, line_id, day, country, source, volume, records)
SELECT %(tenant)s, line_id, day, country, %(source)s, volume, records
FROM usage_fresh ORDER BY line_id, day, country
ON CONFLICT (tenant_id, line_id, day, country, source)
DO UPDATE SET volume = c.volume + excluded.volume, records = c.records + excluded.records
"""
WATCHES = """
WITH spent AS (
    SELECT f.line_id, min(f.day) AS first_day, sum(f.volume)::bigint AS total,
           coalesce(sum(f.volume) FILTER (WHERE f.country = c.country), 0)::bigint AS home
    FROM usage_fresh f
    JOIN usage_line l ON l.tenant_id = %(tenant)s AND l.id = f.line_id
    JOIN usage_carrier c ON c.tenant_id = %(tenant)s AND c.id = l.carrier_id
    WHERE c.drives_limits = %(source)s
    GROUP BY f.line_id
), locked AS (
    SELECT w.line_id, s.first_day, s.total, s.home, s.total - s.home AS abroad,
           w.cycle_first_day IS NULL OR s.first_day < w.cycle_first_day AS late
    FROM usage_linewatch w JOIN spent s ON s.line_id = w.line_id
    WHERE w.tenant_id = %(tenant)s
    ORDER BY w.line_id FOR UPDATE OF w
)
UPDATE usage_linewatch w
SET home_budget = w.home_budget - s.home,
    abroad_budget = w.abroad_budget - s.abroad,
    total_budget = w.total_budget - s.total,
    late_since = CASE WHEN s.late THEN least(w.late_since, s.first_day) ELSE w.late_since END,
    evaluate_at = CASE
        WHEN w.home_budget <= s.home OR w.abroad_budget <= s.abroad OR w.total_budget <= s.total
        THEN least(w.evaluate_at, %(now)s)
        WHEN s.late THEN least(w.evaluate_at, %(later)s) ELSE w.evaluate_at END
FROM locked s
WHERE w.tenant_id = %(tenant)s AND w.line_id = s.line_id
  AND (s.late OR w.home_budget IS NOT NULL OR w.abroad_budget IS NOT NULL
       OR w.total_budget IS NOT NULL)
"""
RESULT = (
    "SELECT coalesce(sum(records), 0)::bigint, coalesce(sum(volume), 0)::bigint FROM usage_fresh"
)


@dataclass(frozen=True)
class Ingested:
    """What a batch added: records that were new, and their bytes."""

    accepted: int
    volume: int


def ingest(
    *,
    rows: Sequence[str] | Iterable[str],
    source: str,
    now: datetime,
    file_id: int | None = None,
    likely_new: bool = False,
    keep: bool = True,
) -> Ingested:
    """Take a batch for the tenant in scope. With `keep` false everything is rolled back.

    `rows` are lines in COPY's text format: line id, start (seconds since 1970), key (uuid),
    country, bytes, local day; tab-separated, each ended by a newline. Lines must belong to the
    tenant.
    `likely_new` says that none of them is expected to be known, which only makes it faster.
    """
    parameters = {
        "tenant": current_tenant_id(),
        "source": source,
        "file": file_id,
        "now": now,
        "later": now + LATE_CAN_WAIT,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        cursor.cursor.copy_expert(COPY, io.BytesIO("".join(rows).encode()), size=COPY_BLOCK)
        if not (likely_new and _all_written(cursor, parameters)):
            cursor.execute(NEW_RECORDS, parameters)
        cursor.execute(RESULT)
        accepted, volume = cursor.fetchone()
        if accepted:
            cursor.execute(COUNTERS, parameters)
            cursor.execute(WATCHES, parameters)
            nudge(EVALUATE)
        if not keep:
            transaction.set_rollback(True)
    return Ingested(accepted=accepted, volume=volume)


def _all_written(cursor: CursorWrapper, parameters: dict[str, Any]) -> bool:
    try:
        with transaction.atomic():
            cursor.execute(ALL_RECORDS, parameters)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        return False
    return True
