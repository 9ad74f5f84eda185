"""Asking for a sync of the inventory, and deciding which line a managed device has."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import record
from common.refusals import Refused
from common.tenancy import across_tenants, tenant_scope
from connectors.actions.connecting import require_active
from connectors.models import Connector, InventoryItem, ItemKind, MatchKey, MatchState
from connectors.ports import lines
from connectors.workers.inventory import begin
from devices.actions.devices import put_sim_in, take_sim_out
from devices.models import Sim
from jobs.actions import AlreadyOpen
from jobs.models import Job

if TYPE_CHECKING:
    from tenants.models import User


class AnotherHasIt(Refused):
    """The line was given to another device in the meantime."""


def ask(*, connector: Connector, whole: bool, by: User | None, now: datetime) -> Job:
    """The job of a sync: a new one, or the one under way. Raises NotActive."""
    require_active(connector)
    try:
        return begin(connector=connector, mode="full" if whole else "delta", by=by, now=now)
    except AlreadyOpen as running:
        return running.job


def ask_all(*, now: datetime) -> int:
    """Ask for the changes of every connection that stands; returns how many."""
    with across_tenants("the inventories of all tenants are kept up to date"):
        standing = list(
            Connector.objects.filter(app_authorized=True, directory_id__isnull=False)
            .exclude(contact_at=None)
            .order_by("pk")
        )
    for connector in standing:
        with tenant_scope(connector.tenant_id):
            ask(connector=connector, whole=False, by=None, now=now)
    return len(standing)


def decide(*, item: InventoryItem, line_id: int | None, by: User, now: datetime) -> None:
    """A person says which line the device has, or that it has none; the SIM goes along.

    Raises AnotherHasIt, and devices' DeviceRefused where the device is retired.
    """
    with transaction.atomic():
        item = InventoryItem.objects.select_for_update().get(pk=item.pk, kind=ItemKind.DEVICE)
        # A connector's devices are decided on one after the other, so that no line goes to two.
        Connector.objects.select_for_update(no_key=True).get(pk=item.connector_id)
        sure = InventoryItem.objects.filter(
            line_id=line_id, gone_at=None, match_state=MatchState.DECIDED
        ).exclude(pk=item.pk)
        if line_id is not None and sure.exists():
            raise AnotherHasIt(_("Another device was given this line by a person already."))
        former, before = item.line_id, {"line": item.line_id}
        item.match_state, item.match_by = MatchState.DECIDED, MatchKey.PERSON
        item.line_id, item.candidates = line_id, []
        item.save(update_fields=["match_state", "match_by", "line_id", "candidates"])
        if line_id is not None:  # whoever had it by a number has it no more
            InventoryItem.objects.filter(line_id=line_id).exclude(pk=item.pk).update(
                match_state=MatchState.NONE, match_by="", line_id=None, candidates=[]
            )
        record(
            by=by,
            action="inventory.decided",
            subject=item,
            before=before,
            after={"line": line_id},
        )
        _move_sims(item, former=former, now=now, by=by)


def _move_sims(item: InventoryItem, *, former: int | None, now: datetime, by: User) -> None:
    """Put the SIM of the line that was decided on into the device; the former line's comes out."""
    if item.device is None:
        return
    seats = lines().seats(ids={line for line in (former, item.line_id) if line})
    if former in seats and former != item.line_id and seats[former].device_id == item.device_id:
        take_sim_out(sim=Sim.objects.get(pk=seats[former].sim_id), now=now, by=by)
    if item.line_id is None:
        return
    if item.line_id not in seats:
        raise AnotherHasIt(_("This line is not active any more."), field="line")
    sim = Sim.objects.get(pk=seats[item.line_id].sim_id)
    if seats[item.line_id].device_id != item.device_id:
        put_sim_in(device=item.device, sim=sim, now=now, by=by)
