"""The second lock: PostgreSQL refuses a row that points at another tenant's row.

For every link in the project, found by introspection: the composite key exists, and a row written
by hand, past every manager, is refused when - and only when - it crosses tenants.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from common.history import TenantEvent
from common.tenancy import NoTenantScope, SameTenantConstraint, TenantForeignKey, TenantModel
from tests.factories import TenantFactory
from tests.tenancy.raw_rows import drop_other_constraints, insert

ALL = [model for model in apps.get_models() if issubclass(model, TenantModel | TenantEvent)]
CURRENT = [model for model in ALL if issubclass(model, TenantModel)]
LINKS = [
    pytest.param(model, field, id=f"{model.__name__}.{field.name}")
    for model in CURRENT
    for field in model._meta.concrete_fields
    if isinstance(field, TenantForeignKey)
]
BELONG_TO_NO_TENANT = {
    "tenants.Tenant",
    "tenants.User",
    "tenants.SignInSession",  # a person's, whichever of their tenants they are in
    "tenants.EntraIdentity",  # as User: who somebody is, not what they may do somewhere
    "jobs.PeriodClaim",
    "audit.AuditEvent",  # has the tenant as a plain number, and the scoped manager
    # The pretend directory knows Entra's own ids only, as the real one does.
    "sandbox.CloudConsent",
    "sandbox.CloudGrant",
    "sandbox.CloudKey",
    "sandbox.CloudObject",
    "sandbox.CloudRegistration",
    "sandbox.CloudTenant",
}
UNCHECKED_ON_PURPOSE = {
    "usage.CounterReading.device",
    "usage.CounterReading.line",
    "usage.UsageCounter.line",
    "usage.UsageRecord.line",
}
"""See the models: ingest finds lines and devices within the tenant, and none is ever deleted."""
PROJECT_APPS = {"alerts", "audit", "connectors", "devices", "enrolment", "jobs", "licensing"} | {
    "sandbox",
    "tenants",
    "usage",
}


def constraint_of(model: type[models.Model], field: models.Field) -> SameTenantConstraint:
    return next(
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, SameTenantConstraint) and constraint.field == field.name
    )


def test_every_model_belongs_to_a_tenant_or_is_listed_here():
    others = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in PROJECT_APPS and model not in ALL
    }
    scoped_by_hand = {
        label
        for label in others
        if any(field.name == "tenant" for field in apps.get_model(label)._meta.fields)
    }
    assert others - scoped_by_hand <= BELONG_TO_NO_TENANT


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_every_manager_of_a_tenants_model_is_scoped(model):
    with pytest.raises(NoTenantScope):
        model._default_manager.all()


@pytest.mark.parametrize("model", CURRENT, ids=lambda model: model.__name__)
def test_rows_of_a_tenant_refer_to_each_other_only_by_links_that_the_database_checks(model):
    unchecked = {
        f"{model._meta.label}.{field.name}"
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and not isinstance(field, TenantForeignKey)
        and issubclass(field.remote_field.model, TenantModel)
    }
    assert unchecked <= UNCHECKED_ON_PURPOSE


@pytest.mark.parametrize(("model", "field"), LINKS)
def test_the_composite_key_exists(db, model, field):
    target = field.remote_field.model._meta
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conname = %s AND conrelid = %s::regclass AND contype = 'f' AND convalidated",
            [constraint_of(model, field).name, model._meta.db_table],
        )
        definition = cursor.fetchone()[0]
    assert definition.startswith(
        f"FOREIGN KEY (tenant_id, {field.column}) "
        f"REFERENCES {target.db_table}(tenant_id, {target.pk.column})"
    )


@pytest.mark.parametrize("crossing", [True, False], ids=["across", "within"])
@pytest.mark.parametrize(("model", "field"), LINKS)
def test_a_hand_written_row_may_not_point_across(db, model, field, crossing):
    ours, theirs = TenantFactory(), TenantFactory()
    name = connection.ops.quote_name(constraint_of(model, field).name)
    target = field.remote_field.model
    with transaction.atomic():
        drop_other_constraints(model, target)
        owner = theirs if crossing else ours
        there: Any = insert(target, tenant_id=owner.pk)
        model._base_manager.filter(**{field.attname: there}).delete()  # what a trigger made
        insert(model, tenant_id=ours.pk, **{field.column: there})
        with connection.cursor() as cursor:
            if crossing:
                with pytest.raises(IntegrityError, match="in_tenant"), transaction.atomic():
                    cursor.execute(f"SET CONSTRAINTS {name} IMMEDIATE")
            else:
                cursor.execute(f"SET CONSTRAINTS {name} IMMEDIATE")
        transaction.set_rollback(True)
