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
from connectors.models import Connector
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
    assert "Restrictions to be undone: 1. Devices to be told: 1" in asked.content.decode()
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
    browser_page.get_by_label("Disable").check()
    browser_page.get_by_role("button", name="Save").click()
    assert_accessible(browser_page)
    browser_page.get_by_role("button", name="Disable").click()
    browser_page.get_by_text("1 device is being released").wait_for()
