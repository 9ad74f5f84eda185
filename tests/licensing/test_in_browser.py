"""The steps of the original's documentation in Chromium, label by label; nothing before Save."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from jobs.workers import work_off
from licensing.models import AutoClaimPolicy, AutoClaimSwitch, PolicyProduct
from tests.licensing.cloud import guid

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TAB = "/t/contoso/licenses/auto-claim/"


def order():
    rows = PolicyProduct.objects.order_by("position")
    return list(rows.values_list("product__part_number", flat=True))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def refused(page, sentence):
    page.locator(".error-summary").get_by_text(sentence).wait_for()
    page.complaints[:] = [c for c in page.complaints if "422" not in c]


def test_from_the_setting_to_the_policy_and_back(
    office, alice, browser_page, sign_in, assert_accessible
):
    page = browser_page
    for part in ("SPE_E5", "ENTERPRISEPACK", "STANDARDPACK", "SPE_F1"):
        office.cloud.sell(part, 3)
    office.read()
    sign_in(page, alice)
    page.goto("/t/contoso/")
    menu = page.get_by_role("navigation", name="Main")
    menu.get_by_role("link", name="Licenses", exact=True).click()
    assert_accessible(page)
    page.get_by_role("link", name="Auto-claim policy", exact=True).click()
    assert_accessible(page)
    press(page, "Turn on setting")
    page.get_by_text("The setting is on.").wait_for()
    with tenant_scope(office.tenant.pk):
        assert AutoClaimSwitch.objects.get().on

    page.get_by_role("link", name="Add a policy").first.click()
    page.get_by_role("heading", name="Name this auto-claim policy").wait_for()
    page.get_by_label("Policy name").fill("Teams for all")
    press(page, "Next")
    page.get_by_role("heading", name="Set an auto-claim app and product").wait_for()
    assert_accessible(page)
    page.get_by_label("App", exact=True).select_option("Microsoft Teams")
    page.get_by_label("Product", exact=True).select_option(label="Microsoft 365 E3 (10 available)")
    press(page, "Add a backup product to this policy")
    page.get_by_label("Backup product 1").select_option(label="Microsoft 365 E3 (10 available)")
    press(page, "Next")
    refused(page, "Each product can be in a policy once.")
    page.get_by_label("Backup product 1").select_option(
        label="Microsoft 365 Business Premium (5 available)"
    )
    for _more in range(3):
        press(page, "Add a backup product to this policy")
    press(page, "Add a backup product to this policy")
    refused(page, "A policy has at most four backup products.")
    press(page, "Next")
    page.get_by_role("heading", name="Select apps").wait_for()
    assert_accessible(page)
    page.get_by_label("Microsoft Teams").uncheck()
    press(page, "Next")
    refused(page, "Microsoft 365 E3 would give no Microsoft Teams")
    page.get_by_label("Microsoft Teams").check()
    page.get_by_label("Sway").uncheck()
    press(page, "Next")
    page.get_by_text("Microsoft 365 Business Premium").wait_for()
    press(page, "Next")
    page.get_by_role("heading", name="Review and finish").wait_for()
    assert_accessible(page)
    with tenant_scope(office.tenant.pk):
        assert not AutoClaimPolicy.objects.exists()
    press(page, "Create policy")
    page.get_by_role("link", name="Close").click()
    for head in ("Policy name", "App", "Product", "Available licenses", "Status"):
        assert page.get_by_role("columnheader", name=head).count() == 1
    assert_accessible(page)

    page.locator("a[data-drawer]").click()
    drawer = page.locator("#drawer")
    drawer.get_by_text("Product licenses").wait_for()
    assert_accessible(page)
    drawer.get_by_role("button", name=re.compile("Edit\\s+Policy name")).click()
    drawer.get_by_label("Policy name").fill("Teams for everybody")
    drawer.get_by_role("button", name="Save", exact=True).click()
    drawer.get_by_text("Not saved yet:").wait_for()
    drawer.get_by_label(re.compile("Business Premium")).check()
    drawer.get_by_role("button", name="Move up").click()
    expect(drawer.locator("ol.shelf li").first).to_contain_text("Business Premium")
    drawer.get_by_role("button", name="Move down").click()
    expect(drawer.locator("ol.shelf li").first).to_contain_text("Microsoft 365 E3")
    drawer.get_by_role("button", name="Move up").click()
    expect(drawer.locator("ol.shelf li").first).to_contain_text("Business Premium")
    drawer.get_by_role("button", name="Add a backup product to this policy").click()
    drawer.get_by_role("heading", name="Add a product").wait_for()
    drawer.get_by_label(re.compile("Office 365 E1")).check()
    drawer.get_by_role("button", name="Add", exact=True).click()
    expect(drawer.locator("ol.shelf li")).to_have_count(3)
    drawer.get_by_role("button", name=re.compile("Edit\\s+Apps and services")).click()
    drawer.get_by_label("Product", exact=True).select_option(label="Office 365 E1")
    drawer.get_by_role("button", name="Show").click()
    expect(drawer.locator("input[name=shown]")).not_to_have_value("all")
    drawer.get_by_label("Product", exact=True).select_option(label="All products")
    drawer.get_by_role("button", name="Show").click()
    expect(drawer.locator("input[name=shown]")).to_have_value("all")
    drawer.get_by_label("Sway").uncheck()
    drawer.get_by_role("button", name="Save", exact=True).click()
    drawer.get_by_text("Off: Sway").first.wait_for()
    drawer.get_by_role("button", name="Remove a product").click()
    drawer.get_by_role("heading", name="Remove a product from the policy").wait_for()
    for label in ("Microsoft 365 E3", "Business Premium", "Office 365 E1"):
        drawer.get_by_label(re.compile(label)).check()
    drawer.get_by_role("button", name="Save", exact=True).click()
    refused(page, "At least one product must stay.")
    drawer.get_by_label(re.compile("Office 365 E1")).uncheck()
    drawer.get_by_label(re.compile("Business Premium")).uncheck()
    drawer.get_by_role("button", name="Save", exact=True).click()
    drawer.get_by_label("Turn this policy on or off").uncheck()
    with tenant_scope(office.tenant.pk):
        assert order() == ["SPE_E3", "SPB"]
        assert AutoClaimPolicy.objects.get().name == "Teams for all"
    drawer.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    with tenant_scope(office.tenant.pk):
        assert order() == ["SPB", "STANDARDPACK"]
        policy = AutoClaimPolicy.objects.get()
        assert (policy.name, policy.enabled) == ("Teams for everybody", False)
        assert AuditEvent.objects.filter(action="auto_claim_policy.edited").exists()

    page.goto(f"{TAB}{policy.pk}/")
    page.get_by_text("Auto-claim policy edited").wait_for()
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 780})
    for address in (TAB, f"{TAB}{policy.pk}/", f"{TAB}add/", "/t/contoso/licenses/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address

    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Org settings").click()
    page.get_by_role("heading", name="Org settings").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="User owned apps and services").click()
    page.get_by_label("Let users auto-claim licenses the first time they sign in").uncheck()
    assert_accessible(page)
    press(page, "Save")
    page.get_by_text("Saved.").wait_for()
    with tenant_scope(office.tenant.pk):
        assert not AutoClaimSwitch.objects.get().on


def test_the_report_the_dry_run_and_undo_are_pages_for_everybody(
    office, alice, browser_page, sign_in, assert_accessible
):
    page = browser_page
    policy = office.policy("SPE_E3", "SPB")
    for name in ("ann", "ben"):
        office.cloud.employ(name)
    office.cloud.employ("gus", is_member=False)
    office.sign_in("ann", "ben", "gus")
    office.settle()
    sign_in(page, alice)
    page.goto(TAB)
    page.get_by_role("link", name="View report").click()
    page.get_by_role("heading", name="Auto-claim policy report").wait_for()
    assert_accessible(page)
    period = page.get_by_label("Period")
    expect(period.locator("option:checked")).to_have_text("Past 90 days")
    assert period.locator("option").all_inner_texts() == [
        "Past 90 days", "Past 30 days", "Past 7 days", "Past day",
    ]  # fmt: skip
    period.select_option(label="Past 30 days")
    page.wait_for_url("**days=30*")
    page.goto("/t/contoso/reports/auto-claim/")
    page.get_by_label("Result").select_option(label="Nothing given")
    press(page, "Apply")
    expect(page.get_by_text("ann@contoso.example")).to_have_count(0)
    page.locator("a[data-drawer]").first.click()
    drawer = page.locator("#drawer")
    drawer.get_by_text("The account is a guest, not a member.").wait_for()
    assert_accessible(page)
    drawer.get_by_role("button", name="Try again").click()
    page.get_by_text("The claim is judged again; its result comes here.").wait_for()
    assert_accessible(page)

    page.goto(f"{TAB}{policy.pk}/")
    page.get_by_role("heading", name="Seats and cost").wait_for()
    press(page, "Dry run")
    page.get_by_role("heading", name="Judging past sign-ins").wait_for()
    assert_accessible(page)
    assert work_off(now=timezone.now() + timedelta(seconds=1))
    page.get_by_text("Would have a licence").wait_for()  # the page renews itself
    assert_accessible(page)
    dry_run = page.url

    page.goto(f"{TAB}{policy.pk}/undo/")
    page.get_by_text("2 claims of these days hold a seat.").wait_for()
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 780})
    for address in ("/t/contoso/reports/auto-claim/", dry_run, f"{TAB}{policy.pk}/undo/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
    press(page, "Undo these claims")
    page.get_by_text("2 claims are being undone.").wait_for()
    office.settle()
    assert {state for state, _what in office.results().values()} == {"undone", "nothing"}


def test_limits_show_their_reason_and_what_is_deleted_stays_readable(
    office, alice, browser_page, sign_in, assert_accessible
):
    page = browser_page
    policy = office.policy("SPE_E3", "SPB")
    office.cloud.employ("kim")
    office.sign_in("kim")
    office.settle()
    sign_in(page, alice)
    page.goto(f"{TAB}add/")
    page.get_by_label("Policy name").fill("Teams again")
    press(page, "Next")
    page.get_by_label("App", exact=True).select_option("Microsoft Teams")
    page.get_by_label("Product", exact=True).select_option(
        label="Microsoft 365 Business Premium (5 available)"
    )
    press(page, "Next")
    press(page, "Next")
    page.get_by_text("is also given by Teams for all").wait_for()
    press(page, "Create policy")
    refused(page, "Another policy is on for this app. Turn that one off first.")
    assert_accessible(page)
    with tenant_scope(office.tenant.pk):
        assert AutoClaimPolicy.objects.count() == 1

    page.goto("/t/contoso/licenses/apps/")
    page.get_by_text("None yet, so no sign-in counts.").first.wait_for()
    assert_accessible(page)
    page.get_by_role("link", name=re.compile("Change\\s+Power Automate per User")).click()
    page.get_by_label("Further application ids").fill("nonsense")
    press(page, "Save")
    refused(page, "Line 1, “nonsense”, is not an application id like")
    assert_accessible(page)
    page.get_by_label("Further application ids").fill("7df0a125-d3be-4c96-aa54-591f83ff541c")
    press(page, "Save")
    page.get_by_text("7df0a125-d3be-4c96-aa54-591f83ff541c").wait_for()
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(f"{TAB}{policy.pk}/")
    page.get_by_role("link", name="Delete").click()
    assert_accessible(page)
    press(page, "Delete")
    page.get_by_text("Teams for all was deleted.").wait_for()
    page.get_by_text("No policies yet").wait_for()
    page.get_by_role("link", name="View report").click()
    row = page.get_by_role("row").filter(has_text="kim@contoso.example")
    for text in ("Teams for all", "Microsoft 365 E3", "Primary", "Assigned"):
        expect(row).to_contain_text(text)
    assert len(office.cloud.holders(str(guid("SPE_E3")))) == 1
