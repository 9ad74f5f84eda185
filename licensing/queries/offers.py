"""The seats of products, and a policy with its products as the pure decision wants them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Count

from licensing.entitlements import Offer, assignable
from licensing.models import HOLDING, AutoClaimPolicy, Claim, PolicyProduct, Product, ServicePlan


def under_way(products: Collection[int] | None = None) -> dict[int, int]:
    """Seats that claims hold and Microsoft's last figures do not include yet, per product."""
    held = Claim.objects.filter(state__in=HOLDING, counted=False)
    if products is not None:
        held = held.filter(product_id__in=products)
    return dict(held.values_list("product_id").annotate(count=Count("pk")).order_by())


def plans_of(products: Collection[int]) -> dict[int, dict[str, str]]:
    """The service plans of products: {product: {name: id}}."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = ServicePlan.objects.filter(product_id__in=products)
    for product, name, plan_id in rows.values_list("product_id", "name", "plan_id"):
        found[product][name] = str(plan_id)
    return found


@dataclass
class Seats:
    """Free seats per product, before any reserve, counted down as they are given."""

    free: dict[int, int]

    def take(self, product: int) -> None:
        self.free[product] -= 1


def seats_of(products: Collection[Product]) -> Seats:
    """What may be given out of these products now."""
    pending = under_way([product.pk for product in products])
    return Seats(
        {
            product.pk: assignable(
                bought=product.enabled,
                used=product.consumed,
                under_way=pending.get(product.pk, 0),
            )
            for product in products
        }
    )


@dataclass(frozen=True)
class Shelf:
    """A policy's products in order, and what is in them; free seats are asked for each time.

    An offer is made anew only where its seats have changed: there is one for each decision.
    """

    rows: list[PolicyProduct]
    products: dict[int, Product]
    plans: dict[int, dict[str, str]]
    reserve: int

    @cached_property
    def row_of(self) -> dict[int, PolicyProduct]:
        return {row.product_id: row for row in self.rows}

    @cached_property
    def _offers(self) -> dict[int, Offer]:
        """As last offered."""
        return {
            row.product_id: Offer(
                product=row.product_id,
                sku=str(self.products[row.product_id].sku_id),
                position=row.position,
                status=self.products[row.product_id].status,
                free=0,
                plans=frozenset(self.plans[row.product_id]),
                off=frozenset(row.off),
            )
            for row in self.rows
        }

    def offers(self, seats: Seats) -> list[Offer]:
        for product, offer in self._offers.items():
            free = max(0, seats.free[product] - self.reserve)
            if free != offer.free:
                self._offers[product] = replace(offer, free=free)
        return list(self._offers.values())


def shelf_of(policy: AutoClaimPolicy, products: Collection[Product]) -> Shelf:
    """`products` are those of the policy, locked by the caller if seats will be given."""
    return Shelf(
        rows=list(policy.products.order_by("position")),
        products={product.pk: product for product in products},
        plans=plans_of([product.pk for product in products]),
        reserve=policy.reserve,
    )
