"""The search on top: what it finds, for whom, how fast, and where it leads."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from common.permissions import GRANTS, Permission, Role
from common.tenancy import tenant_scope
from devices.models import Device
from tests.cast import in_role
from tests.factories import PersonFactory
from tests.usage_factories import make_device, make_line, make_line_with_device
from usage.models import LinePerson

SEARCH = "/t/contoso/search/"
ICCID = "8931440400000000777"
SUGGEST = {"HX-Request": "true", "HX-Target": "search-hits"}


@pytest.fixture
def found(contoso):
    """A line with a person and a phone, and others beside it."""
    line, device = make_line_with_device(
        contoso, msisdn="+31612345678", reference="ACC-77", iccid=ICCID
    )
    make_line_with_device(contoso, msisdn="+31612345999")
    with tenant_scope(contoso.pk):
        kim = PersonFactory(tenant=contoso, name="Kim de Boer", email="kim@contoso.example")
        LinePerson(line=line, person=kim, linked_at=timezone.now()).save()
        Device.objects.filter(pk=device.pk).update(name="Kim's phone", serial="C39XK1")
        device.refresh_from_db()
    return line, device


def labels(client, text):
    part = client.get(SEARCH, {"q": text}, headers=SUGGEST).content.decode()
    return {unescape(label) for label in re.findall(r"<span>(.*?) <span", part)}


@pytest.mark.django_db
def test_each_kind_is_found_by_what_is_at_hand(found, alice, client_for):
    line, device = found
    client = client_for(alice)
    for text in ("+31612345678", "06 1234 5678", "0031 6 12345678", "ACC-7", ICCID):
        assert line.label in labels(client, text), text
    for text in ("kim's", device.imei, device.imei[:10], "c39xk", ICCID):
        assert device.name in labels(client, text), text
    for text in ("kim de", "KIM@contoso"):
        assert "Kim de Boer" in labels(client, text), text
    for text in ("nobody", "", " ", "\x00", "%", "_", "+", "'"):
        assert labels(client, text) <= {"+31612345678", "+31612345999"}, text


@pytest.mark.django_db
def test_the_whole_of_a_number_leads_straight_to_what_it_names(found, alice, client_for):
    line, device = found
    client = client_for(alice)
    for text in ("06 1234 5678", "+31612345678", ICCID):
        answer = client.get(SEARCH, {"q": text})
        assert answer.headers.get("Location") == f"/t/contoso/lines/{line.pk}/", text
    for text in (device.imei, "c39xk1"):
        answer = client.get(SEARCH, {"q": text})
        assert answer.headers.get("Location") == f"/t/contoso/devices/{device.pk}/", text
    for text in ("+3161234", "kim de boer", device.imei[:14]):
        assert client.get(SEARCH, {"q": text}).status_code == 200, text


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_a_role_finds_what_it_may_see(role, found, contoso, client_for):
    client = client_for(in_role(role, tenant=contoso))
    seen = {group.label for group in client.get(SEARCH, {"q": "kim"}).context["groups"]}
    expected = set()
    if Permission.VIEW_LINES in GRANTS[role]:
        expected |= {"Lines", "People"}
    if Permission.VIEW_DEVICES in GRANTS[role]:
        expected |= {"Devices"}
    assert seen == expected


@pytest.mark.django_db
def test_nothing_of_another_tenant_is_found(found, fabrikam, alice, client_for):
    theirs = make_line(fabrikam, msisdn="+31699999999")
    device = make_device(fabrikam, line=theirs)
    for text in ("+3169999", device.imei, device.name):
        assert labels(client_for(alice), text) <= {"Kim's phone"}, text


@pytest.mark.django_db
def test_many_hits_cost_the_queries_of_few_and_the_rest_is_a_list_away(contoso, alice, client_for):
    client = client_for(alice)
    counts = []
    for wanted in (3, 27):
        for _number in range(wanted):
            make_line_with_device(contoso)
        client.get(SEARCH, {"q": "+31"})
        with CaptureQueriesContext(connection) as queries:
            page = client.get(SEARCH, {"q": "+31"})
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9
    assert "/t/contoso/lines/?q=%2B31&amp;state=all" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_box_is_used_by_keyboard_alone_and_on_a_phone(
    found, alice, browser_page, sign_in, assert_accessible
):
    line, _device = found
    sign_in(browser_page, alice)
    browser_page.goto("/t/contoso/")
    browser_page.keyboard.press("/")
    browser_page.keyboard.type("kim")
    hits = browser_page.locator("#search-hits a")
    expect(hits).to_have_count(4)
    assert_accessible(browser_page)
    browser_page.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    browser_page.keyboard.press("ArrowUp")
    expect(browser_page.locator("[data-find]")).to_be_focused()
    browser_page.keyboard.press("Escape")
    expect(hits).to_have_count(0)
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator("h1")).to_have_text("Search: kim")
    assert_accessible(browser_page)
    browser_page.set_viewport_size({"width": 360, "height": 780})
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser_page.evaluate(wide) <= 0
    browser_page.get_by_role("link", name="Search", exact=True).click()
    browser_page.get_by_label("Number, reference").fill(line.label)
    browser_page.get_by_label("Number, reference").press("Enter")
    browser_page.wait_for_url(f"**/lines/{line.pk}/")
