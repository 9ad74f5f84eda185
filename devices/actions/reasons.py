"""Reasons to restrict, and the desired state that is their union.

1. Reasons are added and removed in bulk, for one origin.
2. The controls of the devices touched are locked, in the order of their ids.
3. Only then is the union read, so that two origins at once cannot miss each other.
4. On a personal device the reasons are held: they stay, and their union is taken for empty.
5. A control whose union changed gets a new generation and is due now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Q

from alerts.actions import settle_alerts
from common.tenancy import current_tenant_id
from devices.models import DeviceControl, RestrictionReason
from jobs.nudges import nudge

if TYPE_CHECKING:
    from tenants.models import User

ENFORCE = "devices.tasks.enforce_due"

REFRESH = """
UPDATE devices_devicecontrol c
SET desired = w.desired, desired_generation = c.desired_generation + 1, desired_since = %(now)s,
    next_attempt_at = %(now)s, attempts = 0, drifts = 0, last_error = ''
FROM (
    SELECT d.device_id,
           coalesce(array_agg(DISTINCT r.restriction::text ORDER BY r.restriction::text)
                    FILTER (WHERE r.id IS NOT NULL AND k.id IS NULL), '{}'
           )::varchar(20)[] AS desired
    FROM unnest(%(devices)s::bigint[]) AS d(device_id)
    LEFT JOIN devices_restrictionreason r
           ON r.tenant_id = %(tenant)s AND r.device_id = d.device_id
    LEFT JOIN devices_device v ON v.tenant_id = %(tenant)s AND v.id = d.device_id
    LEFT JOIN devices_devicecategory k
           ON k.tenant_id = %(tenant)s AND k.id = v.category_id AND k.is_personal
    GROUP BY d.device_id
) w
WHERE c.tenant_id = %(tenant)s AND c.device_id = w.device_id AND c.desired <> w.desired
RETURNING c.device_id
"""


@dataclass(frozen=True)
class Reason:
    """One reason to add or remove; `line_id` names the line it came from, if any."""

    device_id: int
    restriction: str
    line_id: int | None = None
    sentence: str = ""


def change_reasons(
    *,
    origin: str,
    add: Sequence[Reason] = (),
    remove: Sequence[Reason] = (),
    now: datetime,
    by: User | None = None,
) -> list[int]:
    """Add and remove reasons of one origin; returns the ids of devices whose desire changed.

    Adding what is there and removing what is not are no errors. Call inside a transaction.
    """
    for item in remove:
        RestrictionReason.objects.filter(
            origin=origin,
            device_id=item.device_id,
            restriction=item.restriction,
            line_id=item.line_id,
        ).delete()
    RestrictionReason.objects.bulk_create(
        [
            RestrictionReason(
                tenant_id=current_tenant_id(),
                device_id=item.device_id,
                restriction=item.restriction,
                origin=origin,
                line_id=item.line_id,
                sentence=item.sentence[:500],
                set_by=by,
                since=now,
            )
            for item in add
        ],
        ignore_conflicts=True,
    )
    return refresh_desired(device_ids={item.device_id for item in (*add, *remove)}, now=now)


def drop_origin(
    *, origin: str, now: datetime, device_ids: Iterable[int] | None = None
) -> list[int]:
    """Remove every reason of an origin (on some devices, or on all); as change_reasons()."""
    gone = RestrictionReason.objects.filter(origin=origin)
    if device_ids is not None:
        gone = gone.filter(device_id__in=list(device_ids))
    touched = set(gone.values_list("device_id", flat=True))
    gone.delete()
    return refresh_desired(device_ids=touched, now=now)


def drop_device(*, device_id: int, now: datetime, keep: Iterable[str] = ()) -> None:
    """Remove a device's reasons of all origins but `keep`; used when it is retired."""
    RestrictionReason.objects.filter(Q(device_id=device_id) & ~Q(origin__in=list(keep))).delete()
    refresh_desired(device_ids=[device_id], now=now)


def refresh_desired(*, device_ids: Iterable[int], now: datetime) -> list[int]:
    """Make the desired state of these devices the union of their reasons; returns the changed."""
    ids = sorted(set(device_ids))
    if not ids:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        list(
            DeviceControl.objects.filter(device_id__in=ids)
            .order_by("device_id")
            .select_for_update()
            .values_list("device_id")
        )
        cursor.execute(REFRESH, {"tenant": current_tenant_id(), "devices": ids, "now": now})
        changed = [device_id for (device_id,) in cursor.fetchall()]
        if changed:
            settle_alerts(subject_type="device", subject_ids=changed, holding=(), now=now)
            nudge(ENFORCE)
    return changed
