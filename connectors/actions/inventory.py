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
from connectors.workers.inventory import KIND
from jobs.actions import AlreadyOpen, start
from jobs.models import Job

if TYPE_CHECKING:
    from tenants.models import User


class AnotherHasIt(Refused):
    """The line was given to another device in the meantime."""


def ask(*, connector: Connector, whole: bool, by: User | None, now: datetime) -> Job:
    """The job of a sync: a new one, or the one under way. Raises NotActive."""
    require_active(connector)
    known = InventoryItem.objects.filter(connector=connector, gone_at=None).count()
    mode = "full" if whole else "delta"
    try:
        return start(
            kind=KIND,
            key=str(connector.pk),
            parameters={"connector": connector.pk, "mode": mode},
            total=known,
            by=by,
            now=now,
        )
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


def decide(*, item: InventoryItem, line_id: int | None, by: User) -> None:
    """A person says which line the device has, or that it has none. Raises AnotherHasIt."""
    with transaction.atomic():
        item = InventoryItem.objects.select_for_update().get(pk=item.pk, kind=ItemKind.DEVICE)
        # A connector's devices are decided on one after the other, so that no line goes to two.
        Connector.objects.select_for_update(no_key=True).get(pk=item.connector_id)
        sure = InventoryItem.objects.filter(
            line_id=line_id, gone_at=None, match_state=MatchState.DECIDED
        ).exclude(pk=item.pk)
        if line_id is not None and sure.exists():
            raise AnotherHasIt(_("Another device was given this line by a person already."))
        before = {"line": item.line_id}
        item.match_state, item.match_by = MatchState.DECIDED, MatchKey.PERSON
        item.line_id, item.candidates = line_id, []
        item.save(update_fields=["match_state", "match_by", "line_id", "candidates"])
        record(
            by=by,
            action="inventory.decided",
            subject=item,
            before=before,
            after={"line": line_id},
        )
