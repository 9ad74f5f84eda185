"""What the walk over all addresses puts into the addresses of connectors."""

from __future__ import annotations

from typing import Any

from common.tenancy import tenant_scope
from connectors.actions.switch import create_built_in
from connectors.models import Connector
from tenants.models import Tenant


def _connector(tenant: Tenant) -> dict[str, Any]:
    with tenant_scope(tenant.pk):
        return {"pk": (Connector.objects.first() or create_built_in()).pk}


OBJECTS = {
    "connectors:connector": _connector,
    "connectors:switch": _connector,
    "connectors:turn_off": _connector,
}
