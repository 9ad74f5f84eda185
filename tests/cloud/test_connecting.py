"""Connecting to a Microsoft tenant: from the page to Active, and every way it may end."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection as db
from django.utils import timezone

from alerts.models import Alert
from audit.models import AuditEvent
from common import entra
from common.tenancy import tenant_scope
from connectors.actions import connecting
from connectors.actions.switch import create_built_in, set_enabled
from connectors.graph import NotConnected, connected_client
from connectors.models import Check, Connector, ConnectorState, Consent
from connectors.workers import checks
from sandbox.cloud import seed
from sandbox.models import CloudConsent, CloudRegistration, CloudTenant
from tenants.models import Tenant, User
from tests.cloud.connect import (
    ADVENTURE,
    GINA,
    IVAN,
    LIST,
    SET_UP,
    all_the_way,
    at_microsoft,
    check,
    connecting_again,
    newest,
    partners,
    path_of,
    press_connect,
    rows,
    words,
)

pytestmark = pytest.mark.django_db


# --- to Active --------------------------------------------------------------------------------


def test_from_the_page_to_active_with_a_record_in_intune(client: Any, portal: Tenant) -> None:
    locked = client.get(SET_UP).content.decode()
    assert "disabled" in locked
    assert "?unlocked=1" in locked
    assert ">Connect<" not in locked.replace("\n", "")
    connector = all_the_way(client)
    assert rows(connector) == ["waiting"] * 4
    assert check() == 1
    connector.refresh_from_db()
    assert rows(connector) == ["good"] * 4
    assert (connector.state, connector.app_authorized) == (ConnectorState.ACTIVE, True)
    assert connector.directory_name == "Adventure Works"
    [record] = partners()
    assert record["id"] == connector.partner_id
    assert (record["displayName"], record["enabled"], record["appAuthorized"]) == (
        "Saaswedo Datalert", True, True,
    )  # fmt: skip
    page = words(client.get(f"{LIST}{connector.pk}/mdm/"))
    assert "State of your connection: Active" in page
    assert check() == 0  # not before it is due again
    with tenant_scope(portal.pk):
        acts = set(AuditEvent.objects.values_list("action", flat=True))
        assert connected_client(tenant=portal).directory_id == ADVENTURE
    assert {"connector.connecting", "connector.connected", "connector.state_changed"} <= acts


def test_the_built_in_engine_works_on_while_it_is_being_connected(
    client: Any, portal: Tenant
) -> None:
    with tenant_scope(portal.pk):
        engine = create_built_in()
        with pytest.raises(NotConnected):
            connected_client(tenant=portal)
    start = press_connect(client, f"{LIST}{engine.pk}/connect/")
    engine.refresh_from_db()
    assert engine.directory_id is None
    assert engine.lets_through
    all_the_way(client, start)
    CloudConsent.objects.all().delete()
    check()
    engine.refresh_from_db()
    assert engine.state == ConnectorState.VALIDATION_FAILED
    assert engine.lets_through  # never a wrong block or unblock
    again = press_connect(client, f"{LIST}{engine.pk}/connect/", directory=ADVENTURE)
    all_the_way(client, again)
    check()
    engine.refresh_from_db()
    assert engine.state == ConnectorState.ACTIVE


def test_the_switch_is_carried_into_intune(client: Any, portal: Tenant, alice: User) -> None:
    connector = all_the_way(client)
    check()
    for enabled in (False, True):
        with tenant_scope(portal.pk):
            connector.refresh_from_db()
            set_enabled(connector=connector, enabled=enabled, by=alice, now=timezone.now())
        check()
        assert [record["enabled"] for record in partners()] == [enabled]


# --- refused ----------------------------------------------------------------------------------


def nothing_is_kept(portal: Tenant) -> bool:
    with tenant_scope(portal.pk):
        return not Connector.objects.exists() and not Check.objects.exists()


def test_cancel_at_the_consent_page_leaves_nothing(client: Any, portal: Tenant) -> None:
    back = at_microsoft(client, path_of(press_connect(client)), answer="cancel")
    with tenant_scope(portal.pk):
        assert Connector.objects.get().state == ConnectorState.AWAITING_CONSENT
    answer = client.get(back, follow=True)
    assert "It was cancelled; nothing has been changed." in words(answer)
    assert nothing_is_kept(portal)
    assert partners() == []


def test_somebody_who_may_not_consent_is_told_who_may(client: Any, portal: Tenant) -> None:
    consent_page = path_of(press_connect(client))
    asked = client.post(consent_page, {"account": IVAN})
    assert asked.status_code == 403
    back = at_microsoft(client, consent_page, IVAN, "cancel")
    assert "It takes a global administrator" in words(client.get(back, follow=True))
    assert nothing_is_kept(portal)


@pytest.mark.parametrize(
    ("directory", "sentence"),
    [
        ("nowhere.example", "Microsoft knows no tenant with this ID or domain"),
        ("ad7e0000-0000-4000-8000-00000000ffff", "Microsoft knows no tenant"),
        ("adventure works", "Give the tenant's ID"),
        ("", "Tenant ID is missing"),
    ],
)
def test_a_wrong_tenant_id_is_refused_on_the_page(
    client: Any, portal: Tenant, directory: str, sentence: str
) -> None:
    answer = press_connect(client, directory=directory)
    assert answer.status_code == 422
    assert sentence in words(answer)
    if "nowhere" in directory:
        assert "Reference for support:" in words(answer)
    assert nothing_is_kept(portal)


def test_a_second_connector_is_refused_and_the_first_stays(client: Any, portal: Tenant) -> None:
    connector = all_the_way(client)
    check()
    answer = press_connect(client, directory=ADVENTURE)
    assert answer.status_code == 422
    assert "connected to this Microsoft tenant already" in words(answer)
    with tenant_scope(portal.pk):
        assert Connector.objects.get().state == ConnectorState.ACTIVE
    other = press_connect(client, f"{LIST}providers/external/")  # another provider may
    assert "adminconsent" in path_of(other)
    moved = press_connect(
        client, f"{LIST}{connector.pk}/connect/", directory="wideworldimporters.example"
    )
    assert "connected to another Microsoft tenant" in words(moved)


def test_a_forged_state_is_refused_before_anything_else(client: Any, portal: Tenant) -> None:
    consent_page = path_of(press_connect(client))
    for query in ({"state": "guessed"}, {}, {"state": "%00"}):
        forged = {"admin_consent": "True", "tenant": ADVENTURE, **query}
        answer = client.get(f"/accounts/microsoft/answer/?{urlencode(forged)}")
        assert answer.status_code == 400
        assert "Nothing has been changed" in words(answer)
        direct = client.get(f"{LIST}consented/?{urlencode(forged)}", follow=True)
        assert "Nothing has been changed" in words(direct)
    with tenant_scope(portal.pk):
        assert Connector.objects.get().state == ConnectorState.AWAITING_CONSENT
    state = parse_qs(urlsplit(consent_page).query)["state"][0]
    stranger = type(client)()  # somebody else's browser has not asked
    answer = stranger.get(f"/accounts/microsoft/answer/?state={state}&admin_consent=True")
    assert answer.status_code == 400


def test_a_forged_admin_consent_ends_at_the_proof(client: Any, portal: Tenant) -> None:
    """Own state, right tenant, and nobody has consented to anything."""
    state = parse_qs(urlsplit(path_of(press_connect(client))).query)["state"][0]
    forged = {"admin_consent": "True", "tenant": ADVENTURE, "state": state}
    sign_in = path_of(client.get(f"{LIST}consented/?{urlencode(forged)}"))
    back = path_of(client.post(sign_in, {"account": IVAN, "answer": "accept"}))
    client.get(path_of(client.get(path_of(client.get(back)))))
    check()
    connector = newest()
    assert rows(connector) == ["good", "bad", "skipped", "skipped"]
    assert connector.state == ConnectorState.VALIDATION_FAILED
    assert not connector.lets_through
    page = words(client.get(f"{LIST}{connector.pk}/mdm/"))
    assert "not, or no longer, accepted in this tenant" in page
    assert "Reference for support:" in page
    assert partners() == []
    with tenant_scope(portal.pk):
        assert not Alert.objects.exists()  # it never stood; whoever set it up sees the row
    client.post(f"{LIST}{connector.pk}/remove/")
    assert nothing_is_kept(portal)


def test_an_answer_about_another_tenant_or_used_twice_is_refused(
    client: Any, portal: Tenant
) -> None:
    state = parse_qs(urlsplit(path_of(press_connect(client))).query)["state"][0]
    forged = {"admin_consent": "True", "tenant": str(seed.CONTOSO.id), "state": state}
    answer = client.get(f"{LIST}consented/?{urlencode(forged)}", follow=True)
    assert "not about the tenant that was asked" in words(answer)
    assert nothing_is_kept(portal)
    again = client.get(f"{LIST}consented/?{urlencode(forged)}", follow=True)
    assert "does not belong to a question of this browser" in words(again)


def test_somebody_of_another_tenant_cannot_finish_it(
    client: Any, portal: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent_page = path_of(press_connect(client))
    consented = path_of(client.get(at_microsoft(client, consent_page)))
    sign_in = path_of(client.get(consented))
    client.cookies.pop("sandbox_account")
    elsewhere = sign_in.replace(ADVENTURE, "organizations")
    back = path_of(client.post(elsewhere, {"account": "wendy@wideworldimporters.example",
                                           "answer": "accept"}))  # fmt: skip
    answer = client.get(path_of(client.get(back)), follow=True)
    assert answer.status_code == 200
    assert nothing_is_kept(portal)


def test_a_missing_right_is_named_in_its_row(client: Any) -> None:
    registration = CloudRegistration.objects.get(name="TEM portal connection")
    registration.roles = ["Organization.Read.All"]
    registration.save()
    connector = all_the_way(client)
    check()
    assert rows(connector) == ["good", "good", "good", "bad"]
    page = words(client.get(f"{LIST}{connector.pk}/mdm/"))
    assert "The right DeviceManagementManagedDevices.Read.All is missing" in page


# --- the further consents ---------------------------------------------------------------------


def test_a_further_consent_has_a_switch_an_accept_and_a_status(client: Any, portal: Tenant) -> None:
    connector = all_the_way(client)
    page = f"{LIST}{connector.pk}/mdm/"
    switch = f"{LIST}{connector.pk}/consents/mdm_profiles/"
    assert "Connect first" in words(client.post(switch, {"on": "1"}, follow=True))
    check()
    assert "TEM app consent" in words(client.get(page))
    assert "Switch it on first" in words(client.post(switch, follow=True))
    cancelled = at_microsoft(client, path_of(client.post(switch, {"on": "1"})), answer="cancel")
    assert "It was cancelled" in words(client.get(cancelled, follow=True))
    back = at_microsoft(client, path_of(client.post(switch, {"on": "1"})))
    assert "The consent is active" in words(client.get(back, follow=True))
    with tenant_scope(portal.pk):
        consent = Consent.objects.get()
        assert (consent.purpose, consent.state) == ("mdm_profiles", "active")
        assert connected_client(tenant=portal, purpose="mdm_profiles").get(
            "deviceManagement/deviceConfigurations"
        )["value"]
    registration = CloudRegistration.objects.get(name="TEM portal MDM profiles")
    CloudConsent.objects.filter(registration=registration).delete()
    connecting_again(connector)
    with tenant_scope(portal.pk):
        consent.refresh_from_db()
        assert consent.state == "broken"
        assert Alert.objects.get().reason == "consent_withdrawn"
        connector.refresh_from_db()
        assert connector.state == ConnectorState.ACTIVE  # the connection itself stands
    client.post(switch)
    connecting_again(connector)
    with tenant_scope(portal.pk):
        assert Consent.objects.get().state == "off"
        assert Alert.objects.get().state == "resolved"


# --- in the browser ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_person_connects_a_new_tenant_in_the_browser(
    cloud: CloudTenant,
    contoso: Tenant,
    alice: User,
    browser_page: Any,
    sign_in: Callable[..., None],
    assert_accessible: Callable[..., None],
    live_server: Any,
    settings: Any,
) -> None:
    settings.SANDBOX_ORIGIN = live_server.url
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    entra.forget_everything()
    page = browser_page
    sign_in(page, alice)
    page.goto(LIST)
    page.get_by_role("link", name="Connect a provider").click()
    assert_accessible(page)
    page.get_by_role("link", name="Set up").nth(0).click()
    assert_accessible(page)
    page.get_by_role("link", name="Unlock").click()
    page.get_by_role("link", name="Adventure Works").click()
    assert_accessible(page)
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Gina Global").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert_accessible(page)
    page.get_by_text("Waiting").first.wait_for()
    assert_accessible(page)
    assert check() == 1
    page.get_by_text("State of your connection:").wait_for()
    assert page.locator('.check[data-state="good"]').count() == 4
    assert page.get_by_role("status").get_by_text("Active").is_visible()
    assert_accessible(page)
    rows_page, connector = page.url, newest()
    page.goto(LIST)
    with page.expect_popup() as opened:  # in a window of its own it closes itself
        page.evaluate("url => { window.open(url) }", f"{LIST}{connector.pk}/thank-you/")
    if not opened.value.is_closed():
        opened.value.wait_for_event("close")
    page.wait_for_url(rows_page)
    page.get_by_role("checkbox", name="On").first.check()
    page.get_by_role("button", name="Accept").first.click()
    page.get_by_role("button", name="Gina Global").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("The consent is active").wait_for()
    entra.forget_everything()


class Turnstile:
    """The checks of a connection made by a worker of their own, each when the test lets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gates = [threading.Semaphore(0) for _step in checks.STEPS]
        steps = [
            (name, self._gated(ask, gate), right)
            for (name, ask, right), gate in zip(checks.STEPS, self.gates, strict=True)
        ]
        monkeypatch.setattr(checks, "STEPS", steps)

    def _gated(self, ask: Callable[..., None], gate: threading.Semaphore) -> Callable[..., None]:
        def wait_and_ask(connection: Any) -> None:
            assert gate.acquire(timeout=60)
            ask(connection)

        return wait_and_ask

    def __enter__(self) -> Turnstile:
        self.worker = threading.Thread(target=self._work)
        self.worker.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for gate in self.gates:
            gate.release()
        self.worker.join(60)

    def _work(self) -> None:
        check()
        db.close()

    def let_through(self, step: int) -> None:
        self.gates[step].release()


