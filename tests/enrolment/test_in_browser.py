"""Enrolment in a real browser of the size of a phone, and without JavaScript."""

from __future__ import annotations

import pytest

from common.tenancy import tenant_scope
from devices.models import DeviceSim
from tests.enrolment.walking import IPHONE, code_in, messages_to, open_enrolment
from tests.enrolment_walk import make_invitation
from tests.usage_factories import make_line

NUMBER = "+31612345678"
SMALL = {"width": 360, "height": 740}


@pytest.fixture
def on_a_phone(live_server, browser):
    """A page of a phone: `on_a_phone(scripts=False)`."""
    contexts = []

    def make(*, scripts: bool = True):
        context = browser.new_context(
            base_url=live_server.url, viewport=SMALL, user_agent=IPHONE, is_mobile=True,
            has_touch=True, java_script_enabled=scripts, reduced_motion="reduce",
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_person_who_reads_nothing_enrols_by_pressing_the_big_button(
    contoso, on_a_phone, assert_accessible, scripts
):
    open_enrolment(contoso, notice="We count megabytes.")
    line = make_line(contoso, msisdn=NUMBER)
    page = on_a_phone(scripts=scripts)

    def look() -> None:
        if scripts:
            assert fits(page), page.url
            assert_accessible(page)

    page.goto("/enrol/contoso/")
    look()
    page.get_by_role("link", name="Use the phone number").click()
    page.get_by_label("Phone number").fill("0612345678")
    look()
    page.get_by_role("button", name="Send the code").click()
    page.wait_for_url("**/code/")
    page.get_by_label("Code", exact=True).fill(code_in(messages_to(contoso, NUMBER)[-1]))
    look()
    page.get_by_role("button", name="OK").click()
    page.get_by_label("Corporate").check()
    look()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("We count megabytes.").wait_for()
    look()
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("heading", name="This phone is enrolled").wait_for()
    look()
    with tenant_scope(contoso.pk):
        sims = line.sim_links.values("sim_id")
        device = DeviceSim.objects.open().get(sim_id__in=sims).device
    assert device.category.name == "Corporate"
    page.go_back()
    page.reload()
    assert page.url.endswith("/done/")
    assert page.complaints == []


def test_a_wrong_code_is_said_above_and_beside_the_field(contoso, on_a_phone, assert_accessible):
    open_enrolment(contoso)
    page = on_a_phone()
    page.goto("/enrol/contoso/number/")
    page.get_by_label("Phone number").fill("0612345678")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code", exact=True).fill("123 456")
    page.get_by_role("button", name="OK").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_text("You have 4 tries left.").count() == 2
    assert fits(page)
    assert_accessible(page)


def test_the_pages_of_the_administrators_are_accessible(
    contoso, browser_page, sign_in, alice, assert_accessible
):
    open_enrolment(contoso)
    sign_in(browser_page, alice)
    make_invitation(contoso)
    line = make_line(contoso)
    for path in (
        "enrolment/",
        "enrolment/settings/",
        "enrolment/invitations/",
        "enrolment/invitations/add/",
        "enrolment/lines/",
        f"enrolment/lines/{line.pk}/",
        "sandbox/messages/",
    ):
        browser_page.goto(f"/t/contoso/{path}")
        assert_accessible(browser_page)
