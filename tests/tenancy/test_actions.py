"""Founding, closing and peopling tenants: each act with its refusals and its audit event."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from common.permissions import Role
from common.tenancy import across_tenants, current_tenant_id, tenant_scope
from tenants import actions
from tenants.forms import TenantForm
from tenants.models import Membership, Tenant, User
from tests.conftest import client_of
from tests.factories import MembershipFactory, TenantFactory, UserFactory


def on_record() -> list[tuple[str, str]]:
    with across_tenants("a test"):
        events = AuditEvent.objects.exclude(action__startswith="person.").order_by("id")
        return [(event.action, event.actor) for event in events]


def members(tenant) -> dict[str, str]:
    with tenant_scope(tenant.pk):
        return dict(Membership.objects.in_force().values_list("user__email", "role"))


def test_a_new_tenant_has_its_global_administrator(olga, monkeypatch):
    monkeypatch.setattr(actions, "_hooks", [])
    tenant = actions.create_tenant(
        slug="northwind", name="Northwind", admin_email="ada@northwind.example", by=olga
    )
    assert members(tenant) == {"ada@northwind.example": Role.GLOBAL_ADMINISTRATOR}
    assert not User.objects.get(email="ada@northwind.example").has_usable_password()
    assert on_record() == [("tenant.created", olga.email), ("membership.added", olga.email)]


def test_an_account_that_exists_is_left_as_it_is(olga, alice):
    before = alice.password
    actions.create_tenant(slug="northwind", name="Northwind", admin_email=alice.email, by=olga)
    alice.refresh_from_db()
    assert (alice.password, alice.name) == (before, "Alice")


def test_other_apps_add_to_a_new_tenant_within_its_scope_and_transaction(olga, monkeypatch):
    seen = []
    monkeypatch.setattr(actions, "_hooks", [])

    @actions.on_tenant_created
    def hook(*, tenant, by):
        seen.append((tenant.slug, by, current_tenant_id() == tenant.pk))

    actions.create_tenant(slug="northwind", name="Northwind", admin_email="a@b.example", by=olga)
    assert seen == [("northwind", olga, True)]


@pytest.mark.django_db(transaction=True)
def test_a_tenant_is_whole_or_not_there(olga, monkeypatch):
    def hook(*, tenant, by):
        raise RuntimeError

    monkeypatch.setattr(actions, "_hooks", [hook])
    with pytest.raises(RuntimeError):
        actions.create_tenant(slug="northwind", name="N", admin_email="a@b.example", by=olga)
    assert not Tenant.objects.filter(slug="northwind").exists()
    assert not User.objects.filter(email="a@b.example").exists()
    assert on_record() == []


def test_a_slug_is_taken_once(contoso, olga):
    with pytest.raises(actions.SlugTaken):
        actions.create_tenant(slug="contoso", name="Other", admin_email="a@b.example", by=olga)


def test_a_tenant_is_suspended_and_resumed_and_neither_twice(contoso, olga, alice):
    actions.suspend(tenant=contoso, by=olga)
    assert client_of(alice).get("/t/contoso/").status_code == 404
    with pytest.raises(actions.AlreadySuspended):
        actions.suspend(tenant=contoso, by=olga)
    actions.resume(tenant=contoso, by=olga)
    assert client_of(alice).get("/t/contoso/").status_code == 200
    with pytest.raises(actions.NotSuspended):
        actions.resume(tenant=contoso, by=olga)
    assert on_record() == [("tenant.suspended", olga.email), ("tenant.resumed", olga.email)]


def test_a_person_becomes_a_member_once(contoso, alice, nora):
    actions.add_member(tenant=contoso, email=nora.email.upper(), role=Role.AUDITOR, by=alice)
    assert members(contoso)[nora.email] == Role.AUDITOR
    with pytest.raises(actions.AlreadyMember):
        actions.add_member(tenant=contoso, email=nora.email, role=Role.HELPDESK, by=alice)


def test_a_role_changes_with_before_and_after_on_record(contoso, alice, bob):
    with tenant_scope(contoso.pk):
        membership = Membership.objects.get(user=bob)
    actions.change_role(membership=membership, role=Role.AUDITOR, by=alice)
    assert members(contoso)[bob.email] == Role.AUDITOR
    with tenant_scope(contoso.pk):
        event = AuditEvent.objects.get(action="membership.role_changed")
    assert (event.before, event.after) == ({"role": "helpdesk"}, {"role": "auditor"})


def test_a_membership_ends_and_the_account_stays(contoso, alice, bob):
    with tenant_scope(contoso.pk):
        membership = Membership.objects.get(user=bob)
    actions.remove_member(membership=membership, by=alice)
    assert bob.email not in members(contoso)
    assert User.objects.filter(pk=bob.pk).exists()
    with pytest.raises(actions.MembershipGone):
        actions.remove_member(membership=membership, by=alice)


def test_the_last_global_administrator_stays(contoso, alice):
    with tenant_scope(contoso.pk):
        membership = Membership.objects.get(user=alice)
    with pytest.raises(actions.LastGlobalAdministrator):
        actions.remove_member(membership=membership, by=alice)
    with pytest.raises(actions.LastGlobalAdministrator):
        actions.change_role(membership=membership, role=Role.AUDITOR, by=alice)
    MembershipFactory(
        tenant=contoso, user=UserFactory(is_active=False), role=Role.GLOBAL_ADMINISTRATOR
    )
    with pytest.raises(actions.LastGlobalAdministrator):
        actions.remove_member(membership=membership, by=alice)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once(contoso, alice):
    other = MembershipFactory(tenant=contoso, role=Role.GLOBAL_ADMINISTRATOR)
    with tenant_scope(contoso.pk):
        pair = [Membership.objects.get(user=alice), other]
    refused = []

    def remove(membership):
        try:
            actions.remove_member(membership=membership, by=None)
        except actions.LastGlobalAdministrator as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=remove, args=[membership]) for membership in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(members(contoso)) == 1


# --- the command and the operators' pages -------------------------------------------------------


def test_the_command_founds_a_tenant(db, capsys):
    call_command(
        "create_tenant", slug="northwind", name="Northwind", admin_email="ada@northwind.example"
    )
    assert "/t/northwind/" in capsys.readouterr().out
    tenant = Tenant.objects.get(slug="northwind")
    assert members(tenant) == {"ada@northwind.example": Role.GLOBAL_ADMINISTRATOR}
    assert on_record()[0] == ("tenant.created", "portal")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"slug": "Contoso NL"}, "--slug"),
        ({"slug": "contoso"}, "--slug"),
        ({"admin_email": "nobody"}, "--admin-email"),
        ({"time_zone": "Amsterdam"}, "Europe/Amsterdam"),
        ({"currency": "euro"}, "--currency"),
        ({"home_country": "31"}, "--home-country"),
        ({"cloud": "moon"}, "--cloud"),
    ],
)
def test_the_command_says_which_option_is_wrong(contoso, wrong, sentence):
    right = {"slug": "northwind", "name": "Northwind", "admin_email": "ada@northwind.example"}
    with pytest.raises(CommandError, match=sentence):
        call_command("create_tenant", **{**right, **wrong})
    assert Tenant.objects.count() == 1


FILLED = {
    "slug": "northwind",
    "name": "Northwind",
    "time_zone": "Europe/Paris",
    "currency": "EUR",
    "home_country": "FR",
    "cloud": "global",
    "admin_email": "ada@northwind.example",
}


def test_an_operator_founds_a_tenant_on_the_page(olga):
    response = client_of(olga).post("/operators/tenants/new/", FILLED, follow=True)
    assert "Northwind was created." in response.content.decode()
    assert Tenant.objects.get(slug="northwind").time_zone == "Europe/Paris"


@pytest.mark.parametrize(
    "text", ["", "\x00", "' OR 1=1 --", "𝔘𝔫𝔦", "a" * 500, "<script>", "\u202e"]
)
@pytest.mark.parametrize("name", sorted(FILLED))
def test_the_page_refuses_or_takes_any_text_but_never_fails(olga, name, text):
    response = client_of(olga).post("/operators/tenants/new/", {**FILLED, name: text})
    assert response.status_code in {302, 422}
    assert b"<script>" not in response.content


def test_two_operators_at_once_get_the_sentence_of_the_second(contoso, olga, monkeypatch):
    monkeypatch.setattr(TenantForm, "validate_unique", lambda form: None)
    response = client_of(olga).post("/operators/tenants/new/", {**FILLED, "slug": "contoso"})
    assert response.status_code == 422
    assert "Another tenant already has this slug." in response.content.decode()


def test_an_operator_suspends_on_the_page_and_sees_nothing_inside(contoso, alice, olga):
    client = client_of(olga)
    page = client.post("/operators/tenants/contoso/suspend/", follow=True).content.decode()
    assert "Suspended" in page
    assert alice.email not in page
    assert client.get("/t/contoso/").status_code == 404
    again = client.post("/operators/tenants/contoso/suspend/", follow=True).content.decode()
    assert "Contoso is suspended already." in again


def test_the_list_of_tenants_costs_the_same_at_3_and_at_30(olga):
    client = client_of(olga)
    client.get("/operators/tenants/")
    counts = []
    for number in (3, 27):
        TenantFactory.create_batch(number)
        with CaptureQueriesContext(connection) as queries:
            client.get("/operators/tenants/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
