"""What is on record stays as it was written, and within its tenant."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from audit.actions import PORTAL, Act, changes, record, record_many, request_address
from audit.models import AuditEvent
from common.history import TenantEvent
from common.tenancy import NoTenantScope, across_tenants, tenant_scope
from tenants.models import Person
from tests.factories import PersonFactory
from tests.tenancy.raw_rows import drop_other_constraints, insert

HISTORIES = [model for model in apps.get_models() if issubclass(model, TenantEvent)]


def refuses(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_audit_event_can_be_neither_changed_nor_deleted(contoso, alice):
    record(by=alice, action="person.added", subject=PersonFactory(tenant=contoso))
    refuses("UPDATE audit_auditevent SET actor = 'somebody else'")
    refuses("DELETE FROM audit_auditevent")


@pytest.mark.parametrize("model", HISTORIES, ids=lambda model: model.__name__)
def test_history_can_be_neither_changed_nor_deleted(db, contoso, model):
    with transaction.atomic():
        drop_other_constraints(model)
        insert(model, tenant_id=contoso.pk)
        refuses(f"UPDATE {model._meta.db_table} SET pgh_label = 'x'")
        refuses(f"DELETE FROM {model._meta.db_table}")
        transaction.set_rollback(True)


def test_every_version_of_a_row_is_kept_also_of_bulk_changes_and_deletions(contoso):
    person = PersonFactory(tenant=contoso, name="Iris")
    with tenant_scope(contoso.pk):
        Person.objects.filter(pk=person.pk).update(name="Iris de Wit")
        history = person.history.model
        Person.objects.filter(pk=person.pk).delete()
        versions = history.objects.filter(pgh_obj_id=person.pk).order_by("pgh_id")
        assert [(version.pgh_label, version.name) for version in versions] == [
            ("insert", "Iris"),
            ("update", "Iris de Wit"),
            ("delete", "Iris de Wit"),
        ]


def test_history_is_seen_within_its_tenant_only(contoso, fabrikam):
    person = PersonFactory(tenant=contoso)
    history = person.history.model
    with pytest.raises(NoTenantScope):
        history.objects.count()
    with tenant_scope(fabrikam.pk):
        assert not history.objects.exists()
    with tenant_scope(contoso.pk):
        assert history.objects.count() == 1


def test_the_audit_log_is_seen_within_its_tenant_only(contoso, fabrikam, alice):
    record(by=alice, action="person.added", subject=PersonFactory(tenant=contoso))
    with pytest.raises(NoTenantScope):
        AuditEvent.objects.count()
    with tenant_scope(fabrikam.pk):
        assert not AuditEvent.objects.exists()
    with tenant_scope(contoso.pk):
        event = AuditEvent.objects.get()
    assert (event.actor, event.object_type, event.tenant_id) == (alice.email, "person", contoso.pk)


def test_an_event_outlives_what_it_tells_of(contoso, alice):
    person = PersonFactory(tenant=contoso, name="Iris")
    record(by=alice, action="person.removed", subject=person, reason="left the company")
    with tenant_scope(contoso.pk):
        person.delete()
        event = AuditEvent.objects.get()
    assert (event.object_name, event.reason) == ("Iris", "left the company")


def test_an_act_of_nobody_is_the_portals_and_the_address_is_the_requests(contoso):
    token = request_address.set("192.0.2.7")
    try:
        record(by=None, action="line.blocked", subject=PersonFactory(tenant=contoso))
    finally:
        request_address.reset(token)
    with across_tenants("a test"):
        event = AuditEvent.objects.get()
    assert (event.actor, event.actor_id, event.address) == (PORTAL, None, "192.0.2.7")


def test_many_events_are_one_statement(contoso, alice, django_assert_num_queries):
    people = [PersonFactory(tenant=contoso) for _ in range(5)]
    with django_assert_num_queries(1):
        record_many(by=alice, acts=[Act(action="person.added", subject=p) for p in people])


def test_long_names_and_reasons_are_cut_rather_than_refused(contoso, alice):
    person = PersonFactory(tenant=contoso, name="n" * 120)
    record(by=alice, action="person.added", subject=person, reason="r" * 900)
    with tenant_scope(contoso.pk):
        assert len(AuditEvent.objects.get().reason) == 500


def test_only_what_changed_is_written_down():
    before, after = changes(before={"a": 1, "b": [1]}, after={"a": 1, "b": (2, 3)})
    assert (before, after) == ({"b": [1]}, {"b": [2, 3]})
