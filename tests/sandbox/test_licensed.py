"""Licences in the demo: two months lived through by the portal's own workers, and alive."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Count

from common.tenancy import tenant_scope
from licensing.models import AutoClaimPolicy, Claim, Product, Reading, SignIn
from licensing.ports import clouds_from
from licensing.workers import assign, judge, readings
from sandbox import forgetting, licensed, staff
from sandbox.cloud import seed
from sandbox.direct_cloud import direct_cloud
from sandbox.models import CloudObject, CloudTenant, Kind

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@pytest.fixture
def lived(contoso, alice, time_machine, monkeypatch):
    """Contoso with the pretend organisation of its name and the past of its licences."""
    time_machine.move_to(NOW)
    monkeypatch.setattr("jobs.nudges._send", lambda task: None)
    seed.make_organisation(seed.CONTOSO, now=NOW, people=24, devices=0)
    licensed.begin(now=NOW)
    with tenant_scope(contoso.pk), clouds_from(direct_cloud):
        yield contoso


def users():
    return CloudObject.objects.filter(kind=Kind.USER)


def holders(sku):
    return users().filter(body__assignedLicenses__contains=[{"skuId": sku}]).count()


def test_people_got_seats_over_two_months_some_wait_and_the_cloud_agrees(lived):
    assert set(AutoClaimPolicy.objects.values_list("name", flat=True)) == {
        "Teams for everybody", "Power Apps for makers",
    }  # fmt: skip
    held = dict(
        Claim.objects.filter(state="assigned")
        .values_list("product__part_number")
        .annotate(count=Count("pk"))
    )
    assert held["TEAMS_EXPLORATORY"] == 10 and held["O365_BUSINESS_ESSENTIALS"] > 0
    assert held["POWERAPPS_PER_USER"] == 2, "one of three seats is kept free"
    for product in Product.objects.filter(part_number__in=held):
        assert product.consumed == held[product.part_number] == holders(str(product.sku_id))
    reasons = Counter(Claim.objects.exclude(state="assigned").values_list("reason", flat=True))
    assert {"claim_no_usage_location", "claim_guest", "claim_no_seat"} <= set(reasons)
    days = {
        at.date() for at in Claim.objects.filter(position=1).values_list("claimed_at", flat=True)
    }
    assert len(days) > 5, "not all on one day"
    assert Reading.objects.filter(error="", succeeded_at__isnull=False).count() == len(
        readings.EVERY
    )


def test_it_is_made_once(lived):
    before = Claim.objects.count(), SignIn.objects.count()
    licensed.begin(now=NOW + timedelta(days=1))
    assert (Claim.objects.count(), SignIn.objects.count()) == before


def test_people_go_on_signing_in_and_a_period_happens_once(lived):
    signed_in = CloudObject.objects.filter(kind=Kind.SIGN_IN)
    before = signed_in.count()
    for number in range(10):
        staff.live(now=NOW + number * staff.EVERY)
    grown = signed_in.count()
    assert grown > before
    staff.live(now=NOW)
    assert signed_in.count() == grown


def test_a_leaver_gives_the_seat_back_and_who_waited_has_it(lived):
    waiting = Claim.objects.filter(state="waiting", policy__name="Teams for everybody")
    first = waiting.order_by("signed_in_at", "pk").first()
    leaver = Claim.objects.filter(state="assigned", position=1).first()
    cloud = CloudTenant.objects.get(pk=seed.CONTOSO.id)
    staff._leave(cloud, users().get(object_id=str(leaver.entra_id)))
    later = NOW + timedelta(hours=7)
    for what in readings.EVERY:
        assert readings.read(what=what, cloud=direct_cloud(lived.pk), now=later)
    while judge.judge_batch(now=later) + assign.assign_batch(now=later):
        pass
    leaver.refresh_from_db()
    first.refresh_from_db()
    assert (leaver.state, first.state) == ("removed", "assigned")


def test_who_joins_is_somebody_and_the_old_is_forgotten(lived, monkeypatch):
    monkeypatch.setattr(staff, "JOINS", 1.0)
    before = users().count()
    staff.live(now=NOW)
    assert users().count() == before + 1
    forgetting.forget(now=NOW + timedelta(days=200))
    assert not SignIn.objects.exists()
    assert not CloudObject.objects.filter(kind=Kind.SIGN_IN).exists()
    assert set(Claim.objects.values_list("state", flat=True)) <= {"assigned", "waiting", "removed"}
