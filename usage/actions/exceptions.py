"""Loosening the rule for one line: the block goes by the same path on which it came."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from common.refusals import Refused
from usage.models import ExceptionKind, Line, LineException
from usage.queries.standing import cycle_usage
from usage.workers.due import make_due

if TYPE_CHECKING:
    from tenants.models import User


class CannotUnblock(Refused):
    """The line cannot be unblocked like this; the message is a sentence for the screen."""


def unblock(
    *,
    line: Line,
    by: User,
    reason: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> LineException:
    """Suspend the line's blocks until the cycle ends, or until an earlier moment.

    Raises CannotUnblock for a retired line, without a reason, and for a moment that is past or
    beyond the running cycle.
    """
    now = now or timezone.now()
    if line.state != "active":
        raise CannotUnblock(_("The line is retired."))
    if not reason.strip():
        raise CannotUnblock(_("Give a reason; it is shown on the line's timeline."))
    cycle_end = cycle_usage(line_ids=[line.pk], now=now)[line.pk].cycle_end
    until = until or cycle_end
    if not now < until <= cycle_end:
        raise CannotUnblock(_("Choose a moment between now and the end of the billing cycle."))
    with transaction.atomic():
        exception = LineException.objects.create(
            line=line,
            kind=ExceptionKind.UNBLOCK,
            starts_at=now,
            ends_at=until,
            reason=reason.strip()[:300],
            created_by=by,
        )
        record(
            by=by,
            action="line.unblocked",
            subject=line,
            after={"until": until.isoformat()},
            reason=reason,
        )
        make_due(line_ids=[line.pk], now=now)
    return exception


def end_unblock(*, line: Line, by: User, now: datetime | None = None) -> int:
    """End a running suspension early; returns how many were running."""
    now = now or timezone.now()
    with transaction.atomic():
        ended = LineException.objects.filter(
            line=line, kind=ExceptionKind.UNBLOCK, starts_at__lte=now, ends_at__gt=now
        ).update(ends_at=now)
        if ended:
            record(by=by, action="line.unblock_ended", subject=line)
            make_due(line_ids=[line.pk], now=now)
    return ended
