"""Making lines due: all that any change ever does to enforcement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet, Value
from django.db.models.functions import Least
from django.utils import timezone

from jobs.nudges import nudge
from usage.models import Line, LineWatch

EVALUATE = "usage.tasks.evaluate_due"


def make_due(
    *,
    line_ids: Iterable[int] | None = None,
    queryset: QuerySet[Line] | None = None,
    now: datetime | None = None,
) -> int:
    """Mark lines (by id, by query, or all of the tenant) for evaluation now; returns how many.

    The workers are nudged after commit. Locks are taken in the order of the lines, also of lines
    that are due already: a worker may be judging one by what held before this change, and would
    then put it off. That worker checks its references when it commits, so whoever calls this
    locks rows with `no_key` only, and changes a name that is unique after calling, not before.
    """
    now = now or timezone.now()
    watches = LineWatch.objects.all()
    if line_ids is not None:
        watches = watches.filter(line_id__in=list(line_ids))
    elif queryset is not None:
        watches = watches.filter(line__in=queryset)
    locked = watches.order_by("line_id").select_for_update(of=["self"])
    ids = list(locked.values_list("line_id", flat=True))
    count = LineWatch.objects.filter(line_id__in=ids).update(
        evaluate_at=Least("evaluate_at", Value(now))
    )
    nudge(EVALUATE)
    return count
