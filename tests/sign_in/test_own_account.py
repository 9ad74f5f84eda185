"""One's own account: profile and theme, sessions, and the choice of a tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.permissions import Role
from common.tenancy import across_tenants
from tenants import sessions
from tenants.browsers import browser_and_system
from tenants.models import SignInSession, User
from tenants.session_store import SessionStore
from tests.conftest import client_of
from tests.factories import PASSWORD, MembershipFactory

PROFILE = "/accounts/profile/"
SESSIONS = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


def signed_in(person, *, agent=FIREFOX, address="192.0.2.7") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client


def acts_of(person) -> list[tuple[str, dict]]:
    with across_tenants("a test"):
        events = AuditEvent.objects.filter(actor_id=person.pk).order_by("id")
        return [(event.action, event.after) for event in events]


# --- profile and theme --------------------------------------------------------------------------


def test_a_profile_is_saved_on_record_and_felt_at_once(contoso, bob):
    client = client_of(bob)
    filled = {"name": "Bob de Wit", "language": "nl", "theme": "dark"}
    page = client.post(PROFILE, filled, follow=True).content.decode()
    assert '<html lang="nl" data-theme="dark">' in page
    assert "Het profiel is opgeslagen." in page
    bob.refresh_from_db()
    assert (bob.name, bob.language, bob.theme) == ("Bob de Wit", "nl", "dark")
    assert acts_of(bob)[-1] == ("person.profile_changed", filled)
    client.post(PROFILE, filled)
    assert [act for act, _after in acts_of(bob)].count("person.profile_changed") == 1
    client.post(PROFILE, {"name": "Bob", "language": "-", "theme": "-"})
    page = client.get(PROFILE, headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="fr">' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a" * 121},
        {"name": "a\x00b"},
        {"language": "de"},
        {"theme": "blue"},
        {"theme": "dark\x00"},
        {"theme": "-dark"},
    ],
    ids=str,
)
def test_a_profile_with_a_mistake_is_refused_whole(contoso, bob, wrong):
    filled = {"name": "Robert", "language": "nl", "theme": "dark", **wrong}
    assert client_of(bob).post(PROFILE, filled).status_code == 422
    bob.refresh_from_db()
    assert (bob.name, bob.language, bob.theme) == ("Bob", "", "")


def test_the_theme_of_the_account_wins_over_the_browsers_and_goes_along(contoso, bob):
    client = client_of(bob)
    answer = client.post("/accounts/theme/", {"theme": "dark", "next": "/t/contoso/"})
    assert answer["Location"] == "/t/contoso/"
    assert answer.cookies["theme"].value == "dark"
    assert 'data-theme="dark"' in client_of(bob).get("/t/contoso/").content.decode()
    client.post("/accounts/logout/")
    assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()
    by_part = client_of(bob).post("/accounts/theme/", {"theme": ""}, headers={"hx-request": "true"})
    assert (by_part.status_code, by_part.cookies["theme"].value) == (204, "")
    other = client_of(bob)
    other.cookies["theme"] = "light"
    assert "data-theme" not in other.get("/t/contoso/").content.decode().split(">")[1]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "", "javascript:1"])
def test_the_theme_leads_nowhere_else(contoso, bob, back):
    answer = client_of(bob).post("/accounts/theme/", {"theme": "light", "next": back})
    assert answer["Location"] == "/"
    assert client_of(bob).post("/accounts/theme/", {"theme": "<b>"}).status_code == 422


def test_the_database_knows_three_themes(alice):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(theme="blue")


# --- sessions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        (EDGE, ("Edge", "Windows")),
        (IPHONE, ("Safari", "iOS")),
        ("curl/8.5", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_told_from_those_it_pretends_to_be(agent, named):
    assert browser_and_system(agent) == named


def test_a_person_sees_their_sessions_and_no_key_and_ends_one(contoso, alice, bob):
    here, there = signed_in(bob), signed_in(bob, agent=IPHONE, address="198.51.100.9")
    signed_in(alice, agent=EDGE)
    keys = [client.session.session_key for client in (here, there)]
    page = here.get(SESSIONS).content.decode()
    assert "Firefox on Linux" in page and "192.0.2.7" in page
    assert "Safari on iOS" in page and "198.51.100.9" in page
    assert "Edge" not in page
    assert page.count("This session") == 1
    assert not any(key in page for key in keys)
    ended = here.post(f"{SESSIONS}{sessions.name_of(keys[1])}/end/", follow=True)
    assert "The session was ended." in ended.content.decode()
    assert "Safari" not in ended.content.decode()
    assert there.get("/t/contoso/").status_code == 302
    assert here.get("/t/contoso/").status_code == 200
    told = {"browser": "Safari on iOS", "address": "198.51.100.9"}
    assert acts_of(bob)[-1] == ("person.session_ended", told)
    again = here.post(f"{SESSIONS}{sessions.name_of(keys[1])}/end/", follow=True)
    assert "This session has ended already." in again.content.decode()


def test_nobody_ends_the_session_of_somebody_else(contoso, alice, bob):
    theirs, client = signed_in(alice), signed_in(bob)
    key = theirs.session.session_key
    for name in (sessions.name_of(key), key, "x"):
        client.post(f"{SESSIONS}{name}/end/")
    client.post(f"{SESSIONS}end-others/")
    assert theirs.get("/t/contoso/").status_code == 200


def test_all_other_sessions_end_at_once(contoso, bob):
    here, *others = (signed_in(bob) for _ in range(4))
    page = here.post(f"{SESSIONS}end-others/", follow=True).content.decode()
    assert "3 sessions were ended." in page and "End all others" not in page
    assert {client.get("/t/contoso/").status_code for client in others} == {302}
    assert here.get("/t/contoso/").status_code == 200
    assert acts_of(bob)[-1] == ("person.other_sessions_ended", {"count": 3})


def test_a_request_that_runs_while_its_session_ends_does_not_bring_it_back(contoso, bob):
    client = signed_in(bob)
    running = SessionStore(client.session.session_key)
    running["seen"] = 1
    sessions.end(name=sessions.name_of(running.session_key), user=bob, now=timezone.now())
    with pytest.raises(UpdateError):
        running.save()
    assert client.get("/t/contoso/").status_code == 302


def test_another_password_ends_the_other_sessions(contoso, bob):
    here, there = signed_in(bob), signed_in(bob)
    changed = {"oldpassword": PASSWORD, "password1": "a quite new secret 1"}
    here.post("/accounts/password/change/", {**changed, "password2": "a quite new secret 1"})
    assert there.get("/t/contoso/").status_code == 302
    assert here.get("/t/contoso/").status_code == 200
    assert here.get(SESSIONS).content.decode().count("Firefox on Linux") == 1


def test_a_session_that_is_idle_is_not_listed_and_one_that_is_over_is_forgotten(contoso, bob):
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        signed_in(bob, agent=EDGE)
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        assert "Edge" not in signed_in(bob).get(SESSIONS).content.decode()
    assert SignInSession.objects.filter(user_id=bob.pk).count() == 2
    assert sessions.forget_old(now=now + timedelta(hours=12, minutes=1)) == 1
    assert sessions.forget_old(now=now + timedelta(hours=13)) == 1


@pytest.mark.parametrize("agent", ["", "a" * 5000, "<b>\x00é"], ids=repr)
def test_any_browser_may_sign_in(contoso, bob, agent):
    client = Client(headers={"user-agent": agent})
    client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    page = client.get(SESSIONS)
    assert page.status_code == 200
    assert "Unknown browser" in page.content.decode()


def test_the_sessions_cost_the_same_at_3_and_at_30(contoso, bob):
    client, counts = signed_in(bob), []
    client.get(SESSIONS)
    for number in (2, 27):
        for _ in range(number):
            client_of(bob)
        with CaptureQueriesContext(connection) as queries:
            client.get(SESSIONS)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


# --- the choice of a tenant ---------------------------------------------------------------------


def test_the_only_tenant_is_entered_at_once_and_several_are_told_apart(contoso, fabrikam, bob):
    assert client_of(bob).get("/tenants/")["Location"] == "/t/contoso/"
    MembershipFactory(tenant=fabrikam, user=bob, role=Role.AUDITOR)
    client = client_of(bob)
    client.get("/t/contoso/")
    page = client.get("/tenants/").content.decode()
    assert "Helpdesk" in page and "Auditor" in page
    assert page.count("Last used") == 1 and page.count("Not used yet") == 1


# --- in a browser -------------------------------------------------------------------------------


def test_the_pages_are_accessible_fit_a_phone_and_the_theme_does_not_flash(
    browser_page, sign_in, assert_accessible, contoso, fabrikam, bob
):
    MembershipFactory(tenant=fabrikam, user=bob, role=Role.AUDITOR)
    page = browser_page
    signed_in(bob, agent=IPHONE)
    sign_in(page, bob)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/tenants/", PROFILE, SESSIONS, "/accounts/2fa/", "/accounts/password/change/"):
        page.goto(path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.emulate_media(color_scheme="light")
    page.locator("summary", has_text="Account").click()
    with page.expect_response("**/accounts/theme/") as answer:
        page.get_by_role("button", name="Dark").click()
    assert answer.value.status == 204
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    page.goto("/tenants/", wait_until="commit")
    assert page.locator("html").get_attribute("data-theme") == "dark", "as the server drew it"
    page.goto(SESSIONS)
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_text("The session was ended.").wait_for()


def test_everything_works_without_javascript(browser, live_server, contoso, bob):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(SESSIONS)
    page.get_by_label("E-mail").fill(bob.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("This session").wait_for()
    page.locator("summary", has_text="Account").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_url(f"**{SESSIONS}")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(PROFILE)
    page.get_by_label("Name").fill("Robert")
    page.locator("select[name=theme]").select_option("light")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your profile was saved.").wait_for()
    assert page.locator("html").get_attribute("data-theme") == "light"
    context.close()
