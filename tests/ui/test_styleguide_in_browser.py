"""The components in a real browser, where the content security policy and the CSS are real."""

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WIDTHS = (360, 1280)


@pytest.fixture(autouse=True)
def sandbox(settings):
    settings.SANDBOX = True


@pytest.fixture
def sample_rows(transactional_db):
    """The style guide lists Django's permissions; a transactional test may have emptied them."""
    from django.apps import apps
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes

    for config in apps.get_app_configs():
        create_contenttypes(config, verbosity=0)
        create_permissions(config, verbosity=0)


@pytest.fixture
def page(browser_page, sample_rows):
    browser_page.goto("/styleguide/")
    return browser_page


def width_beyond_the_window(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_sticks_out(page, assert_accessible, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert width_beyond_the_window(page) <= 0
    assert_accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_error_state_is_accessible_and_takes_the_focus(page, assert_accessible, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_role("button", name="Save").last.click()
    page.wait_for_selector(".error-summary")
    page.complaints[:] = [c for c in page.complaints if "422" not in c]
    assert page.title().startswith("Error:")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert_accessible(page)
    page.get_by_role("link", name="Name is missing.").click()
    assert page.evaluate("document.activeElement.name") == "name"


def test_a_list_sorts_and_filters_in_place(page):
    page.get_by_role("link", name="Name").click()
    page.wait_for_url("**/styleguide/?sort=-name")
    assert page.locator("th[aria-sort=descending]").count() == 1
    assert page.evaluate("document.activeElement.id") == "sample-table-by-name"
    page.get_by_role("textbox", name="Search", exact=True).fill("carrier")
    page.wait_for_url("**q=carrier**")
    assert "sort=-name" in page.url
    page.get_by_role("textbox", name="Search", exact=True).fill("no such thing")
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url("**/styleguide/")


def test_the_drawer_opens_beside_the_list_and_escape_closes_it(page, assert_accessible):
    page.locator("a[data-drawer]").first.click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("4.4", exact=False).first.wait_for()
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert not drawer.is_visible()


def test_a_session_that_ended_opens_the_whole_page(page):
    page.route(
        "**/styleguide/?sort=-name",
        lambda route: route.continue_(
            headers={k: v for k, v in route.request.headers.items() if k != "hx-target"}
        ),
    )
    page.get_by_role("link", name="Name").click()
    page.wait_for_url("**/styleguide/?sort=-name")
    page.wait_for_load_state()
    assert page.locator("main").count() == 1


def test_the_theme_is_remembered_without_a_flash(page):
    page.evaluate("document.cookie = 'theme=dark; path=/'")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.evaluate("document.cookie = 'theme=<b>; path=/'")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") is None


def test_everything_works_without_script(browser, live_server, sample_rows):
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/styleguide/")
    assert not page.locator("#navigation").is_visible()
    page.get_by_role("button", name="Navigation").click()
    assert page.locator("#navigation").is_visible()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Search", exact=True).fill("carrier")
    page.get_by_role("button", name="Apply").click()
    assert "q=carrier" in page.url
    page.get_by_role("button", name="Show toasts").click()
    assert page.locator(".toast").count() == 4
    page.get_by_role("button", name="Save").last.click()
    assert page.locator(".error-summary a").count() == 3
    context.close()


def test_the_page_does_not_exist_in_production(client, settings):
    settings.SANDBOX = settings.DEBUG = False
    assert client.get("/styleguide/").status_code == 404
