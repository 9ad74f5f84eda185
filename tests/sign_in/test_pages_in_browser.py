"""Sign-in, the operators' pages and the audit log in a real browser, in light and dark."""

from audit.actions import record
from tests.factories import PASSWORD

PLAIN = [
    "login/",
    "password/reset/",
    "password/reset/done/",
    "inactive/",
    "password/reset/key/1-x/",
]
OWN = [
    "/t/contoso/",
    "/t/contoso/audit/",
    "/tenants/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/reauthenticate/",
]
NARROW = {"width": 360, "height": 740}


def test_pages_for_anybody_are_accessible(browser_page, assert_accessible):
    for path in PLAIN:
        browser_page.goto(f"/accounts/{path}")
        assert_accessible(browser_page)


def test_pages_of_a_signed_in_person_are_accessible_and_fit_a_phone(
    browser_page, assert_accessible, sign_in, alice
):
    sign_in(browser_page, alice)
    browser_page.set_viewport_size(NARROW)
    for path in OWN:
        browser_page.goto(path)
        assert_accessible(browser_page)
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_the_operators_pages_are_accessible(
    browser_page, assert_accessible, sign_in, olga, contoso
):
    sign_in(browser_page, olga)
    for path in ("/operators/tenants/", "/operators/tenants/new/"):
        browser_page.goto(path)
        assert_accessible(browser_page)


def test_a_person_signs_in_with_the_keyboard_and_out_again(browser_page, alice):
    page = browser_page
    page.goto("/t/contoso/audit/")
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/contoso/audit/")
    page.locator("summary", has_text="Account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")


def test_a_refused_sign_in_says_so_in_a_summary(browser_page, assert_accessible, alice):
    page = browser_page
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert page.title().startswith("Error:")
    assert_accessible(page)
    page.complaints[:] = [c for c in page.complaints if "422" not in c]


def test_setting_up_a_second_factor_shows_a_picture_and_the_codes(
    browser_page, assert_accessible, sign_in, alice
):
    page = browser_page
    sign_in(page, alice)
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/totp/activate/")
    assert page.get_by_role("img", name="QR code").evaluate("image => image.naturalWidth") > 0
    assert_accessible(page)


def test_the_log_is_filtered_in_place(browser_page, sign_in, alice):
    page = browser_page
    sign_in(page, alice)
    page.goto("/t/contoso/audit/?actor=alice")
    page.get_by_label("Person").fill("nobody")
    page.keyboard.press("Enter")
    page.wait_for_url("**actor=nobody**")
    page.get_by_role("heading", name="Nothing matches these filters").wait_for()
    export = page.get_by_role("button", name="Export as CSV")
    assert export.count() == 1
    assert "actor=nobody" in page.locator("form.action").first.get_attribute("action")


def test_an_entry_opens_beside_the_log_and_on_its_page(
    browser_page, assert_accessible, sign_in, alice, contoso
):
    page = browser_page
    record(by=alice, action="tenant.resumed", subject=contoso, tenant_id=contoso.pk)
    sign_in(page, alice)
    page.set_viewport_size(NARROW)
    page.goto("/t/contoso/audit/")
    page.get_by_role("link", name="Tenant resumed").first.click()
    page.locator("#drawer").get_by_text("tenant.resumed").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Open page").click()
    page.get_by_role("heading", name="Tenant resumed").wait_for()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_sign_in_and_a_filter_work_without_javascript(browser, live_server, alice):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/t/contoso/audit/")
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/t/contoso/audit/")
    page.get_by_label("Person").fill("nobody")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**actor=nobody**")
    context.close()
