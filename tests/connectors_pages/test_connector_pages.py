"""The connector's pages: what they show, and the switch that lets signals through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from connectors.actions.signals import SignalRequest, receive
from connectors.actions.switch import create_built_in
from connectors.models import Connector, Signal
from connectors.ports import lines
from devices.models import RestrictionReason
from tenants.models import Tenant, User
from tests.usage_factories import make_line_with_device

LIST = "/t/contoso/connectors/"


@pytest.fixture
def blocking(contoso: Tenant) -> Connector:
    """Contoso's engine, which has one device restricted."""
    line, device = make_line_with_device(contoso)[:2]
    with tenant_scope(contoso.pk):
        connector = create_built_in()
        request = SignalRequest(
            key=uuid4(),
            restriction="cellular_data",
            action="block",
            line_id=line.pk,
            device_id=device.pk,
            occurred_at=timezone.now(),
            reason="within_limits",
        )
        with transaction.atomic():
            receive(connector=connector, requests=[request], now=timezone.now())
    return connector


def test_disabling_asks_first_and_says_what_it_releases(
    blocking: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    asked = client.post(f"{LIST}{blocking.pk}/switch/", {"enabled": "0"}, follow=True)
    words = re.sub(r"<[^>]+>|\s+", " ", asked.content.decode())
    assert re.search(r"Restrictions to be undone\s+1\s+Devices to be told\s+1", words)
    blocking.refresh_from_db()
    assert blocking.portal_enabled  # nothing yet


def test_disabling_releases_and_is_on_record(
    blocking: Connector, alice: User, client_for: Callable[..., Any], contoso: Tenant
) -> None:
    answer = client_for(alice).post(f"{LIST}{blocking.pk}/turn-off/", follow=True)
    assert "1 device is being released" in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert not Connector.objects.get().portal_enabled
        assert not RestrictionReason.objects.exists()
        assert AuditEvent.objects.filter(action="connector.disabled", actor=alice.email).exists()


def test_pressing_twice_is_no_error_and_changes_nothing_more(
    blocking: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    client.post(f"{LIST}{blocking.pk}/turn-off/")
    assert client.post(f"{LIST}{blocking.pk}/turn-off/").status_code == 404  # it is off already
    again = client.post(f"{LIST}{blocking.pk}/switch/", {"enabled": "0"}, follow=True)
    assert "Nothing was changed" in again.content.decode()


def test_enabling_needs_no_question(
    blocking: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    client.post(f"{LIST}{blocking.pk}/turn-off/")
    client.post(f"{LIST}{blocking.pk}/switch/", {"enabled": "1"})
    blocking.refresh_from_db()
    assert blocking.portal_enabled


def test_neither_choice_is_an_error_on_the_page(
    blocking: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    answer = client_for(alice).post(f"{LIST}{blocking.pk}/switch/", {"enabled": "perhaps"})
    assert answer.status_code == 422


def test_an_auditor_sees_the_page_without_the_switch(
    blocking: Connector, arthur: User, client_for: Callable[..., Any]
) -> None:
    page = client_for(arthur).get(f"{LIST}{blocking.pk}/").content.decode()
    assert "Devices over their limits are restricted" in page
    assert not re.search(r'name="enabled"', page)


def test_signals_are_listed_with_their_outcome_and_filtered(
    blocking: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    assert "Processed" in client.get(f"{LIST}signals/").content.decode()
    none = client.get(f"{LIST}signals/?outcome=ignored").content.decode()
    assert "cellular" not in re.sub(r"<select.*?</select>", "", none, flags=re.DOTALL).lower()


@pytest.mark.django_db(transaction=True)
def test_the_pages_in_the_browser(
    blocking: Connector,
    alice: User,
    browser_page: Any,
    sign_in: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    sign_in(browser_page, alice)
    for address in (LIST, f"{LIST}{blocking.pk}/", f"{LIST}signals/"):
        browser_page.goto(address)
        assert_accessible(browser_page)
    browser_page.goto(f"{LIST}{blocking.pk}/")
    browser_page.get_by_role("radio", name="Disable").check()
    browser_page.get_by_role("button", name="Save").click()
    dialog = browser_page.get_by_role("dialog", name="Disable Built-in engine?")
    dialog.get_by_text("Devices to be told").wait_for()
    assert_accessible(browser_page)
    dialog.get_by_role("link", name="Cancel").click()
    browser_page.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Disable and release").click()
    browser_page.get_by_text("1 device is being released").wait_for()
    browser_page.get_by_text("devices are released").wait_for()
    assert_accessible(browser_page)


def test_signals_are_found_by_connector_line_and_day(
    blocking: Connector, alice: User, client_for: Callable[..., Any], contoso: Tenant
) -> None:
    client = client_for(alice)
    with tenant_scope(contoso.pk):
        line_id = Signal.objects.get().line_id
        number = lines().named(ids=[line_id])[line_id].label
    shown = f"{LIST}signals/?connector={blocking.pk}&q={number[1:]}&when=today&restriction="
    assert number in client.get(shown).content.decode()
    for nothing in ("q=999999", "outcome=rejected", "action=unblock"):
        assert number not in client.get(f"{LIST}signals/?{nothing}").content.decode()
