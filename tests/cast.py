"""The people that every test is about.

Alice administers Contoso, Bob is its helpdesk, Charlie administers Fabrikam. The others exist
once each so that a test can name the role it means: Dana (Intune), Erin (billing), Frank (users),
Grace (licences), Rita (reports) and Arthur (auditor) belong to Contoso, Olga is an operator and
Nora is a member of nothing.
"""

from __future__ import annotations

from common.permissions import Role
from tenants.models import Tenant, User
from tests.factories import MembershipFactory, UserFactory

CONTOSO = {
    "alice": Role.GLOBAL_ADMINISTRATOR,
    "bob": Role.HELPDESK,
    "dana": Role.INTUNE_ADMINISTRATOR,
    "erin": Role.BILLING_ADMINISTRATOR,
    "frank": Role.USER_ADMINISTRATOR,
    "grace": Role.LICENSE_ADMINISTRATOR,
    "rita": Role.REPORT_READER,
    "arthur": Role.AUDITOR,
}
FABRIKAM = {"charlie": Role.GLOBAL_ADMINISTRATOR}


def member(name: str, *, tenant: Tenant, role: Role) -> User:
    """The person of that name, with the role in the tenant (and any earlier memberships)."""
    user = UserFactory(email=f"{name}@{tenant.slug}.example", name=name.title())
    MembershipFactory(tenant=tenant, user=user, role=role)
    return user


def in_role(role: Role, *, tenant: Tenant) -> User:
    """A new person with the role in the tenant."""
    return member(f"some-{role.value.replace('_', '-')}", tenant=tenant, role=role)
