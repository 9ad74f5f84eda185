"""Keeps dynamic groups: first what is known of devices, then who is in which group.

1. Devices that changed (DeviceFacts.is_stale, set by a trigger) are read and their facts
   stored anew. Every dynamic group then judges these devices, and no others.
2. A group that is due (new or other rule, resumed, or a group that its rule names changed)
   judges all devices of the tenant. Members are kept by difference: who still fits stays.
3. A rule that cannot be read or run leaves an error on the group's page, and its members alone.

One worker at a time serves a tenant (an advisory lock), so that two cannot pull a group apart.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Count, F

from audit.actions import record
from common.tenancy import across_tenants, current_tenant_id
from devices.models import (
    Device,
    DeviceFacts,
    DeviceState,
    Group,
    GroupKind,
    GroupMember,
    GroupWatch,
)
from devices.queries.device_facts import facts_of, folded
from devices.queries.rule_members import taken
from devices.rule_words import rule_sentence
from devices.rules import RuleError, parse
from jobs.draining import drain

log = structlog.get_logger(__name__)

BATCH = 2_000
LOCK = 7_305
"""First key of the advisory lock; the second is the tenant."""

DIFFERENCE = """
WITH wanted AS MATERIALIZED ({wanted}),
gone AS (
    UPDATE devices_groupmember m SET left_at = %s
    WHERE m.tenant_id = %s AND m.group_id = %s AND m.left_at IS NULL
      AND (%s OR m.device_id = ANY(%s))
      AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.device_id = m.device_id)
    RETURNING 1
),
joined AS (
    INSERT INTO devices_groupmember (tenant_id, group_id, device_id, joined_at)
    SELECT %s, %s, w.device_id, %s FROM wanted w
    WHERE NOT EXISTS (
        SELECT 1 FROM devices_groupmember m WHERE m.tenant_id = %s AND m.group_id = %s
          AND m.device_id = w.device_id AND m.left_at IS NULL
    )
    RETURNING 1
)
SELECT (SELECT count(*) FROM joined), (SELECT count(*) FROM gone)
"""


def regroup_due(*, now: datetime) -> int:
    """Do what is due for all tenants in turn; returns how many devices and groups it was."""
    return drain(tenants=lambda: _tenants(now), batch=lambda: regroup_batch(now=now))


def regroup_batch(*, now: datetime) -> int:
    """One step for the tenant in scope: a batch of changed devices, or else one due group."""
    with transaction.atomic():
        if not _alone():
            return 0
        device_ids = _refresh(now)
        if device_ids:
            for watch in _watches().filter(due_at=None, group__is_paused=False):
                _judge(watch, device_ids, now)
            return len(device_ids)
        watch = _watches().filter(due_at__lte=now).order_by("due_at", "group_id").first()
        if watch is None:
            return 0
        _judge(watch, None, now)
        return 1


def _tenants(now: datetime) -> list[int]:
    with across_tenants("groups are kept for all tenants in turn"):
        stale = DeviceFacts.objects.filter(is_stale=True).values_list("tenant_id", flat=True)
        due = GroupWatch.objects.filter(due_at__lte=now).values_list("tenant_id", flat=True)
        return sorted({*stale.distinct(), *due.distinct()})


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, current_tenant_id()])
        return bool(cursor.fetchone()[0])


def _watches():
    """Watches of dynamic groups, locked with their groups: an edit waits, or we wait for it."""
    return (
        GroupWatch.objects.filter(group__kind=GroupKind.DYNAMIC)
        .select_related("group")
        .order_by("group_id")
        .select_for_update(of=["self", "group"], no_key=True)
    )


def _refresh(now: datetime) -> list[int]:
    """Store the facts of devices that changed; returns their ids."""
    stale = DeviceFacts.objects.filter(is_stale=True).order_by("device_id")
    rows = {
        row.device_id: row for row in stale.select_for_update(skip_locked=True, no_key=True)[:BATCH]
    }
    retired = []
    for device in Device.objects.filter(pk__in=rows).select_related("category"):
        row = rows[device.pk]
        row.is_stale, row.in_service = False, device.state != DeviceState.RETIRED
        for column, value in folded(facts_of(device)).items():
            setattr(row, column, value)
        if not row.in_service:
            retired.append(device.pk)
    columns = [field.name for field in DeviceFacts._meta.fields if field.name not in _KEYS]
    DeviceFacts.objects.bulk_update(rows.values(), columns, batch_size=500)
    _leave_all(retired, now)
    return list(rows)


_KEYS = {"tenant", "device"}


def _leave_all(device_ids: Collection[int], now: datetime) -> None:
    """A retired device is in no group any more, whatever kind the group is."""
    members = GroupMember.objects.filter(device_id__in=device_ids, left_at=None)
    counts = members.values("group_id").annotate(count=Count("pk")).order_by("group_id")
    gone = {row["group_id"]: row["count"] for row in counts}
    members.update(left_at=now)
    for watch in GroupWatch.objects.filter(pk__in=gone).select_related("group").order_by("pk"):
        _note(watch.group, joined=0, left=gone[watch.pk], now=now)


def _judge(watch: GroupWatch, device_ids: Collection[int] | None, now: datetime) -> None:
    """Make the members of one group those its rule takes; of these devices, or (None) of all."""
    group = watch.group
    is_run = {"due_at": None, "run_at": now} if device_ids is None else {}
    mine = GroupWatch.objects.filter(pk=watch.pk)
    try:
        with transaction.atomic():
            joined, left = _difference(group, device_ids, now)
    except RuleError as error:
        mine.update(**is_run, error=rule_sentence(error)[:500])
        return
    except OperationalError:
        raise  # the database's trouble, not the rule's
    except DatabaseError as error:
        log.warning("group_rule_failed", group=group.pk, error=str(error))
        mine.update(**is_run, error=str(error).splitlines()[0][:500])
        return
    mine.update(**is_run, error="")
    if joined or left:
        _note(group, joined=joined, left=left, now=now)


def _difference(group: Group, device_ids: Collection[int] | None, now: datetime) -> tuple[int, int]:
    wanted = taken(parse(group.rule), device_ids=device_ids)
    key = (group.tenant_id, group.pk)
    some = (device_ids is None, list(device_ids or []))
    with connection.cursor() as cursor:
        cursor.execute(
            DIFFERENCE.format(wanted=wanted.text),
            [*wanted.parameters, now, *key, *some, *key, now, *key],
        )
        joined, left = cursor.fetchone()
    return joined, left


def _note(group: Group, *, joined: int, left: int, now: datetime) -> None:
    """Count the members, tell the audit log, and make the groups due whose rules name this."""
    GroupWatch.objects.filter(pk=group.pk).update(
        member_count=F("member_count") + joined - left, changed_at=now
    )
    record(
        by=None,
        action="device_group.members_changed",
        subject=group,
        after={"joined": joined, "left": left},
    )
    make_due_who_name(group, now)


def make_due_who_name(group: Group, now: datetime) -> None:
    """Groups whose rules ask for members of this one are to be judged again."""
    GroupWatch.objects.filter(
        group__names_groups__contains=[str(group.object_id)], group__is_paused=False
    ).update(due_at=now)
