"""Which tenants a person may enter: the one question asked before any tenant's scope is open."""

from __future__ import annotations

from django.db.models import QuerySet

from common.tenancy import across_tenants
from tenants.models import Membership, Tenant, User


def memberships_of(*, user: User) -> list[Membership]:
    """The person's memberships of tenants that are not suspended, by the tenant's name."""
    with across_tenants("a person's own memberships"):
        return list(
            Membership.objects.select_related("tenant")
            .filter(user_id=user.pk, tenant__suspended_at__isnull=True)
            .order_by("tenant__name", "tenant_id")
        )


def membership_in(*, user: User, slug: str) -> Membership | None:
    """The person's membership of the tenant with that slug, unless it is suspended."""
    with across_tenants("finding the membership that opens a tenant's scope"):
        return (
            Membership.objects.select_related("tenant")
            .filter(user_id=user.pk, tenant__slug=slug, tenant__suspended_at__isnull=True)
            .first()
        )


def tenants_for_operators() -> QuerySet[Tenant]:
    """Every tenant, suspended or not: their names and states, and nothing that is inside."""
    return Tenant.objects.order_by("name", "id")
