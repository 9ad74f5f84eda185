"""Reading the audit log of the tenant in scope."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from audit.models import AuditEvent
from common.tenancy import current_tenant_id

# From one value to the next through the index: as many steps as there are values, however many
# rows have each of them. SELECT DISTINCT would read the whole log for a filter's choices.
_VALUES = """
WITH RECURSIVE known AS (
    (SELECT {column} AS value FROM audit_auditevent
     WHERE tenant_id = %(tenant)s ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM audit_auditevent
            WHERE tenant_id = %(tenant)s AND {column} > known.value ORDER BY {column} LIMIT 1)
    FROM known WHERE known.value IS NOT NULL
)
SELECT value FROM known WHERE value IS NOT NULL
"""


def events() -> QuerySet[AuditEvent]:
    """What is on record about the tenant in scope."""
    return AuditEvent.objects.all()


def events_of(*, object_type: str, object_id: int) -> QuerySet[AuditEvent]:
    """What is on record about one object, the newest first."""
    found = events().filter(object_type=object_type, object_id=str(object_id))
    return found.order_by("-at", "-pk")


def actions_on_record() -> list[str]:
    """The kinds of acts that are on record, in the order of the alphabet."""
    return _values_of("action")


def kinds_on_record() -> list[str]:
    """The kinds of objects that are on record, in the order of the alphabet."""
    return _values_of("object_type")


def _values_of(column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_VALUES.format(column=column), {"tenant": current_tenant_id()})
        return [value for (value,) in cursor.fetchall()]
