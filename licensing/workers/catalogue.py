"""Reading products and groups from Microsoft.

A reading says how many seats were in use when its request began. Claims assigned before that
moment are in it and stop being counted apart; later ones are not, so a seat may for a moment be
counted twice and never not at all. An older reading that comes late changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from common.tenancy import current_tenant_id
from licensing.known import APPS, PLAN_NAMES, PRODUCT_NAMES
from licensing.models import (
    AccountGroup,
    App,
    ApplicationId,
    Capability,
    Claim,
    ClaimState,
    Product,
    ServicePlan,
)
from licensing.ports import Cloud
from licensing.workers.judge_nudges import make_waiting_due


def read_products(*, cloud: Cloud) -> int:
    """Take over every product and its seats; returns how many. Raises CloudError."""
    began = timezone.now()
    bodies = [body for body in cloud.products() if body.get("appliesTo", "User") == "User"]
    write_products(bodies=bodies, began=began)
    return len(bodies)


@transaction.atomic
def write_products(*, bodies: list[dict[str, Any]], began: datetime) -> None:
    """What was read, under the locks that giving seats takes."""
    known = {
        row.sku_id: row for row in Product.objects.order_by("pk").select_for_update(no_key=True)
    }
    if any(row.read_at >= began for row in known.values()):
        return
    seen: set[UUID] = set()
    for body in bodies:
        sku = UUID(body["skuId"])
        seen.add(sku)
        row = known.get(sku) or Product(sku_id=sku)
        _take_over(row, body, began)
        row.save()
        _write_plans(row, body)
    for sku, row in known.items():
        if sku not in seen:  # no subscription of it is left
            row.status, row.enabled, row.read_at = Capability.DELETED, 0, began
            row.save(update_fields=["status", "enabled", "read_at"])
    Claim.objects.filter(state=ClaimState.ASSIGNED, counted=False, assigned_at__lt=began).update(
        counted=True
    )
    ensure_apps()
    make_waiting_due(now=timezone.now())


def _take_over(row: Product, body: dict[str, Any], began: datetime) -> None:
    units = body.get("prepaidUnits") or {}
    status = body.get("capabilityStatus")
    row.part_number = body["skuPartNumber"][:100]
    row.name = PRODUCT_NAMES.get(row.part_number, row.part_number)
    row.status = status if status in Capability.values else Capability.SUSPENDED
    row.enabled = max(0, int(units.get("enabled") or 0))
    row.warning = max(0, int(units.get("warning") or 0))
    row.suspended = max(0, int(units.get("suspended") or 0))
    row.locked_out = max(0, int(units.get("lockedOut") or 0))
    row.consumed = max(0, int(body.get("consumedUnits") or 0))
    row.read_at = began


def _write_plans(product: Product, body: dict[str, Any]) -> None:
    plans = {
        UUID(plan["servicePlanId"]): plan["servicePlanName"][:100]
        for plan in body["servicePlans"]
        if plan.get("appliesTo", "User") == "User"
    }
    ServicePlan.objects.filter(product=product).exclude(plan_id__in=plans).delete()
    ServicePlan.objects.bulk_create(
        [
            ServicePlan(
                tenant_id=current_tenant_id(),
                product=product,
                plan_id=plan_id,
                name=name,
                label=PLAN_NAMES.get(name, name),
            )
            for plan_id, name in plans.items()
        ],
        update_conflicts=True,
        unique_fields=["tenant", "product", "plan_id"],
        update_fields=["name", "label"],
    )


def ensure_apps() -> None:
    """The apps that everybody has, with the application ids that nobody has given another app."""
    for known in APPS:
        app, _made = App.objects.get_or_create(
            name=known.name, defaults={"plans": list(known.plans)}
        )
        for value in known.app_ids:
            ApplicationId.objects.get_or_create(value=UUID(value), defaults={"app": app})


def read_groups(*, cloud: Cloud) -> int:
    """The names of all groups; one that is gone keeps its name while a policy mentions it."""
    groups = cloud.groups()
    AccountGroup.objects.bulk_create(
        [
            AccountGroup(tenant_id=current_tenant_id(), group_id=key[:64], name=name[:256])
            for key, name in groups
        ],
        update_conflicts=True,
        unique_fields=["tenant", "group_id"],
        update_fields=["name"],
    )
    return len(groups)
