"""Rows written by hand-made SQL with placeholder values, past models, managers and checks.

For tests of what the database alone guarantees. Use inside a transaction that is rolled back.
"""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from django.db import connection, models

_numbers = itertools.count(1_000_000)


def drop_other_constraints(*tables_of: type[models.Model]) -> None:
    """Drop the CHECK constraints, which placeholder values would not meet."""
    with connection.cursor() as cursor:
        for model in set(tables_of):
            table = model._meta.db_table
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass "
                "AND contype = 'c' AND coninhcount = 0",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(
                    f"ALTER TABLE {connection.ops.quote_name(table)} "
                    f"DROP CONSTRAINT {connection.ops.quote_name(name)}"
                )


def insert(model: type[models.Model], **values: Any) -> Any:
    """Insert one row, with `values` by column and placeholders elsewhere; its key, if simple."""
    table, key = model._meta.db_table, model._meta.pk.column or "NULL"
    row = {**_placeholders(table), **values}
    columns = ", ".join(connection.ops.quote_name(column) for column in row)
    marks = ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING {key}", list(row.values())
        )
        return cursor.fetchone()[0]


def _placeholders(table: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type, character_maximum_length "
            "FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'NO' "
            "AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'",
            [table],
        )
        return {name: _placeholder(kind, length) for name, kind, length in cursor.fetchall()}


def _placeholder(kind: str, length: int | None) -> Any:
    number = next(_numbers)
    match kind:
        case "bigint" | "integer" | "numeric":
            return number
        case "smallint":
            return number % 30_000
        case "boolean":
            return False
        case "character varying" | "text":
            return str(number)[-(length or 40) :]
        case "timestamp with time zone":
            return "2026-01-15T12:00:00Z"
        case "date":
            return "2026-01-15"
        case "uuid":
            return str(uuid.uuid4())
        case "jsonb":
            return "{}"
        case "ARRAY":
            return []
        case "bytea":
            return b""
    raise NotImplementedError(f"a placeholder for {kind}")
