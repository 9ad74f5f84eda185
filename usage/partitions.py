"""Monthly partitions of the usage records, made ahead of the rows that need them.

There is no default partition: a row outside the acceptance window is refused by ingest with a
reason, and would be refused by PostgreSQL too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db import connection

TABLE = "usage_usagerecord"
MONTHS_AHEAD = 2
MONTHS_BACK = 25


def ensure_partitions(*, today: date) -> int:
    """Create the missing partitions around `today`; returns how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass",
            [TABLE],
        )
        existing = {name for (name,) in cursor.fetchall()}
        missing = [month for month in _months_around(today) if _name(month) not in existing]
        for month in missing:
            cursor.execute(partition_sql(month))
    return len(missing)


def partition_sql(month: date) -> str:
    """DDL of one month's partition; `month` is the month's first day, in UTC."""
    following = _add_months(month, 1)
    return (
        f"CREATE TABLE IF NOT EXISTS {_name(month)} PARTITION OF {TABLE} "
        f"FOR VALUES FROM ('{month:%Y-%m-%d} 00:00+00') TO ('{following:%Y-%m-%d} 00:00+00')"
    )


def _months_around(today: date) -> Iterator[date]:
    first = today.replace(day=1)
    for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1):
        yield _add_months(first, offset)


def _add_months(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def _name(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"
