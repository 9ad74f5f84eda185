"""Signing in with Microsoft: who is let in, as what, and how far such a session reaches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from common import entra
from common.permissions import Role
from common.tenancy import across_tenants, tenant_scope
from sandbox.cloud import seed, tokens
from sandbox.models import CloudObject, CloudTenant, Kind
from tenants import entra_members
from tenants.entra_members import NotAdmitted, admit, choose
from tenants.models import EntraGroupRole, EntraIdentity, Membership, Tenant, User
from tests.cloud.inside import ORIGIN, Inside
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CONTOSO = seed.CONTOSO.id


@pytest.fixture
def portal(cloud: CloudTenant, inside: Inside, contoso: Tenant) -> Tenant:
    """Contoso, which accepts the people of its directory."""
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    contoso.refresh_from_db()
    with tenant_scope(contoso.pk):
        choose(directory_id=CONTOSO, enabled=True, by=None)
    return contoso


def sign_in_as(account: str, client: Client | None = None, **sent: str) -> tuple[Client, Any]:
    """Press the button, pick the account, come back; the last answer, followed."""
    client = client or Client()
    start = client.post("/accounts/microsoft/", {"cloud": "sandbox", **sent})
    page = start["Location"].removeprefix(ORIGIN)
    back = client.post(page, {"account": account, "answer": "accept"})
    return client, client.get(back["Location"].removeprefix(ORIGIN), follow=True)


def words(answer: Any) -> str:
    return unescape(answer.content.decode())


def role_of(email: str, tenant: Tenant) -> str | None:
    with tenant_scope(tenant.pk):
        found = Membership.objects.in_force().filter(user__email=email).first()
        return found.role if found else None


def set_app_roles(name: str, *roles: str) -> None:
    person = CloudObject.objects.get(kind=Kind.USER, object_id=str(seed.user_id(CONTOSO, name)))
    person.hidden["appRoles"] = list(roles)
    person.save()


def test_an_app_role_makes_a_member_and_goes_again(portal: Tenant, alice: User) -> None:
    client, answer = sign_in_as("rita@contoso.example", next="/t/contoso/")
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == "/t/contoso/"
    assert role_of("rita@contoso.example", portal) == Role.REPORT_READER
    identity = EntraIdentity.objects.get()
    assert identity.object_id == seed.user_id(CONTOSO, "rita")
    set_app_roles("rita", "helpdesk", "auditor")  # the one that says most
    sign_in_as("rita@contoso.example")
    assert role_of("rita@contoso.example", portal) == Role.HELPDESK
    set_app_roles("rita")
    _client, refused = sign_in_as("rita@contoso.example")
    assert "Your account has no role here" in words(refused)
    assert role_of("rita@contoso.example", portal) is None
    assert client.get("/t/contoso/").status_code == 404  # the session that was open, too
    with tenant_scope(portal.pk):
        acts = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"membership.added", "membership.role_changed", "membership.removed"} <= acts


def test_a_member_is_linked_and_keeps_the_role_of_the_portal(portal: Tenant, bob: User) -> None:
    set_app_roles("bob", "global_administrator")
    sign_in_as("bob@contoso.example")
    assert EntraIdentity.objects.get().user == bob
    assert role_of(bob.email, portal) == Role.HELPDESK


def test_a_group_gives_a_role(portal: Tenant) -> None:
    group = CloudObject.objects.get(
        cloud_tenant_id=CONTOSO, kind=Kind.GROUP, body__displayName="Sales"
    )
    group.hidden["members"].append(str(seed.user_id(CONTOSO, "ursula")))
    group.save()
    assert "no role here" in words(sign_in_as("ursula@contoso.example")[1])
    with tenant_scope(portal.pk):
        EntraGroupRole.objects.create(group_id=group.object_id, role="auditor")
    sign_in_as("ursula@contoso.example")
    assert role_of("ursula@contoso.example", portal) == Role.AUDITOR


def test_people_of_other_directories_are_not_let_in(portal: Tenant) -> None:
    _client, answer = sign_in_as("charlie@fabrikam.example")
    assert "not connected to this portal" in words(answer)
    assert not User.objects.filter(email="charlie@fabrikam.example").exists()
    with tenant_scope(portal.pk):
        choose(directory_id=CONTOSO, enabled=False, by=None)
    assert "not connected to this portal" in words(sign_in_as("alice@contoso.example")[1])


def claims_of(address: str, *, oid: Any = None, tid: Any = CONTOSO, **more: Any) -> dict[str, Any]:
    return {"tid": str(tid), "oid": str(oid or uuid4()), "preferred_username": address, **more}


def test_a_name_given_to_somebody_new_opens_nothing(portal: Tenant, bob: User) -> None:
    admit(claims=claims_of(bob.email), cloud="sandbox", now=NOW)
    with pytest.raises(NotAdmitted):
        admit(claims=claims_of(bob.email, roles=["auditor"]), cloud="sandbox", now=NOW)
    assert EntraIdentity.objects.count() == 1


def test_an_account_of_elsewhere_is_not_taken_by_its_address(
    portal: Tenant, charlie: User, nora: User
) -> None:
    for person in (charlie, nora):
        claims = claims_of(person.email, roles=["global_administrator"])
        with pytest.raises(NotAdmitted):
            admit(claims=claims, cloud="sandbox", now=NOW)
    assert not EntraIdentity.objects.exists()


def test_who_was_removed_here_stays_out(portal: Tenant, alice: User) -> None:
    person = UserFactory(email="gone@contoso.example")
    MembershipFactory(tenant=portal, user=person, role=Role.AUDITOR, removed_at=NOW)
    EntraIdentity.objects.create(
        user=person, directory_id=CONTOSO, object_id=uuid4(), created_at=NOW
    )
    oid = EntraIdentity.objects.get().object_id
    claims = claims_of(person.email, oid=oid, roles=["auditor"])
    with pytest.raises(NotAdmitted):
        admit(claims=claims, cloud="sandbox", now=NOW)


def test_the_last_administrator_is_not_lost_to_a_role_that_went(portal: Tenant) -> None:
    claims = claims_of("only@contoso.example", roles=["global_administrator"])
    user = admit(claims=claims, cloud="sandbox", now=NOW)
    admit(claims={**claims, "roles": []}, cloud="sandbox", now=NOW)
    assert role_of(user.email, portal) == Role.GLOBAL_ADMINISTRATOR


def test_another_clouds_directory_of_the_same_id_opens_nothing(portal: Tenant) -> None:
    with pytest.raises(NotAdmitted):
        admit(claims=claims_of("x@contoso.example", roles=["auditor"]), cloud="global", now=NOW)
    assert entra_members.directories(cloud="global") == []


def test_such_a_session_reaches_its_tenants_only(portal: Tenant, fabrikam: Tenant) -> None:
    user = UserFactory(email="alice@contoso.example", is_operator=True)
    for tenant in (portal, fabrikam):
        MembershipFactory(tenant=tenant, user=user, role=Role.GLOBAL_ADMINISTRATOR)
    client, _answer = sign_in_as(user.email)
    assert client.get("/t/contoso/").status_code == 200
    assert client.get("/t/fabrikam/").status_code == 404
    assert "Fabrikam" not in client.get("/t/contoso/").content.decode()
    assert "Fabrikam" not in client.get("/tenants/").content.decode()
    for page in (
        reverse("operators:tenants"),
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/reauthenticate/",
    ):
        assert client.get(page).status_code == 403, page
    with tenant_scope(fabrikam.pk):
        choose(directory_id=CONTOSO, enabled=True, by=None)
    assert client.get("/t/fabrikam/").status_code == 404  # Fabrikam is in another cloud
    Tenant.objects.filter(pk=fabrikam.pk).update(cloud="sandbox")
    assert client.get("/t/fabrikam/").status_code == 200
    with tenant_scope(portal.pk):
        choose(directory_id=CONTOSO, enabled=False, by=None)
    assert client.get("/t/contoso/").status_code == 404  # at once


def test_no_second_factor_of_ours_is_asked_of_such_a_session(portal: Tenant, settings: Any) -> None:
    client, _answer = sign_in_as("dana@contoso.example")
    settings.SANDBOX = False
    assert client.get("/t/contoso/").status_code == 200


def test_a_forged_answer_signs_nobody_in(portal: Tenant, alice: User) -> None:
    client = Client()
    start = client.post("/accounts/microsoft/", {"cloud": "sandbox"})
    page = start["Location"].removeprefix(ORIGIN)
    state = parse_qs(urlsplit(page).query)["state"][0]
    for url in (
        f"/accounts/microsoft/finish/?state={state}&code=guessed",
        f"/accounts/microsoft/finish/?state={state}&code=guessed",  # it counted once
        "/accounts/microsoft/finish/?state=guessed&code=x",
    ):
        client.get(url, follow=True)
        assert client.get("/t/contoso/").status_code == 302
    stranger = Client().get(f"/accounts/microsoft/answer/?state={state}&code=x")
    assert stranger.status_code == 400


def test_a_token_that_is_not_right_signs_nobody_in(
    portal: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tokens.id_token

    def expired(**kwargs: Any) -> str:
        return original(**{**kwargs, "now": datetime(2020, 1, 1, tzinfo=UTC)})

    monkeypatch.setattr(tokens, "id_token", expired)
    client, answer = sign_in_as("alice@contoso.example")
    assert "could not be verified" in words(answer)
    assert client.get("/t/contoso/").status_code == 302


def test_the_way_back_is_on_this_host(portal: Tenant) -> None:
    _client, answer = sign_in_as("alice@contoso.example", next="https://evil.example/")
    assert all("evil" not in url for url, _status in answer.redirect_chain)


@pytest.mark.django_db(transaction=True)
def test_the_button_and_the_tenants_page_in_the_browser(
    cloud: CloudTenant,
    contoso: Tenant,
    alice: User,
    browser_page: Any,
    live_server: Any,
    settings: Any,
    assert_accessible: Callable[..., None],
) -> None:
    settings.SANDBOX_ORIGIN = live_server.url
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    with tenant_scope(contoso.pk):
        choose(directory_id=CONTOSO, enabled=True, by=None)
    entra.forget_everything()
    browser_page.goto("/accounts/login/")
    assert_accessible(browser_page)
    browser_page.get_by_role("button", name="Sign in with Microsoft").click()
    browser_page.get_by_role("button", name="Alice Adams").click()
    browser_page.get_by_role("button", name="Accept").click()
    browser_page.wait_for_url("**/t/contoso/")
    browser_page.goto("/t/contoso/people/microsoft/")
    assert_accessible(browser_page)
    browser_page.get_by_label("Object ID of the group").fill(str(uuid4()))
    browser_page.get_by_label("Role", exact=True).select_option("helpdesk")
    browser_page.get_by_role("button", name="Add").click()
    browser_page.get_by_text("The group has its role").wait_for()
    assert_accessible(browser_page)
    browser_page.get_by_label("Let people sign in with Microsoft").check()
    browser_page.get_by_role("button", name="Save").click()
    browser_page.get_by_text("Saved.").wait_for()
    browser_page.get_by_role("button", name="Remove").click()
    browser_page.get_by_text("gives no role any more").wait_for()
    with across_tenants("a test looks at everything"):
        assert not EntraGroupRole.objects.exists()
    entra.forget_everything()
