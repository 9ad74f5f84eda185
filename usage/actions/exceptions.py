"""Loosening the rule for one line: the block goes by the same path on which it came.

Every act is one transaction: the row of the exception, the audit event, and the word that the
line is due. Nothing ends an exception but the clock, a ceiling or a person; the line is judged
again at that moment, because its decision names it.

Whoever is bound by an `allowance` (the helpdesk) stays within it; the line's row is locked while
that is counted, so that two people together give no more than one may.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from common.refusals import Refused
from common.wording import volume as in_words
from usage.cycles import start_of_day
from usage.models import (
    ExceptionKind,
    HelpdeskAllowance,
    Line,
    LineException,
    LineState,
)
from usage.models.line_exception import OF_HELPDESK
from usage.queries.standing import CycleUsage, cycle_usage
from usage.workers.due import make_due

if TYPE_CHECKING:
    from tenants.models import User

MOST = 50
"""Exceptions of one line that run or will: more is a slip, not a need."""
LONGEST_GRACE = timedelta(days=31)
LONGEST = timedelta(days=366)
"""How far ahead a top-up or a trip may end."""


class ExceptionRefused(Refused):
    """The line cannot be given this; the message is a sentence for the screen."""


@transaction.atomic
def unblock(
    *,
    line: Line,
    by: User,
    reason: str,
    until: datetime | None = None,
    volume: int | None = None,
    allowance: HelpdeskAllowance | None = None,
    now: datetime | None = None,
) -> LineException:
    """Suspend the line's blocks until the cycle ends, or until an earlier moment, or `volume` more.

    Raises ExceptionRefused for a retired line, without a reason, for a moment that is past or
    beyond the running cycle, and beyond the allowance.
    """
    now = now or timezone.now()
    usage = _running(line, now)
    if allowance is not None:
        longest = now + timedelta(hours=allowance.hours)
        until = until or min(longest, usage.cycle_end)
        if until > longest:
            raise ExceptionRefused(
                _("The helpdesk may unblock for at most %(hours)s hours.")
                % {"hours": allowance.hours},
                field="hours",
            )
        volume = allowance.volume if volume is None else volume
    until = until or usage.cycle_end
    if not now < until <= usage.cycle_end:
        raise ExceptionRefused(
            _("Choose a moment between now and the end of the billing cycle."), field="hours"
        )
    row = _grant(
        line=line,
        by=by,
        now=now,
        allowance=allowance,
        kind=ExceptionKind.UNBLOCK,
        ends_at=until,
        ceiling=None if volume is None else usage.total + volume,
        volume=volume,
        reason=reason,
    )
    record(by=by, action="line.unblocked", subject=line, after=_told(row), reason=row.reason)
    return row


@transaction.atomic
def top_up(
    *,
    line: Line,
    scope: str,
    volume: int,
    by: User,
    reason: str,
    last_day: date | None = None,
    allowance: HelpdeskAllowance | None = None,
    now: datetime | None = None,
) -> LineException:
    """Add `volume` bytes to the limits of `scope` until the cycle ends, or to the end of a day.

    The day is one of the carrier's zone. Raises ExceptionRefused.
    """
    now = now or timezone.now()
    usage = _running(line, now)
    ends_at = usage.cycle_end if last_day is None else _end_of(line, last_day)
    if not now < ends_at <= now + LONGEST:
        raise ExceptionRefused(_("Choose a day from today on, within a year."), field="last_day")
    if allowance is not None and ends_at > usage.cycle_end:
        raise ExceptionRefused(
            _("The helpdesk may top up until the end of the billing cycle at the latest."),
            field="last_day",
        )
    row = _grant(
        line=line,
        by=by,
        now=now,
        allowance=allowance,
        kind=ExceptionKind.TOP_UP,
        ends_at=ends_at,
        scope=scope,
        volume=volume,
        reason=reason,
    )
    record(by=by, action="line.topped_up", subject=line, after=_told(row), reason=row.reason)
    return row


@transaction.atomic
def trip(
    *,
    line: Line,
    countries: Collection[str],
    first_day: date,
    last_day: date,
    volume: int,
    approver: str,
    by: User,
    reason: str,
    now: datetime | None = None,
) -> LineException:
    """Pay for `volume` bytes of each cycle in these countries on these days, both included."""
    now = now or timezone.now()
    _running(line, now)
    ends_at = _end_of(line, last_day)
    if last_day < first_day:
        raise ExceptionRefused(_("The last day is before the first."), field="last_day")
    if not now < ends_at <= now + LONGEST:
        raise ExceptionRefused(_("Choose a day from today on, within a year."), field="last_day")
    if line.carrier.country in countries:
        raise ExceptionRefused(
            _("%(country)s is the home country of the carrier: use there is domestic.")
            % {"country": line.carrier.country},
            field="countries",
        )
    row = _grant(
        line=line,
        by=by,
        now=now,
        kind=ExceptionKind.TRIP,
        starts_at=start_of_day(first_day, line.carrier.zone),
        ends_at=ends_at,
        first_day=first_day,
        last_day=last_day,
        countries=sorted(countries),
        volume=volume,
        approver=approver,
        reason=reason,
    )
    record(by=by, action="line.trip_added", subject=line, after=_told(row), reason=row.reason)
    return row


@transaction.atomic
def give_grace(
    *, line: Line, last_day: date, by: User, reason: str, now: datetime | None = None
) -> LineException:
    """Keep blocks away to the end of a day of the carrier's zone, at most a month ahead."""
    now = now or timezone.now()
    _running(line, now)
    ends_at = _end_of(line, last_day)
    if not now < ends_at <= now + LONGEST_GRACE + timedelta(days=1):
        raise ExceptionRefused(
            _("Choose a day from today on, within %(days)s days.") % {"days": LONGEST_GRACE.days},
            field="last_day",
        )
    row = _grant(
        line=line,
        by=by,
        now=now,
        kind=ExceptionKind.GRACE,
        ends_at=ends_at,
        reason=reason,
    )
    record(by=by, action="line.grace_given", subject=line, after=_told(row), reason=row.reason)
    return row


