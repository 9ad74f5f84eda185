"""The first lock: tenant models answer only within a scope."""

import pytest

from common.tenancy import (
    NoTenantScope,
    WrongTenant,
    across_tenants,
    current_tenant_id,
    tenant_scope,
)
from tenants.models import Membership, Person
from tests.factories import PersonFactory


def test_a_query_outside_any_scope_is_refused(db):
    with pytest.raises(NoTenantScope, match="outside a tenant's scope"):
        Person.objects.count()


def test_a_query_sees_only_the_tenant_in_scope(contoso, fabrikam):
    PersonFactory(tenant=contoso, name="Iris")
    PersonFactory(tenant=fabrikam, name="Otto")
    with tenant_scope(contoso.pk):
        assert [person.name for person in Person.objects.all()] == ["Iris"]
    with tenant_scope(fabrikam.pk):
        assert [person.name for person in Person.objects.all()] == ["Otto"]


def test_bulk_changes_stay_within_the_tenant_in_scope(contoso, fabrikam):
    PersonFactory(tenant=contoso)
    theirs = PersonFactory(tenant=fabrikam, name="Otto")
    with tenant_scope(contoso.pk):
        assert Person.objects.update(name="Changed") == 1
        assert Person.objects.filter(pk=theirs.pk).delete()[0] == 0
    with tenant_scope(fabrikam.pk):
        assert Person.objects.get().name == "Otto"


def test_saving_takes_the_tenant_from_the_scope(contoso):
    with tenant_scope(contoso.pk):
        person = Person.objects.create(name="Iris")
    assert person.tenant_id == contoso.pk


def test_saving_outside_any_scope_is_refused(contoso):
    with pytest.raises(NoTenantScope, match="saved outside"):
        Person(name="Iris", tenant=contoso).save()


def test_saving_another_tenants_row_is_refused(contoso, fabrikam):
    theirs = PersonFactory(tenant=fabrikam)
    with tenant_scope(contoso.pk), pytest.raises(WrongTenant):
        theirs.save()


def test_the_way_round_wants_a_reason(contoso, fabrikam):
    PersonFactory(tenant=contoso)
    PersonFactory(tenant=fabrikam)
    with across_tenants("counting everybody in a test"):
        assert Person.objects.count() == 2
    with pytest.raises(ValueError, match="reason"), across_tenants("  "):
        pass


def test_scopes_nest_and_end_even_after_an_error(contoso, fabrikam):
    with tenant_scope(contoso.pk):
        with pytest.raises(RuntimeError), tenant_scope(fabrikam.pk):
            raise RuntimeError
        assert current_tenant_id() == contoso.pk
    with pytest.raises(NoTenantScope):
        current_tenant_id()


def test_all_tenants_together_are_not_one_tenant(contoso):
    with across_tenants("a test"), pytest.raises(NoTenantScope):
        current_tenant_id()


def test_following_a_relation_from_a_person_needs_a_scope_too(alice):
    with pytest.raises(NoTenantScope):
        list(alice.memberships.all())
    with across_tenants("a test"):
        assert alice.memberships.get().tenant.slug == "contoso"


def test_the_cast_has_one_person_per_role(
    contoso, alice, bob, dana, erin, frank, grace, rita, arthur
):
    with tenant_scope(contoso.pk):
        assert Membership.objects.values("role").distinct().count() == 8
