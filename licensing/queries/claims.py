"""The ledger for the screen: what was asked for in a period, and the picture of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from licensing.models import Claim, ClaimState, Product, ServicePlan

SHOWN = 6
"""Products that have a colour of their own in the picture; the others are one."""


def ledger() -> QuerySet[Claim]:
    """Every claim, with the app and whether it keeps its user from claiming (`blocks`)."""
    blocking = Claim.objects.filter(
        pk=OuterRef("pk"), state=ClaimState.REMOVED, cleared_at__isnull=True
    )
    return Claim.objects.select_related("app").annotate(blocks=Exists(blocking))


@dataclass(frozen=True)
class Daily:
    """Claims that got a seat, per local day and product; `names` is the order of `rows`."""

    days: list[date]
    names: list[str]
    rows: list[list[int]]


def daily(*, claims: QuerySet[Claim], since: datetime, now: datetime, zone: ZoneInfo) -> Daily:
    """How many of `claims` took a seat on each day from `since` to `now`."""
    found = (
        claims.filter(claimed_at__gte=since, claimed_at__lte=now)
        .exclude(product_name="")
        .order_by()
        .annotate(day=TruncDate("claimed_at", tzinfo=zone))
        .values_list("day", "product_name")
        .annotate(count=Count("pk"))
    )
    counts: dict[tuple[date, str], int] = {(day, name): count for day, name, count in found}
    sums: Counter[str] = Counter()
    for (_day, name), count in counts.items():
        sums[name] += count
    names = [name for name, _count in sorted(sums.items(), key=lambda item: (-item[1], item[0]))]
    first, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = [[counts.get((day, name), 0) for day in days] for name in names[:SHOWN]]
    if names[SHOWN:]:
        rows.append([sum(counts.get((day, name), 0) for name in names[SHOWN:]) for day in days])
    return Daily(days, names[:SHOWN], rows)


def place_in_line(claim: Claim) -> int | None:
    """1 for who is served next of those that wait for a seat of the policy; None: does not wait."""
    if claim.state != ClaimState.WAITING:
        return None
    earlier = Q(signed_in_at__lt=claim.signed_in_at) | Q(
        signed_in_at=claim.signed_in_at, pk__lt=claim.pk
    )
    waiting = Claim.objects.filter(policy_id=claim.policy_id, state=ClaimState.WAITING)
    return 1 + waiting.filter(earlier).count()


def plan_labels() -> dict[str, str]:
    """What the service plans of the tenant's products are called."""
    return dict(ServicePlan.objects.order_by("pk").values_list("name", "label"))


def tried_names(claim: Claim) -> list[str]:
    """The products that Microsoft refused for this claim."""
    return list(
        Product.objects.filter(pk__in=claim.tried).order_by("pk").values_list("name", flat=True)
    )
