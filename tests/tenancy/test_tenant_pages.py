"""What opens a tenant's scope for a request, and what never does."""

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from common.permissions import Permission, Role, require
from common.tenancy import NoTenantScope, current_tenant_id
from tem_portal.urls import urlpatterns as portal_addresses
from tenants.middleware import client_address
from tenants.models import Person, Tenant
from tests.conftest import client_of
from tests.factories import MembershipFactory, PersonFactory, UserFactory


@require(Permission.VIEW_HOME)
def names(request):
    return HttpResponse(", ".join(Person.objects.order_by("name").values_list("name", flat=True)))


@require(Permission.VIEW_HOME)
def streamed(request):
    def parts():
        for person in Person.objects.order_by("name").iterator(chunk_size=1):
            yield f"{current_tenant_id()}:{person.name} "

    return StreamingHttpResponse(parts())


def outside(request):
    try:
        return HttpResponse(str(Person.objects.count()))
    except NoTenantScope:
        return HttpResponse("no scope")


urlpatterns = [
    path("outside/", outside),
    path("t/<slug:tenant_slug>/", include([path("names/", names), path("streamed/", streamed)])),
    *portal_addresses,
]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def people(contoso, fabrikam):
    for name in ("Anna", "Ben"):
        PersonFactory(tenant=contoso, name=name)
    PersonFactory(tenant=fabrikam, name="Zoe")


def test_a_page_sees_the_rows_of_its_tenant(people, alice, charlie):
    assert client_of(alice).get("/t/contoso/names/").content == b"Anna, Ben"
    assert client_of(charlie).get("/t/fabrikam/names/").content == b"Zoe"


def test_a_page_outside_the_tenants_has_no_scope(people, alice):
    assert client_of(alice).get("/outside/").content == b"no scope"


def test_no_scope_is_left_over_after_a_request(people, alice):
    client_of(alice).get("/t/contoso/names/")
    with pytest.raises(NoTenantScope):
        Person.objects.count()


def test_a_streamed_answer_keeps_its_scope_while_it_is_read(people, contoso, alice):
    response = client_of(alice).get("/t/contoso/streamed/")
    text = b"".join(response.streaming_content).decode()
    assert text == f"{contoso.pk}:Anna {contoso.pk}:Ben "


def test_two_streams_read_in_turns_do_not_mix(people, contoso, fabrikam, alice, charlie):
    ours = iter(client_of(alice).get("/t/contoso/streamed/").streaming_content)
    theirs = iter(client_of(charlie).get("/t/fabrikam/streamed/").streaming_content)
    told = [next(ours), next(theirs), *ours, *theirs]
    assert told == [
        f"{contoso.pk}:Anna ".encode(),
        f"{fabrikam.pk}:Zoe ".encode(),
        f"{contoso.pk}:Ben ".encode(),
    ]


def test_no_such_tenant_no_membership_and_a_suspended_tenant_look_the_same(
    contoso, fabrikam, alice
):
    suspended = MembershipFactory(user=alice, role=Role.GLOBAL_ADMINISTRATOR).tenant
    Tenant.objects.filter(pk=suspended.pk).update(suspended_at=timezone.now())
    client = client_of(alice)
    slugs = ["no-such-tenant", fabrikam.slug, suspended.slug]
    pages = [client.get(f"/t/{slug}/names/") for slug in slugs]
    assert [page.status_code for page in pages] == [404, 404, 404]
    texts = {
        page.content.decode().replace(slug, "").split("csrfmiddlewaretoken")[0]
        for slug, page in zip(slugs, pages, strict=True)
    }
    assert len(texts) == 1


def test_the_membership_costs_one_query(people, alice):
    client = client_of(alice)
    client.get("/t/contoso/names/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/t/contoso/names/")
    told = [query["sql"] for query in queries if "tenants_membership" in query["sql"]]
    assert len(told) == 1


def test_a_person_switched_off_is_out_at_once(people, alice):
    client = client_of(alice)
    alice.is_active = False
    alice.save()
    assert client.get("/t/contoso/names/").status_code == 302


def test_a_membership_that_ends_is_felt_at_once(people, contoso, bob):
    client = client_of(bob)
    assert client.get("/t/contoso/names/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_membership WHERE user_id = %s", [bob.pk])
    assert client.get("/t/contoso/names/").status_code == 404


