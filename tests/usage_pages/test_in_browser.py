"""Every page of usage and devices in Chromium: accessible in both themes, and usable on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from common.tenancy import tenant_scope
from devices.actions import groups
from devices.actions.restrictions import block_by_hand
from devices.models import DeviceCategory
from tenants.models import Tenant
from tests.factories import PersonFactory
from tests.usage_factories import (
    PlanFactory,
    PolicyFactory,
    ThresholdFactory,
    ZoneFactory,
    make_device,
    make_line,
)
from usage.models import LineException, LinePerson, UsageCounter, UsageRecord, ZoneCountry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene(contoso: Tenant, alice: Any) -> dict[str, int]:
    """A line with a person, a phone, usage, an exception and a block by hand."""
    policy = PolicyFactory(tenant=contoso)
    ThresholdFactory(tenant=contoso, policy=policy, value=80, block_cellular=False)
    ThresholdFactory(tenant=contoso, policy=policy, position=2)
    plan = PlanFactory(tenant=contoso, policy=policy)
    zone = ZoneFactory(tenant=contoso, plan=plan, price=2)
    line = make_line(contoso, plan=plan)
    device = make_device(contoso, line=line)
    now = timezone.now()
    with tenant_scope(contoso.pk):
        ZoneCountry(zone=zone, plan=plan, country="BE", valid_from=now.date()).save()
        person = PersonFactory(tenant=contoso, name="Kim de Boer")
        LinePerson(line=line, person=person, linked_at=now).save()
        LineException(
            line=line, kind="unblock", starts_at=now, ends_at=now + timedelta(days=1),
            reason="On a call.", created_by=alice,
        ).save()  # fmt: skip
        for number in range(3):
            day = now - timedelta(days=number)
            UsageRecord(
                tenant=contoso, line=line, started_at=day, source="carrier", country="NL",
                key=f"00000000-0000-0000-0000-00000000000{number}", volume=10**9,
                day=day.date(), received_at=now,
            ).save(force_insert=True)  # fmt: skip
            UsageCounter.objects.create(
                tenant=contoso, line=line, day=day.date(), country="NL", source="carrier",
                volume=10**9, records=1,
            )  # fmt: skip
        category = DeviceCategory.objects.create(name="Kiosk")
        block_by_hand(device=device, restriction="roaming_data", by=alice, reason="Lost.")
        rule = 'device.deviceModel -ne "x" -and -not (device.isRooted -eq true)'
        terms = groups.GroupTerms(name="All phones", rule=rule)
        dynamic = groups.add(terms=terms, now=now, by=alice)
        assigned = groups.add(terms=groups.GroupTerms(name="Spares"), now=now, by=alice)
        groups.put_in(group=assigned, device_ids=[device.pk], now=now, by=alice)
    return {
        "line": line.pk, "device": device.pk, "plan": plan.pk, "policy": policy.pk,
        "carrier": plan.carrier_id, "category": category.pk, "zone": zone.pk,
        "dynamic": dynamic.pk, "assigned": assigned.pk,
    }  # fmt: skip


PAGES = [
    "lines/", "lines/?q=nothing", "lines/add/", "lines/{line}/", "lines/{line}/edit/",
    "lines/{line}/retire/", "lines/{line}/block/", "lines/{line}/unblock/",
    "lines/{line}/top-up/", "lines/{line}/trip/", "lines/{line}/grace/", "lines/{line}/exempt/",
    "policies/allowance/",
    "lines/of-device/{device}/", "carriers/", "carriers/add/", "carriers/{carrier}/",
    "carriers/{carrier}/edit/", "carriers/{carrier}/retire/", "plans/", "plans/add/",
    "plans/{plan}/", "plans/{plan}/edit/", "plans/{plan}/retire/", "zones/{zone}/",
    "plans/{plan}/zones/add/?sample=eu", "zones/{zone}/edit/", "zones/{zone}/remove/",
    "policies/", "policies/add/",
    "policies/{policy}/", "policies/{policy}/edit/", "policies/{policy}/retire/", "devices/",
    "devices/add/", "devices/{device}/", "devices/{device}/edit/", "devices/{device}/retire/",
    "devices/{device}/block/", "devices/{device}/sim/", "devices/{device}/category/",
    "devices/categories/", "devices/categories/add/", "devices/categories/{category}/edit/",
    "devices/categories/{category}/delete/", "devices/groups/", "devices/groups/add/",
    "devices/groups/add-dynamic/", "devices/groups/{dynamic}/", "devices/groups/{dynamic}/edit/",
    "devices/groups/{dynamic}/delete/", "devices/groups/{assigned}/",
    "devices/groups/{assigned}/edit/", "devices/groups/{assigned}/devices/",
    "devices/groups/{dynamic}/test/?q=i",
]  # fmt: skip


def overflow(page: Any) -> int:
    """Pixels by which the page is wider than the window."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_every_page_is_accessible_in_both_themes_and_fits_a_phone(
    scene, alice, browser_page, sign_in, assert_accessible
):
    sign_in(browser_page, alice)
    for path in PAGES:  # one browser for all: a start costs more than a page
        browser_page.set_viewport_size({"width": 1280, "height": 900})
        browser_page.goto(f"/t/contoso/{path.format(**scene)}")
        for details in browser_page.locator("main details:not([open]) > summary").all():
            details.click()
        assert_accessible(browser_page)
        browser_page.set_viewport_size({"width": 360, "height": 780})
        assert overflow(browser_page) <= 0, path


