"""A connection that stood and fails: found by the clock, told, harmless, and over by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from alerts.models import Alert
from audit.models import AuditEvent
from common.tenancy import tenant_scope
from connectors.actions.app_registrations import set_registration
from connectors.actions.signals import SignalRequest, receive
from connectors.graph_limits import Limits
from connectors.models import Check, Connector, ConnectorState, Consent, Signal
from connectors.workers import checks
from devices.models import Device, DeviceControl
from jobs.models import Job
from sandbox.cloud.registrations import REGISTRATIONS
from sandbox.models import CloudConsent, CloudTenant, Fault
from tenants.models import Tenant, User
from tests.cloud.connect import ADVENTURE, LIST, all_the_way, check, rows, words
from tests.cloud.inside import Inside
from tests.usage_factories import make_line_with_device

pytestmark = pytest.mark.django_db


def set_fault(fault: Fault, left: int | None = None) -> None:
    CloudTenant.objects.filter(pk=ADVENTURE).update(fault=fault, faults_left=left)


@pytest.fixture
def standing(client: Any, portal: Tenant) -> Iterator[Connector]:
    """Datalert's connector, active; nothing of a fault is remembered before and after."""
    _forget_waits(portal)
    connector = all_the_way(client)
    check()
    connector.refresh_from_db()
    assert connector.state == ConnectorState.ACTIVE
    yield connector
    _forget_waits(portal)


def _forget_waits(portal: Tenant) -> None:
    """As if their time had run out."""
    limits = Limits(tenant_id=portal.pk, provider="graph")
    for name in ("paused", "failures", "tried"):
        limits._ask(lambda server, name=name: server.delete(limits._key(name)), None)


def when_due(connector: Connector) -> None:
    """What the scheduler does at the hour that the connector itself named; nobody pressed."""
    connector.refresh_from_db()
    assert check(connector.check_at) == 1
    connector.refresh_from_db()


def signal(connector: Connector, device: Device, action: str, restriction: str) -> str:
    key = uuid4()
    with tenant_scope(connector.tenant_id), transaction.atomic():
        connector.refresh_from_db()
        request = SignalRequest(
            key=key, restriction=restriction, action=action, line_id=None, device_id=device.pk,
            occurred_at=timezone.now(), reason="within_limits",
        )  # fmt: skip
        receive(connector=connector, requests=[request], now=timezone.now())
        return Signal.objects.get(key=key).outcome


def desired(device: Device) -> list[str]:
    with tenant_scope(device.tenant_id):
        return list(DeviceControl.objects.get(device=device).desired)


LASTING = [
    (Fault.THROTTLED, "no_recent_contact", "graph_throttled", "warning"),
    (Fault.THROTTLED_FRACTION, "no_recent_contact", "graph_throttled", "warning"),
    (Fault.THROTTLED_SILENT, "no_recent_contact", "graph_throttled", "warning"),
    (Fault.THROTTLED_ABSURD, "no_recent_contact", "graph_throttled", "warning"),
    (Fault.FAILING, "no_recent_contact", "graph_down", "warning"),
    (Fault.GARBAGE, "no_recent_contact", "graph_nonsense", "warning"),
    (Fault.ENDLESS, "no_recent_contact", "graph_nonsense", "warning"),
    (Fault.FOREIGN_LINK, "no_recent_contact", "graph_nonsense", "warning"),
    (Fault.EXPIRED_CONSENT, "validation_failed", "cloud_no_consent", "critical"),
    (Fault.EXPIRED_SECRET, "validation_failed", "cloud_secret_expired", "critical"),
]


@pytest.mark.parametrize(("fault", "state", "reason", "severity"), LASTING)
def test_trouble_is_found_told_and_over_by_itself_and_moves_no_block(
    client: Any,
    portal: Tenant,
    standing: Connector,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    fault: Fault,
    state: str,
    reason: str,
    severity: str,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    _line, phone = make_line_with_device(portal)[:2]
    assert signal(standing, phone, "block", "roaming_data") == "processed"
    set_fault(fault)
    when_due(standing)
    assert standing.state == state
    usual = timedelta(minutes=settings.CONNECTOR_CHECK_MINUTES)
    assert standing.check_at <= timezone.now() + usual * 2  # however long Graph wants its peace
    with tenant_scope(portal.pk):
        [alert] = Alert.objects.all()
        assert (alert.reason, alert.severity, alert.state) == (reason, severity, "open")
    for page in (f"{LIST}{standing.pk}/", LIST, f"{LIST}{standing.pk}/mdm/"):
        assert str(ConnectorState(state).label) in words(client.get(page))
    assert "Reference for support:" in words(client.get(f"{LIST}{standing.pk}/"))
    assert "Saaswedo Datalert" in words(client.get("/t/contoso/alerts/"))

    assert desired(phone) == ["roaming_data"]  # never a wrong unblock
    outcome = signal(standing, phone, "block", "cellular_data")
    works = state == "no_recent_contact"
    assert outcome == ("processed" if works else "rejected")  # nor a wrong block
    assert desired(phone) == (["cellular_data", "roaming_data"] if works else ["roaming_data"])

    set_fault(Fault.NONE)
    _forget_waits(portal)
    when_due(standing)
    assert standing.state == ConnectorState.ACTIVE
    assert signal(standing, phone, "unblock", "roaming_data") == "processed"
    with tenant_scope(portal.pk):
        assert Alert.objects.get().state == "resolved"
        changes = AuditEvent.objects.filter(action="connector.state_changed")
        assert [event.after["state"] for event in changes.order_by("pk")][-2:] == [state, "active"]


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        (Fault.THROTTLED_FRACTION, 3),
        (Fault.THROTTLED_SILENT, 2),
        (Fault.FAILING, 3),
    ],
)
def test_a_burst_is_waited_out_within_the_check(
    portal: Tenant, standing: Connector, fault: Fault, answers: int
) -> None:
    set_fault(fault, left=answers)
    when_due(standing)
    assert standing.state == ConnectorState.ACTIVE
    assert rows(standing) == ["good"] * 4
    assert CloudTenant.objects.get(pk=ADVENTURE).faults_left == 0
    with tenant_scope(portal.pk):
        assert not Alert.objects.exists()


