"""The life of an alert: raised once, settled when its reason is gone, reopened if it returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.models import Alert
from alerts.models.alert import AlertState
from audit.actions import Act, Actor, record_many
from common.refusals import Refused
from common.tenancy import current_tenant_id


@dataclass(frozen=True)
class NewAlert:
    """An alert about to be raised; the identity decides whether it is the same as another."""

    identity: str
    kind: str
    subject_type: str
    subject_id: int
    severity: str
    reason: str
    facts: dict[str, Any] = field(default_factory=dict, hash=False)
    late: bool = False


def raise_alerts(*, alerts: Sequence[NewAlert], now: datetime) -> None:
    """Raise what has not been raised yet, and reopen what had been settled."""
    if not alerts:
        return
    known = Alert.objects.filter(identity__in={alert.identity for alert in alerts})
    states = {
        identity: (state, late)
        for identity, state, late in known.values_list("identity", "state", "late")
    }
    returned = []
    for alert in alerts:
        state, was_late = states.get(alert.identity, (None, False))
        # One that was told while its cycle ran stays settled when the cycle is over.
        if state == AlertState.RESOLVED and (was_late or not alert.late):
            returned.append(alert.identity)
    if returned:
        Alert.objects.filter(identity__in=returned, state=AlertState.RESOLVED).update(
            state=AlertState.OPEN,
            resolved_at=None,
            acknowledged_at=None,
            acknowledged_by=None,
            acknowledged_note="",
        )
    new = {alert.identity: alert for alert in alerts if alert.identity not in states}
    Alert.objects.bulk_create(
        [
            Alert(
                tenant_id=current_tenant_id(),
                identity=alert.identity,
                kind=alert.kind,
                subject_type=alert.subject_type,
                subject_id=alert.subject_id,
                severity=alert.severity,
                reason=alert.reason,
                facts=alert.facts,
                late=alert.late,
                raised_at=now,
            )
            for _identity, alert in sorted(new.items())
        ],
        ignore_conflicts=True,
        batch_size=1_000,
    )


MOST = 5_000
"""Alerts that one act may acknowledge: each is an event of the log, in one transaction."""


class TooMany(Refused):
    """More alerts at once than one act may take."""


@transaction.atomic
def acknowledge(*, alerts: QuerySet[Alert], note: str, now: datetime, by: Actor) -> int:
    """Mark the open ones among `alerts` as seen by a person; returns how many. Raises TooMany.

    Who comes second changes nothing: only alerts that are still open are taken.
    """
    still_open = alerts.order_by("pk").filter(state=AlertState.OPEN)
    taken = list(still_open.select_for_update(of=["self"], no_key=True)[: MOST + 1])
    if len(taken) > MOST:
        raise TooMany(_("These are more than %(most)s alerts. Narrow the list.") % {"most": MOST})
    Alert.objects.filter(pk__in=[alert.pk for alert in taken]).update(
        state=AlertState.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by_id=by.pk,
        acknowledged_note=note,
    )
    acts = [Act(action="alert.acknowledged", subject=alert, reason=note) for alert in taken]
    record_many(by=by, acts=acts)
    return len(taken)


SETTLE = """
UPDATE alerts_alert SET state = 'resolved', resolved_at = %(now)s
WHERE tenant_id = %(tenant)s AND subject_type = %(type)s AND subject_id = ANY(%(ids)s)
  AND state <> 'resolved' AND NOT late AND identity <> ALL(%(holding)s)
"""


def settle_alerts(
    *, subject_type: str, subject_ids: Iterable[int], holding: Iterable[str], now: datetime
) -> int:
    """Resolve the subjects' open alerts whose identity no longer holds; returns how many.

    Nothing in the present settles alerts about closed cycles, see settle_late_alerts().
    """
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE,
            {
                "now": now,
                "tenant": current_tenant_id(),
                "type": subject_type,
                "ids": list(subject_ids),
                "holding": list(holding),
            },
        )
        return cursor.rowcount


SETTLE_LATE = """
UPDATE alerts_alert a SET state = 'resolved', resolved_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(first)s::date[], %(end)s::date[]) AS p(id, first_day, end_day)
WHERE a.tenant_id = %(tenant)s AND a.subject_type = %(type)s AND a.subject_id = p.id
  AND a.state <> 'resolved' AND a.late AND a.identity <> ALL(%(holding)s)
  AND (a.facts->>'first_day')::date >= p.first_day AND (a.facts->>'first_day')::date < p.end_day
"""


def settle_late_alerts(
    *,
    subject_type: str,
    periods: Sequence[tuple[int, date, date]],
    holding: Iterable[str],
    now: datetime,
) -> int:
    """Resolve alerts about closed days that were looked at again and hold no more; how many.

    A period is a subject, the first of its days and the day after the last. Use moves out of a
    closed cycle where a reading arrives between two that were told before.
    """
    if not periods:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE_LATE,
            {
                "now": now,
                "tenant": current_tenant_id(),
                "type": subject_type,
                "ids": [period[0] for period in periods],
                "first": [period[1] for period in periods],
                "end": [period[2] for period in periods],
                "holding": list(holding),
            },
        )
        return cursor.rowcount