def test_a_filter_a_sort_and_the_drawer_work_in_place(scene, contoso, alice, browser_page, sign_in):
    other = make_line(contoso)
    sign_in(browser_page, alice)
    browser_page.goto("/t/contoso/lines/")
    table = browser_page.locator("#lines-table tbody tr")
    expect(table).to_have_count(2)
    browser_page.fill("#lines-table-filters input[name=q]", "kim de")
    expect(table).to_have_count(1)
    assert "q=kim" in browser_page.url
    browser_page.locator("a[data-drawer]").first.click()
    drawer = browser_page.locator("#drawer")
    drawer.get_by_text("Kim de Boer").first.wait_for()
    assert other.label not in drawer.inner_text()


def test_thresholds_are_added_and_moved_in_place_and_saved(
    scene, contoso, alice, browser_page, sign_in
):
    sign_in(browser_page, alice)
    browser_page.goto(f"/t/contoso/policies/{scene['policy']}/edit/")
    browser_page.get_by_role("button", name="Add a threshold").click()
    amount = browser_page.locator("[name=thresholds-2-amount]")
    amount.fill("2,5")
    browser_page.locator("[name=thresholds-2-unit]").select_option("GB")
    browser_page.get_by_role("button", name="Move up threshold 3").click()
    expect(browser_page.locator("[name=thresholds-1-amount]")).to_have_value("2,5")
    browser_page.get_by_role("button", name="Save").last.click()
    browser_page.wait_for_url(f"**/policies/{scene['policy']}/")
    rows = browser_page.locator("main tbody tr").all_inner_texts()
    assert "2.5" in rows[1]


def test_suggestions_appear_while_typing(scene, alice, browser_page, sign_in):
    sign_in(browser_page, alice)
    browser_page.goto(f"/t/contoso/lines/{scene['line']}/edit/")
    browser_page.locator("[name=person]").press_sequentially("x")
    browser_page.locator("[name=person]").fill("Kim")
    expect(browser_page.locator("#person-options option")).to_have_count(1)


def test_forms_work_without_script(scene, alice, browser, live_server, sign_in):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, alice)
    page.goto(f"/t/contoso/policies/{scene['policy']}/edit/")
    page.get_by_role("button", name="Remove threshold 1").click()
    assert page.locator("[name=thresholds-1-amount]").count() == 0
    page.locator("[name=thresholds-0-amount]").fill("much")
    page.get_by_role("button", name="Save").last.click()
    assert "much is not an amount" in page.locator(".error-summary").inner_text()
    page.locator("[name=thresholds-0-amount]").fill("90")
    page.locator("[name=thresholds-0-amount]").press("Enter")
    page.wait_for_url(f"**/policies/{scene['policy']}/")
    page.goto(f"/t/contoso/devices/{scene['device']}/")
    page.get_by_role("link", name="Show the lines whose SIM is in this device").click()
    assert "Kim de Boer" in page.locator("main").inner_text()
    context.close()


def test_a_page_looks_again_while_something_is_pending_and_then_stops(
    scene, contoso, alice, browser_page, sign_in, make_steady: Callable[[], None]
):
    sign_in(browser_page, alice)
    browser_page.goto(f"/t/contoso/lines/{scene['line']}/")
    live = browser_page.locator("#line-live")
    assert live.get_attribute("hx-trigger") == "every 2s"
    make_steady()
    expect(live).not_to_have_attribute("hx-get", re.compile("."), timeout=10_000)
    assert "Restricted" in live.inner_text()


@pytest.fixture
def make_steady(scene: dict[str, int], contoso: Tenant) -> Callable[[], None]:
    """Lets the device be seen as it shall be, and the line be judged."""
    from devices.models import Command, DeviceControl
    from usage.models import LineWatch

    def act() -> None:
        with tenant_scope(contoso.pk):
            Command.objects.all().delete()
            LineWatch.objects.update(evaluate_at=None)
            DeviceControl.objects.filter(device_id=scene["device"]).update(
                observed=["roaming_data"], observed_at=timezone.now(), next_attempt_at=None
            )

    return act
