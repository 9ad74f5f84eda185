"""What the walk over all addresses puts into the addresses of connectors."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.actions.switch import create_built_in
from connectors.models import AppRegistration, Connector
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


def _registration(tenant: Tenant) -> dict[str, Any]:
    with tenant_scope(tenant.pk):
        own = AppRegistration.objects.create(
            purpose="connection",
            client_id="0c0a7f6e-3d1b-4a63-9f0e-7e3c5a0c0009",
            kind="secret",
            sealed="not to be opened",
            updated_at=timezone.now(),
        )
    return {"pk": own.pk}


OBJECTS = {
    "connectors:remove_registration": _registration,
    "tokens:revoke": _token,
    "connectors:connector": _connector,
    "connectors:switch": _connector,
    "connectors:turn_off": _connector,
    "connectors:mdm": _connector,
    "connectors:connect": _connector,
    "connectors:thank_you": _connector,
    "connectors:check": _connector,
    "connectors:remove": _connector,
    "connectors:consent_tem_app": _connector,
    "connectors:consent_mdm_profiles": _connector,
}
