"""What the walk over all addresses puts into the addresses of connectors."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.actions.switch import create_built_in
from connectors.models import Connector
from tenants.models import ApiToken, Tenant


def _connector(tenant: Tenant) -> dict[str, Any]:
    with tenant_scope(tenant.pk):
        return {"pk": (Connector.objects.first() or create_built_in()).pk}


def _token(tenant: Tenant) -> dict[str, Any]:
    with tenant_scope(tenant.pk):
        token = ApiToken.objects.create(
            name="Carrier feed",
            prefix=f"abcd{ApiToken._base_manager.count():04d}",
            digest="0" * 64,
            scopes=["usage:write"],
            created_at=timezone.now(),
        )
    return {"pk": token.pk}


OBJECTS = {
    "tokens:revoke": _token,
    "connectors:connector": _connector,
    "connectors:switch": _connector,
    "connectors:turn_off": _connector,
}
