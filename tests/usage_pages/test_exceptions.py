"""Exceptions on the line's page: who may give and end what, bad input, words and record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tests.usage_factories import PlanFactory, ZoneFactory, make_device, make_line
from usage.models import HelpdeskAllowance, LineException, LineWatch, ZoneCountry

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(contoso):
    plan = PlanFactory(tenant=contoso)
    line = make_line(contoso, plan=plan)
    make_device(contoso, line=line)
    return line


def url_of(line, act: str = "") -> str:
    return f"/t/contoso/lines/{line.pk}/{act}"


def day(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


TOP_UP = {"scope": "domestic", "amount": "1,5", "unit": "GB", "reason": "Month end."}
TRIP = {
    "countries": "us, ca", "first_day": day(0), "last_day": day(5), "amount": "2", "unit": "GB",
    "approver": "Kim de Boer", "reason": "Fair in Austin.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("act", "typed", "action", "said"),
    [
        ("top-up/", TOP_UP, "line.topped_up", "1.5\u00a0GB more domestic data until"),
        ("trip/", TRIP, "line.trip_added", "2\u00a0GB more for use in CA, US, from"),
        ("grace/", {"last_day": day(3), "reason": "New."}, "line.grace_given", "No block comes"),
        ("exempt/", {"reason": "Chief."}, "line.exempted", "Exempt from blocks for good."),
        ("unblock/", {"reason": "Call.", "hours": "1"}, "line.unblocked", "No block until"),
    ],
)
def test_what_is_given_is_on_the_page_the_timeline_and_the_record(
    line, alice, client_for, act, typed, action, said
):
    with tenant_scope(line.tenant_id):
        LineWatch.objects.update(evaluate_at=None)
    client = client_for(alice)
    assert client.get(url_of(line, act)).status_code == 200
    page = client.post(url_of(line, act), typed, follow=True).content.decode()
    assert page.count(said) == 2  # among the exceptions, and on the timeline
    assert page.count(typed["reason"]) >= 3
    with tenant_scope(line.tenant_id):
        row = LineException.objects.get(line=line)
        event = AuditEvent.objects.get(action=action)
        assert (event.reason, event.actor) == (typed["reason"], alice.email)
        assert LineWatch.objects.get(line=line).evaluate_at is not None
    page = client.post(url_of(line, f"exceptions/{row.pk}/end/"), follow=True).content.decode()
    assert "None: the policy holds as it is." in page
    again = client.post(url_of(line, f"exceptions/{row.pk}/end/"), follow=True).content.decode()
    assert "This has ended already." in again
    with tenant_scope(line.tenant_id):
        assert AuditEvent.objects.filter(action="line.exception_ended").count() == 1


@pytest.mark.parametrize(
    ("act", "change", "field"),
    [
        ("top-up/", {"amount": "0"}, "amount"),
        ("top-up/", {"amount": "-1"}, "amount"),
        ("top-up/", {"amount": "NaN"}, "amount"),
        ("top-up/", {"amount": "1e9"}, "amount"),
        ("top-up/", {"amount": "2000000"}, "amount"),
        ("top-up/", {"unit": "PB"}, "unit"),
        ("top-up/", {"scope": "total"}, "scope"),
        ("top-up/", {"last_day": day(-1)}, "last_day"),
        ("top-up/", {"last_day": "2026-02-30"}, "last_day"),
        ("top-up/", {"reason": "x" * 301}, "reason"),
        ("top-up/", {"reason": " \n"}, "reason"),
        ("top-up/", {"reason": "a\x00b"}, "reason"),
        ("trip/", {"countries": "Belgium"}, "countries"),
        ("trip/", {"countries": "NL"}, "countries"),
        ("trip/", {"countries": ""}, "countries"),
        ("trip/", {"first_day": day(9)}, "last_day"),
        ("trip/", {"last_day": day(400)}, "last_day"),
        ("trip/", {"approver": ""}, "approver"),
        ("trip/", {"amount": ""}, "amount"),
        ("trip/", {"zone": "999999999"}, "zone"),
        ("grace/", {"last_day": day(40)}, "last_day"),
        ("unblock/", {"hours": "0"}, "hours"),
        ("unblock/", {"hours": "8784"}, "hours"),
        ("unblock/", {"amount": "5"}, "unit"),
    ],
)
def test_bad_input_is_refused_at_its_field(line, alice, client_for, act, change, field):
    right = {
        "top-up/": TOP_UP, "trip/": TRIP, "grace/": {"last_day": day(1), "reason": "x"},
        "unblock/": {"reason": "x"},
    }[act]  # fmt: skip
    answer = client_for(alice).post(url_of(line, act), {**right, **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with tenant_scope(line.tenant_id):
        assert not LineException.objects.exists()


def test_a_trip_to_a_zone_is_to_the_countries_it_has_on_those_days(line, alice, client_for):
    with tenant_scope(line.tenant_id):
        plan = line.plan_links.get().plan
    zone = ZoneFactory(tenant=line.tenant, plan=plan)
    today = timezone.localdate()
    with tenant_scope(line.tenant_id):
        for country, valid_to in (("BE", None), ("DE", today - timedelta(days=1))):
            ZoneCountry(zone=zone, plan=plan, country=country, valid_to=valid_to).save()
    typed = {**TRIP, "countries": "", "zone": str(zone.pk)}
    assert client_for(alice).post(url_of(line, "trip/"), typed).status_code == 302
    with tenant_scope(line.tenant_id):
        assert LineException.objects.get().countries == ["BE"]


def test_the_helpdesk_gives_and_ends_what_it_may_within_the_tenants_allowance(
    line, alice, bob, client_for
):
    allowance = "/t/contoso/policies/allowance/"
    typed = {"hours": "2", "amount": "500", "unit": "MB", "times": "1"}
    assert client_for(bob).get(allowance).status_code == 403
    assert client_for(alice).post(allowance, {**typed, "hours": "0"}).status_code == 422
    assert client_for(alice).post(allowance, {**typed, "amount": "0"}).status_code == 422
    assert client_for(alice).post(allowance, typed).status_code == 302
    with tenant_scope(line.tenant_id):
        row = HelpdeskAllowance.objects.get()
        assert (row.hours, row.volume, row.times) == (2, 500_000_000, 1)
        assert AuditEvent.objects.get(action="helpdesk_allowance.changed").after["hours"] == 2
        exempt = LineException.objects.create(
            line=line, kind="exemption", starts_at=timezone.now(), reason="Chief."
        )
    client = client_for(bob)
    for act in ("trip/", "grace/", "exempt/", f"exceptions/{exempt.pk}/end/"):
        assert client.post(url_of(line, act), {}).status_code == 403
    page = client.get(url_of(line, "unblock/")).content.decode()
    assert "at most 2 hours and 500\u00a0MB, 1 times per line and cycle" in page
    assert client.post(url_of(line, "unblock/"), {"reason": "x", "hours": "3"}).status_code == 422
    assert client.post(url_of(line, "top-up/"), TOP_UP).status_code == 422
    now = timezone.now()
    assert client.post(url_of(line, "unblock/"), {"reason": "On a call."}).status_code == 302
    with tenant_scope(line.tenant_id):
        given = LineException.objects.get(kind="unblock")
    assert given.ends_at <= now + timedelta(hours=2, minutes=1)
    assert given.ceiling == 500_000_000
    small = {**TOP_UP, "amount": "1", "unit": "MB"}
    answer = client.post(url_of(line, "top-up/"), small)
    assert answer.status_code == 422
    assert "Ask an administrator." in answer.content.decode()
    assert client.post(url_of(line, f"exceptions/{given.pk}/end/")).status_code == 302
    assert client_for(alice).post(url_of(line, "top-up/"), small).status_code == 302


def test_an_exception_of_another_line_or_tenant_is_not_found(line, contoso, alice, client_for):
    other = make_line(contoso)
    with tenant_scope(line.tenant_id):
        row = LineException.objects.create(
            line=other, kind="exemption", starts_at=timezone.now(), reason="Chief."
        )
    answer = client_for(alice).post(url_of(line, f"exceptions/{row.pk}/end/"))
    assert answer.status_code == 404
