"""Which application registration speaks for the tenant, for each purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings

from connectors.models import AppRegistration, Purpose

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Speaker:
    """`own` is the tenant's row; else `client_id` is the deployment's, or empty: there is none."""

    purpose: Purpose
    client_id: str
    own: AppRegistration | None

    @property
    def heading(self) -> str:
        """The id of its heading on the page."""
        return f"purpose-{self.purpose.value}"

    @property
    def expires_on(self) -> date | None:
        return self.own.expires_on if self.own else None

    @property
    def updated_at(self) -> datetime | None:
        return self.own.updated_at if self.own else None


def speakers(*, tenant: Tenant) -> list[Speaker]:
    """One for each purpose, in their order. Wants the tenant's scope."""
    own = {row.purpose: row for row in AppRegistration.objects.all()}
    ours = settings.ENTRA_APPS.get(tenant.cloud, {})
    return [
        Speaker(
            purpose=purpose,
            client_id=str(own[purpose].client_id)
            if purpose in own
            else ours.get(purpose.value, {}).get("client_id", ""),
            own=own.get(purpose),
        )
        for purpose in Purpose
    ]
