"""Lines that should have told of usage and did not: a phone in a drawer, or a broken agent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from usage.models import Line, LineState, UsageCounter

SILENT_DAYS = 7


def silent_lines(*, now: datetime) -> QuerySet[Line]:
    """Active lines without usage today and on the six days before, in the zone in use.

    A line that was added in that time and never told of usage is new, not silent.
    """
    first_day = timezone.localdate(now) - timedelta(days=SILENT_DAYS - 1)
    counters = UsageCounter.objects.filter(line=OuterRef("pk"))
    return Line.objects.filter(
        ~Exists(counters.filter(day__gte=first_day)),
        Q(created_at__lt=now - timedelta(days=SILENT_DAYS)) | Exists(counters),
        state=LineState.ACTIVE,
    )
