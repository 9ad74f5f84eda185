"""A page and its parts: only parts the view lists, whatever the headers say."""

import pytest

pytestmark = pytest.mark.django_db
FULL, PART = "<!doctype html>", 'id="sample-table"'


@pytest.fixture
def page(client, settings):
    settings.SANDBOX = True

    def get(**headers):
        text = client.get("/styleguide/", headers=headers).content.decode()
        return FULL in text, PART in text

    return get


def test_without_htmx_it_is_the_whole_page(page):
    assert page() == (True, True)


def test_htmx_gets_the_part_it_targets(page):
    assert page(hx_request="true", hx_target="sample-table") == (False, True)
    assert page(hx_request="true", hx_target="drawer") == (False, False)


@pytest.mark.parametrize("target", ["", "secret", "../base.html", "sample-table#drawer", "\x7f"])
def test_a_forged_target_gets_the_whole_page(page, target):
    assert page(hx_request="true", hx_target=target) == (True, True)


def test_going_back_and_boosted_links_get_the_whole_page(page):
    asked = {"hx_request": "true", "hx_target": "sample-table"}
    assert page(**asked, hx_history_restore_request="true") == (True, True)
    assert page(**asked, hx_boosted="true") == (True, True)
