"""The navigation leads only where the person may go; the language is theirs."""

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

from common.permissions import GRANTS, Role
from common.tenancy import tenant_scope
from tem_portal.navigation import navigation
from tenants.models import Membership
from tests.cast import in_role
from tests.conftest import client_of
from tests.factories import MembershipFactory


def shown_to(person, tenant, path="/t/contoso/"):
    request = RequestFactory().get(path)
    request.user, request.tenant, request.session = person, tenant, {}
    with tenant_scope(tenant.pk):
        request.membership = Membership.objects.get(user=person)
    return navigation(request)


def links(context):
    return [entry for section in context["navigation"]() for entry in section["entries"]]


@pytest.mark.parametrize("role", list(Role))
def test_no_entry_leads_to_a_refusal(contoso, role):
    person = in_role(role, tenant=contoso)
    client = client_of(person)
    entries = links(shown_to(person, contoso))
    assert entries[0]["url"] == "/t/contoso/"
    for entry in entries:
        assert client.get(entry["url"]).status_code == 200, entry["url"]


def test_every_entry_the_role_may_see_is_there(contoso, alice):
    permissions = {
        resolve(entry["url"]).func.required_permission for entry in links(shown_to(alice, contoso))
    }
    assert permissions <= GRANTS[Role.GLOBAL_ADMINISTRATOR]
    assert "view_audit" in permissions


def test_the_page_one_is_on_is_marked_and_home_only_on_home(contoso, alice):
    current = [e["url"] for e in links(shown_to(alice, contoso)) if e["current"]]
    assert current == ["/t/contoso/"]
    at_log = links(shown_to(alice, contoso, "/t/contoso/audit/"))
    assert [e["url"] for e in at_log if e["current"]] == ["/t/contoso/audit/"]


def test_the_switcher_offers_the_persons_own_tenants(contoso, fabrikam, charlie):
    other = MembershipFactory().tenant
    MembershipFactory(tenant=contoso, user=charlie, role=Role.AUDITOR)
    choices = shown_to(charlie, contoso)["tenant_choices"]()
    assert [(choice["slug"], choice["current"]) for choice in choices] == [
        ("contoso", True),
        ("fabrikam", False),
    ]
    assert other.slug not in str(choices)


def test_a_passer_by_gets_no_navigation(db):
    page = Client().get("/accounts/login/").content.decode()
    assert "sidebar" not in page


def test_a_language_is_chosen_by_post_and_kept_for_the_person(alice):
    client = client_of(alice)
    assert client.get("/accounts/language/?language=nl").status_code == 405
    response = client.post("/accounts/language/", {"language": "nl", "next": "/t/contoso/"})
    assert response.headers["Location"] == "/t/contoso/"
    alice.refresh_from_db()
    assert alice.language == "nl"
    assert '<html lang="nl"' in client_of(alice).get("/t/contoso/").content.decode()


def test_a_passer_by_chooses_a_language_for_the_browser(db):
    client = Client()
    client.post("/accounts/language/", {"language": "fr", "next": "/accounts/login/"})
    assert '<html lang="fr"' in client.get("/accounts/login/").content.decode()


def test_a_language_the_portal_does_not_speak_is_ignored(alice):
    client_of(alice).post("/accounts/language/", {"language": "tlh"})
    alice.refresh_from_db()
    assert alice.language == ""
    page = Client(headers={"Accept-Language": "tlh, nl;q=0.5"}).get("/accounts/login/")
    assert '<html lang="nl"' in page.content.decode()
