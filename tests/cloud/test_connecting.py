"""Connecting to a Microsoft tenant: from the page to Active, and every way it may end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.utils import timezone

from alerts.models import Alert
from audit.models import AuditEvent
from common import entra
from common.tenancy import tenant_scope
from connectors.actions import connecting
from connectors.actions.switch import create_built_in, set_enabled
from connectors.graph import NotConnected, connected_client
from connectors.graph_limits import Limits
from connectors.models import Check, Connector, ConnectorState, Consent
from connectors.workers import checks
from sandbox.cloud import seed
from sandbox.models import CloudConsent, CloudObject, CloudRegistration, CloudTenant, Fault, Kind
from tenants.models import Tenant, User
from tests.cloud.inside import ORIGIN, Inside

pytestmark = pytest.mark.django_db
ADVENTURE = str(seed.ADVENTURE_WORKS.id)
LIST = "/t/contoso/connectors/"
SET_UP = f"{LIST}providers/datalert/"
GINA, IVAN = "gina@adventure-works.example", "ivan@adventure-works.example"


@pytest.fixture
def portal(cloud: CloudTenant, inside: Inside, contoso: Tenant) -> Tenant:
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    contoso.refresh_from_db()
    return contoso


@pytest.fixture
def client(portal: Tenant, alice: User, client_for: Callable[..., Any]) -> Any:
    return client_for(alice)


def press_connect(client: Any, page: str = SET_UP, **changed: str) -> Any:
    sent = {"mdm_server": "intune", "directory": "adventure-works.example", **changed}
    return client.post(page, sent)


def path_of(answer: Any) -> str:
    """Where an answer leads, as a path of the portal; nothing leads anywhere else."""
    assert answer.status_code == 302, re.sub(r"\s+", " ", answer.content.decode())[:2000]
    return answer["Location"].removeprefix(ORIGIN)


def at_microsoft(client: Any, url: str, account: str = GINA, answer: str = "accept") -> str:
    """Sign in there and answer the consent page; the address that comes back."""
    return path_of(client.post(url, {"account": account, "answer": answer}))


def all_the_way(client: Any, start: Any = None, account: str = GINA) -> Connector:
    """From Connect to the thank-you page."""
    consent_page = path_of(start or press_connect(client))
    assert "adminconsent" in consent_page
    consented = path_of(client.get(at_microsoft(client, consent_page, account)))
    sign_in = path_of(client.get(consented))
    assert "code_challenge_method=S256" in sign_in
    signed_in = path_of(client.get(path_of(client.get(sign_in))))
    thanks = path_of(client.get(signed_in))
    page = client.get(thanks)
    assert "closes by itself" in page.content.decode()
    assert re.match(r"2; url=/t/contoso/connectors/\d+/mdm/", page["Refresh"])
    return _newest()


def _newest() -> Connector:
    return Connector._base_manager.filter(directory_id=ADVENTURE).latest("pk")


def check(now: Any = None) -> int:
    return checks.check_due(now=now or timezone.now())


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())).split())


def rows(connector: Connector) -> list[str]:
    with tenant_scope(connector.tenant_id):
        states = dict(Check.objects.filter(connector=connector).values_list("name", "state"))
    return [states[name] for name in ("tenant_id", "authorization", "connection", "onboarding")]


def partners(organisation: str = ADVENTURE) -> list[dict[str, Any]]:
    found = CloudObject.objects.filter(
        cloud_tenant_id=organisation, kind=Kind.PARTNER, removed=False
    )
    return [row.body for row in found]


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
    connector = _newest()
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


def connecting_again(connector: Connector) -> None:
    with tenant_scope(connector.tenant_id):
        connecting.check_now(connector=connector, now=timezone.now())
    check()


# --- health -----------------------------------------------------------------------------------


def set_fault(fault: Fault) -> None:
    CloudTenant.objects.filter(pk=ADVENTURE).update(fault=fault)


@pytest.mark.parametrize(
    ("fault", "state", "reason", "severity"),
    [
        (Fault.THROTTLED_ABSURD, "no_recent_contact", "graph_throttled", "warning"),
        (Fault.FAILING, "no_recent_contact", "graph_down", "warning"),
        (Fault.GARBAGE, "no_recent_contact", "graph_nonsense", "warning"),
        (Fault.EXPIRED_CONSENT, "validation_failed", "cloud_no_consent", "critical"),
        (Fault.EXPIRED_SECRET, "validation_failed", "cloud_secret_expired", "critical"),
    ],
)
def test_trouble_is_a_state_and_an_alert_and_is_over_by_itself(
    client: Any,
    portal: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    fault: Fault,
    state: str,
    reason: str,
    severity: str,
) -> None:
    monkeypatch.setattr("connectors.graph.clients.WEB_PATIENCE", 0.0)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    connector = all_the_way(client)
    check()
    set_fault(fault)
    connecting_again(connector)
    connector.refresh_from_db()
    assert connector.state == state
    assert connector.is_set_up == (state == "no_recent_contact")
    usual = timedelta(minutes=settings.CONNECTOR_CHECK_MINUTES)
    assert connector.check_at <= timezone.now() + usual  # however long Graph asks to be left alone
    with tenant_scope(portal.pk):
        [alert] = Alert.objects.all()
        assert (alert.reason, alert.severity, alert.state) == (reason, severity, "open")
    assert "Reference for support:" in words(client.get(f"{LIST}{connector.pk}/"))
    assert "Saaswedo Datalert" in words(client.get("/t/contoso/alerts/"))
    set_fault(Fault.NONE)
    limits = Limits(tenant_id=portal.pk, provider="graph")
    for name in ("paused", "failures", "tried"):  # their time has run out
        limits._ask(lambda server, name=name: server.delete(limits._key(name)), None)
    connector.refresh_from_db()
    assert check(connector.check_at) == 1  # nobody pressed anything
    connector.refresh_from_db()
    assert connector.state == ConnectorState.ACTIVE
    with tenant_scope(portal.pk):
        assert Alert.objects.get().state == "resolved"
        changes = AuditEvent.objects.filter(action="connector.state_changed")
        assert [event.after["state"] for event in changes.order_by("pk")][-2:] == [state, "active"]


def test_a_provider_that_falls_silent_is_told(
    client: Any, portal: Tenant, bob: User, client_for: Callable[..., Any]
) -> None:
    connector = all_the_way(client)
    Connector._base_manager.filter(pk=connector.pk).update(
        last_connection_at=timezone.now() - timedelta(hours=25)
    )
    check()
    check(timezone.now() + timedelta(hours=1))
    connector.refresh_from_db()
    assert connector.state == ConnectorState.NO_RECENT_CONTACT
    assert connector.lets_through
    with tenant_scope(portal.pk):
        assert Alert.objects.get().reason == "provider_silent"
    page = f'href="{LIST}{connector.pk}/"'
    assert page in client.get("/t/contoso/alerts/").content.decode()
    told = client_for(bob).get("/t/contoso/alerts/").content.decode()
    assert "Saaswedo Datalert" in told
    assert page not in told  # the helpdesk sees no connectors


def test_a_check_left_behind_by_a_dead_worker_is_made_by_the_next(client: Any) -> None:
    connector = all_the_way(client)
    with tenant_scope(connector.tenant_id):
        assert checks._claim(connector.pk, timezone.now())
    assert check() == 0
    assert check(timezone.now() + checks.LEASE) == 1
    connector.refresh_from_db()
    assert connector.state == ConnectorState.ACTIVE


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
    rows_page, connector = page.url, _newest()
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