@pytest.mark.django_db(transaction=True)
def test_the_rows_turn_one_after_the_other_before_ones_eyes(
    cloud: CloudTenant,
    contoso: Tenant,
    alice: User,
    browser_page: Any,
    sign_in: Callable[..., None],
    assert_accessible: Callable[..., None],
    live_server: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody reloads the page; the last one turns red, with what to do and a reference."""
    settings.SANDBOX_ORIGIN = live_server.url
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    seed.consent(seed.ADVENTURE_WORKS.id, "connection", now=timezone.now())
    CloudConsent.objects.update(roles=["Organization.Read.All"])
    with tenant_scope(contoso.pk):
        engine = create_built_in()
        connecting.accept(
            connector=engine, directory_id=ADVENTURE, mdm_server="intune", account=GINA, by=alice,
            now=timezone.now(),
        )  # fmt: skip
    entra.forget_everything()
    page = browser_page
    sign_in(page, alice)
    page.goto(f"{LIST}{engine.pk}/mdm/")
    states = page.locator(".check")

    def seen(*expected: str) -> None:
        for number, state in enumerate(expected):
            page.locator(f'.check:nth-child({number + 1})[data-state="{state}"]').wait_for()

    with Turnstile(monkeypatch) as turnstile:
        seen("waiting", "waiting", "waiting", "waiting")
        turnstile.let_through(0)
        seen("good", "waiting", "waiting", "waiting")
        turnstile.let_through(1)
        seen("good", "good", "waiting", "waiting")
        turnstile.let_through(2)
        seen("good", "good", "good", "waiting")
        assert page.get_by_text("State of your connection:").count() == 0
        turnstile.let_through(3)
        seen("good", "good", "good", "bad")
    assert "DeviceManagementManagedDevices.Read.All is missing" in states.nth(3).inner_text()
    assert re.search(r"Reference for support: [\w-]{8,}", states.nth(3).inner_text())
    page.get_by_role("status").get_by_text("Validation failed").wait_for()
    assert_accessible(page)
    entra.forget_everything()
