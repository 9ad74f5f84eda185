"""Accounts as the pure decision wants them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from licensing.entitlements import Licence, Person
from licensing.models import HOLDING, Account, App, Claim, ClaimState, Product, ServicePlan


class PlanNames:
    """Names of the service plans of every product of the tenant, read once per batch."""

    def __init__(self) -> None:
        self.of_sku: dict[str, dict[str, str]] = defaultdict(dict)
        self.sku_of: dict[int, str] = {}
        rows = ServicePlan.objects.values_list("product_id", "product__sku_id", "plan_id", "name")
        for product, sku, plan_id, name in rows:
            self.of_sku[str(sku)][str(plan_id)] = name
            self.sku_of[product] = str(sku)
        for product, sku in Product.objects.values_list("pk", "sku_id"):
            self.sku_of.setdefault(product, str(sku))

    def licence(self, sku: str, off_ids: Collection[str]) -> Licence:
        plans = self.of_sku.get(sku, {})
        off = frozenset(plans[plan] for plan in off_ids if plan in plans)
        return Licence(sku, frozenset(plans.values()) - off, off)


def people_of(*, entra_ids: Collection[UUID], app: App, names: PlanNames) -> dict[UUID, Person]:
    """The accounts that are known, with what claims under way will give them."""
    columns_of_account = (
        "entra_id", "name", "enabled", "is_member", "usage_location", "licences", "groups",
    )  # fmt: skip
    found = Account.objects.filter(entra_id__in=entra_ids)
    accounts = {row.entra_id: row for row in found.values_list(*columns_of_account, named=True)}
    held: dict[UUID, list[Any]] = defaultdict(list)
    blocked: set[UUID] = set()
    claims = Claim.objects.filter(entra_id__in=entra_ids, state__in=[*HOLDING, ClaimState.REMOVED])
    columns = ("entra_id", "app_id", "product_id", "off", "state", "cleared_at")
    for entra_id, app_id, product, off, state, cleared in claims.values_list(*columns):
        if state != ClaimState.REMOVED:
            held[entra_id].append((app_id, product, off))
        elif app_id == app.pk and cleared is None:
            blocked.add(entra_id)
    return {
        entra_id: _person(account, held[entra_id], entra_id in blocked, app, names)
        for entra_id, account in accounts.items()
    }


def _person(account: Any, held: list[Any], is_blocked: bool, app: App, names: PlanNames) -> Person:
    licences = [names.licence(row["sku"], row["off"]) for row in account.licences]
    known = {licence.sku for licence in licences}
    for _app, product, off in held:
        sku = names.sku_of[product]
        if sku not in known:
            plans = frozenset(names.of_sku.get(sku, {}).values())
            licences.append(Licence(sku, plans - frozenset(off), frozenset(off)))
    return Person(
        name=account.name,
        enabled=account.enabled,
        is_member=account.is_member,
        usage_location=account.usage_location,
        licences=tuple(licences),
        groups=frozenset(account.groups),
        holds_seat=any(app_id == app.pk for app_id, _product, _off in held),
        is_blocked=is_blocked,
    )
