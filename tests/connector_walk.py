"""What the walk over all addresses puts into the addresses of connectors."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.actions.switch import create_built_in
from connectors.models import AppRegistration, Connector, InventoryItem
from jobs.models import Job
from tenants.models import ApiToken, Tenant
from tests.usage_factories import make_device


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


def _sync(tenant: Tenant) -> dict[str, Any]:
    now = timezone.now()
    connector = _connector(tenant)["pk"]
    with tenant_scope(tenant.pk):
        job = Job.objects.create(
            kind="connectors.inventory",
            key=str(connector),
            parameters={"connector": connector, "mode": "full"},
            created_at=now,
            due_at=now,
        )
    return {"pk": job.pk}


def _item(tenant: Tenant) -> dict[str, Any]:
    now = timezone.now()
    connector = _connector(tenant)["pk"]
    with tenant_scope(tenant.pk):
        item = InventoryItem.objects.create(
            connector_id=connector,
            kind="device",
            key="one",
            name="A phone",
            added_at=now,
            changed_at=now,
        )
    return {"pk": item.pk}


OBJECTS = {
    "connectors:inventory": _connector,
    "connectors:sync": _connector,
    "connectors:profiles": _connector,
    "connectors:inventory_run": _sync,
    "connectors:match": _item,
    "connectors:device_profiles": _item,
    "connectors:put_in_group": _item,
    "connectors:take_out_of_group": _item,
    "connectors:of_device": lambda tenant: {"pk": make_device(tenant).pk},
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
