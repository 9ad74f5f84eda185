"""The pages on which simulated phones are moved, locked and disturbed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.models import Device, SimulatedDevice
from tenants.models import Tenant
from tests.usage_factories import make_device

pytestmark = pytest.mark.django_db
PHONES = "/t/contoso/sandbox/"


def phone_of(platform: str, tenant: Tenant) -> Device:
    device = make_device(tenant)
    with tenant_scope(tenant.pk):
        Device.objects.filter(pk=device.pk).update(platform=platform)
        return Device.objects.get(pk=device.pk)


def inside(device: Device) -> SimulatedDevice:
    with tenant_scope(device.tenant_id):
        return SimulatedDevice.objects.get(device=device)


@pytest.fixture
def iphone(contoso) -> Device:
    return phone_of("ios", contoso)


def sent(**changes: str) -> dict[str, str]:
    """The form as it stands, with changes; an empty text takes a check box's mark away."""
    form = {"online": "on", "bearer": "wifi", "data_roaming": "on", "not_now": "0", "error": "0"}
    return {name: value for name, value in {**form, **changes}.items() if value}


def test_a_phone_goes_abroad_is_locked_and_comes_home(contoso, alice, client_for, iphone):
    client = client_for(alice)
    url = f"{PHONES}{iphone.pk}/"
    answer = client.post(url, sent(abroad_in="fr", locked="on", bearer="cellular"))
    assert answer.headers["Location"] == f"/t/contoso/devices/{iphone.pk}/"
    phone = inside(iphone)
    assert (phone.abroad_in, phone.locked, phone.bearer) == ("FR", True, "cellular")
    with tenant_scope(contoso.pk):
        event = AuditEvent.objects.get(action="simulated_device.played")
    assert event.after == {"abroad_in": "FR", "locked": True, "bearer": "cellular"}
    client.post(url, sent())
    assert (inside(iphone).abroad_in, inside(iphone).locked) == ("", False)
    client.post(url, sent())
    with tenant_scope(contoso.pk):
        assert AuditEvent.objects.filter(action="simulated_device.played").count() == 2
    page = client.get(f"/t/contoso/devices/{iphone.pk}/").content.decode()
    assert url in page
    assert "On the network by" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"abroad_in": "France"},
        {"abroad_in": "1R"},
        {"abroad_in": "\u0131\u0131"},
        {"bearer": "pigeon"},
        {"not_now": "21"},
        {"not_now": "-1"},
        {"error": "1e9"},
        {"error": "100000"},
        {"roaming_back_after": "90000"},
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(alice, client_for, iphone, wrong):
    before = inside(iphone).__dict__
    answer = client_for(alice).post(f"{PHONES}{iphone.pk}/", sent(**wrong))
    assert answer.status_code == 422
    after = inside(iphone).__dict__
    assert {k: v for k, v in after.items() if k != "_state"} == {
        k: v for k, v in before.items() if k != "_state"
    }


def test_each_platform_is_asked_what_it_can_do(contoso, alice, client_for, iphone):
    galaxy = phone_of("knox", contoso)
    pages = {
        device.platform: client_for(alice).get(f"{PHONES}{device.pk}/").content.decode()
        for device in (iphone, galaxy)
    }
    assert 'name="locked"' in pages["ios"]
    assert 'name="held"' not in pages["ios"]
    assert 'name="held"' in pages["knox"]
    assert 'name="locked"' not in pages["knox"]


def test_the_list_of_phones_costs_the_same_for_any_number(contoso, alice, client_for):
    client = client_for(alice)
    costs = []
    for number in (3, 27):
        for _ in range(number):
            make_device(contoso)
        client.get(PHONES)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(PHONES).status_code == 200
        costs.append(len(counted))
    assert costs[0] == costs[1] <= 9


@pytest.mark.django_db(transaction=True)
def test_the_pages_are_accessible_and_fit_a_phone(
    iphone, alice, browser_page, sign_in, assert_accessible
):
    sign_in(browser_page, alice)
    for url in (PHONES, f"{PHONES}{iphone.pk}/"):
        browser_page.goto(url)
        assert_accessible(browser_page)
        browser_page.set_viewport_size({"width": 360, "height": 800})
        width = browser_page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
        browser_page.set_viewport_size({"width": 1280, "height": 800})
    browser_page.get_by_label("Locked").check()
    browser_page.get_by_role("button", name="Save").click()
    browser_page.get_by_text("The phone is as you said.").wait_for()
    assert inside(iphone).locked
