"""Choosing alerts in a real browser, by keyboard, on a phone, and without script."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.dashboard.rows import alert
from tests.usage_factories import make_line

pytestmark = pytest.mark.django_db(transaction=True)
ALERTS = "/t/contoso/alerts/"


@pytest.fixture
def three(contoso):
    line = make_line(contoso)
    return [alert(line, timezone.now()) for _n in range(3)]


def test_alerts_are_chosen_by_keyboard_and_acknowledged(
    three, alice, browser_page, sign_in, assert_accessible
):
    sign_in(browser_page, alice)
    browser_page.goto(ALERTS)
    assert_accessible(browser_page)
    words = browser_page.locator(".choices-count")
    browser_page.locator("[data-choose-all]").focus()
    browser_page.keyboard.press("Space")
    expect(words).to_have_text("Chosen: 3")
    browser_page.locator("[name=pick]").first.focus()
    browser_page.keyboard.press("Space")
    expect(words).to_have_text("Chosen: 2")
    browser_page.set_viewport_size({"width": 360, "height": 780})
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser_page.evaluate(wide) <= 0
    browser_page.get_by_role("button", name="Acknowledge").click()
    expect(browser_page.locator("h1")).to_have_text("Acknowledge 2 alerts")
    assert_accessible(browser_page)
    assert browser_page.evaluate(wide) <= 0
    browser_page.get_by_label("Note").fill("Called.")
    browser_page.get_by_role("button", name="Acknowledge").click()
    expect(browser_page.locator(".toast")).to_contain_text("2 alerts were acknowledged.")


def test_alerts_are_chosen_without_script(three, alice, browser, live_server, sign_in):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, alice)
    page.goto(ALERTS)
    assert not page.locator("[data-choose-all]").is_visible()
    page.locator("[name=pick]").first.check()
    page.get_by_role("button", name="Acknowledge").click()
    assert page.locator("h1").inner_text() == "Acknowledge 1 alert"
    page.get_by_role("button", name="Acknowledge").click()
    assert "1 alert was acknowledged." in page.locator(".toast").inner_text()
    context.close()
