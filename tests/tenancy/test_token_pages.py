"""The tokens' pages: made and shown once, listed, revoked, on record."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tenants.models import ApiToken
from tests.api.conftest import token_for

LIST = "/t/contoso/connectors/tokens/"
NEW = f"{LIST}new/"


def test_a_token_is_shown_once_and_kept_as_a_hash(contoso, alice, client_for):
    client = client_for(alice)
    page = client.post(NEW, {"name": "Feed", "scopes": ["usage:write", "signals:write"]})
    [secret] = set(re.findall(r"tem_[a-z2-9]{8}_[\w-]{43}", page.content.decode()))
    assert page["Cache-Control"] == "private, no-store"
    listed = client.get(LIST).content.decode()
    assert secret not in listed
    assert secret[:12] in listed
    with tenant_scope(contoso.pk):
        token = ApiToken.objects.get()
        assert secret.split("_", 2)[2] not in str(ApiToken.objects.values().get())
        event = AuditEvent.objects.get(action="token.created")
        assert token.history.count() == 1
    assert event.actor == alice.email
    assert event.after["scopes"] == ["signals:write", "usage:write"]
    assert secret.split("_", 2)[2] not in str(event.after)


def test_the_last_day_is_over_at_midnight_in_the_tenants_zone(contoso, alice, client_for):
    day = timezone.localdate() + timedelta(days=7)
    client_for(alice).post(
        NEW, {"name": "Feed", "scopes": ["reports:read"], "last_day": f"{day:%Y-%m-%d}"}
    )
    with tenant_scope(contoso.pk):
        ends = ApiToken.objects.get().expires_at.astimezone(contoso.zone)
    assert (ends.date(), ends.hour) == (day + timedelta(1), 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": "x" * 81},
        {"last_day": "2020-01-01"},
        {"last_day": "9999-12-31"},
        {"last_day": "soon"},
        {"name": "\0"},
    ],
    ids=range(8),
)
def test_what_is_wrong_is_named_and_nothing_made(contoso, alice, client_for, wrong):
    answer = client_for(alice).post(NEW, {"name": "Feed", "scopes": ["usage:write"], **wrong})
    assert answer.status_code == 422
    with tenant_scope(contoso.pk):
        assert not ApiToken.objects.exists()


def test_nobody_lets_a_program_do_what_they_may_not_do(contoso, dana, client_for):
    client = client_for(dana)  # Intune administrator: no licences
    assert "Report sign-ins" not in client.get(NEW).content.decode()
    answer = client.post(NEW, {"name": "Feed", "scopes": ["sign-ins:write"]})
    assert answer.status_code == 422
    assert client.post(NEW, {"name": "Feed", "scopes": ["signals:write"]}).status_code == 200


def test_revoking_asks_first_and_is_on_record(contoso, alice, client_for):
    program = token_for(alice, contoso)
    with tenant_scope(contoso.pk):
        token = ApiToken.objects.get()
    client = client_for(alice)
    asked = client.get(f"{LIST}{token.pk}/revoke/").content.decode()
    assert f"tem_{token.prefix}" in asked
    done = client.post(f"{LIST}{token.pk}/revoke/", follow=True).content.decode()
    assert "Revoked" in done
    assert program.send({}).status_code == 401
    assert client.post(f"{LIST}{token.pk}/revoke/").status_code == 422  # a second press
    with tenant_scope(contoso.pk):
        assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_an_auditor_sees_tokens_and_changes_none(contoso, alice, arthur, client_for):
    token_for(alice, contoso)
    page = client_for(arthur).get(LIST).content.decode()
    assert "Carrier feed" in page
    assert "Revoke" not in page
    assert client_for(arthur).get(NEW).status_code == 403


@pytest.mark.parametrize("rows", [3, 30])
def test_the_list_costs_the_same_however_long(
    contoso, alice, client_for, rows, django_assert_max_num_queries
):
    for _ in range(rows):
        token_for(alice, contoso)
    client = client_for(alice)
    client.get(LIST)
    with django_assert_max_num_queries(9):
        page = client.get(LIST)
    assert page.content.decode().count("Carrier feed") >= rows


@pytest.mark.django_db(transaction=True)
def test_a_token_is_made_in_the_browser(alice, browser_page, sign_in, assert_accessible):
    sign_in(browser_page, alice)
    browser_page.goto("/t/contoso/connectors/")
    browser_page.get_by_role("link", name="API tokens").click()
    assert_accessible(browser_page)
    browser_page.get_by_role("link", name="New token").first.click()
    browser_page.get_by_label("Name").fill("Carrier feed")
    browser_page.get_by_label("Send signals").check()
    assert_accessible(browser_page)
    browser_page.get_by_role("button", name="Make the token").click()
    secret = browser_page.get_by_label("Token", exact=True).input_value()
    assert secret.startswith("tem_")
    assert_accessible(browser_page)
    answer = browser_page.request.post(
        "/api/v1/signals", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status == 415  # let in, and then told what to send
    browser_page.get_by_role("link", name="I have copied it").click()
    browser_page.get_by_role("cell", name="Active").wait_for()
    browser_page.get_by_role("link", name="Revoke Carrier feed").click()
    browser_page.get_by_role("button", name="Revoke").click()
    browser_page.get_by_role("cell", name="Revoked", exact=True).wait_for()
    assert_accessible(browser_page)
