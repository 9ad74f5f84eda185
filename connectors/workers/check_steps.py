"""The four things that are asked of a Microsoft tenant to see whether a connection stands.

Each is a function of the connection that returns when it is well and raises what is wrong: an
error of Entra or Graph, a refusal, or OtherOrganisation (connectors.troubles).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common import entra
from common.clouds import addresses
from connectors.graph import BadAnswer, GraphClient, app_for, graph_client
from connectors.models import CheckName, Connector, Purpose
from connectors.partner_record import keep_record
from connectors.troubles import OtherOrganisation
from tenants.models import Tenant


@dataclass(frozen=True)
class Connection:
    tenant: Tenant
    connector: Connector

    @property
    def directory(self) -> str:
        return str(self.connector.directory_id)

    def client(self) -> GraphClient:
        return graph_client(
            tenant=self.tenant, directory_id=self.directory, purpose=Purpose.CONNECTION
        )


def token(connection: Connection, purpose: str) -> None:
    """A fresh token: a kept one would outlive the consent it was given for."""
    cloud = addresses(connection.tenant.cloud)
    app = app_for(tenant=connection.tenant, purpose=purpose)
    entra.forget_token(cloud, tenant=connection.directory, app=app)
    entra.application_token(cloud, tenant=connection.directory, app=app)


def _tenant_id(connection: Connection) -> None:
    found = entra.find_directory(addresses(connection.tenant.cloud), connection.directory)
    if found != connection.directory:
        raise OtherOrganisation


def _authorization(connection: Connection) -> None:
    token(connection, Purpose.CONNECTION)


def _organization(connection: Connection) -> None:
    found = _first_page(connection.client(), "organization")
    if len(found) != 1 or not found[0].get("id"):
        raise BadAnswer(code="organization")
    if found[0]["id"] != connection.directory:
        raise OtherOrganisation
    name = str(found[0].get("displayName") or "")[:200]
    Connector.objects.filter(pk=connection.connector.pk).exclude(directory_name=name).update(
        directory_name=name
    )


def _managed_devices(connection: Connection) -> None:
    client = connection.client()
    _first_page(client, "deviceManagement/managedDevices", top=1)
    partner_id = keep_record(client, Connector.objects.get(pk=connection.connector.pk))
    Connector.objects.filter(pk=connection.connector.pk).exclude(partner_id=partner_id).update(
        partner_id=partner_id
    )


def _first_page(client: GraphClient, path: str, **query: str | int) -> list[dict[str, Any]]:
    """Through the client's own reading of pages, which refuses what is none."""
    return next(client.pages(path, **query)).items


STEPS: tuple[tuple[CheckName, Callable[[Connection], None], str], ...] = (
    (CheckName.TENANT_ID, _tenant_id, ""),
    (CheckName.AUTHORIZATION, _authorization, ""),
    (CheckName.CONNECTION, _organization, "Organization.Read.All"),
    (
        CheckName.ONBOARDING,
        _managed_devices,
        "DeviceManagementManagedDevices.Read.All",
    ),
)
