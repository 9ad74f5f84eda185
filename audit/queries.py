"""Reading the audit log of the tenant in scope."""

from django.db.models import QuerySet

from audit.models import AuditEvent


def events() -> QuerySet[AuditEvent]:
    """What is on record about the tenant in scope."""
    return AuditEvent.objects.all()


def actions_on_record() -> list[str]:
    """The kinds of acts that are on record, in the order of the alphabet."""
    return list(events().order_by("action").values_list("action", flat=True).distinct())
