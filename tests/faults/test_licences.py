"""From sign-ins to licences by a real worker over real HTTP, whatever dies or fails on the way.

The pretend Microsoft cloud is this test's live server; the worker reaches it as it would reach
Microsoft, and neither knows of the other's failings beforehand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.models import Connector
from jobs.models import PeriodClaim
from licensing.actions import policies
from licensing.actions.switch import set_switch
from licensing.drafts import Draft, DraftProduct
from licensing.models import App, Claim, Product
from licensing.ports import SignInFacts
from licensing.workers.accounts import read_accounts
from licensing.workers.catalogue import read_products
from licensing.workers.sign_ins import take_in
from sandbox import staff
from sandbox.cloud import products, seed
from sandbox.cloud.graph.collections import Answer, Call
from sandbox.direct_cloud import direct_cloud
from sandbox.models import CloudObject, CloudTenant, Fault, Kind
from sandbox.views import graph
from tenants.models import Tenant, User
from tests.faults.conftest import Processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BASIC, E3 = "O365_BUSINESS_ESSENTIALS", "SPE_E3"
SWAY = products.PLANS["SWAY"]


class Office:
    """Contoso, connected, with a policy for Teams: five seats of one product, then one more."""

    def __init__(self, tenant: Tenant, alice: User) -> None:
        self.tenant = tenant
        self._nobody_else_signs_in()
        seed.make_cloud(now=timezone.now(), people=20, devices=0)
        seed.consent(seed.CONTOSO.id, "connection", now=timezone.now())
        CloudObject.objects.filter(kind=Kind.SIGN_IN).delete()
        self._sell(E3, 1)
        self.people = list(
            CloudObject.objects.filter(
                cloud_tenant=seed.CONTOSO.id, kind=Kind.USER, hidden={},
                body__accountEnabled=True, body__userType="Member", body__usageLocation="NL",
                body__assignedLicenses=[],
            ).order_by("object_id")
        )  # fmt: skip
        cloud = direct_cloud(tenant.pk)
        assert cloud is not None
        with tenant_scope(tenant.pk):
            read_products(cloud=cloud)
            read_accounts(
                cloud=cloud, entra_ids=[row.object_id for row in self.people], now=timezone.now()
            )
            set_switch(on=True, by=alice)
            rows = tuple(
                DraftProduct(Product.objects.get(part_number=part).pk) for part in (BASIC, E3)
            )
            teams = App.objects.get(name="Microsoft Teams").pk
            policies.add(
                draft=Draft(name="Teams", app=teams, products=rows), now=timezone.now(), by=alice
            )
            Connector.objects.create(
                provider="built_in", display_name="TEM", app_authorized=True,
                directory_id=seed.CONTOSO.id, state="active",
            )  # fmt: skip

    @staticmethod
    def _nobody_else_signs_in() -> None:
        """The pretend organisations' own people are claimed for as long as a test may take."""
        every = staff.EVERY.total_seconds()
        first = timezone.now().timestamp() // every * every
        PeriodClaim.objects.bulk_create(
            PeriodClaim(
                job="sandbox.staff", period=datetime.fromtimestamp(first + number * every, UTC),
                claimed_at=timezone.now(), finished_at=timezone.now(),
            )
            for number in range(15)
        )  # fmt: skip

    @staticmethod
    def _sell(part: str, seats: int) -> None:
        row = CloudObject.objects.get(
            cloud_tenant=seed.CONTOSO.id, kind=Kind.SUBSCRIBED_SKU, body__skuPartNumber=part
        )
        row.body["prepaidUnits"]["enabled"] = seats
        row.save()

    def sign_in(self, count: int) -> None:
        """The first so many people, one second after the other."""
        began = timezone.now() - timedelta(minutes=5)
        rows = [
            SignInFacts(
                f"s-{number}", began + timedelta(seconds=number), row.object_id,
                row.body["userPrincipalName"], products.TEAMS_WEB[0],
            )
            for number, row in enumerate(self.people[:count])
        ]  # fmt: skip
        with tenant_scope(self.tenant.pk):
            assert take_in(sign_ins=rows, source="api", now=timezone.now()).claims == count

    def fails(self, fault: Fault) -> None:
        CloudTenant.objects.filter(pk=seed.CONTOSO.id).update(fault=fault)

    def claims(self) -> list[Claim]:
        with tenant_scope(self.tenant.pk):
            return list(Claim.objects.order_by("signed_in_at").select_related("product"))

    def told(self) -> set[tuple[str, str]]:
        return {(claim.state, claim.reason) for claim in self.claims()}

    def user(self, number: int) -> dict[str, Any]:
        return CloudObject.objects.get(pk=self.people[number].pk).body

    def assert_settled(self, expected: list[str | None]) -> None:
        """`expected`: the product of each who signed in, in order; None waits for a seat."""
        claims = self.claims()
        got = [claim.product and claim.product.part_number for claim in claims]
        assert got == expected
        states = [claim.state for claim in claims]
        assert states == ["assigned" if part else "waiting" for part in expected]
        assert all(claim.assigned_at >= claim.claimed_at for claim in claims if claim.product)
        assert not any(claim.leased_until for claim in claims)
        held = {
            claim.upn: [row["skuId"] for row in self.user(number)["assignedLicenses"]]
            for number, claim in enumerate(claims)
        }
        assert held == {
            claim.upn: [str(claim.product.sku_id)] if claim.product else [] for claim in claims
        }
        bought = CloudObject.objects.filter(
            cloud_tenant=seed.CONTOSO.id, kind=Kind.SUBSCRIBED_SKU
        ).values_list("body", flat=True)
        used = {body["skuPartNumber"]: body["consumedUnits"] for body in bought}
        assert {part: n for part, n in used.items() if n} == Counter(filter(None, expected))