@pytest.mark.parametrize("fault", [Fault.FOREIGN_LINK, Fault.GARBAGE, Fault.THROTTLED_ABSURD])
def test_no_token_and_no_secret_is_left_anywhere(
    client: Any,
    portal: Tenant,
    standing: Connector,
    inside: Inside,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    fault: Fault,
) -> None:
    """Every request went to the one cloud (`inside` refuses others); here: what was kept of it."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    set_fault(fault)
    when_due(standing)
    spoken = [request.headers.get("Authorization", "") for request in inside.sent]
    hidden = {bearer.removeprefix("Bearer ") for bearer in spoken if bearer}
    hidden |= {known.secret for known in REGISTRATIONS}
    assert len(hidden) > len(REGISTRATIONS)
    out = capsys.readouterr()
    with tenant_scope(portal.pk):
        kept = [
            *Check.objects.values_list("reason", "facts", "reference"),
            *Alert.objects.values_list("reason", "facts"),
            *AuditEvent.objects.values_list("action", "before", "after"),
            *Job.objects.values_list("checkpoint", "result", "parameters"),
        ]
    told = "".join([
        caplog.text, out.out, out.err, str(kept),
        words(client.get(f"{LIST}{standing.pk}/")), words(client.get("/t/contoso/alerts/")),
    ])  # fmt: skip
    assert "graph_" in told
    assert not [secret for secret in hidden if secret in told]


def test_a_consent_that_was_withdrawn_is_found_and_given_back(
    client: Any, portal: Tenant, standing: Connector
) -> None:
    """Not a fault that is switched: the application is gone from the directory."""
    consent = CloudConsent.objects.get(cloud_tenant_id=ADVENTURE)
    consent.delete()
    when_due(standing)
    assert (standing.state, standing.app_authorized) == (ConnectorState.VALIDATION_FAILED, False)
    assert rows(standing) == ["good", "bad", "skipped", "skipped"]
    consent.save(force_insert=True)
    when_due(standing)
    assert (standing.state, standing.app_authorized) == (ConnectorState.ACTIVE, True)
    with tenant_scope(portal.pk):
        assert Alert.objects.get().state == "resolved"


def test_a_secret_is_warned_of_before_it_ends_and_a_new_one_is_tried_at_once(
    client: Any, portal: Tenant, standing: Connector, alice: User
) -> None:
    known = next(each for each in REGISTRATIONS if each.key == "connection")
    today = timezone.localdate()

    def enter(secret: str, days: int) -> None:
        with tenant_scope(portal.pk):
            set_registration(
                purpose="connection", client_id=known.client_id, kind="secret", secret=secret,
                expires_on=today + timedelta(days=days), by=alice, now=timezone.now(),
            )  # fmt: skip
        assert check() == 1
        standing.refresh_from_db()

    enter(known.secret, 29)
    assert standing.state == ConnectorState.ACTIVE
    with tenant_scope(portal.pk):
        assert Alert.objects.get().reason == "registration_expires"
    enter("not the secret", 400)
    assert standing.state == ConnectorState.VALIDATION_FAILED
    with tenant_scope(portal.pk):
        open_now = Alert.objects.filter(state="open")
        assert [alert.reason for alert in open_now] == ["cloud_secret_refused"]
    enter(known.secret, 400)
    assert standing.state == ConnectorState.ACTIVE
    with tenant_scope(portal.pk):
        assert not Alert.objects.exclude(state="resolved").exists()


def test_a_further_consent_that_ends_is_told_and_the_connection_stands(
    portal: Tenant, standing: Connector
) -> None:
    with tenant_scope(portal.pk):
        Consent.objects.create(
            tenant=portal, connector=standing, purpose="tem_app", state="active",
            accepted_at=timezone.now(),
        )  # fmt: skip
    when_due(standing)  # it was never given there
    with tenant_scope(portal.pk):
        consent = Consent.objects.get()
        assert (consent.state, Alert.objects.get().reason) == ("broken", "consent_withdrawn")
    assert standing.state == ConnectorState.ACTIVE


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
