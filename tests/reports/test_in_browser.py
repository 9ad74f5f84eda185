"""The reports in Chromium: accessible in both themes, on a phone, and without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.factories import PersonFactory
from tests.reports.scene import GB, hold, used
from tests.usage_factories import PlanFactory, make_line

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = [
    "reports/usage/", "reports/usage/person/", "reports/usage/country/", "reports/usage/day/",
    "reports/usage/?q=nothing",
]  # fmt: skip


@pytest.fixture
def scene(contoso: Any) -> None:
    """Lines with usage at home and abroad, today and yesterday."""
    plan = PlanFactory(tenant=contoso)
    now = timezone.now()
    for number in range(3):
        line = make_line(contoso, plan=plan)
        person = PersonFactory(tenant=contoso, name=f"Kim {number}")
        hold(contoso, line, person, since=now - timedelta(days=60))
        used(contoso, line, 2 * GB, day=now.date() - timedelta(days=1))
        used(contoso, line, GB, day=now.date(), country="BE")


def test_every_report_is_accessible_in_both_themes_and_fits_a_phone(
    scene, alice, browser_page, sign_in, assert_accessible
):
    sign_in(browser_page, alice)
    for path in PAGES:
        browser_page.set_viewport_size({"width": 1280, "height": 900})
        browser_page.goto(f"/t/contoso/{path}")
        for details in browser_page.locator("main details:not([open]) > summary").all():
            details.click()
        assert_accessible(browser_page)
        browser_page.set_viewport_size({"width": 360, "height": 780})
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser_page.evaluate(wider) <= 0, path


def test_a_filter_changes_table_picture_and_export_in_place(scene, rita, browser_page, sign_in):
    sign_in(browser_page, rita)
    browser_page.goto("/t/contoso/reports/usage/country/")
    expect(browser_page.locator("#usage-report-table tbody tr")).to_have_count(2)
    browser_page.get_by_label("Where", exact=True).select_option("abroad")
    expect(browser_page.locator("#usage-report-table tbody tr")).to_have_count(1)
    expect(browser_page.locator("#usage-report-picture")).to_contain_text("3 GB roaming")
    assert "where=abroad" in browser_page.url
    action = browser_page.locator("#usage-report-export form").first.get_attribute("action")
    assert "where=abroad" in (action or "")
