"""Nobody gets in where they may not: every address, as every role, stranger and passer-by.

The addresses come from the resolver, the permissions from the views and the grants from
`common.permissions`, so a new page is walked from the day it is routed. A view without
`@require`, an address without an object in `tests/walk_objects.py` and an address outside the
tenants that nobody has reviewed below make this fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from common.permissions import GRANTS, Permission, Role
from tenants.models import Tenant
from tests.addresses import Address, every_address
from tests.cast import in_role
from tests.conftest import client_of
from tests.factories import MembershipFactory
from tests.walk_objects import OBJECTS

METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST")
HEADERS = ({}, {"HX-Request": "true", "HX-Target": "drawer"})
FORGED = "?page=-1&sort=tenant__name&tenant=1&tenant_id=1&q=%00&state=%F0%9F%A6%84&page=x"

PUBLIC = {
    "healthz",
    "readyz",
    "metrics",  # wants a token of its own
    "styleguide",  # in a sandbox only
    "set_language",
    "account_login",
    "account_logout",
    "microsoft_sign_in",
    "microsoft_finish",
    "microsoft_answer",  # hands on what this session asked for, and refuses the rest
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_invitation",
    "mfa_authenticate",
    # Enrolment, for people without an account: closed unless the tenant opened it.
    "enrol:start",
    "enrol:again",
    "enrol:account",
    "enrol:account_back",
    "enrol:invitation",
    "enrol:line",
    "enrol:number",
    "enrol:code",
    "enrol:code_again",
    "enrol:category",
    "enrol:finish",
    "enrol:done",
    # The pretend Microsoft cloud, in a sandbox only; it knows nothing of any tenant.
    "sandbox:configuration",
    "sandbox:keys",
    "sandbox:token",
    "sandbox:authorize",
    "sandbox:admin_consent",
    "sandbox:graph",  # wants a bearer token
    "simulator:mdm",  # wants a key that only the portal makes
    "simulator:check_in",  # as well
}
"""Reviewed: these show nothing of a tenant and are of use to somebody who is not signed in."""
FOR_ANYBODY_SIGNED_IN = {
    "start",
    "choose_tenant",
    "account_reauthenticate",
    "account_change_password",
    "account_profile",
    "account_sessions",
    "account_session_end",
    "account_sessions_end_others",
    "set_theme",
    "account_set_password",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "sandbox:clouds",
    "sandbox:organisation",
    "sandbox:revoke",
    "sandbox:more_devices",
}
"""Reviewed: these show a person their own account and memberships."""

OUTSIDE_OBJECTS = {
    "uidb36": "1",
    "organisation": "no-such-tenant",
    "key": "set-password",
    "tenant": "c0170500-0000-4000-8000-000000000001",
    "path": "users",
    "pk": "c0170500-0000-4000-8000-000000000001",
}
"""Parameters of addresses outside the tenants, none of which is there."""

OF_TENANT = [address for address in every_address() if address.of_tenant]
OUTSIDE = [
    address
    for address in every_address()
    if not address.of_tenant and not address.name.startswith("api:")  # walked in tests/api
]


def objects_in(tenant: Tenant, address: Address) -> dict:
    return OBJECTS[address.name](tenant) if address.objects else {}


def url_in(tenant: Tenant, address: Address, objects: dict) -> str:
    return address.url(tenant_slug=tenant.slug, **objects)


def parameters_of(address: Address) -> dict[str, str]:
    return {name: OUTSIDE_OBJECTS[name] for name in address.objects}


def requests(client: Client, url: str) -> Iterator[tuple[str, HttpResponse]]:
    for method in METHODS:
        for headers in HEADERS:
            response = client.generic(method, url, headers=headers)
            yield f"{method} {url} {headers}", response


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_walk_knows_every_address():
    assert len(OF_TENANT) > 1
    nameless = [address.route for address in every_address() if not address.name]
    assert nameless == [], "a name is needed to walk an address"


def test_every_page_of_a_tenant_asks_for_a_permission():
    open_doors = [str(a) for a in OF_TENANT if not isinstance(a.permission, Permission)]
    assert open_doors == [], "put @require(Permission.X) on these views"
    assert [str(a) for a in OF_TENANT if a.is_public] == []


def test_every_address_of_an_object_has_an_object_to_walk_with():
    missing = [a.name for a in OF_TENANT if a.objects and a.name not in OBJECTS]
    assert missing == [], "add these to tests/walk_objects.py"


def test_every_page_outside_the_tenants_is_reviewed():
    assert {a.name for a in OUTSIDE if a.is_public} == PUBLIC
    signed_in = {a.name for a in OUTSIDE if not a.is_public and not a.is_for_operators}
    assert signed_in == FOR_ANYBODY_SIGNED_IN


@pytest.mark.parametrize("address", OF_TENANT, ids=str)
def test_a_stranger_finds_nothing(address, contoso, charlie):
    objects = objects_in(contoso, address)
    client = client_of(charlie)
    nowhere = client.get("/t/no-such-tenant/")
    assert nowhere.status_code == 404
    for request, response in requests(client, url_in(contoso, address, objects)):
        assert response.status_code == 404, request
        assert b"Contoso" not in response.content, request


@pytest.mark.parametrize("address", OF_TENANT, ids=str)
def test_a_member_of_both_tenants_cannot_carry_objects_across(address, contoso, fabrikam, charlie):
    MembershipFactory(tenant=contoso, user=charlie, role=Role.GLOBAL_ADMINISTRATOR)
    if not address.objects:
        pytest.skip("names no object")
    theirs = objects_in(fabrikam, address)
    statuses = {}
    for request, response in requests(client_of(charlie), url_in(contoso, address, theirs)):
        statuses[request] = response.status_code
    assert set(statuses.values()) <= {404, 405}, statuses
    assert 404 in statuses.values(), statuses


@pytest.mark.parametrize("address", OF_TENANT, ids=str)
def test_a_role_may_what_the_table_of_grants_says(address, contoso):
    objects = objects_in(contoso, address)
    for role in Role:
        client = client_of(in_role(role, tenant=contoso))
        granted = address.permission in GRANTS[role]
        with undone():
            for request, response in requests(client, url_in(contoso, address, objects)):
                if granted:
                    assert response.status_code not in {401, 403}, (role, request)
                    assert response.status_code < 500, (role, request)
                else:
                    assert response.status_code == 403, (role, request)
        if granted:
            first = client.get(url_in(contoso, address, objects))
            assert first.status_code in {200, 302, 405}, (role, first.status_code)


@pytest.mark.parametrize("address", OF_TENANT, ids=str)
def test_a_passer_by_is_sent_to_sign_in(address, contoso):
    objects = objects_in(contoso, address)
    for request, response in requests(Client(), url_in(contoso, address, objects)):
        location = response.headers.get("HX-Redirect") or response.headers.get("Location", "")
        assert location.startswith("/accounts/login/?next="), request
        assert response.content == b"", request


@pytest.mark.parametrize("address", OF_TENANT, ids=str)
def test_nobody_enters_a_suspended_tenant(address, contoso, alice):
    objects = objects_in(contoso, address)
    Tenant.objects.filter(pk=contoso.pk).update(suspended_at=timezone.now())
    assert client_of(alice).get(url_in(contoso, address, objects)).status_code == 404


@pytest.mark.parametrize("address", OF_TENANT, ids=str)
def test_forged_addresses_are_never_an_internal_error(address, contoso, alice):
    client = client_of(alice)
    objects = objects_in(contoso, address)
    url = url_in(contoso, address, objects)
    for _name, response in requests(client, url + FORGED):
        assert response.status_code < 500
    for value in (0, 2**31, 2**63, 2**200):
        forged = {
            name: value if isinstance(given, int) else given for name, given in objects.items()
        }
        if forged != objects:
            assert client.get(url_in(contoso, address, forged)).status_code in {404, 405}


@pytest.mark.parametrize("address", [a for a in OUTSIDE if a.is_for_operators], ids=str)
def test_operators_pages_are_for_operators(address, contoso, alice, olga):
    objects = {"slug": contoso.slug} if address.objects else {}
    url = address.url(**objects)
    for request, response in requests(Client(), url):
        assert response.headers.get("HX-Redirect") or response.status_code == 302, request
    for request, response in requests(client_of(alice), url):
        assert response.status_code == 403, request
    for request, response in requests(client_of(olga), url):
        assert response.status_code in {200, 302, 405, 422}, request


@pytest.mark.parametrize("name", sorted(FOR_ANYBODY_SIGNED_IN))
def test_ones_own_pages_want_a_signed_in_person(name, alice):
    address = next(a for a in OUTSIDE if a.name == name)
    url = address.url(**parameters_of(address))
    for request, response in requests(Client(), url):
        assert response.status_code == 302 or response.headers.get("HX-Redirect"), request
    for request, response in requests(client_of(alice), url):
        assert response.status_code < 500, request


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_pages_never_fail(name, db):
    address = next(a for a in OUTSIDE if a.name == name)
    url = address.url(**parameters_of(address)) + FORGED
    for request, response in requests(Client(), url):
        assert response.status_code < 500, request
