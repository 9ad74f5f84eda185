"""Objects of the people's and the audit log's addresses, for the walk over all addresses."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.utils import timezone

from audit.actions import record
from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tenants import people_groups
from tenants.models import EntraGroupRole, Membership, PeopleGroup, Tenant
from tests.factories import MembershipFactory, PersonFactory, UserFactory


def an_event(tenant: Tenant) -> AuditEvent:
    """An entry of the tenant's log."""
    person = PersonFactory(tenant=tenant)
    record(by=None, action="person.added", subject=person, after={"name": person.name})
    with tenant_scope(tenant.pk):
        return AuditEvent.objects.latest("pk")


def a_group(tenant: Tenant) -> PeopleGroup:
    """A people group, and somebody who could join it."""
    with tenant_scope(tenant.pk):
        by = UserFactory(email=f"maker@{tenant.slug}.example")
        return people_groups.add(name=f"Drivers {PersonFactory(tenant=tenant).pk}", note="", by=by)


def a_membership(tenant: Tenant, *, state: str = "member") -> Membership:
    """Somebody who signs in to the tenant, or was invited to."""
    waiting = timezone.now() if state == "invited" else None
    return MembershipFactory(tenant=tenant, invited_at=waiting)


def an_entra_group(tenant: Tenant) -> EntraGroupRole:
    """A role of a group at Microsoft."""
    with tenant_scope(tenant.pk):
        return EntraGroupRole.objects.create(group_id=uuid4(), role="helpdesk")


OBJECTS: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    "tenants:microsoft_group_remove": lambda tenant: {"pk": an_entra_group(tenant).pk},
    "audit:event": lambda tenant: {"pk": an_event(tenant).pk},
    **{
        f"tenants:{name}": lambda tenant: {"pk": a_membership(tenant).pk}
        for name in ("person", "person_role", "person_remove")
    },
    **{
        f"tenants:{name}": lambda tenant: {"pk": a_membership(tenant, state="invited").pk}
        for name in ("person_send_again", "person_withdraw")
    },
    **{
        f"people_groups:{name}": lambda tenant: {"pk": a_group(tenant).pk}
        for name in (
            "group",
            "group_edit",
            "group_up",
            "group_down",
            "group_retire",
            "people",
            "people_add",
            "people_remove",
        )
    },
}
