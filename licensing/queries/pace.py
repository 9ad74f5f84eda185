"""How a policy is doing: holders, who waits, what it costs, and how long the seats will last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count

from licensing.entitlements import days_left
from licensing.models import (
    HOLDING,
    AutoClaimPolicy,
    Claim,
    ClaimState,
    PolicyProduct,
    Product,
    ProductPrice,
)
from licensing.queries.offers import seats_of

PACE = timedelta(days=14)


@dataclass(frozen=True)
class Standing:
    """`cost` is a month's, of the holders whose product has a price; `unpriced` have none."""

    holders: int
    waiting: int
    free: int
    pace: int
    days_left: int | None
    cost: Decimal
    unpriced: int


def standings(*, policies: Sequence[AutoClaimPolicy], now: datetime) -> dict[int, Standing]:
    """The standing of each of these policies, in a fixed number of queries."""
    places: dict[int, list[int]] = {policy.pk: [] for policy in policies}
    rows = PolicyProduct.objects.filter(policy__in=policies).order_by("position")
    for policy_id, product_id in rows.values_list("policy_id", "product_id"):
        places[policy_id].append(product_id)
    keys = {key for shelf in places.values() for key in shelf}
    products = {row.pk: row for row in Product.objects.filter(pk__in=keys)}
    free = seats_of(list(products.values())).free if products else {}
    holding = Claim.objects.filter(policy__in=policies, state__in=HOLDING).order_by()
    held: dict[int, Counter[int]] = {policy.pk: Counter() for policy in policies}
    for policy_id, product_id, count in holding.values_list("policy_id", "product_id").annotate(
        count=Count("pk")
    ):
        held[policy_id][product_id] = count
    prices = dict(ProductPrice.objects.values_list("product_id", "amount"))
    waiting = _counted(Claim.objects.filter(policy__in=policies, state=ClaimState.WAITING))
    recent = _counted(Claim.objects.filter(policy__in=policies, claimed_at__gte=now - PACE))
    found = {}
    for policy in policies:
        mine, left = held[policy.pk], 0
        for key in places[policy.pk]:
            if products[key].status == "Enabled":
                left += max(0, free[key] - policy.reserve)
        found[policy.pk] = Standing(
            holders=sum(mine.values()),
            waiting=waiting.get(policy.pk, 0),
            free=left,
            pace=recent.get(policy.pk, 0),
            days_left=days_left(free=left, claimed=recent.get(policy.pk, 0), days=PACE.days),
            cost=sum((prices[key] * n for key, n in mine.items() if key in prices), Decimal(0)),
            unpriced=sum(n for key, n in mine.items() if key not in prices),
        )
    return found


def _counted(claims) -> dict[int, int]:
    return dict(claims.order_by().values_list("policy_id").annotate(count=Count("pk")))


@dataclass(frozen=True)
class Overlap:
    """Another policy that is on and takes seats of the same product."""

    policy: str
    app: str
    product: str


def overlaps(*, keys: Sequence[int], but: int | None = None) -> list[Overlap]:
    """With which enabled policies these products are shared; `but` is the policy itself."""
    rows = (
        PolicyProduct.objects.filter(
            product_id__in=keys, policy__enabled=True, policy__deleted_at=None
        )
        .exclude(policy_id=but)
        .order_by("policy__name", "position")
    )
    found = rows.values_list("policy__name", "policy__app__name", "product__name")
    return [Overlap(*row) for row in found]
