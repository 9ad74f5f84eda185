"""Where people enrol: an organisation whose pages are open."""

from __future__ import annotations

from dataclasses import dataclass

from common.tenancy import across_tenants
from enrolment.models import EnrolmentSettings
from tenants.models import Tenant


@dataclass(frozen=True)
class Place:
    """A tenant and what it says about enrolment."""

    tenant: Tenant
    settings: EnrolmentSettings


def place_of(*, slug: str) -> Place | None:
    """The open pages of the tenant with that slug.

    None whether there is no such tenant, it is suspended, or it lets nobody enrol: from outside,
    the three look alike.
    """
    with across_tenants("the address of the pages names the tenant, before anybody is known"):
        found = (
            EnrolmentSettings.objects.select_related("tenant")
            .filter(tenant__slug=slug, tenant__suspended_at=None, is_open=True)
            .first()
        )
    return Place(tenant=found.tenant, settings=found) if found else None
