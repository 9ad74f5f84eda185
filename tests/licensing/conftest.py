"""Contoso, connected to a cloud in memory that sells Teams in two products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from licensing import ports
from licensing.actions import policies
from licensing.actions.switch import set_switch
from licensing.drafts import Draft, DraftProduct
from licensing.models import App, AutoClaimPolicy, Claim, Product
from licensing.ports import SignInFacts
from licensing.workers import assign, judge
from licensing.workers.catalogue import read_groups, read_products
from licensing.workers.sign_ins import take_in
from tenants.models import Tenant, User
from tests.licensing.cloud import TEAMS_DESKTOP, FakeCloud, guid


class Office:
    """What a test of licences does: sell, employ, sign in, settle."""

    def __init__(self, tenant: Tenant, by: User) -> None:
        self.tenant, self.by, self.cloud = tenant, by, FakeCloud()
        self.signed_in = 0

    def read(self) -> None:
        with tenant_scope(self.tenant.pk):
            read_products(cloud=self.cloud)
            read_groups(cloud=self.cloud)

    def policy(self, *parts: str, name: str = "Teams for all", **changes: Any) -> AutoClaimPolicy:
        """A policy for Teams with these products in order, and the feature on."""
        with tenant_scope(self.tenant.pk):
            set_switch(on=True, by=self.by)
            rows = tuple(DraftProduct(Product.objects.get(part_number=part).pk) for part in parts)
            draft = Draft(
                name=name, app=App.objects.get(name="Microsoft Teams").pk, products=rows, **changes
            )
            return policies.add(draft=draft, now=timezone.now(), by=self.by)

    def sign_in(self, *names: str, app_id: str = TEAMS_DESKTOP) -> Any:
        """These people sign in, one second after the other."""
        rows = []
        for name in names:
            self.signed_in += 1
            at = timezone.now() - timedelta(hours=1) + timedelta(seconds=self.signed_in)
            key = str(guid(f"user {name}"))
            upn = f"{name}@contoso.example"
            rows.append(SignInFacts(f"s-{self.signed_in}", at, key, upn, app_id))
        with tenant_scope(self.tenant.pk):
            return take_in(sign_ins=rows, source="api", now=timezone.now())

    def settle(self, *, rounds: int = 6, later: timedelta = timedelta()) -> None:
        """Let the workers work until nothing is due any more, `later` from now."""
        for _round in range(rounds):
            now = timezone.now() + later
            if not judge.judge_due(now=now) + assign.assign_due(now=now):
                return

    def claims(self, **wanted: Any) -> list[Claim]:
        with tenant_scope(self.tenant.pk):
            return list(Claim.objects.filter(**wanted).order_by("signed_in_at", "pk"))

    def results(self) -> dict[str, tuple[str, str]]:
        """{person: (state, product or reason)} of the newest claim of each."""
        return {
            row.upn.split("@")[0]: (row.state, row.product_name or row.reason)
            for row in self.claims()
        }


@pytest.fixture
def office(contoso: Tenant, alice: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("jobs.nudges._send", lambda task: None)
    office = Office(contoso, alice)
    monkeypatch.setattr(ports, "_factories", [lambda tenant_id: office.cloud])
    office.cloud.sell("SPE_E3", 10)
    office.cloud.sell("SPB", 5)
    office.read()
    return office


@pytest.fixture
def two_products(office: Office) -> Callable[..., Office]:
    """`two_products(e3=3, spb=2)`: so many seats are left."""

    def sell(*, e3: int, spb: int) -> Office:
        office.cloud.sell("SPE_E3", e3)
        office.cloud.sell("SPB", spb)
        office.read()
        return office

    return sell
