"""Many devices to a category: asked for, carried out by a job in steps, taken back the same way.

1. What was chosen is written down first, device by device, so that a list that changes meanwhile
   changes nothing of it.
2. Each step of the job is one transaction of categories.move_many(): the devices, the audit log,
   restrictions that are released or come back, lines that are judged again; and how each device
   came out of it. A worker that dies repeats nothing.
3. Undoing puts every device back where it was, unless somebody has moved it since.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, record
from common.refusals import Refused
from common.tenancy import current_tenant_id
from devices.actions.categories import move_many
from devices.models import (
    CategoryMove,
    CategoryMoveItem,
    Device,
    DeviceCategory,
    DeviceState,
    MoveState,
)
from jobs.actions import AlreadyOpen, start
from jobs.kinds import JobFailed
from jobs.models import Job
from jobs.runs import Run

MOVE = "devices.move_devices"
STEP = 200
MOST = 200_000
"""Devices that one move may have."""
CHOOSE = """
INSERT INTO devices_categorymoveitem (tenant_id, move_id, device_id, state)
SELECT %s, %s, chosen.id, 'waiting' FROM ({chosen}) chosen
"""


class MoveRefused(Refused):
    """The devices cannot be moved, or the move not be undone."""


@transaction.atomic
def begin(
    *, devices: QuerySet[Device], category: DeviceCategory | None, now: datetime, by: Actor
) -> CategoryMove:
    """Write down the devices and have a worker move them. Raises MoveRefused for none or too many.

    Retired devices stay out. `category` is None for Unassigned.
    """
    move = CategoryMove.objects.create(
        category=category,
        is_to_none=category is None,
        name=category.name if category else "",
        devices=0,
        by_id=by.pk,
        created_at=now,
    )
    in_service = devices.exclude(state=DeviceState.RETIRED)
    chosen = in_service.order_by().distinct().values("id")[: MOST + 1]
    sql, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE.format(chosen=sql), [current_tenant_id(), move.pk, *parameters])
        move.devices = cursor.rowcount
    if not move.devices:
        raise MoveRefused(_("No device was chosen."))
    if move.devices > MOST:
        raise MoveRefused(_("These are more devices than can be moved at once. Filter the list."))
    move.job = _job(move, undo=False, now=now, by=by)
    move.save(update_fields=["devices", "job"])
    after = {"category": move.name or None, "devices": move.devices}
    record(by=by, action="category_move.begun", subject=move, after=after)
    return move


@transaction.atomic
def undo(*, move: CategoryMove, now: datetime, by: Actor) -> None:
    """Have a worker put the devices back. Raises MoveRefused where that cannot be."""
    move = CategoryMove.objects.select_for_update(of=["self"], no_key=True).get(pk=move.pk)
    if move.undo_job_id is not None:
        raise MoveRefused(_("This move was undone already."))
    if move.under_way:
        raise MoveRefused(_("The move is still under way. Undo it when it has ended."))
    move.undo_job = _job(move, undo=True, now=now, by=by)
    move.save(update_fields=["undo_job"])
    record(by=by, action="category_move.undone", subject=move)


def may_be_undone(move: CategoryMove) -> bool:
    """Whether it has ended, in whatever way, and was not undone."""
    return move.job is not None and not move.job.is_open and move.undo_job_id is None


def counts_of(move: CategoryMove) -> dict[str, int]:
    """How many devices came out of it how, by MoveState."""
    found = move.items.order_by().values_list("state").annotate(models.Count("pk"))
    return {str(state): count for state, count in found}


def _job(move: CategoryMove, *, undo: bool, now: datetime, by: Actor) -> Job:
    try:
        return start(
            kind=MOVE,
            key=f"{move.pk} {'undo' if undo else 'do'}",
            parameters={"move": move.pk, "undo": undo},
            total=move.devices,
            by=by,
            now=now,
        )
    except AlreadyOpen as running:
        raise MoveRefused(_("This is being done already.")) from running


# --- the work -------------------------------------------------------------------------------------


def carry_out(run: Run) -> dict[str, Any]:
    """Move the devices of a move, or put them back, from where a run before came to."""
    move = CategoryMove.objects.select_related("category").get(pk=run.job.parameters["move"])
    is_undo = run.job.parameters["undo"]
    if not is_undo and move.category is None and not move.is_to_none:
        raise JobFailed(_("Somebody has deleted this category in the meantime."))
    step = _undo_step if is_undo else _move_step
    open_items = move.items.filter(state=MoveState.MOVED if is_undo else MoveState.WAITING)
    done = run.job.done
    if is_undo and not run.job.checkpoint:
        run.step(total=open_items.count(), checkpoint={"begun": True})
    while True:
        with transaction.atomic():
            items = list(open_items.select_related("former").order_by("device_id")[:STEP])
            if not items:
                return counts_of(move)
            step(move, items, run.job.by)
            CategoryMoveItem.objects.bulk_update(items, ["state", "former"])
            done += len(items)
            run.step(done=done, checkpoint={"begun": True})
        run.pause_if_long()


def _move_step(move: CategoryMove, items: list[CategoryMoveItem], by: Actor | None) -> None:
    ids = [item.device_id for item in items]
    moved = move_many(device_ids=ids, category=move.category, now=timezone.now(), by=by)
    there = _in_service(ids)
    for item in items:
        if item.device_id in moved:
            item.state, item.former_id = MoveState.MOVED, moved[item.device_id]
        else:
            item.state = MoveState.SAME if item.device_id in there else MoveState.LEFT


def _undo_step(move: CategoryMove, items: list[CategoryMoveItem], by: Actor | None) -> None:
    """A category that was deleted meanwhile has left its devices unassigned; they stay so."""
    ids = [item.device_id for item in items]
    untouched = _in_service(ids, category_id=move.category_id)
    back: dict[DeviceCategory | None, list[int]] = defaultdict(list)
    for item in items:
        may_go = item.device_id in untouched and item.former_id != move.category_id
        item.state = MoveState.UNDONE if may_go else MoveState.KEPT
        if may_go:
            back[item.former].append(item.device_id)
    for former, device_ids in back.items():
        move_many(device_ids=device_ids, category=former, now=timezone.now(), by=by)


def _in_service(device_ids: list[int], **more: Any) -> set[int]:
    found = Device.objects.filter(pk__in=device_ids, **more).exclude(state=DeviceState.RETIRED)
    return set(found.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
