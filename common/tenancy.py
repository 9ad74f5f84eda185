"""Tenant scope: which customer's rows this piece of work may touch.

A context variable holds the scope; the manager of every tenant model refuses to answer outside
one, so a forgotten filter is an error and not a leak. `across_tenants("why")` is the only way
round it and easy to search for. The database is the second lock: a `TenantForeignKey` is a
composite key (tenant, id), which no query, cascade or hand-written SQL can point across.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.backends.ddl_references import Statement
from django.db.models.constraints import BaseConstraint
from structlog.contextvars import bound_contextvars


class NoTenantScope(RuntimeError):
    """Tenant rows were asked for outside any tenant's scope."""


class WrongTenant(RuntimeError):
    """A row of one tenant was about to be written in the scope of another."""


@dataclass(frozen=True)
class Scope:
    """One tenant's scope, or (tenant_id None) every tenant's, with the reason for it."""

    tenant_id: int | None
    reason: str = ""


_scope: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)


@contextmanager
def tenant_scope(tenant_id: int) -> Iterator[None]:
    """Limit tenant models to one tenant for the duration of the block; log lines name it."""
    token = _scope.set(Scope(tenant_id=int(tenant_id)))
    try:
        with bound_contextvars(tenant=int(tenant_id)):
            yield
    finally:
        _scope.reset(token)


@contextmanager
def across_tenants(reason: str) -> Iterator[None]:
    """Lift the limit for the duration of the block; `reason` says why that is right."""
    if not reason.strip():
        raise ValueError("across_tenants() wants a reason.")
    token = _scope.set(Scope(tenant_id=None, reason=reason))
    try:
        yield
    finally:
        _scope.reset(token)


def current_tenant_id() -> int:
    """The id of the tenant in scope; raises NoTenantScope outside one."""
    scope = _scope.get()
    if scope is None or scope.tenant_id is None:
        raise NoTenantScope("This needs the scope of one tenant (common.tenancy.tenant_scope).")
    return scope.tenant_id


class TenantManager(models.Manager):
    """Answers within the tenant in scope, and raises NoTenantScope without one."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet:
        scope = _scope.get()
        if scope is None:
            raise NoTenantScope(
                f"{self.model._meta.label} was queried outside a tenant's scope. Open one with "
                "tenant_scope(...), or say why none applies with across_tenants('...')."
            )
        queryset = super().get_queryset()
        return queryset if scope.tenant_id is None else queryset.filter(tenant_id=scope.tenant_id)


class SameTenantConstraint(BaseConstraint):
    """FOREIGN KEY (tenant_id, <field>_id) REFERENCES <target> (tenant_id, id).

    `field` and `target` are the field's name and the target's model label. The unique index on
    the target that PostgreSQL wants for it is made here when it does not exist yet.
    """

    def __init__(self, *, field: str, target: str, name: str) -> None:
        self.field = field
        self.target = target
        super().__init__(name=name)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field, "target": self.target}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SameTenantConstraint):
            return (self.field, self.target, self.name) == (other.field, other.target, other.name)
        return NotImplemented

    __hash__ = BaseConstraint.__hash__

    def create_sql(self, model: type[models.Model] | None, schema_editor: Any) -> Statement:
        field = model._meta.get_field(self.field)
        target = field.remote_field.model._meta
        quote = schema_editor.quote_name
        return Statement(
            "CREATE UNIQUE INDEX IF NOT EXISTS %(index)s ON %(target)s (tenant_id, %(pk)s);"
            "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (tenant_id, %(column)s) "
            "REFERENCES %(target)s (tenant_id, %(pk)s) DEFERRABLE INITIALLY DEFERRED",
            index=quote(f"{target.db_table}_in_tenant"),
            target=quote(target.db_table),
            pk=quote(target.pk.column),
            table=quote(model._meta.db_table),
            name=quote(self.name),
            column=quote(field.column),
        )

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: Any) -> None:
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def remove_sql(self, model: type[models.Model] | None, schema_editor: Any) -> Statement:
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
        )

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Forms offer only rows of the tenant in scope; the database has the last word."""


class TenantForeignKey(models.ForeignKey):
    """A foreign key between rows of one tenant, enforced as a composite key by PostgreSQL."""

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, **kwargs)
        historical = cls.__module__ == "__fake__"  # a migration's model brings its own list
        if cls._meta.abstract or historical or not getattr(cls, "links_within_tenant", True):
            return
        target = self.remote_field.model
        label = target if isinstance(target, str) else target._meta.label
        if "." not in label:
            label = f"{cls._meta.app_label}.{label}"
        constraint = SameTenantConstraint(
            field=name,
            target=label.lower(),
            name=f"{cls._meta.db_table}_{self.get_attname()}_in_tenant"[:63],
        )
        cls._meta.constraints = [*cls._meta.constraints, constraint]
        cls._meta.original_attrs["constraints"] = cls._meta.constraints


class TenantOneToOneField(TenantForeignKey, models.OneToOneField):
    """The one-to-one form of TenantForeignKey; may be the primary key."""


def unchecked_tenant() -> models.ForeignKey:
    """The tenant of a row that a checked row (a line, say) vouches for; for tables whose rows
    come by the million, where the check of each costs more than its insertion.
    """
    return models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_constraint=False,
        db_index=False,
    )


class TenantModel(models.Model):
    """A row that belongs to one tenant. Saving fills the tenant from the scope."""

    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,  # every index on a tenant's table leads with the tenant
    )

    objects = TenantManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._take_tenant_from_scope()
        super().save(*args, **kwargs)

    def _take_tenant_from_scope(self) -> None:
        scope = _scope.get()
        if scope is None:
            raise NoTenantScope(f"{self._meta.label} was saved outside a tenant's scope.")
        if scope.tenant_id is None:
            return
        if self.tenant_id is None:
            self.tenant_id = scope.tenant_id
        elif self.tenant_id != scope.tenant_id:
            raise WrongTenant(f"{self._meta.label} of another tenant cannot be saved here.")