@pytest.fixture
def office(
    contoso: Tenant, alice: User, live_server: Any, processes: Processes, settings: Any
) -> Office:
    settings.ALLOWED_HOSTS = ["*"]
    processes.environment["SANDBOX_ORIGIN"] = live_server.url
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    contoso.refresh_from_db()
    return Office(contoso, alice)


class OnTheWire:
    """Assignments that have reached Microsoft, and are done there once `go_on` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.arrived, self.go_on = Event(), Event()
        self.answer = graph.answer
        monkeypatch.setattr(graph, "answer", self.held)

    def held(self, call: Call) -> Answer:
        if call.path.endswith("/assignLicense"):
            self.arrived.set()
            assert self.go_on.wait(60)
        return self.answer(call)


def test_a_worker_killed_between_claim_and_assignment_leaves_nothing_half_done(
    office: Office,
    processes: Processes,
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = OnTheWire(monkeypatch)
    office.sign_in(8)
    processes.worker("first")
    processes.beat()
    assert wire.arrived.wait(60)
    processes.kill("first")
    states = Counter(claim.state for claim in office.claims())
    assert states == {"assigning": 6, "waiting": 2}, "every seat is held by one who was first"
    wire.go_on.set()  # Microsoft does what the dead worker has sent, and nobody hears of it

    def it_was_done_all_the_same() -> None:
        assert office.user(0)["assignedLicenses"]

    eventually(it_was_done_all_the_same)
    row = CloudObject.objects.get(pk=office.people[0].pk)
    row.body["assignedLicenses"][0]["disabledPlans"] = [SWAY]  # an administrator's change since
    row.save()
    with tenant_scope(office.tenant.pk):  # two minutes later: the dead worker's lease is over
        Claim.objects.exclude(leased_until=None).update(leased_until=timezone.now())
    processes.worker("second")
    eventually(lambda: office.assert_settled([BASIC] * 5 + [E3] + [None] * 2), limit=90)
    assert office.user(0)["assignedLicenses"][0]["disabledPlans"] == [SWAY], "looked at, not sent"
    attempts = [claim.attempts for claim in office.claims() if claim.product]
    assert attempts == [2] * 6, "the ledger says that each was tried twice"


def test_throttled_refused_entry_failing_and_answers_lost_take_time_and_nothing_else(
    office: Office, processes: Processes, eventually: Callable[..., None]
) -> None:
    office.fails(Fault.THROTTLED)
    office.sign_in(2)
    processes.worker()
    processes.beat()

    def tells(state: str, reason: str) -> Callable[[], None]:
        def check() -> None:
            assert (state, reason) in office.told()

        return check

    eventually(tells("assigning", "cloud_throttled"))
    office.fails(Fault.EXPIRED_CONSENT)
    eventually(tells("assigning", "cloud_forbidden"))
    office.fails(Fault.FAILING)
    eventually(tells("assigning", "cloud_unreachable"))
    assert not office.user(0)["assignedLicenses"] and not office.user(1)["assignedLicenses"]
    office.fails(Fault.LOST)
    eventually(tells("unknown", "cloud_uncertain"), limit=120)
    eventually(lambda: office.assert_settled([BASIC] * 2), limit=180)
    assert all(claim.attempts > 1 for claim in office.claims()), "the ledger says so"
