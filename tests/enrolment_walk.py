"""What the walk over all addresses puts into the addresses of enrolment."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from common.tenancy import tenant_scope
from enrolment.models import Invitation
from tenants.models import Tenant
from tests.usage_factories import make_line


def make_invitation(tenant: Tenant, **facts: Any) -> Invitation:
    """An invitation whose e-mail is due."""
    now = timezone.now()
    facts = {"email": f"person-{Invitation._base_manager.count()}@example.com", **facts}
    with tenant_scope(tenant.pk):
        return Invitation.objects.create(
            **{
                "language": "en",
                "origin": "http://testserver",
                "created_at": now,
                "invited_at": now,
                "due_at": now,
                **facts,
            }
        )


OBJECTS = {
    "enrolment:of_line": lambda tenant: {"pk": make_line(tenant).pk},
    "enrolment:invitation_again": lambda tenant: {"pk": make_invitation(tenant).pk},
    "enrolment:invitation_withdraw": lambda tenant: {"pk": make_invitation(tenant).pk},
}
