"""Policies for the screen."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from licensing.models import AutoClaimPolicy, AutoClaimSwitch, PolicyProduct, PolicyState, Product
from licensing.queries.offers import seats_of


def feature_is_on() -> bool:
    """Whether the tenant in scope lets people claim licences."""
    return AutoClaimSwitch.objects.filter(on=True).exists()


def policies() -> QuerySet[AutoClaimPolicy]:
    """Those that were not deleted."""
    return AutoClaimPolicy.objects.filter(deleted_at=None).select_related("app")


def hang_figures(rows: Sequence[AutoClaimPolicy], *, is_on: bool) -> None:
    """Give each row its `state`, `product_names` (in order) and `available` seats."""
    shelves: dict[int, list[PolicyProduct]] = {row.pk: [] for row in rows}
    placed = PolicyProduct.objects.filter(policy__in=rows).order_by("position")
    for place in placed.select_related("product"):
        shelves[place.policy_id].append(place)
    products: dict[int, Product] = {
        place.product_id: place.product for shelf in shelves.values() for place in shelf
    }
    free = seats_of(list(products.values())).free if products else {}
    for row in rows:
        shelf = shelves[row.pk]
        row.product_names = [place.product.name for place in shelf]
        row.available = sum(
            max(0, free[place.product_id] - row.reserve)
            for place in shelf
            if place.product.status == "Enabled"
        )
        row.state = state_of(row, is_on=is_on)


def state_of(policy: AutoClaimPolicy, *, is_on: bool) -> PolicyState:
    """A policy that is on says "paused" while the feature as a whole is off."""
    if not policy.enabled:
        return PolicyState.OFF
    return PolicyState.ON if is_on else PolicyState.PAUSED
