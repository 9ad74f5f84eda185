"""One batch of usage: records, counters and watches, in one transaction.

1. The rows are copied, in COPY's binary form (record_rows), to a temporary table. New ones become
   records; the primary key is the identity, so a row seen before does nothing.
2. What was new is summed per line, day and country, and added to the counters in key order.
3. Rows that are most likely all new are copied straight to the records, and their sums merged into
   the counters, in half the time. If a row is known after all, or somebody else counts the same
   lines meanwhile, that is undone and the careful way above is taken.
4. The bytes are taken from the watches' budgets, in line order; a line whose budget is spent is
   due at once. One whose usage belongs to a closed cycle is due soon, since nothing is blocked for
   it, and a file is full of such rows. Workers are nudged after commit.

The order of locks (records, counters, watches, each sorted) is the same everywhere, so batches
that meet wait for each other and never deadlock; where the fast way does, it gives way to the
careful one. A batch costs what it contains.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import DeadlockDetected, UniqueViolation

from common.tenancy import current_tenant_id
from jobs.nudges import nudge
from usage.workers.due import EVALUATE
from usage.workers.record_rows import COLUMNS, PLACE, recorded, staged, summed

LATE_CAN_WAIT = timedelta(seconds=30)
COPY_BLOCK = 2**20
"""Bytes handed over at a time: for each, the thread that parses ahead gives way once."""

STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_stage (
    line_id bigint, day date, country varchar(2), started_at timestamptz, key uuid, volume bigint
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS usage_fresh (
    line_id bigint, day date, country varchar(2), volume bigint, records integer
) ON COMMIT DELETE ROWS;
TRUNCATE usage_stage, usage_fresh;
SET LOCAL work_mem = '64MB'
"""
COPY_TO_STAGE = f"COPY usage_stage ({COLUMNS}) FROM STDIN (FORMAT binary)"
COPY_TO_RECORDS = (
    f"COPY usage_usagerecord (tenant_id, source, file_id, received_at, {COLUMNS}) "
    "FROM STDIN (FORMAT binary)"
)
COPY_TO_FRESH = (
    "COPY usage_fresh (line_id, day, country, volume, records) FROM STDIN (FORMAT binary)"
)
NEW_RECORDS = """
WITH fresh AS (
    INSERT INTO usage_usagerecord (tenant_id, line_id, started_at, source, key, country, volume,
                                   day, file_id, received_at)
    SELECT %(tenant)s, line_id, started_at, %(source)s, key, country, volume, day, %(file)s, %(now)s
    FROM usage_stage ORDER BY line_id, started_at, key
    ON CONFLICT DO NOTHING RETURNING line_id, day, country, volume
)
INSERT INTO usage_fresh (line_id, day, country, volume, records)
SELECT line_id, day, country, sum(volume), count(*) FROM fresh GROUP BY 1, 2, 3
"""
COUNTERS = """
INSERT INTO usage_usagecounter AS c (tenant_id, line_id, day, country, source, volume, records)
SELECT %(tenant)s, line_id, day, country, %(source)s, volume, records
FROM usage_fresh ORDER BY line_id, day, country
ON CONFLICT (tenant_id, line_id, day, country, source)
DO UPDATE SET volume = c.volume + excluded.volume, records = c.records + excluded.records
"""
MERGED_COUNTERS = """
MERGE INTO usage_usagecounter AS c
USING (SELECT * FROM usage_fresh ORDER BY line_id, day, country) AS f
ON c.tenant_id = %(tenant)s AND c.line_id = f.line_id AND c.day = f.day
   AND c.country = f.country AND c.source = %(source)s
WHEN MATCHED THEN UPDATE SET volume = c.volume + f.volume, records = c.records + f.records
WHEN NOT MATCHED THEN
    INSERT (tenant_id, line_id, day, country, source, volume, records)
    VALUES (%(tenant)s, f.line_id, f.day, f.country, %(source)s, f.volume, f.records)
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


class Sums:
    """Bytes and rows per line, day and country: what a batch comes to if all of it is new."""

    def __init__(self) -> None:
        self.volumes: defaultdict[bytes, int] = defaultdict(int)
        self.records: Counter[bytes] = Counter()

    def add(self, rows: Iterable[bytes], volumes: Iterable[int]) -> None:
        """Rows as ingest() takes them, and the bytes of each."""
        places = [row[:PLACE] for row in rows]
        self.records.update(places)
        sums = self.volumes
        for place, volume in zip(places, volumes, strict=True):
            sums[place] += volume


def ingest(
    *,
    rows: Sequence[bytes],
    source: str,
    now: datetime,
    file_id: int | None = None,
    sums: Sums | None = None,
    keep: bool = True,
) -> Ingested:
    """Take a batch for the tenant in scope. With `keep` false everything is rolled back.

    `rows` are made by record_rows; their lines must belong to the tenant. `sums` are those of the
    rows; they say that no row is expected to be known, which only makes it faster.
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
        if sums is None or not _all_written(cursor, rows, sums, parameters):
            _copy(cursor, COPY_TO_STAGE, staged(rows))
            cursor.execute(NEW_RECORDS, parameters)
            cursor.execute(COUNTERS, parameters)
        cursor.execute(RESULT)
        accepted, volume = cursor.fetchone()
        if accepted:
            cursor.execute(WATCHES, parameters)
            nudge(EVALUATE)
        if not keep:
            transaction.set_rollback(True)
    return Ingested(accepted=accepted, volume=volume)


def _all_written(
    cursor: CursorWrapper, rows: Sequence[bytes], sums: Sums, parameters: dict[str, Any]
) -> bool:
    """Write the rows on the assumption that all are new; False, and nothing, if one is not."""
    records = recorded(
        sorted(rows),
        tenant_id=parameters["tenant"],
        source=parameters["source"],
        file_id=parameters["file"],
        now=parameters["now"],
    )
    try:
        with transaction.atomic():
            _copy(cursor, COPY_TO_RECORDS, records)
            _copy(cursor, COPY_TO_FRESH, summed(volumes=sums.volumes, records=sums.records))
            cursor.execute(MERGED_COUNTERS, parameters)
    except (IntegrityError, OperationalError) as error:
        if not isinstance(error.__cause__, UniqueViolation | DeadlockDetected):
            raise
        return False
    return True


def _copy(cursor: CursorWrapper, statement: str, content: bytes) -> None:
    with connection.wrap_database_errors:
        cursor.cursor.copy_expert(statement, io.BytesIO(content), size=COPY_BLOCK)
