"""The home page in a real browser: both themes, narrow and wide, and while it renews itself."""

from itertools import pairwise

import pytest

from tests.dashboard import rows
from tests.usage_factories import make_line_with_device

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def page(contoso, alice, browser_page, sign_in):
    rows.busy(contoso, [make_line_with_device(contoso) for _ in range(3)])
    sign_in(browser_page, alice)
    browser_page.goto("/t/contoso/")
    return browser_page


def renew(page):
    """What the page does by itself every half minute."""
    page.evaluate("document.querySelector('#home-live').dataset.old = 'yes'")
    page.evaluate(
        "htmx.ajax('GET', location.pathname, {target: '#home-live', swap: 'outerHTML',"
        " headers: {'X-By-Itself': '1'}})"
    )
    page.locator("#home-live:not([data-old])").wait_for()


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_sticks_out(page, assert_accessible, width):
    page.set_viewport_size({"width": width, "height": 800})
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0
    assert_accessible(page)


@pytest.mark.parametrize("width", [360, 800, 1280, 1920])
def test_the_chart_fits_its_card_and_its_words_are_readable(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    picture = page.locator(".chart-picture").bounding_box()
    card = page.locator(".card", has=page.locator(".chart")).bounding_box()
    assert picture["x"] >= card["x"]
    assert picture["x"] + picture["width"] <= card["x"] + card["width"]
    heights = page.eval_on_selector_all(
        ".chart-picture .axis text", "all => all.map(t => t.getBoundingClientRect().height)"
    )
    assert min(heights) >= 9
    edges = page.eval_on_selector_all(
        ".chart-picture .axis.x text",
        "all => all.map(t => t.getBoundingClientRect()).map(r => [r.left, r.right])",
    )
    assert all(left[1] < right[0] for left, right in pairwise(edges))


def test_countries_have_names_in_the_language_of_the_page(page, alice):
    assert page.locator("[data-country=FR]").inner_text() == "France"
    alice.language = "nl"
    alice.save()
    page.reload()
    assert page.locator("[data-country=FR]").inner_text() == "Frankrijk"
    renew(page)
    assert page.locator("[data-country=DE]").inner_text() == "Duitsland"


def test_renewing_disturbs_nobody_who_is_reading(page):
    page.get_by_text("Show the figures").click()
    page.locator(".chart-figures .table-scroll").evaluate("element => element.scrollTo(0, 200)")
    page.locator("a.tile").nth(1).focus()
    renew(page)
    assert page.locator(".chart-figures[open]").count() == 1
    assert (
        page.locator(".chart-figures .table-scroll").evaluate("element => element.scrollTop") == 200
    )
    assert page.evaluate("document.activeElement.href").endswith("?standing=near")


def test_the_page_renews_itself(page):
    page.clock.install()
    page.reload()
    with page.expect_response("**/t/contoso/") as found:
        page.clock.run_for(31_000)
    assert found.value.request.headers["x-by-itself"] == "1"
    assert found.value.text().lstrip().startswith('<div class="stack" id="home-live"')