# --- where one begins -------------------------------------------------------------------------


def test_the_start_leads_to_the_only_tenant(contoso, bob):
    assert client_of(bob).get("/").headers["Location"] == "/t/contoso/"


def test_the_start_leads_to_the_tenant_used_last(contoso, fabrikam, charlie):
    MembershipFactory(tenant=contoso, user=charlie, role=Role.AUDITOR)
    client = client_of(charlie)
    assert client.get("/").headers["Location"] == "/tenants/"
    client.get("/t/contoso/names/")
    assert client.get("/").headers["Location"] == "/t/contoso/"
    client.get("/t/fabrikam/names/")
    assert client_of(charlie).get("/").headers["Location"] == "/t/fabrikam/"


def test_the_choice_lists_the_persons_tenants_and_no_other(contoso, fabrikam, charlie):
    other = MembershipFactory().tenant
    MembershipFactory(tenant=contoso, user=charlie, role=Role.AUDITOR)
    page = client_of(charlie).get("/tenants/").content.decode()
    assert "Contoso" in page
    assert "Fabrikam" in page
    assert other.name not in page


def test_nobodys_member_is_told_so(contoso, nora):
    response = client_of(nora).get("/", follow=True)
    assert "You are not a member of any tenant" in response.content.decode()
    assert "Contoso" not in response.content.decode()


def test_an_operator_begins_with_the_list_of_tenants(olga):
    assert client_of(olga).get("/").headers["Location"] == "/operators/tenants/"


def test_htmx_is_told_to_load_the_sign_in_page_whole(contoso):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/t/contoso/names/?q=1"}
    response = Client().get("/t/contoso/names/?page=2", headers=headers)
    assert (
        response.headers["HX-Redirect"] == "/accounts/login/?next=%2Ft%2Fcontoso%2Fnames%2F%3Fq%3D1"
    )


def test_htmx_cannot_be_talked_into_leaving_the_portal(contoso):
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/t/contoso/"}
    response = Client().get("/t/contoso/names/", headers=headers)
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=%2F"


# --- the second factor ------------------------------------------------------------------------


@override_settings(SANDBOX=False)
@pytest.mark.parametrize(
    ("role", "must"),
    [
        (Role.GLOBAL_ADMINISTRATOR, True),
        (Role.INTUNE_ADMINISTRATOR, True),
        (Role.BILLING_ADMINISTRATOR, True),
        (Role.USER_ADMINISTRATOR, True),
        (Role.LICENSE_ADMINISTRATOR, True),
        (Role.HELPDESK, False),
        (Role.REPORT_READER, False),
        (Role.AUDITOR, False),
    ],
)
def test_administrators_must_set_up_a_second_factor_outside_the_sandbox(contoso, role, must):
    person = UserFactory()
    MembershipFactory(tenant=contoso, user=person, role=role)
    response = client_of(person).get("/t/contoso/names/")
    if must:
        assert response.headers["Location"] == "/accounts/2fa/totp/activate/"
    else:
        assert response.status_code == 200


@override_settings(SANDBOX=False)
def test_operators_must_too(olga):
    response = client_of(olga).get("/operators/tenants/")
    assert response.headers["Location"] == "/accounts/2fa/totp/activate/"


@override_settings(SANDBOX=False)
def test_htmx_is_sent_there_whole(alice):
    response = client_of(alice).get("/t/contoso/names/", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/accounts/2fa/totp/activate/"


# --- where a request came from ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "headers", "remote", "address"),
    [
        (0, {}, "192.0.2.7", "192.0.2.7"),
        (0, {"X-Forwarded-For": "203.0.113.9"}, "192.0.2.7", "192.0.2.7"),
        (1, {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}, "10.0.0.1", "203.0.113.9"),
        (1, {"X-Forwarded-For": "unknown"}, "10.0.0.1", None),
        (2, {"X-Forwarded-For": "203.0.113.9"}, "10.0.0.1", None),
        (0, {}, "", None),
    ],
)
def test_only_trusted_proxies_say_where_a_request_came_from(
    settings, proxies, headers, remote, address
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    assert client_address(request) == address
