"""Licences in the demo: two months in which people signed in for the first time and got a seat.

Nothing is painted: each day's sign-ins are taken in, judged and assigned by the portal's own
workers as of that day, against the pretend organisation's seats. There are fewer seats than
people, so some wait; some have no usage location, one is a guest, and all that is in the report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction

from common.tenancy import tenant_scope
from licensing.actions import policies
from licensing.actions.prices import set_price
from licensing.actions.switch import set_switch
from licensing.drafts import Draft, DraftProduct
from licensing.graph_bodies import sign_in_of
from licensing.models import App, Product, SignInSource
from licensing.ports import SignInFacts, clouds_from
from licensing.workers import assign, judge, readings
from licensing.workers.catalogue import read_groups, read_products
from licensing.workers.sign_ins import take_in
from sandbox.direct_cloud import DirectCloud, direct_cloud
from sandbox.feed import SEED
from sandbox.models import CloudObject, Kind
from sandbox.staff import sign_in
from sandbox.world import TENANTS, DemoTenant
from tenants.models import Tenant, User

DAYS = 58


@dataclass(frozen=True)
class DemoPolicy:
    """Products by part number, in order; services by name that stay off in all of them."""

    name: str
    app: str
    products: tuple[str, ...]
    off: tuple[str, ...] = ()
    reserve: int = 0


POLICIES = {
    "contoso": (
        DemoPolicy(
            "Teams for everybody",
            "Microsoft Teams",
            ("TEAMS_EXPLORATORY", "O365_BUSINESS_ESSENTIALS"),
            off=("SWAY",),
        ),
        DemoPolicy("Power Apps for makers", "Power Apps", ("POWERAPPS_PER_USER",), reserve=1),
    ),
    "fabrikam": (DemoPolicy("Teams pour tous", "Microsoft Teams", ("SPE_F1",)),),
}
PRICES = {
    "O365_BUSINESS_ESSENTIALS": "5.60",
    "SPE_E3": "37.75",
    "SPE_F1": "7.50",
    "POWERAPPS_PER_USER": "18.70",
}


def begin(*, now: datetime) -> None:
    """Give every demo tenant that has no products yet its licences and their past."""
    for demo in TENANTS:
        tenant = Tenant.objects.filter(slug=demo.slug).first()
        if tenant is None:
            continue
        with tenant_scope(tenant.pk):
            cloud = direct_cloud(tenant.pk)
            if cloud is not None and not Product.objects.exists():
                with clouds_from(direct_cloud):
                    _begin(demo, cloud, now)


@transaction.atomic
def _begin(demo: DemoTenant, cloud: DirectCloud, now: datetime) -> None:
    read_products(cloud=cloud)
    read_groups(cloud=cloud)
    by = User.objects.get(email=f"{demo.logins[0][0]}@{demo.slug}.example")
    for product in Product.objects.filter(part_number__in=PRICES).order_by("pk"):
        set_price(product=product, amount=Decimal(PRICES[product.part_number]), by=by)
    set_switch(on=True, by=by)
    for policy in POLICIES.get(demo.slug, ()):
        policies.add(draft=_draft(policy), now=now - timedelta(days=DAYS), by=by)
    for day, rows in _past(cloud, now):
        _live_through(rows, now - timedelta(days=day))
    for what in readings.EVERY:
        readings.read(what=what, cloud=cloud, now=now)
    _settle(now)


def _draft(policy: DemoPolicy) -> Draft:
    keys = dict(Product.objects.values_list("part_number", "pk"))
    return Draft(
        name=policy.name,
        app=App.objects.get(name=policy.app).pk,
        products=tuple(DraftProduct(keys[part], policy.off) for part in policy.products),
        reserve=policy.reserve,
    )


def _past(cloud: DirectCloud, now: datetime) -> Iterator[tuple[int, list[SignInFacts]]]:
    """(days ago, sign-ins of that day), oldest first: each person begins some day, and goes on."""
    chance = Random(f"{SEED} {cloud.organisation.pk} past")  # noqa: S311 - reproducible on purpose
    days: dict[int, list[SignInFacts]] = defaultdict(list)
    for body in _people(cloud):
        first = chance.randrange(1, DAYS)
        for ago in {first, *(chance.randrange(1, first + 1) for _again in range(3))}:
            at = now - timedelta(days=ago, minutes=chance.randrange(600))
            found = sign_in_of(sign_in(body, chance, at))
            if found is not None:
                days[ago].append(found)
    yield from sorted(days.items(), reverse=True)


def _people(cloud: DirectCloud) -> list[dict[str, Any]]:
    rows = CloudObject.objects.filter(
        cloud_tenant=cloud.organisation, kind=Kind.USER, removed=False, hidden={}
    )
    return list(rows.order_by("object_id").values_list("body", flat=True))


def _live_through(rows: list[SignInFacts], now: datetime) -> None:
    rows.sort(key=lambda row: row.at)
    take_in(sign_ins=rows, source=SignInSource.POLL, now=now)
    _settle(now)


def _settle(now: datetime) -> None:
    while judge.judge_batch(now=now):
        pass
    while assign.assign_batch(now=now):
        pass
