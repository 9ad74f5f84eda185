"""Objects of the people's and the audit log's addresses, for the walk over all addresses."""

from collections.abc import Callable
from typing import Any

from audit.actions import record
from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tenants.models import Tenant
from tests.factories import PersonFactory


def an_event(tenant: Tenant) -> AuditEvent:
    """An entry of the tenant's log."""
    person = PersonFactory(tenant=tenant)
    record(by=None, action="person.added", subject=person, after={"name": person.name})
    with tenant_scope(tenant.pk):
        return AuditEvent.objects.latest("pk")


OBJECTS: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    "audit:event": lambda tenant: {"pk": an_event(tenant).pk},
}