@transaction.atomic
def exempt(*, line: Line, by: User, reason: str, now: datetime | None = None) -> LineException:
    """Keep blocks away until somebody ends that. Raises ExceptionRefused where it holds already."""
    now = now or timezone.now()
    _running(line, now)
    row = _grant(
        line=line,
        by=by,
        now=now,
        kind=ExceptionKind.EXEMPTION,
        ends_at=None,
        reason=reason,
    )
    record(by=by, action="line.exempted", subject=line, after=_told(row), reason=row.reason)
    return row


def end(*, exception: LineException, by: User, now: datetime | None = None) -> None:
    """End it early; one that has not begun never holds. Raises ExceptionRefused when it is over."""
    now = now or timezone.now()
    with transaction.atomic():
        locked = LineException.objects.select_for_update(of=("self",), no_key=True)
        row = locked.select_related("line__carrier").get(pk=exception.pk)
        if row.ends_at is not None and row.ends_at <= now:
            raise ExceptionRefused(_("This has ended already."))
        row.ends_at = max(now, row.starts_at)
        if row.last_day is not None and row.starts_at <= now:
            row.last_day = min(row.last_day, now.astimezone(row.line.carrier.zone).date())
        row.save(update_fields=["ends_at", "last_day"])
        before = {"exception": str(row.get_kind_display())}
        record(by=by, action="line.exception_ended", subject=row.line, before=before)
        make_due(line_ids=[row.line_id], now=now)


@transaction.atomic
def set_allowance(*, hours: int, volume: int, times: int, by: User) -> HelpdeskAllowance:
    """How far the helpdesk may go from now on; what it gave before stays."""
    new = {"hours": hours, "volume": volume, "times": times}
    row = HelpdeskAllowance.objects.select_for_update().first() or HelpdeskAllowance()
    before = {name: getattr(row, name) for name in new}
    for name, value in new.items():
        setattr(row, name, value)
    row.save()
    record(by=by, action="helpdesk_allowance.changed", subject=row, before=before, after=new)
    return row


# --- what all of them share -----------------------------------------------------------------------


def _running(line: Line, now: datetime) -> CycleUsage:
    if line.state != LineState.ACTIVE:
        raise ExceptionRefused(_("The line is retired."))
    return cycle_usage(line_ids=[line.pk], now=now)[line.pk]


def _end_of(line: Line, day: date) -> datetime:
    return start_of_day(day + timedelta(days=1), line.carrier.zone)


def _grant(
    *,
    line: Line,
    by: User,
    now: datetime,
    reason: str,
    allowance: HelpdeskAllowance | None = None,
    **terms: Any,
) -> LineException:
    reason = reason.strip()[:300]
    if not reason:
        raise ExceptionRefused(
            _("Give a reason; it is shown on the line's timeline."), field="reason"
        )
    line = Line.objects.select_for_update(no_key=True).get(pk=line.pk)
    if line.state != LineState.ACTIVE:
        raise ExceptionRefused(_("The line is retired."))
    running = LineException.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), line=line)
    if terms["kind"] == ExceptionKind.EXEMPTION and running.filter(ends_at=None).exists():
        raise ExceptionRefused(_("The line is exempt already."))
    if running.count() >= MOST:
        raise ExceptionRefused(_("The line has %(most)s exceptions; end some.") % {"most": MOST})
    if allowance is not None:
        _check_allowance(line, allowance, terms["volume"], now)
    starts_at = terms.pop("starts_at", now)
    exception = LineException(line=line, starts_at=starts_at, reason=reason, created_by=by, **terms)
    if terms["kind"] == ExceptionKind.UNBLOCK:
        exception.volume = None  # told by the ceiling
    exception.save()
    make_due(line_ids=[line.pk], now=now)
    return exception


def _told(row: LineException) -> dict[str, Any]:
    """What the record says of it."""
    told = {
        "until": row.ends_at and row.ends_at.isoformat(),
        "scope": row.scope,
        "volume": row.volume,
        "countries": ", ".join(row.countries),
        "approver": row.approver,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _check_allowance(line: Line, allowance: HelpdeskAllowance, volume: int, now: datetime) -> None:
    if volume > allowance.volume:
        raise ExceptionRefused(
            _("The helpdesk may give at most %(volume)s at a time.")
            % {"volume": in_words(allowance.volume)},
            field="amount",
        )
    since = cycle_usage(line_ids=[line.pk], now=now)[line.pk].cycle_start
    given = LineException.objects.filter(
        line=line, kind__in=sorted(OF_HELPDESK), starts_at__gte=since
    ).count()
    if given >= allowance.times:
        raise ExceptionRefused(
            _(
                "The line has had %(times)s unblocks and top-ups in this cycle, as many as the "
                "helpdesk may give. Ask an administrator."
            )
            % {"times": given}
        )
